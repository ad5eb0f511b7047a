"""What differs between the code that a result was made with and the code as it is: definition by definition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_tmpl.planning.code.closure import flattened
from mlflow_tmpl.planning.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlflow_tmpl.planning.code import CodeFingerprint, Definition
    from mlflow_tmpl.planning.history import History

_VERSIONED = frozenset({"package", "python"})
_CODE = frozenset({"definition", "statement"})
_MOST_LINES = 40
_PLAIN_CODE = {
    "function": "what is bound into the function",
    "import": "what the import of {} gives",
    "all": "{}, which it reads",
}
"""Kind of a part that is no definition to how its change is told."""


def code_differences(
    before: str, after: CodeFingerprint, history: History, definition: Callable[[str], Definition | None]
) -> Iterator[Reason]:
    """Yield why the code of a node is not what it was.

    Args:
        before: its fingerprint in the newest result.
        after: its present fingerprint.
        history: knows what `before` is made of.
        definition: tells where a part of the present code stands.
    """
    if before == after.id:
        return
    old, new = flattened(before, history.code), after.parts
    if not any(name.startswith("definition ") for name in old):
        yield Reason("code", "what it was is not known")
        return
    changed = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    found = [_reason(name, old.get(name), new.get(name), history, definition(name)) for name in changed]
    told = sorted(
        (each for each in found if each is not None), key=lambda each: (each.kind, each.where, each.subject)
    )
    yield from told or [Reason("code", "the order of what is done on import")]


def _reason(
    name: str, before: str | None, after: str | None, history: History, now: Definition | None
) -> Reason | None:
    kind, _, subject = name.partition(" ")
    if kind in _CODE:
        return _definition(subject, before, after, history, now)
    if kind in _VERSIONED:
        return Reason(kind, subject, "", before or "none", after or "none")
    if kind == "module":
        return Reason(
            "code", f"{subject}{' is new' if before is None else ' is gone' if after is None else ''}"
        )
    if kind in _PLAIN_CODE:
        return Reason("code", _PLAIN_CODE[kind].format(subject))
    return None if kind == "order" else Reason(kind, subject)


def _definition(
    subject: str, before: str | None, after: str | None, history: History, now: Definition | None
) -> Reason | None:
    file, _, own = subject.partition(" ")
    old_text = history.source(before) if before is not None else ""
    if now is None or after is None:
        shown = own if old_text is None or not _is_hash(own) else _first_line(old_text)
        return Reason("code", f"{shown.partition('#')[0]} is gone", file, diff=_diff(old_text, ""))
    if before is not None and before.partition("@")[0] == after.partition("@")[0]:
        return None
    state = " is new" if before is None else ""
    return Reason("code", f"{now.name}{state}", now.where, diff=_diff(old_text, now.text))


def _is_hash(text: str) -> bool:
    return text.isalnum() and text[:1].isdigit()


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]


def _diff(before: str | None, after: str) -> str:
    """Return what differs between two sources, a line each; nothing where the earlier one is not known."""
    if before is None:
        return ""
    import difflib  # where something changed

    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2))[2:]
    more = [f"... {len(lines) - _MOST_LINES} lines more"] if len(lines) > _MOST_LINES else []
    return "\n".join([*lines[:_MOST_LINES], *more])
