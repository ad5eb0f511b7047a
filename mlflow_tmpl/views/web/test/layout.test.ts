import assert from "node:assert/strict";
import { test } from "node:test";
import { type Box, type Direction, layOut, type Size } from "../src/layout/layout";
import vectors from "./layout_vectors.json";

interface Vector {
  name: string;
  direction: Direction | null;
  sizes: [string, number, number][];
  edges: [string, string][];
  parents: Record<string, string>;
  layout: { width: number; height: number; direction: Direction; boxes: Record<string, number[]>; frames: Record<string, number[]>; routes: [string, string, [number, number][]][] };
}

const NEAR = 0.11;

function near(one: readonly number[], two: readonly number[], what: string): void {
  assert.equal(one.length, two.length, what);
  one.forEach((value, at) => assert.ok(Math.abs(value - two[at]!) <= NEAR, `${what}: ${one} and ${two}`));
}

for (const vector of vectors as unknown as Vector[]) {
  test(`the page draws ${vector.name} as Python does`, () => {
    const sizes = new Map(vector.sizes.map(([id, width, height]) => [id, [width, height] as Size]));
    const layout = layOut({ sizes, edges: vector.edges, direction: vector.direction ?? undefined, parents: new Map(Object.entries(vector.parents)) });
    const wanted = vector.layout;
    assert.equal(layout.direction, wanted.direction);
    near([layout.width, layout.height], [wanted.width, wanted.height], "size");
    const four = ({ x, y, width, height }: Box) => [x, y, width, height];
    for (const [id, box] of Object.entries(wanted.boxes)) near(four(layout.boxes.get(id)!), box, id);
    for (const [id, box] of Object.entries(wanted.frames)) near(four(layout.frames.get(id)!), box, id);
    assert.deepEqual(layout.routes.map(({ source, target }) => [source, target]), wanted.routes.map(([source, target]) => [source, target]));
    layout.routes.forEach(({ points }, at) => near(points.flat(), wanted.routes[at]![2].flat(), `route ${wanted.routes[at]![0]}`));
  });
}
