// The list of runs: narrowed, ordered, chosen to be compared.

import { duration, inWords, toneOf } from "../statuses";
import { Light } from "../parts/bars";
import { number, type Run, shortId, when } from "./records";
import type { Live } from "./store";

const STATUSES = ["running", "done", "failed", "cancelled", "lost"];

export function RunList({ live }: { live: Live }) {
  const { filter, chosen } = live;
  const { text, status, sort, asc } = filter.value;
  const metrics = [...new Set(live.runs.value.flatMap((run) => Object.keys(run.metrics ?? {})))].sort();
  const metric = metrics.includes(sort) ? sort : "";
  const shown = ordered(live.runs.value.filter((run) => matches(run, text)), sort, asc);
  const set = (change: Partial<typeof filter.value>) => (filter.value = { ...filter.value, ...change });
  return (
    <aside class="runs" aria-label="Runs">
      <div class="narrow">
        <input type="search" id="filter-runs" placeholder="Filter runs" aria-label="Filter runs by id, pipeline, tag, person or command" value={text} onInput={(event) => set({ text: event.currentTarget.value })} />
        <select id="status-of-runs" aria-label="Status" value={status} onChange={(event) => set({ status: event.currentTarget.value })}>
          <option value="">any status</option>
          {STATUSES.map((each) => <option value={each}>{each}</option>)}
        </select>
        <select id="sort-runs" aria-label="Order" value={sort || "newest"} onChange={(event) => set({ sort: event.currentTarget.value === "newest" ? "" : event.currentTarget.value })}>
          <option value="newest">newest first</option>
          <option value="longest">longest first</option>
          {metrics.map((name) => <option value={name}>{name}</option>)}
        </select>
        {metric && <button type="button" aria-label={asc ? "Smallest first" : "Largest first"} onClick={() => set({ asc: !asc })}>{asc ? "↑" : "↓"}</button>}
        <button type="button" id="compare" disabled={chosen.value.size < 2} onClick={() => void live.compare()}>Compare{chosen.value.size ? ` ${chosen.value.size}` : ""}</button>
      </div>
      <ul aria-label="Runs, as they are ordered">
        {shown.map((run) => <Row run={run} live={live} metric={metric} key={run.id} />)}
        {!shown.length && <li class="rest">{live.runs.value.length ? "no run is like that" : "no runs yet"}</li>}
      </ul>
    </aside>
  );
}

function Row({ run, live, metric }: { run: Run; live: Live; metric: string }) {
  const { chosen } = live;
  const toggle = () => {
    const next = new Set(chosen.value);
    if (!next.delete(run.id)) next.add(run.id);
    chosen.value = next;
  };
  const is = live.current.value === run.id;
  const marks = [...run.aliases, ...Object.entries(run.tags).map(([key, value]) => (value ? `${key}=${value}` : key))];
  const values = Object.entries(run.metrics ?? {}).filter(([name]) => !metric || name === metric).slice(0, 3);
  return (
    <li data-run={run.id} data-status={run.status} class={is ? "current" : ""}>
      <input type="checkbox" aria-label={`Compare run ${shortId(run.id)}`} checked={chosen.value.has(run.id)} onChange={toggle} />
      <button type="button" class="pick" aria-current={is} onClick={() => live.show(run.id)}>
        <span class="first"><Light tone={toneOf(run.status)} /><b>{inWords(run.status)}</b> {whatOf(run)}<time>{duration(run.duration_s)}</time></span>
        <span class="second"><code>{shortId(run.id)}</code> {when(run.started_at)}</span>
        {values.length > 0 && <span class="second">{values.map(([name, value]) => <i>{name} <b>{number(value)}</b></i>)}</span>}
        {marks.length > 0 && <span class="second">{marks.map((mark) => <em>{mark}</em>)}</span>}
      </button>
    </li>
  );
}

export const whatOf = (run: Run): string => [run.pipelines.filter((name) => name !== "__default__").join(" ") || (run.selection ? "" : "all"), run.selection, run.cause === "manual" ? "" : `(${run.cause})`].filter(Boolean).join(" ");

const matches = (run: Run, text: string): boolean => {
  const told = [run.id, run.status, ...run.pipelines, run.selection, run.actor, run.host, run.command, run.environment, ...run.aliases, ...Object.entries(run.tags).map(([key, value]) => `${key}=${value}`)].join(" ").toLowerCase();
  return text.toLowerCase().split(/\s+/).every((word) => told.includes(word));
};

function ordered(runs: Run[], sort: string, asc: boolean): Run[] {
  if (!sort) return runs;
  const value = (run: Run) => (sort === "longest" ? run.duration_s : run.metrics?.[sort]) ?? -Infinity;
  return [...runs].sort((one, two) => (value(two) - value(one)) * (asc ? -1 : 1));
}
