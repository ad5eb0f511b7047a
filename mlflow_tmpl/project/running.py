"""Runs of a project: a plan, the claim on what it writes, the record of it."""

from __future__ import annotations

from contextlib import closing, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.asked import Asked, overriding, selection_of, with_places
from mlflow_tmpl.config.sources import named_source
from mlflow_tmpl.errors import LedgerError
from mlflow_tmpl.pipeline.discovery import DEFAULT
from mlflow_tmpl.pipeline.names import base_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mlflow_tmpl.asked import Manner
    from mlflow_tmpl.engine import RunResult
    from mlflow_tmpl.ledger.leases import Holder
    from mlflow_tmpl.planning import Plan
    from mlflow_tmpl.project.project import Project
    from mlflow_tmpl.settings import Defaults


def run(project: Project, pipelines: Sequence[str], asked: Asked, manner: Manner) -> RunResult:
    """Plan, and run what has to run; the arguments are those of `Project.run`."""
    from mlflow_tmpl.engine import execute
    from mlflow_tmpl.engine.identity import new_run_id
    from mlflow_tmpl.ledger.durations import past_seconds
    from mlflow_tmpl.store.keeping import Keeper

    run_id = new_run_id()
    asked = asked.with_versions(_exact_versions(project, asked.load_versions))
    plan = _claimed(project, run_id, pipelines, asked, manner)
    defaults = project.settings.defaults
    jobs = manner.jobs
    if jobs is None and manner.engine != "inline":  # who asks for one node at a time means it
        jobs = defaults.jobs
    with (
        project.hooks.during(project.ledger, manner.listeners) as told,  # also of the record that is closed
        project.ledger.recording(run_id) as recorders,
        closing(Keeper(project.kept, project.settings.store.max_bytes)) as keeper,
    ):
        result = execute(
            plan,
            (*recorders, *manner.listeners, *told),
            engine=manner.engine or defaults.engine,
            jobs=jobs,
            address=_address(manner, defaults, plan),
            memory_bytes=defaults.memory_bytes,
            source=project.root / project.settings.source,
            seconds=partial(past_seconds, project.ledger.rows),
            keep_going=defaults.keep_going if manner.keep_going is None else manner.keep_going,
            context=context_of(project, plan, pipelines, asked, manner),
            run_id=run_id,
            keeper=keeper,
        )
    project.store.trim()
    result.read_metrics = lambda: project.ledger.metrics(result.id)
    return result


def _address(manner: Manner, defaults: Defaults, plan: Plan) -> str | None:
    """Return the address that was given, or the project's own where the run uses the engine that it is of."""
    from mlflow_tmpl.engine.engines import cluster_engine

    if manner.address is not None or manner.engine not in (None, defaults.engine):
        return manner.address
    return defaults.address if cluster_engine(defaults.engine, plan.pipeline) else None


def _claimed(project: Project, run_id: str, pipelines: Sequence[str], asked: Asked, manner: Manner) -> Plan:
    """Return the plan of a run that alone writes its outputs from here on."""
    from mlflow_tmpl.definition.ways import calls_nothing
    from mlflow_tmpl.engine.events import RunWaits

    def make() -> Plan:
        plan = project.planner.plan(pipelines, asked, calls_nothing)
        project.hooks.planned(plan, manner.listeners)
        return plan

    def tell_waiting(holder: Holder) -> None:
        for listener in manner.listeners:
            listener(RunWaits(str(holder), holder.dataset))

    return project.ledger.leases.claimed(
        run_id,
        make,
        float("inf") if manner.wait is True else float(manner.wait),
        tell_waiting,
    )


def context_of(
    project: Project,
    plan: Plan,
    pipelines: Sequence[str],
    asked: Asked,
    manner: Manner,
    swept: Sequence[str] = (),
) -> dict[str, Any]:
    """Return how a run, or a sweep over some parameters, was asked for, for the record."""
    from mlflow_tmpl.ledger.request import Request

    selection = selection_of(asked.selectors)
    environment = project.environment or ""
    request = Request(
        pipelines,
        selection.criteria(),
        [value.plain() for value in overriding(asked.params)],
        environment,
        asked.reuse,
        tuple(sorted(asked.force)),
        asked.load_versions,
        asked.validate,
        named_source(project.conf_source, project.root) if project.conf_source is not None else "",
        swept,
    )
    parameters = project.planner.config_with(asked.params).parameters
    return {
        "pipelines": list(pipelines) or [DEFAULT],
        "selection": str(selection),
        "environment": environment,
        "parameters": project.secrets.mask_data(with_places(parameters)),
        "command": manner.command,
        "asked": request.to_json(),
        **({"cause": manner.cause, "parent": manner.parent or None} if manner.cause else {}),
        "tag": dict(manner.tag),
        "files": _own_files(project, plan),
    }


def _exact_versions(project: Project, versions: Mapping[str, str]) -> dict[str, str]:
    """Return versions as they can be asked for again later: what is called ``last`` is another by then."""
    from mlflow_tmpl.store.store import is_digest

    exact = dict(versions)
    for name, version in exact.items():
        with suppress(LedgerError):  # the time of a versioned one; or wrong, which planning says better
            found = project.ledger.version(base_name(name), version)
            exact[name] = found if is_digest(found) else version
    return exact


def _own_files(project: Project, plan: Plan) -> Mapping[str, Path]:
    """Return the project's own files, with those that the code of a plan names."""
    from mlflow_tmpl.history.files import own_files

    files = own_files(project.root, project.settings, sorted(plan.decider.code_files()))
    project.ledger.hashes.warm(files.values())
    return files
