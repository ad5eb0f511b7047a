"""Hooks of a project: found, told what happens, and no harm to the run when they fail."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_tmpl.engine import NodeFailure
from mlflow_tmpl.engine.events import HookFailed
from mlflow_tmpl.errors import MloError, ProjectError
from mlflow_tmpl.hooks import RunInfo, StopRun
from mlflow_tmpl.hooks.points import NoHooks, hooks_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlflow_tmpl.project import Project
    from tests.conftest import MadeProject

HEAD = """\
import json
from pathlib import Path
from mlflow_tmpl.hooks import StopRun, hookimpl

def tell(*told):
    with open(Path(__file__).parents[2] / "told.jsonl", "a") as file:
        file.write(json.dumps(told, default=str) + "\\n")

"""

EVERYTHING = """
class Everything:
    @hookimpl
    def on_plan(self, plan, project):
        tell("on_plan", [step.action.value for step in plan.steps], project)

    @hookimpl
    def before_run(self, run):
        tell("before_run", run.parameters, run.engine)

    @hookimpl
    def after_run(self, run, record, outputs, metrics):
        tell("after_run", record.status, [output.name for output in outputs], len(record.nodes))

    @hookimpl
    def before_node(self, node):
        tell("before_node", node.name)

    @hookimpl
    def after_node(self, node, outcome):
        tell("after_node", node.name, outcome.status)

    @hookimpl
    def on_error(self, node, error):
        tell("on_error", node.name, error.type, error.message)

    @hookimpl
    def before_dataset_load(self, node, dataset):
        tell("before_dataset_load", node.name, dataset.name)

    @hookimpl
    def after_dataset_load(self, node, dataset):
        tell("after_dataset_load", node.name, dataset.name)

    @hookimpl
    def before_dataset_save(self, node, dataset):
        tell("before_dataset_save", node.name, dataset.name)

    @hookimpl
    def after_dataset_save(self, node, dataset):
        tell("after_dataset_save", node.name, dataset.name, dataset.bytes, dataset.load())
