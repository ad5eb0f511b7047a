"""What goes along when runs are shared: code, inputs, kept values; over a real S3 server, and through kills."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.catalog.servers import s3, s3_server  # noqa: F401  (fixtures)

from .flow import CATALOG_FILE, CODE, FLOW
from .incremental import PYPROJECT, Lab
from .test_store import clone, mlo, objects, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.catalog.servers import Store

TRUSTING = PYPROJECT + "[tool.mlo.store]\ntrusted = true\n"
COMMAND = [sys.executable, "-m", "mlflow_tmpl.cli.main"]


@pytest.fixture
def team(lab: Lab) -> str:
    """Where the shared store is."""
    return str(lab.root.with_name("team"))


@pytest.fixture
def pulled(flow: Lab, team: str) -> Lab:
    """Another clone that has pulled a run, and has none of its own."""
    told(flow, "store", "push", team)
    other = clone(flow)
    told(other, "store", "pull", team)
    return other


def sources(team: str) -> list[Path]:
    return sorted(Path(team, "sources").glob("*/*"))


def test_the_code_of_a_pulled_run_can_be_compared(flow: Lab, pulled: Lab, team: str) -> None:
    flow.replace(CODE, "x * factor", "x * factor + 1").run()
    told(flow, "store", "push", team)
    assert told(pulled, "store", "pull", team)["sources"] == 1
    newest, first = (run["id"] for run in told(pulled, "runs", "list"))
    (change,) = told(pulled, "runs", "diff", first, newest)["sources"]
    assert change["name"] == CODE
    assert "-    return [x * factor for x in cleaned]" in change["diff"]
    assert "+    return [x * factor + 1 for x in cleaned]" in change["diff"]


def test_the_code_of_an_own_run_can_be_compared_with_a_pulled_one(pulled: Lab) -> None:
    theirs = told(pulled, "runs", "list")[0]["id"]
    pulled.replace(CODE, "x * factor", "x * factor + 1").run()
    (change,) = told(pulled, "runs", "diff", theirs, "last")["sources"]
    assert "+    return [x * factor + 1 for x in cleaned]" in change["diff"]


def test_what_a_terminal_obeys_is_shown_and_not_sent(flow: Lab, team: str) -> None:
    flow.replace(CODE, "x * factor", "x * factor + len('\x1b]0;owned\x07')").run()
    told(flow, "store", "push", team)
    other = clone(flow)
    told(other, "store", "pull", team)
    newest, first = (run["id"] for run in told(other, "runs", "list"))
    out = mlo(other, "runs", "diff", first, newest).out
    assert "len('\\x1b]0;owned\\x07')" in out
    assert "\x1b" not in out


def test_the_code_of_a_pulled_run_is_run_only_where_the_store_is_trusted(pulled: Lab, flow: Lab) -> None:
    """What is to be repeated was edited meanwhile, so that only its own code gives what it gave."""
    pulled.replace(CODE, "x * factor", "x * factor + 1").write({"data/raw.json": "[7]"})
    theirs = told(pulled, "runs", "list")[0]["id"]
    ran = mlo(pulled, "runs", "rerun", theirs, "--code", "then")
    assert ran.code == 2
    assert ran.err.startswith(
        f"error: run {theirs[:13]!r} was pulled from a shared store that the project does not trust, "
        "and its code would run\n"
    )
    assert "run yours with --code today, or set trusted = true in [tool.mlo.store]" in ran.err
    assert len(told(pulled, "runs", "list")) == 1
    pulled.write({"pyproject.toml": TRUSTING})
    done = told(pulled, "runs", "rerun", theirs, "--code", "then")
    assert (done["status"], done["different"]) == ("done", [])
    assert set(done["same"]) == {"scaled", "total", "summary", "other"}
    assert done["notes"] == [], "its inputs went along"


@pytest.mark.parametrize("arguments", [("runs", "rerun"), ("run", "--resume")])
def test_the_configuration_that_a_pulled_run_took_from_elsewhere_is_not_used_unasked(
    flow: Lab, team: str, arguments: tuple[str, str]
) -> None:
    shutil.copytree(flow.root / "conf", flow.root.with_name("elsewhere"))
    flow.run("--conf-source", "../elsewhere")
    told(flow, "store", "push", team)
    other = clone(flow)
    told(other, "store", "pull", team)
    theirs = told(other, "runs", "list")[0]["id"]
    asked = [*arguments, theirs] if arguments[0] == "runs" else [arguments[0], f"--resume={theirs}"]
    ran = mlo(other, *asked)
    assert ran.code == 2
    assert "that the project does not trust, and took its configuration from " in ran.err
    assert "say which one with --conf-source" in ran.err
    assert mlo(other, *asked, "--conf-source", "conf").code == 0


def test_a_pulled_run_is_repeated_with_its_inputs_and_the_code_of_today(pulled: Lab) -> None:
    pulled.write({"data/raw.json": "[7]"})
    done = told(pulled, "runs", "rerun", told(pulled, "runs", "list")[0]["id"])
    assert (done["different"], done["notes"]) == ([], [])


def test_a_text_that_is_not_what_its_name_says_is_not_taken(flow: Lab, team: str) -> None:
    told(flow, "store", "push", team)
    for path in sources(team):
        path.write_bytes(b"import os; os.system('touch owned')")
    other = clone(flow).write({"pyproject.toml": TRUSTING})
    ran = mlo(other, "store", "pull", team)
    assert ran.code == 1
    assert "warning: the source " in ran.out
    assert " of the shared store is damaged" in ran.out
    theirs = told(other, "runs", "list")[0]["id"]
    again = mlo(other, "runs", "rerun", theirs, "--code", "then")
    assert again.code == 2
    assert "is not kept" in again.err


def test_a_large_input_stays_where_it_is(flow: Lab, team: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlflow_tmpl import open_project
    from mlflow_tmpl.ledger import sharing

    monkeypatch.setattr(sharing, "INPUT_BYTES", 4)
    shared = open_project(flow.root).store.push(team)
    assert shared.problems == []
    contents = {path.read_bytes() for path in Path(team, "objects").glob("*/*")}
    assert (flow.root / "data/second.json").read_bytes() in contents
    assert (flow.root / "data/raw.json").read_bytes() not in contents


def test_last_means_what_was_run_here(pulled: Lab) -> None:
    ran = mlo(pulled, "runs", "show", "last")
    assert ran.code == 2
    assert "error: there is no run 'last' that was made here" in ran.err
    assert "mlo runs list shows those that were pulled as well" in ran.err
    assert "there is no run 'last' that was made here" in mlo(pulled, "run", "--resume").err
    pulled.run("--params", "factor=3")
    own = told(pulled, "runs", "show", "last")
    assert own["parameters"]["factor"]["value"] == 3


def test_a_resumed_run_is_the_own_one_though_a_colleague_ran_later(flow: Lab, team: str) -> None:
    other = clone(flow)
    other.run("--params", "factor=3")
    flow.run("--params", "factor=5")
    told(flow, "store", "push", team)
    told(other, "store", "pull", team)
    assert told(other, "runs", "list")[0]["id"] == told(flow, "runs", "show", "last")["id"]
    (other.root / "out/total.json").unlink()
    assert told(other, "run", "--resume")["status"] == "done"
    assert told(other, "runs", "show", "last")["parameters"]["factor"]["value"] == 3


MEMORY = """
import numpy

