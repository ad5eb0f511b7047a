// The order within each layer, for few crossings: medians and means by turns, mended by sifting; as views/ordering.py.

import type { Layers, Link } from "./layers";

export const LARGE = 3000;
const SWEEPS = 24;
const SWEEPS_IF_LARGE = 6;
const PATIENCE = 8;
export const TURN = 5;

type Way = (search: Search, turn: number, row: number[], downwards: boolean) => void;

/** Put the vertices of each layer in an order in which few edges cross, and return the search that found it. */
export function sweep(layers: Layers, effort: number): Search {
  if (layers.up.length > LARGE) {
    const search = new Search(layers, true, 0);
    search.sweep(means, SWEEPS_IF_LARGE);
    return search;
  }
  let best: number[][] = [];
  let fewest = -1;
  let search!: Search;
  for (const [way, downwards] of [byTurns, medians, means].flatMap((each): [Way, boolean][] => [[each, true], [each, false]])) {
    search = new Search(layers, downwards, effort);
    const [rows, count] = search.best(way);
    effort = search.effort;
    if (fewest < 0 || count < fewest) [best, fewest] = [rows, count];
    if (!fewest || !effort) break;
  }
  search.take(best);
  return search;
}

export class Search {
  readonly place: number[];

  constructor(
    readonly layers: Layers,
    downwards: boolean,
    public effort: number,
  ) {
    this.place = new Array<number>(layers.up.length).fill(0);
    this.breadthFirst(downwards);
  }

  best(way: Way): [number[][], number] {
    let best = this.rows();
    let fewest = this.crossings();
    let idle = 0;
    for (let turn = 0; turn < SWEEPS && fewest && idle < PATIENCE && this.effort; turn++) {
      this.turn(way, turn);
      this.effort = Math.max(this.effort - TURN * this.place.length, 0);
      this.sift();
      const count = this.crossings();
      idle = count >= fewest ? idle + 1 : 0;
      if (count < fewest) [best, fewest] = [this.rows(), count];
    }
    return [best, fewest];
  }

  sweep(way: Way, turns: number): void {
    for (let turn = 0; turn < turns; turn++) this.turn(way, turn);
  }

  near(links: readonly Link[]): number[] {
    const places = new Array<number>(links.length);
    for (let at = 0; at < links.length; at++) places[at] = this.place[links[at]!.other]! + links[at]!.part;
    return places;
  }

  number(row: readonly number[]): void {
    for (let at = 0; at < row.length; at++) this.place[row[at]!] = at;
  }

  /** Make an order the present one. */
  take(rows: readonly (readonly number[])[]): void {
    this.layers.rows = rows.map((row) => [...row]);
    this.layers.rows.forEach((row) => this.number(row));
  }

  /** Count the pairs of edges below a layer that cross (Barth, Jünger, Mutzel 2002, with a sorted list for the tree). */
  crossingsBelow(row: readonly number[]): number {
    let count = 0;
    const ends: number[] = [];
    for (const vertex of row) {
      const targets = sorted(this.near(this.layers.down[vertex]!));
      for (const target of targets) count += ends.length - above(ends, target);
      for (const target of targets) ends.splice(above(ends, target), 0, target);
    }
    return count;
  }

  private rows(): number[][] {
    return this.layers.rows.map((row) => [...row]);
  }

  private turn(way: Way, turn: number): void {
    const downwards = turn % 2 === 0;
    const rows = this.layers.rows;
    for (let at = 0; at < rows.length; at++) way(this, turn, rows[downwards ? at : rows.length - 1 - at]!, downwards);
  }

  private crossings(): number {
    let count = 0;
    for (const row of this.layers.rows) count += this.crossingsBelow(row);
    return count;
  }

  private breadthFirst(downwards: boolean): void {
    const { layers } = this;
    const at = new Array<number>(layers.up.length);
    layers.rows.forEach((row, number) => row.forEach((vertex) => (at[vertex] = number)));
    const [before, after] = downwards ? [layers.up, layers.down] : [layers.down, layers.up];
    const rows: number[][] = layers.rows.map(() => []);
    const seen = new Array<boolean>(layers.up.length).fill(false);
    for (const row of downwards ? layers.rows : [...layers.rows].reverse()) {
      for (const start of sorted(row)) {
        if (before[start]!.length || seen[start]) continue;
        seen[start] = true;
        const queue = [start];
        for (const vertex of queue) {
          rows[at[vertex]!]!.push(vertex);
          for (const { other } of after[vertex]!) {
            if (!seen[other]) {
              seen[other] = true;
              queue.push(other);
            }
          }
        }
      }
    }
    layers.rows = rows;
    rows.forEach((row) => this.number(row));
  }

