"""What is kept of past outputs: brought back, checked, cleared, and shared between two clones of a project."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from .flow import CATALOG_FILE, EVERY, FLOW, SCALING
from .incremental import PYPROJECT, Commands, Lab, Ran

MODEL = """
import json
import os

from mlflow_tmpl import node


class Model:
    def __init__(self, weights):
        self.weights = weights

    def __reduce__(self):
        return (Model, (self.weights,))


@node(outputs="model")
def train(scaled):
    return Model(sum(scaled))


@node(outputs="score")
def evaluate(model):
    return model.weights
"""
SCHEMAS = Path(__file__).parents[2] / "docs" / "reference" / "schemas"

WITH_MODEL = {
    **FLOW,
    "src/proj/nodes/model.py": MODEL,
    CATALOG_FILE: FLOW[CATALOG_FILE] + "model: out/model.pkl\nscore: out/score.json\n",
}


@pytest.fixture
def team(lab: Lab) -> str:
    """Where the shared store is."""
    return str(lab.root.with_name("team"))


@pytest.fixture
def trained(lab: Lab) -> Lab:
    """A project that has run, with a pickle among its outputs."""
    lab.write(WITH_MODEL).run()
    return lab


def clone(lab: Lab, name: str = "clone") -> Lab:
    """Return another clone of a project somewhere else, in which nothing was ever run."""
    other = Lab(lab.root.with_name(name) / "deeper" / "project", lab.commands)
    shutil.copytree(lab.root, other.root, ignore=shutil.ignore_patterns(".mlo", "out", "__pycache__"))
    return other


def mlo(lab: Lab, *arguments: str) -> Ran:
    return lab.commands(lab.root, *arguments, environ=lab.environ)


def told(lab: Lab, *arguments: str) -> Any:
    ran = mlo(lab, *arguments, "--json")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def objects(lab: Lab) -> list[Path]:
    return sorted((lab.root / ".mlo/store/objects").glob("*/*"))


def kept_as(lab: Lab, content: bytes) -> Path:
    return next(path for path in objects(lab) if path.read_bytes() == content)


def test_a_value_taken_back_runs_nothing_and_gives_the_first_outputs_again(flow: Lab) -> None:
    first = flow.outputs()
    assert flow.run("--params", "factor=7").done == SCALING
    assert flow.outputs() != first
    again = flow.run("--params", "factor=2")
    assert again.done == set()
    assert flow.outputs() == first
    assert flow.run().done == set()


def test_the_plan_tells_what_is_brought_back_and_touches_nothing(flow: Lab) -> None:
    (flow.root / "out/total.json").unlink()
    ran = mlo(flow, "plan")
    assert "add        reuse  output total restored from the store" in ran.out
    assert "nothing to run, 1 output restored from the store: all 5 nodes are up to date" in ran.out
    assert not (flow.root / "out/total.json").exists()
    ran = mlo(flow, "run")
    assert ran.out.startswith(
        "nothing to run, 1 output restored from the store: all 5 nodes are up to date ("
    )
    assert mlo(flow, "run").out.startswith("nothing to do: all 5 nodes are up to date")


def test_what_was_edited_by_hand_is_not_lost(flow: Lab) -> None:
    flow.write({"out/scaled.json": "[99]"})
    ran = mlo(flow, "run")
    assert "note: output 'scaled' held what no run on record has made; that is kept as scaled:" in ran.err
    assert b"99" not in (flow.root / "out/scaled.json").read_bytes()
    assert kept_as(flow, b"[99]")
    assert f"scaled:{''.join(kept_as(flow, b'[99]').parts[-2:])[:12]}" in ran.err


def test_what_was_edited_by_hand_is_kept_also_where_the_node_runs(flow: Lab) -> None:
    flow.write({"out/scaled.json": "[99]"})
    assert "scale" in flow.run("--params", "factor=3").done
    assert kept_as(flow, b"[99]")


def test_a_damaged_object_is_set_aside_and_the_node_runs(flow: Lab) -> None:
    content = (flow.root / "out/total.json").read_bytes()
    path = kept_as(flow, content)
    path.write_bytes(b"4")
    (flow.root / "out/total.json").unlink()
    ran = flow.run()
    assert ran.done == {"add"}
    assert "note: output 'total' is made again, not brought back" in ran.err
    assert path.read_bytes() == content
    assert (flow.root / ".mlo/store/damaged" / "".join(path.parts[-2:])).read_bytes() == b"4"
    flow.assert_fresh()


def test_verify_finds_a_flipped_bit_and_says_whose(flow: Lab) -> None:
    assert ": all hold what they should" in mlo(flow, "store", "verify").out
    path = kept_as(flow, (flow.root / "out/summary.json").read_bytes())
    content = bytearray(path.read_bytes())
    content[3] ^= 1
    path.write_bytes(content)
    ran = mlo(flow, "store", "verify")
    assert ran.code == 1
    assert "1 object damaged and set aside" in ran.out
    assert "summary" in ran.out
    assert mlo(flow, "store", "verify").code == 0
    assert path.exists(), "the output itself still has the content, so it is kept anew"


def test_a_lost_store_fills_again_from_what_lies_there(flow: Lab) -> None:
    before = objects(flow)
    shutil.rmtree(flow.root / ".mlo/store")
    assert flow.run().done == set()
    assert {path.read_bytes() for path in objects(flow)} == set(flow.outputs().values())
    assert set(objects(flow)) <= set(before)


def test_gc_keeps_the_newest_runs_and_what_is_an_output_now(flow: Lab) -> None:
    first = (flow.root / "out/scaled.json").read_bytes()
    for factor in (3, 4):
        flow.run("--params", f"factor={factor}")
    dry = told(flow, "store", "gc", "--keep-runs", "2", "--dry-run")
    assert {each["dataset"] for each in dry["removed"]} == {"scaled", "total", "summary"}
    assert kept_as(flow, first)
    done = told(flow, "store", "gc", "--keep-runs", "2")
    assert done["removed"] == dry["removed"]
    assert first not in [path.read_bytes() for path in objects(flow)]
    assert flow.run("--params", "factor=3").done == set()
    assert flow.run("--params", "factor=2").done == SCALING


def test_gc_never_takes_what_a_pin_or_an_alias_keeps(flow: Lab) -> None:
    first = (flow.root / "out/scaled.json").read_bytes()
    mlo(flow, "runs", "pin", "last")
    flow.run("--params", "factor=3")
    second = (flow.root / "out/scaled.json").read_bytes()
    mlo(flow, "runs", "alias", "best", "last")
    flow.run("--params", "factor=4")
    told(flow, "gc", "--keep-runs", "0")
    assert kept_as(flow, first)
    assert kept_as(flow, second)
    mlo(flow, "runs", "alias", "--remove", "best")
    told(flow, "gc", "--keep-runs", "0")
    assert second not in [path.read_bytes() for path in objects(flow)]


def test_gc_alone_takes_nothing_that_a_run_knows(flow: Lab) -> None:
    flow.run("--params", "factor=3")
    before = objects(flow)
    assert mlo(flow, "store", "gc").out == f"nothing removed; {len(before)} objects kept, {_size(flow)}\n"
    assert objects(flow) == before


def _size(lab: Lab) -> str:
    return f"{sum(path.stat().st_size for path in objects(lab))} bytes"


def test_an_age_that_is_none_is_refused(flow: Lab) -> None:
    ran = mlo(flow, "store", "gc", "--older-than", "30 moons")
    assert ran.code == 2
    assert "error: '30 moons' is no age" in ran.err
    assert "write a number of m, h, d or w: 30d" in ran.err


def test_the_store_stays_within_its_limit(flow: Lab) -> None:
    flow.write({"pyproject.toml": PYPROJECT + "[tool.mlo.store]\nmax_bytes = 130\n"})
    for factor in range(3, 9):
        flow.run("--params", f"factor={factor}")
    assert sum(path.stat().st_size for path in objects(flow)) <= 130
    assert flow.run("--params", "factor=8").done == set()
    (flow.root / "out/scaled.json").unlink()
    assert flow.run("--params", "factor=8").done == set(), "what is an output now was never let go"


def test_a_store_of_nothing_keeps_nothing(flow: Lab) -> None:
    shutil.rmtree(flow.root / ".mlo")
    flow.write({"pyproject.toml": PYPROJECT + "[tool.mlo.store]\nmax_bytes = 0\n"}).run()
    assert objects(flow) == []


def test_another_clone_elsewhere_reuses_what_was_pushed(flow: Lab, team: str) -> None:
    pushed = told(flow, "store", "push", team)
    assert (pushed["runs"], pushed["problems"]) == (1, [])
    other = clone(flow)
    pulled = told(other, "store", "pull", team)
    assert (pulled["runs"], pulled["objects"]) == (1, pushed["objects"])
    ran = other.run()
    assert ran.done == set()
    assert ran.reasons("add") == ["output total restored from the store"]
    assert other.outputs() == flow.outputs()


def test_only_what_is_new_is_copied(flow: Lab, team: str) -> None:
    told(flow, "store", "push", team)
    assert mlo(flow, "store", "push", team).out == f"nothing new to push to {team}\n"
    other = clone(flow)
    told(other, "store", "pull", team)
    assert mlo(other, "store", "pull", team).out == f"nothing new to pull from {team}\n"
    flow.run("--params", "factor=3")
    pushed = told(flow, "store", "push", team)
    assert (pushed["runs"], pushed["objects"]) == (1, 3)
    assert told(other, "store", "pull", team)["objects"] == 3
    assert other.run("--params", "factor=3").done == set()


def test_both_push_and_each_gets_what_the_other_made(flow: Lab, team: str) -> None:
    other = clone(flow)
    other.run("--params", "factor=3")
    told(flow, "store", "push", team)
    told(other, "store", "push", team)
    told(flow, "store", "pull", team)
    assert flow.run("--params", "factor=3").done == set()
    assert len(told(flow, "runs", "list")) == 3


def test_many_push_at_once(flow: Lab, team: str) -> None:
    labs = [flow, *(clone(flow, f"clone{number}") for number in range(3))]
    for number, lab in enumerate(labs):
        lab.run("--params", f"factor={number}")
    command = [sys.executable, "-m", "mlflow_tmpl.cli.main", "store", "push", team]
    pushes = [subprocess.Popen(command, cwd=lab.root, stdout=subprocess.PIPE) for lab in labs]
    assert [push.wait(60) for push in pushes] == [0] * len(labs)
    for push in pushes:
        assert push.stdout is not None
        push.stdout.close()
    last = clone(flow, "last")
    told(last, "store", "pull", team)
    assert mlo(last, "store", "verify").code == 0
    for number in range(len(labs)):
        assert last.run("--params", f"factor={number}").done == set()


def test_a_deletion_survives_a_pull(flow: Lab, team: str) -> None:
    flow.run("--params", "factor=3")
    told(flow, "store", "push", team)
    other = clone(flow)
    told(other, "store", "pull", team)
    mlo(other, "runs", "delete", told(other, "runs", "list")[0]["id"])
    told(other, "store", "pull", team)
    assert len(told(other, "runs", "list")) == 1
    told(other, "store", "push", team)
    told(flow, "store", "pull", team)
    assert len(told(flow, "runs", "list")) == 1
    third = clone(flow, "third")
    assert told(third, "store", "pull", team)["runs"] == 1
    assert len(told(third, "runs", "list")) == 1


def test_tags_and_aliases_go_along(flow: Lab, team: str) -> None:
    mlo(flow, "runs", "tag", "last", "who=ada")
    told(flow, "store", "push", team)
    other = clone(flow)
    assert told(other, "store", "pull", team)["events"] == 1
    assert told(other, "runs", "show", "who=ada")["tags"] == {"who": "ada"}


def test_a_pickle_from_elsewhere_is_not_opened_unless_the_store_is_trusted(trained: Lab, team: str) -> None:
    told(trained, "store", "push", team)
    other = clone(trained)
    told(other, "store", "pull", team)
    (train,) = [node for node in told(other, "plan")["nodes"] if node["name"] == "train"]
    assert "output model was pulled from a shared store that the project does not trust" in [
        reason["text"] for reason in train["reasons"]
    ]
    ran = other.run()
    assert "train" in ran.done
    assert ran.done & EVERY == set(), "what holds data only is reused"
    trusting = clone(trained, "trusting")
    trusting.write({"pyproject.toml": PYPROJECT + "[tool.mlo.store]\ntrusted = true\n"})
    told(trusting, "store", "pull", team)
    assert trusting.run().done == set()


def test_what_takes_a_pickle_is_decided_by_the_one_that_comes_back(trained: Lab) -> None:
    """Its objects are of the project's classes, which count: of those that lie in the store, not of what lies there."""
    import pickle

    (trained.root / "out/model.pkl").write_bytes(pickle.dumps({"edited": "by hand"}))
    (trained.root / "out/score.json").unlink()
    assert trained.run().done == set()
    assert trained.run().done == set()
    trained.replace("src/proj/nodes/model.py", "self.weights = weights", "self.weights = weights + 1")
    assert trained.run().done == {"train", "evaluate"}


