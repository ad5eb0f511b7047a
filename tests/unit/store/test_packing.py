"""A value that was kept is equal in type and content to what memory would have given."""

from __future__ import annotations

import collections
import datetime
import decimal
import threading
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as some_arrays
from hypothesis.extra import pandas as some_frames

from mlflow_tmpl.store.packing import Allowance, Packed, Unfit, snapshot, unpack

QUICK = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


def wide(**more: Any) -> Allowance:
    return Allowance(1 << 30, perf_counter() + 60, **more)


def bytes_of(packed: Packed) -> memoryview:
    return memoryview(bytearray(b"".join(packed.pieces)))


def again(value: Any) -> tuple[str, Any]:
    packed = snapshot(value, wide()).pack()
    return packed.format, unpack(packed.format, bytes_of(packed))


@dataclass
class Model:
    weights: Any
    name: str


def frame() -> pd.DataFrame:
    return pd.DataFrame({"a": [1.5, None, 3.0], "b": [1, 2, 3], "c": ["x", None, "z"]})


FRAMES = {
    "plain": (frame(), "pandas"),
    "empty": (frame().iloc[:0], "pandas"),
    "no columns": (pd.DataFrame(index=range(3)), None),
    "text index": (frame().set_index(pd.Index(["p", "q", "r"], name="key")), "pandas"),
    "stepped index": (pd.DataFrame({"a": range(3)}, index=pd.RangeIndex(10, 16, 2, name="n")), "pandas"),
    "sorted away": (frame().sort_values("b", ascending=False), "pandas"),
    "index named as a column": (frame().set_index(pd.Index([3, 4, 5], name="a")), None),
    "several levels": (frame().set_index(["b", "c"]), "pickle"),
    "numbered columns": (pd.DataFrame(np.ones((2, 2))), "pickle"),
    "one column twice": (pd.DataFrame([[1, 2]], columns=["a", "a"]), "pickle"),
    "columns with a name": (frame().rename_axis(columns="what"), "pickle"),
    "categories": (
        pd.DataFrame({"c": pd.Categorical(["b", None], categories=["q", "b"], ordered=True)}),
        "pandas",
    ),
    "numbers as categories": (pd.DataFrame({"c": pd.Categorical([3, 1, 3])}), "pandas"),
    "times": (pd.DataFrame({"t": pd.to_datetime(["2020-01-01", None])}), "pandas"),
    "nanoseconds": (
        pd.DataFrame({"t": np.array(["2020-01-01T00:00:00.123456789"], "M8[ns]")}),
        "pandas",
    ),
    "a zone": (
        pd.DataFrame({"t": pd.date_range("2020", periods=2, tz="Europe/Berlin").to_list()}),
        None,
    ),
    "times as index": (
        pd.DataFrame({"a": [1, 2]}, index=pd.to_datetime(["2020-01-02", "2021-01-02"])),
        "pandas",
    ),
    "regular times as index": (
        pd.DataFrame({"a": [1, 2]}, index=pd.date_range("2020", periods=2, freq="D")),
        "pickle",
    ),
    "spans": (pd.DataFrame({"d": pd.to_timedelta([1, None], unit="s")}), "pandas"),
    "masked": (pd.DataFrame({"i": pd.array([1, None], dtype="Int64"), "b": [True, False]}), None),
    "small numbers": (pd.DataFrame({"i": np.array([1, 2], "int8"), "f": np.array([1, 2], "f4")}), "pandas"),
    "halves": (pd.DataFrame({"f": np.array([1, 2], "f2")}), "pickle"),
    "complex": (pd.DataFrame({"z": [1j, 2]}), "pickle"),
    "anything": (pd.DataFrame({"o": [{"a": 1}, [2], None]}), "pickle"),
    "texts as objects": (pd.DataFrame({"o": pd.Series(["a", None], dtype=object)}), None),
    "mixed": (pd.DataFrame({"o": pd.Series(["a", 1, float("nan")], dtype=object)}), "pickle"),
    "periods": (pd.DataFrame({"p": pd.period_range("2020", periods=2, freq="M")}), "pickle"),
    "intervals": (pd.DataFrame({"i": pd.interval_range(0, 2)}), "pickle"),
    "halves of pairs": (pd.DataFrame({"s": pd.Series(["\ud800"], dtype=object)}), "pickle"),
}


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_comes_back_as_it_was(name: str) -> None:
    given, form = FRAMES[name]
    found, back = again(given)
    assert form in (None, found)
    same_frame(back, given)


