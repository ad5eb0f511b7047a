from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mlflow_tmpl import Node, Pipeline
from mlflow_tmpl.views.graph import build_graph


def test_it_opens_from_the_disk_and_asks_nobody_for_anything(open_page, graph):
    opened = open_page(graph)
    assert opened.page.title() == "penguins"
    assert opened.page.locator(".vertex").count() == 3 + 4 + 2
    for name in ("node:load", "data:table", "params:drop"):
        opened.vertex(name).click()
    assert opened.complaints == []
    assert [url.partition("#")[0] for url in opened.requests] == [opened.page.url.partition("#")[0]]


def test_the_whole_graph_is_seen_at_the_start(open_page, graph):
    opened = open_page(graph)
    stage = opened.page.locator("#stage").bounding_box()
    for vertex in opened.page.locator(".vertex").all():
        box = vertex.bounding_box()
        assert stage["x"] <= box["x"]
        assert box["x"] + box["width"] <= stage["x"] + stage["width"]
        assert stage["y"] <= box["y"]
        assert box["y"] + box["height"] <= stage["y"] + stage["height"]


def test_a_click_on_a_node_tells_all_about_it(open_page, graph):
    opened = open_page(graph)
    opened.vertex("node:clean").click()
    text = opened.panel.inner_text()
    for said in (
        "clean", "Drop rows that miss a value.\n\nAll others stay as they are.", "done", "1m 23s",
        "parameter drop False -> True", "table", "rows", "drop", "true", "def clean(table, *, drop: bool):",
        "clean(table, *, drop: 'bool')", "conftest.py",
    ):  # fmt: skip
        assert said in text, said


def test_the_last_calls_of_a_node_and_what_it_printed_are_shown(open_page, graph):
    opened = open_page(graph)
    opened.vertex("node:clean").click()
    bars = opened.panel.locator(".calls rect")
    assert [float(bar.get_attribute("height")) for bar in bars.all()] == pytest.approx(
        [26.9, 18, 36], abs=0.1
    )
    assert "tone-bad" in bars.nth(1).get_attribute("class")
    assert (
        opened.panel.locator(".calls figcaption").inner_text() == "3 calls, typically 1m 02s, at most 1m 23s"
    )
    assert opened.panel.get_by_label("Printed").inner_text() == "two rows were dropped\n"


def test_what_is_in_a_dataset_is_shown_where_it_was_asked_for(open_page, graph):
    opened = open_page(graph)
    opened.vertex("data:penguins").click()
    assert opened.panel.get_by_role("region", name="Content of penguins").inner_text().strip() == "Adelie"
    opened.vertex("data:rows").click()
    opened.page.wait_for_function("() => document.querySelector('#details h2').innerText === 'rows'")
    assert opened.panel.locator(".preview").count() == 0


def test_code_is_coloured(open_page, graph):
    opened = open_page(graph)
    opened.vertex("node:load").click()
    spans = {
        span.get_attribute("class"): span.inner_text() for span in opened.panel.locator("pre span").all()
    }
    assert spans["t-name"] == "load"
    assert spans["t-comment"] == "# as they come"
    assert spans["t-string"] == '"""Read the raw table."""'


def test_a_click_on_a_dataset_tells_where_it_lies_and_who_uses_it(open_page, graph):
    opened = open_page(graph)
    opened.vertex("data:penguins").click()
    text = opened.panel.inner_text()
    for said in ("penguins", "csv", "data/penguins.csv", "conf/base/catalog.yml:3", "Taken by", "load"):
        assert said in text, said
    assert opened.panel.get_by_text("Made by").is_hidden()


def test_a_click_on_a_parameter_tells_its_value(open_page, graph):
    opened = open_page(graph)
    opened.vertex("params:columns").click()
    assert "species" in opened.panel.locator("pre").inner_text()


def test_a_failed_node_shows_its_error(open_page, graph):
    opened = open_page(graph)
    opened.vertex("node:report.count").click()
    assert opened.panel.locator("pre.error").inner_text() == "ValueError: no rows"


def test_links_in_the_panel_lead_from_vertex_to_vertex_and_back(open_page, graph):
    opened = open_page(graph)
    opened.vertex("node:clean").click()
    opened.panel.get_by_role("button", name="table", exact=True).click()
    assert opened.panel.locator("h2").inner_text() == "table"
    opened.page.go_back()
    assert opened.panel.locator("h2").inner_text() == "clean"


