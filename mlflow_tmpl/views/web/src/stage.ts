// The drawing on the page: a canvas with frames and edges, and above it the vertices in view as elements.

import { effect } from "@preact/signals";
import { classesOf, pieces, svg } from "./elements";
import type { Box, Layout } from "./layout/layout";
import { type Camera, type Colours, colours, meet, Painter, viewOf } from "./painter";
import type { Shape } from "./shapes";
import type { State } from "./state";

const MARGIN = 36;
/** A drawing that does not fit at this size begins at its start instead. */
const LEGIBLE = 0.7;
/** Where the tools below the drawing stand in two rows. */
const NARROW = 620;
const ELEMENTS_FROM = 0.3;
const MOST_ELEMENTS = 420;
const GLIDE_MS = 180;
/** A painting that takes longer is moved as a picture, and painted anew when the hand rests. */
const SLOW_MS = 12;
const REST_MS = 110;

export class Stage {
  readonly camera: Camera = { x: 0, y: 0, zoom: 1 };
  private readonly canvas = document.createElement("canvas");
  private readonly overlay = svg("svg", { class: "graph", "aria-hidden": "false", role: "group", "aria-label": "vertices in view" });
  private readonly scene = svg("g");
  private readonly painter: Painter;
  private readonly elements = new Map<string, { group: SVGElement; shape: Shape }>();
  private readonly headers = new Map<string, SVGElement>();
  private palette: Colours;
  private layout: Layout;
  private due = 0;
  private gliding = 0;
  private resting: ReturnType<typeof setTimeout> | undefined;
  private slow = false;
  private awaited = "";
  readonly listeners = new Set<() => void>();

