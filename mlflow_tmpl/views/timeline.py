"""When each node of a run ran: bars for a terminal, and a trace for Perfetto. From the ledger alone."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any, NamedTuple

from mlflow_tmpl.views.cells import columns, pad
from mlflow_tmpl.views.lines import WIDEST_NAME
from mlflow_tmpl.views.statuses import STATUSES, duration, in_words, style_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlflow_tmpl.ledger.records import NodeRecord, RunRecord
    from mlflow_tmpl.views.lines import Paper

_LEAST_BAR = 10
_MAIN = 1
"""Number that a trace gives the process of the run itself."""


class Bar(NamedTuple):
    """One attempt at a node.

    Attributes:
        node: its record.
        start_s: seconds since the run began.
        end_s: the same.
        lane: number of the row, from 0, in which no other of its engine ran meanwhile.
    """

    node: NodeRecord
    start_s: float
    end_s: float
    lane: int


def bars_of(run: RunRecord) -> list[Bar]:
    """Return what ran in a run, in the order of its begin; n log n in the nodes."""
    spans = sorted(_spans(run), key=lambda span: (span[0], span[2].name, span[2].attempt))
    busy: dict[str, list[tuple[float, int]]] = {}
    free: dict[str, list[int]] = {}
    bars = []
    for start_s, end_s, node in spans:
        running, lanes = busy.setdefault(node.engine, []), free.setdefault(node.engine, [])
        while running and running[0][0] <= start_s:
            heappush(lanes, heappop(running)[1])
        lane = heappop(lanes) if lanes else len(running)
        heappush(running, (end_s, lane))
        bars.append(Bar(node, start_s, end_s, lane))
    return bars


def _spans(run: RunRecord) -> Iterator[tuple[float, float, NodeRecord]]:
    for node in run.nodes:
        for each in (*node.retried, node):
            if each.ended_at is not None and each.duration_s:
                end_s = max(each.ended_at - run.started_at, 0.0)
                yield max(end_s - each.duration_s, 0.0), end_s, each


def timeline_lines(run: RunRecord, paper: Paper) -> Iterator[str]:
    """Yield a line for each node that ran, with a bar from its begin to its end."""
    bars = bars_of(run)
    took_s = max([run.duration_s or 0.0, *(bar.end_s for bar in bars)])
    yield f"{paper.mark(run.status)} {paper.paint(run.id, bold=True)}  {in_words(run.status)}"
    if not bars:
        yield f"  nothing ran{_others(run)}"
        return
    widest = max(columns(bar.node.name) for bar in bars)
    name_columns = min(widest, WIDEST_NAME, max(paper.width - _LEAST_BAR - 13, 4))
    room = max(paper.width - name_columns - 13, _LEAST_BAR)
    yield _scale(name_columns, room, took_s, paper)
    for bar in bars:
        node = bar.node
        head = f"{paper.mark(node.status)} {pad(node.name, name_columns, '...' if paper.ascii_only else '…')}"
        yield f"{head}  {duration(node.duration_s):>7}  {_drawn(bar, took_s, room, paper)}"
    yield _summary(run, bars, took_s)


def _scale(name_columns: int, room: int, took_s: float, paper: Paper) -> str:
    """Return the head of the bars: the begin, and the end at its place."""
    end = duration(took_s)
    text = f"{' ' * (name_columns + 13)}0{' ' * (room - 1 - len(end))}{end}"
    return paper.paint(text, dim=True)


def _drawn(bar: Bar, took_s: float, room: int, paper: Paper) -> str:
    """Return a bar at its place; the shortest takes one column."""
    per_s = room / took_s
    first = min(int(bar.start_s * per_s), room - 1)
    last = min(max(round(bar.end_s * per_s), first + 1), room)
    mark = "#" if paper.ascii_only else "█"
    return " " * first + paper.paint(mark * (last - first), fg=style_of(bar.node.status).colour or None)


def _summary(run: RunRecord, bars: Sequence[Bar], took_s: float) -> str:
    mapped = {bar.node.name.partition("[")[0] for bar in bars if bar.node.name.endswith("]")}
    own = [bar for bar in bars if bar.node.name not in mapped]  # a map node runs as long as its items do
    worked_s, busy_s = sum(bar.end_s - bar.start_s for bar in own), _busy_s(own)
    idle = f", for {duration(took_s - busy_s)} nothing ran" if took_s - busy_s >= 0.001 else ""
    at_once = f"; {worked_s / busy_s:.1f} at a time" if busy_s and worked_s / busy_s >= 1.05 else ""
    return f"  took {duration(took_s)}: nodes ran {duration(worked_s)}{at_once}{idle}{_others(run)}"


def _busy_s(bars: Sequence[Bar]) -> float:
    """Return for how long anything ran, of bars in the order of their begin."""
    total, until = 0.0, 0.0
    for bar in bars:
        total += max(bar.end_s - max(bar.start_s, until), 0.0)
        until = max(until, bar.end_s)
    return total


def _others(run: RunRecord) -> str:
    """Return how many nodes have no bar, by what became of them."""
    counts: dict[str, int] = {}
    for node in run.nodes:
        if not (node.duration_s and node.ended_at is not None):
            counts[node.status] = counts.get(node.status, 0) + 1
    return "".join(f"; {counts[status]} {in_words(status)}" for status in STATUSES if status in counts)


def trace(run: RunRecord, wiring: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return a run in the Trace Event Format, which Perfetto and Chrome's tracing read.

    Each engine is a process, each of its lanes a thread, each attempt at a node a slice, and each dataset that one
    node made for another an arrow. Times are in microseconds since the run began.

    Args:
        run: with its nodes.
        wiring: name of a node to its ``inputs`` and ``outputs``.
    """
    bars = bars_of(run)
    engines = {name: _MAIN + 1 + at for at, name in enumerate(dict.fromkeys(bar.node.engine for bar in bars))}
    events = [
        _named("process_name", _MAIN, 0, f"mlo run {' '.join(run.pipelines)}"),
        _named("thread_name", _MAIN, 0, run.id),
        _slice(f"run {run.short_id}", "run", _MAIN, 0, 0.0, _end(run, bars), {"status": run.status}),
    ]
    for name, process in engines.items():
        events.append(_named("process_name", process, 0, name or run.engine))
        lanes = sorted({bar.lane for bar in bars if bar.node.engine == name})
        events += [_named("thread_name", process, lane, f"{name or run.engine} {lane + 1}") for lane in lanes]
    for bar in bars:
        place = engines[bar.node.engine], bar.lane
        events.append(_slice(bar.node.name, "node", *place, bar.start_s, bar.end_s, _args(bar.node)))
    events += _arrows(bars, engines, wiring)
    about = {"run": run.id, "status": run.status, "started_at": run.started_at, "command": run.command}
    return {"traceEvents": events, "displayTimeUnit": "ms", "otherData": about}


