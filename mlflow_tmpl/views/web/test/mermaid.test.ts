// What `mlo viz -o graph.mmd` writes is read by Mermaid's own parser, and says there what it says here.

import assert from "node:assert/strict";
import { test } from "node:test";
import mermaid from "mermaid";
import vectors from "./drawing_vectors.json";

const ENTITIES: Record<string, string> = { quot: '"', amp: "&", lt: "<", gt: ">" };

/** A label without Mermaid's marks for `#34;` and `#quot;`. */
const plain = (label: string): string =>
  label.replace(/ﬂ°°(\d+)¶ß/g, (_, code: string) => String.fromCodePoint(Number(code))).replace(/ﬂ°(\w+)¶ß/g, (_, name: string) => ENTITIES[name] ?? "?");

for (const { name, graph, drawn, mermaid: text } of vectors) {
  test(`Mermaid reads what it is given: ${name}`, async () => {
    assert.ok(await mermaid.parse(text));
    const { db } = (await mermaid.mermaidAPI.getDiagramFromText(text)) as unknown as { db: { getVertices(): Map<string, { text: string }>; getEdges(): unknown[]; getSubGraphs(): unknown[] } };
    assert.equal(db.getVertices().size, drawn.shapes.length);
    assert.equal(db.getEdges().length, drawn.edges.length);
    assert.equal(db.getSubGraphs().length, new Set(Object.values(drawn.parents)).size);
    const labels = [...db.getVertices()].filter(([id]) => id.startsWith("d")).map(([, vertex]) => plain(vertex.text));
    const ids = new Set(drawn.shapes.map(([id]) => id));
    const names = graph.datasets.filter(({ id }) => ids.has(id)).map((dataset) => dataset.name.split(/\s+/).join(" ").trim());
    assert.deepEqual(labels.sort(), names.sort());
  });
}
