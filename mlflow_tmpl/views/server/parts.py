"""The parts of the live page that are the same for all projects, and so hold nothing of one."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from mlflow_tmpl.views.palette import drawing_css, page_variables
from mlflow_tmpl.views.preview_html import STYLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _file(name: str) -> str:
    return (files("mlflow_tmpl.views") / "page" / name).read_text(encoding="utf-8")


def _style() -> str:
    return page_variables() + _file("page.css") + drawing_css() + STYLE + _file("live.css")


PARTS: Mapping[str, tuple[str, Callable[[], str]]] = {
    "/": ("text/html", lambda: _file("live.html")),
    "/live.js": ("text/javascript", lambda: _file("live.js")),
    "/live.css": ("text/css", _style),
    "/drawing.css": ("text/css", drawing_css),
}
"""Path to the kind of a part, and what gives it."""
