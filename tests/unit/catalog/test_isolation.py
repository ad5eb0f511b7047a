from __future__ import annotations

import threading
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlflow_tmpl.catalog import isolate
from mlflow_tmpl.errors import DataError


@pytest.mark.parametrize("value", [None, 1, 1.5, "text", b"bytes", True, int, range(3), (1, "a")])
def test_what_cannot_change_is_given_as_it_is(value: Any) -> None:
    assert isolate(value) is value


@settings(max_examples=40)
@given(st.recursive(st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
def test_containers_are_equal_and_share_nothing_that_changes(value: Any) -> None:
    taken = isolate(value)
    assert taken == value
    if isinstance(value, (list, dict)):
        assert taken is not value
        before = repr(value)
        taken.clear()
        assert repr(value) == before


def test_a_frame_is_shared_until_it_is_written_to() -> None:
    given = pd.DataFrame({"a": np.arange(4), "b": ["x"] * 4})
    taken = isolate(given)
    assert np.shares_memory(taken["a"].to_numpy(), given["a"].to_numpy())
    taken.loc[0, "a"] = 99
    taken["c"] = 1
    taken.columns = ["d", "e", "f"]
    taken.attrs["note"] = "mine"
    assert given["a"].tolist() == [0, 1, 2, 3]
    assert given.columns.tolist() == ["a", "b"]
    assert given.attrs == {}


def test_what_the_giver_writes_later_is_not_seen_by_the_taker() -> None:
    given = pd.DataFrame({"a": [1, 2]})
    taken = isolate(given)
    given.loc[0, "a"] = 99
    assert taken["a"].tolist() == [1, 2]


def test_a_series_is_shared_until_it_is_written_to() -> None:
    given = pd.Series([1, 2], name="a")
    taken = isolate(given)
    taken.iloc[0] = 99
    assert given.tolist() == [1, 2]


def test_without_copy_on_write_a_frame_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pd, "__version__", "2.3.1")
    monkeypatch.setattr(pd, "get_option", lambda name: "warn")
    given = pd.DataFrame({"a": np.arange(4)})
    assert not np.shares_memory(isolate(given)["a"].to_numpy(), given["a"].to_numpy())


def test_lists_in_the_cells_of_a_frame_are_kept_apart() -> None:
    given = pd.DataFrame({"n": [1, 2], "tags": [["a"], ["b"]]}, index=[5, 6])
    taken = isolate(given)
    taken["tags"].iloc[0].append("mine")
    assert given["tags"].tolist() == [["a"], ["b"]]
    assert taken["tags"].tolist() == [["a", "mine"], ["b"]]
    column = isolate(given["tags"])
    column.iloc[1].append("mine")
    assert given["tags"].tolist() == [["a"], ["b"]]


def test_columns_of_the_same_name_are_kept_apart_too() -> None:
    given = pd.DataFrame([[[1], [2]]], columns=["a", "a"])
    isolate(given).iloc[0, 1].append(3)
    assert given.to_numpy().tolist() == [[[1], [2]]]


def test_an_object_column_of_decimals_is_shared() -> None:
    given = pd.DataFrame({"price": [Decimal("1.5"), None]})
    assert np.shares_memory(isolate(given)["price"].to_numpy(), given["price"].to_numpy())


def test_an_array_is_given_read_only_without_a_copy() -> None:
    given = np.arange(4)
    taken = isolate(given)
    assert np.shares_memory(taken, given)
    with pytest.raises(ValueError, match="read-only"):
        taken[0] = 99
    assert given.flags.writeable


def test_an_array_of_objects_is_copied() -> None:
    given = np.array([[1], [2, 3]], dtype=object)
    isolate(given)[0].append(99)
    assert given[0] == [1]


def test_a_masked_array_is_copied_with_its_mask() -> None:
    given = np.ma.masked_array([1, 2], mask=[False, True])
    taken = isolate(given)
    taken[0] = np.ma.masked
    assert given.mask.tolist() == [False, True]


def test_an_arrow_table_is_given_as_it_is() -> None:
    given = pa.table({"a": [1]})
    assert isolate(given) is given


def test_a_model_is_copied() -> None:
    from sklearn.linear_model import LinearRegression

    given = LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])
    isolate(given).coef_[0] = 99.0
    assert given.coef_[0] == pytest.approx(1.0)


def test_a_declared_mode_overrules() -> None:
    given = {"a": [1]}
    assert isolate(given, "never") is given
    shallow, deep = isolate(given, "shallow"), isolate(given, "deep")
    assert shallow is not given
    assert shallow["a"] is given["a"]
    assert deep["a"] is not given["a"]
    array = np.arange(3)
    isolate(array, "deep")[0] = 99
    assert array[0] == 0


def test_what_cannot_be_copied_says_how_to_hand_it_on() -> None:
    with pytest.raises(DataError) as caught:
        isolate({"lock": threading.Lock()}, subject="dataset 'x'")
    assert str(caught.value).startswith(
        "dataset 'x' of type dict cannot be copied for each of its takers: cannot pickle"
    )
    assert str(caught.value).endswith("(declare it as {type: memory, copy: never})")


def test_a_lack_of_memory_passes() -> None:
    class Huge:
        def __deepcopy__(self, memo: Any) -> Any:
            raise MemoryError

    with pytest.raises(MemoryError):
        isolate(Huge())
