"""The live page in a real browser, served by the command."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from tests.e2e.live import MLO, mlo, serving, write_project

HOSTILE = (
    "</script><script>window.owned=1</script><img src=x onerror=\"window.owned=1\"><b id='markup'>bold</b>"
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A project that ran twice, with texts of an enemy wherever texts can be."""
    root = write_project(tmp_path_factory.mktemp("live") / "shop")
    code = root / "src" / "shop" / "nodes" / "sell.py"
    text = code.read_text().replace('print("so many:"', f"print({HOSTILE!r}")
    code.write_text(text.replace("def score(counted):", f"def score(counted):\n    {HOSTILE!r}\n"))
    (root / "conf" / "base" / "catalog.yml").write_text(
        f"raw: data/raw.json\nrows: {{type: json, filepath: data/rows.json, metadata: {{{json.dumps(HOSTILE)}: 1}}}}\n"
        "metrics: {type: json, filepath: data/metrics.json, role: metrics}\n"
    )
    (root / "data" / "raw.json").write_text(json.dumps([HOSTILE] * 4))
    assert mlo(root, "run", f"--tag=note={HOSTILE}").returncode == 0
    assert mlo(root, "run", "--params=share=1.0").returncode == 0
    return root


@pytest.fixture(scope="module")
def server(shop):
    with serving(shop) as found:
        yield found


@pytest.fixture
def visit(chromium):
    """Open the live page; at the end nothing must have been complained about, fetched elsewhere, or owned."""
    contexts, complaints, requests = [], [], []

    def open_it(server, *, path="", width=1440, height=900, **options):
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: requests.append((server.base, request.url)))
        page.goto(server.address.replace("/#", f"/{path}#"))
        page.wait_for_selector(".pulse.on")
        page.wait_for_selector(".timeline .line")
        return page

    yield open_it
    for context in contexts:
        for page in context.pages:
            assert page.evaluate("() => window.owned") is None
            assert page.locator("#markup").count() == 0
        context.close()
    assert [text for text in complaints if "status of 400" not in text] == []  # a refusal is said on the page
    assert [url for base, url in requests if not url.startswith((base, "data:", "blob:"))] == []


def statuses(page):
    return {
        each.get_attribute("data-node"): each.get_attribute("data-status")
        for each in page.locator(".timeline .line").all()
    }


def test_the_token_leaves_the_address_and_other_tabs_need_none(server, visit):
    page = visit(server)
    assert page.url == f"{server.base}/"
    other = page.context.new_page()
    other.goto(server.base)
    other.wait_for_selector(".pulse.on")
    other.locator(".runs li[data-run]").nth(1).wait_for()


def test_who_has_no_token_is_told_how_to_get_one(server, chromium):
    context = chromium.new_context()
    page = context.new_page()
    page.goto(server.base)
    assert "open the address that mlo viz --serve printed" in page.get_by_role("alert").inner_text()
    context.close()


def test_a_run_of_another_terminal_colours_the_graph_as_it_goes(server, shop, visit):
    page = visit(server)
    page.evaluate("() => void (window.opened = 1)")  # the page is not loaded anew
    hold = shop / "hold"
    hold.touch()
    try:
        terminal = subprocess.Popen([*MLO, "run", "--force=wait"], cwd=shop, stderr=subprocess.DEVNULL)
        page.wait_for_selector('.timeline .line[data-node="wait"][data-status="running"]')
        page.wait_for_selector('.vertex.busy[data-id="node:wait"]')
        page.wait_for_selector('.runs li.current[data-status="running"]')
        page.wait_for_selector('.timeline .line[data-node="score"][data-status="waiting"]')
    finally:
        hold.unlink()
    assert terminal.wait(60) == 0
    page.wait_for_selector('.runs li.current[data-status="done"]')
    assert statuses(page)["wait"] == "done"
    assert page.evaluate("() => window.opened") == 1


def test_a_run_is_started_from_the_page_once_its_account_was_seen(server, visit):
    page = visit(server)
    before = page.locator(".runs li[data-run]").count()
    page.click("#start")
    page.wait_for_selector("#account tr")
    page.fill("textarea[name=params]", "share=0.25")
    page.locator("input[name=force]").focus()
    page.wait_for_selector('#account tr[data-action="run"]')
    assert "parameter share" in page.locator("#account").inner_text()
    page.click("#begin")
    page.wait_for_function(f"() => document.querySelectorAll('.runs li[data-run]').length > {before}")
    page.wait_for_selector('.timeline .line[data-node="score"][data-status="done"]')
    page.click("#tab-parameters")
    assert page.locator(".facts tr", has_text="share").inner_text().split("\t")[1] == "0.25"


def test_what_is_refused_is_said_in_words(server, visit):
    page = visit(server)
    page.click("#start")
    page.wait_for_selector("#account tr")
    page.fill("input[name=pipelines]", "sall")
    page.locator("input[name=force]").focus()
    problem = page.locator(".problem")
    problem.wait_for()
    assert "there is no pipeline 'sall'" in problem.inner_text()
    assert page.locator("#begin").is_disabled()


