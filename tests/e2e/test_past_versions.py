"""Past contents of datasets, read where the present one would be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mlflow_tmpl import open_project
from mlflow_tmpl.errors import CatalogError, LedgerError, UsageError

if TYPE_CHECKING:
    from .incremental import Lab

FLOW = {
    "src/proj/nodes/flow.py": """
        from mlflow_tmpl import node

        @node(outputs="rows")
        def make(*, count: int):
            return [{"a": each} for each in range(count)]

        @node(outputs="parts")
        def divide(rows):
            return {str(each["a"]): each for each in rows}

        @node(outputs="total")
        def add_up(rows, parts):
            return {"rows": len(rows), "parts": len(parts)}
    """,
    "conf/base/parameters.yml": "count: 2\n",
    "conf/base/catalog.yml": """
        rows: {type: json, filepath: data/rows.json.gz, load_args: {}}
        parts: {type: partitioned, filepath: data/parts, dataset: json}
        total: data/total.json
    """,
}


@pytest.fixture
def changed(lab: Lab) -> Lab:
    """A project that has run with two rows, then with three."""
    lab.write(FLOW).run()
    lab.run("--params", "count=3")
    return lab


def total(lab: Lab) -> dict[str, int]:
    return json.loads((lab.root / "data/total.json").read_text())  # type: ignore[no-any-return]


def test_a_run_reads_what_an_earlier_run_had(changed: Lab) -> None:
    before = changed.root.joinpath("data/rows.json.gz").read_bytes()
    ran = changed.run("--nodes", "add_up", "--load-version", "rows=last~1")
    assert total(changed) == {"rows": 2, "parts": 3}
    assert ran.done == {"add_up"}
    assert changed.root.joinpath("data/rows.json.gz").read_bytes() == before, "the present content stays"
    both = ("--load-version", "rows=last~2", "--load-version", "parts=last~2")
    assert changed.run("--nodes", "add_up", *both).done == set(), "the first run has made this already"
    assert total(changed) == {"rows": 2, "parts": 2}
    assert changed.run("--nodes", "add_up").done == set()
    assert total(changed) == {"rows": 3, "parts": 3}


def test_a_resumed_run_reads_the_version_that_was_meant_then(changed: Lab) -> None:
    changed.run("--nodes", "add_up", "--load-version", "rows=last~1")
    changed.run()  # what 'last~1' means is another run from now on
    assert changed.run("--resume=last~1").code == 0
    assert total(changed)["rows"] == 2


def test_past_contents_are_loaded_and_looked_at_by_name_and_version(changed: Lab) -> None:
    project = open_project(changed.root)
    assert [len(project.catalog.load(name)) for name in ("rows", "rows:last~1", "rows:last")] == [3, 2, 3]
    assert {name: load() for name, load in project.catalog.load("parts:last~1").items()} == {
        "0": {"a": 0},
        "1": {"a": 1},
    }
    digest = project.versions("rows")[1].record.fingerprint
    assert len(project.catalog.load(f"rows:{digest[:8]}")) == 2
    shown = changed.commands(changed.root, "catalog", "preview", "parts:last~1", "--json")
    assert json.loads(shown.out)["facts"]["partitions"] == "2: 0, 1", shown.err


@pytest.mark.parametrize(
    ("version", "error", "message"),
    [
        ("rows:", UsageError, "'rows:' is no version (write NAME, NAME:RUN, NAME:HASH or NAME:ALIAS)"),
        ("rows:best", LedgerError, "dataset 'rows' has no version 'best': there is no run 'best'"),
        ("nothing:last", CatalogError, "dataset 'nothing' is not in the catalog"),
        ("mind:last", CatalogError, "dataset 'mind' is kept in memory, so no version of it can be read"),
        ("other:last", LedgerError, "no run has made or taken a dataset 'other'"),
    ],
)
def test_what_has_no_such_version_says_so(
    changed: Lab, version: str, error: type[Exception], message: str
) -> None:
    changed.write({"conf/base/catalog_more.yml": "mind: {type: memory}\nother: data/other.json\n"})
    with pytest.raises(error) as caught:
        open_project(changed.root).catalog.load(version)
    assert message in str(caught.value)


def test_a_version_is_read_by_either_of_two_names_of_one_file(lab: Lab) -> None:
    pytest.importorskip("polars")
    lab.write(
        {
            "src/proj/nodes/flow.py": """
                from mlflow_tmpl import node

                @node(outputs="rows@pandas")
                def make(*, count: int):
                    import pandas
                    return pandas.DataFrame({"a": range(count)})

                @node(inputs={"rows": "rows@polars"}, outputs="total")
                def add_up(rows):
                    return {"rows": len(rows)}
            """,
            "conf/base/parameters.yml": "count: 2\n",
            "conf/base/catalog.yml": """
                rows@pandas: {type: csv, filepath: data/rows.csv}
                rows@polars: {type: polars.csv, filepath: data/rows.csv}
                total: data/total.json
            """,
        }
    ).run()
    lab.run("--params", "count=3")
    lab.run("--nodes", "add_up", "--load-version", "rows@polars=last~1")
    assert total(lab) == {"rows": 2}
    assert len(open_project(lab.root).versions("rows@polars")) == 2


def test_a_content_that_was_not_kept_says_where_to_look(changed: Lab) -> None:
    for kept in (changed.root / ".mlo/store").rglob("*"):
        if kept.is_file():
            kept.unlink()
    with pytest.raises(LedgerError, match=r"is not in the store \(mlo catalog history rows shows"):
        open_project(changed.root).catalog.load("rows:last~1")


def test_before_the_first_run_there_is_no_version(lab: Lab) -> None:
    lab.write(FLOW)
    with pytest.raises(LedgerError, match="dataset 'rows' has no version 'last': there was no run yet"):
        open_project(lab.root).catalog.load("rows:last")
    assert not (lab.root / ".mlo").exists()
