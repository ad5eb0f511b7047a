// What happened in a run, in the order of time, of all nodes or of one.

import { useSignal } from "@preact/signals";
import type { LogEntry } from "./records";
import type { Live } from "./store";

const MOST = 5000;

export function Log({ entries, start, live, choose }: { entries: LogEntry[]; start: number; live: Live; choose: (id: string) => void }) {
  const only = useSignal("");
  const nodes = [...new Set(entries.map((entry) => entry.node).filter(Boolean))];
  const shown = entries.filter((entry) => !only.value || entry.node === only.value);
  return (
    <>
      <label class="only">of <select id="log-of" aria-label="Log of" value={only.value} onChange={(event) => (only.value = event.currentTarget.value)}>
        <option value="">all nodes</option>
        {nodes.map((node) => <option value={node}>{node}</option>)}
      </select></label>
      <Lines entries={shown} start={start} choose={(node) => live.state.model.vertices.has(`node:${node}`) && choose(`node:${node}`)} />
    </>
  );
}

export function Lines({ entries, start, choose }: { entries: LogEntry[]; start: number; choose?: (node: string) => void }) {
  return (
    <ol class="log" aria-label="Log">
      {entries.slice(-MOST).map((entry) => (
        <li class={entry.kind}>
          <time>{`+${Math.max(entry.at - start, 0).toFixed(3)}`}</time>
          {choose && <button type="button" class="jump" disabled={!entry.node} onClick={() => choose(entry.node)}>{entry.node}</button>}
          <span>{entry.kind === "started" ? `started: ${entry.text}` : entry.text}</span>
        </li>
      ))}
    </ol>
  );
}
