// How a route is drawn: leaving and reaching boxes at right angles, curved only between layers; as views/svg.py.

import type { Direction, Point } from "./layout/layout";

export const ARROW = 6;

export interface Pen {
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  bezierCurveTo(ax: number, ay: number, bx: number, by: number, x: number, y: number): void;
}

export function trace(pen: Pen, points: readonly Point[], direction: Direction): void {
  const down = direction === "down";
  const [x0, y0] = points[0]!;
  pen.moveTo(x0, y0);
  for (let at = 1; at < points.length; at++) {
    const [x, y] = points[at - 1]!;
    let [toX, toY] = points[at]!;
    if (at === points.length - 1) [toX, toY] = down ? [toX, toY - ARROW] : [toX - ARROW, toY];
    if (down ? x === toX : y === toY) pen.lineTo(toX, toY);
    else if (down) pen.bezierCurveTo(x, (y + toY) / 2, toX, (y + toY) / 2, toX, toY);
    else pen.bezierCurveTo((x + toX) / 2, y, (x + toX) / 2, toY, toX, toY);
  }
}

export function arrow(pen: Pen, points: readonly Point[], direction: Direction): void {
  const [x, y] = points[points.length - 1]!;
  if (direction === "down") {
    pen.moveTo(x - 2.6, y - ARROW);
    pen.lineTo(x + 2.6, y - ARROW);
  } else {
    pen.moveTo(x - ARROW, y - 2.6);
    pen.lineTo(x - ARROW, y + 2.6);
  }
  pen.lineTo(x, y);
}

/** A pen that writes the `d` of an SVG path. */
export class SvgPen implements Pen {
  private readonly parts: string[] = [];

  moveTo(x: number, y: number): void {
    this.parts.push(`M${round(x)} ${round(y)}`);
  }

  lineTo(x: number, y: number): void {
    this.parts.push(`L${round(x)} ${round(y)}`);
  }

  bezierCurveTo(ax: number, ay: number, bx: number, by: number, x: number, y: number): void {
    this.parts.push(`C${round(ax)} ${round(ay)} ${round(bx)} ${round(by)} ${round(x)} ${round(y)}`);
  }

  toString(): string {
    return this.parts.join("");
  }
}

const round = (value: number): number => Math.round(value * 100) / 100;
