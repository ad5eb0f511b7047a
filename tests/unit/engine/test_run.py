"""Running a pipeline without a project, and what a run gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_tmpl import Catalog, MloError, Node, Pipeline, node, run
from mlflow_tmpl.engine.identity import new_run_id
from mlflow_tmpl.engine.shapes import rows_of, shape_of

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Split:
    share: float
    seed: int = 0


def double(x: int) -> int:
    return 2 * x


def portion(x: int, *, split: Split) -> float:
    return x * split.share + split.seed


def refusal(*arguments: Any, **options: Any) -> MloError:
    with pytest.raises(MloError) as caught:
        run(*arguments, **options)
    return caught.value


@pytest.mark.parametrize(
    "pipeline",
    [
        Node(double, "x", "y"),
        [Node(double, "x", "y")],
        Pipeline([Node(double, "x", "y")]),
        [node(outputs="y")(double)],
    ],
)
def test_a_node_a_list_and_a_pipeline_can_be_run(pipeline: Any) -> None:
    assert run(pipeline, {"x": 1})["y"] == 2


def test_a_parameter_is_converted_to_what_the_node_takes() -> None:
    result = run(Node(portion, outputs="y"), {"x": 10, "params:split": {"share": 0.5}})
    assert result["y"] == 5.0
    dotted = run(Node(portion, outputs="y"), {"x": 10, "params:split.share": 0.5, "params:split.seed": 3})
    assert dotted["y"] == 8.0
    whole = run(Node(portion, outputs="y"), {"x": 10, "parameters": {"split": {"share": 0.1}, "other": 1}})
    assert whole["y"] == 1.0


@pytest.mark.parametrize(
    ("data", "message", "hint"),
    [
        (
            {"z": 1},
            "'z' is given as data, and the pipeline does not take it",
            "it takes x",
        ),
        (
            {"x": 1, "xx": 1},
            "'xx' is given as data, and the pipeline does not take it",
            "did you mean 'x'?",
        ),
        (
            {"x": 1, "y": 1},
            "'y' is given as data, and the pipeline makes it itself",
            "it takes x",
        ),
        (
            {"x": 1, "params:factor": 1},
            "'params:factor' is given as data, and the pipeline does not take it",
            "it takes no parameters",
        ),
    ],
)
def test_data_that_the_pipeline_does_not_take_is_refused(data: Any, message: str, hint: str) -> None:
    error = refusal(Node(double, "x", "y"), data)
    assert (error.message, error.hint) == (message, hint)


def test_a_parameter_that_no_node_takes_is_refused_with_the_nearest() -> None:
    error = refusal(
        Node(portion, outputs="y"), {"x": 1, "params:split": {"share": 1}, "params:spilt.seed": 1}
    )
    assert error.message == "'params:spilt.seed' is given as data, and the pipeline does not take it"
    assert error.hint == "did you mean 'params:split'?"


def test_an_input_that_is_not_given_is_refused() -> None:
    error = refusal(Node(double, "x", "y"))
    assert error.message == "dataset 'x' of node 'double' is made by no node and is not in the catalog"
    assert "test_run.py:" in error.where


def test_a_parameter_that_is_not_given_is_refused() -> None:
    error = refusal(Node(portion, outputs="y"), {"x": 1})
    assert error.message == "parameter 'split' of node 'portion' is not set"


def test_a_parameter_of_the_wrong_type_is_refused() -> None:
    error = refusal(Node(portion, outputs="y"), {"x": 1, "params:split": {"share": "half"}})
    assert error.message == "parameter 'split.share' must be a float, but is text 'half'"


def test_what_the_catalog_has_is_loaded_and_saved(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("4")
    catalog = Catalog.of({"x": "x.json", "y": "y.json"}, root=tmp_path)
    result = run([Node(double, "x", "y"), Node(double, "y", "z", name="again")], catalog=catalog)
    assert result["z"] == 16
    assert (tmp_path / "y.json").read_text().strip() == "8"
    assert result.outputs == ("y", "z")


def test_an_output_is_loaded_only_when_it_is_asked_for(tmp_path: Path) -> None:
    catalog = Catalog.of({"y": "y.json"}, root=tmp_path)
    result = run(Node(double, "x", "y"), {"x": 1}, catalog=catalog)
    (tmp_path / "y.json").write_text("7")
    assert result["y"] == 7


def test_a_value_that_was_let_go_is_told() -> None:
    result = run([Node(double, "x", "y"), Node(double, "y", "z", name="again")], {"x": 1})
    with pytest.raises(MloError) as caught:
        result["yyyy"]
    assert caught.value.message == "'yyyy' is no output of this run"
    assert "let go after the last one, unless the catalog saves it" in caught.value.hint


def test_nothing_is_recorded_without_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(Node(double, "x", "y"), {"x": 1}).id == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("engine", "jobs", "message", "hint"),
    [
        ("thread", None, "there is no engine 'thread'", "did you mean 'threads'?"),
        ("zzz", None, "there is no engine 'zzz'", "there are auto, inline, threads, processes, dask, ray"),
        ("threads", 0, "0 jobs cannot run anything", "give at least 1"),
        ("inline", 2, "the inline engine runs one node at a time, not 2", "give --engine threads"),
    ],
)
def test_an_engine_that_cannot_be_is_refused(engine: str, jobs: int | None, message: str, hint: str) -> None:
    error = refusal(Node(double, "x", "y"), {"x": 1}, engine=engine, jobs=jobs)
    assert (error.message, error.hint) == (message, hint)


def test_run_ids_are_uuids_of_version_7_that_sort_by_time() -> None:
    import time
    from uuid import UUID

    ids = []
    for _ in range(5):
        ids.append(new_run_id())
        time.sleep(0.002)
    assert ids == sorted(ids)
    assert {(UUID(run).version, UUID(run).variant) for run in ids} == {(7, "specified in RFC 4122")}
    assert abs(int(ids[0].replace("-", "")[:12], 16) / 1000 - time.time()) < 60


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ([1, 2, 3], "list of 3"),
        ({"a": 1}, "dict of 1"),
        ("text", "str of 4"),
        (0.5, "float 0.5"),
        (True, "bool True"),
        (None, "NoneType"),
        (Split(1.0), "Split"),
    ],
)
def test_a_value_is_told_by_type_and_size_alone(value: Any, told: str) -> None:
    assert shape_of(value) == told


def test_tables_and_arrays_are_told_with_their_rows() -> None:
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    frame = pd.DataFrame({"x": range(12_000)})
    assert (shape_of(frame), rows_of(frame)) == ("DataFrame 12,000 x 1", 12_000)
    array = np.zeros((3, 4), dtype="float32")
    assert (shape_of(array), rows_of(array)) == ("ndarray 3 x 4 float32", 3)
    assert rows_of(pa.table({"x": [1, 2]})) == 2
    assert rows_of([1, 2]) is None
