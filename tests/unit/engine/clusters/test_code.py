from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

import pytest

from mlflow_tmpl.engine.clusters import code as code_module
from mlflow_tmpl.engine.clusters.code import Imported, code_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def own_imports(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(code_module.tempfile, "gettempdir", lambda: str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "sent_birds"]:
        del sys.modules[name]


def source(root: Path, number: int) -> Path:
    package = root / "src" / "sent_birds"
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").write_text("")
    (package / "nodes.py").write_text(f"NUMBER = {number}\n")
    (package / "__pycache__").mkdir(exist_ok=True)
    (package / "__pycache__" / "nodes.pyc").write_bytes(b"left")
    return root / "src"


def number() -> int:
    return int(importlib.import_module("sent_birds.nodes").NUMBER)


def test_the_version_is_that_of_the_content(tmp_path: Path) -> None:
    one, _ = code_of(source(tmp_path / "a", 1))
    same, _ = code_of(source(tmp_path / "b", 1))
    other, _ = code_of(source(tmp_path / "c", 2))
    assert one.version == same.version != other.version
    assert one.names == {"sent_birds"}
    assert one.project == other.project


def test_a_worker_has_the_code_of_each_run_in_turn(tmp_path: Path) -> None:
    versions = [code_of(source(tmp_path / name, value)) for name, value in (("a", 1), ("b", 2))]
    imported = Imported()
    seen = []
    for code, archive in (*versions, versions[0]):
        imported.use(code.packed(archive))
        seen.append((number(), importlib.import_module("sent_birds.nodes")))
    assert [value for value, _ in seen] == [1, 2, 1]
    assert seen[0][1] is seen[2][1]  # values of its classes are still of them


def test_code_that_is_there_is_not_sent_again(tmp_path: Path) -> None:
    code, archive = code_of(source(tmp_path / "a", 1))
    code.packed(archive).place()
    Imported().use(code)
    assert number() == 1


def test_code_on_a_shared_disk_is_imported_from_there(tmp_path: Path) -> None:
    folder = source(tmp_path / "a", 7)
    code, _ = code_of(folder)
    Imported().use(code.at(str(folder)))
    assert number() == 7
    assert importlib.import_module("sent_birds.nodes").__file__ == str(folder / "sent_birds" / "nodes.py")


def test_code_that_has_not_come_is_said_to_be_missing(tmp_path: Path) -> None:
    code, _ = code_of(source(tmp_path / "a", 1))
    with pytest.raises(ImportError, match="has not reached this worker"):
        Imported().use(code)
