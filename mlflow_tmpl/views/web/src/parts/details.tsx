// All that is known of what is selected.

import type { ComponentChildren, ComponentType } from "preact";
import { tokens } from "../highlight";
import type { DatasetView, NodeView, ParameterView, Vertex } from "../model";
import type { State } from "../state";
import { duration, inWords, toneOf } from "../statuses";
import { Calls } from "./calls";
import { Content } from "./content";

interface Props {
  state: State;
  choose: (id: string) => void;
  More: ComponentType<{ id: string }> | undefined;
}

export function Details({ state, choose, More }: Props) {
  const vertex = state.model.vertices.get(state.selected.value);
  if (!vertex) return null;
  const { id, kind, name } = vertex;
  const { from, to, focus } = state;
  const slices = kind !== "parameter";
  return (
    <aside id="details" aria-label="Details" tabIndex={-1}>
      <div class="top">
        <div>
          <div class="kind">{kind}</div>
          <h2>{name}</h2>
        </div>
        <button class="icon" type="button" aria-label="Close" title="Close (Esc)" onClick={() => (state.selected.value = "")}>×</button>
      </div>
      {vertex.view.where && <p class="where">{vertex.view.where}</p>}
      <div class="acts" role="group" aria-label="What to show">
        <button type="button" aria-pressed={focus.value?.id === id && focus.value.side === "up"} onClick={() => toggleFocus(state, id, "up")}>Upstream</button>
        <button type="button" aria-pressed={focus.value?.id === id && focus.value.side === "both"} onClick={() => toggleFocus(state, id, "both")}>Only its line</button>
        <button type="button" aria-pressed={focus.value?.id === id && focus.value.side === "down"} onClick={() => toggleFocus(state, id, "down")}>Downstream</button>
        {slices && <button type="button" aria-pressed={from.value === id} onClick={() => (from.value = from.value === id ? "" : id)}>Slice from here</button>}
        {slices && <button type="button" aria-pressed={to.value === id} onClick={() => (to.value = to.value === id ? "" : id)}>Slice to here</button>}
      </div>
      {body(vertex, { state, choose, More })}
      {More && <More id={id} key={id} />}
    </aside>
  );
}

function toggleFocus({ focus }: State, id: string, side: "up" | "both" | "down"): void {
  focus.value = focus.value?.id === id && focus.value.side === side ? null : { id, side };
}

function body(vertex: Vertex, props: Props) {
  if (vertex.kind === "node") return <NodeDetails node={vertex.view} {...props} />;
  if (vertex.kind === "dataset") return <DatasetDetails dataset={vertex.view} {...props} />;
  return <ParameterDetails parameter={vertex.view} {...props} />;
}

function NodeDetails({ node, state, choose, More }: Props & { node: NodeView }) {
  const own = state.statuses.value.get(node.id) ?? node;
  return (
    <>
      <p class={`state tone-${toneOf(own.status)}`}>
        <i class="dot" />
        {inWords(own.status) || "never run"}
        {own.duration_s !== null && <span>{duration(own.duration_s)}</span>}
        {own.ended_at && <When at={own.ended_at} />}
      </p>
      {own.reasons.length > 0 && <ul class="reasons" aria-label="Reasons">{own.reasons.map((reason) => <li>{reason}</li>)}</ul>}
      {own.error && <pre class="error" tabIndex={0} aria-label="Error">{own.error}</pre>}
      {node.doc && <p class="doc">{node.doc}</p>}
      {!More && node.calls.length > 0 && <Section title="Last calls"><Calls calls={node.calls} /></Section>}
      {!More && node.log && <Section title="Printed"><pre class="long" tabIndex={0} aria-label="Printed">{node.log}</pre></Section>}
      <Section title="Inputs"><Pairs rows={node.inputs.map((wire) => [wire.argument, <Jump id={wire.id} text={wire.dataset} choose={choose} />])} /></Section>
      <Section title="Outputs"><Pairs rows={node.outputs.map((wire) => [wire.argument || "returns", <Jump id={wire.id} text={wire.dataset} choose={choose} />])} /></Section>
      <Section title="Parameters"><Pairs rows={node.parameters.map((wire) => [<Jump id={wire.id} text={wire.argument} choose={choose} />, wire.value === null ? wire.key : <Value of={wire.value} />])} /></Section>
      {node.signature && <Section title="Signature"><Code text={node.signature} wrapped /></Section>}
      {node.code && <Section title="Code"><Code text={node.code} /></Section>}
      <Section title="Tags"><Chips words={node.tags} /></Section>
      <Section title="Pipelines"><Chips words={node.pipelines} /></Section>
      <Section title="Options"><Pairs rows={Object.entries(node.options).map(([name, value]) => [name, <Value of={value} />])} /></Section>
    </>
  );
}

