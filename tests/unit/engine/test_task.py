"""What a node gives back against what it declares; streams; what reaches the datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from mlflow_tmpl import Catalog, MloError, Node, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def gives(value: Any) -> Any:
    def node() -> Any:
        return value

    return node


@pytest.mark.parametrize(
    ("outputs", "returned", "message", "hint"),
    [
        ("a", None, "output 'a' and returned None", "return the value, or declare no outputs"),
        (["a", "b"], None, "2 outputs 'a', 'b' and returned None", "return the value, or declare no outputs"),
        (
            ["a", "b"],
            (1, 2, 3),
            "2 outputs 'a', 'b' and returned 3 values (int 1, int 2, int 3)",
            "return 2 values",
        ),
        (["a", "b"], "ab", "2 outputs 'a', 'b' and returned str of 2", "return a tuple of 2 values"),
        (["a"], 1, "output 'a' and returned int 1", "return a tuple of 1 values"),
        (
            {"x": "a", "y": "b"},
            {"x": 1},
            "2 outputs 'a', 'b' and returned keys 'x'",
            "return a dict with the keys 'x', 'y'",
        ),
        (
            {"x": "a"},
            [1],
            "output 'a' and returned list of 1",
            "return a dict with the keys 'x'",
        ),
    ],
)
def test_what_is_returned_has_to_be_what_is_declared(
    outputs: Any, returned: Any, message: str, hint: str
) -> None:
    with pytest.raises(MloError) as caught:
        run([Node(gives(returned), None, outputs, name="make")])
    assert caught.value.message == f"node 'make' failed: it declares {message}"
    assert caught.value.hint == hint
    assert "test_task.py:" in caught.value.where


def test_outputs_come_by_position_and_by_key() -> None:
    result = run(
        [
            Node(gives([1, 2]), None, ["a", "b"], name="list"),
            Node(gives({"y": 4, "x": 3}), None, {"x": "c", "y": "d"}, name="dict"),
            Node(gives([5]), None, ["e"], name="one_of_one"),
            Node(gives([6]), None, "f", name="a_list_itself"),
        ]
    )
    assert [result[name] for name in "abcdef"] == [1, 2, 3, 4, 5, [6]]


def chunks(size: int = 2) -> Iterator[pd.DataFrame]:
    for start in range(0, 4, size):
        yield pd.DataFrame({"x": range(start, start + size)})


def test_a_generator_streams_into_a_csv_file(tmp_path: Path) -> None:
    catalog = Catalog.of({"x": "x.csv"}, root=tmp_path)
    result = run([Node(chunks, {}, "x")], catalog=catalog)
    assert result["x"]["x"].tolist() == [0, 1, 2, 3]


def test_a_generator_streams_into_a_text_file(tmp_path: Path) -> None:
    def lines() -> Iterator[str]:
        yield "one\n"
        yield "two\n"

    run([Node(lines, None, "text")], catalog=Catalog.of({"text": "t.txt"}, root=tmp_path))
    assert (tmp_path / "t.txt").read_bytes() == b"one\ntwo\n"


@pytest.mark.parametrize("entry", ["x.orc", "x.json", {"type": "memory"}])
def test_a_generator_is_refused_where_nothing_can_be_appended_before_anything_runs(
    tmp_path: Path, entry: Any
) -> None:
    called: list[int] = []
    catalog = Catalog.of({"x": entry}, root=tmp_path)
    with pytest.raises(MloError) as caught:
        run([Node(lambda: called.append(1), name="first"), Node(chunks, {}, "x")], catalog=catalog)
    assert (
        caught.value.message
        == "node 'chunks' yields its output in chunks, and dataset 'x' cannot append them"
    )
    assert caught.value.hint == "save it as csv or text, or return one value"
    assert not called


def test_a_stream_that_breaks_leaves_the_old_file_and_points_at_the_node(tmp_path: Path) -> None:
    def broken() -> Iterator[str]:
        yield "half"
        raise ValueError("the source went away")

    (tmp_path / "t.txt").write_text("old")
    with pytest.raises(MloError) as caught:
        run([Node(broken, None, "text")], catalog=Catalog.of({"text": "t.txt"}, root=tmp_path))
    assert caught.value.message == "node 'broken' failed: ValueError: the source went away"
    assert [path.name for path in tmp_path.iterdir()] == ["t.txt"]
    assert (tmp_path / "t.txt").read_text() == "old"


def test_an_optional_parameter_that_is_not_given_takes_its_default() -> None:
    def scale(x: int, *, factor: int = 3) -> int:
        return x * factor

    assert run([Node(scale, outputs="y")], {"x": 2})["y"] == 6


def test_arguments_by_position_and_spread_arguments_arrive_in_order() -> None:
    def join(first: str, /, *rest: str, end: str = "!") -> str:
        return first + "".join(rest) + end

    data = {"a": "1", "b": "2", "c": "3", "params:end": "?"}
    assert run([Node(join, ["a", "b", "c"], "text")], data)["text"] == "123?"
