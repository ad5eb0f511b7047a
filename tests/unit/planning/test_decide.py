from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_tmpl.catalog import Catalog
from mlflow_tmpl.pipeline import Node, Pipeline
from mlflow_tmpl.planning import Force
from mlflow_tmpl.planning.frontier import Verdict

from .planned import Scene, actions, made, reasons, take

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    scene = Scene(tmp_path, saved=("raw", "row", "y", "z"), params={"k": 1, "j": 1})
    scene.write("raw", 1)
    scene.write("row", 1)
    return scene


def key(scene: Scene, *nodes: Node) -> str | None:
    """Return the key of the last node."""
    return scene.plan(Pipeline(nodes)).steps[-1].key


BASE = made("n", {"a": "raw", "b": "row"}, ["y", "z"])


@pytest.mark.parametrize(
    "other",
    [
        made("n", {"b": "row", "a": "raw"}, ["y", "z"]),
        made("n", {"a": "row", "b": "raw"}, ["y", "z"]),
        made("n", {"a": "raw", "c": "row"}, ["y", "z"]),
        made("n", {"a": "raw", "b": "row"}, ["z", "y"]),
        made("n", {"a": "raw", "b": "row"}, {"0": "y", "1": "z"}),
        made("n", {"a": "raw", "b": "row"}, ["y"]),
        made("n", {"a": "raw", "b": "row", "k": "params:k"}, ["y", "z"]),
        Node(partial(take, c=1), {"a": "raw", "b": "row"}, ["y", "z"], name="n"),
    ],
)  # fmt: skip
def test_whatever_a_function_sees_or_gives_is_in_the_key(scene: Scene, other: Node) -> None:
    assert key(scene, other) != key(scene, BASE)


def test_one_output_and_a_list_of_one_are_not_the_same(scene: Scene) -> None:
    assert key(scene, made("n", {"a": "raw"}, "y")) != key(scene, made("n", {"a": "raw"}, ["y"]))


def test_names_and_tags_of_nodes_are_not_in_the_key(scene: Scene) -> None:
    assert key(scene, BASE) == key(scene, made("m", {"a": "raw", "b": "row"}, ["y", "z"], tags="t"))


def test_two_parameters_of_one_value_are_not_the_same(scene: Scene) -> None:
    assert key(scene, made("n", ["params:k"], "y")) != key(scene, made("n", ["params:j"], "y"))


def test_what_is_said_about_a_dataset_is_not_in_the_key(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = key(scene, BASE)
    entries: dict[str, Any] = {name: f"{name}.json" for name in scene.saved}
    entries["y"] = {"filepath": "y.json", "layer": "model", "metadata": {"by": "me"}}
    monkeypatch.setattr(Scene, "catalog", lambda self: Catalog.of(entries, root=self.root))
    assert key(scene, BASE) == before
    entries["y"] = {"filepath": "y.json", "save_args": {"indent": 1}}
    assert key(scene, BASE) != before


def test_a_value_in_memory_has_its_makers_key(scene: Scene) -> None:
    pipeline = Pipeline([made("a", ["raw"], "m"), made("b", ["m"], "y")])
    plan = scene.plan(pipeline)
    assert plan.decider.fingerprints["m"] == f"key:{plan.steps[0].key}/m"


def test_what_has_no_fingerprint_gives_no_key_and_a_reason(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Table:
        def load(self) -> int:
            return 1

        def save(self, data: object) -> None: ...

    catalog = Catalog.of({"raw": Table(), "y": "y.json"}, root=scene.root)
    monkeypatch.setattr(Scene, "catalog", lambda _: catalog)
    pipeline = Pipeline([made("n", ["raw"], "y")])
    assert key(scene, *pipeline) is None
    decision = scene.plan(pipeline).decider.decisions[0]
    assert decision is not None
    assert [str(reason) for reason in decision.reasons] == [
        "input raw has no fingerprint, so it cannot be told whether it changed"
    ]


def test_a_key_taken_back_takes_back_those_made_from_it(scene: Scene) -> None:
    """`c` loads what `b` saved, whose content speaks for itself."""
    nodes = [
        made("a", ["raw"], "m"),
        made("b", ["m"], ["y", "mm"]),
        made("c", ["y"], "z"),
        made("d", ["mm"], "mmm"),
    ]
    pipeline = Pipeline([*nodes, made("e", ["row"], "other")])
    decider = scene.plan(pipeline).decider
    decider.made({"y": "content"})
    decider.decide(pipeline.positions["c"])
    decider.distrust(0)
    keys = {node.name: decider.decisions[at].key for at, node in enumerate(pipeline)}  # type: ignore[union-attr]
    assert {name for name, each in keys.items() if each is None} == {"a", "b", "d"}
    assert decider.will_make(0) == {"m": ""}


def test_a_forced_value_in_memory_is_made_anew_for_its_takers(scene: Scene) -> None:
    pipeline = Pipeline([made("a", ["raw"], "m"), made("b", ["m"], "y")])
    scene.run(pipeline)
    plan = scene.plan(pipeline, Force(nodes=frozenset({"a"})))
    assert [step.action.value for step in plan.steps] == ["run", "run"]
    assert reasons(plan, "b") == ["input m is made anew"]


def test_a_decision_that_waits_is_made_again_when_its_input_is_there(scene: Scene) -> None:
    pipeline = Pipeline([made("a", ["raw"], "y"), made("b", ["y"], "z")])
    scene.run(pipeline)
    scene.write("raw", 2)
    decider = scene.plan(pipeline).decider
    waiting = decider.decisions[1]
    assert waiting is not None
    assert waiting.pending
    decider.made({"y": scene.catalog().dataset("y").fingerprint() or ""})
    assert decider.decide(1) is Verdict.REUSE


def test_force_contains_what_it_forces() -> None:
    assert "a" in Force(every=True)
    assert "a" in Force(nodes=frozenset("a"))
    assert "b" not in Force(nodes=frozenset("a"))


@pytest.mark.parametrize("file", ["table.csv", "table.pkl", "table.parquet"])
def test_a_new_version_of_the_library_of_a_table_wakes_who_only_calls_its_methods(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    import pandas

    catalog = Catalog.of({"table": file, "a": "a.json"}, root=scene.root)
    catalog.save("table", pandas.DataFrame({"a": [1]}))
    monkeypatch.setattr(Scene, "catalog", lambda _: catalog)
    scene.saved, pipeline = ("a",), Pipeline([made("n", "table", "a")])
    scene.run(pipeline)
    assert actions(scene.plan(pipeline)) == {"n": "reuse"}
    monkeypatch.setattr(pandas, "__version__", "0.0")
    assert actions(scene.plan(pipeline)) == {"n": "run"}


def test_what_takes_no_tables_does_not_count_their_library(scene: Scene) -> None:
    codes = scene.plan(Pipeline([BASE])).decider.code_parts().values()
    assert not any(name.startswith("package") for parts in codes for name in parts)