def test_the_address_names_what_is_open(open_page, graph):
    opened = open_page(graph, fragment="#selected=node%3Aclean")
    assert opened.panel.locator("h2").inner_text() == "clean"
    opened.vertex("data:rows").click()
    assert opened.page.url.endswith("#selected=data%3Arows")


def test_an_address_that_names_nothing_opens_nothing(open_page, graph):
    opened = open_page(graph, fragment="#selected=node%3Agone%E0%A4%A&open=x&&focus=no")
    assert opened.panel.is_hidden()
    assert opened.complaints == []


def test_what_leads_to_a_vertex_and_follows_from_it_stands_out(open_page, graph):
    opened = open_page(graph)
    opened.vertex("data:table").click()
    opened.settle()
    near = {each.get_attribute("data-id") for each in opened.page.locator(".vertex:not(.far)").all()}
    assert near == {"data:penguins", "params:columns", "node:load", "data:table", "node:clean", "data:rows",
                    "node:report.count", "data:total"}  # fmt: skip
    assert opened.look(opened.vertex("node:load"), "opacity") == "1"
    opened.page.wait_for_function(
        "() => getComputedStyle(document.querySelector('[data-id=\"params:drop\"]')).opacity < 0.5"
    )


def test_a_click_beside_everything_closes_the_panel(open_page, graph):
    opened = open_page(graph)
    opened.vertex("node:clean").click()
    opened.page.mouse.click(20, 400)
    assert opened.panel.is_hidden()
    opened.settle()
    assert opened.page.locator(".vertex.far").count() == 0


def test_the_wheel_zooms_around_the_pointer(open_page, graph):
    opened = open_page(graph)
    before = opened.vertex("node:load").bounding_box()
    x, y = before["x"] + 5, before["y"] + 5
    size = opened.camera[2]
    opened.page.mouse.move(x, y)
    opened.page.mouse.wheel(0, -200)
    opened.page.wait_for_function(
        f"() => document.querySelector('#stage > svg > g').transform.baseVal.consolidate().matrix.a > {size}"
    )
    after = opened.vertex("node:load").bounding_box()
    factor = opened.camera[2] / size
    assert after["width"] == pytest.approx(before["width"] * factor, rel=0.02)
    assert after["x"] == pytest.approx(x - 5 * factor, abs=1.5)
    assert after["y"] == pytest.approx(y - 5 * factor, abs=1.5)


def test_dragging_moves_the_drawing_and_chooses_nothing(open_page, graph):
    opened = open_page(graph)
    x, y, size = opened.camera
    box = opened.vertex("node:load").bounding_box()
    opened.page.mouse.move(box["x"] + 5, box["y"] + 5)
    opened.page.mouse.down()
    opened.page.mouse.move(box["x"] + 45, box["y"] + 35, steps=4)
    opened.page.mouse.up()
    assert opened.camera == pytest.approx((x + 40, y + 30, size), abs=0.1)
    assert opened.panel.is_hidden()


