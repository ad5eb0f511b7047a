// What the live page adds to the bar at the top, and what went wrong.

import type { Live } from "./store";

export function Bar({ live }: { live: Live }) {
  const { problem } = live;
  return (
    <div class="live-bar">
      <span class={live.connected.value ? "pulse on" : "pulse"} role="status">{live.connected.value ? "live" : "not connected"}</span>
      <button type="button" id="toggle-runs" aria-pressed={live.listed.value} title="Runs (r)" onClick={() => (live.listed.value = !live.listed.value)}>Runs</button>
      <button type="button" id="toggle-dock" aria-pressed={live.docked.value} title="The run that is shown (l)" onClick={() => (live.docked.value = !live.docked.value)}>Run details</button>
      {!live.readOnly && <button type="button" id="start" class="main" onClick={() => void live.propose(startOf(live))}>Run…</button>}
      {live.outdated.value && (
        <p class="problem news" role="status">
          <span>The project has changed since this was drawn.</span>
          <button type="button" id="redraw" class="small" onClick={() => location.reload()}>Draw it anew</button>
        </p>
      )}
      {problem.value && (
        <p class="problem" role="alert">
          <span><b>{problem.value.message}</b>{problem.value.hint && <small>{problem.value.hint}</small>}</span>
          <button type="button" aria-label="Dismiss" onClick={() => (problem.value = null)}>×</button>
        </p>
      )}
    </div>
  );
}

/** A run of what is sliced in the drawing, or of everything. */
function startOf({ state }: Live) {
  const wish: Record<string, string[]> = {};
  for (const [word, id] of [["from", state.from.value], ["to", state.to.value]] as const) {
    const vertex = state.model.vertices.get(id);
    if (!vertex || vertex.kind === "parameter") continue;
    wish[vertex.kind === "node" ? `${word}_nodes` : word === "from" ? "from_inputs" : "to_outputs"] = [vertex.name];
  }
  return { title: "A new run", wish, planPath: "/plan", startPath: "/runs", note: "" };
}
