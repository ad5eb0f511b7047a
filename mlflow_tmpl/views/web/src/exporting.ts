// What is seen, as a file: SVG that stands alone, and PNG made of it.

import { pieces, classesOf, svg } from "./elements";
import type { Layout } from "./layout/layout";
import { arrow, SvgPen, trace } from "./paths";
import type { Shape } from "./shapes";

const MARGIN = 28;
const LARGEST_PNG = 16_000;

export function svgText(title: string, layout: Layout, shapes: ReadonlyMap<string, Shape>, labelOf: (frame: string) => string, css: string): string {
  const [width, height] = [layout.width + 2 * MARGIN, layout.height + 2 * MARGIN];
  const root = svg("svg", { xmlns: "http://www.w3.org/2000/svg", class: "graph", width, height, viewBox: `${-MARGIN} ${-MARGIN} ${width} ${height}` });
  root.append(svg("title", {}, title), svg("style", {}, css), svg("rect", { class: "back", x: -MARGIN, y: -MARGIN, width, height }));
  for (const [id, box] of layout.frames) {
    root.append(svg("rect", { class: "frame", x: box.x, y: box.y, width: box.width, height: box.height, rx: 12 }), svg("text", { class: "frame-name", x: box.x + 14, y: box.y + 16 }, labelOf(id)));
  }
  for (const { source, points } of layout.routes) {
    const line = new SvgPen();
    trace(line, points, layout.direction);
    const head = new SvgPen();
    arrow(head, points, layout.direction);
    root.append(svg("path", { class: source.startsWith("param") ? "edge of-param" : "edge", d: String(line) }), svg("path", { class: "arrow", d: String(head) }));
  }
  for (const [id, box] of layout.boxes) {
    const shape = shapes.get(id);
    if (shape) root.append(svg("g", { class: classesOf(shape), transform: `translate(${box.x} ${box.y})` }, svg("title", {}, shape.label), ...pieces(shape)));
  }
  return `${new XMLSerializer().serializeToString(root)}\n`;
}

export async function pngOf(text: string, layout: Layout): Promise<Blob> {
  const [width, height] = [layout.width + 2 * MARGIN, layout.height + 2 * MARGIN];
  const scale = Math.min(2, LARGEST_PNG / Math.max(width, height));
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
  canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the picture is too large"))), "image/png"));
}

export function save(name: string, blob: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
