"""Values that live only in memory are kept in the store where that pays, through the real command."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import MadeProject

SLOW_S = 0.13
COUNT = 10

CHAIN = f"""
import time
import numpy as np
import pandas as pd
from pathlib import Path

LOG = Path(__file__).parents[3] / "called.log"

def slow(name):
    with LOG.open("a") as log:
        log.write(name + "\\n")
    time.sleep({SLOW_S})
"""


def node_text(number: int, plus: int = 1) -> str:
    taken = f"v{number - 1}" if number else "raw"
    return f"""
from mlflow_tmpl import node
from .. import tools

@node(outputs="v{number}")
def n{number}({taken}):
    tools.slow("n{number}")
    return {taken}.assign(c{number}={taken}["a"] + {plus})
"""


@pytest.fixture
def chain(make_project: Callable[..., MadeProject]) -> MadeProject:
    """Ten slow nodes of which only the first input and the last output are in the catalog."""
    made = make_project(
        catalog="raw: data/raw.csv\nv9: data/v9.csv\n", files={"data/raw.csv": "a,b\n1,x\n2,y\n3,z\n"}
    )
    made.write(f"src/{made.package}/tools.py", CHAIN)
    for number in range(COUNT):
        made.write(f"nodes/n{number}.py", node_text(number))
    return made


def called(made: MadeProject) -> list[str]:
    """Return the nodes whose functions were called since the last time."""
    log = made.root.parent / "called.log"
    names = log.read_text().split() if log.exists() else []
    log.unlink(missing_ok=True)
    return names


def from_scratch(made: MadeProject) -> bytes:
    """Return what a run that reuses nothing gives."""
    assert made.mlo("run", "--no-reuse").returncode == 0
    called(made)
    return (made.root / "data/v9.csv").read_bytes()


def last(made: MadeProject) -> bytes:
    return (made.root / "data/v9.csv").read_bytes()


def objects(made: MadeProject) -> list[Path]:
    return sorted(path for path in (made.root / ".mlo/store/objects").rglob("*") if path.is_file())


def kept(made: MadeProject) -> dict[str, str]:
    """Return name to format of what the ledger says was kept."""
    database = sqlite3.connect(made.root / ".mlo/ledger.sqlite")
    rows = database.execute("SELECT fingerprint, format FROM kept").fetchall()
    database.close()
    return {fingerprint.rpartition("/")[2]: form for fingerprint, form in rows}


def test_an_edit_of_the_last_of_ten_nodes_runs_one(chain: MadeProject) -> None:
    assert chain.mlo("run").returncode == 0
    assert called(chain) == [f"n{number}" for number in range(COUNT)]
    assert kept(chain) == {f"v{number}": "pandas" for number in range(COUNT - 1)}
    chain.write("nodes/n9.py", node_text(9, plus=7))
    plan = chain.mlo("plan").stdout.splitlines()
    assert [line.split()[2] for line in plan[:-1]] == ["omit"] * 8 + ["reuse", "run"]
    assert plan[8].endswith("v8 from the store")
    told = {node["name"]: node for node in chain.json("plan")["nodes"]}
    assert told["n8"]["action"] == "reuse"
    assert told["n8"]["reasons"] == [{"text": "v8 from the store", "kind": "stored", "subject": "v8"}]
    assert chain.statuses() == {
        **{f"n{number}": "skipped" for number in range(8)},
        "n8": "reused",
        "n9": "done",
    }
    assert called(chain) == ["n9"]
    result = last(chain)
    assert b",8\n" in result
    assert result == from_scratch(chain)


def test_an_edit_in_the_middle_runs_what_follows(chain: MadeProject) -> None:
    chain.mlo("run")
    called(chain)
    chain.write("nodes/n5.py", node_text(5, plus=7))
    assert chain.json("run", "--plan") == chain.json("plan")
    assert chain.mlo("run").returncode == 0
    assert called(chain) == ["n5", "n6", "n7", "n8", "n9"]
    assert last(chain) == from_scratch(chain)


def test_what_was_edited_and_edited_back_is_still_there(chain: MadeProject) -> None:
    chain.mlo("run")
    chain.write("nodes/n5.py", node_text(5, plus=7))
    chain.mlo("run")
    called(chain)
    chain.write("nodes/n5.py", node_text(5))
    chain.mlo("run")
    assert "n5" not in called(chain)
    assert last(chain) == from_scratch(chain)


@pytest.mark.parametrize("harm", ["flip", "cut", "remove"])
def test_what_was_kept_and_is_damaged_is_made_again(chain: MadeProject, harm: str) -> None:
    chain.mlo("run")
    called(chain)
    for path in objects(chain):
        data = bytearray(path.read_bytes())
        before = path.stat()
        if harm == "remove":
            path.unlink()
            continue
        if harm == "flip":
            data[len(data) // 2] ^= 1
        path.chmod(0o600)
        path.write_bytes(data if harm == "flip" else data[:-9])
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    chain.write("nodes/n9.py", node_text(9, plus=7))
    ran = chain.mlo("run")
    assert ran.returncode == 0, ran.stderr
    assert called(chain) == [f"n{number}" for number in range(COUNT)]
    assert last(chain) == from_scratch(chain)
    chain.write("nodes/n9.py", node_text(9, plus=8))
    chain.mlo("run")
    assert called(chain) == ["n9"]


def test_a_damaged_value_is_made_from_the_nearest_that_is_whole(chain: MadeProject) -> None:
    chain.mlo("run")
    called(chain)
    database = sqlite3.connect(chain.root / ".mlo/ledger.sqlite")
    rows = database.execute("SELECT digest FROM kept WHERE fingerprint LIKE '%/v8'").fetchall()
    database.close()
    (damaged,) = [path for path in objects(chain) if path.parent.name + path.name == rows[0][0]]
    data = bytearray(damaged.read_bytes())
    data[-1] ^= 1
    damaged.chmod(0o600)
    damaged.write_bytes(data)
    chain.write("nodes/n9.py", node_text(9, plus=7))
    told = chain.json("run")
    assert {node["name"]: node["status"] for node in told["nodes"] if node["status"] != "skipped"} == {
        "n7": "reused",
        "n8": "done",
        "n9": "done",
    }
    assert called(chain) == ["n8", "n9"]
    assert last(chain) == from_scratch(chain)


def test_a_forced_node_is_called_and_what_it_takes_may_come_from_the_store(chain: MadeProject) -> None:
    chain.mlo("run")
    called(chain)
    chain.mlo("run", "--force=n8")
    assert called(chain) == ["n8", "n9"]
    chain.mlo("run", "--no-reuse")
    assert called(chain) == [f"n{number}" for number in range(COUNT)]
    chain.mlo("run", "--force")
    assert called(chain) == [f"n{number}" for number in range(COUNT)]


def flow(body: str, *, catalog: str = "", settings: str = "") -> dict[str, Any]:
    return {"nodes": f"import time\n{body}", "catalog": catalog, "settings": settings}


FINAL = """
@node(outputs="answer")
def think():
    time.sleep(0.15)
    return {"answer": 42, "stamp": time.time_ns()}
