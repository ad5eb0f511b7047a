"""`mlo viz`: the graph in the terminal, or in a file."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from mlflow_tmpl.cli.options import (
    open_from,
    pipelines_argument,
    project_options,
    selection_from,
    selection_options,
)
from mlflow_tmpl.cli.terminal import columns
from mlflow_tmpl.errors import UsageError, did_you_mean
from mlflow_tmpl.masking import Secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlflow_tmpl.ledger import NodeRecord
    from mlflow_tmpl.ledger.calls import Call
    from mlflow_tmpl.pipeline import Pipeline
    from mlflow_tmpl.project import Project
    from mlflow_tmpl.views.graph import GraphView, LastRun, RunView

FORMATS = {
    ".html": ("mlflow_tmpl.views.html", "to_html"),
    ".svg": ("mlflow_tmpl.views.svg", "to_svg"),
    ".png": ("mlflow_tmpl.views.png", "to_png"),
    ".mmd": ("mlflow_tmpl.views.mermaid", "to_mermaid"),
    ".dot": ("mlflow_tmpl.views.dot", "to_dot"),
    ".json": ("mlflow_tmpl.views.json", "to_json"),
}
"""What each suffix is written by, and the module that is imported for it alone."""

WITH_CODE = {".html", ".json"}
WITH_BOXES = {".svg", ".png", ".mmd"}
"""Where boxes are closed that would make the drawing too large."""
NARROWEST = 20
NOT_BEGUN = {"reused", "skipped", "blocked", "waiting", "queued"}
MOST_PRINTED = 4000
"""Characters of what a node printed that a page has: the end of it."""


@click.command("viz", short_help="Draw the graph.")
@pipelines_argument
@click.option(
    "-o", "--output", type=click.Path(), metavar="FILE", help=f"Write a file: {', '.join(FORMATS)}."
)
@click.option("--expand", is_flag=True, help="With -o FILE.svg, .png or .mmd: open all boxes.")
@click.option("--previews", is_flag=True, help="With -o FILE.html: show what is in the datasets, too.")
@selection_options
@click.option("--serve", is_flag=True, help="Open the live page: the graph and the runs.")
@click.option(
    "--port", type=click.IntRange(0, 65535), metavar="N", help="With --serve: where; 7878 if it is free."
)
@click.option(
    "--host", metavar="ADDRESS", default="127.0.0.1", help="With --serve: for others than this machine, too."
)
@click.option("--no-open", is_flag=True, help="With --serve: open no browser.")
@click.option("--read-only", is_flag=True, help="With --serve: nothing can be started or stopped.")
@click.option("--ascii", "ascii_only", is_flag=True, help="Draw with ASCII only.")
@click.option("--json", "as_json", is_flag=True, help="Print the graph as one JSON document.")
@project_options
def command(
    output: str | None, expand: bool, previews: bool, ascii_only: bool, as_json: bool, **options: Any
) -> None:
    """Draw the graph in the terminal: a line a node, with its last status and timing.

    With -o the suffix of the file tells the format; an .html page needs nothing but itself. --serve shows the
    same page live, with the runs.
    """
    from mlflow_tmpl.cli.streams import print_document, reserve_stdout

    if expand and Path(output or "").suffix.lower() not in WITH_BOXES:
        raise UsageError("--expand opens the boxes of a drawing", hint="give -o FILE.svg, .png or .mmd, too")
    if previews and Path(output or "").suffix.lower() != ".html":
        raise UsageError("--previews puts what is in the datasets on a page", hint="give -o FILE.html, too")
    if options["serve"]:
        from mlflow_tmpl.cli.serving import serve_page

        serve_page(options, output, as_json=as_json)
        return
    refuse_serving_options(options)
    suffix = _suffix(output, as_json)
    result = reserve_stdout("utf-8" if output or as_json else sys.stdout.encoding)
    code, memberships = as_json or suffix in WITH_CODE, as_json or bool(output)
    view = graph_of(open_from(options), options, code=code, memberships=memberships, previews=previews)
    secrets = click.get_current_context().ensure_object(Secrets)
    if output:
        drawn = _rendered(masked(view, secrets), suffix, **({"expand": True} if expand else {}))
        write_file(Path(output), drawn)
        click.echo(output, result)
    elif as_json:
        import msgspec

        print_document(msgspec.to_builtins(masked(view, secrets)), result)
    else:
        _print(view, result, secrets, ascii_only=ascii_only)


def refuse_serving_options(options: Mapping[str, Any]) -> None:
    """Refuse what means nothing without `--serve`.

    Raises:
        UsageError: something of it was given.
    """
    given = {"--port": options["port"] is not None, "--host": options["host"] != "127.0.0.1",
             "--no-open": options["no_open"], "--read-only": options["read_only"]}  # fmt: skip
    for option, is_given in given.items():
        if is_given:
            raise UsageError(f"{option} is for the live page", hint="give --serve, too")


def graph_of(
    project: Project,
    options: Mapping[str, Any],
    *,
    code: bool,
    memberships: bool = True,
    previews: bool = False,
) -> GraphView:
    """Return the model of the part of a project that the options mean.

    Args:
        project: what is drawn.
        options: names of ``pipelines``, and the criteria of a selection.
        code: whether the functions' source text is read, and how their last calls went.
        memberships: whether it is asked which pipelines each node belongs to.
        previews: whether what is in the datasets is read.
    """
    from mlflow_tmpl.catalog.secrets import showable
    from mlflow_tmpl.views.graph import build_graph, nowhere

    names = options["pipelines"]
    pipeline = project.outline(*names, code=code).select(selection_from(options))
    catalog, values = project.catalog, project.config.parameters
    found = {key: values.get(key) if key else values for key in _keys(pipeline.parameters)}
    places = {f"params:{key}": str(value.origin) for key, value in found.items() if value is not None and key}
    return build_graph(
        pipeline,
        title=f"{project.name}: {', '.join(names)}" if names else project.name,
        describe=lambda name: {**catalog.describe(name), "memory": catalog.is_memory(name)},
        where=lambda name: places.get(name, "") or catalog.where(name),
        exists=catalog.exists if code else lambda _: None,
        parameters={key: showable(value.shown()) for key, value in found.items() if value is not None},
        preview=partial(_preview, project) if previews else nowhere,
        last=_last_runs(project, pipeline, calls=code),
        run=_last_run_of(project),
        memberships=_memberships(project, names) if memberships else None,
        code=code,
    )


def masked(view: GraphView, secrets: Secrets) -> GraphView:
    """Return a view without what must not be seen; a rendering of it may be compressed, where nothing is found."""
    import msgspec

    from mlflow_tmpl.views.graph import GraphView

    return msgspec.convert(secrets.mask_data(msgspec.to_builtins(view)), GraphView)


def _keys(parameters: tuple[str, ...]) -> list[str]:
    from mlflow_tmpl.pipeline.names import parameter_key

    return [parameter_key(name) for name in parameters]


def _memberships(project: Project, names: tuple[str, ...]) -> dict[str, list[str]]:
    """Return the pipelines of each node, of those that were asked for: others need not even be importable."""
    members: dict[str, list[str]] = {}
    if names:
        known = {name: [node.name for node in project.outline(name)] for name in names}
    else:
        known = {name: list(nodes) for name, nodes in project.members().items() if not name.startswith("__")}
    for name, nodes in known.items():
        for node in nodes:
            members.setdefault(node, []).append(name)
    return members


def _last_run_of(project: Project) -> RunView | None:
    from mlflow_tmpl.views.graph import RunView

    runs = project.ledger.runs(1) if project.has_ledger else ()
    return RunView(runs[0].id, runs[0].status) if runs else None


def _preview(project: Project, name: str) -> str:
    """Return what is in a dataset, as an element; in words why it cannot be shown."""
    from mlflow_tmpl.errors import MloError
    from mlflow_tmpl.views.preview_html import preview_fragment
    from mlflow_tmpl.views.shapes import xml

    try:
        return preview_fragment(project.preview(name))
    except MloError as error:
        return f'<div class="mlo-preview"><p>{xml(error.message)}</p></div>'


def _last_runs(project: Project, pipeline: Pipeline, *, calls: bool) -> dict[str, LastRun]:
    last = project.last_runs(pipeline)
    if not calls or not last:
        return {name: _last_run(record) for name, record in last.items()}
    made, printed = project.ledger.calls(list(last)), project.ledger.logs(list(last))
    return {
        name: _last_run(record, made.get(name, ()), printed.get(name, "")) for name, record in last.items()
    }


def _moment(seconds: float | None) -> str:
    from datetime import datetime, timezone

    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="seconds") if seconds else ""


def _last_run(record: NodeRecord, calls: Iterable[Call] = (), log: str = "") -> LastRun:
    from mlflow_tmpl.views.graph import CallView, LastRun

    failure = record.error or {}
    return LastRun(
        status=record.status,
        duration_s=record.duration_s,
        ended_at=_moment(record.ended_at),
        reasons=tuple([reason["text"] for reason in record.reasons]),
        error="\n".join([text for text in (failure.get("message"), failure.get("traceback")) if text]),
        attempt=0 if record.status in NOT_BEGUN else record.attempt,
        calls=tuple(
            [CallView(each.run, each.status, each.duration_s, _moment(each.ended_at)) for each in calls]
        ),
        log=log[-MOST_PRINTED:],
    )


def _suffix(output: str | None, as_json: bool) -> str:
    if not output:
        return ""
    if as_json:
        raise UsageError(
            "--json prints the graph, -o writes it", hint="give one of them; -o FILE.json writes JSON"
        )
    suffix = Path(output).suffix.lower()
    if suffix not in FORMATS:
        problem = (
            f"no graph can be written as {suffix!r}"
            if suffix
            else f"{output!r} has no suffix to tell its format"
        )
        raise UsageError(problem, hint=did_you_mean(suffix, FORMATS) or f"known are {', '.join(FORMATS)}")
    return suffix


def _rendered(view: GraphView, suffix: str, **how: Any) -> bytes:
    from importlib import import_module

    module, function = FORMATS[suffix]
    rendered: str | bytes = getattr(import_module(module), function)(view, **how)
    return rendered.encode() if isinstance(rendered, str) else rendered


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole, or leave what is there.

    Raises:
        UsageError: it cannot be written there.
    """
    from mlflow_tmpl.catalog.files import replacing

    try:
        with replacing(path) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(
            f"{str(path)!r} cannot be written: {reason}", hint="give -o another place"
        ) from error


def _print(view: GraphView, stream: IO[str], secrets: Secrets, *, ascii_only: bool) -> None:
    from mlflow_tmpl.cli.options import can_show, paper_for
    from mlflow_tmpl.views.terminal import draw

    paper = paper_for(stream)
    width = columns()  # a drawing in a pipe keeps to what any page can hold
    plain = ascii_only or not can_show(stream)
    drawing = draw(
        view, width=max(width, NARROWEST), ascii_only=plain, colour=paper.colour, mask=secrets.mask
    )
    click.echo(drawing, stream, nl=False, color=paper.colour)
