"""`mlo run`: plan, then run what has to run."""

from __future__ import annotations

import gc
import os
import shlex
import sys
from typing import TYPE_CHECKING, Any

import click

from mlflow_tmpl.cli.options import (
    open_from,
    overrides_from,
    paper_for,
    params_options,
    pipelines_argument,
    print_lines,
    project_options,
    reading_from,
    reading_options,
    selection_options,
    selectors_from,
    split,
    tell_notes,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow_tmpl.engine import RunResult
    from mlflow_tmpl.engine.events import Event, Listener
    from mlflow_tmpl.engine.sweep import Sweep
    from mlflow_tmpl.planning import Plan
    from mlflow_tmpl.project import Project


BARE = {"--force": "*", "--resume": "last", "--wait": "inf"}
"""What an option means whose value is left out."""

_SAYS_WHAT = ("params", "params_file", "sweep", "force", "no_reuse", "load_versions", "no_validate")
"""Options, beside pipelines and those that slice them, that say what to run: `--resume` says that itself."""


class RunCommand(click.Command):
    """A command with options that may stand alone: their value, if any, is given with ``=``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Give bare options the value that they mean."""
        given = [f"{arg}={BARE[arg]}" if arg in BARE else arg for arg in args]
        return super().parse_args(ctx, given)


@click.command("run", cls=RunCommand, short_help="Plan, then run what has to run.")
@pipelines_argument
@selection_options
@params_options
@reading_options
@click.option(
    "--engine", metavar="NAME", help="Where nodes run: auto, inline, threads, processes, dask or ray."
)
@click.option(
    "--address", metavar="URL", help="Of the Dask or Ray cluster to use; without, one is started for the run."
)
@click.option("-j", "--jobs", type=int, metavar="N", help="How many nodes at a time.")
@click.option(
    "--force",
    multiple=True,
    callback=split,
    metavar="[=NODES]",
    help="Run these nodes, or all, whatever was run before.",
)
@click.option("--no-reuse", is_flag=True, help="Let no earlier result stand.")
@click.option(
    "--keep-going", is_flag=True, default=None, help="After a failure, run what does not depend on it."
)
@click.option("--resume", metavar="[=RUN]", help="Go on with the last run, or this one, as it was asked for.")
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    metavar="[=SECONDS]",
    help="Wait for another run that writes the same outputs.",
)
@click.option("--sweep", is_flag=True, help="Run once for each value of the lists that --params gives.")
@click.option("--tag", multiple=True, metavar="KEY=VALUE", help="Put a tag on the run. Can be repeated.")
@click.option("--plan", "plan_only", is_flag=True, help="Say what would be done, and stop.")
@click.option("-v", "--verbose", is_flag=True, help="Show what differs in code that changed.")
@click.option("--traceback", is_flag=True, help="Show all frames of an error.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@project_options
def command(plan_only: bool, as_json: bool, traceback: bool, **options: Any) -> int:
    """Plan, then run what has to run: the nodes whose code, inputs, parameters or outputs changed.

    PIPELINE is the name of a node module, or of a registered pipeline; all nodes if none is named.
    """
    from mlflow_tmpl.cli.streams import print_document, reserve_stdout, unbroken_streams

    if as_json:
        document = reserve_stdout()
        with unbroken_streams():
            code, told = _perform(options, plan_only, traceback)
        print_document(told, document)
        return code
    with unbroken_streams():
        return _perform(options, plan_only, traceback, say=True)[0]


def _perform(options: dict[str, Any], plan_only: bool, traceback: bool, say: bool = False) -> tuple[int, Any]:
    project = open_from(options)
    asked: dict[str, Any]
    if options["resume"]:
        project, asked = _resumed(project, options)
    else:
        asked = _asked(options)
    if plan_only:
        asked.pop("cause", None)
        asked.pop("parent", None)
        if "over" in asked:
            from mlflow_tmpl.cli.sweeping import told_plans

            return 0, told_plans(project, options["pipelines"], asked, say)
        plan = project.plan(*options["pipelines"], **asked)
        tell_notes(project.ledger)
        return 0, told_plan(plan, say, options["verbose"])
    return _run(project, options, asked, traceback, say)


def _resumed(project: Project, options: dict[str, Any]) -> tuple[Project, dict[str, Any]]:
    """Return the project and what an earlier run was asked for; its pipelines take their place in the options."""
    from mlflow_tmpl.errors import LedgerError, UsageError

    if not project.has_ledger:
        raise LedgerError("there is no run to resume", hint="mlo run makes the first one")
    said = ["pipelines", *selectors_from(options), *_SAYS_WHAT]
    against = next((f"--{name.replace('_', '-')}" for name in said if options[name]), None)
    if against:
        told = "naming pipelines" if against == "--pipelines" else against
        raise UsageError(
            f"--resume repeats what a run was asked for, and {told} asks for something else",
            hint="leave out one of the two",
        )
    record, request = project.ledger.request(options["resume"])
    if options["env"] and options["env"] != request.environment:
        raise UsageError(
            f"run {record.short_id!r} was in environment {request.environment or 'base'!r}, not {options['env']!r}",
            hint="--resume takes the environment of the run",
        )
    options["pipelines"] = tuple(request.pipelines)
    again, asked = project.asked_again(record, request)
    swept = {"over": request.sweep} if request.sweep else {}
    return again, {**asked, **swept, "cause": "resume", "parent": record.id}


def _asked(options: dict[str, Any]) -> dict[str, Any]:
    force = options["force"]
    swept = {}
    if options["sweep"]:
        from mlflow_tmpl.cli.sweeping import swept_in

        swept = {"over": swept_in(options["params"])}
    return {
        **swept,
        "params": overrides_from(options["params"], options["params_file"]),
        "reuse": not options["no_reuse"] and "*" not in force,
        "force": tuple(name for name in force if name != "*"),
        **reading_from(options),
        **selectors_from(options),
    }


def told_plan(plan: Plan, say: bool, verbose: bool = False) -> dict[str, Any]:
    """Print a plan, or return it as plain data if nothing is to be said."""
    if not say:
        return plan.to_json()
    from mlflow_tmpl.views.lines import plan_lines

    print_lines(plan_lines(plan, paper_for(sys.stdout, verbose=verbose)))
    return {}


def _run(
    project: Project, options: dict[str, Any], asked: dict[str, Any], traceback: bool, say: bool
) -> tuple[int, Any]:
    from mlflow_tmpl.cli.stopping import Stopped, stoppable
    from mlflow_tmpl.engine import NodeFailure
    from mlflow_tmpl.ledger.events import check_tag
    from mlflow_tmpl.ledger.watch import Cancelled

    settings = {name: options[name] for name in ("engine", "address", "jobs", "keep_going")}
    settings["wait"] = options["wait"] or 0.0
    settings["tag"] = dict(map(check_tag, options["tag"]))
    run = project.sweep if "over" in asked else project.run
    try:
        with stoppable() as stop:
            result = run(
                *options["pipelines"],
                **asked,
                **settings,
                listeners=(
                    _collect_from_here,
                    _tell_waiting,
                    *_tell_points(asked),
                    _progress(project, options["verbose"]),
                    stop,
                ),
                command=shlex.join(["mlo", *sys.argv[1:]]),
            )
    except NodeFailure as failure:
        assert failure.result is not None
        for failed in failure.sweep.failed if failure.sweep is not None else [failure.result]:
            _tell_failures(failed, options, traceback)
            tell_notes(failed)
        tell_notes(project.ledger)
        if failure.sweep is not None:
            from mlflow_tmpl.cli.sweeping import told_sweep

            return 1, told_sweep(failure.sweep, project, say=say)
        return 1, {} if say else told_result(failure.result, project)
    except Cancelled as cancelled:
        click.echo(f"mlo: cancelled by {cancelled.by}; what had finished is kept", err=True)
        _leave(130)
    except Stopped as stop:
        click.echo(f"mlo: stopped; what had finished is kept: {again(options)} goes on from there", err=True)
        _leave(128 + stop.number)
    return 0, _told(result, project, say=say)


def _told(result: RunResult | Sweep, project: Project, *, say: bool) -> dict[str, Any]:
    """Print what came of a run or a sweep, or return it as plain data if nothing is to be said."""
    from mlflow_tmpl.engine import RunResult

    if not isinstance(result, RunResult):
        from mlflow_tmpl.cli.sweeping import told_sweep

        for point in result.points:
            tell_notes(point.result)
        tell_notes(project.ledger)
        return told_sweep(result, project, say=say)
    if say:
        _tell_result(result, project)
    tell_notes(result)
    tell_notes(project.ledger)
    return {} if say else told_result(result, project)


def _tell_points(asked: Mapping[str, Any]) -> list[Listener]:
    """Return what says which point of a sweep is about to run, if it is one."""
    if "over" not in asked:
        return []
    from mlflow_tmpl.cli.sweeping import tell_point

    return [tell_point]


def _collect_from_here(event: Event) -> None:
    """Switch the garbage collector on, which `main` has switched off, now that the user's nodes begin to run."""
    from mlflow_tmpl.engine.events import NodeStarted

    if isinstance(event, NodeStarted) and not gc.isenabled():
        gc.freeze()
        gc.enable()


def _tell_waiting(event: Event) -> None:
    """Say for whom the run waits."""
    from mlflow_tmpl.engine.events import RunWaits

    if isinstance(event, RunWaits):
        click.echo(f"waiting: output {event.dataset!r} is being written by {event.holder}", err=True)


def _progress(project: Project, verbose: bool = False) -> Any:
    """Return what shows the run on stderr: a live display on a terminal, else lines."""
    from mlflow_tmpl.views.progress import Display, Lines

    paper = paper_for(sys.stderr, verbose=verbose)
    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        from mlflow_tmpl.ledger.durations import past_seconds

        return Display(paper, lambda nodes: past_seconds(project.ledger.rows, nodes))
    return Lines(lambda line: click.echo(line, err=True), paper)


def _tell_result(result: RunResult, project: Project) -> None:
    from mlflow_tmpl.views.lines import output_lines, run_summary

    lines = [run_summary(result), *output_lines(result, project.catalog, paper_for(sys.stdout))]
    print_lines(lines)


def _tell_failures(result: RunResult, options: dict[str, Any], traceback: bool) -> None:
    from mlflow_tmpl.views.lines import failure_lines, run_summary

    paper = paper_for(sys.stderr)
    for node in result.nodes:
        if node.error is not None:
            click.echo("", err=True)
            for line in failure_lines(node.error, paper, whole=traceback):
                click.echo(line, err=True)
    click.echo("", err=True)
    click.echo(run_summary(result), err=True)
    click.echo(f"mend it, then go on from there with: {again(options)}", err=True)


def again(options: dict[str, Any]) -> str:
    """Return the command that goes on: the same one, for what has finished is reused."""
    given = [arg for arg in sys.argv[1:] if not arg.startswith("--force") and arg != "--no-reuse"]
    return shlex.join(["mlo", *given]) if given else shlex.join(["mlo", "run", *options["pipelines"]])


def told_result(result: RunResult, project: Project) -> dict[str, Any]:
    """Return a run's result as plain data."""
    outputs = {name: project.catalog.describe(name) for name in result.outputs}
    return {
        "id": result.id,
        "status": result.status,
        "duration_s": round(result.duration_s, 6),
        "engine": result.engine,
        **({"engine_reason": result.engine_reason} if result.engine_reason else {}),
        "nodes": [node.to_json() for node in result.nodes],
        "outputs": outputs,
    }


def _leave(code: int) -> None:
    """Leave at once: threads that run nodes cannot be ended, and would be waited for."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