  private sift(): void {
    const { rows } = this.layers;
    const waiting = new Set(rows.keys());
    for (const at of waiting) {
      if (!this.effort) return;
      waiting.delete(at);
      if (!this.siftRow(rows[at]!)) continue;
      if (at > 0) waiting.add(at - 1);
      if (at + 1 < rows.length) waiting.add(at + 1);
    }
  }

  siftRow(row: number[]): boolean {
    const size = row.length;
    if (size < 2) return false;
    const { up, down } = this.layers;
    const above = row.map((vertex) => sorted(this.near(up[vertex]!)));
    const below = row.map((vertex) => sorted(this.near(down[vertex]!)));
    this.effort = Math.max(this.effort - size * size, 0);
    const gains = row.map(() => new Array<number>(size).fill(0));
    for (let left = 0; left < size; left++) {
      for (let right = left + 1; right < size; right++) {
        const gain =
          crossed(above[right]!, above[left]!) - crossed(above[left]!, above[right]!) +
          crossed(below[right]!, below[left]!) - crossed(below[left]!, below[right]!);
        gains[left]![right] = gain;
        gains[right]![left] = -gain;
      }
    }
    const order = [...row.keys()];
    let moved = false;
    for (let vertex = 0; vertex < size; vertex++) {
      const at = order.indexOf(vertex);
      const to = least(gains[vertex]!, order, at);
      if (to === at) continue;
      order.splice(to, 0, ...order.splice(at, 1));
      moved = true;
    }
    if (moved) {
      const before = [...row];
      order.forEach((at, place) => (row[place] = before[at]!));
      this.number(row);
    }
    return moved;
  }
}

function least(gains: readonly number[], order: readonly number[], at: number): number {
  let [best, to] = [0, at];
  let change = 0;
  for (let place = at + 1; place < order.length; place++) {
    change += gains[order[place]!]!;
    if (change < best) [best, to] = [change, place];
  }
  change = 0;
  for (let place = at - 1; place >= 0; place--) {
    change -= gains[order[place]!]!;
    if (change < best) [best, to] = [change, place];
  }
  return to;
}

/** Count the pairs in which an end of the left one lies to the right of an end of the right one. */
function crossed(left: readonly number[], right: readonly number[]): number {
  let count = 0;
  let passed = 0;
  for (const end of left) {
    while (passed < right.length && right[passed]! < end) passed++;
    count += passed;
  }
  return count;
}

const sorted = (numbers: readonly number[]): number[] => [...numbers].sort((one, two) => one - two);

/** The first place in a sorted list behind all that are not greater. */
function above(list: readonly number[], value: number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value < list[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
}

const byTurns: Way = (search, turn, row, downwards) => (turn % 4 > 1 ? means : medians)(search, turn, row, downwards);

const means: Way = (search, turn, row, downwards) => {
  const links = downwards ? search.layers.up : search.layers.down;
  if (turn % 4 > 1) {
    row.reverse(); // so that equals change places now and then
    search.number(row);
  }
  const wanted = new Map(row.map((vertex) => [vertex, mean(search.near(links[vertex]!), search.place[vertex]!)]));
  row.sort((one, two) => wanted.get(one)! - wanted.get(two)!);
  search.number(row);
};

function mean(places: readonly number[], otherwise: number): number {
  let total = 0;
  for (const place of places) total += place;
  return places.length ? total / places.length : otherwise;
}

const medians: Way = (search, turn, row, downwards) => {
  const links = downwards ? search.layers.up : search.layers.down;
  const wanted = new Map<number, number>();
  for (const vertex of row) if (links[vertex]!.length) wanted.set(vertex, median(sorted(search.near(links[vertex]!))));
  const moving = row.filter((vertex) => wanted.has(vertex));
  if (turn % 4 > 1) moving.reverse();
  moving.sort((one, two) => wanted.get(one)! - wanted.get(two)!);
  let next = 0;
  row.forEach((vertex, at) => {
    if (wanted.has(vertex)) row[at] = moving[next++]!;
  });
  search.number(row);
};

/** The middle place; of two middles, nearer to the side where the others stand closer. */
function median(places: readonly number[]): number {
  const middle = Math.floor(places.length / 2);
  if (places.length % 2) return places[middle]!;
  const left = places[middle - 1]! - places[0]!;
  const right = places[places.length - 1]! - places[middle]!;
  if (!(left + right)) return (places[middle - 1]! + places[middle]!) / 2;
  return (places[middle - 1]! * right + places[middle]! * left) / (left + right);
}
