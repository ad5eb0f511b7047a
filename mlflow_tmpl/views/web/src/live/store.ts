// What the live page knows of runs, kept as the server tells of changes.

import { batch, computed, effect, signal } from "@preact/signals";
import type { State } from "../state";
import type { Status } from "../shapes";
import { get, listen, post, query, Refused } from "./api";
import type { Change, Comparison, LogEntry, NodeRun, PlanStep, Run, RunDetail } from "./records";

export type Tab = "timeline" | "log" | "nodes" | "parameters" | "environment";

/** Where the list of runs would leave no room for the graph. */
const NARROW = 900;
const SOON_MS = 120;
const SOON_AGAIN_MS = 400;
/** How often bars grow of nodes that run. */
const CLOCK_MS = 400;

/** What is asked to be run; as views/server/asked.py reads it. */
export interface Wish {
  pipelines?: string[];
  params?: string[];
  force?: string[];
  reuse?: boolean;
  env?: string;
  [selector: string]: unknown;
}

/** Something that can be started, with the account of what it would do. */
export interface Offer {
  title: string;
  /** What is asked; `null` where a past run says it. */
  wish: Wish | null;
  plan: PlanStep[] | null;
  planPath: string;
  startPath: string;
  note: string;
}

export function createLive(state: State, readOnly: boolean) {
  const runs = signal<Run[]>([]);
  const filter = signal({ text: "", status: "", sort: "", asc: false });
  const newest = signal("");
  const pinned = signal("");
  const detail = signal<RunDetail | null>(null);
  const log = signal<LogEntry[]>([]);
  const tab = signal<Tab>("timeline");
  const listed = signal(innerWidth > NARROW);
  const docked = signal(true);
  const large = signal(false);
  const chosen = signal<ReadonlySet<string>>(new Set());
  const comparison = signal<Comparison | null>(null);
  const offer = signal<Offer | null>(null);
  const problem = signal<{ message: string; hint: string } | null>(null);
  const connected = signal(false);
  /** Whether the project's code or configuration is another than what is drawn. */
  const outdated = signal(false);
  const now = signal(Date.now() / 1000);
  const current = computed(() => pinned.value || newest.value);

  const fail = (error: unknown) => {
    problem.value = error instanceof Refused ? { message: error.message, hint: error.hint } : { message: String(error), hint: "" };
  };

  async function loadRuns(): Promise<void> {
    const { status, sort, asc } = filter.value;
    const metric = sort && !["newest", "longest"].includes(sort) ? sort : "";
    try {
      const found = await get<Run[]>(`/runs${query({ status, sort: metric, asc: asc ? "1" : "" })}`);
      batch(() => {
        runs.value = found;
        for (const run of found) if (run.id > newest.value) newest.value = run.id;
      });
    } catch (error) {
      fail(error);
    }
  }

  async function loadDetail(): Promise<void> {
    const id = current.peek();
    if (!id) return;
    try {
      const found = await get<RunDetail>(`/runs/${id}`);
      if (current.peek() === id) detail.value = newer(found, detail.peek());
    } catch (error) {
      fail(error);
    }
  }

  async function loadLog(): Promise<void> {
    const id = current.peek();
    if (!id) return;
    const found = await get<LogEntry[]>(`/runs/${id}/log`).catch(() => []);
    if (current.peek() === id) log.value = found;
  }

  const soonRuns = soon(loadRuns, SOON_MS);
  const soonDetail = soon(loadDetail, SOON_MS);
  const soonLog = soon(loadLog, SOON_AGAIN_MS);

  function take(change: Change): void {
    if (change.kind === "hello") {
      void loadRuns();
      void loadDetail();
    } else if (change.kind === "other") soonRuns();
    else if (change.kind === "project") outdated.value = true;
    else batch(() => takeOf(change));
  }

  function takeOf(change: Exclude<Change, { kind: "hello" | "other" | "project" }>): void {
    if (change.run > newest.value) newest.value = change.run;
    const known = runs.value.some((run) => run.id === change.run);
    if (change.kind === "run") {
      const { status, duration_s } = change;
      runs.value = runs.value.map((run) => (run.id === change.run ? { ...run, status, duration_s } : run));
      if (detail.value?.id === change.run) detail.value = { ...detail.value, status, duration_s };
    }
    if (!known || change.kind === "run") soonRuns();
    if (change.run !== current.value) return;
    if (change.kind === "nodes") patch(change.nodes);
    if (change.kind === "run" || !detail.value?.wired.length) soonDetail();
  }

  /** Take in what changed of the nodes of the run that is shown, before the rest is known. */
  function patch(nodes: Extract<Change, { kind: "nodes" }>["nodes"]): void {
    const id = current.value;
    const before = detail.value?.id === id ? detail.value : emptyRun(id);
    const byName = new Map(before.nodes.map((node) => [node.name, node]));
    for (const node of nodes) {
      const began = node.began_at ?? (node.ended_at !== null && node.duration_s !== null ? node.ended_at - node.duration_s : null);
      byName.set(node.name, { ...node, began_at: began });
    }
    detail.value = { ...before, nodes: [...byName.values()] };
  }

  function show(run: string): void {
    batch(() => {
      pinned.value = run === newest.value ? "" : run;
      docked.value = true;
      comparison.value = null;
      offer.value = null;
    });
  }

  async function compare(): Promise<void> {
    const ids = [...chosen.value].sort();
    try {
      comparison.value = await get<Comparison>(`/compare?runs=${ids.join(",")}`);
      offer.value = null;
      docked.value = true;
    } catch (error) {
      fail(error);
    }
  }

  /** Show something that can be started; what it would do is asked at once. */
  async function propose(wanted: Omit<Offer, "plan">): Promise<void> {
    batch(() => {
      offer.value = { ...wanted, plan: null };
      comparison.value = null;
      docked.value = true;
    });
    await account();
  }

  async function account(): Promise<void> {
    const wanted = offer.value;
    if (!wanted || !wanted.planPath) return;
    offer.value = { ...wanted, plan: null };
    try {
      const { nodes } = await post<{ nodes: PlanStep[] }>(wanted.planPath, wanted.wish ?? {});
      if (offer.value && offer.value.startPath === wanted.startPath) offer.value = { ...offer.value, plan: nodes };
    } catch (error) {
      fail(error);
    }
  }

  async function begin(): Promise<void> {
    const wanted = offer.value;
    if (!wanted) return;
    try {
      const { run } = await post<{ run: string }>(wanted.startPath, wanted.wish ?? {});
      batch(() => {
        offer.value = null;
        if (run) show(run);
      });
    } catch (error) {
      fail(error);
    }
  }

  const cancel = (run: string) => post(`/runs/${run}/cancel`).catch(fail);

  effect(() => {
    const id = current.value;
    if (id && detail.peek()?.id !== id) {
      detail.value = null;
      log.value = [];
      void loadDetail();
    }
  });
  effect(() => {
    const selected = state.model.vertices.get(state.selected.value)?.kind === "node";
    if (detail.value && (selected || (docked.value && tab.value === "log"))) soonLog();
  });
  effect(() => {
    const { status, sort, asc } = filter.value;
    void [status, sort, asc];
    void loadRuns();
  });
  effect(() => {
    const run = detail.value;
    if (!run) return;
    const told = new Map(run.nodes.map((node) => [node.name, statusOf(node)]));
    const waits = run.status === "running" ? "waiting" : "skipped";
    const wired = new Set(run.wired);
    const blank = (name: string): Status => ({ ...NEVER, status: wired.has(name) || (!wired.size && run.status === "running") ? waits : "not in this run" });
    state.statuses.value = new Map(state.model.graph.nodes.map((node) => [node.id, told.get(node.name) ?? blank(node.name)]));
  });
  setInterval(() => {
    if (!document.hidden && detail.peek()?.status === "running") now.value = Date.now() / 1000;
  }, CLOCK_MS);
  listen(take, (is) => (connected.value = is));

  return {
    runs, filter, newest, pinned, current, detail, log, tab, listed, docked, large, chosen, comparison, offer, problem, connected, outdated, now, readOnly,
    show, compare, propose, account, begin, cancel, fail, state,
  };
}

