// The page that is a file: reads the model that it carries, and shows it.

import type { GraphView } from "./model";
import { showPage } from "./page";

async function carried(): Promise<GraphView> {
  const text = document.getElementById("graph")!.textContent!.trim();
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return (await new Response(stream).json()) as GraphView;
}

void carried().then((graph) => showPage(graph, document.getElementById("drawing-style")!.textContent!));
