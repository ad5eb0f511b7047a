"""The page in a real browser: from a file with many nodes, and live with many pages open."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mlflow_tmpl import Node, Pipeline
from mlflow_tmpl.views.graph import build_graph
from mlflow_tmpl.views.html import to_html
from tests.benchmarks.measure import Figure, ratio
from tests.e2e.live import serving

PAGES = 20
STEPS, STEP_S = 12, 0.5
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
FRAMES = """() => new Promise((done) => {
  const stage = document.querySelector('#stage'), began = performance.now();
  let frames = 0;
  const step = (now) => {
    frames += 1;
    const turn = { deltaY: frames % 60 < 30 ? -40 : 40, clientX: 500, clientY: 400 };
    stage.dispatchEvent(new WheelEvent('wheel', { ...turn, bubbles: true, cancelable: true, ctrlKey: true }));
    if (now - began < 2000) requestAnimationFrame(step);
    else done(frames / (now - began) * 1000);
  };
  requestAnimationFrame(step);
})"""
SEEN = """() => {
  window.seen = {};
  const look = () => {
    for (const line of document.querySelectorAll('.timeline .line')) {
      const run = document.querySelector('.runs li.current')?.dataset.run;
      const key = `${run} ${line.dataset.node} ${line.dataset.status}`;
      if (!(key in window.seen)) window.seen[key] = Date.now() / 1000;
    }
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
}"""


def figures(folder: Path) -> Iterator[Figure]:
    """Draw graphs of many nodes, and watch a run on many pages."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        for count, least_s, open_s in ((1000, 1.0, None), (5000, 1.5, 3.0)):
            yield from _of_a_file(browser, folder, count, least_s, open_s)
        yield from _live(browser, folder / "live")
        browser.close()


def _of_a_file(
    browser: Any, folder: Path, count: int, least_s: float, open_s: float | None
) -> Iterator[Figure]:
    chance = random.Random(count)
    nodes = []
    for at in range(count):
        near = [f"d{chance.randrange(max(at - 150, 0), at)}" for _ in range(min(at, 2))]
        function = (lambda one, two: 0) if len(set(near)) == 2 else len
        nodes.append(
            Node(function, sorted(set(near)) or ["raw"], f"d{at}", name=f"n{at}", namespace=f"p{at // 100}")
        )
    file = folder / f"{count}.html"
    began = time.perf_counter()
    file.write_text(to_html(build_graph(Pipeline(nodes), title="many")), encoding="utf-8")
    if count == 5000:
        yield Figure("a file of 5,000 nodes is written", time.perf_counter() - began, "s", 1.0)
        yield Figure("  its size", file.stat().st_size / 1e6, "MB", 2.0)
    drawn, opened, rates, megabytes = [], [], [], []
    for _ in range(5):
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(file.as_uri())
        page.wait_for_selector("[data-ready]")
        drawn.append(page.evaluate("() => performance.now()") / 1000)
        began = time.perf_counter()
        page.get_by_role("button", name="Open boxes").click()
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        opened.append(time.perf_counter() - began)
        rates.append(page.evaluate(FRAMES))
        megabytes.append(page.evaluate("() => performance.memory.usedJSHeapSize") / 1e6)
        page.close()
    yield Figure(f"{count:,} nodes drawn", statistics.median(drawn), "s", least_s)
    yield Figure("  all boxes open", statistics.median(opened), "s", open_s)
    yield Figure("  a frame while it is zoomed", 1000 / statistics.median(rates), "ms", 1000 / 30)
    yield Figure("  memory of its script", statistics.median(megabytes), "MB", 300)


def _write(root: Path) -> None:
    nodes = root / "src" / "slow" / "nodes"
    nodes.mkdir(parents=True)
    for package in (nodes, nodes.parent):
        (package / "__init__.py").touch()
    steps = "\n".join(
        f"@node(outputs='v{at}', reuse=False)\ndef step{at}({f'v{at - 1}' if at else ''}):\n"
        f"    time.sleep({STEP_S})\n    return {at}\n"
        for at in range(STEPS)
    )
    (nodes / "steps.py").write_text(f"import time\nfrom mlflow_tmpl import node\n\n{steps}")
    (root / "conf" / "base").mkdir(parents=True)
    (root / "pyproject.toml").write_text('[tool.mlo]\npackage = "slow"\n')


def _run(root: Path) -> float:
    """Run, and return the seconds that it took apart from the start of the process."""
    command = [sys.executable, "-m", "mlflow_tmpl.cli.main", "run", "--json"]
    done = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True)
    return float(json.loads(done.stdout)["duration_s"])


def _live(browser: Any, root: Path) -> Iterator[Figure]:
    _write(root)
    _run(root)
    with serving(root) as server:
        pages = []
        for _ in range(PAGES):
            page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
            page.goto(server.address)
            page.wait_for_selector(".timeline .line")
            page.evaluate(SEEN)
            pages.append(page)
        _run(root)
        time.sleep(1)
        late = sorted(_delays(root, pages))
        yield Figure(
            f"a change of state is seen on {PAGES} pages, median", statistics.median(late) * 1000, "ms", 250
        )
        yield Figure("  19 of 20 changes", late[int(0.95 * len(late))] * 1000, "ms", 250)
        for page in pages[1:]:
            page.context.close()
        watched = [_run(root) for _ in range(3)]
        pages[0].context.close()
    alone, *_ = ratio(lambda: _run(root), lambda: statistics.median(watched), runs=3, warm_up=0)
    yield Figure("a run that a page shows / one that nobody watches", 1 / alone, "x", 1.03)


def _delays(root: Path, pages: list[Any]) -> Iterator[float]:
    """Yield for each page and node how long after its end the page showed it."""
    with sqlite3.connect(root / ".mlo" / "ledger.sqlite") as ledger:
        ended = ledger.execute(
            "SELECT run || ' ' || node || ' done', ended_at FROM node_run "
            "WHERE run = (SELECT max(id) FROM run) AND status = 'done'"
        ).fetchall()
    for page in pages:
        seen = page.evaluate("() => window.seen")
        for key, at in ended:
            yield seen.get(key, float("inf")) - at
