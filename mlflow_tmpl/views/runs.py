"""Past runs as lines of text: a list of them, a leaderboard, and one run."""

from __future__ import annotations

from time import localtime, strftime
from typing import TYPE_CHECKING

from mlflow_tmpl.ledger.records import SHORT_ID
from mlflow_tmpl.views.cells import columns, pad
from mlflow_tmpl.views.lines import WIDEST_NAME, failure_lines, node_line
from mlflow_tmpl.views.statuses import duration, in_bytes, in_words

_SEVERAL_CPUS = 1.2

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlflow_tmpl.ledger import NodeRecord, RunRecord
    from mlflow_tmpl.views.lines import Paper


def runs_table(runs: Sequence[RunRecord], paper: Paper, *, narrowed: bool = False) -> Iterator[str]:
    """Yield past runs, a line each.

    Args:
        runs: newest first.
        paper: where it is written.
        narrowed: whether others were left out.
    """
    if not runs:
        yield "no run is like that" if narrowed else "no runs yet: mlo run makes the first one"
        return
    cells = {
        "run": [run.short_id for run in runs],
        "when": [moment(run.started_at) for run in runs],
        "took": [duration(run.duration_s) for run in runs],
        "status": [in_words(run.status) for run in runs],
        "nodes": [_nodes_of(run) for run in runs],
        "pipelines": [_asked(run) for run in runs],
        "named": [marks_of(run) for run in runs],
    }
    yield from _table(runs, cells, paper)


def leaderboard(runs: Sequence[RunRecord], paper: Paper, sort: str = "") -> Iterator[str]:
    """Yield runs with their metrics, a line each; the metric that they are sorted by comes first."""
    names = dict.fromkeys([*([sort] if sort else []), *(name for run in runs for name in run.metrics)])
    if not names:
        yield "no run has metrics: give a dataset 'role: metrics' in the catalog"
        return
    when = {"when": [moment(run.started_at) for run in runs]}
    yield from comparison_table(runs, when, paper, list(names), {"named": [marks_of(run) for run in runs]})


def comparison_table(
    runs: Sequence[RunRecord],
    told: Mapping[str, list[str]],
    paper: Paper,
    names: Sequence[str] | None = None,
    more: Mapping[str, list[str]] | None = None,
) -> Iterator[str]:
    """Yield runs with some columns and as many metrics as there is room for, a line each.

    Args:
        runs: in order.
        told: head to cells, before the metrics.
        paper: where it is written.
        names: of the metrics; all that a run has unless given.
        more: head to cells, behind them.
    """
    if names is None:
        names = list(dict.fromkeys(name for run in runs for name in run.metrics))
    cells = {"run": [run.short_id for run in runs], **told}
    room = paper.width - 2 - sum(max(map(columns, [head, *column])) + 2 for head, column in cells.items())
    left_out = []
    for name in names:
        values = [number(run.metrics[name]) if name in run.metrics else "" for run in runs]
        room -= max(map(columns, [name, *values])) + 2
        if room < 0:
            left_out.append(name)
        else:
            cells[name] = values
    yield from _table(runs, {**cells, **(more or {})}, paper)
    if left_out:
        yield paper.fit(
            f"  without {', '.join(left_out)}: --json, or a wider terminal, has them", paper.width
        )


def _table(runs: Sequence[RunRecord], cells: dict[str, list[str]], paper: Paper) -> Iterator[str]:
    cells = {head: column for head, column in cells.items() if any(column)}
    widths = {head: max(map(columns, [head, *column])) for head, column in cells.items()}
    heads = "  ".join(pad(head, widths[head]) for head in cells)
    yield paper.fit(f"  {heads}", paper.width).rstrip()
    for position, run in enumerate(runs):
        line = "  ".join(pad(column[position], widths[head]) for head, column in cells.items())
        yield f"{paper.mark(run.status)} {paper.fit(line.rstrip(), paper.width - 2)}".rstrip()


def number(value: float) -> str:
    """Return a metric to six digits, a whole number as one.

    Example:
        >>> [number(value) for value in (0.98837209, 3.0, 123456789.0, 1e-9)]
        ['0.988372', '3', '123456789', '1e-09']
    """
    return str(int(value)) if abs(value) < 1e15 and value == int(value) else f"{value:.6g}"


