from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlflow_tmpl import Node, run
from mlflow_tmpl.engine import NodeFailure
from mlflow_tmpl.engine.clusters import ray_guard
from mlflow_tmpl.errors import EngineError
from mlflow_tmpl.pipeline import NodeOptions
from tests.conftest import clean_environment
from tests.unit.engine.clusters import nodes
from tests.unit.engine.clusters.flows import FLOW

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed")

RAY = Path(sys.executable).with_name("ray")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of a cluster that somebody else has started, and end what belongs to it."""
    folder = tempfile.mkdtemp(prefix="r", dir="/tmp")  # for sockets, whose paths are short
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    quiet = {
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "RAY_AUTH_MODE": "disabled",
    }
    env = clean_environment(**quiet)
    guard = subprocess.Popen([sys.executable, ray_guard.__file__, folder], stdin=subprocess.PIPE)
    command = [str(RAY), "start", "--head", "--port", str(port), "--num-cpus", "2", "--temp-dir", folder]
    subprocess.run(
        [*command, "--include-dashboard", "false", "--disable-usage-stats"],
        env=env,
        check=True,
        capture_output=True,
    )
    with pytest.MonkeyPatch.context() as patch:
        for name, value in quiet.items():  # before Ray is imported: else it looks for 127.0.0.1 elsewhere
            patch.setenv(name, value)
        yield f"127.0.0.1:{port}"
    guard.communicate(timeout=60)
    assert {process.pid for process in ray_guard.users(folder)} <= {os.getpid()}


def test_a_run_gives_what_it_gives_inline(address: str, capfd: pytest.CaptureFixture[str]) -> None:
    flow = [*FLOW.nodes, Node(nodes.speak, {"x": "spoilt"}, "said")]
    given = {"params:count": 1000}
    result = run(flow, given, engine="ray", address=address)
    assert result["end"] == run(FLOW, given)["end"]
    assert capfd.readouterr().out == "out -500\n"


def test_a_failure_is_told_as_inline(address: str) -> None:
    with pytest.raises(NodeFailure) as there:
        run(Node(nodes.fail, "x", "y"), {"x": 5}, engine="ray", address=address)
    with pytest.raises(NodeFailure) as here:
        run(Node(nodes.fail, "x", "y"), {"x": 5})
    assert there.value.message == here.value.message
    assert there.value.frames == here.value.frames


def test_what_no_machine_has_is_refused_not_waited_for(address: str) -> None:
    greedy = NodeOptions(resources={"cpus": 64})
    with pytest.raises(
        NodeFailure, match="it asks for 64 CPU, and no machine of the cluster has more than 2"
    ):
        run(Node(nodes.process, "x", "y", options=greedy), {"x": 1}, engine="ray", address=address)


def test_an_address_at_which_nobody_answers_is_named() -> None:
    with pytest.raises(EngineError, match=r"the Ray cluster at '127\.0\.0\.1:1' cannot be used") as refused:
        run(Node(nodes.process, "x", "y"), {"x": 1}, engine="ray", address="127.0.0.1:1")
    assert refused.value.hint == "one is started with: ray start --head"
