from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlflow_tmpl.pipeline import NodeOptions, Pipeline
from mlflow_tmpl.planning import Action, Force
from mlflow_tmpl.planning.plan import memory_makers

from .planned import Scene, actions, made, reasons

if TYPE_CHECKING:
    from pathlib import Path

CHAIN = Pipeline([made("a", ["raw"], "x"), made("b", ["x"], "y"), made("c", ["y"], "z")])


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """A chain of which the middle value is in memory, and which has run."""
    scene = Scene(tmp_path, saved=("raw", "x", "z"))
    scene.write("raw", 1)
    scene.run(CHAIN)
    return scene


def test_without_a_past_everything_runs(tmp_path: Path) -> None:
    scene = Scene(tmp_path, saved=("raw", "x", "z"))
    scene.write("raw", 1)
    plan = scene.plan(CHAIN)
    assert actions(plan) == {"a": "run", "b": "run", "c": "run"}
    assert reasons(plan, "a") == ["never run before"]
    assert plan.count(Action.RUN) == 3


def test_with_its_past_nothing_runs(scene: Scene) -> None:
    assert actions(scene.plan(CHAIN)) == {"a": "reuse", "b": "omit", "c": "reuse"}


def test_a_changed_input_is_planned_through_to_the_end(scene: Scene) -> None:
    scene.write("raw", 2)
    plan = scene.plan(CHAIN)
    assert actions(plan) == {"a": "run", "b": "run", "c": "run"}
    assert reasons(plan, "a") == ["input raw changed"]
    assert reasons(plan, "b") == ["input x is made anew"]
    assert plan.steps[1].key is None


def test_a_missing_output_runs_its_maker_and_what_that_needs_from_memory(scene: Scene) -> None:
    (scene.root / "z.json").unlink()
    plan = scene.plan(CHAIN)
    assert actions(plan) == {"a": "reuse", "b": "run", "c": "run"}
    assert reasons(plan, "b") == ["its value is needed by c"]
    assert reasons(plan, "c") == ["output missing: z (<python>)"]


def test_an_edited_output_is_told_from_a_missing_one(scene: Scene) -> None:
    scene.write("z", "edited")
    assert reasons(scene.plan(CHAIN), "c") == ["output z is not what was saved (<python>)"]


def test_a_forced_node_says_so(scene: Scene) -> None:
    plan = scene.plan(CHAIN, Force(nodes=frozenset({"c"})))
    assert actions(plan) == {"a": "reuse", "b": "run", "c": "run"}
    assert reasons(plan, "c") == ["forced"]


def test_everything_can_be_forced(scene: Scene) -> None:
    assert set(actions(scene.plan(CHAIN, Force(every=True))).values()) == {"run"}


def test_a_node_without_reuse_or_outputs_always_runs(scene: Scene) -> None:
    always = Pipeline([made("n", ["raw"], "x", options=NodeOptions(reuse=False)), made("e", ["raw"], None)])
    scene.run(always)
    plan = scene.plan(always)
    assert reasons(plan, "n") == ["runs every time: reuse=False"]
    assert reasons(plan, "e") == ["runs every time: it has no outputs"]


def test_a_value_in_memory_that_nobody_takes_is_made_every_time(scene: Scene) -> None:
    final = Pipeline([made("n", ["raw"], "memory")])
    scene.run(final)
    assert actions(scene.plan(final)) == {"n": "run"}
    assert reasons(scene.plan(final), "n") == ["output memory is kept in memory only"]


def test_a_plan_is_plain_data(scene: Scene) -> None:
    told = scene.plan(CHAIN).to_json()
    assert [node["name"] for node in told["nodes"]] == ["a", "b", "c"]
    assert told["nodes"][1] == {
        "name": "b",
        "action": "omit",
        "reasons": [],
        "key": scene.plan(CHAIN).steps[1].key,
    }


def test_planning_does_not_change_the_past_or_the_data(scene: Scene) -> None:
    before = {path: path.read_bytes() for path in scene.root.iterdir()}
    results = dict(scene.past.results)
    scene.plan(CHAIN)
    assert {path: path.read_bytes() for path in scene.root.iterdir()} == before
    assert scene.past.results == results


def test_memory_is_made_by_the_nodes_that_give_it_once_each(scene: Scene) -> None:
    pipeline = Pipeline([made("a", [], ["m", "n", "x"]), made("b", ["m", "n", "x", "raw", "params:k"], None)])
    assert memory_makers(pipeline, scene.catalog()) == [{}, {0: ["m", "n"]}]


def test_the_past_is_asked_once_a_node(scene: Scene) -> None:
    scene.past.asked = 0
    long = Pipeline([made(f"n{k}", [f"d{k}" if k else "raw"], f"d{k + 1}") for k in range(50)])
    scene.saved = ("raw", *(f"d{k}" for k in range(1, 51)))
    scene.run(long)
    scene.past.asked = 0
    assert set(actions(scene.plan(long)).values()) == {"reuse"}
    assert scene.past.asked == 50