def same_frame(back: Any, given: Any) -> None:
    assert type(back) is type(given)
    check = pd.testing.assert_frame_equal if given.ndim == 2 else pd.testing.assert_series_equal
    check(back, given, check_exact=True, check_freq=True)
    assert type(back.index) is type(given.index)
    if given.ndim == 2:
        assert back.columns.dtype == given.columns.dtype
        assert list(map(str, back.dtypes)) == list(map(str, given.dtypes))
        assert [list(map(type, back[name])) for name in back.columns.unique() if back.columns.is_unique] == [
            list(map(type, given[name])) for name in given.columns.unique() if given.columns.is_unique
        ]


def test_what_is_said_about_a_frame_comes_back() -> None:
    given = frame()
    given.attrs["source"] = {"url": "x"}
    assert again(given)[1].attrs == {"source": {"url": "x"}}
    flagged = frame().set_flags(allows_duplicate_labels=False)
    assert again(flagged)[1].flags.allows_duplicate_labels is False


@pytest.mark.parametrize("name", [name for name, (given, _) in FRAMES.items() if len(given.columns)])
def test_a_frame_that_comes_back_can_be_written_to(name: str) -> None:
    given, _ = FRAMES[name]
    if len(given):
        back = again(given)[1]
        for position in range(back.shape[1]):
            back.iloc[0, position] = back.iloc[-1, position]
        back["new"] = 1


COLUMN = some_frames.column


@QUICK
@given(
    some_frames.data_frames(
        [
            COLUMN("f", dtype=float),
            COLUMN("g", dtype="float32"),
            COLUMN("i", dtype="int64"),
            COLUMN("u", dtype="uint8"),
            COLUMN("b", dtype=bool),
            COLUMN("t", dtype="datetime64[ns]"),
            COLUMN("d", dtype="timedelta64[ns]"),
            COLUMN("s", elements=st.text(max_size=8)),
            COLUMN("o", elements=st.none() | st.integers(-9, 9) | st.text(max_size=3)),
        ],
        index=some_frames.range_indexes(max_size=12)
        | some_frames.indexes(elements=st.integers(-99, 99), max_size=12)
        | some_frames.indexes(elements=st.text(max_size=3), max_size=12),
    ),
    st.sets(st.sampled_from("fgiubtdso")),
)
def test_any_frame_comes_back_as_it_was(given: pd.DataFrame, dropped: set[str]) -> None:
    given = given.drop(columns=list(dropped))
    same_frame(again(given)[1], given)
    for name in given.columns:
        same_frame(again(given[name])[1], given[name])


@QUICK
@given(
    some_arrays.arrays(
        some_arrays.scalar_dtypes() | some_arrays.array_dtypes(max_size=3),
        some_arrays.array_shapes(min_dims=0, min_side=0, max_side=4),
    ),
    st.sampled_from(["C", "F", "T", "step"]),
)
def test_any_array_comes_back_as_it_was(given: np.ndarray, layout: str) -> None:
    if layout == "T":
        given = given.T
    elif layout == "step" and given.ndim:
        given = given[::2]
    else:
        given = np.asarray(given, order=layout if layout in "CF" else None)  # type: ignore[call-overload]
    _, back = again(given)
    assert type(back) is np.ndarray
    assert back.dtype == given.dtype
    assert back.shape == given.shape
    assert back.tobytes() == given.tobytes()
    assert back.flags.writeable
    assert back.flags.f_contiguous == given.flags.f_contiguous or not given.flags.forc


