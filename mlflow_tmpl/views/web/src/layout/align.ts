// Places across the layers: in line with the neighbours, in the given order, never on top of each other; as views/align.py.

import type { Layers, Link } from "./layers";
import { LARGE } from "./ordering";

export const GAP = 22;
export const BEND_GAP = 14;
const TURNS = 12;
const TURNS_IF_LARGE = 6;
/** Of straightening: what moves makes room for what could not. */
const ROUNDS = 3;
const STIFF = 6;
const LOOSE = 0.1;

interface Row {
  vertices: readonly number[];
  /** How far from the first vertex of the layer each one has to be at least. */
  offsets: readonly number[];
}

export function align(layers: Layers, widths: readonly number[]): number[] {
  const count = layers.up.length;
  const x = new Array<number>(count).fill(0);
  const reach = (vertex: number) => (vertex < layers.real ? widths[vertex]! / 2 : 0);
  const rows = layers.rows.map((vertices): Row => ({ vertices, offsets: offsetsOf(vertices, reach, layers.real) }));
  for (const { vertices, offsets } of rows) {
    const middle = offsets[offsets.length - 1]! / 2;
    vertices.forEach((vertex, at) => (x[vertex] = offsets[at]! - middle));
  }
  const pull = pulls(layers);
  const turns = count <= LARGE ? TURNS : TURNS_IF_LARGE;
  const both = layers.up.map((up, vertex) => [...up, ...layers.down[vertex]!]);
  for (let turn = 0; turn < turns; turn++) {
    const downwards = turn % 2 === 0;
    const near = turn >= Math.floor((turns * 2) / 3) ? both : downwards ? layers.up : layers.down;
    for (let number = 0; number < rows.length; number++) {
      const { vertices, offsets } = rows[downwards ? number : rows.length - 1 - number]!;
      const wanted = vertices.map((vertex) => wantedAt(vertex, near[vertex]!, x, pull));
      const places = nearest(wanted, vertices.map((vertex) => pull[vertex]!), offsets);
      vertices.forEach((vertex, at) => (x[vertex] = places[at]!));
    }
  }
  const spots = new Array<Spot>(count);
  for (const row of rows) row.vertices.forEach((vertex, at) => (spots[vertex] = { row, at }));
  for (let round = 0; round < ROUNDS; round++) {
    straightenChains(layers, spots, pull, x);
    straightenBends(layers, spots, x);
  }
  return x;
}

function offsetsOf(row: readonly number[], reach: (vertex: number) => number, real: number): number[] {
  const offsets = [0];
  for (let at = 1; at < row.length; at++) {
    const [left, right] = [row[at - 1]!, row[at]!];
    const gap = left < real && right < real ? GAP : BEND_GAP;
    offsets.push(offsets[at - 1]! + reach(left) + gap + reach(right));
  }
  return offsets;
}

function pulls(layers: Layers): number[] {
  return layers.up.map((up, vertex) => {
    if (vertex >= layers.real) return STIFF;
    return up.length || layers.down[vertex]!.length > 1 ? 1 : LOOSE;
  });
}

function wantedAt(vertex: number, near: readonly Link[], x: readonly number[], pull: readonly number[]): number {
  if (!near.length) return x[vertex]!;
  if (near.length === 1) return x[near[0]!.other]! + near[0]!.shift;
  let total = 0;
  let weight = 0;
  for (const { other, shift } of near) {
    total += (x[other]! + shift) * pull[other]!;
    weight += pull[other]!;
  }
  return total / weight;
}

/** The places nearest to those wanted that keep their distances, by pooling adjacent violators (Ayer et al. 1955). */
function nearest(wanted: readonly number[], weights: readonly number[], offsets: readonly number[]): number[] {
  const blocks: [mean: number, total: number, count: number][] = [];
  for (let at = 0; at < wanted.length; at++) {
    let [mean, total, count] = [wanted[at]! - offsets[at]!, weights[at]!, 1];
    while (blocks.length && blocks[blocks.length - 1]![0] > mean) {
      const [other, otherTotal, otherCount] = blocks.pop()!;
      mean = (mean * total + other * otherTotal) / (total + otherTotal);
      total += otherTotal;
      count += otherCount;
    }
    blocks.push([mean, total, count]);
  }
  const places: number[] = [];
  for (const [mean, , count] of blocks) for (let at = 0; at < count; at++) places.push(mean + offsets[places.length]!);
  return places;
}

