// What the page shows, in signals: all else is computed from these. Each state that a person can reach has a link of its own.

import { batch, computed, effect, signal } from "@preact/signals";
import { type Direction, type Layout, layOut } from "./layout/layout";
import { Model, type GraphView } from "./model";
import { shapesOf, sizeOf, type Status } from "./shapes";
import { type Choice, firstOpen, READABLE, type Side, visible } from "./visible";

export interface Link {
  selected: string;
  open: string[] | null;
  focus: string;
  side: Side;
  parameters: boolean | null;
  datasets: boolean;
  direction: Direction | "";
  tags: string[];
  from: string;
  to: string;
}

const NOTHING: Link = {
  selected: "", open: null, focus: "", side: "both", parameters: null, datasets: true, direction: "", tags: [], from: "", to: "",
};

/** The state of a page.

    live: whether statuses change while it is seen; then they get room from the start. */
export function createState(graph: GraphView, live = false) {
  const model = new Model(graph);
  const roomy = graph.nodes.length + graph.datasets.length + graph.parameters.length <= READABLE;
  const first = firstOpen(model, roomy);

  const selected = signal("");
  const open = signal<ReadonlySet<string>>(first);
  const focus = signal<Choice["focus"]>(null);
  const parameters = signal(roomy);
  const datasets = signal(true);
  const direction = signal<Direction | "">("");
  const tags = signal<ReadonlySet<string>>(new Set());
  const from = signal("");
  const to = signal("");
  const statuses = signal<ReadonlyMap<string, Status>>(new Map(graph.nodes.map((node) => [node.id, node])));

  const seen = computed(() =>
    visible(model, { open: open.value, parameters: parameters.value, datasets: datasets.value, tags: tags.value, focus: focus.value }),
  );
  const shapes = computed(() => shapesOf(model, seen.value.ids, statuses.value, live));
  /** Sizes in one text, so that a status that changes no size changes no place either. */
  const sizes = computed(() => [...shapes.value.values()].map((shape) => sizeOf(shape).join(" ")).join("\n"));
  const layout = computed((): Layout => {
    void sizes.value;
    const byId = new Map([...shapes.peek()].map(([id, shape]) => [id, sizeOf(shape)] as const));
    return layOut({ sizes: byId, edges: seen.value.edges, direction: direction.value || undefined, parents: seen.value.parents, aspect: innerWidth / Math.max(innerHeight - 60, 1) });
  });

  /** What stands for a vertex in the drawing: itself, or the closed box that it lies in. */
  const standFor = (id: string): string => {
    const path = model.around(id);
    for (let at = path.length - 1; at > 0; at--) if (!open.value.has(path[at]!)) return path[at]!;
    return id;
  };

  const near = computed((): ReadonlySet<string> | null => {
    const id = selected.value;
    if (!id || (!model.vertices.has(id) && !model.boxes.has(id))) return null;
    const stand = standFor(id);
    const { edges } = seen.value;
    const after = new Map<string, string[]>();
    const before = new Map<string, string[]>();
    for (const [source, target] of edges) {
      (after.get(source) ?? after.set(source, []).get(source)!).push(target);
      (before.get(target) ?? before.set(target, []).get(target)!).push(source);
    }
    return new Set([...model.reach([stand], after), ...model.reach([stand], before)]);
  });

  const slice = computed(() => {
    const [start, end] = [from.value, to.value].map((id) => model.vertices.get(id));
    if (!start && !end) return null;
    const after = start ? model.reach([start.id], model.after) : null;
    const before = end ? model.reach([end.id], model.before) : null;
    const within = [...model.vertices.keys()].filter((id) => (!after || after.has(id)) && (!before || before.has(id)));
    const option = (vertex: typeof start, word: "from" | "to") => {
      if (!vertex || vertex.kind === "parameter") return "";
      const kind = vertex.kind === "node" ? "nodes" : word === "from" ? "inputs" : "outputs";
      return ` --${word}-${kind}=${vertex.name}`;
    };
    return { within: new Set(within), command: `mlo run${option(start, "from")}${option(end, "to")}` };
  });

  const link = computed((): Partial<Link> => {
    const own: Partial<Link> = {};
    if (selected.value) own.selected = selected.value;
    if (!same(open.value, first)) own.open = [...open.value];
    if (focus.value) Object.assign(own, { focus: focus.value.id, side: focus.value.side });
    if (parameters.value !== roomy) own.parameters = parameters.value;
    if (!datasets.value) own.datasets = false;
    if (direction.value) own.direction = direction.value;
    if (tags.value.size) own.tags = [...tags.value];
    if (from.value) own.from = from.value;
    if (to.value) own.to = to.value;
    return own;
  });

  function go(to_: Partial<Link>): void {
    const target = { ...NOTHING, ...to_ };
    batch(() => {
      selected.value = model.vertices.has(target.selected) ? target.selected : "";
      open.value = target.open ? new Set(target.open.filter((box) => model.boxes.has(box))) : first;
      focus.value = target.focus && (model.vertices.has(target.focus) || model.boxes.has(target.focus)) ? { id: target.focus, side: target.side } : null;
      parameters.value = target.parameters ?? roomy;
      datasets.value = target.datasets;
      direction.value = target.direction;
      tags.value = new Set(target.tags);
      from.value = target.from;
      to.value = target.to;
    });
  }

  function toggle(box: string): void {
    const boxes = new Set(open.value);
    if (!boxes.delete(box)) boxes.add(box);
    open.value = boxes;
  }

  /** Open all boxes around a vertex, and show its kind. */
  function uncover(id: string): void {
    batch(() => {
      open.value = new Set([...open.value, ...model.around(id).slice(1)]);
      const kind = model.vertices.get(id)?.kind;
      if (kind === "parameter") parameters.value = true;
      if (kind === "dataset") datasets.value = true;
      if (!seen.value.ids.includes(id) && !model.boxes.has(id)) {
        focus.value = null;
        tags.value = new Set();
      }
    });
  }

  return {
    model, selected, open, focus, parameters, datasets, direction, tags, from, to, statuses,
    seen, shapes, layout, near, slice, link, standFor, go, toggle, uncover, effect,
  };
}

export type State = ReturnType<typeof createState>;

const same = (one: ReadonlySet<string>, two: ReadonlySet<string>): boolean => one.size === two.size && [...one].every((each) => two.has(each));
