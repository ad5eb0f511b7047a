from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace

import pytest

from mlflow_tmpl.views.dot import to_dot

from .pipelines import view

needs_graphviz = pytest.mark.skipif(not shutil.which("dot"), reason="graphviz is not installed")


def dot(text):
    done = subprocess.run(
        ["dot", "-Tplain"], input=text, capture_output=True, text=True, encoding="utf-8", check=True
    )
    return [line.split()[1] for line in done.stdout.splitlines() if line.startswith("node ")]


def canonical(text):
    done = subprocess.run(
        ["dot", "-Tcanon"], input=text, capture_output=True, text=True, encoding="utf-8", check=True
    )
    assert not done.stderr
    return done.stdout


def test_vertices_carry_the_ids_of_the_model():
    text = to_dot(view({"a": ""}, parameters={"a": "alpha"}))
    assert '"node:a" [label="a", shape="box"' in text
    assert '"params:alpha" -> "node:a" [style="dotted"];' in text


@needs_graphviz
def test_graphviz_reads_it(ten):
    assert len(dot(to_dot(ten))) == len(ten.nodes) + len(ten.datasets) + len(ten.parameters)


@needs_graphviz
def test_graphviz_reads_hostile_names_as_names(hostile):
    assert len(dot(to_dot(hostile))) == len(hostile.nodes) + len(hostile.datasets) + len(hostile.parameters)


@needs_graphviz
def test_boxes_are_clusters():
    text = canonical(to_dot(view({"load": "", "prep.clean": "load", "prep.deep.split": "prep.clean"})))
    assert text.count("subgraph ") == 2
    inner = text[text.index('subgraph "cluster_box:prep.deep"') :]
    assert "label=deep" in inner
    assert "label=split" in inner[: inner.index("}")]


@needs_graphviz
@pytest.mark.parametrize(
    "name", ['"', "\\", 'a\\"', "->", "{", "strict", "<b>x</b>", "a\nb", "\\N", "&amp;", "数据", ";//"]
)
def test_graphviz_reads_each_name_as_it_is(name):
    made = view({"a": "", "box.b": "a", "box.c": "box.b"})
    datasets = tuple([replace(each, name=name) for each in made.datasets])
    nodes = tuple([replace(node, name=name, short_name=name) for node in made.nodes])
    done = subprocess.run(
        ["dot", "-Tjson0"], input=to_dot(replace(made, title=name, nodes=nodes, datasets=datasets)),
        capture_output=True, text=True, encoding="utf-8", check=True,
    )  # fmt: skip
    assert not done.stderr
    told = json.loads(done.stdout)
    labels = {each["label"] for each in told["objects"] if "nodes" not in each}
    assert {label.replace("\\n", "\n").replace("\\\\", "\\") for label in labels} == {name}
