"""One page that holds everything: it opens from a disk, asks nobody for anything, and runs no script but its own."""

from __future__ import annotations

import base64
import hashlib
import zlib
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

from mlflow_tmpl.views.json import to_json
from mlflow_tmpl.views.palette import drawing_css, page_variables
from mlflow_tmpl.views.preview_html import STYLE
from mlflow_tmpl.views.shapes import xml

if TYPE_CHECKING:
    from mlflow_tmpl.views.graph import GraphView

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src '{}'; img-src data: blob:; "
    "base-uri 'none'; form-action 'none'"
)


def to_html(view: GraphView) -> str:
    """Return the page of a pipeline.

    Names, docstrings, code and errors are text and never markup; the policy in its head lets only the page's own
    script run, known by its hash, and lets nothing be loaded. The model stands in it compressed.
    """
    script = _part("page.js")
    return Template(_part("page.html")).substitute(
        title=xml(view.title),
        policy=POLICY.format(_hash(script)),
        style=page_variables() + _part("page.css") + STYLE,
        drawing=drawing_css(),
        summary=xml(_summary(view)),
        graph=base64.b64encode(zlib.compress(to_json(view, indent=0).encode(), 9)).decode(),
        script=script,
    )


def _part(name: str) -> str:
    return (files("mlflow_tmpl.views") / "page" / name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"


def _summary(view: GraphView) -> str:
    counts = ((len(view.nodes), "node"), (len(view.datasets), "dataset"), (len(view.parameters), "parameter"))
    return " · ".join([f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts if count])
