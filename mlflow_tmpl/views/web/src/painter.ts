// What is drawn on the canvas: frames, edges, and vertices too small or too many to be elements. Thousands of edges cost one
// stroke for each group of neighbours that is in view.

import type { Box, Layout, Route } from "./layout/layout";
import { arrow, trace } from "./paths";
import type { Shape } from "./shapes";

export interface Camera {
  x: number;
  y: number;
  zoom: number;
}

export interface Colours {
  [name: string]: string;
}

interface Group {
  lines: Path2D;
  dashed: Path2D;
  heads: Path2D;
  left: number;
  top: number;
  right: number;
  bottom: number;
}

const GROUP = 120;
const HEADS_FROM = 0.3;
const TEXT_FROM = 0.42;

export function colours(element: Element): Colours {
  const style = getComputedStyle(element);
  const names = ["page", "card", "ink", "muted", "line", "border", "accent", "data", "data-line", "data-ink", "param", "param-line", "param-ink",
    "good", "kept", "bad", "busy", "held", "none", "glyph", "frame", "sans", "mono"];
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

export class Painter {
  private readonly context: CanvasRenderingContext2D;
  private groups: Group[] = [];
  private readonly kept = document.createElement("canvas");
  private keptCamera: Camera = { x: 0, y: 0, zoom: 1 };
  /** How long the last painting took. */
  took_ms = 0;

  constructor(private readonly canvas: HTMLCanvasElement) {
    this.context = canvas.getContext("2d", { alpha: false })!;
  }

  /** Take a new layout: edges that lie near each other are drawn as one path. */
  take(layout: Layout): void {
    const near = [...layout.routes].sort((one, two) => one.points[0]![0] - two.points[0]![0] || one.points[0]![1] - two.points[0]![1]);
    this.groups = [];
    for (let at = 0; at < near.length; at += GROUP) this.groups.push(group(near.slice(at, at + GROUP), layout));
  }

  /** Show the last painting moved and scaled: what a large drawing is shown as while it is moved. */
  shift(camera: Camera, colour: Colours): void {
    const { context, canvas, kept, keptCamera } = this;
    const scale = camera.zoom / keptCamera.zoom;
    const ratio = canvas.width / (canvas.clientWidth || 1);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = colour["page"]!;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(kept, ratio * (camera.x - keptCamera.x * scale), ratio * (camera.y - keptCamera.y * scale), kept.width * scale, kept.height * scale);
  }

  /** Keep the painting for `shift`. */
  keep(camera: Camera): void {
    const { canvas, kept } = this;
    [kept.width, kept.height] = [canvas.width, canvas.height];
    kept.getContext("2d", { alpha: false })!.drawImage(canvas, 0, 0);
    this.keptCamera = { ...camera };
  }

  paint(layout: Layout, shapes: ReadonlyMap<string, Shape>, camera: Camera, look: Look): void {
    const start = performance.now();
    const { context, canvas } = this;
    const ratio = canvas.width / (canvas.clientWidth || 1);
    const { colours: colour } = look;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = colour.page!;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.setTransform(ratio * camera.zoom, 0, 0, ratio * camera.zoom, ratio * camera.x, ratio * camera.y);
    const view = viewOf(camera, canvas.clientWidth, canvas.clientHeight);
    this.frames(layout, view, colour, camera.zoom);
    const faded = look.lit !== null;
    context.globalAlpha = faded ? 0.22 : 1;
    this.edges(view, colour, camera.zoom);
    context.globalAlpha = 1;
    if (look.lit) this.lit(look.lit, layout, colour);
    if (look.vertices) this.vertices(layout, shapes, view, camera.zoom, look);
    this.took_ms = performance.now() - start;
  }

  private frames(layout: Layout, view: Box, colour: Colours, zoom: number): void {
    const { context } = this;
    context.lineWidth = 1 / Math.max(zoom, 0.4);
    context.strokeStyle = colour.border!;
    context.fillStyle = colour.frame!;
    for (const frame of layout.frames.values()) {
      if (!meet(frame, view)) continue;
      context.beginPath();
      context.roundRect(frame.x, frame.y, frame.width, frame.height, 12);
      context.fill();
      context.stroke();
    }
  }

  private edges(view: Box, colour: Colours, zoom: number): void {
    const { context } = this;
    context.strokeStyle = colour.line!;
    context.fillStyle = colour.line!;
    context.lineWidth = Math.max(1.25, 0.7 / zoom);
    for (const each of this.groups) {
      if (each.right < view.x || each.left > view.x + view.width || each.bottom < view.y || each.top > view.y + view.height) continue;
      context.stroke(each.lines);
      context.setLineDash([1.5, 3]);
      context.stroke(each.dashed);
      context.setLineDash([]);
      if (zoom >= HEADS_FROM) context.fill(each.heads);
    }
  }

  private lit(routes: readonly Route[], layout: Layout, colour: Colours): void {
    const { context } = this;
    context.strokeStyle = colour.accent!;
    context.fillStyle = colour.accent!;
    context.lineWidth = 1.75;
    context.beginPath();
    for (const route of routes) trace(context, route.points, layout.direction);
    context.stroke();
    context.beginPath();
    for (const route of routes) arrow(context, route.points, layout.direction);
    context.fill();
  }

  private vertices(layout: Layout, shapes: ReadonlyMap<string, Shape>, view: Box, zoom: number, look: Look): void {
    const { context } = this;
    const { colours: colour } = look;
    context.lineWidth = Math.max(1.25, 0.8 / zoom);
    context.textBaseline = "middle";
    for (const [id, box] of layout.boxes) {
      const shape = shapes.get(id);
      if (!shape || !meet(box, view)) continue;
      context.globalAlpha = look.near && !look.near.has(id) ? 0.28 : 1;
      const [fill, line] = fillOf(shape, colour);
      context.fillStyle = fill;
      context.strokeStyle = id === look.selected ? colour.accent! : line;
      context.beginPath();
      context.roundRect(box.x, box.y, box.width, box.height, shape.form === "node" ? 8 : shape.form === "box" ? 10 : box.height / 2);
      context.fill();
      context.stroke();
      if (shape.form === "node" || shape.form === "box") {
        context.fillStyle = colour[shape.tone]!;
        context.fillRect(box.x + 8, box.y + box.height / 2 - 8, 16, 16);
      }
      if (zoom < TEXT_FROM) continue;
      context.fillStyle = shape.form === "param" ? colour["param-ink"]! : shape.form === "node" || shape.form === "box" ? colour.ink! : colour["data-ink"]!;
      context.font = shape.form === "node" || shape.form === "box" ? `600 13px ${colour.sans}` : `12px ${colour.sans}`;
      context.fillText(shape.name, box.x + (shape.form === "memory" || shape.form === "param" ? 16 : 34), box.y + box.height / 2);
    }
    context.globalAlpha = 1;
  }
}

export interface Look {
  colours: Colours;
  /** Edges that stand out while all others fade; none stand out if it is missing. */
  lit: readonly Route[] | null;
  near: ReadonlySet<string> | null;
  selected: string;
  /** Whether vertices are drawn here, for they are not drawn as elements. */
  vertices: boolean;
}

export function fillOf(shape: Shape, colour: Colours): [string, string] {
  if (shape.form === "data" || shape.form === "memory") return [colour.data!, colour["data-line"]!];
  if (shape.form === "param") return [colour.param!, colour["param-line"]!];
  return [colour.card!, shape.tone === "bad" || shape.tone === "busy" ? colour[shape.tone]! : colour.border!];
}

export function viewOf(camera: Camera, width: number, height: number): Box {
  return { x: -camera.x / camera.zoom, y: -camera.y / camera.zoom, width: width / camera.zoom, height: height / camera.zoom };
}

export function meet(one: Box, two: Box): boolean {
  return one.x < two.x + two.width && two.x < one.x + one.width && one.y < two.y + two.height && two.y < one.y + one.height;
}

function group(routes: readonly Route[], layout: Layout): Group {
  const made: Group = { lines: new Path2D(), dashed: new Path2D(), heads: new Path2D(), left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const { source, points } of routes) {
    trace(source.startsWith("param") ? made.dashed : made.lines, points, layout.direction);
    arrow(made.heads, points, layout.direction);
    for (const [x, y] of points) {
      made.left = Math.min(made.left, x);
      made.right = Math.max(made.right, x);
      made.top = Math.min(made.top, y);
      made.bottom = Math.max(made.bottom, y);
    }
  }
  return made;
}
