"""`mlo catalog`: what it says of datasets, in a terminal's width and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.conftest import MadeProject

SCHEMAS = Path(__file__).parents[2] / "docs/reference/schemas"

NODES = """
    @node(outputs="features_adelie")
    def derive(penguins: str) -> str:
        print("derive is called")
        return penguins.upper()

    @node(outputs="length")
    def measure(features_adelie: str) -> int:
        return len(features_adelie)

    @node(outputs="report")
    def tell(length: int, features_adelie: str) -> str:
        return f"{length} {features_adelie}"
    """
CATALOG = """\
penguins:
  type: text
  filepath: data/penguins.txt
  credentials: lake
  layer: raw
"features_{species}": data/features/{species}.txt
"{kind}_{species}": {type: memory}
report: data/report.txt
"""


@pytest.fixture
def project(make_project: Callable[..., MadeProject]) -> MadeProject:
    return make_project(
        NODES,
        CATALOG,
        files={
            "data/penguins.txt": "some",
            "conf/local/catalog.yml": "penguins:\n  layer: local_raw\n  load_args: {encoding: utf-8}\n",
            "conf/local/credentials.yml": "lake: {password: hush-hush}\n",
        },
    )


def validated(document: Any, schema: str) -> Any:
    import jsonschema

    text = (SCHEMAS / f"{schema}.schema.json").read_text(encoding="utf-8")
    jsonschema.validate(document, json.loads(text))
    return document


def test_list_says_who_makes_and_takes_each_dataset_and_whether_it_exists(project: MadeProject):
    done = project.mlo("catalog", "list", env={"COLUMNS": "120"})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "dataset          type    place                     exists  made by  taken by       layer",
        "penguins         text    data/penguins.txt         yes              derive         local_raw",
        "report           text    data/report.txt           no      tell",
        "features_adelie  text    data/features/adelie.txt  no      derive   measure, tell",
        "length           memory                                    measure  tell",
        "",
        "pattern             type    place",
        "features_{species}  text    data/features/{species}.txt",
        "{kind}_{species}    memory",
    ]


def test_list_fits_eighty_columns(project: MadeProject):
    lines = project.mlo("catalog", "list", env={"COLUMNS": "80"}).stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("features_adelie  text    ") for line in lines)


def test_list_as_json_holds_what_the_table_does(project: MadeProject):
    document = validated(project.json("catalog", "list"), "catalog")
    rows = {row["name"]: row for row in document["datasets"]}
    assert rows["features_adelie"] == {
        "name": "features_adelie",
        "type": "text",
        "filepath": "data/features/adelie.txt",
        "exists": False,
        "made_by": "derive",
        "taken_by": ["measure", "tell"],
        "layer": None,
        "where": "conf/base/catalog.yml:6:23",
        "pattern": "features_{species}",
    }
    assert rows["length"]["exists"] is None
    assert [each["pattern"] for each in document["patterns"]] == ["features_{species}", "{kind}_{species}"]


def test_list_tells_of_the_catalog_though_a_node_module_is_broken(project: MadeProject):
    project.write("nodes/broken.py", "import no_such_module\n")
    done = project.mlo("catalog", "list")
    assert done.returncode == 0
    assert "note: who makes and takes what is not known:" in done.stderr
    assert "penguins  text  data/penguins.txt  yes     local_raw" in done.stdout


def test_show_has_each_value_with_its_place_and_what_it_overrode_and_no_secret(project: MadeProject):
    done = project.mlo("catalog", "show", "penguins")
    assert done.stdout.splitlines() == [
        "penguins  text",
        "  place        data/penguins.txt",
        "  exists       yes",
        "  taken by     derive",
        "  declared     conf/local/catalog.yml:2:3",
        "",
        "key                 value              where",
        "type                text               conf/base/catalog.yml:2:9",
        "filepath            data/penguins.txt  conf/base/catalog.yml:3:13",
        "credentials         lake               conf/base/catalog.yml:4:16",
        "layer               local_raw          conf/local/catalog.yml:2:10",
        "                    overrode raw       conf/base/catalog.yml:5:10",
        "load_args.encoding  utf-8              conf/local/catalog.yml:3:25",
    ]
    document = validated(project.json("catalog", "show", "penguins"), "dataset")
    layer = next(each for each in document["settings"] if each["key"] == "layer")
    assert layer == {
        "key": "layer",
        "value": "local_raw",
        "where": "conf/local/catalog.yml:2:10",
        "overrode": [{"value": "raw", "where": "conf/base/catalog.yml:5:10"}],
    }
    assert "hush" not in done.stdout + json.dumps(document)


def test_show_of_a_value_in_memory_says_where_it_comes_from(project: MadeProject):
    shown = project.mlo("catalog", "show", "length").stdout
    assert "  exists       kept in memory: for the time of a run" in shown
    assert "  made by      measure" in shown


def test_resolve_says_which_pattern_won_and_why(project: MadeProject):
    done = project.mlo("catalog", "resolve", "features_gentoo", env={"COLUMNS": "75"})
    assert done.stdout.splitlines() == [
        "features_gentoo",
        "  falls to     features_{species}  conf/base/catalog.yml:6:23",
        "  because      'features_{species}' goes before '{kind}_{species}': it has",
        "               9 characters of its own, the other 1",
        "  also fits    {kind}_{species}  conf/base/catalog.yml:7:1",
        "",
        "key       value                     where",
        "filepath  data/features/gentoo.txt  conf/base/catalog.yml:6:23",
    ]
    document = validated(project.json("catalog", "resolve", "features_gentoo"), "resolution")
    assert document["pattern"] == "features_{species}"
    assert document["also_fits"] == [{"pattern": "{kind}_{species}", "where": "conf/base/catalog.yml:7:1"}]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "penguinz"], "dataset 'penguinz' is not in the catalog, and no node makes or takes it"),
        (["resolve", "a b"], "'a b' is no name for a dataset"),
        (["lisst"], "there is no command 'lisst'"),
    ],
)
def test_a_wrong_name_is_refused_with_nothing_on_stdout(
    project: MadeProject, arguments: list[str], message: str
):
    done = project.mlo("catalog", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_names_of_datasets_are_completed(project: MadeProject):
    environment = {"_MLO_COMPLETE": "bash_complete", "COMP_WORDS": "mlo catalog show pen", "COMP_CWORD": "3"}
    assert "penguins" in project.mlo(env=environment).stdout


def test_an_output_that_a_pattern_names_is_saved_reused_and_there_again_when_it_was_removed(
    project: MadeProject,
):
    assert set(project.statuses().values()) == {"done"}
    assert (project.root / "data/features/adelie.txt").read_text() == "SOME"
    assert set(project.statuses().values()) <= {"reused", "skipped"}
    (project.root / "data/features/adelie.txt").unlink()
    assert project.json("plan")["nodes"][0]["reasons"]
    project.statuses()
    assert (project.root / "data/features/adelie.txt").read_text() == "SOME"


def test_preview_shows_what_is_in_a_dataset(project: MadeProject):
    shown = project.mlo("catalog", "preview", "penguins").stdout.splitlines()
    assert shown == [
        "penguins  text",
        "  place        data/penguins.txt  (4 bytes)",
        "  holds        str",
        "  characters   4",
        "  lines        1",
        "",
        "some",
    ]
    assert validated(project.json("catalog", "preview", "penguins"), "preview")["text"] == "some"
    done = project.mlo("catalog", "preview", "penguins", "--html", "page.html")
    assert done.stdout == "page.html\n"
    assert ">some</pre>" in (project.root / "page.html").read_text(encoding="utf-8")
    assert "some" in project.open().preview("penguins")._repr_html_()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["length"], 2, "dataset 'length' is not in the catalog"),
        (["report"], 2, "dataset 'report': data/report.txt does not exist"),
        (["penguins", "--html", "no/such/folder.html"], 2, "'no/such/folder.html' cannot be written"),
        (["penguins", "-n", "x"], 2, "'x' is not a valid integer range"),
    ],
)
def test_a_preview_that_cannot_be_given_is_refused(
    project: MadeProject, arguments: list[str], code: int, message: str
):
    done = project.mlo("catalog", "preview", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr


def test_no_secret_shows_whatever_is_asked_of_a_dataset(project: MadeProject):
    project.write(
        "conf/base/catalog_more.yml",
        """\
        "x_{name}":
          filepath: "ftp://me:hush-hush@127.0.0.1:1/{name}.csv"
          load_args: {storage_options: {key: hush-key}}
        env: "${oc.env:PLACE}/x.csv"
        """,
    )
    told = ""
    for asked in (["show", "x_a"], ["resolve", "x_a"], ["preview", "x_a"], ["list"], ["show", "env"]):
        for form in ([], ["--json"]):
            done = project.mlo("catalog", *asked, *form, env={"PLACE": "s3-bucket-of-mine"})
            told += done.stdout + done.stderr
    assert "hush" not in told
    assert "s3-bucket-of-mine" not in told
    assert "env:PLACE/x.csv" in told


def test_a_value_is_shown_beside_what_is_written_of_it(make_project: Callable[..., MadeProject]):
    project = make_project(files={"conf/base/globals.yml": "folder: data/raw\n"})
    project.write(
        "conf/base/catalog.yml",
        """\
        here: {filepath: "${globals:folder}/x.csv", layer: "${oc.env:WHERE}", password: "${oc.env:NO,hush-hush}"}
        """,
    )
    shown = project.json("catalog", "show", "here", env={"WHERE": "zq"})
    jsonschema.validate(shown, json.loads((SCHEMAS / "dataset.schema.json").read_text()))
    rows = {each["key"]: (each["value"], each.get("written")) for each in shown["settings"]}
    assert rows == {
        "filepath": ("data/raw/x.csv", "${globals:folder}/x.csv"),
        "layer": ("env:WHERE", "${oc.env:WHERE}"),
        "password": ("***", None),
    }
    said = project.mlo("catalog", "show", "here", env={"WHERE": "zq"}).stdout
    assert "from ${globals:folder}/x.csv" in said
    assert "hush" not in said
