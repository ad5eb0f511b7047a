// The page of a graph: what stands around the drawing, and the keys. The live page adds to it.

import { signal } from "@preact/signals";
import { type ComponentType, render } from "preact";
import { follow } from "./links";
import type { GraphView } from "./model";
import { attachMinimap } from "./minimap";
import { listenTo } from "./hands";
import { Legend, Notices, Statuses, Tools } from "./parts/bars";
import { Details } from "./parts/details";
import { Outline } from "./parts/outline";
import { Search } from "./parts/search";
import { pngOf, save, svgText } from "./exporting";
import { Stage } from "./stage";
import { createState, type State } from "./state";

function summary({ nodes, datasets, parameters }: GraphView): string {
  const counts: [number, string][] = [[nodes.length, "node"], [datasets.length, "dataset"], [parameters.length, "parameter"]];
  return counts.filter(([count]) => count).map(([count, word]) => `${count} ${word}${count === 1 ? "" : "s"}`).join(" · ");
}

/** What the live page adds. */
export interface More {
  /** At the end of the bar at the top. */
  Bar: ComponentType;
  /** Beside and below the drawing. */
  Around: ComponentType<{ choose: (id: string) => void }>;
  /** At the end of the details of a vertex. */
  Details: ComponentType<{ id: string }>;
  keys: Record<string, () => void>;
}

function App({ state, stage, more }: { state: State; stage: Stage; more: More | undefined }) {
  const choose = (id: string) => {
    if (state.model.boxes.has(id)) {
      state.open.value = new Set([...state.open.value, ...state.model.around(id)]);
      requestAnimationFrame(() => stage.reveal(id));
      return;
    }
    state.uncover(id);
    state.selected.value = id;
    stage.reveal(id);
    stage.focusOn(id);
  };
  return (
    <>
      <header>
        <button id="outline" class="icon" type="button" aria-label="Outline" title="Outline (o)" aria-pressed={outlined.value} onClick={() => (outlined.value = !outlined.value)}>☰</button>
        <div class="heading">
          <h1>{state.model.graph.title}</h1>
          <p>{summary(state.model.graph)}</p>
        </div>
        <Statuses state={state} />
        <Search model={state.model} take={choose} />
        {more && <more.Bar />}
      </header>
      {outlined.value && <Outline state={state} choose={choose} />}
      <Details state={state} choose={choose} More={more?.Details} />
      {more && <more.Around choose={choose} />}
    </>
  );
}

const outlined = signal(false);

function actionsOf(state: State, stage: Stage, css: string) {
  const text = () => svgText(state.model.graph.title, stage.extent, state.shapes.value, (frame) => state.model.boxes.get(frame)!.label, css);
  const name = state.model.graph.title.replaceAll(/[^\w.-]+/g, "-").slice(0, 60) || "graph";
  return {
    exportSvg: () => save(`${name}.svg`, new Blob([text()], { type: "image/svg+xml" })),
    exportPng: () => void pngOf(text(), stage.extent).then((blob) => save(`${name}.png`, blob)),
  };
}

function shortcuts(state: State, stage: Stage, more: Record<string, () => void>): void {
  const boxes = [...state.model.boxes.keys()];
  const keys: Record<string, () => void> = {
    "/": () => document.getElementById("search")!.focus(),
    "+": () => stage.zoomAt(1.25), "=": () => stage.zoomAt(1.25), "-": () => stage.zoomAt(0.8), "0": () => stage.fit(),
    p: () => (state.parameters.value = !state.parameters.value), d: () => (state.datasets.value = !state.datasets.value),
    t: () => document.getElementById("turn")!.click(), o: () => (outlined.value = !outlined.value),
    b: () => (state.open.value = new Set(boxes.every((box) => state.open.value.has(box)) ? [] : boxes)),
    Escape: () => {
      const chosen = state.selected.value;
      if (!chosen) state.focus.value = null;
      state.selected.value = "";
      if (chosen) stage.focusOn(chosen);
    },
    ...more,
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || (event.target as Element).matches("input, textarea, select")) return;
    if (!Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]!();
  });
}

/** Show a graph.

    css: the style of the drawing, for files made of it. */
export function showPage(graph: GraphView, css: string, moreOf?: (state: State) => More): void {
  const state = createState(graph, moreOf !== undefined);
  follow(state);
  const more = moreOf?.(state);
  const root = document.getElementById("stage")!;
  const stage = new Stage(root, state);
  listenTo(stage, state);
  render(<App state={state} stage={stage} more={more} />, document.getElementById("app")!);
  render(
    <>
      <Notices state={state} />
      <Tools state={state} stage={stage} actions={actionsOf(state, stage, css)} />
      <Legend state={state} />
    </>,
    document.getElementById("over")!,
  );
  attachMinimap(document.getElementById("minimap") as HTMLCanvasElement, stage, state);
  shortcuts(state, stage, more?.keys ?? {});
  stage.begin();
  performance.mark("drawn");
  document.documentElement.dataset["ready"] = "";
}