def test_a_pickle_that_runs_something_never_does(trained: Lab, team: str) -> None:
    """Somebody who can write to the shared store puts a pickle there that runs a command, under its own hash."""
    told(trained, "store", "push", team)
    other = clone(trained)
    poison_model(trained, other, team)
    told(other, "store", "pull", team)
    assert "train" in other.run().done
    assert not (other.root / "owned").exists()


def poison_model(lab: Lab, victim: Lab, team: str) -> None:
    """Rewrite the shared record so that the model's content is a pickle that leaves a file behind."""
    import gzip

    from mlflow_tmpl.hashing import digest, digest_parts
    from mlflow_tmpl.planning.json_texts import canonical_json

    evil = b"cos\nsystem\n(S'touch " + os.fsencode(victim.root / "owned") + b"'\ntR."
    name = digest(evil)
    place = Path(team, "objects", name[:2], name[2:])
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(evil)
    (file,) = Path(team, "runs").iterdir()
    document = json.loads(gzip.decompress(file.read_bytes()))
    file.unlink()
    for row in document["tables"]["result"]:
        if row["node"] == "train":
            old, row["outputs"] = row["id"], canonical_json({"model": name})
            row["id"] = digest_parts([row["key"], row["node"], row["outputs"]])
            new = row["id"]
    for table in ("node_run", "result_io"):
        for row in document["tables"][table]:
            if row["result"] == old:
                row["result"] = new
                if row.get("direction") == "out":
                    row["fingerprint"] = name
    data = gzip.compress(json.dumps(document).encode())
    Path(team, "runs", f"{document['run']}.{digest(data)}.json.gz").write_bytes(data)


