from __future__ import annotations

import os
import signal
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_tmpl import Catalog, MloError, Node, NodeOptions, Pipeline, run
from mlflow_tmpl.pipeline.names import item_name, split_item, whole_name

KEYS = st.text(st.characters(exclude_characters="@[]", exclude_categories=["Cs"]), min_size=1, max_size=5)


def double(x):
    return 2 * x


def shifted(x, *, by: float):
    return x + by


@pytest.mark.parametrize("engine", ["inline", "threads"])
@given(values=st.dictionaries(KEYS, st.integers(), max_size=6))
def test_a_map_gives_what_one_call_for_each_item_gives(engine, values):
    mapped = run(Node(double, {"x": "xs"}, "ys", over="x"), {"xs": values}, engine=engine)
    assert mapped["ys"] == {key: double(value) for key, value in values.items()}


@given(values=st.lists(st.integers(), max_size=6))
def test_a_map_of_a_map_gives_what_the_composed_function_gives(values):
    twice = Pipeline(
        [
            Node(double, {"x": "xs"}, "ys", over="x", name="once"),
            Node(double, {"x": "ys"}, "zs", over="x", name="again"),
        ]
    )
    assert run(twice, {"xs": values})["zs"] == {str(at): 4 * value for at, value in enumerate(values)}


@given(name=st.from_regex(r"[\w.-]+(@[\w.-]+)?", fullmatch=True), item=KEYS)
def test_the_name_of_a_part_tells_the_dataset_and_the_part(name, item):
    assert split_item(item_name(name, item)) == (name, item)
    assert whole_name(item_name(name, item)) == name == whole_name(name)


def test_items_of_a_parameter_are_called_as_they_are_written_and_converted_each():
    node = Node(shifted, {"x": "x", "by": "params:steps"}, "ys", over="by")
    assert run(node, {"x": 1, "params:steps": [0.5, 2]})["ys"] == {"0.5": 1.5, "2": 3.0}
    assert run(node, {"x": 1, "params:steps": {"a": 1, "b": 2}})["ys"] == {"a": 2.0, "b": 3.0}


def test_several_outputs_are_collected_each():
    def halves(x):
        return {"low": x // 2, "high": x - x // 2}

    made = run(Node(halves, {"x": "xs"}, {"low": "lows", "high": "highs"}, over="x"), {"xs": [3, 4]})
    assert (made["lows"], made["highs"]) == ({"0": 1, "1": 2}, {"0": 2, "1": 2})


def test_no_item_sees_what_another_does_to_a_shared_input():
    def grow(x, shared):
        shared.append(x)
        return list(shared)

    made = run(Node(grow, {"x": "xs", "shared": "start"}, "ys", over="x"), {"xs": [1, 2], "start": [0]})
    assert made["ys"] == {"0": [0, 1], "1": [0, 2]}


def test_items_are_nodes_of_the_result_and_their_outputs_are_not_outputs():
    made = run(Node(double, {"x": "xs"}, "ys", over="x"), {"xs": {"a": 1}})
    assert [(node.name, node.status) for node in made.nodes] == [("double", "done"), ("double[a]", "done")]
    assert made.outputs == ("ys",)


def test_a_map_for_its_effect_runs_each_item():
    seen = []

    def look(x):
        seen.append(x)

    run(Node(look, {"x": "xs"}, None, over="x"), {"xs": [1, 2]})
    assert sorted(seen) == [1, 2]


def test_an_item_that_fails_blocks_the_map_and_no_other_item():
    def inverse(x):
        return 1 / x

    def count(ys):
        return len(ys)

    pipeline = Pipeline([Node(inverse, {"x": "xs"}, "ys", over="x"), Node(count, "ys", "n")])
    with pytest.raises(MloError, match=r"node 'inverse\[b\]' failed: ZeroDivisionError") as caught:
        run(pipeline, {"xs": {"a": 1, "b": 0}})
    status = {node.name: node.status for node in caught.value.result.nodes}
    assert status == {"inverse": "blocked", "count": "blocked", "inverse[a]": "done", "inverse[b]": "failed"}


def test_an_item_is_tried_again_by_itself():
    calls = []

    def moody(x):
        calls.append(x)
        if calls.count(x) == 1 and x == 2:
            raise ValueError("not yet")
        return x

    options = NodeOptions(retries={"count": 1, "delay_s": 0})
    made = run(Node(moody, {"x": "xs"}, "ys", over="x", options=options), {"xs": [1, 2]})
    assert (made["ys"], sorted(calls)) == ({"0": 1, "1": 2}, [1, 2, 2])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (3, "goes over 'x', which is a int and has no items"),
        ({"a@b": 1}, "cannot be called 'a@b'"),
        ({1: 1, "1": 2}, "two items of node 'double' are called '1'"),
    ],
)
def test_what_has_no_items_or_no_names_for_them_fails_the_node(value, message):
    with pytest.raises(MloError, match=message):
        run(Node(double, {"x": "xs"}, "ys", over="x"), {"xs": value})


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (0.5, "parameter 'steps', which node 'shifted' goes over, is neither a list nor a mapping"),
        ([1, 1], "has '1' twice"),
        (["a"], "item 'a' of parameter 'steps' must be a float"),
    ],
)
def test_a_parameter_that_cannot_be_gone_over_is_refused(steps, message):
    node = Node(shifted, {"x": "x", "by": "params:steps"}, "ys", over="by")
    with pytest.raises(MloError, match=message):
        run(node, {"x": 1, "params:steps": steps})


