from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mlflow_tmpl.planning.reasons import Reason
from mlflow_tmpl.views.notebook import MOST_LINES, MOST_VERTICES

from .pipelines import TEN, pipeline

if TYPE_CHECKING:
    from tests.conftest import MadeProject


def test_a_pipeline_shows_its_drawing_and_as_text_that_of_the_terminal():
    told = pipeline(TEN)._repr_mimebundle_()
    assert set(told) == {"text/html", "text/plain"}
    assert told["text/plain"].splitlines()[3] == "├─○      split"
    assert told["text/html"].count('<g class="vertex node') == 10
    assert pipeline(TEN)._repr_html_() == told["text/html"]


def test_the_style_of_a_drawing_is_for_nothing_else_on_the_page():
    html = pipeline(TEN)._repr_html_()
    (sheet,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    rules = re.findall(r"([^{}]+){[^{}]*}", sheet.replace("@media (prefers-color-scheme: dark) {", ""))
    assert rules
    assert all(rule.strip().startswith(".mlo-graph ") for rule in rules)
    assert 'id="' not in html


def test_texts_of_a_project_are_texts_in_a_notebook():
    made = pipeline({"a": ""})
    html = made._repr_html_() + made._repr_mimebundle_()["text/html"]
    assert "<script" not in html


def test_a_pipeline_too_large_to_draw_is_left_to_a_text_that_ends():
    told = pipeline({f"n{at}": "" for at in range(MOST_VERTICES)})._repr_mimebundle_()
    assert set(told) == {"text/plain"}
    assert len(told["text/plain"].splitlines()) == MOST_LINES + 1
    assert told["text/plain"].endswith("and 301 more")


def test_nothing_is_drawn_of_an_empty_pipeline():
    assert pipeline({})._repr_html_() is None
    assert pipeline({})._repr_mimebundle_() == {"text/plain": "pipeline  0 nodes"}


def test_a_plan_shows_what_is_done_about_each_node_and_why(two_steps: MadeProject):
    project = two_steps.open()
    project.run()
    plan = project.plan(params={"amount": 3})
    told = plan._repr_mimebundle_()
    assert told["text/plain"].splitlines() == [
        "◆ double  reuse",
        "▶ add     run    parameter amount 1 -> 3 (params)",
        "1 to run, 1 to reuse",
    ]
    assert "node add, run" in told["text/html"]
    assert "node double, reuse" in told["text/html"]
    assert "parameter amount 1 -&gt; 3 (params)" in told["text/html"]
    assert "dataset" in told["text/html"]
    assert repr(plan) == "<Plan of 2: 1 to run, 1 to reuse, 0 to omit>"


def test_what_a_plan_says_is_escaped_and_masked(two_steps: MadeProject):
    plan = two_steps.open().plan()
    reason = Reason("parameter", "lake", "", "http://me:hush@host/", "<b>")
    steps = [replace(step, reasons=(reason,)) for step in plan.steps]
    told = replace(plan, steps=tuple(steps))._repr_mimebundle_()
    assert "parameter lake http://me:***@host/ -&gt; &lt;b&gt;" in told["text/html"]
    assert "parameter lake http://me:***@host/ -> <b>" in told["text/plain"]


def test_nothing_of_it_is_imported_before_a_notebook_asks():
    code = (
        "import sys, mlflow_tmpl; mlflow_tmpl.Pipeline([]); print([m for m in sys.modules if '.views' in m])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_ipython_shows_both_forms():
    formatters = pytest.importorskip("IPython.core.formatters")
    told, _ = formatters.DisplayFormatter().format(pipeline(TEN))
    assert told["text/html"].startswith("<div")
    assert "├─○" in told["text/plain"]