def test_what_is_damaged_in_the_shared_store_is_left_out_and_told(flow: Lab, team: str) -> None:
    told(flow, "store", "push", team)
    for path in Path(team, "objects").glob("*/*"):
        path.write_bytes(b"damaged")
    other = clone(flow)
    ran = mlo(other, "store", "pull", team)
    assert ran.code == 1
    assert "of the shared store is damaged" in ran.out
    assert objects(other) == []
    assert other.run().done == EVERY
    other.assert_fresh()


@pytest.mark.parametrize("content", [b"", b"not gzip", b"\x1f\x8b\x08\x00cut"])
def test_a_damaged_record_is_left_out_and_told(flow: Lab, team: str, content: bytes) -> None:
    told(flow, "store", "push", team)
    (file,) = Path(team, "runs").iterdir()
    file.write_bytes(content)
    other = clone(flow)
    ran = mlo(other, "store", "pull", team)
    assert ran.code == 1
    assert f"warning: runs/{file.name} of the shared store is left out: it is damaged" in ran.out
    assert told(other, "runs", "list") == []


@pytest.mark.parametrize(
    ("command", "schema"),
    [
        (["store"], "store"),
        (["store", "gc", "--dry-run", "--keep-runs", "0"], "store-gc"),
        (["store", "verify"], "store-verify"),
        (["store", "push", "../team"], "store-shared"),
        (["store", "pull", "../team"], "store-shared"),
    ],
)
def test_documents_fit_their_schemas(flow: Lab, command: list[str], schema: str) -> None:
    from jsonschema import validate

    flow.run("--params", "factor=3")
    flow.run("--params", "factor=4")
    if schema == "store-verify":
        objects(flow)[0].write_bytes(b"damaged")
    document = json.loads(mlo(flow, *command, "--json").out)
    validate(document, json.loads((SCHEMAS / f"{schema}.schema.json").read_text(encoding="utf-8")))


