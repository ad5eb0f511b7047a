// Which layer each vertex lies in, so that edges are short: network simplex (Gansner, Koutsofios, North, Vo 1993).
// The same steps as in views/ranks.py, so that the page and the other drawings show one picture.

export type Pair = readonly [number, number];

const MANY = 3000;
const PIVOTS = 4;

export function rank(count: number, edges: readonly Pair[], first: ReadonlySet<number>, last: ReadonlySet<number>): number[] {
  const layer = longestPaths(count, edges);
  if (count <= MANY) {
    const links: number[][] = Array.from({ length: count }, () => []);
    edges.forEach(([source, target], number) => {
      links[source]!.push(number);
      links[target]!.push(number);
    });
    for (const component of components(count, edges, links)) {
      if (component.length > 2) new Tree(component, edges, links, layer).shorten();
      const low = component.reduce((least, vertex) => Math.min(least, layer[vertex]!), Infinity);
      for (const vertex of component) layer[vertex]! -= low;
    }
    spread(count, edges, layer);
  }
  return pinned(layer, first, last);
}

function longestPaths(count: number, edges: readonly Pair[]): number[] {
  const after: number[][] = Array.from({ length: count }, () => []);
  const waiting = new Array<number>(count).fill(0);
  for (const [source, target] of edges) {
    after[source]!.push(target);
    waiting[target]!++;
  }
  const ready: number[] = [];
  for (let vertex = 0; vertex < count; vertex++) if (!waiting[vertex]) ready.push(vertex);
  const layer = new Array<number>(count).fill(0);
  for (const vertex of ready) {
    for (const target of after[vertex]!) {
      layer[target] = Math.max(layer[target]!, layer[vertex]! + 1);
      if (!--waiting[target]!) ready.push(target);
    }
  }
  return layer;
}

function components(count: number, edges: readonly Pair[], links: readonly number[][]): number[][] {
  const seen = new Array<boolean>(count).fill(false);
  const found: number[][] = [];
  for (let root = 0; root < count; root++) {
    if (seen[root]) continue;
    seen[root] = true;
    const component = [root];
    for (const vertex of component) {
      for (const number of links[vertex]!) {
        for (const other of edges[number]!) {
          if (!seen[other]) {
            seen[other] = true;
            component.push(other);
          }
        }
      }
    }
    found.push(component);
  }
  return found;
}

/** Move what may lie in several layers at no cost into the one with the fewest vertices. */
function spread(count: number, edges: readonly Pair[], layer: number[]): void {
  const sources: number[][] = Array.from({ length: count }, () => []);
  const targets: number[][] = Array.from({ length: count }, () => []);
  for (const [source, target] of edges) {
    sources[target]!.push(source);
    targets[source]!.push(target);
  }
  const crowd = new Array<number>(Math.max(-1, ...new Set(layer)) + 1).fill(0);
  for (const at of layer) crowd[at]!++;
  for (let vertex = 0; vertex < count; vertex++) {
    if (!sources[vertex]!.length || sources[vertex]!.length !== targets[vertex]!.length) continue;
    let low = 0;
    let high = Infinity;
    for (const source of sources[vertex]!) low = Math.max(low, layer[source]! + 1);
    for (const target of targets[vertex]!) high = Math.min(high, layer[target]! - 1);
    crowd[layer[vertex]!]!--;
    let best = low;
    for (let at = low + 1; at <= high; at++) if (crowd[at]! < crowd[best]!) best = at;
    layer[vertex] = best;
    crowd[best]!++;
  }
}

/** Give the vertices that lie on a border a layer of their own there. */
function pinned(layer: number[], first: ReadonlySet<number>, last: ReadonlySet<number>): number[] {
  let low = Infinity;
  let high = -Infinity;
  layer.forEach((at, vertex) => {
    if (first.has(vertex) || last.has(vertex)) return;
    low = Math.min(low, at);
    high = Math.max(high, at);
  });
  if (low === Infinity) [low, high] = [0, -1];
  const shift = (first.size ? 1 : 0) - low;
  const moved = layer.map((at) => at + shift);
  for (const vertex of first) moved[vertex] = 0;
  for (const vertex of last) moved[vertex] = high + shift + 1;
  return moved;
}

/** A spanning tree of edges of length one, exchanged edge by edge until no exchange shortens the sum of all. */
class Tree {
  private readonly inside: Set<number>;
  private readonly tree = new Set<number>();

  constructor(
    private readonly vertices: number[],
    private readonly edges: readonly Pair[],
    private readonly links: readonly number[][],
    private readonly layer: number[],
  ) {
    this.inside = new Set([vertices[0]!]);
    this.span();
  }

