"""Map nodes: one node over the parts of a dataset, or over a list of parameters."""

from __future__ import annotations

import json
import random
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import MadeProject

SCHEMA = Path(__file__).parents[2] / "docs/reference/schemas/plan.schema.json"
NODES = """
    def cleaned(text: str) -> str:
        return text.strip().upper()

    @node(outputs="clean", over="raw")
    def tidy(raw: str) -> str:
        if "bad" in raw:
            raise ValueError("a bad part")
        return cleaned(raw)

    @node(outputs="lengths", over="clean", keep="always")
    def measure(clean: str, *, scale: int) -> int:
        return len(clean) * scale

    @node(outputs="total")
    def add(lengths: dict) -> str:
        return str(sum(lengths.values()))

    @node(outputs="powers", over="power")
    def raised(total: str, *, power: int) -> dict:
        return {"value": int(total) ** power}
    """
CATALOG = """\
    raw: {type: partitioned, filepath: data/raw, dataset: text, suffix: .txt}
    clean: {type: partitioned, filepath: data/clean, dataset: text, suffix: .txt}
    total: data/total.txt
    powers: {type: partitioned, filepath: data/powers, dataset: json, suffix: .json}
    """
FILES = {f"data/raw/{name}.txt": text for name, text in {"a": "one", "b": "two", "2024/c": "three"}.items()}


@pytest.fixture
def parts(make_project: Callable[..., MadeProject]) -> MadeProject:
    """Three partitions, of which each is cleaned and measured, and two powers of the sum."""
    return make_project(NODES, CATALOG, "scale: 2\npower: [1, 2]\n", files=FILES)


def ran(project: MadeProject, *arguments: str) -> set[str]:
    return {name for name, status in project.statuses(*arguments).items() if status == "done"}


def contents(project: MadeProject, folder: str) -> dict[str, str]:
    root = project.root / folder
    return {str(file.relative_to(root)): file.read_text() for file in root.rglob("*") if file.is_file()}


@pytest.mark.parametrize(
    "engine",
    [["--engine", "inline"], ["--engine", "threads", "-j", "2"], ["--engine", "processes", "-j", "2"]],
)
def test_each_part_is_an_item_under_every_engine(parts: MadeProject, engine: list[str]) -> None:
    done = ran(parts, *engine)
    assert {"tidy", "tidy[a]", "tidy[b]", "tidy[2024/c]", "measure[a]", "raised[1]", "raised[2]"} < done
    assert contents(parts, "data/clean") == {"a.txt": "ONE", "b.txt": "TWO", "2024/c.txt": "THREE"}
    assert (parts.root / "data/total.txt").read_text() == "22"
    powers = {name: json.loads(text) for name, text in contents(parts, "data/powers").items()}
    assert powers == {"1.json": {"value": 22}, "2.json": {"value": 484}}
    assert ran(parts, *engine) == set()


def test_a_new_part_runs_one_item_and_an_edit_of_the_code_all(parts: MadeProject) -> None:
    parts.statuses()
    parts.write("data/raw/d.txt", "four")
    document = parts.json("plan")
    jsonschema.validate(document, json.loads(SCHEMA.read_text()))
    plan = next(node for node in document["nodes"] if node["name"] == "tidy")
    assert {item["name"]: item["action"] for item in plan["items"]} == {
        "tidy[2024/c]": "reuse",
        "tidy[a]": "reuse",
        "tidy[b]": "reuse",
        "tidy[d]": "run",
    }
    assert ran(parts, "--to-nodes", "measure") == {"tidy[d]", "tidy", "measure[d]", "measure"}
    flow = next(parts.root.glob("src/*/nodes/flow.py"))
    flow.write_text(flow.read_text().replace("upper()", "lower()"))
    assert ran(parts, "--nodes", "tidy") == {"tidy", "tidy[a]", "tidy[b]", "tidy[2024/c]", "tidy[d]"}


def test_what_is_no_part_any_more_goes_from_the_output(parts: MadeProject) -> None:
    parts.statuses()
    (parts.root / "data/raw/2024/c.txt").unlink()
    assert ran(parts, "--nodes", "tidy") == {"tidy"}
    assert contents(parts, "data/clean") == {"a.txt": "ONE", "b.txt": "TWO"}
    assert not (parts.root / "data/clean/2024").exists()
    parts.write("data/raw/2024/c.txt", "three")
    assert parts.statuses("--nodes", "tidy") == {"tidy": "reused"}, (
        "the whole output comes back from the store"
    )
    assert contents(parts, "data/clean")["2024/c.txt"] == "THREE"


def test_a_part_that_fails_leaves_the_others_done(parts: MadeProject) -> None:
    parts.write("data/raw/e.txt", "bad")
    failed = parts.mlo("run", "--keep-going", "--json")
    assert failed.returncode == 1
    status = {node["name"]: node["status"] for node in json.loads(failed.stdout)["nodes"]}
    assert (status["tidy[a]"], status["tidy[e]"], status["tidy"], status["add"]) == (
        "done",
        "failed",
        "blocked",
        "blocked",
    )
    parts.write("data/raw/e.txt", "good")
    assert {name for name in ran(parts) if name.startswith("tidy")} == {"tidy", "tidy[e]"}


