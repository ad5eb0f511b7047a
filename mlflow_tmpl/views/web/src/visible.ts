// What is to be drawn: of all vertices those that are not hidden, with closed boxes in place of what lies in them.

import type { Model } from "./model";

export type Side = "both" | "up" | "down";

export interface Choice {
  open: ReadonlySet<string>;
  parameters: boolean;
  datasets: boolean;
  /** Only nodes with one of these, and what they take and give; all if there are none. */
  tags: ReadonlySet<string>;
  /** Only what leads to these vertices, or follows from them. */
  focus: { id: string; side: Side } | null;
}

export interface Visible {
  /** Ids of vertices and of closed boxes, in the order of the model. */
  ids: string[];
  edges: [source: string, target: string][];
  /** The open box that each of them, and each open box, lies in. */
  parents: Map<string, string>;
}

/** Above this number of vertices boxes start closed. */
export const READABLE = 150;

export function visible(model: Model, choice: Choice): Visible {
  const shown = shownOf(model, choice);
  const stands = new Map<string, string>();
  const ids: string[] = [];
  const parents = new Map<string, string>();
  for (const id of model.vertices.keys()) {
    if (!shown.has(id)) continue;
    const stand = standOf(model, id, choice.open);
    if (!stands.has(stand)) {
      place(model, stand, parents);
      ids.push(stand);
    }
    stands.set(stand, stand);
    stands.set(id, stand);
  }
  const edges = new Map<string, [string, string]>();
  for (const [source, target] of edgesOf(model, shown, choice.datasets)) {
    const [from, to] = [stands.get(source)!, stands.get(target)!];
    if (from !== to) edges.set(`${from}\n${to}`, [from, to]);
  }
  return { ids, edges: [...edges.values()], parents };
}

/** The boxes that are open at first: level by level from the outside, as long as what is seen stays readable. */
export function firstOpen(model: Model, parameters: boolean): Set<string> {
  const choice = { parameters, datasets: true, tags: new Set<string>(), focus: null };
  let open = new Set<string>();
  let level = [...model.boxes.values()].filter((box) => !box.parent).map((box) => box.id);
  while (level.length) {
    const wider = new Set([...open, ...level]);
    if (visible(model, { ...choice, open: wider }).ids.length > READABLE) break;
    open = wider;
    level = level.flatMap((id) => model.boxes.get(id)!.children.filter((child) => model.boxes.has(child)));
  }
  return open;
}

function shownOf(model: Model, choice: Choice): Set<string> {
  const { focus, tags } = choice;
  let within: Set<string> | null = null;
  if (focus) {
    const from = model.boxes.has(focus.id) ? inBox(model, focus.id) : [focus.id];
    const up = focus.side === "down" ? [] : model.reach(from, model.before);
    const down = focus.side === "up" ? [] : model.reach(from, model.after);
    within = new Set([...from, ...up, ...down]);
  }
  const tagged = new Set<string>();
  for (const vertex of tags.size ? model.vertices.values() : []) {
    if (vertex.kind !== "node" || !vertex.view.tags.some((tag) => tags.has(tag))) continue;
    for (const id of [vertex.id, ...(model.before.get(vertex.id) ?? []), ...(model.after.get(vertex.id) ?? [])]) tagged.add(id);
  }
  const shown = new Set<string>();
  for (const { id, kind } of model.vertices.values()) {
    if (kind === "parameter" && !choice.parameters) continue;
    if (kind === "dataset" && !choice.datasets) continue;
    if ((within && !within.has(id)) || (tags.size && !tagged.has(id))) continue;
    shown.add(id);
  }
  return shown;
}

export function inBox(model: Model, box: string): string[] {
  const found: string[] = [];
  const waiting = [box];
  for (const id of waiting) {
    for (const child of model.boxes.get(id)!.children) (model.boxes.has(child) ? waiting : found).push(child);
  }
  return found;
}

/** The outermost closed box around a vertex, or the vertex. */
function standOf(model: Model, id: string, open: ReadonlySet<string>): string {
  const path = model.around(id);
  for (let at = path.length - 1; at > 0; at--) if (!open.has(path[at]!)) return path[at]!;
  return id;
}

function place(model: Model, id: string, parents: Map<string, string>): void {
  const path = model.around(id);
  for (let at = 0; at + 1 < path.length && !parents.has(path[at]!); at++) parents.set(path[at]!, path[at + 1]!);
}

/** The edges between what is shown; with datasets hidden, from node to node. */
function* edgesOf(model: Model, shown: ReadonlySet<string>, datasets: boolean): Generator<[string, string]> {
  for (const { source, target } of model.graph.edges) {
    if (!shown.has(source)) continue;
    if (shown.has(target)) yield [source, target];
    else if (!datasets) for (const taker of model.after.get(target) ?? []) if (shown.has(taker)) yield [source, taker];
  }
}
