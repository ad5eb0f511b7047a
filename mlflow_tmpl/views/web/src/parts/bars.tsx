// The bar at the top, the tools on the drawing, and the bar of a slice.

import { useSignal } from "@preact/signals";
import { GLYPHS, inWords, type Tone, toneOf } from "../statuses";
import type { State } from "../state";
import type { Stage } from "../stage";

export function Statuses({ state }: { state: State }) {
  const counts = new Map<string, number>();
  for (const node of state.model.graph.nodes) {
    const status = state.statuses.value.get(node.id)?.status ?? "";
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  const never = counts.size === 1 && counts.has("");
  return (
    <ul class="statuses" aria-label="statuses of the last run">
      {never ? <li>never run</li> : [...counts].map(([status, count]) => <li><Light tone={toneOf(status)} />{count} {inWords(status) || "never run"}</li>)}
    </ul>
  );
}

export function Light({ tone }: { tone: Tone }) {
  return (
    <svg class="graph icon-only" viewBox="-9 -9 18 18" aria-hidden="true">
      <g class={tone}>
        <circle class="light" r="8" />
        {GLYPHS[tone] && <path class="glyph" d={GLYPHS[tone]} />}
      </g>
    </svg>
  );
}

interface Actions {
  exportSvg: () => void;
  exportPng: () => void;
}

export function Tools({ state, stage, actions }: { state: State; stage: Stage; actions: Actions }) {
  const { parameters, datasets, direction, tags, model } = state;
  const menu = useSignal("");
  const has = (kind: "parameters" | "datasets") => model.graph[kind].length > 0;
  const turn = () => (direction.value = stage.extent.direction === "down" ? "right" : "down");
  const boxes = [...model.boxes.keys()];
  const allOpen = boxes.every((box) => state.open.value.has(box));
  const pick = (name: string) => (menu.value = menu.value === name ? "" : name);
  return (
    <div class="tools" role="toolbar" aria-label="View">
      {boxes.length > 0 && (
        <button id="boxes" type="button" title="Open or close all boxes (b)" onClick={() => (state.open.value = new Set(allOpen ? [] : boxes))}>
          {allOpen ? "Close boxes" : "Open boxes"}
        </button>
      )}
      {has("parameters") && <button id="parameters" type="button" aria-pressed={parameters.value} title="Show parameters (p)" onClick={() => (parameters.value = !parameters.value)}>Parameters</button>}
      {has("datasets") && <button id="datasets" type="button" aria-pressed={datasets.value} title="Show datasets (d)" onClick={() => (datasets.value = !datasets.value)}>Datasets</button>}
      {model.tags.length > 0 && (
        <div class="menu">
          <button id="tags" type="button" aria-expanded={menu.value === "tags"} aria-pressed={tags.value.size > 0} onClick={() => pick("tags")}>Tags</button>
          {menu.value === "tags" && (
            <div class="sheet" role="group" aria-label="Only nodes with these tags">
              {model.tags.map((tag) => (
                <label>
                  <input type="checkbox" checked={tags.value.has(tag)} onChange={() => (tags.value = toggled(tags.value, tag))} /> {tag}
                </label>
              ))}
            </div>
          )}
        </div>
      )}
      <button id="turn" type="button" title="Turn the drawing (t)" aria-label="Turn the drawing" onClick={turn}>⤵</button>
      <div class="menu">
        <button id="export" type="button" aria-expanded={menu.value === "export"} onClick={() => pick("export")}>Save</button>
        {menu.value === "export" && (
          <div class="sheet" role="group" aria-label="Save what is drawn">
            <button type="button" id="svg" onClick={() => { menu.value = ""; actions.exportSvg(); }}>as SVG</button>
            <button type="button" id="png" onClick={() => { menu.value = ""; actions.exportPng(); }}>as PNG</button>
          </div>
        )}
      </div>
      <button id="out" type="button" aria-label="Zoom out" title="Zoom out (-)" onClick={() => stage.zoomAt(0.8)}>−</button>
      <button id="fit" type="button" title="Show all (0)" onClick={() => stage.fit()}>Fit</button>
      <button id="in" type="button" aria-label="Zoom in" title="Zoom in (+)" onClick={() => stage.zoomAt(1.25)}>+</button>
    </div>
  );
}

const toggled = (set: ReadonlySet<string>, item: string): ReadonlySet<string> => (set.has(item) ? new Set([...set].filter((other) => other !== item)) : new Set([...set, item]));

export function Notices({ state }: { state: State }) {
  const { slice, focus, tags, model } = state;
  const copied = useSignal("");
  const command = slice.value?.command;
  if (!command && !focus.value && !tags.value.size) return null;
  const copy = async () => {
    if (!command) return;
    try {
      await navigator.clipboard.writeText(command);
      copied.value = command;
    } catch {
      getSelection()?.selectAllChildren(document.getElementById("command")!);
    }
  };
  return (
    <div class="notices" role="status">
      {command && (
        <p>
          <code id="command">{command}</code>
          <button type="button" id="copy" onClick={copy}>{copied.value === command ? "Copied" : "Copy"}</button>
          <button type="button" aria-label="Drop the slice" onClick={() => { state.from.value = ""; state.to.value = ""; }}>×</button>
        </p>
      )}
      {focus.value && (
        <p>
          Only {{ up: "what leads to", down: "what follows from", both: "the line of" }[focus.value.side]} <b>{model.nameOf(focus.value.id)}</b>
          <button type="button" id="unfocus" aria-label="Show all again" onClick={() => (focus.value = null)}>×</button>
        </p>
      )}
      {tags.value.size > 0 && (
        <p>
          Only tagged <b>{[...tags.value].join(", ")}</b>
          <button type="button" aria-label="Show all tags" onClick={() => (tags.value = new Set())}>×</button>
        </p>
      )}
    </div>
  );
}

const LEGEND: [string, string, string][] = [
  ["node", "M6 2h24a5 5 0 0 1 5 5v8a5 5 0 0 1-5 5H6a5 5 0 0 1-5-5V7a5 5 0 0 1 5-5Z", "node: a function"],
  ["data", "M9 3h18a8 8 0 0 1 0 16H9A8 8 0 0 1 9 3Z", "dataset that is kept"],
  ["data memory", "M9 3h18a8 8 0 0 1 0 16H9A8 8 0 0 1 9 3Z", "dataset in memory"],
  ["param", "M6 3h24l5 8-5 8H6l-5-8Z", "parameter"],
];
const TONES: [Tone, string][] = [
  ["good", "done"], ["kept", "reused: nothing changed"], ["bad", "failed, timed out, lost"], ["held", "blocked, cancelled"], ["busy", "running, retried"], ["none", "never run, waiting, skipped"],
];

export function Legend({ state }: { state: State }) {
  return (
    <details class="legend">
      <summary>Legend</summary>
      <ul>
        {LEGEND.filter(([kind]) => kind !== "param" || state.model.graph.parameters.length).map(([kind, d, words]) => (
          <li><svg class="graph" width="36" height="22" aria-hidden="true"><g class={kind}><path class="box" d={d} /></g></svg>{words}</li>
        ))}
        {TONES.map(([tone, words]) => <li><Light tone={tone} />{words}</li>)}
      </ul>
    </details>
  );
}
