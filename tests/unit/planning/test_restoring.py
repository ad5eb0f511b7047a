"""What is planned about outputs that are gone and that the store has."""

from __future__ import annotations

import json

import pytest

from mlflow_tmpl.hashing import digest_file
from mlflow_tmpl.pipeline import Pipeline
from mlflow_tmpl.planning import PastResult
from mlflow_tmpl.store import Shelf, Store

from .planned import Scene, actions, made, reasons

PIPELINE = Pipeline([made("first", {"x": "raw"}, "middle"), made("second", {"x": "middle"}, "last")])


@pytest.fixture
def scene(tmp_path):
    """Two nodes that have run, with both outputs in the store."""
    scene = Scene(tmp_path, saved=("raw", "middle", "last"), shelf=Shelf(Store(tmp_path / "store")))
    scene.write("raw", 1)
    scene.run(PIPELINE)
    for name in ("middle", "last"):
        path = tmp_path / f"{name}.json"
        scene.shelf.store.put_file(path, digest_file(path))
    return scene


def test_an_output_that_is_gone_is_to_be_restored(scene):
    (scene.root / "middle.json").unlink()
    plan = scene.plan(PIPELINE)
    assert actions(plan) == {"first": "reuse", "second": "reuse"}
    assert reasons(plan, "first") == ["output middle restored from the store"]
    assert reasons(plan, "second") == []


def test_planning_restores_nothing(scene):
    (scene.root / "middle.json").unlink()
    scene.plan(PIPELINE)
    assert not (scene.root / "middle.json").exists()


def test_an_output_edited_by_hand_is_to_be_restored(scene):
    scene.write("last", "edited")
    plan = scene.plan(PIPELINE)
    assert actions(plan) == {"first": "reuse", "second": "reuse"}
    assert reasons(plan, "second") == ["output last restored from the store"]


def test_what_the_store_does_not_have_is_made_again(scene):
    scene.shelf.store.remove(digest_file(scene.root / "middle.json"))
    (scene.root / "middle.json").unlink()
    plan = scene.plan(PIPELINE)
    assert actions(plan)["first"] == "run"
    assert reasons(plan, "first") == ["output missing: middle (<python>)"]


def test_a_forced_node_restores_nothing(scene):
    from mlflow_tmpl.planning import Force

    (scene.root / "middle.json").unlink()
    assert actions(scene.plan(PIPELINE, Force(nodes=frozenset({"first"}))))["first"] == "run"


def test_a_result_that_lies_there_is_not_replaced_by_a_newer_one_of_the_same_key(scene):
    """A training that gives another model each time: who pulls a colleague's keeps the own one."""
    result = scene.past.newest["second"]
    other = scene.shelf.store.put_bytes(json.dumps("another").encode())
    scene.past.results[result.key].insert(0, PastResult("newer", result.key, result.parts, {"last": other}))
    plan = scene.plan(PIPELINE)
    assert actions(plan)["second"] == "reuse"
    assert reasons(plan, "second") == []


def test_an_older_result_is_restored_where_the_newer_one_is_lost(scene):
    result = scene.past.newest["second"]
    lost = PastResult("newer", result.key, result.parts, {"last": "0" * 40})
    scene.past.results[result.key].insert(0, lost)
    (scene.root / "last.json").unlink()
    plan = scene.plan(PIPELINE)
    assert reasons(plan, "second") == ["output last restored from the store"]