def test_an_array_is_a_view_of_what_was_read() -> None:
    packed = snapshot(np.arange(1000.0), wide()).pack()
    assert packed.format == "numpy"
    view = bytes_of(packed)
    assert np.shares_memory(unpack("numpy", view), np.frombuffer(view, "u1"))


def test_the_buffers_of_a_pickle_are_views_of_what_was_read() -> None:
    packed = snapshot(Model(np.arange(100_000.0), "m"), wide()).pack()
    view = bytes_of(packed)
    back = unpack("pickle", view)
    assert np.shares_memory(back.weights, np.frombuffer(view, "u1"))
    back.weights += 1


class Shout(str):
    __slots__ = ()


Point = collections.namedtuple("Point", "x y")

VALUES = [
    *(None, True, 1, -(10**30), 1.5, float("inf"), "text", b"bytes", bytearray(b"b"), 2j, ..., range(3)),
    *([1, [2, {"a": (3,)}]], {"k": {1, 2}}, frozenset({1}), Point(1, [2]), Shout("hey")),
    collections.OrderedDict(b=1, a=2),
    collections.defaultdict(list, a=[1]),
    collections.Counter("abca"),
    collections.deque([1, 2], maxlen=3),
    datetime.datetime(2020, 1, 2, 3, 4, 5, 6, datetime.timezone.utc),
    decimal.Decimal("1.20"),
    Model([1, 2], "m"),
    np.float32(1.5),
    np.datetime64("2020-01-01"),
    {"train": [1, 2], "none": None},
]


@pytest.mark.parametrize("given", VALUES, ids=lambda value: type(value).__name__)
def test_any_plain_value_comes_back_as_it_was(given: Any) -> None:
    _, back = again(given)
    assert type(back) is type(given)
    assert back == given
    assert repr(back) == repr(given)


def test_values_that_share_a_part_share_it_still() -> None:
    part = [1]
    _, back = again({"a": part, "b": part})
    assert back["a"] is back["b"]


def test_arrays_of_other_kinds_are_pickled_whole() -> None:
    for value in (
        np.ma.masked_array([1, 2], mask=[True, False]),
        np.array([{"a": 1}, None], dtype=object),
        np.array([(1, "a")], dtype=np.dtype([("n", "i4"), ("s", "U3")], align=True)),
        np.rec.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
    ):
        form, back = again(value)
        assert form == "pickle"
        assert type(back) is type(value)
        assert back.dtype == value.dtype
        assert back.tolist() == value.tolist()


def test_polars_and_arrow_come_back_as_they_were() -> None:
    given = pl.DataFrame(
        {
            "a": [1, None],
            "s": ["x", None],
            "l": [[1, 2], []],
            "t": [datetime.datetime(2020, 1, 1), None],
            "c": pl.Series(["u", "v"], dtype=pl.Categorical),
            "e": pl.Series(["u", "v"], dtype=pl.Enum(["v", "u"])),
            "d": pl.Series([decimal.Decimal("1.10"), None]),
            "st": [{"x": 1}, {"x": None}],
        }
    )
    for value in (given, given.clear(), given["l"], pl.DataFrame()):
        form, back = again(value)
        assert form in ("polars", "polars.Series")
        assert type(back) is type(value)
        assert back.equals(value, null_equal=True)
        assert getattr(back, "schema", back.__class__) == getattr(value, "schema", value.__class__)
    table = pa.table({"a": [1, None], "d": pa.array(["x", "y"]).dictionary_encode()})
    table = table.replace_schema_metadata({"who": "me"})
    form, back = again(table)
    assert form == "arrow"
    assert back.equals(table, check_metadata=True)


def test_a_polars_frame_of_objects_is_not_kept_or_comes_back() -> None:
    given = pl.DataFrame({"o": pl.Series([object()], dtype=pl.Object)})
    with pytest.raises(Unfit):
        snapshot(given, wide()).pack()


