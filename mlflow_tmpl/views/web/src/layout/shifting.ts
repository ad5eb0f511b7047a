// Fewer crossings than sweeps find: an iterated local search; as views/shifting.py.

import type { Layers } from "./layers";
import { type Search, sweep, TURN } from "./ordering";

const TRIES = 4;
const AT_ONCE = 3;
const FINE = 1000;
const FACTOR = 48271;
const MODULUS = 2147483647;

/** Put the vertices of each layer in an order in which few edges cross; sifting may look at as many places as `effort`. */
export function order(layers: Layers, effort: number): void {
  new Shifting(sweep(layers, effort)).run();
}

/** The order, the crossings between each two layers, and what the present try has changed. */
class Shifting {
  private readonly rows: number[][];
  private readonly rowOf: number[];
  private readonly movable: number[][];
  private readonly gaps: number[];
  private changed = new Map<number, number[]>();
  private drawn = 1;

  constructor(private readonly search: Search) {
    const { layers } = search;
    this.rows = layers.rows;
    this.rowOf = new Array<number>(layers.up.length);
    this.rows.forEach((row, at) => row.forEach((vertex) => (this.rowOf[vertex] = at)));
    this.movable = [...layers.chains.values()].map((chain) => chain.bends);
    for (let vertex = 0; vertex < layers.real; vertex++) this.movable.push([vertex]);
    this.gaps = this.rows.map((row) => search.crossingsBelow(row));
  }

  run(): void {
    for (let tries = TRIES * this.rowOf.length; tries && this.search.effort && this.gaps.some(Boolean); tries--) {
      this.changed = new Map();
      for (let moves = 1 + this.draw(AT_ONCE); moves; moves--) this.move(this.movable[this.draw(this.movable.length)]!, this.draw(FINE));
      this.sift();
      this.judge();
    }
  }

  private draw(below: number): number {
    this.drawn = (this.drawn * FACTOR) % MODULUS;
    return this.drawn % below;
  }

  private move(vertices: readonly number[], part: number): void {
    for (const vertex of vertices) {
      const at = this.rowOf[vertex]!;
      const row = this.rows[at]!;
      if (!this.changed.has(at)) this.changed.set(at, [...row]);
      row.splice(row.indexOf(vertex), 1);
      row.splice(Math.floor((part * (row.length + 1)) / FINE), 0, vertex);
      this.search.number(row);
    }
  }

  /** Sift the layers around what was moved, then that itself, then what is next to what moved. */
  private sift(): void {
    const around = (at: number) => [at - 1, at + 1].filter((near) => near >= 0 && near < this.rows.length);
    const moved = [...this.changed.keys()];
    const waiting = new Set([...moved.flatMap(around), ...moved]);
    for (const at of waiting) {
      if (!this.search.effort) return;
      waiting.delete(at);
      const before = [...this.rows[at]!];
      if (!this.search.siftRow(this.rows[at]!)) continue;
      if (!this.changed.has(at)) this.changed.set(at, before);
      for (const near of around(at)) waiting.add(near);
    }
  }

  /** Keep what the try has changed, or take it back. */
  private judge(): void {
    const { search, rows, gaps } = this;
    const near = [...new Set([...this.changed.keys()].flatMap((at) => [at - 1, at]))].filter((gap) => gap >= 0);
    const now = near.map((gap) => search.crossingsBelow(rows[gap]!));
    const looked = near.reduce((sum, gap) => sum + rows[gap]!.length, 0);
    search.effort = Math.max(search.effort - TURN * looked, 0);
    const more = near.reduce((sum, gap, at) => sum + now[at]! - gaps[gap]!, 0);
    if (more <= 0) {
      near.forEach((gap, at) => (gaps[gap] = now[at]!));
      return;
    }
    for (const [at, row] of this.changed) {
      rows[at] = row;
      search.number(row);
    }
  }
}
