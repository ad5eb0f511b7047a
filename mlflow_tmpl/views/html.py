"""One page that holds everything: it opens from a disk, asks nobody for anything, and runs no script but its own."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

from mlflow_tmpl.views.json import to_json
from mlflow_tmpl.views.palette import drawing_css, page_variables
from mlflow_tmpl.views.shapes import GLYPHS, xml
from mlflow_tmpl.views.statuses import STATUSES, in_words, style_of
from mlflow_tmpl.views.svg import scene_svg, show_parameters

if TYPE_CHECKING:
    from mlflow_tmpl.views.graph import GraphView

POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src '{}'; base-uri 'none'; form-action 'none'"
_UNSAFE = str.maketrans(
    {
        "<": "\\u003c",
        ">": "\\u003e",
        "&": "\\u0026",
        "\u2028": "\\u2028",
        "\u2029": "\\u2029",
        "\x7f": "\\u007f",
    }
)


def to_html(view: GraphView) -> str:
    """Return the page of a pipeline.

    Names, docstrings, code and errors are text and never markup; the policy in its head lets only the page's own
    script run, known by its hash, and lets nothing be loaded.
    """
    script = _part("page.js")
    shown = show_parameters(view)
    has_parameters = bool(view.parameters)
    return Template(_part("page.html")).substitute(
        title=xml(view.title),
        policy=POLICY.format(_hash(script)),
        style=page_variables() + _part("page.css") + drawing_css(),
        summary=xml(_summary(view)),
        statuses=_status_counts(view),
        legend=_legend(view),
        drawing=scene_svg(view, parameters=shown and has_parameters),
        other=scene_svg(view, parameters=not shown) if has_parameters else "",
        pressed=str(shown).lower(),
        hidden="" if has_parameters else " hidden",
        graph=_embedded(view),
        script=script,
    )


def _part(name: str) -> str:
    return (files("mlflow_tmpl.views") / "page" / name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"


def _embedded(view: GraphView) -> str:
    """Return the model so that nothing in it can end the element that it stands in."""
    return to_json(view, indent=0).translate(_UNSAFE)


def _summary(view: GraphView) -> str:
    counts = ((len(view.nodes), "node"), (len(view.datasets), "dataset"), (len(view.parameters), "parameter"))
    return " · ".join([f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts if count])


def _icon(tone: str) -> str:
    glyph = f'<path class="glyph" d="{GLYPHS[tone]}"/>' if GLYPHS[tone] else ""
    return (
        f'<svg class="graph icon-only" viewBox="-9 -9 18 18" aria-hidden="true"><g class="{tone}">'
        f'<circle class="light" r="8"/>{glyph}</g></svg>'
    )


def _status_counts(view: GraphView) -> str:
    """Return how many nodes are in each status, the ledger's words in the ledger's order."""
    counts = Counter([node.status for node in view.nodes])
    if set(counts) <= {""}:
        return "<li>never run</li>"
    known = [status for status in STATUSES if counts[status]] + sorted(set(counts) - set(STATUSES))
    said = [f"{counts[word]} {xml(in_words(word) or 'never run')}" for word in known]
    icons = [_icon(style_of(word).tone) for word in known]
    return "".join([f"<li>{icon}{text}</li>" for icon, text in zip(icons, said, strict=True)])


_LEGEND = (
    ("node", '<rect class="box" x="1" y="2" width="34" height="18" rx="5"/>', "node: a function"),
    ("data", '<rect class="box" x="1" y="3" width="34" height="16" rx="8"/>', "dataset that is kept"),
    ("data memory", '<rect class="box" x="1" y="3" width="34" height="16" rx="8"/>', "dataset in memory"),
    ("param", '<polygon class="box" points="6 3 30 3 35 11 30 19 6 19 1 11"/>', "parameter"),
)
_TONE_WORDS = {
    "good": "done",
    "kept": "reused: nothing changed",
    "bad": "failed, timed out, lost",
    "held": "blocked, cancelled",
    "busy": "running, retried",
    "none": "never run, waiting, skipped",
}


def _legend(view: GraphView) -> str:
    start = '<svg class="graph" width="36" height="22" aria-hidden="true">'
    kinds = [
        f'<li>{start}<g class="{kind}">{drawn}</g></svg>{words}</li>'
        for kind, drawn, words in _LEGEND
        if kind != "param" or view.parameters
    ]
    return "".join([*kinds, *(f"<li>{_icon(tone)}{words}</li>" for tone, words in _TONE_WORDS.items())])
