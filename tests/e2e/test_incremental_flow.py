"""Edits of parameters, catalog, data, wiring and outputs: nothing stale, and nothing run that need not be."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from .flow import CATALOG_FILE, CODE, EVERY, FLOW, PARAMETERS_FILE, SCALING

if TYPE_CHECKING:
    from .incremental import Lab


def without_store(lab: Lab) -> Lab:
    """Forget what was kept of past outputs."""
    shutil.rmtree(lab.root / ".mlo/store")
    return lab


def outputs(lab: Lab) -> dict[str, bytes]:
    """Return what the output files hold."""
    return {path.name: path.read_bytes() for path in (lab.root / "out").iterdir()}


def test_nothing_runs_twice(flow: Lab) -> None:
    assert flow.rerun() == set()


def test_each_node_says_what_became_of_it(flow: Lab) -> None:
    assert flow.run().statuses == dict.fromkeys(EVERY, "reused") | {"clean": "skipped"}


@pytest.mark.parametrize(
    ("old", "new", "runs"),
    [
        pytest.param("factor: 2", "factor: 3", SCALING, id="a-value"),
        pytest.param("factor: 2", "factor: 2.0", SCALING, id="its-type"),
        pytest.param("second: b", "second: c", {"clean", "summarize"}, id="a-value-inside"),
        pytest.param(
            "{first: a, second: b}",
            "{second: b, first: a}",
            {"clean", "summarize"},
            id="the-order-of-its-keys",
        ),
        pytest.param("unread: 1", "unread: 2", set(), id="one-that-no-node-takes"),
        pytest.param("factor: 2", "# times\nfactor:   2", set(), id="comments-and-spaces"),
    ],
)
def test_a_parameter_makes_its_takers_run(flow: Lab, old: str, new: str, runs: set[str]) -> None:
    flow.replace(PARAMETERS_FILE, old, new)
    assert flow.rerun() == runs


def test_a_local_parameter_counts_as_one_of_the_base(flow: Lab) -> None:
    flow.write({"conf/local/parameters.yml": "factor: 5"})
    assert flow.rerun() == SCALING
    flow.write({"conf/local/parameters.yml": None})
    flow.replace(PARAMETERS_FILE, "factor: 2", "factor: 5")
    assert flow.rerun() == set()


def test_a_parameter_of_the_command_line_counts(flow: Lab) -> None:
    assert flow.rerun("--params", "factor=7") == SCALING
    assert flow.rerun("--params", "factor=7") == set()
    assert without_store(flow).rerun() == SCALING


def test_a_parameter_taken_back_brings_the_earlier_outputs_back(flow: Lab) -> None:
    before = outputs(flow)
    assert flow.rerun("--params", "factor=7") == SCALING
    assert outputs(flow) != before
    assert flow.rerun() == set()
    assert outputs(flow) == before


@pytest.mark.parametrize(
    ("old", "new", "runs"),
    [
        pytest.param(
            "filepath: out/summary.json}",
            "filepath: out/summary.json, save_args: {indent: 1}}",
            {"clean", "summarize"},
            id="save_args",
        ),
        pytest.param("out/total.json", "out/sum.json", {"add", "clean", "summarize"}, id="a-filepath"),
        pytest.param("out/summary.json}", "out/summary.json, layer: report}", set(), id="a-layer"),
        pytest.param("out/summary.json}", "out/summary.json, metadata: {by: me}}", set(), id="metadata"),
        pytest.param(
            "total: out/total.json",
            "total: {type: json, filepath: out/total.json}",
            set(),
            id="the-same-in-full",
        ),
        pytest.param(
            "scaled: out/scaled.json\n", "", {"clean", "scale", "add"}, id="an-output-no-longer-saved"
        ),
        pytest.param(
            "total: out/total.json",
            "total: out/total.json\ncleaned: out/cleaned.json",
            {"clean", "scale", "summarize"},
            id="an-output-now-saved",
        ),
        pytest.param(
            "second: data/second.json",
            "second: {type: text, filepath: data/second.json}",
            {"other"},
            id="a-type",
        ),
    ],
)
def test_an_entry_of_the_catalog_counts_as_far_as_it_changes_data(
    flow: Lab, old: str, new: str, runs: set[str]
) -> None:
    flow.replace(CATALOG_FILE, old, new)
    assert flow.rerun() == runs


def test_edited_input_data_makes_its_takers_run(flow: Lab) -> None:
    flow.write({"data/second.json": "[1, 2]"})
    assert flow.rerun() == {"other"}


def test_an_edit_of_the_same_size_and_time_is_noticed(flow: Lab) -> None:
    path = flow.root / "data/raw.json"
    before = path.stat()
    flow.write({"data/raw.json": "[1, 3, null]"})
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert flow.rerun() == SCALING


def test_a_touched_input_makes_nothing_run(flow: Lab) -> None:
    (flow.root / "data/raw.json").touch()
    assert flow.rerun() == set()


def test_data_that_comes_out_the_same_in_memory_still_runs_its_takers_once(flow: Lab) -> None:
    """A value in memory has no content to compare; what is saved after it stops the wave."""
    flow.write({"data/raw.json": "[1, null, 2]"})
    assert flow.rerun() == {"clean", "scale", "summarize"}


def test_a_deleted_output_is_made_again_and_no_more(flow: Lab) -> None:
    (flow.root / "out/total.json").unlink()
    assert without_store(flow).rerun() == {"add"}


def test_a_deleted_output_is_restored_and_no_node_runs(flow: Lab) -> None:
    (flow.root / "out/total.json").unlink()
    ran = flow.run()
    assert ran.done == set()
    assert ran.reasons("add") == ["output total restored from the store"]
    flow.assert_fresh()


def test_an_output_edited_by_hand_is_made_again(flow: Lab) -> None:
    without_store(flow).write({"out/scaled.json": "[0]"})
    ran = flow.run()
    assert ran.done == {"clean", "scale"}
    assert ran.reasons("scale") == ["output scaled is not what was saved (conf/base/catalog.yml:3:9)"]
    flow.assert_fresh()


def test_the_same_content_after_an_edit_stops_the_wave(flow: Lab) -> None:
    after = "from mlflow_tmpl import node\n\n@node(outputs='after')\ndef later(other):\n    return other\n"
    flow.write(
        {"src/proj/nodes/later.py": after, CATALOG_FILE: FLOW[CATALOG_FILE] + "after: out/after.json\n"}
    ).run()
    flow.replace("src/proj/nodes/other.py", "len(second)", "len(list(second))")
    assert flow.rerun() == {"other"}
    flow.replace("src/proj/nodes/other.py", "len(list(second))", "-len(second)")
    assert flow.rerun() == {"other", "later"}


def test_an_edit_taken_back_reuses_what_is_still_there(flow: Lab) -> None:
    other = "src/proj/nodes/other.py"
    flow.replace(other, "len(second)", "len(second) + 0")
    assert flow.rerun() == {"other"}
    flow.replace(other, "len(second) + 0", "len(second)")
    assert flow.rerun() == set()


def test_an_edit_taken_back_runs_what_has_other_content_and_was_not_kept(flow: Lab) -> None:
    other = "src/proj/nodes/other.py"
    flow.replace(other, "len(second)", "len(second) + 1")
    assert flow.rerun() == {"other"}
    flow.replace(other, "len(second) + 1", "len(second)")
    assert without_store(flow).rerun() == {"other"}


def test_an_edit_taken_back_restores_what_has_other_content(flow: Lab) -> None:
    other = "src/proj/nodes/other.py"
    flow.replace(other, "len(second)", "len(second) + 1")
    assert flow.rerun() == {"other"}
    flow.replace(other, "len(second) + 1", "len(second)")
    assert flow.rerun() == set()


MIXED = """
from mlflow_tmpl import node


