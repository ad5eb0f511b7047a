"""Plans, runs and failures as lines of text for a terminal or a pipe."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.planning.reasons import LEFT_OUT
from mlflow_tmpl.views.cells import columns, fit, pad
from mlflow_tmpl.views.options import options_in_words
from mlflow_tmpl.views.statuses import duration, in_words, style_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mlflow_tmpl.catalog import Catalog
    from mlflow_tmpl.engine import NodeFailure, RunResult
    from mlflow_tmpl.engine.result import NodeRun
    from mlflow_tmpl.planning import Plan, Reason, Step

WIDEST_NAME = 40
_MOST_ITEMS = 8

_TIMED = frozenset({"done", "failed", "running"})
"""Statuses whose mark says enough, so that the time that the node took stands where the others have their word."""

_DIFF_STYLES: dict[str, dict[str, Any]] = {"+": {"fg": "green"}, "-": {"fg": "red"}, "@": {"dim": True}}


class Paper:
    """Where lines are written: how wide it is, and whether it shows colours and more than ASCII.

    Args:
        width: columns.
        colour: whether to write colours.
        ascii_only: for terminals that cannot show more.
        verbose: whether to show what differs in code.
    """

    def __init__(
        self, width: int = 80, *, colour: bool = False, ascii_only: bool = False, verbose: bool = False
    ) -> None:
        self.verbose = verbose
        self.width = width
        self.colour = colour
        self.ascii_only = ascii_only

    def paint(self, text: str, **style: Any) -> str:
        """Return a text in colour, if there is any."""
        if not self.colour or not style:
            return text
        from click import style as painted

        return painted(text, **style)

    def mark(self, status: str) -> str:
        """Return the mark of a status."""
        style = style_of(status)
        return self.paint(style.plain if self.ascii_only else style.mark, fg=style.colour or None, bold=True)

    def fit(self, text: str, room: int) -> str:
        """Return a text cut to some columns."""
        return fit(text, room, "..." if self.ascii_only else "…")


def plan_lines(plan: Plan, paper: Paper) -> Iterator[str]:
    """Yield what a plan would do about each node, and why."""
    names = [step.node.name for step in plan.steps]
    widest = min(max(map(columns, names), default=0), WIDEST_NAME, max(paper.width - 9, 8))
    for step in plan.steps:
        head = f"{paper.mark(step.action.value)} {pad(step.node.name, widest)}  {step.action.value:5}"
        why = str(step.reasons[0]) if step.reasons else ""
        room = paper.width - widest - 11
        yield f"{head}  {paper.fit(why, room)}".rstrip()
        yield from diff_lines(step.reasons[:1], paper)
        if paper.verbose and (told := options_in_words(step.node.options)):
            yield " " * (widest + 11) + paper.paint(paper.fit(told, room), dim=True)
        for reason in step.reasons[1:]:
            yield " " * (widest + 11) + paper.fit(str(reason), room)
            yield from diff_lines([reason], paper)
        for line in _item_lines(step):
            yield " " * (widest + 11) + paper.fit(line, room)
    yield plan_summary(plan)


def _item_lines(step: Step) -> Iterator[str]:
    """Yield how many items a map node has, and those that are to run."""
    if not step.items:
        return
    counts = Counter(item.action.value for item in step.items)
    said = {"run": "to run", "reuse": "to reuse", "omit": "not needed"}
    told = ", ".join(f"{counts[action]} {words}" for action, words in said.items() if counts[action])
    yield f"{len(step.items)} item{'s' if len(step.items) > 1 else ''}: {told}"
    due = [item for item in step.items if item.action.value == "run"]
    for item in due[:_MOST_ITEMS] if len(due) < len(step.items) else ():
        yield f"[{item.node.item}] {told_reasons(item.reasons)}"
    if _MOST_ITEMS < len(due) < len(step.items):
        yield f"and {len(due) - _MOST_ITEMS} more"


def diff_lines(reasons: Sequence[Reason], paper: Paper) -> Iterator[str]:
    """Yield what differs in the code that reasons are about, if that is to be shown."""
    for line in (line for reason in reasons for line in reason.diff.splitlines() if paper.verbose):
        yield paper.paint(paper.fit(f"    {line}", paper.width), **_DIFF_STYLES.get(line[:1], {}))


def plan_summary(plan: Plan) -> str:
    """Return a plan in a line."""
    counts, left_out = Counter(step.action.value for step in plan.steps), _left_out(plan.steps)
    if not counts["run"]:
        return f"{_nothing(plan.steps)}: {_up_to_date(len(plan.steps), left_out)}"
    counts["left out"] = left_out
    counts["omit"] -= left_out
    said = {"run": "to run", "reuse": "to reuse", "omit": "not needed", "left out": "left out"}
    return ", ".join(f"{counts[action]} {words}" for action, words in said.items() if counts[action])


def _nothing(nodes: Iterable[Step | NodeRun]) -> str:
    """Return how little there is to do: nothing, or only to bring outputs back."""
    count = sum(reason.kind == "restored" for node in nodes for reason in node.reasons)
    outputs = "1 output" if count == 1 else f"{count} outputs"
    return f"nothing to run, {outputs} restored from the store" if count else "nothing to do"


def node_line(name: str, status: str, duration_s: float | None, text: str, widest: int, paper: Paper) -> str:
    """Return what came of a node in a line that fits the paper."""
    name_columns = min(max(widest, 8), WIDEST_NAME, max(paper.width - 13, 8))
    time = duration(duration_s) if status in _TIMED else in_words(status)
    head = f"{paper.mark(status)} {paper.fit(pad(name, name_columns), name_columns)}  {time:>9}"
    room = paper.width - name_columns - 15
    return f"{head}  {paper.fit(text, room)}".rstrip() if text and room > 8 else head.rstrip()


def told_reasons(reasons: Sequence[Reason]) -> str:
    """Return reasons in a line: the first one, and how many more."""
    if not reasons:
        return ""
    more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
    return f"{reasons[0]}{more}"


def run_summary(result: RunResult) -> str:
    """Return what came of a run in a line."""
    counts, left_out = Counter(node.status for node in result.nodes), _left_out(result.nodes)
    if set(counts) <= {"reused", "skipped"}:
        up_to_date = _up_to_date(len(result.nodes), left_out)
        return f"{_nothing(result.nodes)}: {up_to_date} ({duration(result.duration_s)})"
    counts["left out"] = left_out
    counts["skipped"] -= left_out
    said = {
        "done": "ran",
        "reused": "reused",
        "failed": "failed",
        "timed_out": "timed out",
        "blocked": "blocked",
        "skipped": "not needed",
        "left out": "left out",
    }
    if result.status != "done":
        said["skipped"] = "not started"
    told = [f"{counts[status]} {words}" for status, words in said.items() if counts[status]]
    return f"{result.status} in {duration(result.duration_s)}: {', '.join(told)}"


def output_lines(result: RunResult, catalog: Catalog, paper: Paper) -> Iterator[str]:
    """Yield where the outputs of a run are that no node of it takes; of values in memory, what they are."""
    from mlflow_tmpl.engine.shapes import shape_of  # with it comes the engine, which lists do not need

    widest = max((columns(name) for name in result.final), default=0)
    for name in result.final:
        about = catalog.describe(name)
        place = about.get("filepath") or about["type"]
        if name in result.stored:
            place = "in the store"
        elif catalog.is_memory(name):
            place = f"{shape_of(result[name])}, in memory"
        yield f"  {pad(name, min(widest, WIDEST_NAME))}  {paper.fit(str(place), paper.width - widest - 4)}"


def failure_lines(
    failure: NodeFailure | Mapping[str, Any], paper: Paper, *, whole: bool = False
) -> Iterator[str]:
    """Yield what went wrong in a node: the user's own frames, the values that went in.

    Args:
        failure: the failure, or what was recorded of it.
        paper: where it is written.
        whole: whether to show all frames, libraries' included.
    """
    told = failure if not hasattr(failure, "to_json") else failure.to_json()
    place = f"{told['where']}: " if told["where"] else ""
    yield f"{paper.paint('error:', fg='red', bold=True)} {place}{told['message']}"
    if told["values"]:
        shown = ", ".join(f"{argument}: {shape}" for argument, shape in told["values"].items())
        yield f"{paper.paint('  with:', fg='cyan')} {shown}"
    if told["traceback"]:
        for line in told["traceback"].rstrip().splitlines() if whole else own_frames(told["traceback"]):
            yield f"  {paper.paint(line, dim=True)}"
    if told["hint"]:
        yield f"{paper.paint('  hint:', fg='cyan')} {told['hint']}"


def own_frames(traceback: str) -> Iterator[str]:
    """Yield the lines of a traceback without the frames of installed packages; those are counted."""
    hidden, showing = 0, True
    for line in traceback.rstrip().splitlines():
        if line.startswith("  File "):
            showing = "site-packages" not in line and "dist-packages" not in line
            hidden += not showing
        elif not line.startswith("    "):
            if hidden:
                yield f"  ({hidden} frame{'s' if hidden > 1 else ''} in libraries; --traceback shows them)"
            hidden, showing = 0, True
        if showing:
            yield line


def _left_out(nodes: Iterable[Step | NodeRun]) -> int:
    """Count the nodes that a condition leaves out."""
    return sum(map(is_left_out, nodes))


def is_left_out(node: Step | NodeRun) -> bool:
    """Tell whether a condition leaves a node out."""
    return bool(node.reasons) and node.reasons[0].kind in LEFT_OUT


def _up_to_date(count: int, left_out: int) -> str:
    if not left_out:
        return "1 node is up to date" if count == 1 else f"all {count} nodes are up to date"
    rest = count - left_out
    left = f"{left_out} node{'s are' if left_out > 1 else ' is'} left out"
    return f"{rest} node{'s are' if rest > 1 else ' is'} up to date, {left}" if rest else left


def joined(lines: Iterable[str]) -> str:
    """Return lines as one text."""
    return "".join(f"{line}\n" for line in lines)