def test_two_fingers_zoom(open_page, graph):
    opened = open_page(graph, has_touch=True)
    size = opened.camera[2]
    touch = opened.page.context.new_cdp_session(opened.page)
    for kind, apart in (("touchStart", 40), ("touchMove", 80), ("touchMove", 120)):
        points = [{"x": 600 - apart, "y": 400}, {"x": 600 + apart, "y": 400}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    opened.page.wait_for_function(
        f"() => document.querySelector('#stage > svg > g').transform.baseVal.consolidate().matrix.a > {size * 2}"
    )


@pytest.mark.parametrize(("key", "grows"), [("+", True), ("-", False)])
def test_keys_zoom_and_0_shows_all_again(open_page, graph, key, grows):
    opened = open_page(graph)
    before = opened.camera
    opened.page.keyboard.press(key)
    assert (opened.camera[2] > before[2]) == grows
    opened.page.keyboard.press("0")
    assert opened.camera == pytest.approx(before, abs=0.01)


def test_arrows_walk_along_edges_and_to_what_stands_beside(open_page, graph):
    opened = open_page(graph, width=500, height=1000)  # where edges lead down
    opened.page.locator("#stage").focus()
    opened.page.keyboard.press("ArrowDown")
    opened.vertex("node:load").click()
    opened.page.keyboard.press("ArrowDown")
    assert opened.panel.locator("h2").inner_text() == "table"
    opened.page.keyboard.press("ArrowDown")
    assert opened.panel.locator("h2").inner_text() == "clean"
    opened.page.keyboard.press("ArrowUp")
    assert opened.panel.locator("h2").inner_text() in {"table", "drop"}


def test_buttons_zoom_and_fit(open_page, graph):
    opened = open_page(graph)
    before = opened.camera
    opened.page.get_by_role("button", name="Zoom in").click()
    assert opened.camera[2] == pytest.approx(before[2] * 1.25, rel=0.001)
    opened.page.get_by_role("button", name="Zoom out").click()
    opened.page.get_by_role("button", name="Zoom out").click()
    assert opened.camera[2] == pytest.approx(before[2] * 0.8, rel=0.001)
    opened.page.get_by_role("button", name="Fit").click()
    assert opened.camera == pytest.approx(before, abs=0.01)


def test_search_finds_and_opens(open_page, graph):
    opened = open_page(graph)
    opened.page.keyboard.press("/")
    opened.page.keyboard.type("count")
    assert [text.split("\n") for text in opened.page.get_by_role("option").all_inner_texts()] == [
        ["report.count", "node"]
    ]
    opened.page.keyboard.press("Enter")
    assert opened.panel.locator("h2").inner_text() == "report.count"


def test_search_by_arrows_and_by_mouse(open_page, graph):
    opened = open_page(graph)
    opened.page.locator("#search").fill("a")
    names = [text.split("\n")[0] for text in opened.page.get_by_role("option").all_inner_texts()]
    assert set(names) == {"load", "clean", "table", "total"}
    opened.page.keyboard.press("ArrowDown")
    opened.page.keyboard.press("Enter")
    assert opened.panel.locator("h2").inner_text() == names[1]
    opened.page.locator("#search").fill("pen")
    opened.page.get_by_role("option").first.click()
    assert opened.panel.locator("h2").inner_text() == "penguins"


def test_search_says_when_there_is_nothing(open_page, graph):
    opened = open_page(graph)
    opened.page.locator("#search").fill("zebra")
    assert opened.page.locator("#found").inner_text() == "nothing found"
    opened.page.keyboard.press("Escape")
    assert opened.page.locator("#found").is_hidden()


def test_it_can_be_used_without_a_mouse(open_page, graph):
    opened = open_page(graph)
    opened.vertex("node:clean").focus()
    opened.page.keyboard.press("Enter")
    assert opened.panel.locator("h2").inner_text() == "clean"
    assert opened.page.evaluate("() => document.activeElement.id") == "details"
    opened.page.keyboard.press("Escape")
    assert opened.panel.is_hidden()
    assert opened.page.evaluate("() => document.activeElement.dataset.id") == "node:clean"


def test_the_vertex_that_has_the_focus_is_seen_and_marked(open_page, graph):
    opened = open_page(graph)
    for _ in range(8):
        opened.page.keyboard.press("+")
    opened.page.locator("#stage").focus()
    opened.page.keyboard.press("ArrowDown")
    opened.page.wait_for_timeout(400)  # it glides there
    focused = opened.page.locator(".vertex:focus-visible")
    assert focused.count() == 1
    assert opened.look(focused.locator(".box"), "strokeWidth") in {"2.5px", "3px"}
    box, stage = focused.bounding_box(), opened.page.locator("#stage").bounding_box()
    assert stage["x"] < box["x"] + box["width"] / 2 < stage["x"] + stage["width"]
    assert stage["y"] < box["y"] + box["height"] / 2 < stage["y"] + stage["height"]


def test_every_vertex_has_a_role_and_a_label(open_page, graph):
    opened = open_page(graph)
    assert opened.page.get_by_role("button", name="node clean, done, 1m 23s").count() == 1
    assert opened.page.get_by_role("button", name="dataset penguins, csv").count() == 1
    assert opened.page.get_by_role("button", name="parameter drop", exact=True).count() == 1


def test_parameters_can_be_hidden_and_shown(open_page, graph):
    opened = open_page(graph)
    button = opened.page.get_by_role("button", name="Parameters", exact=True)
    assert button.get_attribute("aria-pressed") == "true"
    button.click()
    opened.page.wait_for_selector(".vertex.param", state="detached")
    assert opened.page.locator(".vertex").count() == 7
    opened.page.keyboard.press("p")
    opened.page.wait_for_selector(".vertex.param", state="attached")
    opened.settle()
    assert opened.page.locator(".vertex.param").count() == 2
    opened.vertex("params:drop").click()
    assert opened.panel.locator("h2").inner_text() == "drop"


def test_a_link_to_a_hidden_parameter_shows_it(open_page, graph):
    opened = open_page(graph)
    opened.page.keyboard.press("p")
    opened.vertex("node:clean").click()
    opened.panel.get_by_role("button", name="drop", exact=True).click()
    assert opened.panel.locator("h2").inner_text() == "drop"
    assert "chosen" in opened.vertex("params:drop").get_attribute("class")


def test_the_legend_opens(open_page, graph):
    opened = open_page(graph)
    opened.page.get_by_text("Legend").click()
    assert "dataset in memory" in opened.page.locator(".legend").inner_text()


def test_a_hostile_project_is_inert(open_page, hostile):
    opened = open_page(hostile)
    for vertex in ("node:load", "data:penguins", "params:drop"):
        opened.vertex(vertex).click()
        assert "<b>bold</b>" in opened.panel.locator("h2").inner_text()
        assert opened.panel.locator("img, script, b").count() == 0
    opened.page.locator("#search").fill("script")
    assert opened.page.locator("#found img, #found script").count() == 0
    assert opened.page.evaluate("() => window.owned") is None
    assert opened.complaints == []
    assert len(opened.requests) == 1


def test_the_policy_stops_a_script_that_got_in_all_the_same(open_page, graph):
    opened = open_page(graph)
    opened.page.evaluate(
        "() => { const script = document.createElement('script');"
        " script.textContent = 'window.owned = 1'; document.body.append(script); }"
    )
    assert opened.page.evaluate("() => window.owned") is None


@pytest.mark.parametrize(
    ("scheme", "ground", "card"),
    [("light", "rgb(251, 250, 247)", "rgb(255, 255, 255)"), ("dark", "rgb(20, 23, 28)", "rgb(31, 36, 44)")],
)
def test_it_is_light_or_dark_as_the_system_is(open_page, graph, scheme, ground, card):
    opened = open_page(graph, color_scheme=scheme)
    assert opened.look(opened.page.locator("body"), "backgroundColor") == ground
    assert opened.look(opened.vertex("node:load").locator(".box"), "fill") == card


def test_nothing_moves_for_those_who_want_it_still(open_page, graph):
    opened = open_page(graph, reduced_motion="reduce")
    assert opened.look(opened.vertex("node:load"), "transitionDuration") == "0s"
    assert opened.look(open_page(graph).vertex("node:load"), "transitionDuration") != "0s"


def test_on_a_phone_the_panel_lies_below_and_nothing_is_cut_off(open_page, graph):
    opened = open_page(graph, width=390, height=844, has_touch=True, is_mobile=True)
    opened.vertex("node:clean").tap()
    box = opened.panel.bounding_box()
    assert (box["x"], box["width"]) == (0, 390)
    assert box["y"] + box["height"] == pytest.approx(844, abs=1)
    vertex = opened.vertex("node:clean").bounding_box()
    assert vertex["y"] + vertex["height"] < box["y"]
    assert opened.page.evaluate("() => document.documentElement.scrollWidth") == 390


def test_the_header_counts_nodes_by_status(open_page, graph):
    opened = open_page(graph)
    assert opened.page.locator(".statuses li").all_inner_texts() == ["1 reused", "1 done", "1 failed"]


def test_a_project_without_parameters_has_no_button_for_them(open_page, graph):
    bare = replace(
        graph, parameters=(), edges=tuple(edge for edge in graph.edges if "params" not in edge.source)
    )
    opened = open_page(bare)
    assert opened.page.locator("#datasets").count() == 1
    assert opened.page.locator("#parameters").count() == 0


def boxed(count, groups):
    """A chain of nodes in namespaces of equal size, each leading into the next."""
    nodes = [
        Node(len, f"d{at}" if at else "raw", f"d{at + 1}", name=f"step_{at}", namespace=None)
        for at in range(count)
    ]
    view = build_graph(Pipeline(nodes), title="many")
    size = count // groups
    return replace(
        view,
        nodes=tuple([replace(node, namespace=f"part_{at // size}") for at, node in enumerate(view.nodes)]),
    )


def test_boxes_of_a_large_graph_start_closed_and_open_and_close(open_page):
    opened = open_page(boxed(300, 10))
    opened.page.keyboard.press("0")
    opened.settle()
    assert opened.page.locator(".vertex.closed").count() == 10
    opened.vertex("box:part_0").click()
    opened.settle()
    opened.page.keyboard.press("0")
    opened.settle()
    assert opened.page.locator("[data-frame]").count() >= 1
    assert "open=box%3Apart_0" in opened.page.url
    opened.page.locator("[data-frame='box:part_0']").click()
    opened.page.keyboard.press("0")
    opened.settle()
    assert opened.page.locator(".vertex.closed").count() == 10
    assert "open" not in opened.page.url.rpartition("graph.html")[2]
    assert opened.complaints == []


def test_search_opens_the_box_of_what_it_finds(open_page):
    opened = open_page(boxed(300, 10))
    opened.page.keyboard.press("/")
    opened.page.keyboard.type("step_123")
    opened.page.keyboard.press("Enter")
    assert opened.panel.locator("h2").inner_text() == "step_123"
    opened.page.wait_for_selector('.vertex.chosen[data-id="node:step_123"]')


def test_the_outline_mirrors_the_graph_and_is_walked_by_keyboard(open_page):
    opened = open_page(boxed(300, 10))
    opened.page.keyboard.press("o")
    tree = opened.page.get_by_role("tree")
    assert tree.get_by_role("treeitem").count() >= 10
    tree.get_by_role("treeitem", name="part_0").focus()
    opened.page.keyboard.press("ArrowRight")
    assert tree.get_by_role("treeitem", name="part_0").get_attribute("aria-expanded") == "true"
    opened.page.keyboard.press("ArrowDown")
    opened.page.keyboard.press("Enter")
    first = opened.panel.locator("h2").inner_text()
    assert first == "step_0"
    assert tree.get_by_role("treeitem", name=first).first.get_attribute("aria-selected") == "true"


def test_only_what_leads_to_a_vertex_can_be_shown(open_page, graph):
    opened = open_page(graph)
    opened.vertex("node:clean").click()
    opened.panel.get_by_role("button", name="Upstream").click()
    opened.settle()
    assert opened.page.locator(".vertex").count() == 6
    assert "Only what leads to clean" in " ".join(opened.page.locator(".notices").inner_text().split())
    opened.page.get_by_role("button", name="Show all again").click()
    opened.settle()
    assert opened.page.locator(".vertex").count() == 9


def test_a_slice_names_the_command_that_runs_it(open_page, graph):
    opened = open_page(graph)
    opened.vertex("node:clean").click()
    opened.panel.get_by_role("button", name="Slice from here").click()
    opened.vertex("data:total").click()
    opened.panel.get_by_role("button", name="Slice to here").click()
    assert opened.page.locator("#command").inner_text() == "mlo run --from-nodes=clean --to-outputs=total"
    assert "from=node%3Aclean" in opened.page.url


def test_datasets_can_be_hidden_and_nodes_then_lead_to_nodes(open_page, graph):
    opened = open_page(graph)
    opened.page.keyboard.press("d")
    opened.settle()
    assert opened.page.locator(".vertex.data").count() == 0
    opened.vertex("node:load").click()
    opened.settle()
    assert "far" not in opened.vertex("node:report.count").get_attribute("class")


def test_only_nodes_with_a_tag_can_be_shown(open_page, graph):
    opened = open_page(graph)
    opened.page.get_by_role("button", name="Tags").click()
    opened.page.get_by_label("prep").check()
    opened.settle()
    assert opened.page.locator(".vertex.node").count() == 1
    assert "tags=prep" in opened.page.url


def test_the_drawing_is_saved_as_it_is_seen(open_page, graph):
    opened = open_page(graph)
    for name, start in (("SVG", b"<svg"), ("PNG", b"\x89PNG")):
        opened.page.locator("#export").click()
        with opened.page.expect_download() as download:
            opened.page.get_by_role("button", name=f"as {name}").click()
        saved = Path(download.value.path()).read_bytes()
        assert saved.startswith(start)
        assert download.value.suggested_filename == f"penguins.{name.lower()}"
    assert opened.complaints == []


def test_a_link_brings_back_what_was_seen(open_page, graph):
    opened = open_page(
        graph, fragment="#selected=node%3Aclean&parameters=false&direction=down&focus=node%3Aclean&side=up"
    )
    opened.settle()
    assert opened.panel.locator("h2").inner_text() == "clean"
    assert opened.page.locator(".vertex").count() == 4


def test_three_hundred_nodes_without_boxes_are_drawn_all_the_same(open_page):
    nodes = [
        Node(lambda *values: values, [f"d{at // 2}", "params:alpha"], f"d{at + 1}", name=f"node_{at}")
        for at in range(300)
    ]
    opened = open_page(build_graph(Pipeline(nodes), title="many"))
    assert opened.vertex("node:node_0").bounding_box()["width"] > 50
    assert opened.complaints == []
