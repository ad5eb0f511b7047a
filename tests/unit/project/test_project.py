"""A project from Python: opened, planned and run any number of times, also from threads."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_tmpl import MloError, open_project
from mlflow_tmpl.errors import ConfigError, ProjectError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import MadeProject


def refusal(call: Callable[..., Any], *arguments: Any, **options: Any) -> MloError:
    with pytest.raises(MloError) as caught:
        call(*arguments, **options)
    return caught.value


def test_a_project_is_found_from_any_folder_inside_it(two_steps: MadeProject) -> None:
    inside = two_steps.root / "conf" / "base"
    assert open_project(inside).root == two_steps.root.resolve()
    assert open_project(str(inside)).name == "project"


def test_opening_reads_nothing_but_the_settings(make_project: Callable[..., MadeProject]) -> None:
    made = make_project(nodes="raise ValueError", catalog="{", parameters="a: [")
    assert made.open().settings.package == made.package


def test_a_run_gives_outputs_when_asked_for_and_names_what_it_has(two_steps: MadeProject) -> None:
    result = two_steps.open().run()
    assert result["result"] == "41"
    assert result.outputs == ("doubled", "result")
    assert result.final == ("result",)
    error = refusal(result.__getitem__, "reslt")
    assert (error.message, error.hint) == ("'reslt' is no output of this run", "did you mean 'result'?")


def test_a_run_has_no_output_of_nodes_that_did_not_run(two_steps: MadeProject) -> None:
    project = two_steps.open()
    project.run()
    (two_steps.root / "data" / "number.txt").write_text("odd")
    failed: Any = refusal(project.run)
    assert failed.result.outputs == ()
    assert "'result' is no output of this run" in str(refusal(failed.result.__getitem__, "result"))


def test_a_project_runs_many_times_each_with_its_own_parameters(two_steps: MadeProject) -> None:
    project = two_steps.open()
    assert [project.run(params={"amount": n})["result"] for n in range(4)] == ["40", "41", "42", "43"]
    assert len(project.ledger.runs()) == 4
    assert project.params == {"amount": 1}


def test_a_project_runs_from_several_threads_at_once(make_project: Callable[..., MadeProject]) -> None:
    project = make_project(
        nodes="""
            @node(outputs="squared")
            def square(*, number: int) -> int:
                return number * number

            @node(outputs="text")
            def tell(squared: int) -> str:
                return f"{squared}"
            """,
        parameters="number: 0\n",
    ).open()
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda n: project.run(params={"number": n}), range(24)))
    assert [result["text"] for result in results] == [str(n * n) for n in range(24)]
    recorded = project.ledger.runs()
    assert {run.id for run in recorded} == {result.id for result in results}
    assert {run.status for run in recorded} == {"done"}


def test_runs_that_write_one_output_at_once_never_take_the_others_content_for_their_own(
    make_project: Callable[..., MadeProject],
) -> None:
    made = make_project(
        nodes="""
            @node(outputs="big")
            def make(*, number: int) -> str:
                return str(number) * 2_000_000
            """,
        catalog="big: data/big.txt\n",
        parameters="number: 0\n",
    )
    project = made.open()
    with ThreadPoolExecutor(2) as pool:
        for first in range(0, 8, 2):
            pair = [first, first + 1]
            list(pool.map(lambda n: project.run(params={"number": n}, reuse=False, wait=True), pair))
            for number in pair:
                assert project.run(params={"number": number})["big"][0] == str(number)


def test_threads_that_ask_at_once_get_one_ledger(two_steps: MadeProject) -> None:
    project = two_steps.open()
    with ThreadPoolExecutor(8) as pool:
        ledgers = list(pool.map(lambda _: project.ledger, range(32)))
    assert len(set(map(id, ledgers))) == 1


def test_selectors_are_those_of_the_command_line(two_steps: MadeProject) -> None:
    project = two_steps.open()
    plan = project.plan(to_nodes="double")
    assert [step.node.name for step in plan.steps] == ["double"]
    error = refusal(project.plan, to_node="double")
    assert error.message == "there is no selector 'to_node'"
    assert error.hint == "did you mean 'to_nodes'?"


def test_unknown_names_are_told_with_the_nearest(two_steps: MadeProject) -> None:
    project = two_steps.open()
    assert str(refusal(project.run, "flo")) == "there is no pipeline 'flo' (did you mean 'flow'?)"
    assert str(refusal(project.run, force="ad")) == "there is no node 'ad' to force (did you mean 'add'?)"
    error = refusal(project.run, params={"amont": 1})
    assert isinstance(error, UsageError)
    assert (
        str(error) == "params: no parameter is named 'amont', and no node takes it (did you mean 'amount'?)"
    )


def test_an_unknown_environment_is_told(two_steps: MadeProject) -> None:
    error = refusal(lambda: two_steps.open("prd").config)
    assert isinstance(error, ConfigError)
    assert error.message == "environment 'prd' is unknown"


def test_an_environment_changes_what_it_says(make_project: Callable[..., MadeProject]) -> None:
    made = make_project(
        nodes="""
            @node(outputs="text")
            def tell(*, word: str) -> str:
                return word
            """,
        parameters="word: base\n",
        files={"conf/prod/parameters.yml": "word: prod\n"},
        settings='environment = "prod"\n',
    )
    assert made.open().run()["text"] == "prod"
    assert made.open("base").run()["text"] == "base"


def test_the_engine_that_is_asked_for_overrules_the_settings_of_another(
    make_project: Callable[..., MadeProject],
) -> None:
    made = make_project(
        nodes="""
            @node(outputs="a")
            def make() -> int:
                return 1
            """,
        settings='[tool.mlo.defaults]\nengine = "threads"\njobs = 3\n',
    )
    project = made.open()
    project.run()
    assert project.ledger.run("last").engine == "threads"
    project.run(engine="inline")
    assert project.ledger.run("last").engine == "inline"


@pytest.mark.parametrize(
    ("source", "message", "line"),
    [
        ("import nothing_of_that_name", "ModuleNotFoundError: No module named 'nothing_of_that_name'", 3),
        ("1 / 0", "ZeroDivisionError: division by zero", 3),
        ("def broken(:", "SyntaxError: invalid syntax", 3),
    ],
)
def test_a_module_that_cannot_be_imported_is_told_at_the_users_line(
    make_project: Callable[..., MadeProject], source: str, message: str, line: int
) -> None:
    made = make_project(nodes=source)
    error = refusal(made.open().run)
    assert isinstance(error, ProjectError)
    assert error.message == f"module '{made.package}.nodes.flow' cannot be imported: {message}"
    assert error.where.endswith(os.path.join("nodes", f"flow.py:{line}"))


def test_a_module_that_ends_the_program_is_an_error_of_its_own(
    make_project: Callable[..., MadeProject],
) -> None:
    made = make_project(nodes="raise SystemExit(0)")
    error = refusal(made.open().run)
    assert error.message == f"module '{made.package}.nodes.flow' ends the program when it is imported"
    assert error.where.endswith("flow.py:3")
    assert error.hint == "keep what runs as a script below: if __name__ == '__main__'"


def test_a_broken_module_stops_only_the_pipelines_that_need_it(
    make_project: Callable[..., MadeProject],
) -> None:
    made = make_project(
        nodes="""
            @node(outputs="a")
            def make() -> int:
                return 1
            """,
        files={"nodes/broken.py": "1 / 0\n"},
    )
    assert made.open().run("flow")["a"] == 1
    assert "ZeroDivisionError" in str(refusal(made.open().run))


def test_a_package_that_is_not_there_is_told(make_project: Callable[..., MadeProject]) -> None:
    made = make_project()
    made.write("pyproject.toml", '[tool.mlo]\npackage = "flow_elsewhere"\n')
    error = refusal(made.open().run)
    assert error.message == "the project's package 'flow_elsewhere' is not there"
    assert error.where.endswith("pyproject.toml")
    assert error.hint.startswith("it is looked for in ")


def test_a_package_without_nodes_is_told(make_project: Callable[..., MadeProject]) -> None:
    made = make_project()
    for file in (made.root / "src" / made.package / "nodes").glob("*.py"):
        file.unlink()
    (made.root / "src" / made.package / "nodes").rmdir()
    error = refusal(made.open().run)
    assert error.message == f"package '{made.package}' has neither 'pipelines.py' nor a package 'nodes'"
    assert error.hint == "add modules with @node functions to its folder 'nodes'"


def test_two_projects_whose_packages_have_one_name_are_kept_apart(
    make_project: Callable[..., MadeProject],
) -> None:
    first = make_project(folder="one")
    second = make_project(folder="two")
    (second.root / "src" / second.package).rename(second.root / "src" / first.package)
    second.write("pyproject.toml", f'[tool.mlo]\npackage = "{first.package}"\n')
    first.open().plan()
    error = refusal(second.open().plan)
    assert f"package '{first.package}' is already imported from " in error.message
    assert error.hint == "open two projects whose packages have one name in two processes"


def test_a_plan_changes_nothing_outside_mlo(two_steps: MadeProject) -> None:
    before = two_steps.files()
    two_steps.open().plan()
    assert two_steps.files() == before


def test_pipelines_can_be_made_from_parameters(make_project: Callable[..., MadeProject]) -> None:
    made = make_project(parameters="words: [a, b]\n")
    made.write(
        f"src/{made.package}/pipelines.py",
        """
        from functools import partial
        from mlflow_tmpl import Node, Pipeline

        def say(word: str) -> str:
            return word * 2

        def register_pipelines(params):
            nodes = [Node(partial(say, word), name=f"say_{word}", outputs=word) for word in params["words"]]
            return {"talk": Pipeline(nodes)}
        """,
    )
    project = made.open()
    assert project.run("talk").outputs == ("a", "b")
    assert project.run("talk", params={"words": ["x"]})["x"] == "xx"
    assert list(project.pipelines["talk"].positions) == ["say_a", "say_b"]


def test_the_current_folder_is_where_a_project_is_looked_for(
    two_steps: MadeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(two_steps.root / "data")
    assert open_project().root == Path(two_steps.root).resolve()
