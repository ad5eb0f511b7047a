"""What the page and Python draw of a graph, shape by shape: run as a program, this file writes the file anew."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from mlflow_tmpl.views import visible as module
from mlflow_tmpl.views.boxes import Boxes
from mlflow_tmpl.views.graph import GraphView, LastRun
from mlflow_tmpl.views.mermaid import to_mermaid
from mlflow_tmpl.views.shapes import shapes
from mlflow_tmpl.views.visible import first_open, readable, visible
from tests.unit.views.conftest import HOSTILE
from tests.unit.views.pipelines import TEN, TEN_LAST, view

FILE = Path(module.__file__).parent / "web" / "test" / "drawing_vectors.json"
ENEMIES = (
    HOSTILE.replace(
        " \u2028 \x00 \x1b", ""
    ),  # which Python and browsers replace alike, but parsers of JSON may not
    "end",
    "subgraph a[x]",
    'click n0 href "javascript:alert(1)"',
    "%%{init: {}}%%",
    "a\nb\r\nc\t d",
    "`**md**`",
    "#35;",
    " ",
    "]]>",
)
PARAMETERS = {"train_linear": "alpha", "split": "alpha"}


def graphs():
    """Yield graphs by name."""
    ten = view(TEN, TEN_LAST, PARAMETERS)
    yield "ten nodes", ten
    belong = [(name,) for name in ("prepare",) * 4 + ("train",) * 4] + [("train", "prepare"), ()]
    nodes = [replace(node, pipelines=names) for node, names in zip(ten.nodes, belong, strict=True)]
    yield "pipelines", replace(ten, nodes=tuple(nodes))
    needs = {"load": "", "prep.clean": "load", "prep.deep.split": "prep.clean load", "fit.train": "prep.deep.split",
             "数据.lade_größen_in_eine_sehr_lange_tabelle_mit_allem": "fit.train prep.clean"}  # fmt: skip
    last = {"load": LastRun("half_done", 3725), "fit.train": LastRun("timed_out")}
    yield "namespaces", view(needs, last)
    yield "all in one", view({f"all.{name}": "" for name in ("a", "in.b", "in.c")})
    many = {f"part{at % 5}.step{at % 10}.n{at}": "" for at in range(80)}
    ends = ("done", "reused", "failed", "", "skipped")
    last = {name: LastRun(ends[at % 7 % 5], 0.01 * at) for at, name in enumerate(many)}
    for at, text in enumerate(ENEMIES):
        yield f"enemy {at}", enemy(view({"a": "", "b": "a"}, parameters={"b": "alpha"}), text)
    yield "many", view({**many, "join": " ".join(many)}, last)


def enemy(made, text):
    """Return a graph with all that a drawing shows of it written by an enemy."""
    nodes = [
        replace(node, name=text, short_name=text, namespace=text if at % 2 else "", status=text)
        for at, node in enumerate(made.nodes)
    ]
    datasets = [replace(dataset, name=text, type=text) for dataset in made.datasets]
    parameters = [replace(parameter, key=text, value=text) for parameter in made.parameters]
    return replace(
        made, title=text, nodes=tuple(nodes), datasets=tuple(datasets), parameters=tuple(parameters)
    )


def told(made):
    """Return what is drawn of a graph as plain data."""
    boxes, parameters = Boxes(made), readable(made)
    opened = first_open(made, boxes, parameters=parameters)
    seen = visible(made, boxes, opened, parameters=parameters)
    drawn = [
        [shape.id, shape.kind, shape.label, shape.width, shape.height]
        for shape in shapes(made, boxes, seen.ids)
    ]
    return {
        "parameters": parameters,
        "open": sorted(opened),
        "shapes": drawn,
        "edges": [list(edge) for edge in seen.edges],
        "parents": dict(sorted(seen.parents.items())),
    }


@pytest.mark.parametrize(
    "vector", json.loads(FILE.read_text(encoding="utf-8")), ids=lambda vector: vector["name"]
)
def test_python_draws_what_the_page_draws(vector):
    graph = msgspec.convert(vector["graph"], GraphView)
    assert told(graph) == vector["drawn"]
    assert to_mermaid(graph) == vector["mermaid"], "the file is what Mermaid's own parser is tested with"


if __name__ == "__main__":
    found = [
        {"name": name, "graph": msgspec.to_builtins(made), "drawn": told(made), "mermaid": to_mermaid(made)}
        for name, made in graphs()
    ]
    text = json.dumps(found, separators=(",", ":"), ensure_ascii=False)
    FILE.write_text(text + "\n", encoding="utf-8", newline="\n")
