// The model that Python writes (views/graph.py), and what can be told of it: who leads to whom, and what lies in which box.

export interface Wire {
  argument: string;
  dataset: string;
  id: string;
}

export interface ParameterWire {
  argument: string;
  key: string;
  value: unknown;
  id: string;
}

export interface Call {
  run: string;
  status: string;
  duration_s: number;
  ended_at: string;
}

export interface NodeView {
  id: string;
  name: string;
  short_name: string;
  namespace: string;
  pipelines: string[];
  tags: string[];
  doc: string;
  code: string;
  signature: string;
  where: string;
  inputs: Wire[];
  outputs: Wire[];
  parameters: ParameterWire[];
  options: Record<string, unknown>;
  status: string;
  duration_s: number | null;
  ended_at: string;
  reasons: string[];
  error: string;
  /** How often the last run began it. */
  attempt?: number;
  calls: Call[];
  log: string;
}

export interface DatasetView {
  id: string;
  name: string;
  type: string;
  path: string;
  layer: string;
  memory: boolean;
  exists: boolean | null;
  where: string;
  details: Record<string, unknown>;
  /** What is in it, as an element; empty unless the page was asked to have it. */
  preview: string;
}

export interface ParameterView {
  id: string;
  key: string;
  value: unknown;
  where: string;
}

export interface GraphView {
  title: string;
  nodes: NodeView[];
  datasets: DatasetView[];
  parameters: ParameterView[];
  edges: { source: string; target: string }[];
  run: { id: string; status: string } | null;
  schema: number;
}

export type Kind = "node" | "dataset" | "parameter";

export type Vertex = { id: string; name: string; box: string } & (
  | { kind: "node"; view: NodeView }
  | { kind: "dataset"; view: DatasetView }
  | { kind: "parameter"; view: ParameterView }
);

export interface BoxView {
  id: string;
  label: string;
  /** The box around it; empty at the top. */
  parent: string;
  /** Boxes and vertices directly in it. */
  children: string[];
  /** How many nodes lie in it, however deep. */
  nodes: number;
}

export class Model {
  readonly vertices = new Map<string, Vertex>();
  readonly boxes = new Map<string, BoxView>();
  readonly before = new Map<string, string[]>();
  readonly after = new Map<string, string[]>();
  readonly tags: string[];

  constructor(readonly graph: GraphView) {
    for (const view of graph.nodes) this.vertices.set(view.id, { id: view.id, kind: "node", name: view.name, box: "", view });
    for (const view of graph.datasets) this.vertices.set(view.id, { id: view.id, kind: "dataset", name: view.name, box: "", view });
    for (const view of graph.parameters) this.vertices.set(view.id, { id: view.id, kind: "parameter", name: view.key || "parameters", box: "", view });
    for (const { source, target } of graph.edges) {
      append(this.after, source, target);
      append(this.before, target, source);
    }
    this.tags = [...new Set(graph.nodes.flatMap((node) => node.tags))].sort();
    this.putInBoxes();
  }

  /** A vertex or box and all boxes around it, the innermost first. */
  around(id: string): string[] {
    const path = [id];
    let box = this.vertices.get(id)?.box ?? this.boxes.get(id)?.parent ?? "";
    while (box) {
      path.push(box);
      box = this.boxes.get(box)!.parent;
    }
    return path;
  }

  /** All that can be reached from some vertices, themselves included. */
  reach(from: Iterable<string>, next: ReadonlyMap<string, string[]>): Set<string> {
    const seen = new Set(from);
    for (const id of seen) for (const other of next.get(id) ?? []) seen.add(other); // a set grows while it is walked
    return seen;
  }

  nameOf(id: string): string {
    return this.vertices.get(id)?.name ?? this.boxes.get(id)?.label ?? id;
  }

  private putInBoxes(): void {
    const namespaced = this.graph.nodes.some((node) => node.namespace);
    const pipelines = new Set(this.graph.nodes.flatMap((node) => node.pipelines));
    for (const node of this.graph.nodes) {
      const vertex = this.vertices.get(node.id)!;
      if (namespaced) vertex.box = this.namespace(node.namespace);
      else if (pipelines.size > 1 && node.pipelines.length === 1) vertex.box = this.box(`box:${node.pipelines[0]!}`, node.pipelines[0]!, "");
    }
    for (const vertex of this.vertices.values()) if (vertex.kind !== "node") vertex.box = this.common(vertex.id);
    this.drop();
    for (const box of this.boxes.values()) if (box.parent) this.boxes.get(box.parent)!.children.push(box.id);
    for (const vertex of this.vertices.values()) {
      if (vertex.box) this.boxes.get(vertex.box)!.children.push(vertex.id);
      if (vertex.kind === "node") for (const box of this.around(vertex.id).slice(1)) this.boxes.get(box)!.nodes++;
    }
  }

  private namespace(name: string): string {
    if (!name) return "";
    const at = name.lastIndexOf(".");
    return this.box(`box:${name}`, name.slice(at + 1), at < 0 ? "" : this.namespace(name.slice(0, at)));
  }

  private box(id: string, label: string, parent: string): string {
    if (!this.boxes.has(id)) this.boxes.set(id, { id, label, parent, children: [], nodes: 0 });
    return id;
  }

  /** The innermost box that holds all nodes that make or take a dataset. */
  private common(id: string): string {
    let shared: string[] | null = null;
    for (const other of [...(this.before.get(id) ?? []), ...(this.after.get(id) ?? [])]) {
      const boxes = this.around(other).slice(1);
      shared = shared === null ? boxes : shared.filter((box) => boxes.includes(box));
    }
    return shared?.[0] ?? "";
  }

  /** A box around everything tells nothing. */
  private drop(): void {
    const every = [...this.vertices.values()].filter((vertex) => vertex.kind === "node");
    for (const box of [...this.boxes.keys()]) {
      if (!every.every((vertex) => this.around(vertex.id).includes(box))) continue;
      const { parent } = this.boxes.get(box)!;
      this.boxes.delete(box);
      for (const vertex of this.vertices.values()) if (vertex.box === box) vertex.box = parent;
      for (const other of this.boxes.values()) if (other.parent === box) other.parent = parent;
    }
  }
}

function append(lists: Map<string, string[]>, key: string, value: string): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}
