"""Values that live only in memory are kept in the store where that pays, through the real command."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlflow_tmpl import MloError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import MadeProject

    from .incremental import Lab

SLOW_S = 0.12
COUNT = 10

FILES = {
    "data/raw.csv": "a,b\n1,x\n2,y\n3,z\n",
    "conf/base/catalog.yml": f"raw: data/raw.csv\nv{COUNT - 1}: out/last.csv\n",
    "src/proj/__init__.py": "",
    "src/proj/nodes/__init__.py": "",
}


def node_text(number: int, plus: int = 1) -> str:
    taken = f"v{number - 1}" if number else "raw"
    return f"""
    import time
    import pandas
    from mlflow_tmpl import node

    @node(outputs="v{number}")
    def n{number}({taken}):
        time.sleep({SLOW_S})
        return {taken}.assign(c{number}={taken}["a"] + {plus})
    """


@pytest.fixture
def chain(lab: Lab) -> Lab:
    """Ten slow nodes of which only the first input and the last output are in the catalog, run once."""
    lab.write({**FILES, **{node_file(number): node_text(number) for number in range(COUNT)}})
    assert lab.run().done == {f"n{number}" for number in range(COUNT)}
    return lab


def node_file(number: int) -> str:
    return f"src/proj/nodes/n{number}.py"


def objects(root: Path) -> list[Path]:
    return sorted(path for path in (root / ".mlo/store/objects").rglob("*") if path.is_file())


def kept(root: Path) -> dict[str, tuple[str, str]]:
    """Return name to format and object of what the ledger says was kept."""
    database = sqlite3.connect(root / ".mlo/ledger.sqlite")
    rows = database.execute("SELECT fingerprint, format, digest FROM kept").fetchall()
    database.close()
    return {fingerprint.rpartition("/")[2]: (form, digest) for fingerprint, form, digest in rows}


def harm(path: Path, how: str = "flip") -> None:
    """Damage a file; its time stays."""
    if how == "remove":
        path.unlink()
        return
    data, before = bytearray(path.read_bytes()), path.stat()
    data[len(data) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_an_edit_of_the_last_of_ten_nodes_runs_one(chain: Lab) -> None:
    assert {name: form for name, (form, _) in kept(chain.root).items()} == {
        f"v{number}": "pandas" for number in range(COUNT - 1)
    }
    chain.write({node_file(9): node_text(9, plus=7)})
    plan = chain.commands(chain.root, "plan").out.splitlines()
    assert [line.split()[2] for line in plan[:-1]] == ["omit"] * 8 + ["reuse", "run"]
    assert plan[8].endswith("from the store: v8")
    told = json.loads(chain.commands(chain.root, "plan", "--json").out)["nodes"][8]
    assert told["action"] == "reuse"
    assert told["reasons"] == [{"text": "from the store: v8", "kind": "stored", "subject": "v8"}]
    assert chain.run().statuses == {
        **{f"n{number}": "skipped" for number in range(8)},
        "n8": "reused",
        "n9": "done",
    }
    chain.assert_fresh()


def test_an_edit_in_the_middle_runs_what_follows(chain: Lab) -> None:
    chain.write({node_file(5): node_text(5, plus=7)})
    assert chain.rerun() == {"n5", "n6", "n7", "n8", "n9"}
    chain.write({node_file(5): node_text(5), node_file(9): node_text(9, plus=3)})
    assert chain.rerun() == {"n9"}, "what was kept for the code of before is there still"


@pytest.mark.parametrize("how", ["flip", "remove"])
def test_what_was_kept_and_is_damaged_is_made_again(chain: Lab, how: str) -> None:
    for path in objects(chain.root):
        harm(path, how)
    chain.write({node_file(9): node_text(9, plus=7)})
    assert chain.rerun() == {f"n{number}" for number in range(COUNT)}
    chain.write({node_file(9): node_text(9, plus=8)})
    assert chain.run().done == {"n9"}


def test_a_damaged_value_is_made_from_the_nearest_that_is_whole(chain: Lab) -> None:
    digest = kept(chain.root)["v8"][1]
    harm(next(path for path in objects(chain.root) if path.parent.name + path.name == digest))
    chain.write({node_file(9): node_text(9, plus=7)})
    statuses = chain.run().statuses
    assert (statuses["n6"], statuses["n7"], statuses["n8"]) == ("skipped", "reused", "done")
    chain.assert_fresh()


def test_a_forced_node_is_called_and_what_it_takes_may_come_from_the_store(chain: Lab) -> None:
    assert chain.run("--force=n8").done == {"n8", "n9"}
    assert chain.run("--no-reuse").done == {f"n{number}" for number in range(COUNT)}


def test_an_input_that_changes_wakes_the_chain(chain: Lab) -> None:
    chain.write({"data/raw.csv": "a,b\n5,x\n"})
    assert len(chain.rerun()) == COUNT


def flow(body: str, *, catalog: str = "") -> dict[str, str | None]:
    """Return the files of a project of one module."""
    code = f"import time\nfrom mlflow_tmpl import node\n{body}"
    return {**FILES, "conf/base/catalog.yml": catalog, "src/proj/nodes/flow.py": code}


FINAL = """
@node(outputs="answer")
def think():
    time.sleep(0.15)
    return {"answer": 42, "stamp": time.time_ns()}