def test_without_a_url_it_is_said_where_one_goes(flow: Lab) -> None:
    ran = mlo(flow, "store", "push")
    assert ran.code == 2
    assert ran.err.startswith("error: it is not said where the shared store is\n")
    assert "set url in [tool.mlo.store]" in ran.err


def test_the_settings_say_where_the_shared_store_is(flow: Lab) -> None:
    flow.write({"pyproject.toml": PYPROJECT + '[tool.mlo.store]\nurl = "../team"\n'})
    told(flow, "store", "push")
    assert flow.root.with_name("team").is_dir()
    assert told(flow, "store")["url"] == "../team"


def test_credentials_open_the_shared_store_and_are_never_shown(flow: Lab) -> None:
    flow.write(
        {
            "pyproject.toml": PYPROJECT
            + '[tool.mlo.store]\nurl = "nowhere://me:hush-hush@x"\ncredentials = "lake"\n',
            "conf/local/credentials.yml": "lake: {password: very-secret}",
        }
    )
    ran = mlo(flow, "store", "push")
    assert ran.code == 1
    assert "error: the shared store 'nowhere://me:***@x' cannot be read: Protocol not known" in ran.err
    for text in (ran.out, ran.err, mlo(flow, "store").out, mlo(flow, "store", "--json").out):
        assert "hush" not in text
        assert "very-secret" not in text


