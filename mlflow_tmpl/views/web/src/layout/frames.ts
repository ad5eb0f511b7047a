// Frames: what lies in which box, and where edges cross the borders; as views/frames.py.

export interface Wire {
  readonly source: number;
  readonly target: number;
  /** The port that it ends at, where its end is a frame; else empty. */
  readonly leaves: string;
  readonly arrives: string;
}

export interface Course {
  readonly source: string;
  readonly target: string;
  readonly pieces: readonly (readonly [frame: string, wire: Wire])[];
}

export const entry = (source: string): string => `>${source}`;
export const leaving = (source: string): string => `<${source}`;

/** A box, and the small graph that is laid out in it. The name of the drawing as a whole is empty. */
export class Frame {
  readonly names: string[] = [];
  readonly numbers = new Map<string, number>();
  readonly frames = new Map<string, Frame>();
  readonly wires = new Map<string, Wire>();
  readonly entries = new Set<number>();
  readonly exits = new Set<number>();
  backward: ReadonlySet<Wire> = new Set();

  constructor(readonly name: string) {}

  add(name: string): number {
    let number = this.numbers.get(name);
    if (number === undefined) {
      number = this.names.length;
      this.numbers.set(name, number);
      this.names.push(name);
    }
    return number;
  }

  enter(source: string): number {
    const number = this.add(entry(source));
    this.entries.add(number);
    return number;
  }

  leave(source: string): number {
    const number = this.add(leaving(source));
    this.exits.add(number);
    return number;
  }

  /** The wire that is drawn: one for all edges that share it. */
  wire(wire: Wire): Wire {
    const key = `${wire.source} ${wire.target} ${wire.leaves} ${wire.arrives}`;
    const known = this.wires.get(key);
    if (known) return known;
    this.wires.set(key, wire);
    return wire;
  }
}

export type Parents = ReadonlyMap<string, string>;

export function framesOf(vertices: Iterable<string>, edges: readonly (readonly [string, string])[], parents: Parents): { root: Frame; courses: Course[] } {
  const root = new Frame("");
  const frames = new Map([["", root]]);
  const frame = (name: string): Frame => {
    const known = frames.get(name);
    if (known) return known;
    const around = frame(parents.get(name) ?? "");
    around.add(name);
    const made = new Frame(name);
    around.frames.set(name, made);
    frames.set(name, made);
    return made;
  };
  for (const vertex of vertices) frame(parents.get(vertex) ?? "").add(vertex);
  const courses = edges.map(([source, target]) => course(source, target, parents, frames));
  for (const each of frames.values()) each.backward = backward(each);
  return { root, courses };
}

function around(vertex: string, parents: Parents): string[] {
  const path = [vertex];
  while (path[path.length - 1]) path.push(parents.get(path[path.length - 1]!) ?? "");
  return path;
}

function course(source: string, target: string, parents: Parents, frames: ReadonlyMap<string, Frame>): Course {
  const out = around(source, parents);
  const into = around(target, parents);
  while (out.length > 2 && into.length > 2 && out[out.length - 2] === into[into.length - 2]) {
    out.pop();
    into.pop();
  }
  const pieces: [string, Wire][] = [];
  let [start, leaves] = [out[0]!, ""];
  for (const name of out.slice(1, -1)) {
    const frame = frames.get(name)!;
    pieces.push([name, { source: frame.numbers.get(start)!, target: frame.leave(source), leaves, arrives: "" }]);
    [start, leaves] = [name, leaving(source)];
  }
  let [end, arrives] = [into[0]!, ""];
  const inward: [string, Wire][] = [];
  for (const name of into.slice(1, -1)) {
    const frame = frames.get(name)!;
    inward.push([name, { source: frame.enter(source), target: frame.numbers.get(end)!, leaves: "", arrives }]);
    [end, arrives] = [name, entry(source)];
  }
  const common = out[out.length - 1]!;
  const { numbers } = frames.get(common)!;
  pieces.push([common, { source: numbers.get(start)!, target: numbers.get(end)!, leaves, arrives }], ...inward.reverse());
  return { source, target, pieces: pieces.map(([name, wire]) => [name, frames.get(name)!.wire(wire)] as const) };
}

/** The wires that close a circle, met depth first; only boxes can make one, open or closed. */
function backward(frame: Frame): Set<Wire> {
  const found = new Set<Wire>();
  const after = frame.names.map((): Wire[] => []);
  for (const wire of frame.wires.values()) after[wire.source]!.push(wire);
  const done = new Set<number>();
  for (const root of frame.names.keys()) {
    if (done.has(root)) continue;
    const open = new Set([root]);
    const stack: [number, number][] = [[root, 0]];
    while (stack.length) {
      const top = stack[stack.length - 1]!;
      const wire = after[top[0]]![top[1]++];
      if (!wire) {
        done.add(top[0]);
        open.delete(top[0]);
        stack.pop();
      } else if (open.has(wire.target)) found.add(wire);
      else if (!done.has(wire.target)) {
        open.add(wire.target);
        stack.push([wire.target, 0]);
      }
    }
  }
  return found;
}
