from __future__ import annotations

import shutil
import subprocess

import pytest

from mlflow_tmpl.views.dot import to_dot

from .pipelines import view

needs_graphviz = pytest.mark.skipif(not shutil.which("dot"), reason="graphviz is not installed")


def dot(text):
    done = subprocess.run(
        ["dot", "-Tplain"], input=text, capture_output=True, text=True, encoding="utf-8", check=True
    )
    return [line.split()[1] for line in done.stdout.splitlines() if line.startswith("node ")]


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