def test_credentials_that_are_nowhere_are_told(flow: Lab) -> None:
    flow.write({"pyproject.toml": PYPROJECT + '[tool.mlo.store]\nurl = "x"\ncredentials = "lake"\n'})
    ran = mlo(flow, "store", "push")
    assert ran.code == 2
    assert "the shared store needs credentials 'lake', which are nowhere" in ran.err


def test_a_project_in_which_nothing_ran_has_an_empty_store(lab: Lab) -> None:
    lab.write(FLOW)
    assert told(lab, "store")["objects"] == 0
    assert mlo(lab, "store", "verify").out == "0 objects read, 0 bytes: all hold what they should\n"


PARTS = """
from mlflow_tmpl import node


@node(outputs="parts")
def split(raw, *, factor):
    return {"same": raw, "scaled": [x and x * factor for x in raw]}
"""


@pytest.fixture
def parted(lab: Lab) -> Lab:
    """A project that has run, with a folder of partitions among its outputs."""
    entry = "parts: {type: partitioned, filepath: out/parts, dataset: json, suffix: .json}\n"
    lab.write({**FLOW, "src/proj/nodes/parts.py": PARTS, CATALOG_FILE: FLOW[CATALOG_FILE] + entry}).run()
    return lab


def test_a_folder_of_partitions_is_restored(parted: Lab) -> None:
    first = parted.outputs()
    (parted.root / "out/parts/same.json").unlink()
    assert parted.run().reasons("split") == ["output parts restored from the store"]
    assert parted.outputs() == first
    shutil.rmtree(parted.root / "out/parts")
    assert parted.run().done == set()
    assert parted.outputs() == first
    assert "split" in parted.run("--params", "factor=5").done
    assert parted.run().done == set()
    assert parted.outputs() == first


def test_an_earlier_version_of_a_folder_is_brought_back_by_hand(parted: Lab) -> None:
    first = parted.outputs()
    parted.run("--params", "factor=5")
    assert mlo(parted, "catalog", "restore", "parts", "last~1").code == 0
    assert parted.outputs()["parts/scaled.json"] == first["parts/scaled.json"]
    assert all(version["stored"] for version in told(parted, "catalog", "history", "parts"))


def test_a_folder_of_partitions_is_shared_and_collected(parted: Lab, team: str) -> None:
    told(parted, "store", "push", team)
    other = clone(parted)
    told(other, "store", "pull", team)
    assert other.run().done == set()
    assert other.outputs() == parted.outputs()
    assert told(other, "store", "gc", "--keep-runs", "0")["removed"] == []
    parted.run("--params", "factor=5")
    parted.run("--params", "factor=6")
    told(parted, "store", "gc", "--keep-runs", "1")
    assert parted.run("--params", "factor=6").done == set()
    shutil.rmtree(parted.root / "out")
    assert parted.run("--params", "factor=6").done == set()
    assert "split" in parted.run("--params", "factor=5").done
    assert mlo(parted, "store", "verify").code == 0


@pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")
def test_a_kill_while_contents_are_kept_leaves_no_half_object(lab: Lab, commands: Commands) -> None:
    lots = "from mlflow_tmpl import node\n\n" + "\n".join(
        f"@node(outputs='big{number}')\ndef make{number}(raw):\n    return bytes([{number}]) * 3_000_000\n"
        for number in range(8)
    )
    entries = "".join(f"big{number}: {{type: bytes, filepath: out/{number}}}\n" for number in range(8))
    lab.write({**FLOW, "src/proj/nodes/flow.py": lots, CATALOG_FILE: FLOW[CATALOG_FILE] + entries})
    for delay_s in (0.05, 0.1, 0.15):
        command = [sys.executable, "-m", "mlflow_tmpl.cli.main", "run", "--no-reuse"]
        process = subprocess.Popen(
            command, cwd=lab.root, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 30
        while not (lab.root / ".mlo/store/temporary").exists() and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(delay_s)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert mlo(lab, "store", "verify").code == 0
        mlo(lab, "store", "gc")
        assert list((lab.root / ".mlo/store/temporary").iterdir()) == []
        shutil.rmtree(lab.root / ".mlo/store")
    lab.run()
    assert mlo(lab, "store", "verify").code == 0