interface Spot {
  row: Row;
  at: number;
}

/** Put vertices that follow each other and nothing else in line, as far as their neighbours leave room. */
function straightenChains(layers: Layers, spots: readonly Spot[], pull: readonly number[], x: number[]): void {
  const after = new Map<number, { vertex: number; shift: number }>();
  for (let vertex = 0; vertex < layers.real; vertex++) {
    const before = layers.up[vertex]!;
    const strong = before.filter((link) => pull[link.other]! > LOOSE);
    const main = strong.length ? strong : before;
    if (main.length !== 1) continue;
    const { other, shift } = main[0]!;
    if (other < layers.real && layers.down[other]!.length === 1) after.set(other, { vertex, shift });
  }
  const inner = new Set([...after.values()].map((link) => link.vertex));
  for (const start of after.keys()) {
    if (inner.has(start)) continue;
    let piece: [vertex: number, shift: number][] = [];
    let [low, high, shift] = [-Infinity, Infinity, 0];
    for (let vertex: number | undefined = start; vertex !== undefined; ) {
      const [left, right] = room(spots[vertex]!, x);
      if (piece.length && Math.max(low, left - shift) > Math.min(high, right - shift)) {
        putInLine(piece, low, high, x);
        [piece, low, high, shift] = [[], -Infinity, Infinity, 0];
      }
      piece.push([vertex, shift]);
      [low, high] = [Math.max(low, left - shift), Math.min(high, right - shift)];
      const link: { vertex: number; shift: number } | undefined = after.get(vertex);
      vertex = link?.vertex;
      shift += link?.shift ?? 0;
    }
    putInLine(piece, low, high, x);
  }
}

function putInLine(piece: readonly [vertex: number, shift: number][], low: number, high: number, x: number[]): void {
  let total = 0;
  for (const [vertex, shift] of piece) total += x[vertex]! - shift;
  const middle = Math.min(Math.max(total / piece.length, low), high);
  for (const [vertex, shift] of piece) x[vertex] = middle + shift;
}

/** Move the bends of each long edge into as few straight pieces as their neighbours leave room for. */
function straightenBends(layers: Layers, spots: readonly Spot[], x: number[]): void {
  for (const { source, leaves, bends } of layers.chains.values()) {
    let piece: number[] = [];
    let [low, high] = [-Infinity, Infinity];
    let aim = x[source]! + leaves;
    for (const bend of bends) {
      let [left, right] = room(spots[bend]!, x);
      if (Math.max(low, left) > Math.min(high, right)) {
        aim = settle(piece, low, high, aim, x);
        [piece, low, high] = [[], -Infinity, Infinity];
        [left, right] = room(spots[bend]!, x);
      }
      piece.push(bend);
      [low, high] = [Math.max(low, left), Math.min(high, right)];
    }
    settle(piece, low, high, aim, x);
  }
}

function room({ row: { vertices, offsets }, at }: Spot, x: readonly number[]): [number, number] {
  const left = at ? x[vertices[at - 1]!]! + offsets[at]! - offsets[at - 1]! : -Infinity;
  const right = at + 1 < vertices.length ? x[vertices[at + 1]!]! - offsets[at + 1]! + offsets[at]! : Infinity;
  return [left, right];
}

function settle(piece: readonly number[], low: number, high: number, aim: number, x: number[]): number {
  let middle = aim;
  if (aim < low || aim > high) {
    let total = 0;
    for (const bend of piece) total += x[bend]!;
    middle = Math.min(Math.max(total / piece.length, low), high);
  }
  for (const bend of piece) x[bend] = middle;
  return middle;
}