"""


def test_a_last_value_in_memory_is_not_made_again(make_project: Callable[..., MadeProject]) -> None:
    made = make_project(**flow(FINAL))
    first = made.open().run()["answer"]
    assert made.statuses() == {"think": "reused"}
    again = made.open().run()
    assert again.outputs == again.final == ("answer",)
    assert again["answer"] == first
    assert again["answer"] is again["answer"]
    assert again.nodes[0].reasons[0].kind == "stored"


def test_a_last_value_that_is_damaged_is_made_again(make_project: Callable[..., MadeProject]) -> None:
    made = make_project(**flow(FINAL))
    first = made.open().run()["answer"]
    (path,) = objects(made)
    data = bytearray(path.read_bytes())
    data[-3] ^= 4
    before = path.stat()
    path.chmod(0o600)
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    told = made.json("plan")["nodes"][0]
    assert told["action"] == "run"
    assert told["reasons"][0]["text"] == "output answer is kept in memory only"
    again = made.open().run()
    assert again.nodes[0].status == "done"
    assert again["answer"]["stamp"] > first["stamp"]


def test_a_last_value_that_is_removed_after_the_run_is_an_error_that_says_what_to_do(
    make_project: Callable[..., MadeProject],
) -> None:
    from mlflow_tmpl import MloError

    made = make_project(**flow(FINAL))
    made.open().run()
    result = made.open().run()
    (path,) = objects(made)
    path.unlink()
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
def test_keep_says_it_for_a_node_and_the_catalog_wins(
    make_project: Callable[..., MadeProject], node: str, catalog: str, again: str
) -> None:
    made = make_project(**flow(FINAL.replace('outputs="answer"', node), catalog=catalog))
    made.mlo("run")
    assert made.statuses() == {"think": again}


QUICK = """
@node(outputs="answer", keep={keep!r})
def think():
    return 42
