"""The heart of the matter: after any edit a run gives what a run from scratch gives, and runs no more than it must."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .code_edits import DYNAMIC, NOT_REACHED, OUTSIDE, PROJECT, REACHED, Edit
from .definition_edits import ACROSS, GRAIN
from .subtle_edits import SUBTLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .incremental import Lab

PACKAGE = "src/proj/"


def _placed(files: Mapping[str, str | None]) -> dict[str, str | None]:
    return {PACKAGE + name: text for name, text in files.items()}


def _edited(lab: Lab, edit: Edit) -> set[str]:
    """Run a project, edit it, run it again, and return the nodes that ran."""
    lab.write({**PROJECT, **_placed(edit.before)}).run()
    lab.write(_placed(edit.after))
    lab.environ.update(edit.environ)
    return lab.rerun()


def _named(edits: list[Edit]) -> list[object]:
    return [pytest.param(edit, id=edit.what.replace(" ", "-")) for edit in edits]


@pytest.mark.parametrize("edit", _named([*REACHED, *OUTSIDE]))
def test_what_a_node_can_reach_makes_it_run(lab: Lab, edit: Edit) -> None:
    assert _edited(lab, edit) == edit.runs
    assert lab.rerun() == set() or edit in OUTSIDE


@pytest.mark.parametrize("edit", _named([*GRAIN, *ACROSS, *SUBTLE]))
def test_definitions_make_those_run_that_reach_them(lab: Lab, edit: Edit) -> None:
    assert _edited(lab, edit) == edit.runs


@pytest.mark.parametrize("edit", _named(NOT_REACHED))
def test_what_no_node_depends_on_makes_none_run(lab: Lab, edit: Edit) -> None:
    assert _edited(lab, edit) == edit.runs


@pytest.mark.parametrize("edit", _named(DYNAMIC))
def test_code_that_cannot_be_followed_makes_the_node_run(lab: Lab, edit: Edit) -> None:
    another = {f"{PACKAGE}nodes/another.py": "import proj.base"} if "sys.modules" in edit.what else {}
    lab.write(another)
    assert _edited(lab, edit) == edit.runs
