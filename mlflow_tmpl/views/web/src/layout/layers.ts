// Layers of a drawing, with the bends of edges that pass through them (Sugiyama, Tagawa, Toda 1981); as views/layers.py.

export interface Edge {
  readonly source: number;
  readonly target: number;
  /** How far to the right of the middle of its vertex each end lies. */
  readonly leaves: number;
  readonly arrives: number;
}

/** One neighbour in the layer before or after. */
export interface Link {
  readonly other: number;
  /** Where on the neighbour the edge ends, from -0.5 at its left side to 0.5 at its right. */
  readonly part: number;
  /** How far from the neighbour's middle the vertex stands if the edge is straight. */
  readonly shift: number;
}

export interface Layers {
  rows: number[][];
  readonly real: number;
  readonly up: Link[][];
  readonly down: Link[][];
  /** The bends that edges from one place share, one a layer, by `chainKey`. */
  readonly chains: Map<string, { source: number; leaves: number; bends: number[] }>;
  readonly layer: readonly number[];
}

export const chainKey = (source: number, leaves: number): string => `${source} ${leaves}`;

export function withBends(edges: readonly Edge[], layer: readonly number[], widths: readonly number[]): Layers {
  const rows: number[][] = Array.from({ length: highest(layer) + 1 }, () => []);
  layer.forEach((at, vertex) => rows[at]!.push(vertex));
  const layers: Layers = { rows, real: layer.length, up: layer.map(() => []), down: layer.map(() => []), chains: new Map(), layer };
  const bundles = new Map<string, Edge[]>();
  for (const edge of edges) {
    const key = chainKey(edge.source, edge.leaves);
    const bundle = bundles.get(key);
    if (bundle) bundle.push(edge);
    else bundles.set(key, [edge]);
  }
  for (const [key, bundle] of bundles) {
    const { source, leaves } = bundle[0]!;
    const bends = chain(layers, source, highest(bundle.map((edge) => layer[edge.target]!)));
    if (bends.length) layers.chains.set(key, { source, leaves, bends });
    tie(layers, source, leaves, bends, bundle, widths);
  }
  return layers;
}

function highest(numbers: readonly number[]): number {
  let most = -1;
  for (const number of numbers) if (number > most) most = number;
  return most;
}

function chain(layers: Layers, source: number, furthest: number): number[] {
  const bends: number[] = [];
  for (let row = layers.layer[source]! + 1; row < furthest; row++) {
    const bend = layers.up.length;
    bends.push(bend);
    layers.rows[row]!.push(bend);
    layers.up.push([]);
    layers.down.push([]);
  }
  return bends;
}

function tie(layers: Layers, source: number, leaves: number, bends: readonly number[], bundle: readonly Edge[], widths: readonly number[]): void {
  const path = [source, ...bends];
  const own = layers.layer[source]!;
  const link = (at: number, target: number, arrives: number) => {
    const start = path[at]!;
    const shift = at ? 0 : leaves;
    layers.down[start]!.push({ other: target, part: part(arrives, target, widths), shift: arrives - shift });
    layers.up[target]!.push({ other: start, part: part(shift, start, widths), shift: shift - arrives });
  };
  bends.forEach((bend, at) => link(at, bend, 0));
  for (const edge of bundle) link(layers.layer[edge.target]! - own - 1, edge.target, edge.arrives);
}

const part = (shift: number, vertex: number, widths: readonly number[]): number => (shift ? shift / widths[vertex]! : 0);
