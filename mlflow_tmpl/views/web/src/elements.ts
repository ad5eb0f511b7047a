// Vertices as SVG, built without markup: text from a project is text and nothing else.

import type { Shape } from "./shapes";
import { GLYPHS } from "./statuses";

const SVG = "http://www.w3.org/2000/svg";

type Attributes = Record<string, string | number>;

export function svg(name: string, attributes: Attributes = {}, ...children: (SVGElement | string)[]): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

/** The pieces of a vertex, from its upper left corner. */
export function pieces(shape: Shape): SVGElement[] {
  const { width, height, name, fact, form } = shape;
  const text = (className: string, x: number, y: number, words: string) => svg("text", { class: className, x, y }, words);
  if (form === "param") {
    const points = `8 0 ${width - 8} 0 ${width} 12 ${width - 8} 24 8 24 0 12`;
    return [svg("polygon", { class: "box", points }), text("name", 15, 12.5, name)];
  }
  if (form === "data" || form === "memory") {
    const drum = "M15 11v8c0 3.2 12 3.2 12 0v-8M15 11c0 3.2 12 3.2 12 0s-12-3.2-12 0";
    const icon = form === "data" ? [svg("path", { class: "icon", d: drum })] : [];
    return [svg("rect", { class: "box", width, height, rx: 15 }), ...icon, text("name", form === "data" ? 34 : 16, 15.5, name)];
  }
  const middle = height / 2;
  const light = [svg("circle", { class: "light", cx: 18, cy: middle, r: 8 })];
  const glyph = GLYPHS[shape.tone];
  if (glyph) light.push(svg("path", { class: "glyph", transform: `translate(18 ${middle})`, d: glyph }));
  const words = [text("name", 34, fact ? middle - 7 : middle, name)];
  if (fact) words.push(text("fact", 34, middle + 9, fact));
  if (form === "node") return [svg("rect", { class: "box", width, height, rx: 8 }), ...light, ...words];
  const behind = svg("rect", { class: "box behind", x: 4, y: 4, width, height, rx: 10 });
  const plus = svg("path", { class: "more", d: `M${width - 20} ${middle}h9M${width - 15.5} ${middle - 4.5}v9` });
  return [behind, svg("rect", { class: "box", width, height, rx: 10 }), ...light, ...words, plus];
}

export const classesOf = (shape: Shape): string =>
  shape.form === "node" ? `vertex node ${shape.tone}` : shape.form === "box" ? `vertex node closed ${shape.tone}` : shape.form === "memory" ? "vertex data memory" : `vertex ${shape.form}`;
