"""A past run once more: in a folder of its own, with its parameters, its data and today's code or that of then.

The project's files are left alone. What the repetition makes goes to the store and is recorded like any run's,
so that both can be compared, and whatever is wanted of it brought back.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.config.sources import named_source, recorded_source
from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import LedgerError, MloError, UsageError, did_you_mean
from mlflow_tmpl.history.contents import contents_of
from mlflow_tmpl.history.files import machine_files, own_files
from mlflow_tmpl.history.trust import SAY_SOURCE, check_trusted
from mlflow_tmpl.ledger.records import SHORT_ID
from mlflow_tmpl.store.contents import stays_below

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mlflow_tmpl.ledger import Ledger
    from mlflow_tmpl.ledger.records import RunRecord
    from mlflow_tmpl.ledger.request import Request
    from mlflow_tmpl.settings import Settings

CODES = ("today", "then")
CHILD = "mlflow_tmpl.cli.rerun_child"
"""The module that runs in the new folder: a process of its own, for modules are imported once."""

ANSWER = ".rerun-answer.json"
_FOLDER = "reruns"
_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Repetition:
    """What came of repeating a run.

    Attributes:
        run: id of the run that was repeated.
        id: of the new run.
        status: of the new run.
        code: ``today`` or ``then``.
        same: outputs that came out the same.
        different: outputs that did not.
        notes: what could not be as it was then, a sentence each.
    """

    run: str
    id: str
    status: str
    code: str
    same: tuple[str, ...]
    different: tuple[str, ...]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the repetition as plain data."""
        return {
            "run": self.run,
            "id": self.id,
            "status": self.status,
            "code": self.code,
            "same": list(self.same),
            "different": list(self.different),
            "notes": list(self.notes),
        }


def rerun(
    root: Path,
    settings: Settings,
    ledger: Ledger,
    reference: str,
    code: str = "today",
    conf_source: str | Path | None = None,
) -> Repetition:
    """Repeat a past run.

    Args:
        root: the project's folder.
        settings: of the project.
        ledger: where the run is recorded, and its repetition will be.
        reference: which run is meant.
        code: ``today`` or ``then``.
        conf_source: what takes the place of the configuration folder, if other than for that run.

    Raises:
        LedgerError: there is no such run, or what it needs was not kept.
        MloError: it cannot be run with that code; the message is the one of the run.
    """
    if code not in CODES:
        raise UsageError(
            f"there is no code of {code!r}", hint=did_you_mean(code, CODES) or "it is today or then"
        )
    record, request = ledger.request(reference)
    if request.sweep:
        raise LedgerError(
            f"run {record.short_id!r} is a sweep, which is not repeated as a whole",
            hint=f"mlo runs show {record.short_id} lists its runs: repeat one of them",
        )
    if code == "then":
        check_trusted(ledger, settings, record, "its code would run", "run yours with --code today")
    if request.conf_source and conf_source is None:
        check_trusted(
            ledger, settings, record, f"took its configuration from {request.conf_source!r}", SAY_SOURCE
        )
    then = ledger.surroundings(record.id)
    with _folder(ledger) as tree:
        notes = _environment_notes(then.environment, ledger.used_packages(record.id))
        notes += _put_files(tree, root, settings, ledger, record, then.files, code)
        source = named_source(conf_source, root) if conf_source is not None else request.conf_source
        if source:
            notes.append(f"configuration is what {source!r} has today")
        answer = _run(tree, root, _asked(record, request, ledger, recorded_source(source, root)))
    was, now = contents_of(ledger, record.id).outputs, contents_of(ledger, answer["id"]).outputs
    shared = [name for name in was if name in now]
    return Repetition(
        record.id,
        answer["id"],
        answer["status"],
        code,
        tuple(name for name in shared if was[name] == now[name]),
        tuple(name for name in shared if was[name] != now[name]),
        (*notes, *answer["notes"]),
    )


@contextmanager
def _folder(ledger: Ledger) -> Iterator[Path]:
    from mlflow_tmpl.engine.identity import new_run_id

    tree = ledger.path.parent / _FOLDER / new_run_id()
    tree.mkdir(parents=True)
    try:
        yield tree
    finally:
        shutil.rmtree(tree, ignore_errors=True)
        ledger.hashes.forget(tree)