def _end(run: RunRecord, bars: Sequence[Bar]) -> float:
    return max([run.duration_s or 0.0, *(bar.end_s for bar in bars)])


def _named(kind: str, process: int, thread: int, name: str) -> dict[str, Any]:
    return {"ph": "M", "name": kind, "pid": process, "tid": thread, "args": {"name": name}}


def _slice(
    name: str, category: str, process: int, thread: int, start_s: float, end_s: float, args: dict[str, Any]
) -> dict[str, Any]:
    start, end = _us(start_s), _us(end_s)
    about = {"ph": "X", "name": name, "cat": category, "pid": process, "tid": thread}
    return {**about, "ts": start, "dur": end - start, "args": args}


def _args(node: NodeRecord) -> dict[str, Any]:
    told: dict[str, Any] = {"status": node.status, "reasons": [reason["text"] for reason in node.reasons]}
    if node.attempt > 1 or node.status == "retried":
        told["attempt"] = node.attempt
    known = {"peak_bytes": node.peak_bytes, "cpu_s": node.cpu_s}
    told.update({key: value for key, value in known.items() if value is not None})
    return {**told, "error": node.error["message"]} if node.error else told


def _arrows(
    bars: Sequence[Bar], engines: Mapping[str, int], wiring: Mapping[str, Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Yield an arrow from the end of what made a dataset to the begin of each that takes it."""
    made = {
        name: bar
        for bar in bars
        if bar.node.status == "done"
        for name in wiring.get(bar.node.name, {}).get("outputs", ())
    }
    number = 0
    for bar in bars:
        for name in dict.fromkeys(wiring.get(bar.node.name, {}).get("inputs", {}).values()):
            maker = made.get(name)
            if maker is None:
                continue
            number += 1
            about = {"name": name, "cat": "data", "id": number}
            leaves = max(
                _us(maker.end_s) - 1, _us(maker.start_s)
            )  # an arrow belongs to the slice that it begins in
            from_, to = engines[maker.node.engine], engines[bar.node.engine]
            yield {**about, "ph": "s", "pid": from_, "tid": maker.lane, "ts": leaves}
            yield {**about, "ph": "f", "bp": "e", "pid": to, "tid": bar.lane, "ts": _us(bar.start_s)}


def _us(seconds: float) -> int:
    return round(seconds * 1e6)
