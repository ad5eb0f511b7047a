// What the server knows of a node or a dataset beyond the graph: the node's log; what is in the data, its versions and lineage.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Call } from "../model";
import { Calls } from "../parts/calls";
import { Content } from "../parts/content";
import { Section } from "../parts/details";
import { get, query, text } from "./api";
import { Lines } from "./log";
import { shortId, type Version, when } from "./records";
import type { Live } from "./store";

export function LiveDetails({ live, id }: { live: Live; id: string }) {
  const vertex = live.state.model.vertices.get(id);
  if (vertex?.kind === "node") return <><LastCalls live={live} node={vertex.name} /><NodeLog live={live} node={vertex.name} /></>;
  if (vertex?.kind === "dataset" && !vertex.view.memory) return <Data live={live} name={vertex.name} />;
  return null;
}

function LastCalls({ live, node }: { live: Live; node: string }) {
  const ended = live.runs.value.find((run) => run.status !== "running")?.id ?? "";
  const { value } = useAsked<Call[]>(`/calls${query({ node })}`, ended);
  return value?.length ? <Section title="Last calls"><Calls calls={value} /></Section> : null;
}

function NodeLog({ live, node }: { live: Live; node: string }) {
  const entries = live.log.value.filter((entry) => entry.node === node);
  const run = live.detail.value;
  if (!entries.length || !run) return null;
  return <Section title={`Log in run ${shortId(run.id)}`}><Lines entries={entries} start={run.started_at} /></Section>;
}

function Data({ live, name }: { live: Live; name: string }) {
  return (
    <>
      <Section title="Content"><Preview name={name} run={live.newest.value} /></Section>
      <Section title="Versions"><Versions live={live} name={name} /></Section>
      <Section title="Lineage"><Lineage live={live} name={name} /></Section>
    </>
  );
}

function Preview({ name, run }: { name: string; run: string }) {
  const said = useSignal("…");
  const page = useSignal("");
  useEffect(() => {
    let wanted = true;
    void text(`/datasets/preview${query({ name })}`).then(
      (found) => wanted && ([said.value, page.value] = ["", found]),
      (error: unknown) => wanted && (said.value = error instanceof Error ? error.message : String(error)),
    );
    return () => void (wanted = false);
  }, [name, run]);
  return said.value ? <p class="hint">{said.value}</p> : <Content of={page.value} name={name} />;
}

interface Difference {
  kind: string;
  counts: Record<string, number>;
  changes: { kind: string; where: string; before: string; after: string }[];
}

function Versions({ live, name }: { live: Live; name: string }) {
  const versions = useAsked<Version[]>(`/datasets/versions${query({ name })}`, live.newest.value);
  const chosen = useSignal<string[]>([]);
  const found = useSignal<Difference | null>(null);
  if (versions.problem) return <p class="hint">{versions.problem}</p>;
  if (!versions.value?.length) return <p class="hint">{versions.value ? "no run has made or taken it" : "…"}</p>;
  const pick = (fingerprint: string) => {
    found.value = null;
    chosen.value = chosen.value.includes(fingerprint) ? chosen.value.filter((each) => each !== fingerprint) : [...chosen.value, fingerprint].slice(-2);
  };
  const order = versions.value.map((each) => each.fingerprint);
  const compare = async () => {
    const [after, before] = [...chosen.value].sort((one, two) => order.indexOf(one) - order.indexOf(two));
    await get<Difference>(`/datasets/diff${query({ name, before: before!, after: after! })}`).then((told) => (found.value = told), live.fail);
  };
  return (
    <>
      <ul class="versions">
        {versions.value.map((version) => (
          <li>
            <label><input type="checkbox" checked={chosen.value.includes(version.fingerprint)} onChange={() => pick(version.fingerprint)} /> <code>{version.fingerprint.slice(0, 10)}</code></label>
            <span>{when(version.made_at)}</span>
            {version.rows !== null && <span>{version.rows} rows</span>}
            {version.bytes !== null && <span>{version.bytes.toLocaleString()} bytes</span>}
            {version.run && <button type="button" class="jump" onClick={() => live.show(version.run)}>run {shortId(version.run)}</button>}
            {version.aliases.map((alias) => <em>{alias}</em>)}
            {version.present && <em>here now</em>}
            {version.stored && <em>in the store</em>}
          </li>
        ))}
      </ul>
      {versions.value.length > 1 && <button type="button" class="small" disabled={chosen.value.length !== 2} onClick={() => void compare()}>What differs</button>}
      {found.value && (
        <div class="difference">
          <p>{Object.entries(found.value.counts).filter(([, count]) => count).map(([what, count]) => `${count} ${what}`).join(", ") || "nothing differs"}</p>
          <ul>{found.value.changes.map((change) => <li><b>{change.kind}</b> {change.where} <del>{change.before}</del> <ins>{change.after}</ins></li>)}</ul>
        </div>
      )}
    </>
  );
}

interface Content {
  dataset: string;
  fingerprint: string;
  in_memory?: boolean;
}

interface Traced {
  version: Content;
  versions: Content[];
  results: { node: string; run: string; inputs: Content[]; outputs: Content[] }[];
}

function Lineage({ live, name }: { live: Live; name: string }) {
  const lineage = useAsked<Traced>(`/datasets/lineage${query({ name })}`, live.newest.value);
  if (lineage.problem) return <p class="hint">{lineage.problem}</p>;
  const { model } = live.state;
  const jump = ({ dataset, fingerprint }: Content) => (
    <>
      <button type="button" class="jump" disabled={!model.vertices.has(`data:${dataset}`)} onClick={() => (live.state.selected.value = `data:${dataset}`)}>{dataset}</button>{" "}
      {!fingerprint.startsWith("key:") && <code>{fingerprint.slice(0, 6)}</code>}{" "}
    </>
  );
  return (
    <ul class="versions lineage" aria-label="Lineage across runs">
      {(lineage.value?.results ?? []).map((made) => (
        <li>
          <span>{made.inputs.map(jump)}</span>→ <b>{made.node}</b> → <span>{made.outputs.map(jump)}</span>
          {made.run && <button type="button" class="jump" onClick={() => live.show(made.run)}>run {shortId(made.run)}</button>}
        </li>
      ))}
    </ul>
  );
}

/** What the server answers, asked again when something happened. */
function useAsked<T>(path: string, version: string) {
  const state = useSignal<{ value: T | null; problem: string }>({ value: null, problem: "" });
  useEffect(() => {
    let wanted = true;
    void get<T>(path).then(
      (value) => wanted && (state.value = { value, problem: "" }),
      (error: unknown) => wanted && (state.value = { value: null, problem: error instanceof Error ? error.message : String(error) }),
    );
    return () => void (wanted = false);
  }, [path, version]);
  return state.value;
}
