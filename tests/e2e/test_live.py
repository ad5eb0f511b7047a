"""`mlo viz --serve` through the command itself and its own addresses."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from .live import mlo, serving, write_project

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    root = write_project(tmp_path_factory.mktemp("live") / "shop")
    assert mlo(root, "run").returncode == 0
    return root


@pytest.fixture(scope="module")
def server(shop):
    with serving(shop) as found:
        yield found


def until(met, seconds=60.0):
    """Wait for what another process does."""
    deadline = time.monotonic() + seconds
    while not (found := met()):
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)
    return found


def test_it_tells_of_the_graph_and_of_runs(server):
    assert [node["name"] for node in server.get("/api/graph")[1]["nodes"]] == ["read", "wait", "score"]
    run = server.get("/api/runs")[1][-1]
    assert (run["status"], run["metrics"]) == ("done", {"score": 2.0})
    detail = server.get(f"/api/runs/{run['id']}")[1]
    assert [(node["name"], node["status"]) for node in detail["nodes"]] == [
        ("read", "done"), ("wait", "done"), ("score", "done"),
    ]  # fmt: skip
    assert all(run["started_at"] <= node["began_at"] <= node["ended_at"] for node in detail["nodes"])
    assert detail["parameters"]["share"]["value"] == 0.5
    assert "so many: 4\n" in [entry["text"] for entry in server.get(f"/api/runs/{run['id']}/log")[1]]


def test_it_tells_of_data(server):
    versions = server.get("/api/datasets/versions?name=metrics")[1]
    assert versions[0]["stored"]
    made = server.get("/api/datasets/lineage?name=metrics")[1]["results"]
    assert "score" in [each["node"] for each in made]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/api/runs/zzz", "there is no run 'zzz'"),
        ("/api/runs?status=dun", "there is no status 'dun'"),
        ("/api/compare?runs=last", "1 runs cannot be compared"),
        ("/api/datasets/versions?name=-x", "'-x' is no name"),
        ("/api/datasets/versions?name=metrix", "no run has made or taken a dataset 'metrix'"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_words(server, path, said):
    status, answer = server.get(path)
    assert status == 400
    assert said in answer["error"]


def test_strangers_get_nothing(server):
    assert server.get("/api/graph", Authorization="Bearer no")[0] == 401
    assert server.get("/api/graph", Host="evil.example")[0] == 421
    assert server.post("/api/runs", Authorization="")[0] == 401


def test_a_plan_is_the_account_that_the_command_gives_and_changes_nothing(server):
    before = server.get("/api/runs")[1][0]["id"]
    status, plan = server.post("/api/plan", {"params": ["share=1.0"]})
    assert status == 200
    assert plan["nodes"][0]["action"] == "run"
    assert "parameter share 0.5 -> 1.0" in plan["nodes"][0]["reasons"][0]["text"]
    assert server.get("/api/runs")[1][0]["id"] == before


def test_a_run_is_started_with_what_was_asked(server):
    status, begun = server.post("/api/runs", {"params": ["share=0.75"], "to_nodes": ["wait"]})
    assert status == 201
    run = until(lambda: _ended(server, begun["run"]))
    assert run["status"] == "done"
    assert run["parameters"]["share"]["value"] == 0.75
    assert run["asked"]["selectors"] == {"to_nodes": ["wait"]}
    assert "--params=share=0.75" in run["command"]


def test_a_run_that_is_refused_says_why(server):
    status, answer = server.post("/api/runs", {"params": ["shar=1"]})
    assert status == 400
    assert "no parameter is named 'shar'" in answer["error"]
    assert "did you mean 'share'?" in answer["error"]
    assert "'evil.py' is no name" in server.post("/api/runs", {"pipelines": ["evil.py"]})[1]["error"]


def test_a_run_is_repeated_with_its_parameters(server):
    first = server.get("/api/runs?status=done")[1][-1]
    status, begun = server.post(f"/api/runs/{first['id']}/repeat")
    assert status == 201
    run = until(lambda: _ended(server, begun["run"]))
    assert (run["cause"], run["parent"], run["status"]) == ("rerun", first["id"], "done")


def test_a_run_is_cancelled_and_gone_on_with(server, shop):
    hold = shop / "hold"
    hold.touch()
    try:
        run = server.post("/api/runs", {"force": ["read", "wait"]})[1]["run"]
        until(lambda: _status(server, run, "wait") == "running")
        assert server.post(f"/api/runs/{run}/cancel")[0] == 200
        assert until(lambda: _ended(server, run))["status"] == "cancelled"
    finally:
        hold.unlink()
    assert server.post(f"/api/runs/{run}/cancel")[1]["error"].endswith("is not running: it is cancelled")
    plan = server.post(f"/api/runs/{run}/plan")[1]
    assert "run" in {step["action"] for step in plan["nodes"]}
    again = server.post(f"/api/runs/{run}/resume")[1]["run"]
    found = until(lambda: _ended(server, again))
    assert (found["status"], found["cause"], found["parent"]) == ("done", "resume", run)


def test_the_graph_is_that_of_the_code_as_it_is_now(server, shop):
    code = shop / "src" / "shop" / "nodes" / "more.py"
    code.write_text(
        "from mlflow_tmpl import node\n\n\n@node(outputs='more')\ndef later(metrics):\n    return metrics\n"
    )
    try:
        assert "later" in [node["name"] for node in server.get("/api/graph")[1]["nodes"]]
    finally:
        code.unlink()


def test_read_only_shows_and_plans_and_starts_nothing(shop):
    with serving(shop, "--read-only") as server:
        assert server.get("/api/about")[1] == {"read_only": True}
        assert server.post("/api/plan")[0] == 200
        before = len(server.get("/api/runs")[1])
        for path in ("/api/runs", "/api/runs/last/resume", "/api/runs/last/repeat", "/api/runs/last/cancel"):
            status, answer = server.post(path)
            assert status == 403
            assert answer["error"] == "the page was opened read-only"
        assert len(server.get("/api/runs")[1]) == before


@posix
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
def test_the_server_ends_and_takes_with_it_what_was_started_from_it(tmp_path, number, code):
    root = write_project(tmp_path / "shop")
    (root / "hold").touch()
    with serving(root) as server:
        run = server.post("/api/runs", {})[1]["run"]
        until(lambda: _status(server, run, "wait") == "running")
        assert server.stop(number) == code
        assert "Traceback" not in server.process.stderr.read()
    shown = mlo(root, "runs", "show", run)
    assert "cancelled" in shown.stdout
    assert not [
        name
        for name in os.listdir(root)
        if name not in {"pyproject.toml", "src", "conf", "data", "hold", ".mlo"}
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--serve", "--json"), "--serve opens the live page, --json prints the graph"),
        (("--serve", "-o", "graph.html"), "--serve opens the live page, -o writes a file"),
        (("--port", "7878"), "--port is for the live page"),
        (("--read-only",), "--read-only is for the live page"),
        (("--serve", "--port", "70000"), "70000 is not in the range 0<=x<=65535"),
        (("--serve", "--no-open", "trian"), "there is no pipeline 'trian'"),
    ],
)
def test_what_cannot_be_served_is_refused(shop, words, said):
    done = mlo(shop, "viz", *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""


def test_without_its_packages_the_page_is_refused_with_how_to_get_them(shop):
    code = (
        "import importlib.util as util; find = util.find_spec; "
        "util.find_spec = lambda name, *rest: None if name == 'uvicorn' else find(name, *rest); "
        "from mlflow_tmpl.cli.main import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "viz", "--serve"], cwd=shop, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert "the live page needs the package 'uvicorn'" in done.stderr
    assert "pip install 'mlflow-tmpl[viz]'" in done.stderr


def _ended(server, run):
    found = server.get(f"/api/runs/{run}")[1]
    return found if found["status"] != "running" else None


def _status(server, run, node):
    return {each["name"]: each["status"] for each in server.get(f"/api/runs/{run}")[1]["nodes"]}.get(node)