  shorten(): void {
    for (let turn = 0; turn < PIVOTS * this.vertices.length; turn++) {
      const { parent, low, high, order } = this.walk();
      const [leaving, child] = this.leaving(parent, order);
      if (leaving < 0) return;
      const [from, to] = [low.get(child)!, high.get(child)!];
      const part = new Set(order.filter((vertex) => from <= high.get(vertex)! && high.get(vertex)! <= to));
      const leadsOut = this.edges[leaving]![0] === child;
      const entering = this.entering(part, leadsOut);
      if (entering < 0) return;
      const slack = this.slack(entering);
      for (const vertex of part) this.layer[vertex]! += leadsOut ? -slack : slack;
      this.tree.delete(leaving);
      this.tree.add(entering);
    }
  }

  private slack(number: number): number {
    const [source, target] = this.edges[number]!;
    return this.layer[target]! - this.layer[source]! - 1;
  }

  private other(number: number, vertex: number): number {
    const [source, target] = this.edges[number]!;
    return source === vertex ? target : source;
  }

  private span(): void {
    const waiting = [this.vertices[0]!];
    for (;;) {
      while (waiting.length) {
        const vertex = waiting.pop()!;
        for (const number of this.links[vertex]!) {
          const other = this.other(number, vertex);
          if (!this.inside.has(other) && !this.slack(number)) {
            this.inside.add(other);
            this.tree.add(number);
            waiting.push(other);
          }
        }
      }
      if (this.inside.size === this.vertices.length) return;
      waiting.push(this.reach());
    }
  }

  private reach(): number {
    let [least, nearest] = [-1, -1];
    for (const vertex of this.vertices) {
      if (!this.inside.has(vertex)) continue;
      for (const number of this.links[vertex]!) {
        if (this.inside.has(this.other(number, vertex))) continue;
        const slack = this.slack(number);
        if (least < 0 || slack < least || (slack === least && number < nearest)) [least, nearest] = [slack, number];
      }
    }
    const [source, target] = this.edges[nearest]!;
    const shift = this.inside.has(source) ? least : -least;
    for (const vertex of this.inside) this.layer[vertex]! += shift;
    return this.inside.has(source) ? source : target;
  }

  /** Number the tree depth first: a subtree is what has its highest number between its root's two. */
  private walk() {
    const root = this.vertices[0]!;
    const parent = new Map([[root, -1]]);
    const low = new Map([[root, 0]]);
    const high = new Map<number, number>();
    const order: number[] = [];
    const stack: [number, number][] = [[root, 0]];
    while (stack.length) {
      const top = stack[stack.length - 1]!;
      const [vertex] = top;
      const numbers = this.links[vertex]!;
      let next = -1;
      while (top[1] < numbers.length && next < 0) {
        const number = numbers[top[1]++]!;
        if (this.tree.has(number) && number !== parent.get(vertex)) next = number;
      }
      if (next < 0) {
        high.set(vertex, order.length);
        order.push(vertex);
        stack.pop();
      } else {
        const other = this.other(next, vertex);
        parent.set(other, next);
        low.set(other, order.length);
        stack.push([other, 0]);
      }
    }
    return { parent, low, high, order };
  }

  /** The tree's edge whose exchange shortens most, and the end of it that is further from the root. */
  private leaving(parent: ReadonlyMap<number, number>, order: readonly number[]): [number, number] {
    const flow = new Map<number, number>();
    for (const vertex of order) {
      let sum = 0;
      for (const number of this.links[vertex]!) sum += this.edges[number]![0] === vertex ? 1 : -1;
      flow.set(vertex, sum);
    }
    let [worst, found, child] = [0, -1, -1];
    for (const vertex of order) {
      const number = parent.get(vertex)!;
      if (number < 0) continue;
      const through = flow.get(vertex)!;
      const cut = this.edges[number]![0] === vertex ? through : -through;
      if (cut < worst || (cut === worst && worst < 0 && number < found)) [worst, found, child] = [cut, number, vertex];
      const other = this.other(number, vertex);
      flow.set(other, flow.get(other)! + through);
    }
    return [found, child];
  }

  /** The shortest edge that connects a part with the rest the other way round. */
  private entering(part: ReadonlySet<number>, leadsOut: boolean): number {
    let [least, found] = [-1, -1];
    for (const vertex of this.vertices) {
      if (!part.has(vertex)) continue;
      for (const number of this.links[vertex]!) {
        const [source, target] = this.edges[number]!;
        const inward = leadsOut ? target === vertex : source === vertex;
        if (!inward || part.has(leadsOut ? source : target)) continue;
        const slack = this.slack(number);
        if (least < 0 || slack < least || (slack === least && number < found)) [least, found] = [slack, number];
      }
    }
    return found;
  }
}
