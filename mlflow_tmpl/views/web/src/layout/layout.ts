// Where everything lies: a layered layout whose edges lead only forward and whose boxes never overlap; as views/layout.py.
// Boxes within boxes are laid out one by one, the innermost first: to what is around it a frame is a vertex, and edges
// that cross its border do so at ports, which are vertices of its first and last layer.

import { align, BEND_GAP, GAP } from "./align";
import { type Course, type Frame, framesOf, type Parents, type Wire } from "./frames";
import { chainKey, type Edge, type Layers, withBends } from "./layers";
import { type Pair, rank } from "./ranks";
import { order } from "./shifting";

export type Direction = "down" | "right";
export type Size = readonly [width: number, height: number];
export type Point = readonly [x: number, y: number];

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Route {
  readonly source: string;
  readonly target: string;
  readonly points: readonly Point[];
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly direction: Direction;
  readonly boxes: ReadonlyMap<string, Box>;
  readonly frames: ReadonlyMap<string, Box>;
  readonly routes: readonly Route[];
}

export interface Drawing {
  readonly sizes: ReadonlyMap<string, Size>;
  readonly edges: readonly (readonly [string, string])[];
  /** Where edges lead to; if it is not given, what fills a page better. */
  readonly direction?: Direction | undefined;
  /** The frame of each vertex and frame that lies in one. */
  readonly parents: Parents;
  /** Width over height of what it is looked at in. */
  readonly aspect?: number;
}

const LAYER_GAP = 36;
const PAGE = 1.5;
export const HEADER = 30;
const PADDING = 16;
const JOINT = 0.25;
const EFFORT = 1_500_000;

const tenth = (value: number): number => Math.floor(value * 10 + 0.5) / 10;

export function layOut({ sizes, edges, direction, parents, aspect = PAGE }: Drawing): Layout {
  const unique = [...new Map(edges.map((edge) => [`${edge[0]}\n${edge[1]}`, edge])).values()];
  const { root, courses } = framesOf(sizes.keys(), unique, parents);
  const effort = EFFORT / Math.max(sizes.size, 1);
  let whole = new Placed(root, sizes, direction ?? "down", effort);
  if (!direction && whole.prefersRight(aspect)) whole = new Placed(root, sizes, "right", effort, whole);
  const { down } = whole;
  const spots = new Map<string, Spot>();
  whole.spread(0, 0, spots);
  const boxes = new Map<string, Box>();
  const frames = new Map<string, Box>();
  for (const name of sizes.keys()) boxes.set(name, boxOf(spots.get(name)!, down));
  for (const [name, spot] of spots) if (name && spot.inner) frames.set(name, boxOf(spot, down));
  const routes = courses.map((course): Route => {
    const points = pointsOf(course, spots);
    return { source: course.source, target: course.target, points: down ? points : points.map(([x, y]) => [y, x] as const) };
  });
  const [width, height] = down ? [whole.width, whole.height] : [whole.height, whole.width];
  return { width, height, direction: down ? "down" : "right", boxes, frames, routes };
}

interface Spot extends Box {
  readonly inner: Placed | null;
}

function boxOf({ x, y, width, height }: Spot, down: boolean): Box {
  return down ? { x: tenth(x), y: tenth(y), width, height } : { x: tenth(y), y: tenth(x), width: height, height: width };
}

function pointsOf(course: Course, spots: ReadonlyMap<string, Spot>): Point[] {
  const points: Point[] = [];
  for (const [frame, wire] of course.pieces) {
    const spot = spots.get(frame)!;
    for (const [x, y] of spot.inner!.piece(wire)) {
      const point: Point = [tenth(spot.x + x), tenth(spot.y + y)];
      const last = points[points.length - 1];
      if (!last || Math.abs(last[0] - point[0]) > JOINT || Math.abs(last[1] - point[1]) > JOINT) points.push(point);
    }
  }
  return points;
}

/** A frame whose content has its places, as if edges led down: across is x, along is y. */
class Placed {
  readonly down: boolean;
  width = 0;
  height = 0;
  private readonly inner = new Map<string, Placed>();
  private readonly sizes: Size[];
  private readonly layers: Layers;
  private x: number[];
  private tops: number[] = [];
  private bottoms: number[] = [];

  constructor(
    private readonly frame: Frame,
    sizes: ReadonlyMap<string, Size>,
    direction: Direction,
    effort: number,
    like?: Placed,
  ) {
    this.down = direction === "down";
    for (const [name, child] of frame.frames) this.inner.set(name, new Placed(child, sizes, direction, effort, like?.inner.get(name)));
    this.sizes = frame.names.map((name): Size => {
      const inner = this.inner.get(name);
      if (inner) return [inner.width, inner.height];
      const [width, height] = sizes.get(name) ?? [0, 0];
      return this.down ? [width, height] : [height, width];
    });
    const widths = this.sizes.map((size) => size[0]);
    const edges: Edge[] = [];
    for (const wire of frame.wires.values()) if (!frame.backward.has(wire)) edges.push(this.edge(wire));
    const pairs = edges.map(({ source, target }): Pair => [source, target]);
    this.layers = withBends(edges, rank(widths.length, pairs, frame.entries, frame.exits), widths);
    if (like) this.layers.rows = like.layers.rows;
    else order(this.layers, Math.floor(effort * widths.length));
    this.x = align(this.layers, widths);
    this.settle();
  }