function DatasetDetails({ dataset, state, choose }: Props & { dataset: DatasetView }) {
  const rows: [string, ComponentChildren][] = [["type", <Value of={dataset.type} />]];
  if (dataset.path) rows.push(["path", <Value of={dataset.path} />]);
  if (dataset.layer) rows.push(["layer", dataset.layer]);
  if (!dataset.memory && dataset.exists !== null) rows.push(["exists", dataset.exists ? "yes" : "not yet"]);
  for (const [name, value] of Object.entries(dataset.details)) if (!isEmpty(value)) rows.push([name, <Value of={value} />]);
  return (
    <>
      <p class="doc">{dataset.memory ? "Lives in memory while a run needs it." : "Kept between runs."}</p>
      <Section title="Made by"><Jumps ids={state.model.before.get(dataset.id) ?? []} state={state} choose={choose} /></Section>
      <Section title="Taken by"><Jumps ids={state.model.after.get(dataset.id) ?? []} state={state} choose={choose} /></Section>
      <Section title="Facts"><Pairs rows={rows} /></Section>
      {dataset.preview && <Section title="Content"><Content of={dataset.preview} name={dataset.name} /></Section>}
    </>
  );
}

function ParameterDetails({ parameter, state, choose }: Props & { parameter: ParameterView }) {
  return (
    <>
      {parameter.value !== null && <Section title="Value"><pre class="long" tabIndex={0} aria-label="Value">{typeof parameter.value === "string" ? parameter.value : JSON.stringify(parameter.value, null, 1)}</pre></Section>}
      <Section title="Taken by"><Jumps ids={state.model.after.get(parameter.id) ?? []} state={state} choose={choose} /></Section>
    </>
  );
}

const isEmpty = (value: unknown): boolean => value === null || (typeof value === "object" && !Object.keys(value).length);

function When({ at }: { at: string }) {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return null;
  return <span><time dateTime={at}>{date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })}</time></span>;
}

type Row = [ComponentChildren, ComponentChildren];

export function Section({ title, children }: { title: string; children: ComponentChildren }) {
  return <section class="section" data-title={title}><h3>{title}</h3>{children}</section>;
}

export function Pairs({ rows }: { rows: Row[] }) {
  return <dl>{rows.flatMap(([term, value]) => [<dt>{term}</dt>, <dd>{value}</dd>])}</dl>;
}

function Chips({ words }: { words: string[] }) {
  return <div class="chips">{words.map((word) => <span>{word}</span>)}</div>;
}

function Jump({ id, text, choose }: { id: string; text: string; choose: (id: string) => void }) {
  return <button class="jump" type="button" data-to={id} onClick={() => choose(id)}>{text}</button>;
}

function Jumps({ ids, state, choose }: { ids: string[]; state: State; choose: (id: string) => void }) {
  return <div class="links">{ids.map((id) => <Jump id={id} text={state.model.nameOf(id)} choose={choose} />)}</div>;
}

export function Value({ of }: { of: unknown }) {
  const text = typeof of === "string" ? of : JSON.stringify(of, null, of && typeof of === "object" ? 1 : 0);
  return <code>{text.replaceAll(/\s*\n\s*/g, " ")}</code>;
}

function Code({ text, wrapped = false }: { text: string; wrapped?: boolean }) {
  return (
    <pre class={wrapped ? "long" : ""} tabIndex={0} aria-label={wrapped ? "Signature" : "Code"}>
      {tokens(text).map((token) => (token.kind ? <span class={`t-${token.kind}`}>{token.text}</span> : token.text))}
    </pre>
  );
}
