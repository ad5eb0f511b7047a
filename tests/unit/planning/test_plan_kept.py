"""Plans that count on values of memory which were kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from mlflow_tmpl.config import Origin, located
from mlflow_tmpl.pipeline import NodeOptions, Pipeline
from mlflow_tmpl.planning import CodeReader, Force, Plan, bind_parameters, make_plan, remember_loaded_sources

from . import taking
from .planned import Scene, actions, made, reasons

if TYPE_CHECKING:
    from pathlib import Path

CHAIN = Pipeline(
    [made("a", ["raw"], "x"), made("b", ["x"], "y"), made("c", ["y"], "z"), made("d", ["z"], "end")]
)


@dataclass
class Store:
    """Values that were kept, by their names."""

    names: set[str] = field(default_factory=set)
    damaged: set[str] = field(default_factory=set)

    def __contains__(self, fingerprint: object) -> bool:
        key, _, name = str(fingerprint).rpartition("/")
        assert key.startswith("key:")
        return name in self.names

    def is_whole(self, fingerprint: str) -> bool:
        return fingerprint in self and fingerprint.rpartition("/")[2] not in self.damaged


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    scene = Scene(tmp_path, saved=("raw", "end"))
    scene.write("raw", 1)
    scene.run(CHAIN)
    return scene


def plan(scene: Scene, store: Store, pipeline: Pipeline = CHAIN, force: tuple[str, ...] = ()) -> Plan:
    remember_loaded_sources([taking])
    bound = bind_parameters(pipeline, located(scene.params, Origin("p.yml", 1)))
    forced = Force(nodes=frozenset(force))
    return make_plan(pipeline, scene.catalog(), bound, scene.past, CodeReader(scene.root), forced, kept=store)


def test_nothing_is_taken_from_the_store_where_nothing_runs(scene: Scene) -> None:
    found = plan(scene, Store({"x", "y", "z"}))
    assert actions(found) == {"a": "omit", "b": "omit", "c": "omit", "d": "reuse"}
    assert not any(step.reasons for step in found.steps)


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        ({"x", "y", "z"}, {"a": "omit", "b": "omit", "c": "reuse", "d": "run"}),
        ({"x"}, {"a": "reuse", "b": "run", "c": "run", "d": "run"}),
        (set(), {"a": "run", "b": "run", "c": "run", "d": "run"}),
    ],
)
def test_the_nearest_value_that_was_kept_is_taken(
    scene: Scene, kept: set[str], expected: dict[str, str]
) -> None:
    (scene.root / "end.json").unlink()
    assert actions(plan(scene, Store(kept))) == expected


def test_it_says_what_is_taken(scene: Scene) -> None:
    found = plan(scene, Store({"y"}), force=("c",))
    assert actions(found) == {"a": "omit", "b": "reuse", "c": "run", "d": "run"}
    assert reasons(found, "b") == ["from the store: y"]


def test_what_a_forced_node_makes_is_not_taken_from_the_store(scene: Scene) -> None:
    assert actions(plan(scene, Store({"x", "y", "z"}), force=("b",))) == {
        "a": "reuse",
        "b": "run",
        "c": "run",
        "d": "run",
    }


def test_a_node_of_several_values_runs_for_one_that_was_not_kept(tmp_path: Path) -> None:
    scene = Scene(tmp_path, saved=("p", "q"))
    pipeline = Pipeline([made("s", [], ["l", "r"]), made("t", ["l"], "p"), made("u", ["r"], "q")])
    scene.run(pipeline)
    (tmp_path / "p.json").unlink()
    assert actions(plan(scene, Store({"l"}), pipeline)) == {"s": "reuse", "t": "run", "u": "reuse"}
    assert actions(plan(scene, Store({"r"}), pipeline)) == {"s": "run", "t": "run", "u": "reuse"}


def test_a_value_that_is_never_to_be_kept_is_not_taken(scene: Scene) -> None:
    nodes = [*CHAIN.nodes[:2], made("c", ["y"], "z", options=NodeOptions(keep="never")), CHAIN.nodes[3]]
    (scene.root / "end.json").unlink()
    assert actions(plan(scene, Store({"y", "z"}), Pipeline(nodes))) == {
        "a": "omit",
        "b": "reuse",
        "c": "run",
        "d": "run",
    }


def test_what_a_run_gives_back_is_reused_if_it_is_there_unchanged(tmp_path: Path) -> None:
    scene = Scene(tmp_path, saved=("raw", "side"))
    scene.write("raw", 1)
    pipeline = Pipeline([made("a", ["raw"], ["end", "side"])])
    scene.run(pipeline)
    found = plan(scene, Store({"end"}), pipeline)
    assert (actions(found), reasons(found, "a")) == ({"a": "reuse"}, ["from the store: end"])
    for store in (Store(), Store({"end"}, damaged={"end"})):
        found = plan(scene, store, pipeline)
        assert (actions(found), reasons(found, "a")) == (
            {"a": "run"},
            ["output end is kept in memory only"],
        )
