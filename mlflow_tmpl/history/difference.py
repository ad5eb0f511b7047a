"""What differs between two contents of a dataset: rows of a table, places in a document, lines of a text, or bytes."""

from __future__ import annotations

import json
from difflib import unified_diff
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_SHOWN = 20
"""Changes that are kept to be shown, of each kind; all are counted."""

MOST_LINES = 20_000
"""Longer texts are told by their size: comparing them line by line takes too long."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs.

    Attributes:
        kind: ``added``, ``removed``, ``changed``, or ``diff`` for a line of a unified diff.
        where: the row, the path in a document, or the column.
        before, after: short renderings; empty where there is none.
    """

    kind: str
    where: str
    before: str = ""
    after: str = ""

    def to_json(self) -> dict[str, str]:
        """Return the change as plain data."""
        return {"kind": self.kind, "where": self.where, "before": self.before, "after": self.after}


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two contents.

    Attributes:
        kind: ``table``, ``document``, ``text`` or ``bytes``.
        counts: what was counted: ``rows added``, ``columns removed``, ... to how many.
        changes: some of them.
    """

    kind: str
    counts: dict[str, int]
    changes: tuple[Change, ...] = ()

    @property
    def same(self) -> bool:
        """Whether nothing differs that can be told."""
        return not self.changes and not any(self.counts.values())

    def to_json(self) -> dict[str, Any]:
        """Return the difference as plain data."""
        return {
            "kind": self.kind,
            "same": self.same,
            "counts": self.counts,
            "changes": [change.to_json() for change in self.changes],
        }


def difference(before: Any, after: Any) -> Difference | None:
    """Return what differs between two values of one kind, ``None`` if no kind is known to which both belong."""
    frames = _frame(before), _frame(after)
    if frames[0] is not None and frames[1] is not None:
        return _tables(*frames)
    if isinstance(before, str) and isinstance(after, str):
        return _texts(before, after)
    if isinstance(before, (dict, list)) and isinstance(after, (dict, list)):
        return _documents(before, after)
    return None


def _frame(value: Any) -> Any:
    """Return a table as pandas holds it, ``None`` for what is none."""
    kind = type(value).__module__.partition(".")[0]
    if kind == "pandas" and hasattr(value, "columns"):
        return value
    if kind in {"polars", "pyarrow"}:
        value = value.collect() if hasattr(value, "collect") else value
        return value.to_pandas() if hasattr(value, "columns") and hasattr(value, "to_pandas") else None
    return None


def _tables(before: Any, after: Any) -> Difference:
    columns = [[str(name) for name in each.columns] for each in (before, after)]
    before, after = before.set_axis(columns[0], axis=1), after.set_axis(columns[1], axis=1)
    types = [{name: str(kind) for name, kind in each.dtypes.items()} for each in (before, after)]
    new = [name for name in columns[1] if name not in types[0]]
    gone = [name for name in columns[0] if name not in types[1]]
    shared = [name for name in columns[0] if name in types[1]]
    retyped = [name for name in shared if types[0][name] != types[1][name]]
    changes = [
        *(Change("added", f"column {name}", "", types[1][name]) for name in new),
        *(Change("removed", f"column {name}", types[0][name]) for name in gone),
        *(Change("changed", f"type of {name}", types[0][name], types[1][name]) for name in retyped),
    ]
    counts = {"columns added": len(new), "columns removed": len(gone), "types changed": len(retyped)}
    rows, row_counts = _rows(before[shared], after[shared]) if shared else ([], {})
    return Difference("table", {**counts, **row_counts}, (*changes[:MOST_SHOWN], *rows))


def _rows(before: Any, after: Any) -> tuple[list[Change], dict[str, int]]:
    """Compare rows: by an index that tells them apart; else by position, unless most have only moved."""
    if _tells_rows_apart(before) and _tells_rows_apart(after):
        return _by_label(before, after)
    bags, counts = _as_bags(before, after)
    if len(before) != len(after):
        return bags, counts
    labelled, by_position = _by_label(before.reset_index(drop=True), after.reset_index(drop=True))
    moved = by_position["rows changed"] - counts["rows added"]
    return (bags, {**counts, "rows moved": moved}) if moved else (labelled, by_position)


def _tells_rows_apart(frame: Any) -> bool:
    return type(frame.index).__name__ != "RangeIndex" and bool(frame.index.is_unique)


def _by_label(before: Any, after: Any) -> tuple[list[Change], dict[str, int]]:
    shared = before.index.intersection(after.index)
    one, other = before.loc[shared].astype(object), after.loc[shared].astype(object)
    differs = one.map(_comparable).ne(other.map(_comparable)) & ~(one.isna() & other.isna())
    changed = differs.any(axis=1)
    changes = [
        Change("changed", f"row {label}, {column}", str(one.at[label, column]), str(other.at[label, column]))
        for label in shared[changed.to_numpy()][:MOST_SHOWN]
        for column in differs.columns[differs.loc[label].to_numpy()]
    ]
    gone, new = (
        before.index.difference(after.index, sort=False),
        after.index.difference(before.index, sort=False),
    )
    changes += [Change("removed", f"row {label}", _row(before.loc[label])) for label in gone[:MOST_SHOWN]]
    changes += [Change("added", f"row {label}", "", _row(after.loc[label])) for label in new[:MOST_SHOWN]]
    counts = {"rows added": len(new), "rows removed": len(gone), "rows changed": int(changed.sum())}
    return changes[: 3 * MOST_SHOWN], counts


def _comparable(value: Any) -> Any:
    """Return a cell as something of which one and another are equal or not: an array compares cell by cell."""
    return value if isinstance(value, (str, int, float)) or not hasattr(value, "__len__") else str(value)


def _as_bags(before: Any, after: Any) -> tuple[list[Change], dict[str, int]]:
    """Compare rows that nothing names: which contents are there more often than before, and which less."""
    import pandas as pd

    keys = [pd.util.hash_pandas_object(frame.astype(str), index=False) for frame in (before, after)]
    ranks = [key.groupby(key).cumcount() for key in keys]
    sides = [set(zip(key, rank, strict=True)) for key, rank in zip(keys, ranks, strict=True)]
    found: list[list[int]] = []
    for side, (key, rank) in enumerate(zip(keys, ranks, strict=True)):
        other = sides[1 - side]
        found.append([at for at, pair in enumerate(zip(key, rank, strict=True)) if pair not in other])
    changes = [Change("removed", f"row {at}", _row(before.iloc[at])) for at in found[0][:MOST_SHOWN]]
    changes += [Change("added", f"row {at}", "", _row(after.iloc[at])) for at in found[1][:MOST_SHOWN]]
    return changes, {"rows added": len(found[1]), "rows removed": len(found[0])}


def _row(row: Any) -> str:
    return ", ".join(f"{name}={value}" for name, value in row.items())


def _texts(before: str, after: str) -> Difference:
    lines = before.splitlines(), after.splitlines()
    if max(map(len, lines)) > MOST_LINES:
        counts = _grown("lines", len(lines[0]), len(lines[1]))
        return Difference("text", counts, (Change("changed", "the text"),) if before != after else ())
    diff = list(unified_diff(*lines, "before", "after", lineterm=""))[2:]
    counts = {
        "lines added": sum(line.startswith("+") for line in diff),
        "lines removed": sum(line.startswith("-") for line in diff),
    }
    return Difference("text", counts, tuple(Change("diff", line) for line in diff[: 10 * MOST_SHOWN]))


def _documents(before: Any, after: Any) -> Difference:
    changes = list(_places(before, after, ""))
    kinds = [change.kind for change in changes]
    counts = {f"places {kind}": kinds.count(kind) for kind in ("added", "removed", "changed")}
    return Difference("document", counts, tuple(changes[: 5 * MOST_SHOWN]))


def _places(before: Any, after: Any, path: str) -> Iterator[Change]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys([*before, *after]):
            yield from _place(
                before, after, key, f"{path}.{key}" if path else str(key), key in before, key in after
            )
    elif isinstance(before, list) and isinstance(after, list):
        for at in range(max(len(before), len(after))):
            yield from _place(before, after, at, f"{path}[{at}]", at < len(before), at < len(after))
    elif before != after or type(before) is not type(after):
        yield Change("changed", path, _shown(before), _shown(after))


def _place(before: Any, after: Any, key: Any, path: str, was: bool, now: bool) -> Iterator[Change]:
    if was and now:
        yield from _places(before[key], after[key], path)
    elif was:
        yield Change("removed", path, _shown(before[key]))
    else:
        yield Change("added", path, "", _shown(after[key]))


def _shown(value: Any, longest: int = 80) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def of_bytes(before: int, after: int, *, same: bool) -> Difference:
    """Return the difference of two contents of which only the bytes are known."""
    changes = () if same else (Change("changed", "the content", f"{before:,} bytes", f"{after:,} bytes"),)
    return Difference("bytes", _grown("bytes", before, after), changes)


def _grown(what: str, before: int, after: int) -> dict[str, int]:
    return {f"{what} added": max(after - before, 0), f"{what} removed": max(before - after, 0)}
