// The graph as a tree to read and to walk through by keyboard: boxes, and in them nodes with what they take and give.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { State } from "../state";
import { inWords, toneOf } from "../statuses";

interface Row {
  id: string;
  level: number;
  open: boolean | null;
}

const MOST = 400;

export function Outline({ state, choose }: { state: State; choose: (id: string) => void }) {
  const { model } = state;
  const list = useRef<HTMLUListElement>(null);
  const active = useSignal("");
  const rows = rowsOf(state);
  const current = rows.find((row) => row.id === active.value)?.id ?? rows.find((row) => row.id === state.selected.value)?.id ?? rows[0]?.id ?? "";

  useEffect(() => {
    const row = list.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(state.selected.value)}"]`);
    row?.scrollIntoView({ block: "nearest" });
  }, [state.selected.value]);

  const go = (id: string | undefined) => {
    if (!id) return;
    active.value = id;
    list.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(id)}"]`)?.focus();
  };
  const keys = (event: KeyboardEvent) => {
    const at = rows.findIndex((row) => row.id === current);
    const row = rows[at];
    if (!row) return;
    const moves: Record<string, () => void> = {
      ArrowDown: () => go(rows[at + 1]?.id),
      ArrowUp: () => go(rows[at - 1]?.id),
      Home: () => go(rows[0]?.id),
      End: () => go(rows[rows.length - 1]?.id),
      ArrowRight: () => (row.open === false ? state.toggle(row.id) : go(rows[at + 1]?.id)),
      ArrowLeft: () => (row.open ? state.toggle(row.id) : go(rows.slice(0, at).reverse().find((other) => other.level < row.level)?.id)),
      Enter: () => act(row),
      " ": () => act(row),
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    moves[event.key]!();
  };
  const act = (row: Row) => (row.open === null ? choose(row.id) : state.toggle(row.id));

  return (
    <nav class="outline" aria-label="Outline">
      <ul role="tree" aria-label="Graph" ref={list} onKeyDown={keys}>
        {rows.slice(0, MOST).map((row) => {
          const vertex = model.vertices.get(row.id);
          const status = state.statuses.value.get(row.id)?.status ?? "";
          return (
            <li
              role="treeitem" data-row={row.id} aria-level={row.level} aria-selected={row.id === state.selected.value} tabIndex={row.id === current ? 0 : -1}
              {...(row.open === null ? {} : { "aria-expanded": row.open })}
              style={{ paddingLeft: `${row.level * 14 - 6}px` }}
              onClick={() => { active.value = row.id; act(row); }}
            >
              <i class={vertex ? `mark ${vertex.kind} tone-${toneOf(status)}` : `mark box ${row.open ? "open" : ""}`} aria-hidden="true" />
              <span>{vertex?.kind === "node" ? vertex.view.short_name : model.nameOf(row.id)}</span>
              {vertex?.kind === "node" && status && <em>{inWords(status)}</em>}
            </li>
          );
        })}
        {rows.length > MOST && <li class="rest" role="presentation">{rows.length - MOST} more: search, or close boxes</li>}
      </ul>
    </nav>
  );
}

/** Boxes with what lies in them where they are open, in the order of the pipeline. */
function rowsOf(state: State): Row[] {
  const { model } = state;
  const shown = new Set(state.seen.value.ids);
  const rows: Row[] = [];
  const placed = new Set<string>();
  const into = (id: string) => {
    const path = model.around(id).slice(1).reverse();
    for (const [depth, box] of path.entries()) {
      if (!placed.has(box)) {
        placed.add(box);
        walk(box, depth + 1);
        return;
      }
      return;
    }
    if (!placed.has(id) && shown.has(id)) {
      placed.add(id);
      rows.push({ id, level: 1, open: null });
    }
  };
  const walk = (box: string, level: number) => {
    const open = state.open.value.has(box);
    if (!open && !shown.has(box)) return;
    rows.push({ id: box, level, open });
    if (!open) return;
    for (const child of model.boxes.get(box)!.children) {
      placed.add(child);
      if (model.boxes.has(child)) walk(child, level + 1);
      else if (shown.has(child)) rows.push({ id: child, level: level + 1, open: null });
    }
  };
  for (const id of model.vertices.keys()) into(id);
  return rows;
}