def test_an_argument_that_is_not_there_is_refused_with_the_nearest():
    with pytest.raises(MloError, match="goes over 'xx', which is no argument of it") as caught:
        Node(double, "xs", "ys", over="xx")
    assert "'x'" in caught.value.hint


def test_a_function_that_yields_is_refused():
    def each(x):
        yield x

    with pytest.raises(MloError, match="goes over 'x', and its function yields"):
        run(Node(each, {"x": "xs"}, "ys", over="x"), {"xs": [1]}, catalog=Catalog.of({"ys": "ys.txt"}))


def test_a_dataset_without_parts_is_refused_with_the_way_out(tmp_path):
    (tmp_path / "xs.txt").write_text("1")
    catalog = Catalog.of({"xs": str(tmp_path / "xs.txt")})
    with pytest.raises(MloError, match="goes over dataset 'xs', which has no parts") as caught:
        run(Node(double, {"x": "xs"}, "ys", over="x"), catalog=catalog)
    assert "type: partitioned" in caught.value.hint


def test_annotations_are_of_one_item():
    def give() -> dict[str, int]:
        return {"a": 1}

    def take(x: int) -> int:
        return x

    def sum_up(ys: dict) -> int:
        return sum(ys.values())

    pipeline = Pipeline(
        [Node(give, None, "xs"), Node(take, {"x": "xs"}, "ys", over="x"), Node(sum_up, "ys", "n")]
    )
    assert run(pipeline)["n"] == 1


def test_parts_may_lie_in_a_remote_store_and_go_when_their_item_is_no_more():
    import fsspec

    memory = fsspec.filesystem("memory")
    entry = {"type": "partitioned", "dataset": "text", "suffix": ".txt"}
    place = "memory://items-of-a-map"
    catalog = Catalog.of(
        {"xs": {**entry, "filepath": f"{place}/xs"}, "ys": {**entry, "filepath": f"{place}/ys"}}
    )
    node = Node(double, {"x": "xs"}, "ys", over="x")
    memory.pipe({"/items-of-a-map/xs/a.txt": b"1", "/items-of-a-map/xs/b/c.txt": b"2"})
    made = run(node, catalog=catalog)
    assert {name: load() for name, load in made["ys"].items()} == {"a": "11", "b/c": "22"}
    memory.rm("/items-of-a-map/xs/a.txt")
    assert list(run(node, catalog=catalog)["ys"]) == ["b/c"]
    memory.rm("/items-of-a-map", recursive=True)


def test_a_map_over_no_items_gives_an_empty_whole(tmp_path):
    (tmp_path / "xs").mkdir()
    entry = {"type": "partitioned", "dataset": "text", "suffix": ".txt"}
    catalog = Catalog.of(
        {"xs": {**entry, "filepath": str(tmp_path / "xs")}, "ys": {**entry, "filepath": str(tmp_path / "ys")}}
    )
    assert run(Node(double, {"x": "xs"}, "ys", over="x"), catalog=catalog)["ys"] == {}
    assert run(Node(double, {"x": "zs"}, "us", over="x"), {"zs": {}})["us"] == {}


def test_a_map_that_adds_to_its_output_removes_nothing(tmp_path):
    for name in ("xs/a", "ys/old"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).with_suffix(".txt").write_text("1")
    entry = {"type": "partitioned", "dataset": "text", "suffix": ".txt", "overwrite": False}
    catalog = Catalog.of(
        {"xs": {**entry, "filepath": str(tmp_path / "xs")}, "ys": {**entry, "filepath": str(tmp_path / "ys")}}
    )
    assert list(run(Node(double, {"x": "xs"}, "ys", over="x"), catalog=catalog)["ys"]) == ["a", "old"]


def test_a_condition_leaves_a_map_out_with_all_its_items():
    node = Node(double, {"x": "xs"}, "ys", over="x", when="params:on")
    made = run(node, {"xs": [1], "params:on": False})
    assert [(each.name, each.status) for each in made.nodes] == [("double", "skipped")]
    assert run(node, {"xs": [1], "params:on": True})["ys"] == {"0": 2}


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_an_item_whose_worker_is_killed_is_called_again_and_no_other_item(tmp_path):
    def doubled(x, log):
        with open(f"{log}/{x}", "a") as file:
            file.write("called ")
        if x == 2 and os.path.getsize(f"{log}/2") < 10:
            os.kill(os.getpid(), signal.SIGKILL)
        return 2 * x

    node = Node(
        doubled,
        {"x": "xs", "log": "log"},
        "ys",
        over="x",
        options=NodeOptions(retries={"count": 2, "delay_s": 0}),
    )
    made = run(node, {"xs": [1, 2, 3], "log": str(tmp_path)}, engine="processes", jobs=2)
    assert made["ys"] == {"0": 2, "1": 4, "2": 6}
    assert {file.name: file.read_text().split() for file in tmp_path.iterdir()}["2"] == ["called", "called"]


def test_a_part_that_is_nowhere_any_more_fails_its_item_and_hangs_nothing(monkeypatch):
    from mlflow_tmpl.engine.memory import Values

    put = Values.put

    def losing(self, values):
        values.pop("xs[b]", None)
        put(self, values)

    monkeypatch.setattr(Values, "put", losing)
    with pytest.raises(
        MloError, match=r"node 'double\[b\]' failed: its item 'b' went with a worker that ended"
    ):
        run(Node(double, {"x": "xs"}, "ys", over="x"), {"xs": {"a": 1, "b": 2}})
