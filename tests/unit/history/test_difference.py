"""What differs between two contents, by their kind."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from mlflow_tmpl.history.difference import Difference, difference

FRAME = pd.DataFrame({"name": ["a", "b", "c"], "size": [1.0, 2.0, float("nan")]})


def found(before: Any, after: Any) -> Difference:
    difference_ = difference(before, after)
    assert difference_ is not None
    return difference_


def counted(before: Any, after: Any) -> dict[str, int]:
    return {what: count for what, count in found(before, after).counts.items() if count}


def test_a_table_is_the_same_as_itself_also_where_it_has_gaps() -> None:
    assert found(FRAME, FRAME.copy()).same


def test_a_cell_that_changed_is_told_with_its_place() -> None:
    other = FRAME.assign(size=[1.0, 5.0, float("nan")])
    (change,) = found(FRAME, other).changes
    assert (change.kind, change.where, change.before, change.after) == (
        "changed",
        "row 1, size",
        "2.0",
        "5.0",
    )
    assert counted(FRAME, other) == {"rows changed": 1}


def test_rows_that_came_and_went_are_counted_though_nothing_names_them() -> None:
    other = pd.concat(
        [FRAME.iloc[[0, 2]], pd.DataFrame({"name": ["d", "d"], "size": [4.0, 4.0]})], ignore_index=True
    )
    assert counted(FRAME, other) == {"rows added": 2, "rows removed": 1}


def test_rows_that_only_moved_are_not_changed() -> None:
    assert counted(FRAME, FRAME.iloc[::-1].reset_index(drop=True)) == {"rows moved": 2}


def test_an_index_names_rows() -> None:
    one, other = FRAME.set_index("name"), FRAME.iloc[1:].assign(size=[2.0, 3.0]).set_index("name")
    assert counted(one, other) == {"rows removed": 1, "rows changed": 1}
    assert [change.where for change in found(one, other).changes] == ["row c, size", "row a"]


def test_columns_and_types_are_compared() -> None:
    other = FRAME.drop(columns="size").assign(name=pd.Categorical(["a", "b", "c"]), more=1)
    assert counted(FRAME, other) == {"columns added": 1, "columns removed": 1, "types changed": 1}


def test_documents_are_compared_place_by_place() -> None:
    changes = found({"a": 1, "b": {"c": [1, 2]}, "d": 0}, {"a": 1.0, "b": {"c": [1, 3, 4]}, "e": 5}).changes
    assert {(change.kind, change.where, change.before, change.after) for change in changes} == {
        ("changed", "a", "1", "1.0"),
        ("changed", "b.c[1]", "2", "3"),
        ("added", "b.c[2]", "", "4"),
        ("removed", "d", "0", ""),
        ("added", "e", "", "5"),
    }


def test_texts_are_compared_line_by_line() -> None:
    told = found("one\ntwo\n", "one\nthree\nfour\n")
    assert told.counts == {"lines added": 2, "lines removed": 1}
    assert "-two" in [change.where for change in told.changes]


@pytest.mark.parametrize(("before", "after"), [(1, 2), ("a", {}), (FRAME, "a"), (object(), object())])
def test_what_has_no_kind_in_common_has_no_difference_of_its_own(before: Any, after: Any) -> None:
    assert difference(before, after) is None


def test_polars_tables_are_tables() -> None:
    polars = pytest.importorskip("polars")
    assert counted(polars.DataFrame({"a": [1, 2]}), polars.DataFrame({"a": [1, 3]})) == {"rows changed": 1}
