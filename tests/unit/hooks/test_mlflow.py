"""Runs as they are logged to a real MLflow server with SQLite."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from mlflow_tmpl.engine import NodeFailure
from mlflow_tmpl.engine.events import HookFailed
from mlflow_tmpl.hooks import RunInfo
from mlflow_tmpl.hooks.points import hooks_of

pytest.importorskip("mlflow")

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import MadeProject

pytestmark = pytest.mark.network

PATIENCE_S = 120


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A tracking server for the module."""
    folder, port = tmp_path_factory.mktemp("mlflow"), free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    stores = [
        "--backend-store-uri",
        "sqlite:///mlflow.db",
        "--artifacts-destination",
        str(folder / "artifacts"),
    ]
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(
            [*command, *stores, "--workers", "1"],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=os.name == "posix",
        )
        try:
            wait_for(process, address, folder / "log.txt")
            yield address
        finally:
            process.terminate()
            process.wait(30)


def wait_for(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(f"{address}/health", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"no server: {log.read_text()[-2000:]}")


@pytest.fixture
def client(server: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    from mlflow.tracking import MlflowClient

    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    return MlflowClient(server)


@pytest.fixture
def tracked(make_project: Callable[..., MadeProject]) -> MadeProject:
    """A project that trains a model, with metrics by step."""
    return make_project(
        """
        from sklearn.linear_model import LinearRegression

        @node(outputs=["model", "scores"])
        def train(raw: str, *, slope: float):
            xs = [[0.0], [float(raw)]]
            model = LinearRegression().fit(xs, [slope * x[0] for x in xs])
            return model, {"loss": [0.5, 0.25], "test": {"r2": model.score(xs, [0.0, slope * float(raw)])}}
        """,
        catalog="""\
            raw: data/raw.txt
            model: {filepath: data/model.pkl, role: model}
            scores: {filepath: data/scores.json, role: metrics}
            """,
        parameters="slope: 2.0\nmodel:\n  odd,name: [1, 2]\n",
        files={"data/raw.txt": "4"},
        settings='hooks = ["mlflow"]\n',
    )


def logged(client: Any, made: MadeProject, run: str) -> Any:
    """Return what the server has of a run of ours."""
    experiment = client.get_experiment_by_name(made.open().name)
    (found,) = client.search_runs([experiment.experiment_id], f"tags.`mlo.run` = '{run}'")
    return found


def test_a_run_is_logged_with_parameters_metrics_by_step_model_artefacts_tags_and_status(
    client: Any, tracked: MadeProject
) -> None:
    result = tracked.open().run(tag={"team": "alpha"}, command="mlo run")
    found = logged(client, tracked, result.id)
    assert found.info.status == "FINISHED"
    assert found.info.run_name == result.id[:13]
    assert found.info.start_time <= found.info.end_time
    assert found.data.params == {"slope": "2.0", "model.odd_name": "[1, 2]"}
    assert found.data.tags["team"] == "alpha"
    assert found.data.tags["mlflow.source.name"] == "mlo run"
    history = client.get_metric_history(found.info.run_id, "loss")
    assert [(each.step, each.value) for each in history] == [(0, 0.5), (1, 0.25)]
    assert found.data.metrics["test.r2"] == pytest.approx(1.0)
    assert [each.path for each in client.list_artifacts(found.info.run_id, "metrics")] == [
        "metrics/scores.json"
    ]
    check_model(client, found)


def check_model(client: Any, found: Any) -> None:
    """Load the model that the server has, and use it."""
    import mlflow

    (output,) = found.outputs.model_outputs
    assert client.get_logged_model(output.model_id).name == "model"
    assert mlflow.sklearn.load_model(f"models:/{output.model_id}").predict([[3.0]])[0] == pytest.approx(6.0)


def test_a_run_that_reuses_all_has_the_metrics_too(client: Any, tracked: MadeProject) -> None:
    project = tracked.open()
    project.run()
    again = project.run()
    assert [node.status for node in again.nodes] == ["reused"]
    assert logged(client, tracked, again.id).data.metrics["loss"] == 0.25


def test_a_run_that_fails_is_logged_as_failed_with_its_error(client: Any, tracked: MadeProject) -> None:
    (tracked.root / "data/raw.txt").write_text("many")
    with pytest.raises(NodeFailure) as caught:
        tracked.open().run()
    assert caught.value.result is not None
    found = logged(client, tracked, caught.value.result.id)
    assert found.info.status == "FAILED"
    assert found.data.tags["mlo.error"].startswith("node 'train' failed: ValueError: could not convert")


def test_the_runs_of_a_sweep_lie_in_the_one_that_began_it(client: Any, tracked: MadeProject) -> None:
    swept = tracked.open().sweep(params={"slope": [1.0, 3.0]})
    parent = logged(client, tracked, swept.id)
    assert (parent.info.status, parent.data.tags.get("mlflow.parentRunId")) == ("FINISHED", None)
    inner = [logged(client, tracked, point.result.id) for point in swept.points]
    assert {each.data.tags["mlflow.parentRunId"] for each in inner} == {parent.info.run_id}
    assert [each.data.params["slope"] for each in inner] == ["1.0", "3.0"]


def test_one_process_may_open_a_run_and_another_close_it(
    client: Any, tracked: MadeProject, make_project: Callable[..., MadeProject], tmp_path: Path
) -> None:
    project = tracked.open()
    toml = tracked.root / "pyproject.toml"
    written = toml.read_text()
    toml.write_text(written.replace("hooks =", "# hooks ="))
    result = tracked.open().run()  # recorded, and nobody was told
    run = RunInfo.of_record(project.ledger.run(result.id), project.name, project.root)

    def hooks() -> Any:
        return hooks_of(project.root, project.settings, project.name, tmp_path / "cache.json", nullcontext)

    hooks().opened(run)
    assert logged(client, tracked, result.id).info.status == "RUNNING"
    hooks().closed(run, project.ledger, project.catalog)
    assert logged(client, tracked, result.id).info.status == "FINISHED"
    assert logged(client, tracked, result.id).data.metrics["loss"] == 0.25


def test_a_server_that_is_not_there_is_told_once_and_fails_nothing(
    tracked: MadeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    events: list[Any] = []
    assert tracked.open().run(listeners=[events.append]).status == "done"
    (failed,) = [event for event in events if isinstance(event, HookFailed)]
    assert (failed.plugin, failed.hook) == ("mlflow", "before_run")
    assert "MLFLOW_HTTP_REQUEST_TIMEOUT" not in os.environ
