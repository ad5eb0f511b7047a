"""Nodes that run on a condition only."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import MadeProject

NODES = """
    def is_good(score: dict, *, enough: float) -> bool:
        return score["accuracy"] >= enough

    @node(outputs="model", when="params:train.enabled")
    def train(raw: str) -> str:
        return f"model of {raw}"

    @node(outputs="score")
    def evaluate(model: str) -> dict:
        return {"accuracy": float(model.split()[-1])}

    @node(outputs="deployed", when=is_good)
    def deploy(model: str) -> str:
        return model.upper()

    @node(outputs="report")
    def report(deployed: str) -> str:
        return f"deployed: {deployed}"
    """
CATALOG = """\
    raw: data/raw.txt
    model: data/model.txt
    score: data/score.json
    deployed: data/deployed.txt
    report: data/report.txt
    """


@pytest.fixture
def gated(make_project: Callable[..., MadeProject]) -> MadeProject:
    """A model that is deployed if it is good enough."""
    files = {"data/raw.txt": "0.8"}
    return make_project(NODES, CATALOG, "train: {enabled: true}\nenough: 0.9\n", files=files)


def told(project: MadeProject, *command: str) -> dict[str, tuple[str, str]]:
    nodes = project.json(*command)["nodes"]
    return {
        node["name"]: (node["action"], node["reasons"][0]["text"] if node["reasons"] else "")
        for node in nodes
    }


def test_a_condition_over_what_the_run_makes_is_told_when_that_is_there(gated: MadeProject) -> None:
    plan = told(gated, "plan")
    assert plan["deploy"][0] == "run"
    texts = [reason["text"] for node in gated.json("plan")["nodes"] for reason in node["reasons"]]
    assert "it runs only if is_good(score, enough), which is told when score is there" in texts
    assert gated.statuses() == {
        "train": "done",
        "evaluate": "done",
        "deploy": "skipped",
        "report": "skipped",
    }
    assert not (gated.root / "data/deployed.txt").exists()
    assert told(gated, "plan") == {
        "train": ("reuse", ""),
        "evaluate": ("reuse", ""),
        "deploy": ("omit", "left out: it runs only if is_good(score, enough) (conf/base/parameters.yml:2:9)"),
        "report": ("omit", "left out: its input deployed is not made, as deploy is left out"),
    }
    assert gated.statuses("--params", "enough=0.5")["report"] == "done"


def test_what_is_left_out_is_on_record_and_said_everywhere(gated: MadeProject) -> None:
    done = gated.mlo("run", "--params", "train.enabled=false")
    assert done.returncode == 0
    assert "nothing to do: 4 nodes are left out" in done.stdout
    assert "left out: it runs only if train.enabled (--params)" in done.stderr
    shown = gated.json("runs", "show", "last")["nodes"]
    assert {node["status"] for node in shown} == {"skipped"}
    assert shown[0]["reasons"][0]["kind"] == "condition"
    assert "left out: it runs only if train.enabled" in gated.mlo("runs", "show", "last").stdout
    graph = gated.mlo("viz", "-o", "graph.json")
    assert graph.returncode == 0, graph.stderr
    drawn = json.loads((gated.root / "graph.json").read_text())
    train = next(node for node in drawn["nodes"] if node["name"] == "train")
    assert (train["status"], train["options"]["when"]) == ("skipped", "train.enabled")


def test_nothing_stale_is_taken_for_what_is_left_out(gated: MadeProject) -> None:
    gated.statuses("--params", "enough=0.5")
    assert (gated.root / "data/report.txt").exists()
    left_out = gated.json("run", "--params", "train.enabled=false")
    assert {node["status"] for node in left_out["nodes"]} == {"skipped"}
    assert left_out["outputs"] == {}


def test_a_condition_over_memory_is_refused_with_the_way_out(gated: MadeProject) -> None:
    catalog = gated.root / "conf/base/catalog.yml"
    catalog.write_text(catalog.read_text().replace("score: data/score.json\n", ""))
    refused = gated.mlo("run")
    assert refused.returncode == 2
    assert (
        "'is_good(score, enough)' of node 'deploy' asks about dataset 'score', which is kept in memory"
        in refused.stderr
    )
    assert "give 'score' a file in conf/base/catalog.yml" in refused.stderr


def test_a_condition_that_fails_fails_its_node(gated: MadeProject) -> None:
    flow = next(gated.root.glob("src/*/nodes/flow.py"))
    flow.write_text(flow.read_text().replace('score["accuracy"] >=', 'score["precision"] >='))
    failed = gated.mlo("run")
    assert failed.returncode == 1
    assert (
        "condition 'is_good(score, enough)' of node 'deploy' failed: KeyError: 'precision'" in failed.stderr
    )
    assert gated.json("runs", "show", "last")["counts"] == {"done": 2, "failed": 1, "blocked": 1}


def test_what_is_left_out_stays_so_when_the_project_is_not_loaded(gated: MadeProject) -> None:
    flow = next(gated.root.glob("src/*/nodes/flow.py"))
    flow.write_text(flow.read_text().replace("when=is_good", 'when="params:train.enabled"'))
    for _ in range(3):
        assert set(gated.statuses("--params", "train.enabled=false").values()) == {"skipped"}
    assert set(gated.statuses().values()) == {"done"}


def test_an_environment_may_leave_a_node_out(gated: MadeProject) -> None:
    gated.write("conf/prod/nodes.yml", "evaluate: {when: not params:train.enabled}\n")
    assert gated.statuses("-e", "prod", "--to-nodes", "evaluate") == {"train": "done", "evaluate": "skipped"}
    assert gated.statuses("-e", "prod", "--to-nodes", "evaluate") == {
        "train": "reused",
        "evaluate": "skipped",
    }
    assert gated.statuses("--to-nodes", "evaluate") == {"train": "reused", "evaluate": "done"}
