"""Sweeps: a pipeline once for each value of a parameter."""

from __future__ import annotations

import json
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import MadeProject

SCHEMA = Path(__file__).parents[2] / "docs/reference/schemas/sweep.schema.json"
RECORD = SCHEMA.with_name("run-record.schema.json")
NODES = """
    import time
    from pathlib import Path

    @node(outputs="clean")
    def prepare(raw: str) -> str:
        return raw.strip()

    @node(outputs="score")
    def train(clean: str, *, alpha: float, depth: int, nap_s: float) -> dict:
        if alpha == 0:
            raise ValueError("no alpha")
        if alpha == 7:
            Path("napping").touch()
            time.sleep(nap_s)
        return {"accuracy": float(clean) / alpha + depth}
    """
CATALOG = """\
    raw: data/raw.txt
    clean: data/clean.txt
    score: {filepath: data/score.json, role: metrics}
    """


@pytest.fixture
def model(make_project: Callable[..., MadeProject]) -> MadeProject:
    """A preparation that depends on no parameter, and a training that does."""
    return make_project(NODES, CATALOG, "alpha: 1.0\ndepth: 1\nnap_s: 60\n", files={"data/raw.txt": "8"})


def sweep(project: MadeProject, *arguments: str) -> dict:
    document = project.json("run", "--sweep", *arguments)
    jsonschema.validate(document, json.loads(SCHEMA.read_text()))
    return document


def test_a_grid_runs_each_point_once_and_what_they_share_once(model: MadeProject) -> None:
    made = sweep(model, "--params", "alpha=[1,2]", "--params", "depth=[0,10]")
    assert made["status"] == "done"
    assert [each["params"] for each in made["points"]] == [
        {"alpha": 1, "depth": 0},
        {"alpha": 1, "depth": 10},
        {"alpha": 2, "depth": 0},
        {"alpha": 2, "depth": 10},
    ]
    statuses = [{node["name"]: node["status"] for node in each["nodes"]} for each in made["points"]]
    assert [each["prepare"] for each in statuses] == ["done", "reused", "reused", "reused"]
    assert json.loads((model.root / "data/score.json").read_text()) == {"accuracy": 14.0}
    record = model.json("runs", "show", made["id"])
    jsonschema.validate(record, json.loads(RECORD.read_text()))
    assert (record["cause"], record["parent"], record["nodes"]) == ("sweep", None, [])
    assert [(each["tags"], each["metrics"]) for each in record["points"]] == [
        ({"alpha": "1", "depth": "0"}, {"accuracy": 8.0}),
        ({"alpha": "1", "depth": "10"}, {"accuracy": 18.0}),
        ({"alpha": "2", "depth": "0"}, {"accuracy": 4.0}),
        ({"alpha": "2", "depth": "10"}, {"accuracy": 14.0}),
    ]
    best = model.json("runs", "list", "--sort", "accuracy", "--sweep", made["id"])
    assert [each["metrics"]["accuracy"] for each in best] == [18, 14, 8, 4]


def test_what_a_sweep_prints_compares_its_points_and_says_whose_outputs_stand(model: MadeProject) -> None:
    done = model.mlo("run", "--sweep", "--params", "alpha=[1,2]")
    first, heads, one, two, *stands = done.stdout.splitlines()
    assert "done in" in first
    assert first.endswith(": 2 points")
    assert heads.split() == ["run", "alpha", "took", "accuracy"]
    assert (one.split()[-1], two.split()[-1]) == ("9", "5")
    assert stands == ["saved outputs are those of alpha=2;", "those of another: mlo catalog restore NAME RUN"]
    assert "point 1 of 2: alpha=1\n" in done.stderr
    assert "alpha" in model.mlo("runs", "show", "last~2").stdout


def test_a_plan_of_a_sweep_says_what_each_point_would_run_and_runs_nothing(model: MadeProject) -> None:
    planned = sweep(model, "--plan", "--params", "alpha=[1,2]")
    assert [[node["action"] for node in each["nodes"]] for each in planned["points"]] == [["run", "run"]] * 2
    assert "point 2 of 2: alpha=2" in model.mlo("run", "--sweep", "--plan", "--params", "alpha=[1,2]").stdout
    assert not (model.root / "data/clean.txt").exists()


def test_what_is_wrong_at_any_point_is_told_before_the_first_runs(model: MadeProject) -> None:
    refused = model.mlo("run", "--sweep", "--params", "alpha=[1,many]")
    assert refused.returncode == 2
    assert "parameter 'alpha' must be a float, but is text 'many'" in refused.stderr
    assert not (model.root / "data/clean.txt").exists()
    assert model.mlo("run", "--sweep").returncode == 2


@pytest.mark.parametrize(
    ("option", "statuses"), [([], ["done", "failed"]), (["--keep-going"], ["done", "failed", "done"])]
)
def test_a_point_that_fails_ends_the_sweep_unless_it_keeps_going(
    model: MadeProject, option: list[str], statuses: list[str]
) -> None:
    done = model.mlo("run", "--sweep", "--json", "--params", "alpha=[1,0,2]", *option)
    assert done.returncode == 1
    assert [each["status"] for each in json.loads(done.stdout)["points"]] == statuses
    assert "node 'train' failed: ValueError: no alpha" in done.stderr
    assert model.json("runs", "list")[-1]["status"] == "failed"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_an_interrupted_sweep_is_recorded_and_goes_on_where_it_was(model: MadeProject) -> None:
    process = model.start("run", "--sweep", "--params", "alpha=[1,7,2]")
    while not (model.root / "napping").exists():
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert process.returncode == 130
    point, done, whole = model.json("runs", "list")
    assert [each["status"] for each in (point, done, whole)] == ["cancelled", "done", "cancelled"]
    config = model.root / "conf/base/parameters.yml"
    config.write_text(config.read_text().replace("60", "0"))
    again = model.json("run", f"--resume={whole['id']}")
    first = again["points"][0]["nodes"]
    assert {node["name"]: node["status"] for node in first} == {"prepare": "reused", "train": "done"}
    assert again["status"] == "done"


def test_a_sweep_is_not_rerun_as_a_whole(model: MadeProject) -> None:
    made = sweep(model, "--params", "alpha=[1]")
    refused = model.mlo("runs", "rerun", made["id"])
    assert refused.returncode == 2
    assert "is a sweep, which is not repeated as a whole" in refused.stderr


def test_python_sweeps_as_the_command_line_does(model: MadeProject) -> None:
    made = model.open().sweep(params={"alpha": [2.0, 4.0]})
    assert [point.params for point in made.points] == [{"alpha": 2.0}, {"alpha": 4.0}]
    assert [point.result.metrics["accuracy"] for point in made.points] == [5.0, 3.0]
    assert made[-1]["score"] == {"accuracy": 3.0}
