// One run: what came of it, on the order of the graph.

import type { ComponentChildren } from "preact";
import { Pairs, Value } from "../parts/details";
import { duration, inWords, toneOf } from "../statuses";
import { Log } from "./log";
import { number, type RunDetail, shortId, when } from "./records";
import { whatOf } from "./runs";
import type { Live, Tab } from "./store";
import { Timeline } from "./timeline";

const TABS: [Tab, string][] = [["timeline", "Timeline"], ["log", "Log"], ["nodes", "Reasons"], ["parameters", "Parameters"], ["environment", "Environment"]];

export function Panel({ live, label, head, children }: { live: Live; label: string; head: ComponentChildren; children: ComponentChildren }) {
  const close = () => {
    if (live.offer.value) live.offer.value = null;
    else if (live.comparison.value) live.comparison.value = null;
    else live.docked.value = false;
  };
  return (
    <section class={live.large.value ? "dock large" : "dock"} aria-label={label}>
      <div class="dock-head">
        {head}
        <button type="button" class="icon" aria-label={live.large.value ? "Smaller" : "Larger"} aria-pressed={live.large.value} onClick={() => (live.large.value = !live.large.value)}>⤢</button>
        <button type="button" class="icon" aria-label="Close this panel" onClick={close}>×</button>
      </div>
      <div class="dock-body" tabIndex={0} role="region" aria-label={`${label}: content`}>{children}</div>
    </section>
  );
}

export function Dock({ live, choose }: { live: Live; choose: (id: string) => void }) {
  const run = live.detail.value;
  if (!run) return <Panel live={live} label="Run" head={<h2>{live.current.value ? "…" : "No runs yet"}</h2>}>{!live.current.value && <p class="hint">Start one here, or with <code>mlo run</code> in any terminal: it shows up at once.</p>}</Panel>;
  const head = (
    <>
      <h2><span class={`tone-${toneOf(run.status)}`}>{inWords(run.status)}</span> <code>{shortId(run.id)}</code></h2>
      <p>{whatOf(run)} · {when(run.started_at)}{run.duration_s !== null && ` · ${duration(run.duration_s)}`}</p>
      <div class="acts">{!live.readOnly && <Acts live={live} run={run} />}</div>
      <div class="tabs" role="tablist" aria-label="What to show of the run">
        {TABS.map(([tab, words]) => <button type="button" role="tab" id={`tab-${tab}`} aria-selected={live.tab.value === tab} onClick={() => (live.tab.value = tab)}>{words}</button>)}
      </div>
    </>
  );
  return <Panel live={live} label="Run" head={head}><Content live={live} run={run} choose={choose} /></Panel>;
}

function Acts({ live, run }: { live: Live; run: RunDetail }) {
  const path = `/runs/${run.id}`;
  if (run.status === "running") return <button type="button" id="cancel" class="danger" onClick={() => void live.cancel(run.id)}>Cancel</button>;
  const again = () => live.propose({ title: `As run ${shortId(run.id)} was asked for, today`, wish: wishOf(run), planPath: "/plan", startPath: "/runs", note: "" });
  const resume = () => live.propose({ title: `Go on with run ${shortId(run.id)}`, wish: null, planPath: `${path}/plan`, startPath: `${path}/resume`, note: "What it had finished is reused, the rest runs." });
  const repeat = () => live.propose({ title: `Repeat run ${shortId(run.id)}`, wish: null, planPath: "", startPath: `${path}/repeat`, note: `All of its ${run.wired.length} nodes run with today's code, its parameters and its data, in a folder of their own: the project's files stay as they are.` });
  return (
    <>
      <button type="button" id="again" disabled={!run.asked} onClick={() => void again()}>Run again…</button>
      {run.status !== "done" && <button type="button" id="resume" disabled={!run.asked} onClick={() => void resume()}>Resume…</button>}
      <button type="button" id="repeat" onClick={() => void repeat()}>Repeat…</button>
    </>
  );
}

function wishOf({ asked }: RunDetail) {
  if (!asked) return {};
  return { ...asked.selectors, pipelines: asked.pipelines, params: asked.params.flatMap((each) => flat(each)), force: asked.force, reuse: asked.reuse, env: asked.environment };
}

/** Nested parameters as `dotted.key=value`. */
function flat(value: unknown, key = ""): string[] {
  if (value && typeof value === "object" && !Array.isArray(value)) return Object.entries(value).flatMap(([name, inner]) => flat(inner, key ? `${key}.${name}` : name));
  return [`${key}=${JSON.stringify(value)}`];
}

function Content({ live, run, choose }: { live: Live; run: RunDetail; choose: (id: string) => void }) {
  switch (live.tab.value) {
    case "timeline":
      return <Timeline live={live} run={run} choose={choose} />;
    case "log":
      return <Log entries={live.log.value} start={run.started_at} live={live} choose={choose} />;
    case "nodes":
      return <Reasons run={run} choose={choose} />;
    case "parameters":
      return <Parameters run={run} />;
    case "environment":
      return <Environment run={run} />;
  }
}

function Reasons({ run, choose }: { run: RunDetail; choose: (id: string) => void }) {
  return (
    <table class="facts">
      <thead><tr><th>node</th><th>status</th><th>took</th><th>why</th></tr></thead>
      <tbody>
        {run.nodes.map((node) => (
          <tr>
            <td><button type="button" class="jump" onClick={() => choose(`node:${node.name}`)}>{node.name}</button></td>
            <td class={`tone-${toneOf(node.status)}`}>{inWords(node.status)}</td>
            <td class="number">{duration(node.duration_s || null)}</td>
            <td>{node.reasons.map((reason) => <div>{reason.text}</div>)}{node.error?.message && <div class="tone-bad">{node.error.message}</div>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Parameters({ run }: { run: RunDetail }) {
  const rows = Object.entries(run.parameters);
  if (!rows.length) return <p class="hint">The run took no parameters.</p>;
  return (
    <table class="facts">
      <thead><tr><th>parameter</th><th>value</th><th>from</th></tr></thead>
      <tbody>{rows.map(([key, { value, where }]) => <tr><td><code>{key}</code></td><td><code>{number(value)}</code></td><td class="muted">{where}</td></tr>)}</tbody>
    </table>
  );
}

function Environment({ run }: { run: RunDetail }) {
  const { packages, ...facts } = run.surroundings as { packages?: Record<string, string> };
  const told: [string, unknown][] = [
    ["command", run.command], ["engine", run.engine], ["environment", run.environment || "base"], ["by", `${run.actor} on ${run.host}`], ["git", run.git_commit],
    ["cause", run.parent ? `${run.cause} of ${shortId(run.parent)}` : run.cause], ...Object.entries(facts),
  ];
  return (
    <div class="two">
      <Pairs rows={told.filter(([, value]) => value).map(([name, value]) => [name, <Value of={value} />])} />
      <Pairs rows={Object.entries(packages ?? {}).map(([name, version]) => [name, <Value of={version} />])} />
    </div>
  );
}