"""


def test_a_last_value_in_memory_is_not_made_again(make_project: Callable[..., MadeProject]) -> None:
    made = make_project(f"import time\n{FINAL}")
    first = made.open().run()["answer"]
    again = made.open().run()
    assert [node.status for node in again.nodes] == ["reused"]
    assert again.nodes[0].reasons[0].kind == "stored"
    assert again.outputs == again.final == ("answer",)
    assert again["answer"] == first
    assert again["answer"] is again["answer"]


def test_a_last_value_that_is_damaged_is_made_again(make_project: Callable[..., MadeProject]) -> None:
    made = make_project(f"import time\n{FINAL}")
    first = made.open().run()["answer"]
    harm(objects(made.root)[0])
    (step,) = made.open().plan().steps
    assert (step.action.value, str(step.reasons[0])) == ("run", "output answer is kept in memory only")
    again = made.open().run()
    assert again.nodes[0].status == "done"
    assert again["answer"]["stamp"] > first["stamp"]


def test_a_last_value_that_is_removed_after_the_run_is_an_error_that_says_what_to_do(
    make_project: Callable[..., MadeProject],
) -> None:
    made = make_project(f"import time\n{FINAL}")
    made.open().run()
    result = made.open().run()
    objects(made.root)[0].unlink()
    with pytest.raises(MloError, match="'answer' was kept in the store, and can no longer be read") as caught:
        result["answer"]
    assert caught.value.hint == "run again: it is then made anew"
    assert made.open().run()["answer"]["answer"] == 42


@pytest.mark.parametrize(
    ("node", "catalog", "again"),
    [
        ('outputs="answer"', "", "reused"),
        ('outputs="answer", keep="never"', "", "done"),
        ('outputs="answer"', "answer: {type: memory, keep: never}", "done"),
        ('outputs="answer", keep="never"', "answer: {type: memory, keep: auto}", "reused"),
        ('outputs="answer", reuse=False', "answer: {type: memory, keep: always}", "done"),
    ],
)
def test_keep_says_it_for_a_node_and_the_catalog_wins(lab: Lab, node: str, catalog: str, again: str) -> None:
    lab.write(flow(FINAL.replace('outputs="answer"', node), catalog=catalog)).run()
    assert lab.run().statuses == {"think": again}


def test_a_value_that_is_no_longer_to_be_kept_is_made_again(lab: Lab) -> None:
    lab.write(flow(FINAL)).run()
    lab.write({"conf/base/catalog.yml": "answer: {type: memory, keep: never}"})
    assert lab.run().statuses == {"think": "done"}


QUICK = """
@node(outputs="answer", keep={keep!r})
def think():
    return 42
"""


@pytest.mark.parametrize(("keep", "again"), [("auto", "done"), ("always", "reused"), ("never", "done")])
def test_what_is_quickly_made_is_kept_only_where_that_is_asked_for(lab: Lab, keep: str, again: str) -> None:
    lab.write(flow(QUICK.format(keep=keep))).run()
    assert lab.run().statuses == {"think": again}


def test_an_unknown_way_to_keep_is_refused_with_the_ways_there_are(lab: Lab) -> None:
    refused = lab.write(flow(QUICK.format(keep="sometimes"))).try_run()
    assert refused.code == 2
    assert "node 'think': option 'keep' cannot be 'sometimes'" in refused.err
    assert "it is one of auto, always, never" in refused.err
    refused = lab.write(flow(FINAL, catalog="answer: {type: memory, keep: 3}")).try_run()
    assert refused.code == 2
    assert "conf/base/catalog.yml:1:30: dataset 'answer' cannot have keep: 3" in refused.err


UNFIT = """
@node(outputs="answer"{more})
def think():
    time.sleep(0.15)
    return (number for number in [1])
"""


def test_what_cannot_be_pickled_is_made_again_and_said_where_keeping_was_asked_for(lab: Lab) -> None:
    assert "cannot be kept" not in lab.write(flow(UNFIT.format(more=""))).run().err
    assert lab.run().statuses == {"think": "done"}
    warned = lab.write(flow(UNFIT.format(more=', keep="always"'))).run()
    assert "warning: what node 'think' gives cannot be kept: it cannot be pickled: " in warned.err


SPLIT = """
import random

