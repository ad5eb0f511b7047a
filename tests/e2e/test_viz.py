"""`mlo viz` in a small project, through the command itself."""

from __future__ import annotations

import base64
import json
import os
import re
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from textwrap import dedent
from xml.etree import ElementTree

import jsonschema
import pytest

SCHEMA = Path(__file__).parents[2] / "docs" / "reference" / "schemas" / "graph.schema.json"
FILES = {
    "pyproject.toml": """\
        [tool.mlo]
        package = "pen"
        """,
    "src/pen/__init__.py": "",
    "src/pen/nodes/__init__.py": "",
    "src/pen/nodes/prepare.py": """\
        from mlflow_tmpl import node

        print("imported")


        @node(outputs="clean")
        def tidy(raw, *, drop: bool):
            '''Drop what is missing.'''
            return [row for row in raw if row or not drop]


        @node(outputs=["train_set", "test_set"], tags="prep")
        def split(clean, *, share: float):
            cut = int(len(clean) * share)
            return clean[:cut], clean[cut:]
        """,
    "src/pen/nodes/train.py": """\
        from mlflow_tmpl import node


        @node(outputs="model")
        def fit(train_set):
            return sum(train_set)


        @node(outputs="score")
        def evaluate(model, test_set):
            raise ValueError("no <b>good</b>")
        """,
    "conf/base/catalog.yml": "raw: data/raw.json\nmodel: data/model.json\nscore: data/score.json\n",
    "conf/base/parameters.yml": "drop: true\nshare: 0.5\n",
    "data/raw.json": "[1, 2, 3, 4]",
}


@pytest.fixture
def mlo(tmp_path):
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text), encoding="utf-8")

    def call(*arguments, **environment):
        clean = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "FORCE_COLOR")}
        return subprocess.run(
            [sys.executable, "-m", "mlflow_tmpl.cli.main", *arguments],
            cwd=tmp_path,
            env={**clean, "PYTHONUTF8": "1", **environment},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )

    return call


def drawing(done):
    assert done.returncode == 0, done.stderr
    assert "imported" not in done.stdout.splitlines(), "what modules print stands apart from the drawing"
    return done.stdout.splitlines()


def test_a_project_that_was_never_run_is_drawn_and_left_as_it_is(mlo, tmp_path):
    assert drawing(mlo("viz")) == [
        f"{tmp_path.name}  4 nodes",
        "○    tidy      ← raw",
        "○    split",
        "├─○  fit",
        "○─╯  evaluate  → score",
    ]
    assert not (tmp_path / ".mlo").exists()


def test_after_a_run_each_node_has_its_status_and_error(mlo):
    assert mlo("run").returncode == 1
    lines = drawing(mlo("viz"))
    assert " last run " in lines[0]
    assert " failed: 1 fail" in lines[0]
    assert [line.split("  ")[-1] for line in lines[2:4]] == ["done", "done"]
    assert lines[4].startswith("✗─╯  evaluate  ")
    assert lines[4].endswith("ValueError: no <b>good</b>")


def test_a_slice_of_one_pipeline_in_ascii(mlo):
    assert drawing(mlo("viz", "prepare", "--to-nodes=tidy", "--ascii"))[1:] == ["o  tidy  <- raw  -> clean"]