export type Live = ReturnType<typeof createLive>;

const NEVER: Status = { status: "", duration_s: null, ended_at: "", reasons: [], error: "" };

const statusOf = (node: NodeRun): Status => ({
  status: node.status,
  duration_s: node.duration_s || null,
  ended_at: node.ended_at === null ? "" : new Date(node.ended_at * 1000).toISOString(),
  reasons: node.reasons.map((reason) => reason.text),
  error: [node.error?.message, node.error?.traceback].filter(Boolean).join("\n"),
});

/** What was asked, but for nodes of which a change that was heard meanwhile tells more. */
function newer(found: RunDetail, known: RunDetail | null): RunDetail {
  const before = new Map((known?.id === found.id ? known.nodes : []).map((node) => [node.name, node]));
  const asked = new Set(found.nodes.map((node) => node.name));
  const nodes = found.nodes.map((node) => (node.ended_at === null && before.get(node.name)?.ended_at ? before.get(node.name)! : node));
  return { ...found, nodes: [...nodes, ...[...before.values()].filter((node) => !asked.has(node.name))] };
}

const emptyRun = (id: string): RunDetail => ({
  id, status: "running", pipelines: [], selection: "", environment: "", engine: "", actor: "", host: "", command: "", git_commit: null, cause: "",
  parent: null, started_at: Date.now() / 1000, duration_s: null, tags: {}, aliases: [], counts: {}, parameters: {}, nodes: [], wired: [], surroundings: {}, asked: null,
});

/** Call something after a while, once for all that ask for it until then. */
function soon(call: () => Promise<void>, wait: number): () => void {
  let due = false;
  return () => {
    if (due) return;
    due = true;
    setTimeout(() => {
      due = false;
      void call();
    }, wait);
  };
}
