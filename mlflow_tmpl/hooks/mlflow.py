"""Hooks that log runs to an MLflow tracking server: parameters, metrics, artefacts, models, tags, status."""

from __future__ import annotations

import os
import re
import sys
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.hooks.packages import require
from mlflow_tmpl.hooks.specs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlflow.tracking import MlflowClient  # type: ignore[import-untyped, unused-ignore]

    from mlflow_tmpl.hooks.told import DatasetInfo, RunInfo
    from mlflow_tmpl.ledger.listing import MetricPoint
    from mlflow_tmpl.ledger.records import RunRecord

STATUSES = {"done": "FINISHED", "failed": "FAILED", "cancelled": "KILLED", "lost": "FAILED"}
"""Status of a run in the ledger to that in MLflow."""

FLAVOURS = {
    "sklearn": ("mlflow.sklearn", "sk_model", "scikit-learn"),
    "xgboost": ("mlflow.xgboost", "xgb_model", "xgboost"),
    "lightgbm": ("mlflow.lightgbm", "lgb_model", "lightgbm"),
    "catboost": ("mlflow.catboost", "cb_model", "catboost"),
    "statsmodels": ("mlflow.statsmodels", "statsmodels_model", "statsmodels"),
    "torch": ("mlflow.pytorch", "pytorch_model", "torch"),
    "onnx": ("mlflow.onnx", "onnx_model", "onnx"),
}
"""Package of a model's class to MLflow's module for it, its argument there, and the distribution that loads it."""

RUN_TAG, ERROR_TAG = "mlo.run", "mlo.error"

_PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}
"""How long we wait for a server where the environment does not say it: MLflow's own are minutes."""

_NOT_IN_KEYS = re.compile(r"[^\w\-. :/]")
_LONGEST_PARAMETER, _LONGEST_TAG = 6000, 5000
_PARAMETERS_AT_A_TIME, _METRICS_AT_A_TIME = 100, 1000


class MlflowHooks:
    """Logs each run to the server that ``MLFLOW_TRACKING_URI`` names, in the experiment ``MLFLOW_EXPERIMENT_NAME``.

    The experiment has the project's name unless the environment names one.

    Attributes:
        roles: the outputs that are logged as artefacts, by their roles in the catalog; a subclass may choose others.
    """

    roles: tuple[str, ...] = ("model", "metrics", "report")

    def __init__(self) -> None:
        require("mlflow", "mlflow")
        self._runs: dict[str, str | None] = {}

    @hookimpl
    def before_run(self, run: RunInfo) -> None:
        """Open a run on the server, with parameters and tags."""
        self._runs[run.id] = None  # what fails here is not tried again at the end
        with _client() as client:
            made = client.create_run(
                self._experiment(client, run),
                start_time=_ms(run.started_at),
                tags=_tags(client, run),
                run_name=run.tags.get("name") or run.id[:13],
            )
            self._runs[run.id] = made.info.run_id
            _log_parameters(client, made.info.run_id, run.parameters)

    @hookimpl
    def after_run(
        self,
        run: RunInfo,
        record: RunRecord,
        outputs: Sequence[DatasetInfo],
        metrics: Sequence[MetricPoint],
    ) -> None:
        """Log what the run gave, and close it on the server."""
        if self._runs.get(run.id, "") is None:
            return
        with _client() as client:
            tracked = self._runs.pop(run.id, None) or _find(client, run.id)
            if tracked is None:
                return
            try:
                _log_metrics(client, tracked, metrics)
                for output in outputs:
                    if output.role in self.roles:
                        _log_output(client, tracked, output)
                for error in [node.error for node in record.nodes if node.error][:1]:
                    client.set_tag(tracked, ERROR_TAG, str(error["message"])[:_LONGEST_TAG])
            finally:
                ended_at = record.started_at + (record.duration_s or 0.0)
                client.set_terminated(tracked, STATUSES.get(record.status, "FINISHED"), _ms(ended_at))

    def _experiment(self, client: MlflowClient, run: RunInfo) -> str:
        """Return the id of the experiment, which is made if it is not there."""
        from mlflow.exceptions import MlflowException

        given = os.environ.get("MLFLOW_EXPERIMENT_ID")
        if given:
            return given
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or run.project
        known = client.get_experiment_by_name(name)
        if known is None:
            try:
                return str(client.create_experiment(name))
            except MlflowException:  # another run has made it meanwhile
                known = client.get_experiment_by_name(name)
                if known is None:
                    raise
        return str(known.experiment_id)


