// What the page draws first is what `mlo viz -o graph.svg` draws; the file is written by tests/unit/views/test_drawing_vectors.py.

import assert from "node:assert/strict";
import { test } from "node:test";
import { classesOf } from "../src/elements";
import { type GraphView, Model } from "../src/model";
import { shapesOf } from "../src/shapes";
import { firstOpen, READABLE, visible } from "../src/visible";
import vectors from "./drawing_vectors.json";

for (const { name, graph: untyped, drawn } of vectors) {
  test(`the page draws what Python draws: ${name}`, () => {
    const graph = untyped as unknown as GraphView;
    const model = new Model(graph);
    const parameters = graph.nodes.length + graph.datasets.length + graph.parameters.length <= READABLE;
    const open = firstOpen(model, parameters);
    const seen = visible(model, { open, parameters, datasets: true, tags: new Set(), focus: null });
    const shapes = shapesOf(model, seen.ids, new Map(graph.nodes.map((node) => [node.id, node])));
    assert.equal(parameters, drawn.parameters);
    assert.deepEqual([...open].sort(), drawn.open);
    assert.deepEqual([...shapes.values()].map((shape) => [shape.id, classesOf(shape).replace("vertex ", ""), shape.label, shape.width, shape.height]), drawn.shapes);
    assert.deepEqual(seen.edges, drawn.edges);
    assert.deepEqual(Object.fromEntries([...seen.parents].sort(([one], [two]) => (one < two ? -1 : 1))), drawn.parents);
  });
}
