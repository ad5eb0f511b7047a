// Runs as the server tells of them (views/server/past.py).

export interface Reason {
  text: string;
  kind: string;
}

export interface NodeRun {
  name: string;
  action: string;
  status: string;
  reasons: Reason[];
  duration_s: number | null;
  began_at: number | null;
  ended_at: number | null;
  error?: { message?: string; traceback?: string } | null;
}

export interface Run {
  id: string;
  status: string;
  pipelines: string[];
  selection: string;
  environment: string;
  engine: string;
  actor: string;
  host: string;
  command: string;
  git_commit: string | null;
  cause: string;
  parent: string | null;
  started_at: number;
  duration_s: number | null;
  tags: Record<string, string>;
  aliases: string[];
  counts: Record<string, number>;
  metrics?: Record<string, number>;
}

export interface Asked {
  pipelines: string[];
  selectors: Record<string, string[]>;
  params: Record<string, unknown>[];
  environment: string;
  reuse: boolean;
  force: string[];
}

export interface RunDetail extends Run {
  parameters: Record<string, { value: unknown; where: string }>;
  nodes: NodeRun[];
  wired: string[];
  surroundings: Record<string, unknown>;
  asked: Asked | null;
}

export interface LogEntry {
  at: number;
  kind: string;
  node: string;
  text: string;
}

export type NodeChange = Omit<NodeRun, "began_at"> & { began_at?: number };

export type Change =
  | { kind: "hello" }
  | { kind: "other" }
  | { kind: "project" }
  | { kind: "run"; run: string; status: string; duration_s: number | null; started_at: number }
  | { kind: "nodes"; run: string; nodes: NodeChange[] };

type Row = Record<string, unknown>;

export interface Comparison {
  runs: Run[];
  code: Record<string, Row>;
  parameters: Record<string, Row>;
  inputs: Record<string, Row>;
  outputs: Record<string, Row>;
  packages: Record<string, Row>;
  metrics: Record<string, Row>;
  durations: Record<string, Row>;
  statuses: Record<string, Row>;
  sources: { name: string; before: string; run: string; nodes: string[]; diff: string[] }[];
}

export interface PlanStep {
  name: string;
  action: string;
  reasons: Reason[];
}

export interface Version {
  fingerprint: string;
  role: string;
  bytes: number | null;
  rows: number | null;
  made_at: number;
  run: string;
  node: string;
  aliases: string[];
  stored: boolean;
  present: boolean;
}

export const shortId = (id: string): string => id.slice(0, 13);

export const when = (seconds: number): string => new Date(seconds * 1000).toLocaleString(undefined, { dateStyle: "short", timeStyle: "medium" });

export const number = (value: unknown): string => (typeof value === "number" ? String(Number(value.toPrecision(6))) : value === null || value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value));

/** When a node began, as far as anybody knows: one that was running before anyone looked began with its run. */
export const beganAt = (node: NodeRun, run: Run): number => node.began_at ?? run.started_at;
