"""A browser, and pages of a small project to open in it."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from mlflow_tmpl import Node, Pipeline
from mlflow_tmpl.views.graph import CallView, LastRun, RunView, build_graph
from mlflow_tmpl.views.html import to_html

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip


CALL = CallView("0193ab3c-7b70", "done", 62.0, "2030-01-02T03:04:05+00:00")


def load(raw, *, columns: list):
    """Read the raw table."""
    return [row[column] for row in raw for column in columns]  # as they come


def clean(table, *, drop: bool):
    """Drop rows that miss a value.

    All others stay as they are.
    """
    if drop:
        return [row for row in table if row != "none"]
    return table


def count(rows):
    return len(rows)


@pytest.fixture(scope="session")
def chromium():
    """A headless browser for all tests of this process."""
    from playwright.sync_api import Error, sync_playwright

    found = next(filter(None, map(shutil.which, NAMES)), None)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=found, args=QUIET)
        except Error as error:
            if "Executable doesn't exist" not in str(error):
                raise
            pytest.skip("no Chromium is installed")
        yield browser
        browser.close()


@pytest.fixture
def graph():
    """Three nodes in a row, the last of which failed."""
    pipeline = Pipeline(
        [
            Node(load, {"raw": "penguins"}, "table", tags=["prep"]),
            Node(clean, {"table": "table"}, "rows"),
            Node(count, "rows", "total", namespace="report"),
        ]
    )
    return build_graph(
        pipeline,
        title="penguins",
        describe=lambda name: (
            {"type": "csv", "filepath": "data/penguins.csv"} if name == "penguins" else {"type": "memory"}
        ),
        exists=lambda name: name == "penguins",
        preview=lambda name: (
            f'<div class="mlo-preview"><h1>{name}</h1><table><tr><td>Adelie</td></tr></table></div>'
        ),
        where=lambda name: "conf/base/catalog.yml:3" if name == "penguins" else "",
        parameters={"columns": ["species", "mass"], "drop": True},
        last={
            "load": LastRun("reused", 0.012, "2030-01-02T03:04:05+00:00", ("nothing changed",)),
            "clean": LastRun(
                "done",
                83.0,
                "2030-01-02T03:04:05+00:00",
                ("parameter drop False -> True",),
                calls=(CALL, replace(CALL, status="failed", duration_s=41.5), replace(CALL, duration_s=83.0)),
                log="two rows were dropped\n",
            ),
            "report.count": LastRun("failed", 0.4, error="ValueError: no rows"),
        },
        run=RunView("0193ab3c", "failed"),
        code=True,
    )


@pytest.fixture
def hostile(graph):
    """The same graph with all texts written by an enemy."""
    text = "</script><script>window.owned=1</script><img src=x onerror='window.owned=1'>\"<b>bold</b> javascript:owned"
    nodes = [
        replace(each, name=text, short_name=text, doc=text, code=text, signature=text, where=text, error=text,
                tags=(text,), reasons=(text,), status=text, log=text, calls=(replace(CALL, run=text, status=text),))
        for each in graph.nodes
    ]  # fmt: skip
    content = '<div class="mlo-preview"><script>window.owned=1</script><img src="https://localhost/x"><b>bold</b></div>'
    datasets = [
        replace(each, name=text, path=text, details={text: text}, preview=content) for each in graph.datasets
    ]
    parameters = [replace(each, key=text, value={text: text}) for each in graph.parameters]
    return replace(
        graph, title=text, nodes=tuple(nodes), datasets=tuple(datasets), parameters=tuple(parameters)
    )


class Opened:
    """A page from the disk, and all that it said and asked for."""

    def __init__(self, page, complaints, requests):
        self.page = page
        self.complaints = complaints
        self.requests = requests

    def vertex(self, name):
        return self.page.locator(f'.vertex[data-id="{name}"]')

    @property
    def panel(self):
        return self.page.locator("#details")

    @property
    def camera(self):
        """Shift and size of the drawing."""
        self.settle()
        return tuple(
            self.page.evaluate(
                "() => { const m = document.querySelector('#stage > svg > g').transform.baseVal.consolidate().matrix;"
                " return [m.e, m.f, m.a]; }"
            )
        )

    def settle(self):
        """Wait until what was asked for is drawn."""
        self.page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def look(self, locator, name):
        return locator.evaluate("(element, name) => getComputedStyle(element)[name]", name)


@pytest.fixture
def open_page(chromium, tmp_path):
    """Write a page and open it from the disk, without a network."""
    contexts = []

    def open_it(view, *, width=1280, height=800, fragment="", **options):
        file = tmp_path / "graph.html"
        file.write_text(to_html(view), encoding="utf-8")
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        context.set_offline(True)
        page = context.new_page()
        complaints, requests = [], []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(file.as_uri() + fragment)
        page.wait_for_selector("[data-ready]")
        return Opened(page, complaints, requests)

    yield open_it
    for context in contexts:
        context.close()
