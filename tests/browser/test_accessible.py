"""What axe-core has to say about the main states of the pages."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.test_live import server, shop, visit  # noqa: F401 (fixtures)
from tests.browser.test_page import boxed

DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
EVERYWHERE = pytest.mark.parametrize(
    ("scheme", "viewport"),
    [("light", DESKTOP), ("dark", PHONE), ("dark", DESKTOP)],
    ids=lambda each: str(each)[:12],
)


def complaints_of(page):
    """Return the rules that a page breaks, with what breaks them, of all that keeps somebody from using it."""
    found = Axe().run(page).response["violations"]
    return {
        each["id"]: [node["html"][:200] for node in each["nodes"][:3]]
        for each in found
        if each["impact"] in {"serious", "critical"}
    }


@EVERYWHERE
def test_nobody_is_kept_from_a_page_of_the_disk(open_page, graph, scheme, viewport):
    opened = open_page(graph, **viewport, color_scheme=scheme, reduced_motion="reduce")
    found = {"graph": complaints_of(opened.page)}
    opened.page.keyboard.press("/")
    opened.page.keyboard.type("c")
    opened.settle()
    found["search"] = complaints_of(opened.page)
    opened.page.keyboard.press("Enter")
    opened.settle()
    found["details"] = complaints_of(opened.page)
    assert not {state: told for state, told in found.items() if told}


def test_nobody_is_kept_from_boxes_and_outline(open_page):
    opened = open_page(boxed(160, 8), reduced_motion="reduce")
    opened.settle()
    assert complaints_of(opened.page) == {}


@EVERYWHERE
def test_nobody_is_kept_from_the_live_page(server, visit, scheme, viewport):  # noqa: F811
    page = visit(server, **viewport, color_scheme=scheme, reduced_motion="reduce")
    found = {"graph": complaints_of(page)}
    for tab in ("log", "nodes", "parameters", "environment"):
        page.click(f"#tab-{tab}")
        page.wait_for_selector(f"#tab-{tab}[aria-selected=true]")
        found[tab] = complaints_of(page)
    page.click("#start")
    page.wait_for_selector("#account tr")
    found["start"] = complaints_of(page)
    assert not {state: told for state, told in found.items() if told}


def test_nobody_is_kept_from_data_and_comparisons(server, visit):  # noqa: F811
    page = visit(server, **DESKTOP, reduced_motion="reduce")
    page.click('.vertex[data-id="data:rows"]')
    page.wait_for_selector(".preview .mlo-preview")
    assert complaints_of(page) == {}
    first, second = (run["id"] for run in server.get("/api/runs?status=done")[1][-2:])
    page.goto(f"{server.base}/?compare={first},{second}")
    page.wait_for_selector(".compared")
    assert complaints_of(page) == {}


def test_what_keeps_somebody_from_a_page_is_found(open_page, graph):
    opened = open_page(graph)
    opened.page.evaluate("() => { document.querySelector('#stage').innerHTML = '<button></button>'; }")
    assert "button-name" in complaints_of(opened.page)
