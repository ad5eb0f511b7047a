"""Random pipelines under random edits: what is saved is always what the present project gives."""

from __future__ import annotations

import io
import json
import os
import pickle
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from mlflow_tmpl.errors import MloError

from .in_process import run_here
from .incremental import PYPROJECT, Lab
from .random_flow import SLICES, Flow, Step, edited, flows, steps

if TYPE_CHECKING:
    from .incremental import Commands

EXAMPLES = int(os.environ.get("MLO_EXAMPLES", "200"))
COMMANDS = 3
"""Cases that go through the command itself, in a process of its own each time: these take ten times as long."""

RANDOMLY = {
    "deadline": None,
    "derandomize": "MLO_EXAMPLES" not in os.environ,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
}
EDITS = st.lists(steps, min_size=1, max_size=6)


class Direct(Lab):
    """A project under edit that is run in this process."""

    def ask(self, **asked: str) -> set[str]:
        """Run it, and return the nodes that were called."""
        return run_here(self.root, self.environ, **asked)


class Commanded(Lab):
    """A project under edit that is run by the command."""

    def ask(self, **asked: str) -> set[str]:
        """Run it, and return the nodes that were called."""
        ran = self.try_run(*(f"--{option.replace('_', '-')}={value}" for option, value in asked.items()))
        if ran.code == 2:
            raise MloError(ran.err)
        assert ran.code == 0, ran.err
        return ran.done


@settings(max_examples=EXAMPLES, **RANDOMLY)
@given(flow=flows(), edits=EDITS)
def test_no_sequence_of_edits_leaves_anything_stale(
    commands: Commands, flow: Flow, edits: list[Step]
) -> None:
    _check(Direct, commands, flow, edits)


@settings(max_examples=COMMANDS, **RANDOMLY)
@given(flow=flows(), edits=EDITS)
def test_nor_does_the_command(commands: Commands, flow: Flow, edits: list[Step]) -> None:
    _check(Commanded, commands, flow, edits)


def _check(kind: type[Direct | Commanded], commands: Commands, flow: Flow, edits: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lab = kind(Path(folder).resolve() / "project", commands)
        lab.write({"pyproject.toml": PYPROJECT, **flow.files()})
        lab.environ.update(flow.environ())
        past = [flow]
        lab.ask()
        for step in edits:
            flow = past[step.k % len(past)] if step.kind == "back" else edited(flow, step)
            note(f"{step}: {flow}")
            _write(lab, flow, past[-1])
            past.append(flow)
            _disturb(lab, flow, step)
            lab.ask(**({"force": flow.nodes[step.at % len(flow.nodes)].name} if step.kind == "force" else {}))
            saved = flow.saved()
            assert {name: _content(lab.root / "out" / name) for name in saved} == saved
            assert lab.ask() == set(), "all is saved that nothing takes, so nothing is left to do"


def _write(lab: Lab, flow: Flow, before: Flow) -> None:
    new, old = flow.files(), before.files()
    lab.write({name: text for name, text in new.items() if old.get(name) != text})
    lab.write(dict.fromkeys(old.keys() - new.keys()))
    lab.environ.update(flow.environ())


def _disturb(lab: Direct | Commanded, flow: Flow, step: Step) -> None:
    """Do to the outputs, or run of the project, what a step says."""
    at = step.at % len(flow.nodes)
    path = lab.root / "out" / flow.file(at)
    if step.kind == "delete":
        path.unlink(missing_ok=True)
    elif step.kind == "tamper" and path.exists():
        path.write_text(str(step.k), encoding="utf-8")
    elif step.kind in SLICES:
        try:
            lab.ask(**{step.kind.replace("-", "_"): flow.nodes[at].name})
        except MloError as error:
            assert "kept in memory only" in str(error) or "does not exist" in str(error), error


def _content(path: Path) -> Any:
    """Return what is saved, whatever the class of it does now."""
    content = path.read_bytes()
    return _Unboxing(io.BytesIO(content)).load().v if path.suffix == ".pkl" else json.loads(content)


class _Unboxing(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        assert (module, name) == ("proj.box", "Box")
        return SimpleNamespace
