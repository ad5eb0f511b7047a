"""Runs side by side: only what differs, with the text of the code that does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlflow_tmpl.errors import LedgerError
from mlflow_tmpl.history.comparison import Comparison, compare
from mlflow_tmpl.views.cells import columns
from mlflow_tmpl.views.comparison import comparison_lines
from mlflow_tmpl.views.lines import Paper

if TYPE_CHECKING:
    from tests.conftest import MadeProject


def edited(project: MadeProject, before: str, after: str) -> None:
    path = project.root / "src" / project.package / "nodes" / "flow.py"
    path.write_text(path.read_text().replace(before, after))


@pytest.fixture
def compared(two_steps: MadeProject) -> Comparison:
    """Three runs: of the second the code of one node is new, of the third parameter and input are too."""
    two_steps.mlo("run")
    edited(two_steps, "+ amount", "- amount")
    two_steps.mlo("run")
    two_steps.write("data/number.txt", "30")
    two_steps.mlo("run", "--params", "amount=3", "--tag", "who=ada")
    return compare(two_steps.open().ledger, ["last~2", "last~1", "last"])


def test_each_kind_of_difference_stands_in_its_own_table(compared: Comparison) -> None:
    one, two, three = (run.id for run in compared.runs)
    assert compared.parameters == {"amount": {one: 1, two: 1, three: 3}}
    assert list(compared.inputs) == ["number"]
    assert (
        compared.inputs["number"][one] == compared.inputs["number"][two] != compared.inputs["number"][three]
    )
    assert set(compared.outputs) == {"doubled", "result"}
    assert compared.packages == {}


def test_the_code_that_differs_is_shown_as_text_for_each_step(compared: Comparison) -> None:
    one, two, _ = (run.id for run in compared.runs)
    (change,) = compared.sources
    assert (change.before, change.run) == (one, two)
    assert "add" in change.nodes
    assert [line for line in change.diff if line[0] in "+-" and line[:3] not in {"+++", "---"}] == [
        "-    return str(int(doubled) + amount)",
        "+    return str(int(doubled) - amount)",
    ]


@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_tables_fit_the_paper(compared: Comparison, width: int) -> None:
    lines = list(comparison_lines(compared, Paper(width)))
    tables = lines[: next(at for at, line in enumerate(lines) if line.startswith("src/"))]
    assert max(map(columns, tables)) <= width
    assert lines[-1].startswith("no difference in ")


def test_a_run_compared_with_itself_differs_in_nothing(two_steps: MadeProject) -> None:
    two_steps.mlo("run")
    comparison = compare(two_steps.open().ledger, ["last", "last"])
    assert {**comparison.code, **comparison.parameters, **comparison.outputs} == {}


def test_a_run_that_is_not_there_is_told(two_steps: MadeProject) -> None:
    two_steps.mlo("run")
    with pytest.raises(LedgerError, match="there is no run 'last~1'"):
        compare(two_steps.open().ledger, ["last~1", "last"])
