"""What a user sees of a node that failed."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from mlflow_tmpl import Catalog, Node, run
from mlflow_tmpl.engine import NodeFailure

if TYPE_CHECKING:
    from pathlib import Path


def failure_of(*nodes: Node, data: dict[str, Any] | None = None, **options: Any) -> NodeFailure:
    with pytest.raises(NodeFailure) as caught:
        run(nodes, data, **options)
    return caught.value


def helper(frame: pd.DataFrame) -> Any:
    return frame["speciez"]


def fit(frame: pd.DataFrame, *, alpha: float) -> Any:
    return helper(frame)


@pytest.fixture
def failed() -> NodeFailure:
    data = {"frame": pd.DataFrame({"species": ["a", "b"]}), "params:alpha": 0.5}
    return failure_of(Node(fit, outputs="model"), data=data)


def test_the_message_names_node_and_error(failed: NodeFailure) -> None:
    assert failed.message == "node 'fit' failed: KeyError: 'speciez'"
    assert failed.kind == "KeyError"
    assert isinstance(failed.__cause__, KeyError)
    assert failed.exit_code == 1


def test_the_place_is_the_users_innermost_line(failed: NodeFailure) -> None:
    line = helper.__code__.co_firstlineno + 1
    assert failed.where.endswith(f"test_failure.py:{line}")


def test_the_traceback_begins_with_the_users_frame(failed: NodeFailure) -> None:
    first = next(line for line in failed.frames.splitlines() if line.startswith("  File "))
    assert first.endswith("in fit")
    assert "mlflow_tmpl/engine" not in failed.frames.replace("\\", "/")


def test_values_are_told_by_type_and_size(failed: NodeFailure) -> None:
    assert failed.values == {"frame": "DataFrame 2 x 1", "alpha": "float 0.5"}


def test_a_failure_tells_how_long_the_node_ran(failed: NodeFailure) -> None:
    assert failed.duration_s > 0
    assert failed.result is not None
    assert failed.result.nodes[0].duration_s == failed.duration_s


def test_a_failure_is_plain_data_for_json(failed: NodeFailure) -> None:
    told = json.loads(json.dumps(failed.to_json()))
    assert set(told) == {"type", "message", "where", "hint", "traceback", "values"}


def test_the_result_of_the_whole_run_hangs_on_the_failure(failed: NodeFailure) -> None:
    assert failed.result is not None
    assert failed.result.status == "failed"
    assert [(node.name, node.status) for node in failed.result.nodes] == [("fit", "failed")]
    assert failed.result.nodes[0].error is failed


def test_a_damaged_file_points_at_the_catalog_and_shows_no_frames(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{")
    failed = failure_of(Node(len, ["x"], "n"), catalog=Catalog.of({"x": "x.json"}, root=tmp_path))
    assert failed.message.startswith("node 'len' failed: dataset 'x' cannot be loaded from x.json")
    assert failed.frames == ""


def test_a_value_that_does_not_fit_its_dataset_is_a_failure_to_save(tmp_path: Path) -> None:
    catalog = Catalog.of({"x": "x.csv"}, root=tmp_path)
    failed = failure_of(Node(lambda: 3, None, "x", name="make"), catalog=catalog)
    assert "dataset 'x' cannot be saved to x.csv: a pandas DataFrame is needed, not int" in failed.message
    assert not (tmp_path / "x.csv").exists()


def test_a_function_of_a_library_has_its_own_frames_for_want_of_the_users() -> None:
    failed = failure_of(
        Node(partial(np.concatenate), ["x"], "y"), data={"x": [np.zeros(2), np.zeros((2, 2))]}
    )
    assert failed.message.startswith("node 'concatenate' failed: ValueError: ")


class Rude(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text for you")


class Shapeless:
    @property
    def shape(self) -> Any:
        raise RuntimeError("no shape for you")


def test_an_error_that_cannot_be_printed_is_still_the_nodes() -> None:
    def fail(x: Any) -> None:
        raise Rude

    failed = failure_of(Node(fail), data={"x": Shapeless()})
    assert failed.message == "node 'fail' failed: Rude: no message"
    assert failed.values == {"x": "Shapeless"}


@pytest.mark.parametrize("kind", [SystemExit, GeneratorExit])
@pytest.mark.parametrize("engine", ["inline", "threads"])
def test_an_error_that_ends_programs_fails_the_node_only(kind: type[BaseException], engine: str) -> None:
    def leave() -> None:
        raise kind

    failed = failure_of(Node(leave), engine=engine)
    assert failed.kind == kind.__name__


def test_an_error_of_several_lines_is_told_by_its_first() -> None:
    def fail() -> None:
        raise ValueError("first\nsecond")

    failed = failure_of(Node(fail))
    assert failed.message == "node 'fail' failed: ValueError: first"
    assert "second" in failed.frames
