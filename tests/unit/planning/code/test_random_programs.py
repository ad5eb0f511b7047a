"""Random programs under random edits: what computes something else never has the same fingerprint."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from mlflow_tmpl.planning.code import CodeReader, remember_loaded_sources

from .random_program import NODES, Program, Step, edited, programs, steps

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = int(os.environ.get("MLO_EXAMPLES", "200"))
PACKAGE = "pkg"


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as made:
        root = Path(made).resolve()
        sys.path.insert(0, str(root))
        before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
        yield root
        sys.dont_write_bytecode = before
        sys.path.remove(str(root))
        _forget()


def _forget() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


def _looked_at(root: Path, program: Program) -> list[tuple[Any, str]]:
    """Return what each node gives in a fresh process, and the fingerprint of its code."""
    for name, text in program.files().items():
        path = root / PACKAGE / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    _forget()
    importlib.invalidate_caches()
    try:
        nodes = importlib.import_module(f"{PACKAGE}.nodes")
    except (AttributeError, TypeError, NameError, KeyError, ImportError):
        reject()  # it has no nodes
    remember_loaded_sources([sys.modules[name] for name in sys.modules if name.startswith(PACKAGE)])
    reader = CodeReader(root, own=frozenset({PACKAGE}))
    codes = [reader.fingerprint(getattr(nodes, f"node{node}")) for node in range(NODES)]
    assert not any(code.doubts for code in codes)
    return [(_called(getattr(nodes, f"node{node}")), code.id) for node, code in enumerate(codes)]


def _called(func: Any) -> Any:
    try:
        return func()
    except Exception as error:  # noqa: BLE001 (what it raises is what it gives)
        return f"{type(error).__name__}: {error}"


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="MLO_EXAMPLES" not in os.environ,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
    ],
)
@given(program=programs, edits=st.lists(steps, min_size=1, max_size=3))
def test_what_computes_something_else_has_another_fingerprint(
    folder: Path, program: Program, edits: list[Step]
) -> None:
    before = _looked_at(folder, program)
    for step in edits:
        program = edited(program, step)
        after = _looked_at(folder, program)
        for (value, name), (new_value, new_name) in zip(before, after, strict=True):
            assert value == new_value or name != new_name, "a stale result would be reused"
            precise = step.kind == "noise" and not program.takes_whole_modules
            assert not precise or name == new_name, "what nobody reaches makes nobody run"
        before = after
