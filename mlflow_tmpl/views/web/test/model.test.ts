import assert from "node:assert/strict";
import { test } from "node:test";
import { search } from "../src/fuzzy";
import { read, written } from "../src/links";
import { type GraphView, Model, type NodeView } from "../src/model";
import { duration } from "../src/statuses";
import { firstOpen, visible } from "../src/visible";

function node(name: string, namespace: string, input: string, output: string, tags: string[] = []): NodeView {
  return {
    id: `node:${name}`, name, short_name: name, namespace, pipelines: [], tags, doc: "", code: "", signature: "", where: "",
    inputs: [{ argument: "x", dataset: input, id: `data:${input}` }], outputs: [{ argument: "", dataset: output, id: `data:${output}` }],
    parameters: [], options: {}, status: "", duration_s: null, ended_at: "", reasons: [], error: "",
  };
}

function graph(nodes: NodeView[]): GraphView {
  const names = [...new Set(nodes.flatMap((each) => [...each.inputs, ...each.outputs].map((wire) => wire.dataset)))];
  return {
    title: "", run: null, schema: 1, parameters: [], nodes,
    datasets: names.map((name) => ({ id: `data:${name}`, name, type: "memory", path: "", layer: "", memory: true, exists: null, where: "", details: {} })),
    edges: nodes.flatMap((each) => [...each.inputs.map((wire) => ({ source: wire.id, target: each.id })), ...each.outputs.map((wire) => ({ source: each.id, target: wire.id }))]),
  };
}

const ALL = { parameters: true, datasets: true, tags: new Set<string>(), focus: null };
const two = () => new Model(graph([node("one", "first", "raw", "a"), node("two", "first", "a", "b"), node("three", "second.deep", "b", "c", ["late"])]));

test("a dataset lies in the innermost box that holds all who make and take it", () => {
  const model = two();
  assert.equal(model.vertices.get("data:a")!.box, "box:first");
  assert.equal(model.vertices.get("data:b")!.box, "");
  assert.equal(model.vertices.get("data:c")!.box, "box:second.deep");
});

test("a closed box stands for all in it, and its edges for theirs", () => {
  const seen = visible(two(), { ...ALL, open: new Set() });
  assert.deepEqual(seen.ids, ["box:first", "box:second", "data:b"]);
  assert.deepEqual(seen.edges, [["box:first", "data:b"], ["data:b", "box:second"]]);
});

test("a box around everything is left out", () => {
  const model = new Model(graph([node("one", "only", "raw", "a"), node("two", "only", "a", "b")]));
  assert.equal(model.boxes.size, 0);
});

test("with datasets hidden nodes lead to nodes", () => {
  const seen = visible(two(), { ...ALL, datasets: false, open: new Set(["box:first", "box:second", "box:second.deep"]) });
  assert.deepEqual(seen.edges, [["node:one", "node:two"], ["node:two", "node:three"]]);
});

test("a focus shows what leads to a vertex and nothing else", () => {
  const seen = visible(two(), { ...ALL, open: new Set(["box:first"]), focus: { id: "node:two", side: "up" } });
  assert.deepEqual(seen.ids, ["node:one", "node:two", "data:raw", "data:a"]);
});

test("tags leave nodes that have them, with what they take and give", () => {
  const seen = visible(two(), { ...ALL, open: new Set(["box:second", "box:second.deep"]), tags: new Set(["late"]) });
  assert.deepEqual(seen.ids, ["node:three", "data:b", "data:c"]);
});

test("a large graph starts with its boxes closed, a small one with them open", () => {
  assert.deepEqual([...firstOpen(two(), true)], ["box:first", "box:second", "box:second.deep"]);
  const many = Array.from({ length: 200 }, (_, at) => node(`n${at}`, `box${at % 4}`, `d${at}`, `d${at + 1}`));
  assert.deepEqual([...firstOpen(new Model(graph(many)), true)], []);
});

test("a link says what is not as at first, and is read back", () => {
  const link = { selected: "node:a b&c", open: ["box:x", "box:y,z"], parameters: false };
  assert.deepEqual(read(`#${written(link)}`), link);
  assert.equal(written({}), "");
  assert.deepEqual(read("#selected=%E0%A4%A&&x"), { x: "" });
});

test("search takes letters in order, starts of words first", () => {
  const names = ["train_model", "plot_trees", "tm"];
  const found = search(names, "tm", (name) => name, 5).map((hit) => hit.item);
  assert.deepEqual(found, ["tm", "train_model"]);
});

test("durations read as in Python", () => {
  assert.deepEqual([null, 0.0004, 0.0123, 1.26, 83.4, 3725, 200000].map(duration), ["", "<1 ms", "12 ms", "1.3 s", "1m 23s", "1h 02m", "2d 07h"]);
});