def _nodes_of(run: RunRecord) -> str:
    counts = run.counts
    ran = sum(counts.get(status, 0) for status in ("done", "failed", "timed_out"))
    kept = counts.get("reused", 0)
    told = [f"{count} {word}" for count, word in ((ran, "ran"), (kept, "reused")) if count]
    return ", ".join(told) or "none ran"


def _asked(run: RunRecord) -> str:
    """Return what a run was asked for: pipelines, and the options that sliced them."""
    names = [name for name in run.pipelines if name != "__default__"]
    cause = f"({run.cause} of {run.parent[:SHORT_ID]})" if run.parent else ""
    if run.cause == "sweep" and not run.parent:
        cause = "(sweep)"
    return " ".join(filter(None, [*(names or ([] if run.selection else ["all"])), run.selection, cause]))


def marks_of(run: RunRecord) -> str:
    """Return the names and tags of a run in a line."""
    return " ".join([*run.aliases, *(f"{key}={value}" if value else key for key, value in run.tags.items())])


def run_lines(run: RunRecord, paper: Paper, points: Sequence[RunRecord] = ()) -> Iterator[str]:
    """Yield one past run: how it was asked for, and what came of each node, or of each point of a sweep."""
    yield f"{paper.mark(run.status)} {paper.paint(run.id, bold=True)}  {in_words(run.status)}"
    took = f", took {duration(run.duration_s)}" if run.duration_s is not None else ""
    facts = {
        "when": moment(run.started_at) + took,
        "what": _asked(run),
        "environment": run.environment,
        "engine": f"{run.engine}, {run.engine_reason}" if run.engine_reason else run.engine,
        "by": f"{run.actor} on {run.host}",
        "git": (run.git_commit or "")[:12],
        "command": run.command,
        "named": marks_of(run),
    }
    for fact, text in facts.items():
        if text:
            yield f"  {pad(fact, 11)}  {paper.fit(text, paper.width - 15)}"
    if run.metrics:
        yield "  metrics"
        width = max(map(columns, run.metrics))
        for name, value in run.metrics.items():
            yield f"    {pad(name, min(width, WIDEST_NAME))}  {number(value)}"
    yield ""
    if points:
        from mlflow_tmpl.views.sweeps import points_table

        yield from points_table(points, paper)
    widest = max((columns(node.name) for node in run.nodes), default=0)
    for node in run.nodes:
        for earlier in node.retried:
            yield node_line(node.name, "retried", earlier.duration_s, _attempt(earlier), widest, paper)
        yield node_line(node.name, node.status, node.duration_s, _told(node), widest, paper)
    for node in run.nodes:
        if node.error:
            yield ""
            yield from failure_lines(node.error, paper)


def _told(node: NodeRecord) -> str:
    more = f" (and {len(node.reasons) - 1} more)" if len(node.reasons) > 1 else ""
    reasons = f"{node.reasons[0]['text']}{more}" if node.reasons else ""
    attempt = f"attempt {node.attempt}" if node.attempt > 1 else ""
    return "; ".join(filter(None, [attempt, _took(node), reasons]))


def _took(node: NodeRecord) -> str:
    """Return the memory that a node had at the most, and of how many processors it made use, if of more than one."""
    busy = (node.cpu_s or 0.0) / node.duration_s if node.duration_s else 0.0
    peak = f"peak {in_bytes(node.peak_bytes)}" if node.peak_bytes is not None else ""
    cpus = f"{busy:.1f} cpus" if busy >= _SEVERAL_CPUS else ""
    return ", ".join(filter(None, [peak, cpus]))


def _attempt(earlier: NodeRecord) -> str:
    problem = earlier.error["message"].partition(": ")[2] if earlier.error else ""
    return f"attempt {earlier.attempt}, {duration(earlier.duration_s)}: {problem}"


def moment(seconds: float) -> str:
    """Return a time of the clock on the wall, to the second."""
    return strftime("%Y-%m-%d %H:%M:%S", localtime(seconds))
