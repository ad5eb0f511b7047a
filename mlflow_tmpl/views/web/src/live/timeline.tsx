// A bar for each node of a run, in the order of the graph and on the axis of time.

import { duration, inWords, toneOf } from "../statuses";
import { beganAt, type NodeRun, type RunDetail } from "./records";
import type { Live } from "./store";

const MOST = 2000;
const TICKS = 5;

export function Timeline({ live, run, choose }: { live: Live; run: RunDetail; choose: (id: string) => void }) {
  const nodes = inOrder(live, run);
  const going = run.status === "running";
  const clock = going ? live.now.value : 0;
  const start = Math.min(run.started_at, ...nodes.map((node) => beganAt(node, run)));
  const end = Math.max(...nodes.map((node) => node.ended_at ?? 0), run.duration_s !== null ? run.started_at + run.duration_s : 0, clock, start + 0.001);
  const whole = end - start;
  const percent = (seconds: number) => `${((100 * seconds) / whole).toFixed(3)}%`;
  return (
    <div class="timeline" role="table" aria-label="Timeline">
      <div class="axis" aria-hidden="true"><span />{Array.from({ length: TICKS }, (_, at) => <time style={{ left: percent((whole * at) / TICKS) }}>{at ? duration((whole * at) / TICKS) : "0"}</time>)}</div>
      {nodes.slice(0, MOST).map((node) => {
        const began = beganAt(node, run);
        const length = (node.ended_at ?? (node.status === "running" ? Math.max(clock, began) : began)) - began;
        const known = live.state.model.vertices.has(`node:${node.name}`);
        const took = duration(node.status === "running" ? length : node.duration_s || null);
        return (
          <div class="line" role="row" data-node={node.name} data-status={node.status}>
            <span role="rowheader"><button type="button" class="jump" disabled={!known} aria-current={live.state.selected.value === `node:${node.name}`} onClick={() => choose(`node:${node.name}`)}>{node.name}</button></span>
            <span role="cell" class="lane" title={`${inWords(node.status)} ${took}`}>
              <i class={`bar tone-${toneOf(node.status)}`} style={{ left: percent(began - start), width: percent(length) }} />
              <small {...beside((began - start) / whole, (began - start + length) / whole)}>{[inWords(node.status), took].filter(Boolean).join(" ")}</small>
            </span>
          </div>
        );
      })}
      {nodes.length > MOST && <p class="hint">and {nodes.length - MOST} more</p>}
    </div>
  );
}

/** Where the words of a bar have room: behind it, before it, or on it. */
function beside(start: number, end: number) {
  const part = (share: number) => `${(100 * share).toFixed(2)}%`;
  if (end <= 0.8) return { style: { left: part(end) } };
  return start >= 0.2 ? { style: { right: part(1 - start) } } : { class: "on", style: { left: part(start) } };
}

/** The nodes of a run as the graph has them, then those that it no longer has; those that have not begun come too. */
function inOrder({ state }: Live, run: RunDetail): NodeRun[] {
  const told = new Map(run.nodes.map((node) => [node.name, node]));
  const places = new Map(state.model.graph.nodes.map((node, at) => [node.name, at]));
  const names = [...new Set([...run.wired, ...told.keys()])].sort((one, two) => (places.get(one) ?? Infinity) - (places.get(two) ?? Infinity) || 0);
  const blank = (name: string): NodeRun => ({ name, action: "", status: run.status === "running" ? "waiting" : "skipped", reasons: [], duration_s: null, began_at: null, ended_at: null });
  return names.map((name) => told.get(name) ?? blank(name));
}
