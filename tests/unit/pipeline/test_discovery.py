from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_tmpl.errors import PipelineError, ProjectError, UsageError
from mlflow_tmpl.pipeline import Node, Pipeline
from mlflow_tmpl.pipeline.discovery import (
    DEFAULT,
    DiscoveredPipelines,
    import_failure,
    nodes_of,
    registered_pipelines,
    unknown_pipeline,
    user_frame,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

NODE = "from mlflow_tmpl import node\n@node(outputs='{out}')\ndef {name}(raw): return raw\n"


@pytest.fixture
def discovered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a maker of a package of node modules; what was imported is listed in its ``loaded``."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)

    def make(files: Mapping[str, str]) -> DiscoveredPipelines:
        for name, text in {"__init__.py": "", **files}.items():
            path = tmp_path / "steps" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        importlib.invalidate_caches()
        loaded: list[str] = []

        def load(name: str) -> ModuleType:
            loaded.append(name)
            return importlib.import_module(name)

        pipelines = DiscoveredPipelines([str(tmp_path / "steps")], "steps", load)
        pipelines.loaded = loaded  # type: ignore[attr-defined]
        return pipelines

    yield make
    for name in set(sys.modules) - before:
        if name.partition(".")[0] == "steps":
            del sys.modules[name]


def test_each_module_is_a_pipeline_and_all_are_the_default_one(discovered: Any) -> None:
    pipelines = discovered(
        {"b.py": NODE.format(out="y", name="g"), "a.py": NODE.format(out="x", name="f"), "_c.py": "1 / 0"}
    )
    assert list(pipelines) == [DEFAULT, "a", "b"]
    assert len(pipelines) == 3
    assert [node.name for node in pipelines[DEFAULT]] == ["f", "g"]


def test_a_module_is_imported_only_when_its_pipeline_is_asked_for(discovered: Any) -> None:
    pipelines = discovered({"a.py": NODE.format(out="x", name="f"), "broken.py": "1 / 0"})
    assert "broken" in list(pipelines)
    assert [node.name for node in pipelines["a"]] == ["f"]
    assert pipelines["a"] is pipelines["a"]
    assert pipelines.loaded == ["steps.a"]


def test_a_package_is_one_pipeline_of_all_its_modules(discovered: Any) -> None:
    pipelines = discovered(
        {"deep/__init__.py": NODE.format(out="x", name="f"), "deep/er.py": NODE.format(out="y", name="g")}
    )
    assert [node.name for node in pipelines["deep"]] == ["f", "g"]


def test_nodes_come_in_the_order_in_which_they_stand(discovered: Any) -> None:
    text = NODE.format(out="x", name="zeta") + NODE.format(out="y", name="alpha")
    assert [node.name for node in discovered({"a.py": text})["a"]] == ["zeta", "alpha"]


def test_an_imported_node_belongs_to_its_own_module(discovered: Any) -> None:
    pipelines = discovered({"a.py": NODE.format(out="x", name="f"), "b.py": "from steps.a import f\n"})
    assert list(pipelines["b"]) == []


def test_a_node_object_counts_as_one(discovered: Any) -> None:
    text = "from mlflow_tmpl import Node\nmade = Node(lambda raw: raw, None, 'x', name='n')\n"
    assert [node.name for node in discovered({"a.py": text})["a"]] == ["n"]


def test_a_node_that_is_bound_to_two_names_counts_once(discovered: Any) -> None:
    text = NODE.format(out="x", name="f") + "same = f\n"
    assert [node.name for node in discovered({"a.py": text})["a"]] == ["f"]


def test_a_decorator_above_the_mark_is_refused(discovered: Any, tmp_path: Path) -> None:
    text = (
        "import functools\nfrom mlflow_tmpl import node\n"
        "def twice(f):\n    @functools.wraps(f)\n    def wrapper(x): return f(f(x))\n    return wrapper\n"
        "@twice\n@node(outputs='y')\ndef step(x): return x\n"
    )
    with pytest.raises(PipelineError) as refused:
        discovered({"a.py": text})["a"]
    assert (
        refused.value.message
        == "node function 'step' has a decorator above @node, which would be passed over"
    )
    assert refused.value.hint == "put @node above the other decorators"
    assert refused.value.where == f"{tmp_path / 'steps' / 'a.py'}:7"


def test_an_unknown_pipeline_is_refused_with_the_nearest_name(discovered: Any) -> None:
    with pytest.raises(UsageError) as refused:
        discovered({"train.py": ""})["trian"]
    assert str(refused.value) == "there is no pipeline 'trian' (did you mean 'train'?)"
    assert unknown_pipeline("x", {"a": Pipeline()}).hint == "there are a"


def registry(**content: Any) -> ModuleType:
    """Return a module with what a project's ``pipelines.py`` may have."""
    module = ModuleType("pipelines")
    module.__file__ = "pipelines.py"
    vars(module).update(content)
    return module


def one(name: str = "n") -> Pipeline:
    return Pipeline([Node(lambda x: x, "x", f"{name}_out", name=name)])


def test_registered_pipelines_get_a_default_of_them_all() -> None:
    made = registered_pipelines(registry(register_pipelines=lambda: {"a": one("a"), "b": one("b")}), dict)
    assert [node.name for node in made[DEFAULT]] == ["a", "b"]


def test_a_registered_default_stands() -> None:
    made = registered_pipelines(registry(register_pipelines=lambda: {DEFAULT: one("a"), "b": one("b")}), dict)
    assert [node.name for node in made[DEFAULT]] == ["a"]


def test_register_pipelines_gets_the_parameters_only_if_it_takes_them() -> None:
    made = registered_pipelines(
        registry(register_pipelines=lambda params: {params["name"]: one()}), lambda: {"name": "p"}
    )
    assert "p" in made
    assert list(registered_pipelines(registry(register_pipelines=lambda: {"a": one()}), pytest.fail)) == [
        DEFAULT,
        "a",
    ]


def test_a_registry_without_its_function_is_refused() -> None:
    with pytest.raises(ProjectError) as refused:
        registered_pipelines(registry(), dict)
    assert str(refused.value) == (
        "pipelines.py: module 'pipelines' has no register_pipelines() "
        "(define register_pipelines() or register_pipelines(params), or remove the module)"
    )


def test_a_registry_that_fails_is_refused_at_the_line_that_failed() -> None:
    def register_pipelines() -> Any:
        raise KeyError("alpha")

    with pytest.raises(ProjectError) as refused:
        registered_pipelines(registry(register_pipelines=register_pipelines), dict)
    assert refused.value.message == "register_pipelines() failed: KeyError: 'alpha'"
    line = register_pipelines.__code__.co_firstlineno + 1
    assert refused.value.where.endswith(f"test_discovery.py:{line}")


def test_an_error_of_a_pipeline_comes_through_as_it_is() -> None:
    def register_pipelines() -> Any:
        return {"a": Pipeline([Node(len, "x", "y", name="a b")])}

    with pytest.raises(PipelineError, match="'a b' is no name for a node"):
        registered_pipelines(registry(register_pipelines=register_pipelines), dict)


@pytest.mark.parametrize(("made", "told"), [([1], "list"), ({"a": 5}, "int for 'a'"), (None, "NoneType")])
def test_a_registry_that_returns_something_else_is_refused(made: Any, told: str) -> None:
    with pytest.raises(ProjectError) as refused:
        registered_pipelines(registry(register_pipelines=lambda: made), dict)
    assert refused.value.message == f"register_pipelines() returned {told}"
    assert refused.value.hint == "return a dict from names to Pipeline objects"


def _failing(text: str) -> Exception:
    try:
        exec(compile(text, "project/nodes.py", "exec"), {})
    except Exception as error:  # noqa: BLE001 (the test is about any)
        return error
    raise AssertionError


def test_a_module_that_fails_is_told_at_the_users_line() -> None:
    told = import_failure("proj.nodes", _failing("x = 1\ny = x / 0\n"))
    assert told.message == "module 'proj.nodes' cannot be imported: ZeroDivisionError: division by zero"
    assert told.where == "project/nodes.py:2"


def test_a_syntax_error_is_told_at_its_line() -> None:
    told = import_failure("proj.nodes", _failing("x = 1\ny = (\n"))
    assert told.message == "module 'proj.nodes' cannot be imported: SyntaxError: '(' was never closed"
    assert told.where == "project/nodes.py:2"


def test_a_missing_package_is_told_with_the_way_to_get_it() -> None:
    told = import_failure("proj.nodes", _failing("import no_such_package_there.inner\n"))
    assert told.hint == "pip install the package that has 'no_such_package_there'"


def test_a_missing_module_of_the_project_is_not_looked_for_in_packages() -> None:
    assert import_failure("proj.nodes", ModuleNotFoundError("x", name="proj.helpers")).hint == ""


def test_an_error_without_a_message_is_told_as_such() -> None:
    assert (
        import_failure("m", ValueError()).message == "module 'm' cannot be imported: ValueError: no message"
    )


def test_frames_of_libraries_are_not_the_users() -> None:
    assert user_frame(ValueError()) == ""


def test_a_module_of_no_nodes_has_none() -> None:
    assert list(nodes_of(ModuleType("empty"))) == []