"""


@pytest.mark.parametrize(("keep", "again"), [("auto", "done"), ("always", "reused"), ("never", "done")])
def test_what_is_quickly_made_is_kept_only_where_that_is_asked_for(
    make_project: Callable[..., MadeProject], keep: str, again: str
) -> None:
    made = make_project(**flow(QUICK.format(keep=keep)))
    made.mlo("run")
    assert made.statuses() == {"think": again}


def test_an_unknown_way_to_keep_is_refused_with_the_ways_there_are(
    make_project: Callable[..., MadeProject],
) -> None:
    made = make_project(**flow(QUICK.format(keep="sometimes")))
    refused = made.mlo("run")
    assert refused.returncode == 2
    assert "node 'think' cannot have keep='sometimes'" in refused.stderr
    assert "it is one of auto, always, never" in refused.stderr
    made = make_project(**flow(FINAL, catalog="answer: {type: memory, keep: 3}"), folder="other")
    refused = made.mlo("plan")
    assert refused.returncode == 2
    assert "conf/base/catalog.yml:1:30: dataset 'answer' cannot have keep: 3" in refused.stderr


def test_what_cannot_be_pickled_is_made_again_and_said_where_keeping_was_asked_for(
    make_project: Callable[..., MadeProject],
) -> None:
    text = FINAL.replace('{"answer": 42, "stamp": time.time_ns()}', "(number for number in [1])").replace(
        'outputs="answer"', 'outputs="answer"{more}'
    )
    made = make_project(**flow(text.format(more="")))
    ran = made.mlo("run")
    assert ran.returncode == 0
    assert "cannot be kept" not in ran.stderr
    assert made.statuses() == {"think": "done"}
    made = make_project(**flow(text.format(more=', keep="always"')), folder="other")
    warned = made.mlo("run")
    assert warned.returncode == 0
    assert "warning: what node 'think' gives cannot be kept: it cannot be pickled: " in warned.stderr


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
    return len(set(train) & set(test)), 1
"""


def test_the_values_of_one_node_stem_from_one_call(make_project: Callable[..., MadeProject]) -> None:
    made = make_project(**flow(SPLIT))
    made.mlo("run")
    for edit in range(2, 5):
        made.write("nodes/more.py", f"EDIT = {edit}")
        assert made.open().run()["overlap"][0] == 0
    assert set(kept(made)) == {"train", "test"}


STOPPABLE = """
import numpy as np

@node(outputs="big")
def make():
    time.sleep(1.0)
    return np.arange(4_000_000.0)

@node(outputs="total")
def add(big):
    return {"total": float(big.sum())}
"""


def test_a_kill_at_any_moment_leaves_nothing_half_written(make_project: Callable[..., MadeProject]) -> None:
    made = make_project(**flow(STOPPABLE, catalog="total: data/total.json"))
    for after_s in (1.2, 1.6, 1.9):
        process = made.start("run", "--force")
        time.sleep(after_s)
        process.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
        process.communicate()
        made.write("nodes/more.py", f"EDIT = {after_s}")
        assert made.mlo("run").returncode == 0
        assert json.loads((made.root / "data/total.json").read_text())["total"] == float(
            sum(range(4_000_000))
        )


def test_nothing_is_kept_without_a_project() -> None:
    from mlflow_tmpl import Node, run

    def make() -> list[int]:
        time.sleep(0.15)
        return [1]

    assert run([Node(make, None, "x")])["x"] == [1]