@node(outputs=["train", "test"])
def split():
    time.sleep(0.15)
    rows = list(range(100))
    random.shuffle(rows)
    return rows[:80], rows[80:]

@node(outputs="overlap")
def compare(train, test):
    return {"rows": len(set(train) & set(test)), "edit": 1}
"""


def test_the_values_of_one_node_stem_from_one_call(lab: Lab) -> None:
    lab.write(flow(SPLIT, catalog="overlap: out/overlap.json")).run()
    assert set(kept(lab.root)) == {"train", "test"}
    for edit in (2, 3):
        lab.write(
            {"src/proj/nodes/flow.py": flow(SPLIT.replace("1}", f"{edit}}}"))["src/proj/nodes/flow.py"]}
        )
        lab.run()
        assert json.loads(lab.outputs()["overlap.json"]) == {"rows": 0, "edit": edit}


NUMBERS = """
import time
import numpy as np
from mlflow_tmpl import node

@node(outputs="numbers")
def make():
    time.sleep(0.15)
    return np.zeros(1000)
"""
CHANGE = """
from mlflow_tmpl import node

@node(outputs="changed")
def change(numbers):
    numbers += {plus}
    return {{"sum": float(numbers.sum())}}
"""


def test_a_taker_that_changes_its_value_in_place_changes_nothing_that_is_kept(lab: Lab) -> None:
    lab.write({**FILES, "conf/base/catalog.yml": "changed: out/changed.json"})
    lab.write({"src/proj/nodes/make.py": NUMBERS})
    for plus in (1, 2, 3):
        lab.write({"src/proj/nodes/change.py": CHANGE.format(plus=plus)})
        assert lab.run().done == ({"make", "change"} if plus == 1 else {"change"})
        assert json.loads(lab.outputs()["changed.json"])["sum"] == 1000.0 * plus


SLOW = """
import time
from mlflow_tmpl import node

@node(outputs="slow")
def make_slow():
    time.sleep(0.15)
    return [1, 2, 3]

@node(outputs="fresh", reuse=False)
def make_fresh():
    return {"n": 5}
"""
JOIN = """
from mlflow_tmpl import node

@node(outputs="joined")
def join(fresh, slow):
    fresh["n"] += 1
    return {{"n": fresh["n"], "slow": slow, "edit": {edit}}}
"""


@pytest.mark.parametrize("engine", ["inline", "threads"])
def test_a_node_that_waits_again_for_a_lost_value_keeps_what_it_was_given(lab: Lab, engine: str) -> None:
    lab.write({**FILES, "conf/base/catalog.yml": "joined: out/joined.json"})
    lab.write({"src/proj/nodes/slow.py": SLOW, "src/proj/nodes/join.py": JOIN.format(edit=0)})
    lab.run("--engine", engine)
    assert lab.run("--engine", engine).done == {"make_fresh", "join"}
    harm(
        next(path for path in objects(lab.root) if path.parent.name + path.name == kept(lab.root)["slow"][1])
    )
    ran = lab.run("--engine", engine)
    assert ran.done == {"make_fresh", "make_slow", "join"}
    assert ran.reasons("make_slow") == ["its value is needed by join"]
    assert json.loads(lab.outputs()["joined.json"]) == {"n": 6, "slow": [1, 2, 3], "edit": 0}
    lab.write({"src/proj/nodes/join.py": JOIN.format(edit=1)})
    assert lab.run("--engine", engine).done == {"make_fresh", "join"}


STOPPABLE = """
import time
import numpy as np

@node(outputs="big")
def make():
    time.sleep(0.5)
    return np.arange(4_000_000.0)

@node(outputs="total")
def add(big):
    return {"total": float(big.sum())}
"""


@pytest.mark.skipif(os.name != "posix", reason="no kill")
def test_a_kill_while_values_are_written_leaves_nothing_half_written(
    make_project: Callable[..., MadeProject],
) -> None:
    made = make_project(STOPPABLE, catalog="total: data/total.json")
    for _ in range(2):
        process = made.start("run", "--force")
        temporary = made.root / ".mlo/store/temporary"
        until = time.monotonic() + 20
        while time.monotonic() < until and process.poll() is None:
            if temporary.is_dir() and any(temporary.iterdir()):
                break
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert made.mlo("run").returncode == 0
        total = json.loads((made.root / "data/total.json").read_text())["total"]
        assert total == float(sum(range(4_000_000)))
        assert made.mlo("store", "verify").returncode == 0
