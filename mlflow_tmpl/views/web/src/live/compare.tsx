// Runs side by side: what differs, and metrics and times as bars.

import { duration, inWords, toneOf } from "../statuses";
import { Panel } from "./dock";
import { type Comparison, number, type Run, shortId, when } from "./records";
import type { Live } from "./store";

type Row = Record<string, unknown>;
type Show = (value: unknown) => string;

const TABLES: [keyof Comparison & ("parameters" | "statuses" | "code" | "inputs" | "outputs" | "packages"), string, Show][] = [
  ["parameters", "Parameters", number],
  ["statuses", "Statuses", (value) => inWords(String(value ?? ""))],
  ["code", "Code", (value) => String(value ?? "").slice(0, 10)],
  ["inputs", "Inputs", (value) => String(value ?? "").slice(0, 10)],
  ["outputs", "Outputs", (value) => String(value ?? "").slice(0, 10)],
  ["packages", "Packages", (value) => String(value ?? "")],
];

export function Compared({ live }: { live: Live }) {
  const found = live.comparison.value!;
  return (
    <Panel live={live} label="Comparison" head={<><h2>{found.runs.length} runs side by side</h2><p>What is the same in all of them is left out.</p></>}>
      <table class="facts compared">
        <thead>
          <tr><th />{found.runs.map((run) => <th><button type="button" class="jump" onClick={() => live.show(run.id)}>{shortId(run.id)}</button></th>)}</tr>
          <tr><td class="muted">began</td>{found.runs.map((run) => <td class="muted">{when(run.started_at)}</td>)}</tr>
          <tr><td class="muted">status</td>{found.runs.map((run) => <td class={`tone-${toneOf(run.status)}`}>{inWords(run.status)} {duration(run.duration_s)}</td>)}</tr>
        </thead>
        <Bars title="Metrics" rows={found.metrics} runs={found.runs} show={number} />
        {TABLES.map(([key, title, show]) => <Plain title={title} rows={found[key]} runs={found.runs} show={show} />)}
        <Bars title="Time" rows={found.durations} runs={found.runs} show={(value) => duration((value as number | null) ?? null)} />
      </table>
      {found.sources.map((change) => (
        <details class="source" open={found.sources.length < 4}>
          <summary>{change.name} <small>{change.nodes.join(", ")} · {shortId(change.before)} → {shortId(change.run)}</small></summary>
          <pre tabIndex={0} aria-label={`What changed in ${change.name}`}>{change.diff.map((line) => <span class={line.startsWith("+") ? "tone-good" : line.startsWith("-") ? "tone-bad" : "muted"}>{`${line}\n`}</span>)}</pre>
        </details>
      ))}
    </Panel>
  );
}

function Plain({ title, rows, runs, show }: { title: string; rows: Record<string, Row>; runs: Run[]; show: Show }) {
  const names = Object.keys(rows);
  if (!names.length) return null;
  return (
    <tbody data-table={title}>
      <tr><th colSpan={runs.length + 1}>{title}</th></tr>
      {names.map((name) => <tr><td>{name}</td>{runs.map((run) => <td><code>{show(rows[name]![run.id])}</code></td>)}</tr>)}
    </tbody>
  );
}

/** Numbers with bars, each row on a scale of its own from zero. */
function Bars({ title, rows, runs, show }: { title: string; rows: Record<string, Row>; runs: Run[]; show: Show }) {
  const names = Object.keys(rows);
  if (!names.length) return null;
  return (
    <tbody data-table={title}>
      <tr><th colSpan={runs.length + 1}>{title}</th></tr>
      {names.map((name) => {
        const values = runs.map((run) => rows[name]![run.id]).map((value) => (typeof value === "number" ? value : null));
        const most = Math.max(...values.map((value) => Math.abs(value ?? 0)));
        return (
          <tr>
            <td>{name}</td>
            {values.map((value) => (
              <td class="measured">
                {value !== null && most > 0 && <i class={value < 0 ? "bar below" : "bar"} style={{ width: `${((100 * Math.abs(value)) / most).toFixed(1)}%` }} />}
                <b>{show(value)}</b>
              </td>
            ))}
          </tr>
        );
      })}
    </tbody>
  );
}
