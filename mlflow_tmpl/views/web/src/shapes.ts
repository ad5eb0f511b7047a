// What each vertex looks like and how large it is; sizes as in views/shapes.py, so that the drawings are one picture.

import type { Size } from "./layout/layout";
import type { Model, Vertex } from "./model";
import { duration, inWords, type Tone, toneOf } from "./statuses";

export type Form = "node" | "data" | "memory" | "param" | "box";

export interface Shape {
  id: string;
  form: Form;
  tone: Tone;
  name: string;
  /** The second line; empty if there is none. */
  fact: string;
  /** What it is called when it cannot be seen. */
  label: string;
  width: number;
  height: number;
}

const LONGEST = 32;
const NARROW = new Set("iIjlftr.,:;|!'()[]- ");
const BROAD = new Set("mwMW@%");

export function textWidth(text: string, size: number): number {
  let total = 0;
  for (const character of text) total += hundredths(character);
  return (size * total) / 100;
}

/** How wide a character is, in hundredths of its height: whole numbers, which all add up alike. */
function hundredths(character: string): number {
  if (NARROW.has(character)) return 36;
  if (BROAD.has(character)) return 92;
  if (character < "\u0080") return character !== character.toLowerCase() ? 70 : 60;
  return /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u.test(character) ? 105 : 66;
}

/** A label that is cut in the middle, where names differ least. */
export function short(text: string, longest = LONGEST): string {
  const characters = [...text];
  if (characters.length <= longest) return text;
  const tail = Math.floor(longest / 3);
  return `${characters.slice(0, longest - tail - 1).join("")}…${characters.slice(-tail).join("")}`;
}

export const shown = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** The shapes of vertices and closed boxes; all nodes are of one height, so that a layer is one line. */
export function shapesOf(model: Model, ids: readonly string[], statuses: ReadonlyMap<string, Status>, live = false): Map<string, Shape> {
  const tall = live || model.graph.nodes.some((node) => factOf(node.namespace, statuses.get(node.id)));
  const found = new Map<string, Shape>();
  for (const id of ids) {
    const vertex = model.vertices.get(id);
    found.set(id, vertex ? shapeOf(vertex, statuses.get(id), tall, live) : boxShape(model, id, statuses));
  }
  return found;
}

export interface Status {
  status: string;
  duration_s: number | null;
  ended_at: string;
  reasons: string[];
  error: string;
}

/** For a status and a duration that are yet to come. */
const ROOM = 88;

export const sizeOf = (shape: Shape): Size => [shape.width, shape.height];

function shapeOf(vertex: Vertex, status: Status | undefined, tall: boolean, live: boolean): Shape {
  const { id } = vertex;
  if (vertex.kind === "node") {
    const name = short(vertex.view.short_name);
    const fact = factOf("", status);
    const words = `node ${vertex.name}, ${inWords(status?.status ?? "") || "never run"}`;
    const took = duration(status?.duration_s ?? null);
    const width = Math.round(Math.max(textWidth(name, 13.3), textWidth(fact, 10.5), live ? ROOM : 0) + 48);
    return { id, form: "node", tone: toneOf(status?.status ?? ""), name, fact, label: took ? `${words}, ${took}` : words, width, height: tall ? 46 : 34 };
  }
  if (vertex.kind === "dataset") {
    const name = short(vertex.name);
    const { memory, type } = vertex.view;
    const label = `dataset ${vertex.name}, ${memory ? "in memory" : type}`;
    return { id, form: memory ? "memory" : "data", tone: "none", name, fact: "", label, width: Math.round(textWidth(name, 12.3) + (memory ? 16 : 34) + 18), height: 30 };
  }
  const { key, value } = vertex.view;
  const name = short(key && value !== null ? `${key} = ${shown(value)}` : vertex.name);
  return { id, form: "param", tone: "none", name, fact: "", label: `parameter ${vertex.name}`, width: Math.round(6.7 * [...name].length + 30), height: 24 };
}

function factOf(namespace: string, status: Status | undefined): string {
  const facts = [short(namespace, 24), inWords(status?.status ?? ""), duration(status?.duration_s ?? null)];
  return facts.filter(Boolean).join(" · ");
}

const WORST: Tone[] = ["bad", "busy", "held", "none", "good", "kept"];

function boxShape(model: Model, id: string, statuses: ReadonlyMap<string, Status>): Shape {
  const box = model.boxes.get(id)!;
  const tones = new Set<Tone>();
  const counts = new Map<string, number>();
  const waiting = [id];
  for (const at of waiting) {
    for (const child of model.boxes.get(at)!.children) {
      if (model.boxes.has(child)) waiting.push(child);
      else if (model.vertices.get(child)!.kind === "node") {
        const status = statuses.get(child)?.status ?? "";
        tones.add(toneOf(status));
        if (status) counts.set(status, (counts.get(status) ?? 0) + 1);
      }
    }
  }
  const tone = WORST.find((each) => tones.has(each)) ?? "none";
  const name = short(box.label);
  const nodes = `${box.nodes} node${box.nodes === 1 ? "" : "s"}`;
  const told = [...counts].map(([status, count]) => `${count} ${inWords(status)}`).join(", ");
  const fact = told && counts.size < 3 ? `${nodes} · ${told}` : nodes;
  const width = Math.round(Math.max(textWidth(name, 13.3), textWidth(fact, 10.5)) + 66);
  return { id, form: "box", tone, name, fact, label: `closed box ${box.label}, ${told ? `${nodes}, ${told}` : nodes}`, width, height: 52 };
}