def test_ascii_is_chosen_where_the_output_cannot_carry_more(mlo):
    done = mlo("viz", PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    assert done.stdout.isascii()
    assert "o    split" in done.stdout


@pytest.mark.parametrize(
    ("suffix", "start"), [("html", "<!doctype html>"), ("mmd", "---\n"), ("dot", "digraph ")]
)
def test_a_file_is_written_and_its_path_printed(mlo, tmp_path, suffix, start):
    assert drawing(mlo("viz", "-o", f"graph.{suffix}")) == [f"graph.{suffix}"]
    assert (tmp_path / f"graph.{suffix}").read_text(encoding="utf-8").startswith(start)


def test_the_svg_holds_the_slice_that_was_asked_for(mlo, tmp_path):
    drawing(mlo("viz", "-o", "out/graph.SVG", "--nodes", "fit"))
    text = (tmp_path / "out" / "graph.SVG").read_text(encoding="utf-8")
    ElementTree.fromstring(text)
    assert "node fit, never run" in text
    assert "evaluate" not in text


def test_pipelines_are_boxes_of_the_svg_and_the_png_is_the_same_picture(mlo, tmp_path):
    drawing(mlo("viz", "-o", "graph.svg", "--expand"))
    root = ElementTree.fromstring((tmp_path / "graph.svg").read_text(encoding="utf-8"))
    names = [
        each.text
        for each in root.iter("{http://www.w3.org/2000/svg}text")
        if each.get("class") == "frame-name"
    ]
    assert names == ["prepare", "train"]
    drawing(mlo("viz", "-o", "graph.png"))
    width, height = struct.unpack(">II", (tmp_path / "graph.png").read_bytes()[16:24])
    assert (width, height) == pytest.approx(
        [2 * float(root.get(side)) for side in ("width", "height")], abs=2
    )


def test_json_is_one_document_whatever_the_project_prints(mlo, tmp_path):
    mlo("run")
    done = mlo("viz", "--json")
    document = json.loads(done.stdout)
    jsonschema.validate(document, json.loads(SCHEMA.read_text(encoding="utf-8")))
    nodes = {node["name"]: node for node in document["nodes"]}
    assert nodes["tidy"]["code"].endswith("return [row for row in raw if row or not drop]")
    assert nodes["tidy"]["parameters"][0]["value"] is True
    assert nodes["tidy"]["pipelines"] == ["prepare"]
    assert nodes["split"]["tags"] == ["prep"]
    assert nodes["evaluate"]["status"] == "failed"
    assert nodes["evaluate"]["attempt"] == 1
    assert "ValueError: no <b>good</b>" in nodes["evaluate"]["error"]
    datasets = {dataset["name"]: dataset for dataset in document["datasets"]}
    assert (datasets["raw"]["exists"], datasets["raw"]["memory"]) == (True, False)
    assert datasets["raw"]["where"].startswith("conf/base/catalog.yml:1")
    assert (datasets["clean"]["exists"], datasets["clean"]["memory"]) == (False, True)
    assert document["parameters"][1]["where"].startswith("conf/base/parameters.yml:2")
    drawing(mlo("viz", "-o", "graph.json"))
    assert json.loads((tmp_path / "graph.json").read_text(encoding="utf-8")) == document


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("-o", "graph.xyz"),
            ["no graph can be written as '.xyz'", "known are .html, .svg, .png, .mmd, .dot, .json"],
        ),
        (("-o", "graph.htm"), ["no graph can be written as '.htm'", "did you mean '.html'?"]),
        (("-o", "graph"), ["'graph' has no suffix to tell its format"]),
        (("-o", "graph.json", "--json"), ["--json prints the graph, -o writes it", "give one of them"]),
        (("-o", "pyproject.toml/graph.svg"), ["cannot be written: ", "give -o another place"]),
        (("--expand",), ["--expand opens the boxes of a drawing", "give -o FILE.svg, .png or .mmd, too"]),
        (("--previews",), ["--previews puts what is in the datasets on a page", "give -o FILE.html, too"]),
        (("-o", "graph.dot", "--expand"), ["--expand opens the boxes of a drawing"]),
        (("prepair",), ["there is no pipeline 'prepair'", "did you mean 'prepare'?"]),
        (("--nodes=tidi",), ["there is no node 'tidi'", "did you mean 'tidy'?"]),
    ],
)
def test_what_cannot_be_drawn_is_refused_and_nothing_is_written(mlo, tmp_path, arguments, said):
    before = {path.name for path in tmp_path.iterdir()}
    done = mlo("viz", *arguments)
    assert done.returncode == 2
    for words in said:
        assert words in done.stderr
    assert {path.name for path in tmp_path.iterdir()} == before


def test_a_page_has_what_is_in_the_datasets_only_if_that_is_asked_for(mlo, tmp_path):
    mlo("run")
    found = {}
    for options in ((), ("--previews",)):
        drawing(mlo("viz", "-o", "graph.html", *options))
        packed = re.search(r'id="graph">([\w+/=]+)<', (tmp_path / "graph.html").read_text(encoding="utf-8"))
        view = json.loads(zlib.decompress(base64.b64decode(packed.group(1))))
        found[options] = {each["name"]: each["preview"] for each in view["datasets"]}
    assert set(found[()].values()) == {""}
    assert "<pre" in found[("--previews",)]["raw"]
    assert found[("--previews",)]["clean"] == ""


def test_a_file_that_exists_is_replaced_whole(mlo, tmp_path):
    (tmp_path / "graph.dot").write_text("x" * 100_000)
    drawing(mlo("viz", "-o", "graph.dot"))
    assert (tmp_path / "graph.dot").read_text(encoding="utf-8").endswith("}\n")


def test_no_colour_in_a_pipe(mlo):
    assert "\x1b" not in mlo("viz").stdout