  /** Whether the drawing would be shown larger on a page if edges led to the right. */
  prefersRight(aspect: number): boolean {
    const { rows, real } = this.layers;
    const scale = (down: boolean) => {
      let length = LAYER_GAP * Math.max(rows.length, 1);
      let breadth = 1;
      for (const row of rows) {
        let most = 0;
        let across = 0;
        for (const vertex of row) {
          if (vertex >= real) across += BEND_GAP;
          else {
            const turned = !down && !this.inner.has(this.frame.names[vertex]!);
            most = Math.max(most, this.sizes[vertex]![turned ? 0 : 1]);
            across += this.sizes[vertex]![turned ? 1 : 0] + GAP;
          }
        }
        length += most;
        breadth = Math.max(breadth, across);
      }
      const [wide, high] = down ? [breadth, length] : [length, breadth];
      return Math.min(aspect / wide, 1 / high);
    };
    return scale(false) > scale(true);
  }

  /** Write down the places of all that lies in the frame, given that of the frame. */
  spread(x: number, y: number, spots: Map<string, Spot>): void {
    spots.set(this.frame.name, { x, y, width: this.width, height: this.height, inner: this });
    this.frame.names.forEach((name, vertex) => {
      if (this.frame.entries.has(vertex) || this.frame.exits.has(vertex)) return;
      const [width, height] = this.sizes[vertex]!;
      const [left, top] = [x + this.x[vertex]! - width / 2, y + this.top(vertex)];
      const inner = this.inner.get(name);
      if (inner) inner.spread(left, top, spots);
      else spots.set(name, { x: left, y: top, width, height, inner: null });
    });
  }

  /** The points of an edge within the frame, relative to its corner. */
  piece(wire: Wire): Point[] {
    const { source, target, leaves, arrives } = this.edge(wire);
    const start: Point = [this.x[source]! + leaves, this.top(source) + this.sizes[source]![1]];
    const end: Point = [this.x[target]! + arrives, this.top(target)];
    if (this.frame.backward.has(wire)) return [start, end];
    const points = [start];
    const bends = this.layers.chains.get(chainKey(source, leaves))?.bends ?? [];
    const first = this.layers.layer[source]! + 1;
    for (let row = first; row < this.layers.layer[target]!; row++) {
      const x = this.x[bends[row - first]!]!;
      points.push([x, this.tops[row]!], [x, this.bottoms[row]!]);
    }
    return [...points, end];
  }

  private top(vertex: number): number {
    const row = this.layers.layer[vertex]!;
    return (this.tops[row]! + this.bottoms[row]!) / 2 - this.sizes[vertex]![1] / 2;
  }

  private edge({ source, target, leaves, arrives }: Wire): Edge {
    return { source, target, leaves: this.port(source, leaves), arrives: this.port(target, arrives) };
  }

  /** How far from the middle of a vertex a port lies: 0 if it is no frame. */
  private port(vertex: number, port: string): number {
    if (!port) return 0;
    const inner = this.inner.get(this.frame.names[vertex]!)!;
    return inner.x[inner.frame.numbers.get(port)!]! - inner.width / 2;
  }

  /** Give layers their places along, and move all to where the frame's corner is the origin. */
  private settle(): void {
    const { frame, layers, sizes } = this;
    const [header, padding] = frame.name ? [HEADER, PADDING] : [0, 0];
    const [before, beside] = this.down ? [header, padding] : [padding, header];
    let y = frame.entries.size ? 0 : before;
    for (const row of layers.rows) {
      let height = 0;
      for (const vertex of row) if (vertex < layers.real) height = Math.max(height, sizes[vertex]![1]);
      this.tops.push(y);
      this.bottoms.push(y + height);
      y += height + LAYER_GAP;
    }
    const end = this.bottoms.length ? this.bottoms[this.bottoms.length - 1]! : y;
    this.height = frame.exits.size ? end : end + padding;
    const reach = (vertex: number) => (vertex < sizes.length ? sizes[vertex]![0] / 2 : 0);
    let left = Infinity;
    this.x.forEach((x, vertex) => (left = Math.min(left, x - reach(vertex))));
    this.x = this.x.map((x) => tenth(x - left) + beside);
    let right = -Infinity;
    this.x.forEach((x, vertex) => (right = Math.max(right, x + reach(vertex))));
    this.width = (this.x.length ? right : beside) + padding;
  }
}