def test_an_edited_part_of_the_output_is_made_again_alone(parts: MadeProject) -> None:
    parts.statuses()
    parts.write("data/raw/a.txt", "uno")
    parts.write("data/clean/b.txt", "edited by someone")
    statuses = parts.statuses("--nodes", "tidy")
    assert statuses["tidy[a]"] == "done"
    assert contents(parts, "data/clean") == {"a.txt": "UNO", "b.txt": "TWO", "2024/c.txt": "THREE"}


def test_force_and_parameters_reach_the_items(parts: MadeProject) -> None:
    parts.statuses()
    assert ran(parts, "--force=tidy", "--nodes", "tidy") == {"tidy", "tidy[a]", "tidy[b]", "tidy[2024/c]"}
    assert ran(parts, "--params", "power=[1, 2, 3]", "--nodes", "raised") == {"raised", "raised[3]"}


def test_items_are_recorded_each_with_its_name(parts: MadeProject) -> None:
    parts.statuses()
    ledger = sqlite3.connect(parts.root / ".mlo/ledger.sqlite")
    rows = ledger.execute(
        "SELECT node, item, status FROM node_run WHERE node LIKE 'tidy%' ORDER BY node"
    ).fetchall()
    ledger.close()
    assert rows == [
        ("tidy", "", "done"),
        ("tidy[2024/c]", "2024/c", "done"),
        ("tidy[a]", "a", "done"),
        ("tidy[b]", "b", "done"),
    ]
    assert "tidy[a]" in parts.mlo("runs", "show", "last").stdout


def test_the_plan_tells_items_that_are_known_and_the_run_those_that_are_not(parts: MadeProject) -> None:
    told = parts.mlo("plan").stdout
    assert "3 items: 3 to run" in told
    assert told.count(" items: ") == 2, "those of measure are known when tidy has run"
    told = parts.mlo("run").stderr
    assert "measure[2024/c]" in told


def test_python_gets_the_collected_value(parts: MadeProject) -> None:
    result = parts.open().run(to_nodes="measure")
    assert result["lengths"] == {"a": 6, "b": 6, "2024/c": 10}
    assert parts.open().run(to_nodes="measure").status == "done"


def test_a_run_with_items_can_be_repeated(parts: MadeProject) -> None:
    parts.statuses("--to-nodes", "add")
    repeated = parts.json("runs", "rerun", "last")
    assert repeated["different"] == []
    assert {"clean", "clean[a]", "total"} <= set(repeated["same"])


def test_an_interrupted_map_goes_on_with_the_items_that_are_left(parts: MadeProject) -> None:
    parts.write("data/raw/z.txt", "bad")
    assert parts.mlo("run", "--nodes", "tidy").returncode == 1, "z comes last"
    parts.write("data/raw/z.txt", "good")
    assert ran(parts, "--nodes", "tidy") == {"tidy", "tidy[z]"}


def test_metrics_of_parts_are_told_apart(parts: MadeProject) -> None:
    catalog = parts.root / "conf/base/catalog.yml"
    catalog.write_text(catalog.read_text().replace("suffix: .json}", "suffix: .json, role: metrics}"))
    parts.statuses()
    assert parts.json("runs", "show", "last")["metrics"] == {"powers[1]:value": 22, "powers[2]:value": 484}


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_to_parts_each_is_called_once_for_each_content(
    parts: MadeProject, seed: int
) -> None:
    """The folder is what a call for each part gives, and what was called before is not called again."""
    chance, project = random.Random(seed), parts.open()
    folder, output, seen = parts.root / "data/raw", parts.root / "data/clean", set[tuple[str, str]]()
    for _ in range(10):
        for name in chance.sample("abcde", chance.randint(0, 2)):
            (folder / f"{name}.txt").write_text(chance.choice(["one", "two", "three"]))
        if chance.random() < 0.4:
            (folder / f"{chance.choice('abcde')}.txt").unlink(missing_ok=True)
        if chance.random() < 0.4 and output.exists():
            for file in chance.sample(sorted(output.rglob("*.txt")), 1):
                file.write_text("edited") if chance.random() < 0.5 else file.unlink()
        there = {(name.removesuffix(".txt"), text) for name, text in contents(parts, "data/raw").items()}
        result = project.run(nodes="tidy", engine=chance.choice(["inline", "threads"]))
        called = {node.name for node in result.nodes if node.status == "done"} - {"tidy"}
        assert called == {f"tidy[{name}]" for name, text in there - seen}
        assert contents(parts, "data/clean") == {f"{name}.txt": text.upper() for name, text in there}
        seen |= there