@contextmanager
def _client() -> Iterator[MlflowClient]:
    """Give a client that does not wait for minutes where there is no server."""
    added = {name: value for name, value in _PATIENCE.items() if name not in os.environ}
    os.environ.update(added)
    try:
        from mlflow.tracking import MlflowClient

        with redirect_stdout(
            sys.stderr
        ):  # it prints the address of what it logged; results of a run go to stdout
            yield MlflowClient()
    finally:
        for name in added:
            os.environ.pop(name, None)


def _tags(client: MlflowClient, run: RunInfo) -> dict[str, str]:
    told = {
        RUN_TAG: run.id,
        "mlo.project": run.project,
        "mlo.pipelines": " ".join(run.pipelines),
        "mlo.environment": run.environment,
        "mlo.cause": run.cause,
        "mlo.parent": run.parent,
        "mlflow.source.name": run.command or run.project,
        "mlflow.source.type": "PROJECT",
    }
    parent = _find(client, run.parent) if run.cause == "sweep" and run.parent else None
    nested = {"mlflow.parentRunId": parent} if parent else {}
    tags = {**told, **nested, **run.tags}
    return {_NOT_IN_KEYS.sub("_", key): value[:_LONGEST_TAG] for key, value in tags.items() if value}


def _find(client: MlflowClient, run: str) -> str | None:
    """Return the id that the server gave a run of ours, ``None`` if it has none: another process may have opened it."""
    experiments = [each.experiment_id for each in client.search_experiments()]
    found = client.search_runs(experiments, f"tags.`{RUN_TAG}` = '{run}'", max_results=1)
    return str(found[0].info.run_id) if found else None


def _log_parameters(client: MlflowClient, tracked: str, parameters: Mapping[str, Any]) -> None:
    from mlflow.entities import Param

    found = [
        Param(_NOT_IN_KEYS.sub("_", key), _fit(str(value), _LONGEST_PARAMETER))
        for key, value in parameters.items()
    ]
    for some in _chunks(found, _PARAMETERS_AT_A_TIME):
        client.log_batch(tracked, params=some)


def _log_metrics(client: MlflowClient, tracked: str, metrics: Sequence[MetricPoint]) -> None:
    from mlflow.entities import Metric

    found = [
        Metric(_NOT_IN_KEYS.sub("_", point.name), point.value, _ms(point.at), point.step) for point in metrics
    ]
    for some in _chunks(found, _METRICS_AT_A_TIME):
        client.log_batch(tracked, metrics=some)


def _log_output(client: MlflowClient, tracked: str, output: DatasetInfo) -> None:
    """Log a model in the way of its library where MLflow knows it, anything else as the file or folder that it is."""
    if output.role == "model" and _log_model(tracked, output):
        return
    name = _NOT_IN_KEYS.sub("_", output.name)
    if output.path is None or not output.path.exists():
        client.set_tag(tracked, f"mlo.output.{name}", output.place[:_LONGEST_TAG])
    elif output.path.is_dir():
        client.log_artifacts(tracked, str(output.path), f"{output.role}/{name}")
    else:
        client.log_artifact(tracked, str(output.path), output.role)


def _log_model(tracked: str, output: DatasetInfo) -> bool:
    """Log a model as one of MLflow's; tell whether MLflow knows its kind."""
    import inspect

    from mlflow.models import Model

    model = output.load()
    packages = [kind.__module__.partition(".")[0] for kind in type(model).__mro__]
    flavour = next((FLAVOURS[each] for each in packages if each in FLAVOURS), None)
    if flavour is None:
        return False
    module, argument, distribution = flavour
    # What else it needs MLflow would find out by importing it all in another process, for ten seconds.
    needs = [f"{distribution}=={version(distribution)}"]
    takes_name = (
        "name" in inspect.signature(Model.log).parameters
    )  # MLflow 3; before it was a folder of the run
    named = {"artifact_path": None, "name": output.name} if takes_name else {"artifact_path": output.name}
    given = {argument: model, "pip_requirements": needs}
    Model.log(**named, flavor=import_module(module), run_id=tracked, **given)
    return True


def _fit(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _chunks(items: Sequence[Any], count: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), count):
        yield items[start : start + count]


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