from mlflow_tmpl import node


@node(outputs="drawn", keep="always")
def draw(raw):
    return numpy.arange(4.0) + raw[0]


@node(outputs="labels", keep="always")
def label(raw):
    return {str(each) for each in raw}


@node(outputs="size")
def measure(drawn, labels, *, factor):
    return float(drawn.sum()) + len(labels) + factor
"""


@pytest.mark.parametrize(("settings", "made_again"), [(PYPROJECT, {"label"}), (TRUSTING, set())])
def test_kept_values_go_along_and_pickled_ones_are_opened_only_where_trusted(
    lab: Lab, team: str, settings: str, made_again: set[str]
) -> None:
    catalog = "raw: data/raw.json\nsize: out/size.json\n"
    lab.write({**FLOW, CODE: MEMORY, "src/proj/nodes/other.py": "", CATALOG_FILE: catalog}).run()
    told(lab, "store", "push", team)
    other = clone(lab).write({"pyproject.toml": settings})
    told(other, "store", "pull", team)
    ran = other.run("--params", "factor=3")
    assert ran.done == {"measure"} | made_again
    other.assert_fresh("--params", "factor=3")


def test_what_only_deleted_runs_used_is_cleared_away(flow: Lab) -> None:
    before = set(objects(flow))
    flow.run("--params", "factor=3")
    middle = set(objects(flow)) - before
    flow.run("--params", "factor=4")
    mlo(flow, "runs", "delete", "last~1")
    removed = told(flow, "store", "gc")["removed"]
    assert {each["why"] for each in removed} == {"deleted"}
    assert {each["dataset"] for each in removed} == {"scaled", "total", "summary"}
    assert middle.isdisjoint(objects(flow))
    assert before <= set(objects(flow)), "the run before is still there"
    assert "only deleted runs used it" in _gc_after_deleting_all(flow)


def _gc_after_deleting_all(lab: Lab) -> str:
    lab.run("--params", "factor=5")
    mlo(lab, "runs", "delete", "last~1")
    return mlo(lab, "store", "gc", "--dry-run").out


def test_the_settings_say_how_many_runs_are_kept(flow: Lab) -> None:
    for factor in (3, 4, 5):
        flow.run("--params", f"factor={factor}")
    first, every = (flow.root / "out/scaled.json").read_bytes(), len(objects(flow))
    flow.write({"pyproject.toml": PYPROJECT + "[tool.mlo.store]\nkeep_runs = 2\n"})
    assert {each["why"] for each in told(flow, "store", "gc")["removed"]} == {"old"}
    assert len(objects(flow)) < every
    assert first in [path.read_bytes() for path in objects(flow)]
    assert flow.run("--params", "factor=4").done == set()
    assert flow.run("--params", "factor=3").done != set()


def test_what_is_pulled_stays_within_the_limit(flow: Lab, team: str) -> None:
    for factor in range(3, 8):
        flow.run("--params", f"factor={factor}")
    told(flow, "store", "push", team)
    other = clone(flow).write({"pyproject.toml": PYPROJECT + "[tool.mlo.store]\nmax_bytes = 130\n"})
    told(other, "store", "pull", team)
    assert told(other, "store")["bytes"] <= 130
    assert len(told(other, "runs", "list")) == 6
    assert other.run("--params", "factor=7").done == set(), "what was used last is what stays"


def test_a_copy_tells_on_stderr_that_it_begins_and_only_if_there_is_something(flow: Lab, team: str) -> None:
    assert mlo(flow, "store", "push", team).err == f"pushing 1 run to {team}\n"
    assert mlo(flow, "store", "push", team).err == ""
    assert mlo(clone(flow), "store", "pull", team, "--json").err == f"pulling 1 run from {team}\n"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal as POSIX has it")
def test_on_a_terminal_a_line_counts_and_goes_away(flow: Lab, team: str) -> None:
    import pty

    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    command = [*COMMAND, "store", "push", team]
    with subprocess.Popen(
        command, cwd=flow.root, stdout=subprocess.PIPE, stderr=theirs, env=environment
    ) as push:
        os.close(theirs)
        assert push.stdout is not None
        out = push.stdout.read().decode()
    shown = b""
    while select.select([ours], [], [], 0.1)[0]:
        try:
            shown += os.read(ours, 4096)
        except OSError:  # Linux says so where the other end is closed
            break
    os.close(ours)
    assert out.startswith("pushed 1 run, ")
    assert b"pushing 1 run to " in shown
    assert shown.endswith(b"\r\x1b[K")
    assert b"\n" not in shown


def on_s3(lab: Lab, s3: Store) -> Lab:  # noqa: F811
    options = {
        "key": s3.options["key"],
        "secret": s3.options["secret"],
        "client_kwargs": {"endpoint_url": s3.options["endpoint_url"]},
    }
    lab.write(
        {
            "pyproject.toml": PYPROJECT + f'[tool.mlo.store]\nurl = "{s3.url}"\ncredentials = "lake"\n',
            "conf/local/credentials.yml": json.dumps({"lake": options}),
        }
    )
    return lab


def test_two_projects_share_over_s3(flow: Lab, s3: Store) -> None:  # noqa: F811
    pushed = told(on_s3(flow, s3), "store", "push")
    assert (pushed["runs"], pushed["problems"]) == (1, [])
    other = clone(flow)
    pulled = told(other, "store", "pull")
    assert {**pulled, "url": ""} == {**pushed, "url": ""}
    assert other.run().done == set()
    assert other.outputs() == flow.outputs()
    other.run("--params", "factor=3")
    told(other, "store", "push")
    told(flow, "store", "pull")
    assert flow.run("--params", "factor=3").done == set()
    for lab in (flow, other):
        assert mlo(lab, "store", "verify").code == 0
        assert "hush-hush" not in "".join(_texts(lab))


def _texts(lab: Lab) -> list[str]:
    return [
        path.read_bytes().decode(errors="replace") for path in lab.root.glob(".mlo/**/*") if path.is_file()
    ]


COUNT = 10
MANY = "from mlflow_tmpl import node\n\n" + "\n".join(
    f"@node(outputs='big{number}')\ndef make{number}(raw, *, factor):\n"
    f"    return bytes([{number}, factor]) * 20_000\n"
    for number in range(COUNT)
)
MANY_ENTRIES = "raw: data/raw.json\n" + "".join(
    f"big{number}: {{type: bytes, filepath: out/{number}}}\n" for number in range(COUNT)
)


def killed_when(lab: Lab, arguments: list[str], is_time: Callable[[], bool]) -> bool:
    """Kill a command as soon as something is so; tell whether it was still under way."""
    process = subprocess.Popen(
        [*COMMAND, *arguments], cwd=lab.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while process.poll() is None and not is_time():
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


@pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")
def test_a_kill_during_push_or_pull_leaves_nothing_half_taken(lab: Lab, s3: Store) -> None:  # noqa: F811
    lab.write({**FLOW, CODE: MANY, "src/proj/nodes/other.py": "", CATALOG_FILE: MANY_ENTRIES})
    on_s3(lab, s3)
    for factor in (2, 3):
        lab.run("--params", f"factor={factor}")
    kills = [
        killed_when(lab, ["store", "push"], lambda count=count: len(s3.names()) >= count)
        for count in (1, COUNT)
    ]
    assert any(kills), "none of them came while it was under way"
    early = clone(lab, "early")
    assert told(early, "store", "pull")["problems"] == []
    assert_whole(early, told(early, "runs", "list"))
    assert told(lab, "store", "push")["problems"] == []
    other = clone(lab, "other")
    store = other.root / ".mlo/store"
    kills = [
        killed_when(
            other, ["store", "pull"], lambda count=count: len(list(store.glob("pulled/*/*"))) >= count
        )
        for count in (1, COUNT)
    ]
    assert any(kills), "none of them came while it was under way"
    assert_whole(other, told(other, "runs", "list"))
    assert told(other, "store", "pull")["problems"] == []
    assert len(told(other, "runs", "list")) == 2
    assert_whole(other, told(other, "runs", "list"))
    mlo(other, "store", "gc")
    assert list((store / "temporary").iterdir()) == []


def assert_whole(lab: Lab, runs: list[dict[str, Any]]) -> None:
    """Every run that is there is there with all that it gave, and nothing else is served."""
    assert mlo(lab, "store", "verify").code == 0
    for run in runs:
        factor = told(lab, "runs", "show", run["id"])["parameters"]["factor"]["value"]
        shutil.rmtree(lab.root / "out", ignore_errors=True)
        copy = clone(lab, f"copy-{run['id']}")
        shutil.copytree(lab.root / ".mlo", copy.root / ".mlo")
        assert copy.run("--params", f"factor={factor}").done == set()
        assert set(copy.outputs().values()) == {bytes([number, factor]) * 20_000 for number in range(COUNT)}