  constructor(
    readonly root: HTMLElement,
    private readonly state: State,
  ) {
    this.overlay.append(this.scene);
    root.append(this.canvas, this.overlay);
    this.painter = new Painter(this.canvas);
    this.palette = colours(root);
    this.layout = state.layout.value;
    this.painter.take(this.layout);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.palette = colours(root);
      this.draw();
    });
    new ResizeObserver(() => this.resize()).observe(root);
    let first = true;
    effect(() => {
      const layout = state.layout.value;
      if (first || layout === this.layout) return;
      this.adopt(layout);
    });
    effect(() => {
      void [state.selected.value, state.near.value, state.slice.value, state.shapes.value];
      this.draw();
    });
    first = false;
  }

  /** Show the drawing, now that all around it has its place. */
  begin(): void {
    this.resize();
    this.fit(LEGIBLE);
    if (this.state.selected.peek()) this.reveal(this.state.selected.peek());
    this.paint();
  }

  get extent(): Layout {
    return this.layout;
  }

  boxOf(id: string): Box | undefined {
    return this.layout.boxes.get(id) ?? this.layout.frames.get(id);
  }

  fit(least = 0): void {
    const { clientWidth, clientHeight } = this.root;
    const { width, height } = this.layout;
    if (!clientWidth || !width) return;
    const whole = Math.min((clientWidth - 2 * MARGIN) / width, (clientHeight - 2 * MARGIN) / height, 1.15);
    const zoom = Math.max(whole, least, 0.005);
    const place = (room: number, size: number) => Math.max((room - size * zoom) / 2, MARGIN);
    const start = [...this.layout.boxes.values()][0];
    const wide = least > 0 && width * zoom > clientWidth && start && this.layout.direction === "down";
    const x = wide ? Math.min(MARGIN, clientWidth / 2 - (start.x + start.width / 2) * zoom) : place(clientWidth, width);
    const high = least > 0 && height * zoom > clientHeight && start && this.layout.direction === "right";
    const y = high ? Math.min(MARGIN, clientHeight / 2 - (start.y + start.height / 2) * zoom) : place(clientHeight, height);
    this.look(x, y, zoom);
  }

  look(x: number, y: number, zoom: number): void {
    Object.assign(this.camera, { x, y, zoom });
    if (this.slow && !this.elements.size) this.shift();
    else this.draw();
  }

  pan(x: number, y: number): void {
    this.look(this.camera.x + x, this.camera.y + y, this.camera.zoom);
  }

  zoomAt(factor: number, x = this.root.clientWidth / 2, y = this.root.clientHeight / 2): void {
    const { camera } = this;
    const zoom = Math.min(Math.max(camera.zoom * factor, 0.005), 4);
    const ratio = zoom / camera.zoom;
    this.look(x - (x - camera.x) * ratio, y - (y - camera.y) * ratio, zoom);
  }

  /** Move just as far as it takes to see a vertex, and near enough to read it. */
  reveal(id: string): void {
    const box = this.boxOf(this.state.standFor(id));
    if (!box) return;
    const { clientWidth, clientHeight } = this.root;
    let { x, y, zoom } = this.camera;
    if (zoom < 0.5) {
      zoom = 0.9;
      [x, y] = [clientWidth / 2 - (box.x + box.width / 2) * zoom, clientHeight / 2 - (box.y + box.height / 2) * zoom];
    }
    const shift = (low: number, size: number, room: number) => (low < MARGIN ? MARGIN - low : low + size > room - MARGIN ? Math.min(room - MARGIN - low - size, 0) : 0);
    x += shift(box.x * zoom + x, box.width * zoom, clientWidth);
    y += shift(box.y * zoom + y, box.height * zoom, clientHeight - (clientWidth < NARROW ? 120 : 50));
    this.glide(x, y, zoom);
  }

  /** The vertex or closed box at a point of the page. */
  at(clientX: number, clientY: number): string {
    const frame = this.root.getBoundingClientRect();
    const { camera } = this;
    const point = { x: (clientX - frame.left - camera.x) / camera.zoom, y: (clientY - frame.top - camera.y) / camera.zoom, width: 0.01, height: 0.01 };
    for (const [id, box] of this.layout.boxes) if (meet(box, point)) return id;
    return "";
  }

  /** Give a vertex the focus as soon as it is in view. */
  focusOn(id: string): void {
    this.awaited = this.state.standFor(id);
    this.paint();
  }

  draw(): void {
    this.due ||= requestAnimationFrame(() => this.paint());
  }

  private shift(): void {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.draw(), REST_MS);
    this.due ||= requestAnimationFrame(() => {
      this.due = 0;
      this.painter.shift(this.camera, this.palette);
    });
  }

  private glide(x: number, y: number, zoom: number): void {
    cancelAnimationFrame(this.gliding);
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.look(x, y, zoom);
      return;
    }
    const from = { ...this.camera };
    const start = performance.now();
    const step = (now: number) => {
      const part = Math.min((now - start) / GLIDE_MS, 1);
      const eased = 1 - (1 - part) ** 3;
      const between = (one: number, two: number) => one + (two - one) * eased;
      this.look(between(from.x, x), between(from.y, y), between(from.zoom, zoom));
      if (part < 1) this.gliding = requestAnimationFrame(step);
    };
    this.gliding = requestAnimationFrame(step);
  }

  /** Take a new layout, keeping what was looked at where it was. */
  private adopt(layout: Layout): void {
    const { camera } = this;
    const anchor = this.state.standFor(this.state.selected.peek());
    const held = [anchor, ...this.layout.boxes.keys()].find((id) => this.boxOf(id) && layout.boxes.has(id) && this.inView(this.boxOf(id)!));
    const before = held ? this.boxOf(held) : undefined;
    const turned = layout.direction !== this.layout.direction;
    this.layout = layout;
    this.painter.take(layout);
    for (const { group } of this.elements.values()) group.remove();
    this.elements.clear();
    for (const group of this.headers.values()) group.remove();
    this.headers.clear();
    const after = held ? layout.boxes.get(held) : undefined;
    if (turned || !before || !after) this.fit(LEGIBLE);
    else this.look(camera.x + (before.x - after.x) * camera.zoom, camera.y + (before.y - after.y) * camera.zoom, camera.zoom);
    this.draw();
  }

  private inView(box: Box): boolean {
    return meet(box, viewOf(this.camera, this.root.clientWidth, this.root.clientHeight));
  }

  private resize(): void {
    const ratio = Math.min(devicePixelRatio || 1, 2);
    const { clientWidth, clientHeight } = this.root;
    this.canvas.width = Math.round(clientWidth * ratio);
    this.canvas.height = Math.round(clientHeight * ratio);
    this.paint();
    const chosen = this.state.selected.peek();
    if (chosen) this.reveal(chosen);
  }

  private paint(): void {
    cancelAnimationFrame(this.due);
    clearTimeout(this.resting);
    this.due = 0;
    if (!this.canvas.width || !this.canvas.height) return;
    const { camera, layout, state } = this;
    const shapes = state.shapes.peek();
    const selected = state.selected.peek() ? state.standFor(state.selected.peek()) : "";
    const slice = state.slice.peek();
    const near = slice ? new Set([...slice.within].map(state.standFor)) : state.near.peek();
    const lit = near && layout.routes.filter((route) => near.has(route.source) && near.has(route.target));
    const inView: string[] = [];
    if (camera.zoom >= ELEMENTS_FROM) for (const [id, box] of layout.boxes) if (this.inView(box)) inView.push(id);
    const asElements = camera.zoom >= ELEMENTS_FROM && inView.length <= MOST_ELEMENTS;
    this.painter.paint(layout, shapes, camera, { colours: this.palette, lit, near, selected, vertices: !asElements });
    this.slow = this.painter.took_ms > SLOW_MS;
    if (this.slow) this.painter.keep(camera);
    this.scene.setAttribute("transform", `translate(${camera.x.toFixed(2)} ${camera.y.toFixed(2)}) scale(${camera.zoom.toFixed(5)})`);
    this.place(asElements ? inView : [], shapes);
    this.placeHeaders();
    for (const [id, { group }] of this.elements) {
      group.classList.toggle("chosen", id === selected);
      group.classList.toggle("far", near !== null && !near.has(id));
    }
    const awaited = this.awaited && this.elements.get(this.awaited);
    if (awaited) {
      this.awaited = "";
      awaited.group.focus({ preventScroll: true });
    }
    for (const listener of this.listeners) listener();
  }

  private place(ids: readonly string[], shapes: ReadonlyMap<string, Shape>): void {
    const wanted = new Set(ids);
    for (const [id, { group, shape }] of this.elements) {
      if (wanted.has(id) && shapes.get(id) === shape) continue;
      if (group === document.activeElement) this.root.focus({ preventScroll: true });
      group.remove();
      this.elements.delete(id);
    }
    for (const id of ids) {
      const shape = shapes.get(id);
      if (!shape || this.elements.has(id)) continue;
      const { x, y } = this.layout.boxes.get(id)!;
      const group = svg("g", { class: classesOf(shape), transform: `translate(${x} ${y})`, tabindex: -1, role: "button", "aria-label": shape.label, "data-id": id }, svg("title", {}, shape.label), ...pieces(shape));
      this.scene.append(group);
      this.elements.set(id, { group, shape });
    }
  }

  /** The names of open boxes, which close them. */
  private placeHeaders(): void {
    const { camera, layout, state } = this;
    for (const [id, box] of layout.frames) {
      const seen = camera.zoom >= 0.12 && this.inView(box);
      let group = this.headers.get(id);
      if (!seen) {
        group?.remove();
        this.headers.delete(id);
        continue;
      }
      if (!group) {
        const label = state.model.boxes.get(id)!.label;
        group = svg("g", { class: "frame-header", role: "button", "aria-label": `close box ${label}`, "data-frame": id }, svg("rect"), svg("text", {}, `− ${label}`));
        this.headers.set(id, group);
        this.scene.append(group);
      }
      const scale = Math.max(1, 0.6 / camera.zoom);
      const left = Math.min(Math.max(box.x, (MARGIN / 2 - camera.x) / camera.zoom), box.x + box.width - 80 * scale);
      group.setAttribute("transform", `translate(${Math.max(left, box.x) + 12} ${box.y + 15 * Math.min(scale, 1.6)}) scale(${scale.toFixed(3)})`);
    }
    for (const [id, group] of this.headers) {
      if (layout.frames.has(id)) continue;
      group.remove();
      this.headers.delete(id);
    }
  }
}
