// The page: reads the model that it carries, and shows it.

import { signal } from "@preact/signals";
import { render } from "preact";
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

async function carried(): Promise<GraphView> {
  const text = document.getElementById("graph")!.textContent!.trim();
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return (await new Response(stream).json()) as GraphView;
}

function summary({ nodes, datasets, parameters }: GraphView): string {
  const counts: [number, string][] = [[nodes.length, "node"], [datasets.length, "dataset"], [parameters.length, "parameter"]];
  return counts.filter(([count]) => count).map(([count, word]) => `${count} ${word}${count === 1 ? "" : "s"}`).join(" · ");
}

function App({ state, stage }: { state: State; stage: Stage }) {
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
      </header>
      {outlined.value && <Outline state={state} choose={choose} />}
      <Details state={state} choose={choose} />
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

function shortcuts(state: State, stage: Stage): void {
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
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || (event.target as Element).matches("input, textarea, select")) return;
    if (!Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]!();
  });
}

async function start(): Promise<void> {
  const state = createState(await carried());
  follow(state);
  const root = document.getElementById("stage")!;
  const stage = new Stage(root, state);
  listenTo(stage, state);
  render(<App state={state} stage={stage} />, document.getElementById("app")!);
  render(
    <>
      <Notices state={state} />
      <Tools state={state} stage={stage} actions={actionsOf(state, stage, document.getElementById("drawing-style")!.textContent!)} />
      <Legend state={state} />
    </>,
    document.getElementById("over")!,
  );
  attachMinimap(document.getElementById("minimap") as HTMLCanvasElement, stage, state);
  shortcuts(state, stage);
  stage.begin();
  performance.mark("drawn");
  document.documentElement.dataset["ready"] = "";
}

void start();
