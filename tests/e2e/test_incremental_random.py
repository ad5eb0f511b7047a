"""Random pipelines under random edits: what is saved is always what the present project gives."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from .incremental import PYPROJECT, Lab
from .random_flow import SLICES, Flow, Step, edited, flows, steps

if TYPE_CHECKING:
    from .incremental import Commands

EXAMPLES = int(os.environ.get("MLO_EXAMPLES", "25"))


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="MLO_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(flow=flows(), edits=st.lists(steps, min_size=1, max_size=6))
def test_no_sequence_of_edits_leaves_anything_stale(
    commands: Commands, flow: Flow, edits: list[Step]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(Path(folder).resolve() / "project", commands).write({"pyproject.toml": PYPROJECT})
        past = [flow]
        lab.write(flow.files()).run()
        for step in edits:
            flow = past[step.k % len(past)] if step.kind == "back" else edited(flow, step)
            note(f"{step}: {flow}")
            _write(lab, flow, past[-1])
            past.append(flow)
            _disturb(lab, flow, step)
            forced = [f"--force={flow.nodes[step.at % len(flow.nodes)].name}"] if step.kind == "force" else []
            lab.run(*forced)
            found = {name: json.loads(content) for name, content in lab.outputs().items()}
            assert {name: found[name] for name in flow.saved()} == flow.saved()
            assert lab.run().done == set(), "all is saved that nothing takes, so nothing is left to do"


def _write(lab: Lab, flow: Flow, before: Flow) -> None:
    new, old = flow.files(), before.files()
    lab.write({name: text for name, text in new.items() if old.get(name) != text})
    lab.write(dict.fromkeys(old.keys() - new.keys()))


def _disturb(lab: Lab, flow: Flow, step: Step) -> None:
    """Do to the outputs, or run of the project, what a step says."""
    at = step.at % len(flow.nodes)
    path = lab.root / f"out/d{at}.json"
    if step.kind == "delete":
        path.unlink(missing_ok=True)
    elif step.kind == "tamper" and path.exists():
        path.write_text(str(step.k), encoding="utf-8")
    elif step.kind in SLICES:
        ran = lab.try_run(f"--{step.kind}", flow.nodes[at].name)
        assert ran.code == 0 or "kept in memory only" in ran.err or "does not exist" in ran.err, ran.err