def test_a_model_comes_back_as_it_was() -> None:
    from sklearn.ensemble import RandomForestClassifier

    data = np.random.default_rng(0).random((50, 3))
    model = RandomForestClassifier(5, random_state=0).fit(data, data[:, 0] > 0.5)
    _, back = again(model)
    assert (back.predict_proba(data) == model.predict_proba(data)).all()


@pytest.mark.parametrize("given", [frame(), pl.DataFrame({"a": [1]}), np.arange(3.0), {"a": [1]}])
def test_what_a_taker_does_to_a_value_is_not_kept(given: Any) -> None:
    before = given.copy() if isinstance(given, (pd.DataFrame, np.ndarray)) else str(given)
    taken = snapshot(given, wide())
    if isinstance(given, pd.DataFrame):
        given.loc[0, "a"] = 99.0
        given["b"] += 1
        given["c"] = given["c"].fillna("?")
    elif isinstance(given, np.ndarray):
        given += 1
    elif isinstance(given, dict):
        given["a"].append(2)
    else:
        given[0, "a"] = 5
    packed = taken.pack()
    back = unpack(packed.format, bytes_of(packed))
    if isinstance(back, pd.DataFrame):
        pd.testing.assert_frame_equal(back, before)
    elif isinstance(back, np.ndarray):
        assert back.tolist() == before.tolist()  # type: ignore[union-attr]
    else:
        assert str(back) == before


@pytest.mark.parametrize("given", [lambda: 1, threading.Lock(), (number for number in [1]), [open]])
def test_what_cannot_be_pickled_is_not_kept(given: Any) -> None:
    if given == [open]:
        assert again(given)[1] == [open]
        return
    with pytest.raises(Unfit, match="it cannot be pickled: "):
        snapshot(given, wide())


@pytest.mark.parametrize(
    "given",
    [
        Path("data.csv"),
        {"files": [Path("data.csv")]},
        pl.DataFrame({"a": [1]}).lazy(),
        pd.DataFrame({"p": [Path("a")]}),
    ],
    ids=["path", "paths", "lazy frame", "frame of paths"],
)
def test_what_only_says_where_something_lies_is_not_kept(given: Any) -> None:
    with pytest.raises(Unfit, match="which says where something lies"):
        snapshot(given, wide()).pack()


def test_it_is_kept_all_the_same_where_that_is_asked_for() -> None:
    packed = snapshot(Path("data.csv"), wide(elsewhere=True)).pack()
    assert unpack(packed.format, bytes_of(packed)) == Path("data.csv")


@pytest.mark.parametrize(
    "given", [frame(), pl.DataFrame({"a": range(99)}), pa.table({"a": range(99)}), np.ones(99), ["a" * 999]]
)
def test_what_is_too_large_is_given_up_before_it_is_copied(given: Any) -> None:
    with pytest.raises(Unfit, match="more to write and read than to make again"):
        snapshot(given, Allowance(20, perf_counter() + 60))


def test_what_takes_too_long_to_pickle_is_given_up() -> None:
    with pytest.raises(Unfit, match="would hold up the run"):
        snapshot([{"n": number} for number in range(100_000)], Allowance(1 << 30, perf_counter() + 0.002))


def test_an_array_of_objects_is_never_made_of_bytes() -> None:
    header = BytesIO()
    told = {"descr": "|O", "fortran_order": False, "shape": (1,)}
    np.lib.format.write_array_header_2_0(header, told)
    with pytest.raises(ValueError, match="an array of objects"):
        unpack("numpy", memoryview(bytearray(header.getvalue() + b"\0" * 8)))


def test_bytes_that_are_something_else_are_refused() -> None:
    for form in ("numpy", "pandas", "polars", "arrow", "pickle"):
        with pytest.raises(Exception, match=r"."):
            unpack(form, memoryview(bytearray(b"something else, and long enough for any header")))