def test_a_run_is_cancelled_from_the_page_and_gone_on_with(server, shop, visit):
    hold = shop / "hold"
    hold.touch()
    page = visit(server)
    try:
        server.post("/api/runs", {"force": ["wait"]})
        page.wait_for_selector('.timeline .line[data-node="wait"][data-status="running"]')
        page.click("#cancel")
        page.wait_for_selector('.timeline .line[data-node="wait"][data-status="cancelled"]')
    finally:
        hold.unlink()
    page.click("#resume")
    page.wait_for_selector("#account tr")
    page.click("#begin")
    page.wait_for_selector('.timeline .line[data-node="wait"][data-status="done"]')


def test_runs_are_narrowed_ordered_and_compared(server, visit):
    page = visit(server)
    runs = page.locator(".runs li[data-run]")
    total = runs.count()
    page.fill("#filter-runs", "share=1.0")
    assert 0 < runs.count() < total
    page.fill("#filter-runs", "")
    page.select_option("#sort-runs", "score")
    page.wait_for_selector(".narrow button:has-text('↓')")
    page.select_option("#sort-runs", "newest")
    page.wait_for_function(f"() => document.querySelectorAll('.runs li[data-run]').length >= {total}")
    oldest = [runs.nth(-1).get_attribute("data-run"), runs.nth(-2).get_attribute("data-run")]
    for run in oldest:
        page.locator(f'.runs li[data-run="{run}"] > input').check()
    page.click("#compare")
    page.wait_for_selector(".compared")
    cells = page.locator('.compared tbody[data-table="Parameters"] tr', has_text="share").locator("code")
    assert cells.all_inner_texts() == ["0.5", "1"]
    assert page.locator('.compared tbody[data-table="Metrics"]').inner_text().startswith("Metrics")
    assert re.search(r"\?compare=[0-9a-f-]+%2C[0-9a-f-]+", page.url)
    page.reload()
    page.wait_for_selector(".compared")
    page.go_back()
    page.wait_for_selector(".timeline")


def test_reasons_log_parameters_and_environment_of_a_run_are_told(server, visit):
    first = server.get("/api/runs?status=done")[1][-1]["id"]
    page = visit(server, path=f"?run={first}")
    for tab, said in (
        ("log", HOSTILE),
        ("nodes", "never run before"),
        ("parameters", "0.5"),
        ("environment", "python"),
    ):
        page.click(f"#tab-{tab}")
        page.wait_for_function(
            "(said) => document.querySelector('.dock-body').innerText.includes(said)", arg=said
        )
        assert f"tab={tab}" in page.url
    page.click('.vertex[data-id="node:read"]')
    page.wait_for_selector("#details .log")
    assert HOSTILE in page.locator("#details .log").inner_text()
    assert page.locator("#details .calls rect").count() >= 1


def test_data_is_shown_with_its_versions_what_differs_and_where_it_came_from(server, visit):
    page = visit(server)
    page.click('.vertex[data-id="data:rows"]')
    page.wait_for_selector(".preview .mlo-preview")
    assert "</script><script>window.owned=1" in page.locator(".preview").inner_text()
    versions = page.locator("#details .versions input")
    versions.first.wait_for()
    versions.nth(0).check()
    versions.nth(1).check()
    page.get_by_role("button", name="What differs").click()
    page.wait_for_selector(".difference")
    assert "places" in page.locator(".difference p").inner_text()
    lineage = page.get_by_role("list", name="Lineage across runs")
    lineage.get_by_text("read").first.wait_for()


def test_read_only_offers_nothing_that_changes_something(shop, visit):
    with serving(shop, "--read-only") as server:
        page = visit(server)
        assert page.locator("#start").count() == 0
        assert page.locator(".dock .acts button").count() == 0
        page.close()


def test_a_page_comes_back_when_its_server_does_not_answer(shop, chromium):
    with serving(shop) as server:
        context = chromium.new_context()
        page = context.new_page()
        page.goto(server.address)
        page.wait_for_selector(".pulse.on")
        server.stop()
        page.wait_for_selector(".pulse:not(.on)")
        assert page.locator(".vertex").count() > 0
        context.close()


def test_on_a_phone_the_graph_comes_first_and_nothing_sticks_out(server, visit):
    page = visit(server, width=390, height=844, has_touch=True)
    assert page.locator(".runs").count() == 0
    assert page.locator("#stage").bounding_box()["height"] > 250
    page.click("#toggle-runs")
    page.wait_for_selector(".runs li[data-run]")
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_a_page_says_that_the_project_has_changed_and_draws_it_anew(tmp_path, visit):
    root = write_project(tmp_path / "shop")
    assert mlo(root, "run").returncode == 0
    with serving(root) as found:
        page = visit(found)
        code = root / "src" / "shop" / "nodes" / "sell.py"
        more = "\n\n@node(outputs='doubled')\ndef double(rows):\n    return [*rows, *rows]\n"
        code.write_text(code.read_text() + more)
        page.click("#redraw")
        page.wait_for_selector('[data-id="node:double"]')
        assert page.locator("#redraw").count() == 0
        page.goto("about:blank")  # it would complain of the server's end
