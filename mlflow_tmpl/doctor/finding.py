"""What a check has found."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mlflow_tmpl.errors import MloError
    from mlflow_tmpl.views.lines import Paper

GOOD, NOTE, WRONG = "good", "note", "wrong"
"""States of a finding: only what is wrong makes the command fail."""

_STATUSES = {GOOD: "done", NOTE: "skipped", WRONG: "failed"}
"""Status whose mark each state is shown with."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: what was looked at.
        state: `GOOD`, `NOTE` or `WRONG`.
        message: what was found.
        hint: how to mend it.
        where: ``file:line``, if it has a place.
    """

    name: str
    state: str
    message: str
    hint: str = ""
    where: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


def of_error(name: str, error: MloError) -> Finding:
    """Return what an error says as a finding."""
    return Finding(name, WRONG, error.message, error.hint, error.where)


def finding_lines(
    findings: Iterable[Finding], paper: Paper, wrap: Callable[[str, int], list[str]]
) -> Iterator[str]:
    """Yield findings, a line each where that is enough; how to mend something stands below it.

    Args:
        findings: what was found.
        paper: what the lines have to fit.
        wrap: breaks a text into lines of a width.
    """
    found = list(findings)
    width = max((len(each.name) for each in found), default=0)
    room = max(paper.width - width - 4, 20)
    for each in found:
        text = f"{each.where}: {each.message}" if each.where else each.message
        first, *more = wrap(text, room) or [""]
        yield f"{paper.mark(_STATUSES[each.state])} {each.name:{width}}  {first}".rstrip()
        yield from (f"{'':{width + 4}}{line}" for line in more)
        hints = wrap(f"-> {each.hint}", room) if each.hint and each.state != GOOD else []
        yield from (f"{'':{width + 4}}{paper.paint(line, fg='cyan')}" for line in hints)
    wrong = sum(each.state == WRONG for each in found)
    yield ""
    yield f"{wrong} of {len(found)} checks found something wrong" if wrong else "everything is in order"