def _put_files(
    tree: Path,
    root: Path,
    settings: Settings,
    ledger: Ledger,
    record: RunRecord,
    then: Mapping[str, str],
    code: str,
) -> list[str]:
    """Fill the folder with code and configuration, and return what has to be said about them."""
    today = own_files(root, settings, [name for name in then if (root / name).is_file()])
    differ = sorted(
        name
        for name in {*today, *then}
        if name not in today or ledger.hash_file(today[name]) != then.get(name)
    )
    if code == "then":
        _put_texts(tree, ledger, record, then)
    else:
        for name, path in today.items():
            _copy(path, tree / name)
    for name, path in machine_files(root, settings).items():
        _copy(path, tree / name)
    if code == "today" and differ and then:
        return [f"code and configuration are today's: {_some(differ)} differ from what ran then"]
    if not then:
        return ["which code ran then was not kept, so it cannot be told whether today's is the same"]
    return []


def _put_texts(tree: Path, ledger: Ledger, record: RunRecord, then: Mapping[str, str]) -> None:
    if not then:
        raise LedgerError(
            f"the code of run {record.id[:SHORT_ID]!r} was not kept",
            hint="runs keep it from this version of mlo on; --code today repeats it with the code of today",
        )
    for name, source in then.items():
        text = ledger.source(source)
        if text is None:
            raise LedgerError(f"of the code of run {record.id[:SHORT_ID]!r} the file {name!r} is not kept")
        if not stays_below(name):
            raise LedgerError(
                f"of the code of run {record.id[:SHORT_ID]!r} a file leads out of the project: {name!r}"
            )
        target = tree / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text)


def _asked(record: RunRecord, request: Request, ledger: Ledger, source: str | None) -> dict[str, Any]:
    return {
        "run": record.id,
        "pipelines": list(request.pipelines),
        "selectors": request.selectors,
        "environment": request.environment or None,
        "conf_source": source,
        "engine": record.engine if record.engine in {"inline", "threads"} else None,
        "parameters": {key: known["value"] for key, known in record.parameters.items()},
        "inputs": contents_of(ledger, record.id).inputs,
        "command": record.command,
    }


def _run(tree: Path, root: Path, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Run in the folder, in a process of its own, and return what it answers."""
    import os

    (tree / ANSWER).unlink(missing_ok=True)
    question = json.dumps({**asked, "tree": str(tree), "home": str(root)})
    child = subprocess.Popen(
        [sys.executable, "-m", CHILD],
        stdin=subprocess.PIPE,
        cwd=tree,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        text=True,
        encoding="utf-8",
    )
    assert child.stdin is not None
    try:
        with suppress(BrokenPipeError), child.stdin as asking:  # the end of this tells it to stop
            asking.write(question + "\n")
            asking.flush()
            child.wait()
    except KeyboardInterrupt:
        child.wait()  # it records what had finished
        raise
    try:
        answer: dict[str, Any] = json.loads((tree / ANSWER).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MloError("the repetition ended before it said what came of it") from error
    if "error" in answer:
        told = answer["error"]
        failure = MloError(told["message"], where=told["where"], hint=told["hint"])
        failure.exit_code = told["exit_code"]
        raise failure
    return answer


def _environment_notes(then: Mapping[str, Any], used: set[str]) -> list[str]:
    """Return what of Python and the packages is not as it was."""
    from mlflow_tmpl.ledger.surroundings import describe_environment

    now = describe_environment()
    notes = [
        f"{fact} was {then[fact]} then, and is {now[fact]}"
        for fact in ("python", "implementation", "platform", "machine")
        if fact in then and then[fact] != now[fact]
    ]
    before, after = then.get("packages", {}), now["packages"]
    changed = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
    ours = [
        f"{name} {before.get(name, 'not there')} -> {after.get(name, 'not there')}"
        for name in changed
        if name in used
    ]
    others = len(changed) - len(ours)
    if ours:
        notes.append(f"packages that the code uses differ: {', '.join(ours)}")
    if others:
        notes.append(f"packages that the code does not name differ too: {others}")
    return notes


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _copy(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target)