@node(outputs=["total", "rest"])
def split(raw):
    return raw[0], raw[1:]


@node(outputs="other")
def use(rest, second):
    return [rest, second]
"""


@pytest.fixture
def mixed(lab: Lab) -> Lab:
    """A project with a node of which one output is saved and one is in memory."""
    lab.write({**FLOW, CODE: MIXED, "src/proj/nodes/other.py": ""}).run()
    return lab


def test_a_mixed_node_is_reused_while_nobody_needs_its_memory(mixed: Lab) -> None:
    assert mixed.rerun() == set()


def test_a_mixed_node_runs_for_the_sake_of_its_memory(mixed: Lab) -> None:
    mixed.write({"data/second.json": "[5]"})
    assert mixed.rerun() == {"split", "use"}
    assert mixed.rerun() == set()


def test_a_mixed_node_runs_when_what_it_saved_is_gone(mixed: Lab) -> None:
    (mixed.root / "out/total.json").unlink()
    assert without_store(mixed).rerun() == {"split"}


def test_a_node_that_says_so_runs_every_time(flow: Lab) -> None:
    flow.replace("src/proj/nodes/other.py", 'outputs="other"', 'outputs="other", reuse=False')
    assert flow.rerun() == {"other"}
    assert flow.rerun() == {"other"}
    assert flow.run().reasons("other") == ["runs every time: reuse=False"]


def test_what_a_node_without_reuse_leaves_in_memory_runs_its_takers(flow: Lab) -> None:
    flow.replace(CODE, '@node(outputs="cleaned")', '@node(outputs="cleaned", reuse=False)')
    flow.run()
    assert flow.rerun() == {"clean", "scale", "summarize"}


def test_a_node_without_outputs_runs_every_time(flow: Lab) -> None:
    flow.write(
        {
            "src/proj/nodes/effect.py": "from mlflow_tmpl import node\n\n@node\ndef tell(total):\n    print(total)\n"
        }
    )
    assert flow.rerun() == {"tell"}
    assert flow.rerun() == {"tell"}
    assert flow.run().reasons("tell") == ["runs every time: it has no outputs"]


def test_a_slice_runs_only_its_own(flow: Lab) -> None:
    flow.replace(PARAMETERS_FILE, "factor: 2", "factor: 3")
    assert flow.run("--to-nodes", "scale").done == {"clean", "scale"}
    assert flow.rerun() == {"add", "clean", "summarize"}


def test_a_slice_that_begins_at_a_saved_dataset_takes_what_is_there(flow: Lab) -> None:
    flow.replace(PARAMETERS_FILE, "factor: 2", "factor: 3")
    assert flow.run("--nodes", "add").done == set()
    assert flow.rerun() == SCALING


def test_a_slice_does_not_change_what_the_whole_knows(flow: Lab) -> None:
    assert flow.run("--nodes", "other").done == set()
    assert flow.run("--to-outputs", "total").done == set()


def test_force_runs_all_and_changes_nothing(flow: Lab) -> None:
    assert flow.run("--force").done == EVERY
    assert flow.rerun() == set()
    assert flow.run("--no-reuse").done == EVERY


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [(PARAMETERS_FILE, "factor: 2", "factor: 3"), (CODE, "x is not None", "x is not None and x > 1")],
)
def test_after_a_forced_run_of_something_changed_nothing_is_left_to_do(
    flow: Lab, name: str, old: str, new: str
) -> None:
    flow.replace(name, old, new)
    assert flow.run("--force").done == EVERY
    assert flow.rerun() == set()


def test_force_runs_one_node_and_what_its_memory_needs(flow: Lab) -> None:
    ran = flow.run("--force=scale")
    assert ran.done == {"clean", "scale"}
    assert ran.reasons("scale") == ["forced"]


def test_force_of_a_value_in_memory_runs_its_takers(flow: Lab) -> None:
    ran = flow.run("--force=clean")
    assert ran.done == {"clean", "scale", "summarize"}
    assert ran.reasons("scale") == ["input cleaned is made anew"]
    flow.assert_fresh()


def test_a_mended_node_goes_on_where_it_failed(flow: Lab) -> None:
    flow.replace(CODE, "return sum(scaled)", "return sum(scaled) / 0")
    failed = flow.try_run()
    assert failed.code == 1
    assert failed.statuses["add"] == "failed"
    flow.replace(CODE, "sum(scaled) / 0", "sum(scaled) + 1")
    assert flow.rerun() == SCALING - {"scale"}


def test_a_failure_leaves_no_result_to_reuse(flow: Lab) -> None:
    flow.replace("src/proj/nodes/other.py", "return len(second)", "return 1 / 0")
    assert flow.try_run().statuses["other"] == "failed"
    assert flow.try_run().statuses["other"] == "failed"


MOVED = """
import os
from mlflow_tmpl import node


@node(outputs="total")
def first(second):
    os.path.exists("../go") and open("data/raw.json", "w").write("[9]")
    return second


@node(outputs={kept!r})
def early(raw, total):
    return raw


@node(outputs="other")
def late({kept}):
    return {kept}
"""


@pytest.mark.parametrize("kept", ["scaled", "in_memory"])
def test_an_input_that_changes_meanwhile_poisons_nothing(lab: Lab, kept: str) -> None:
    """The plan knows the input as it was; once it is that again, what was made from another one must not stand."""
    lab.write({**FLOW, CODE: MOVED.format(kept=kept), "src/proj/nodes/other.py": ""})
    go = lab.root.parent / "go"
    go.touch()
    lab.run()
    assert json.loads(lab.outputs()["other.json"]) == [9]
    go.unlink()
    lab.write({"data/raw.json": FLOW["data/raw.json"]})
    assert lab.rerun() >= {"early", "late"}
