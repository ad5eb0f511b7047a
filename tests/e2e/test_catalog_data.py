"""Schemas, versions and types of others, through runs of real projects."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import MadeProject
from tests.e2e.incremental import Commands

pytest.importorskip("pandera")

SCHEMAS = """
    import pandera.pandas as pa

    class Positive(pa.DataFrameModel):
        a: int = pa.Field(gt=0)

    LOOSE = pa.DataFrameSchema({"a": pa.Column(float, coerce=True)})
    """
NODES = """
    import pandas as pd

    @node(outputs="shifted")
    def shift(raw: pd.DataFrame, *, by: int) -> pd.DataFrame:
        return raw - by

    @node(outputs="total")
    def add_up(shifted: pd.DataFrame) -> dict:
        return {"total": float(shifted.a.sum())}
    """
CATALOG = """\
raw: data/raw.csv
shifted:
  filepath: data/shifted.csv
  schema: PACKAGE.schemas.Positive
total: data/total.json
"""


UNCHANGED = """
    from mlflow_tmpl import node

    @node(outputs="shifted")
    def shift(raw):
        return raw
    """
IMPORTED = """
import atexit, sys
sys.argv = ["mlo", "run"]
atexit.register(lambda: print("imported:", sorted(set({names}) & set(sys.modules))))
from mlflow_tmpl.cli.main import main
main()
"""


class Forking(MadeProject):
    """A project whose commands are forks of a process that has imported what takes long."""

    commands: Commands

    def mlo(self, *arguments: str, **_: Any) -> subprocess.CompletedProcess[str]:
        ran = self.commands(self.root, *arguments)
        return subprocess.CompletedProcess(arguments, ran.code, ran.out, ran.err)


@pytest.fixture(scope="module")
def forks() -> Iterator[type[Forking]]:
    commands = Commands("pandera.pandas", "networkx")
    yield type("Forked", (Forking,), {"commands": commands})
    commands.close()


@pytest.fixture
def make_project(
    make_project: Callable[..., MadeProject], forks: type[Forking]
) -> Callable[..., MadeProject]:
    def make(*arguments: Any, **settings: Any) -> MadeProject:
        made = make_project(*arguments, **settings)
        return forks(made.root, made.package)

    return make


@pytest.fixture
def checked(make_project: Callable[..., MadeProject]) -> MadeProject:
    project = make_project(NODES, "", "by: 1\n", files={"data/raw.csv": "a\n5\n3\n1\n"})
    project.write(f"src/{project.package}/schemas.py", SCHEMAS)
    project.write("conf/base/catalog.yml", CATALOG.replace("PACKAGE", project.package))
    return project


def test_data_that_does_not_fit_its_schema_is_not_saved_and_the_rows_are_shown(checked: MadeProject):
    done = checked.mlo("run")
    assert done.returncode == 1
    assert "conf/base/catalog.yml:4:11: node 'shift' failed: dataset 'shifted' is not saved:" in done.stderr
    assert f"it does not fit schema '{checked.package}.schemas.Positive' in 1 place:" in done.stderr
    assert "row 2, column 'a': 0 fails greater_than(0)" in done.stderr
    assert "--no-validate goes on without a check" in done.stderr
    assert not (checked.root / "data/shifted.csv").exists()


def test_no_validate_goes_on_and_a_run_that_validates_does_not_take_its_word(checked: MadeProject):
    assert checked.statuses("--no-validate") == {"shift": "done", "add_up": "done"}
    assert checked.mlo("run").returncode == 1
    assert checked.statuses("--params", "by=0") == {"shift": "done", "add_up": "done"}


def test_a_schema_that_changed_makes_its_nodes_run_and_says_so(checked: MadeProject):
    assert checked.statuses("--params", "by=0") == {"shift": "done", "add_up": "done"}
    assert checked.statuses("--params", "by=0") == {"shift": "reused", "add_up": "reused"}
    schemas = f"src/{checked.package}/schemas.py"
    checked.write(schemas, SCHEMAS.replace("gt=0", "gt=2"))
    done = checked.mlo("run", "--params", "by=0")
    assert done.returncode == 1
    assert "schema of shifted changed" in done.stderr
    assert "row 2, column 'a': 1 fails greater_than(2)" in done.stderr


def test_what_is_loaded_is_checked_too_and_coerced_as_the_schema_says(checked: MadeProject):
    checked.write(
        "conf/base/catalog.yml",
        f"raw: {{filepath: data/raw.csv, schema: {checked.package}.schemas.LOOSE}}\ntotal: data/total.json\n",
    )
    catalog = checked.open().catalog
    assert str(catalog.load("raw").a.dtype) == "float64"
    assert str(catalog.variant(validate=False).load("raw").a.dtype) == "int64"
    (checked.root / "data/raw.csv").write_text("a\nmany\n")
    done = checked.mlo("run")
    assert done.returncode == 1
    assert "dataset 'raw' is not loaded: it does not fit schema" in done.stderr
    assert "many" in done.stderr


def test_a_value_in_memory_is_checked_when_it_is_made(checked: MadeProject):
    entry = f"shifted: {{type: memory, schema: {checked.package}.schemas.Positive}}"
    checked.write("conf/base/catalog.yml", f"raw: data/raw.csv\n{entry}\ntotal: data/total.json\n")
    done = checked.mlo("run")
    assert done.returncode == 1
    assert "node 'shift' failed: dataset 'shifted' is not handed on: it does not fit schema" in done.stderr
    assert "row 2, column 'a': 0 fails greater_than(0)" in done.stderr
    assert "conf/base/catalog.yml:2:33:" in done.stderr
    assert checked.statuses("--no-validate") == {"shift": "done", "add_up": "done"}
    assert checked.statuses("--params", "by=0") == {"shift": "done", "add_up": "done"}
    checked.write(f"src/{checked.package}/schemas.py", SCHEMAS.replace("gt=0", "gt=2"))
    assert checked.mlo("run", "--params", "by=0").returncode == 1
    checked.write(
        "conf/base/catalog.yml", f"raw: data/raw.csv\n{entry}e\ntotal: data/total.json\n".replace("}e", "e}")
    )
    done = checked.mlo("run")
    assert done.returncode == 2
    assert "has no 'Positivee'" in done.stderr


def test_a_reused_run_imports_neither_pandera_nor_the_schemas(checked: MadeProject):
    checked.write("nodes/flow.py", UNCHANGED)
    checked.statuses()
    script = IMPORTED.format(names=["pandera", f"{checked.package}.schemas"])
    done = subprocess.run([sys.executable, "-c", script], cwd=checked.root, capture_output=True, text=True)
    assert "nothing to do" in done.stdout
    assert done.stdout.rstrip().endswith("imported: []")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (
            "PACKAGE.schemas.Positve",
            "has schema 'PACKAGE.schemas.Positve', and module 'PACKAGE.schemas' has no 'Positve'",
        ),
        (
            "PACKAGE.schema.Positive",
            "has schema 'PACKAGE.schema.Positive', and module 'PACKAGE' has no 'schema'",
        ),
        ("no_such.module.Schema", "and there is no module 'no_such.module'"),
        ("Positive", "has schema 'Positive', which has no module"),
        ("PACKAGE.schemas.pa", "has schema 'PACKAGE.schemas.pa', which is a module and no pandera schema"),
    ],
)
def test_a_schema_that_is_not_there_is_refused_before_anything_runs(
    checked: MadeProject, path: str, message: str
):
    catalog = CATALOG.replace("PACKAGE.schemas.Positive", path).replace("PACKAGE", checked.package)
    checked.write("conf/base/catalog.yml", catalog)
    done = checked.mlo("run")
    assert done.returncode == 2
    assert message.replace("PACKAGE", checked.package) in done.stderr
    assert "catalog.yml:4:11" in done.stderr


VERSIONED = """\
number: data/number.txt
doubled: {filepath: data/doubled.txt, versioned: true}
result: data/result.txt
"""
VERSION = re.compile(r"\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d\.\d{3}Z").fullmatch


def versions(project: MadeProject) -> list[str]:
    return sorted(path.name for path in (project.root / "data/doubled.txt").iterdir())


@pytest.fixture
def versioned(two_steps: MadeProject) -> MadeProject:
    two_steps.write("conf/base/catalog.yml", VERSIONED)
    return two_steps


def test_every_save_makes_a_version_and_a_run_with_nothing_to_do_makes_none(versioned: MadeProject):
    assert versioned.statuses() == {"double": "done", "add": "done"}
    (first,) = versions(versioned)
    assert VERSION(first)
    assert (versioned.root / "data/doubled.txt" / first / "doubled.txt").read_text() == "40"
    assert versioned.statuses() == {"double": "reused", "add": "reused"}
    assert versions(versioned) == [first]
    (versioned.root / "data/number.txt").write_text("30")
    assert versioned.statuses() == {"double": "done", "add": "done"}
    assert versions(versioned)[0] == first
    assert len(versions(versioned)) == 2
    assert (versioned.root / "data/result.txt").read_text() == "61"


def test_a_version_that_someone_adds_is_kept_and_what_was_saved_comes_back_above_it(versioned: MadeProject):
    versioned.statuses()
    (first,) = versions(versioned)
    later = versioned.root / "data/doubled.txt/9999-01-01T00.00.00.000Z"
    later.mkdir()
    assert versioned.statuses() == {"double": "reused", "add": "reused"}
    (later / "doubled.txt").write_text("7")
    assert versioned.statuses() == {"double": "reused", "add": "reused"}
    assert versions(versioned) == [first, later.name, "9999-01-01T00.00.00.001Z"]
    assert (later / "doubled.txt").read_text() == "7"
    assert versioned.open().catalog.load("doubled") == "40"


def test_a_version_that_someone_removes_comes_back_as_a_new_one(versioned: MadeProject):
    versioned.statuses()
    (first,) = versions(versioned)
    (versioned.root / "data/doubled.txt" / first / "doubled.txt").unlink()
    assert versioned.statuses() == {"double": "reused", "add": "reused"}
    assert versioned.open().catalog.load("doubled") == "40"
    assert (versioned.root / "data/doubled.txt").is_dir()


def test_an_earlier_version_can_be_loaded(versioned: MadeProject):
    versioned.statuses()
    (first,) = versions(versioned)
    (versioned.root / "data/number.txt").write_text("30")
    versioned.statuses()
    versioned.statuses("--from-nodes", "add", "--load-version", f"doubled={first}")
    assert (versioned.root / "data/result.txt").read_text() == "41"
    versioned.statuses("--from-nodes", "add")
    assert (versioned.root / "data/result.txt").read_text() == "61"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--load-version", "doubled"], "--load-version 'doubled' names no version"),
        (
            ["--load-version", "number=2020-01-01T00.00.00.000Z"],
            "dataset 'number' has no version '2020-01-01T00.00.00.000Z': there is no run",
        ),
        (["--load-version", "doubled=x"], "no version of dataset 'doubled' can be chosen: this run makes it"),
        (["--load-version", "doubld=x"], "no version of dataset 'doubld' can be chosen: no node of this run"),
        (
            ["--from-nodes", "add", "--load-version", "doubled=2020-01-01T00.00.00.000Z"],
            "dataset 'doubled': data/doubled.txt has no version '2020-01-01T00.00.00.000Z'",
        ),
    ],
)
def test_a_version_that_cannot_be_loaded_is_refused(
    versioned: MadeProject, arguments: list[str], message: str
):
    versioned.statuses()
    done = versioned.mlo("run", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_a_plain_file_where_versions_should_lie_is_refused_with_the_way_out(versioned: MadeProject):
    (versioned.root / "data/doubled.txt").write_text("1")
    done = versioned.mlo("run")
    assert done.returncode == 2
    assert "it is a file, and versions lie in a folder: move it to doubled.txt/" in done.stderr


KEDRO = """\
graph: {type: networkx.GMLDataset, filepath: data/graph.gml, versioned: true}
size: data/size.json
"""


def test_a_dataset_of_kedro_is_saved_loaded_fingerprinted_and_versioned(
    make_project: Callable[..., MadeProject],
):
    pytest.importorskip("kedro_datasets")
    project = make_project(
        """
        import networkx as nx

        @node(outputs="graph")
        def make(*, length: int):
            return nx.path_graph(length)

        @node(outputs="size")
        def measure(graph):
            return len(graph)
        """,
        KEDRO,
        "length: 4\n",
    )
    assert project.statuses() == {"make": "done", "measure": "done"}
    (file,) = (project.root / "data/graph.gml").glob("*/graph.gml")
    assert VERSION(file.parent.name)
    assert project.statuses() == {"make": "reused", "measure": "reused"}
    assert project.statuses("--params", "length=5") == {"make": "done", "measure": "done"}
    assert project.open().catalog.load("size") == 5


PLUGIN = """
    import json
    from mlflow_tmpl.catalog.datasets import Format

    def save(data, file):
        file.write("".join(f"{key}={value}\\n" for key, value in data.items()).encode())

    def load(file):
        return dict(line.split("=", 1) for line in file.read().decode().splitlines())

    PROPERTIES = Format(name="properties", save=save, load=load, opened=True)

    class Shelf:
        def __init__(self, book): self.book = book
        def load(self): return self.book
        def save(self, data): pass
    """


METADATA = "Metadata-Version: 2.1\nName: mlo-properties\nVersion: 1.0\n"


def test_a_package_brings_types_by_entry_points(make_project: Callable[..., MadeProject]):
    project = make_project(
        """
        @node(outputs="settings")
        def make(shelf: str) -> dict:
            return {"book": shelf}
        """,
        "shelf: {type: shelf, book: Emma}\nsettings: {type: properties, filepath: data/x.properties}\n",
    )
    site = project.root / "src"  # where a package manager would have put it
    project.write("src/mlo_properties.py", PLUGIN)
    project.write(
        "src/mlo_properties-1.0.dist-info/METADATA",
        "Metadata-Version: 2.1\nName: mlo-properties\nVersion: 1.0\n",
    )
    points = "[mlflow_tmpl.datasets]\nproperties = mlo_properties:PROPERTIES\nshelf = mlo_properties:Shelf\n"
    project.write("src/mlo_properties-1.0.dist-info/entry_points.txt", points)
    assert site.is_dir()
    assert project.statuses() == {"make": "done"}
    assert Path(project.root, "data/x.properties").read_text() == "book=Emma\n"
    assert project.open().catalog.load("settings") == {"book": "Emma"}
    project.write("conf/base/catalog.yml", "shelf: {type: shelff, book: Emma}\nsettings: {type: memory}\n")
    done = project.mlo("run")
    assert done.returncode == 2
    assert "has an unknown type 'shelff'\n  hint: did you mean 'shelf'?" in done.stderr