"""


def with_hooks(made: MadeProject, text: str) -> Project:
    """Give a project a `hooks.py`, and open it."""
    made.write(f"src/{made.package}/hooks.py", HEAD + dedent(text))
    return made.open()


def told(made: MadeProject) -> list[Any]:
    """Return what the hooks of a project were told."""
    import json

    file = made.root / "told.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def refused(made: MadeProject, text: str) -> str:
    with pytest.raises(ProjectError) as caught:
        with_hooks(made, text).run()
    return str(caught.value).replace(made.package, "pkg").replace(str(made.root), "root")


@pytest.mark.parametrize("engine", ["inline", "threads", "processes"])
def test_hooks_are_told_what_happens_in_the_order_in_which_it_does(
    two_steps: MadeProject, engine: str
) -> None:
    with_hooks(two_steps, EVERYTHING).run(engine=engine)
    assert told(two_steps) == [
        ["on_plan", ["run", "run"], "project"],
        ["before_run", {"amount": 1}, engine],
        ["before_node", "double"],
        ["before_dataset_load", "double", "number"],
        ["before_dataset_save", "double", "doubled"],
        ["after_dataset_load", "double", "number"],
        ["after_dataset_save", "double", "doubled", 2, "40"],
        ["after_node", "double", "done"],
        ["before_node", "add"],
        ["before_dataset_load", "add", "doubled"],
        ["before_dataset_save", "add", "result"],
        ["after_dataset_load", "add", "doubled"],
        ["after_dataset_save", "add", "result", 2, "41"],
        ["after_node", "add", "done"],
        ["after_run", "done", ["doubled", "result"], 2],
    ]


def test_a_reused_node_ends_without_having_started(two_steps: MadeProject) -> None:
    project = with_hooks(two_steps, EVERYTHING)
    project.run()
    (two_steps.root / "told.jsonl").unlink()
    project.run()
    assert [line[0] for line in told(two_steps)] == [
        "on_plan",
        "before_run",
        "after_node",
        "after_node",
        "after_run",
    ]
    assert told(two_steps)[-1][2] == ["doubled", "result"]


def test_a_failure_is_told_before_the_end_of_its_node_and_the_run_ends_as_failed(
    two_steps: MadeProject,
) -> None:
    (two_steps.root / "data/number.txt").write_text("many")
    with pytest.raises(NodeFailure):
        with_hooks(two_steps, EVERYTHING).run()
    ends = [line for line in told(two_steps) if line[0] in {"on_error", "after_node", "after_run"}]
    assert ends[0][:3] == ["on_error", "double", "ValueError"]
    assert ends[1:] == [
        ["after_node", "double", "failed"],
        ["after_node", "add", "blocked"],
        ["after_run", "failed", [], 2],
    ]


def test_a_hook_that_raises_is_reported_once_with_its_place_and_fails_nothing(two_steps: MadeProject) -> None:
    project = with_hooks(
        two_steps,
        """
        @hookimpl
        def after_node(node):
            raise KeyError(node.name)
        """,
    )
    events: list[Any] = []
    assert project.run(listeners=[events.append]).status == "done"
    failed = [event for event in events if isinstance(event, HookFailed)]
    assert [event.message for event in failed] == ["failed: KeyError: 'double'", "failed once more"]
    assert failed[0].hook == "after_node"
    assert failed[0].where.endswith("hooks.py:12")


def test_without_a_listener_a_hook_that_raises_is_logged(
    two_steps: MadeProject, caplog: pytest.LogCaptureFixture
) -> None:
    project = with_hooks(two_steps, "@hookimpl\ndef on_plan(plan):\n    raise SystemExit(3)\n")
    with caplog.at_level(logging.WARNING):
        project.plan()
    assert "hook 'on_plan' of" in caplog.text
    assert "failed: SystemExit: 3" in caplog.text


def test_the_functions_of_a_hook_do_not_keep_each_other_from_being_called(two_steps: MadeProject) -> None:
    with_hooks(
        two_steps,
        """
        class First:
            @hookimpl(tryfirst=True)
            def before_run(self, run):
                raise RuntimeError("no")

        @hookimpl
        def before_run(run):
            tell("second")
        """,
    ).run()
    assert told(two_steps) == [["second"]]


@pytest.mark.parametrize(
    ("hook", "recorded"), [("on_plan", 0), ("before_run", 1), ("before_node", 1), ("after_run", 1)]
)
def test_a_hook_that_asks_to_ends_the_run(two_steps: MadeProject, hook: str, recorded: int) -> None:
    argument = "plan" if hook == "on_plan" else "run"
    project = with_hooks(
        two_steps, f"@hookimpl\ndef {hook}({argument}):\n    raise StopRun('not today', hint='wait')\n"
    )
    with pytest.raises(StopRun) as caught:
        project.run()
    assert caught.value.message.endswith("stopped the run: not today")
    assert caught.value.where.endswith("hooks.py:9")
    assert (caught.value.hint, caught.value.exit_code) == ("wait", 1)
    runs = project.ledger.runs()
    assert [run.status for run in runs] == ["done" if hook == "after_run" else "cancelled"] * recorded
    assert project.ledger.rows("SELECT * FROM lease") == []


def test_the_hooks_that_are_named_are_loaded_and_the_project_s_own_come_first(
    make_project: Callable[..., MadeProject],
) -> None:
    made = make_project(
        "@node(outputs='x')\ndef make():\n    return 1\n", settings='hooks = ["PKG.more:Named"]\n'
    )
    toml = made.root / "pyproject.toml"
    toml.write_text(toml.read_text().replace("PKG", made.package))
    text = "class Named:\n    @hookimpl\n    def before_run(self):\n        tell('named')\n"
    made.write(f"src/{made.package}/more.py", HEAD + text)
    with_hooks(made, "@hookimpl\ndef before_run():\n    tell('own')\n").run()
    assert told(made) == [["own"], ["named"]]


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ('"mlfow"', "there are no hooks 'mlfow' (did you mean 'mlflow'?)"),
        ('"nowhere.at:All"', "there is no module 'nowhere.at' with hooks"),
        ('"json:Hooks"', "hooks 'json:Hooks' are not in 'json:Hooks' (json has no such name)"),
        ('"json:JSONDecoder"', "'json:JSONDecoder' has no hooks (mark its methods with @hookimpl)"),
        ('"argparse:HelpFormatter"', "cannot be made: TypeError"),
    ],
)
def test_hooks_that_are_named_wrongly_are_refused_with_the_file(
    make_project: Callable[..., MadeProject], said: str, problem: str
) -> None:
    made = make_project("@node(outputs='x')\ndef make():\n    return 1\n", settings=f"hooks = [{said}]\n")
    project = made.open()
    with pytest.raises(ProjectError) as caught:
        project.run()
    assert problem in str(caught.value)
    assert ".py" in caught.value.where or "pyproject.toml" in caught.value.where
    assert project.ledger.rows("SELECT * FROM lease") == []


def test_hooks_that_are_no_list_of_texts_are_refused(make_project: Callable[..., MadeProject]) -> None:
    with pytest.raises(ProjectError, match=r"tool.mlo.hooks must be a list of names, and is \[3\]"):
        make_project(settings="hooks = [3]\n").open()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "@hookimpl\ndef before_runs(run): pass",
            "hooks.py:9: there is no hook 'before_runs', which 'pkg.hooks' has",
        ),
        ("@hookimpl\ndef before_run(runn): pass", "takes 'runn', which it is not told (did you mean 'run'?)"),
        (
            "def before_run(run): pass",
            "before_run() of hooks 'pkg.hooks' is not marked (put @hookimpl above it",
        ),
        (
            "@hookimpl(wrapper=True)\ndef before_run(run): yield",
            "is a wrapper (there is a hook before and one",
        ),
        ("1 / 0", "hooks.py:9: "),
        ("import nowhere", "No module named 'nowhere'"),
        (
            "raise SystemExit",
            "hooks.py:9: module 'pkg.hooks' with hooks ends the program when it is imported",
        ),
    ],
)
def test_hooks_of_the_project_that_are_wrong_are_refused_with_the_line(
    two_steps: MadeProject, text: str, problem: str
) -> None:
    assert problem in refused(two_steps, text)


def test_hooks_of_a_package_that_cannot_be_loaded_are_told_and_left_out(two_steps: MadeProject) -> None:
    lib = two_steps.root / "src" / "broken-1.0.dist-info"
    lib.mkdir()
    (lib / "entry_points.txt").write_text("[mlflow_tmpl.hooks]\nbroken = nowhere_at_all\n")
    project = two_steps.open()
    project.plan()
    two_steps.open().plan()
    events: list[Any] = []
    assert two_steps.open().run(listeners=[events.append]).status == "done"
    told = [str(event) for event in events if isinstance(event, HookFailed)]
    assert told == [
        "hooks 'broken' of package 'broken' are left out: there is no module 'nowhere_at_all' with hooks"
    ]


def test_where_no_hook_is_about_nodes_nothing_is_made_for_them(
    two_steps: MadeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow_tmpl.hooks import listener

    project = with_hooks(two_steps, "@hookimpl\ndef after_run(record):\n    tell(record.status)\n")
    monkeypatch.setattr(listener, "NodeInfo", None)
    project.run()
    assert told(two_steps) == [["done"]]


def test_a_project_without_hooks_has_nothing_called(two_steps: MadeProject) -> None:
    assert isinstance(two_steps.open().hooks, NoHooks)


def test_another_process_tells_of_a_run_whose_record_it_opens_or_closes(
    two_steps: MadeProject, tmp_path: Path
) -> None:
    plain = two_steps.open()
    result = plain.run()
    project = with_hooks(two_steps, EVERYTHING)
    run = RunInfo.of_record(project.ledger.run(result.id), project.name, project.root)
    hooks = hooks_of(project.root, project.settings, project.name, tmp_path / "cache.json", nullcontext)
    hooks.opened(run)
    hooks.closed(run, project.ledger, project.catalog)
    assert told(two_steps) == [
        ["before_run", {"amount": 1}, "inline"],
        ["after_run", "done", ["doubled", "result"], 2],
    ]


def test_an_error_of_ours_in_a_hook_does_not_fail_the_run_either(two_steps: MadeProject) -> None:
    project = with_hooks(two_steps, "@hookimpl\ndef before_run(run):\n    run.root / 3\n")
    assert project.run().status == "done"
    assert issubclass(StopRun, MloError)
