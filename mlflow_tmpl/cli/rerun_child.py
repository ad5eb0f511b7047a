"""The process that repeats a run: in a folder that has its code, it puts its data in place and runs."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.errors import LedgerError, MloError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow_tmpl.catalog.dataset import Dataset
    from mlflow_tmpl.project import Project


def main() -> None:
    """Take the question from stdin, run, and leave the answer in the folder."""
    from mlflow_tmpl.cli.stopping import Stopped, stoppable
    from mlflow_tmpl.cli.streams import prepare_streams
    from mlflow_tmpl.history.rerun import ANSWER

    prepare_streams()
    asked = json.loads(sys.stdin.readline())
    answer = Path(asked["tree"]) / ANSWER
    asking = _move_stdin()
    try:
        with stoppable() as stop:
            Thread(target=stop.follow, args=(asking,), daemon=True).start()
            told = _repeat(asked, stop)
    except MloError as error:
        said = {
            "message": error.message,
            "where": error.where,
            "hint": error.hint,
            "exit_code": error.exit_code,
        }
        told = {"error": said}
    except Stopped as stopped:
        sys.exit(128 + stopped.number)
    answer.write_text(json.dumps(told), encoding="utf-8")


def _move_stdin() -> int:
    """Return the pipe that was stdin; nodes find an empty one in its place."""
    pipe = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return pipe


def _repeat(asked: Mapping[str, Any], stop: Any) -> dict[str, Any]:
    from mlflow_tmpl.cli.run import _progress
    from mlflow_tmpl.engine import NodeFailure
    from mlflow_tmpl.project import Project
    from mlflow_tmpl.settings import find_root

    tree = Path(asked["tree"])
    root, settings = find_root(tree)
    project = Project(root, settings, asked["environment"], Path(asked["home"]), asked["conf_source"])
    notes: list[str] = []
    params = _parameters(project, asked["parameters"], notes)
    _put_inputs(project, asked, notes)
    try:
        result = project.run(
            *asked["pipelines"],
            params=params,
            reuse=False,
            engine=asked["engine"],
            cause="rerun",
            parent=asked["run"],
            listeners=(_progress(project), stop),
            command=f"mlo runs rerun {asked['run']}",
            **asked["selectors"],
        )
    except NodeFailure as failure:
        assert failure.result is not None
        return {"id": failure.result.id, "status": "failed", "notes": [*notes, f"{failure.message}"]}
    return {"id": result.id, "status": result.status, "notes": [*notes, *result.notes]}


def _parameters(project: Project, then: Mapping[str, Any], notes: list[str]) -> dict[str, Any]:
    """Return the parameters of then as overrides of what the configuration says now."""
    now = {key: leaf.shown() for key, leaf in project.config.parameters.leaves()}
    taken = {name.partition(":")[2] for name in project.pipeline().parameters}
    gone = [
        key
        for key in then
        if key not in now and not any(key == name or key.startswith(f"{name}.") for name in taken)
    ]
    if gone:
        notes.append(f"parameters that there are no longer: {', '.join(gone)}")
    new = [key for key in now if key not in then]
    if new:
        notes.append(f"parameters that there were not then have today's value: {', '.join(new)}")
    return {
        key: value
        for key, value in then.items()
        if key not in gone
        and (key not in now or json.dumps(now[key], default=str) != json.dumps(value, default=str))
    }


def _put_inputs(project: Project, asked: Mapping[str, Any], notes: list[str]) -> None:
    """Put the inputs of then into the folder, and refuse outputs that lie outside of it."""
    from mlflow_tmpl.pipeline.names import base_name
    from mlflow_tmpl.pipeline.selection import Selection

    selectors = {name: tuple(names) for name, names in asked["selectors"].items()}
    part = project.pipeline(*asked["pipelines"]).select(Selection(**selectors))
    for node in part:
        for name in node.outputs:
            _check_inside(project, name)
    then = asked["inputs"]
    for name in part.inputs:
        if not project.catalog.is_memory(name):
            _put_input(project, name, then.get(base_name(name), ""), notes)


def _check_inside(project: Project, name: str) -> None:
    if project.catalog.is_memory(name):
        return
    dataset = project.catalog.dataset(name)
    path = _path_of(dataset)
    if path is None or not path.is_relative_to(project.root):
        told = project.catalog.describe(name).get("filepath", "a place of its own")
        raise LedgerError(
            f"output {name!r} lies outside of the project, at {told}: repeating the run would replace it",
            where=project.catalog.where(name),
            hint="repeat a part of the project whose outputs lie in it, or give it a relative path",
        )


def _path_of(dataset: Dataset) -> Path | None:
    """Return the file or folder of this machine that a dataset is, if it is one."""
    from mlflow_tmpl.store.contents import content_of

    content = content_of(dataset)
    return content.path if content is not None else None


def _put_input(project: Project, name: str, then: str, notes: list[str]) -> None:
    from mlflow_tmpl.store.shelf import Offer

    dataset = project.catalog.dataset(name)
    path = _path_of(dataset)
    if path is None or not path.is_relative_to(project.root):
        if then and dataset.fingerprint() != then:
            notes.append(f"input {name!r} lies outside of the project and is not what it was")
        return
    offer = project.shelf.offer(dataset, then) if then else Offer.NONE
    if offer is Offer.READY and project.shelf.restore(dataset, then):
        return
    today = project.home / path.relative_to(project.root)
    if not today.exists():
        raise LedgerError(
            f"input {name!r} of then is not in the store, and there is none today",
            where=project.catalog.where(name),
            hint=f"put one at {path.relative_to(project.root)}",
        )
    _copy(today, path)
    if not then:
        notes.append(f"input {name!r} was not recorded then: today's is taken")
    elif dataset.fingerprint() != then:
        why = (
            "comes from a shared store that is not trusted"
            if offer is Offer.UNTRUSTED
            else "is not in the store"
        )
        notes.append(f"input {name!r} of then {why}: today's is taken")


def _copy(today: Path, path: Path) -> None:
    import shutil

    path.parent.mkdir(parents=True, exist_ok=True)
    if today.is_dir():
        shutil.copytree(today, path)
    else:
        shutil.copyfile(today, path)


if __name__ == "__main__":
    main()
