// The live page: the same page, with what the server knows of runs and data.

import type { GraphView } from "../model";
import { showPage } from "../page";
import type { State } from "../state";
import { get, Refused, takeToken } from "./api";
import { Bar } from "./bar";
import { Compared } from "./compare";
import { LiveDetails } from "./details";
import { Dock } from "./dock";
import { keepAddress } from "./address";
import { RunList } from "./runs";
import { Proposed } from "./propose";
import { createLive } from "./store";

async function start(): Promise<void> {
  takeToken();
  const [graph, about, css] = await Promise.all([
    get<GraphView>("/graph"),
    get<{ read_only: boolean }>("/about"),
    fetch("/drawing.css").then((answer) => answer.text()),
  ]);
  document.title = graph.title;
  showPage(graph, css, (state: State) => {
    const live = createLive(state, about.read_only);
    keepAddress(live);
    return {
      Bar: () => <Bar live={live} />,
      Around: ({ choose }) => (
        <>
          {live.listed.value && <RunList live={live} />}
          {live.docked.value && (live.offer.value ? <Proposed live={live} /> : live.comparison.value ? <Compared live={live} /> : <Dock live={live} choose={choose} />)}
        </>
      ),
      Details: ({ id }) => <LiveDetails live={live} id={id} />,
      keys: {
        r: () => (live.listed.value = !live.listed.value),
        l: () => (live.docked.value = !live.docked.value),
      },
    };
  });
}

function tellFailure(error: unknown): void {
  const words = document.createElement("p");
  words.className = "plain";
  words.setAttribute("role", "alert");
  words.textContent = error instanceof Refused ? [error.message, error.hint].filter(Boolean).join(" - ") : `the page cannot be shown: ${String(error)}`;
  document.getElementById("over")!.replaceChildren(words);
  document.documentElement.dataset["ready"] = "";
}

start().catch(tellFailure);
