from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_tmpl.planning.code import CodeReader, remember_loaded_sources

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Package:
    """A package of a project, and its code as a fresh process would see it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, **files: str) -> Package:
        for name, text in files.items():
            path = self.root / "codepkg" / (name.replace("__", "/") + ".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return self

    def function(self, name: str = "f", module: str = "codepkg.main") -> Any:
        self.forget()
        importlib.invalidate_caches()
        before = set(sys.modules)
        found = getattr(importlib.import_module(module), name)
        remember_loaded_sources([sys.modules[each] for each in set(sys.modules) - before])
        return found

    def forget(self) -> None:
        for name in [name for name in sys.modules if name.partition(".")[0] == "codepkg"]:
            del sys.modules[name]

    def reader(self, **more: Any) -> CodeReader:
        return CodeReader(self.root, **more)

    def parts(self, **more: Any) -> dict[str, str]:
        return dict(self.reader(**more).fingerprint(self.function()).parts)

    def doubts(self) -> tuple[str, ...]:
        return self.reader().fingerprint(self.function()).doubts


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Package]:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.chdir(tmp_path)
    made = Package(tmp_path)
    made.write(main="def f(): return 1\n")
    yield made
    made.forget()


def test_a_definition_counts_by_its_place_in_the_project(package: Package) -> None:
    assert set(package.parts()) == {"python", "definition codepkg/main.py f", "function"}


def test_the_python_version_counts_by_its_minor_number(package: Package) -> None:
    assert package.parts()["python"] == f"{sys.version_info[0]}.{sys.version_info[1]}"


def test_packages_count_by_their_version(package: Package) -> None:
    import pandas

    package.write(main="import pandas.core, json, collections.abc, yaml\ndef f(): return pandas.core, json\n")
    parts = package.parts()
    assert parts["package pandas"] == pandas.__version__
    assert {name for name in parts if name.startswith("package")} == {"package pandas"}


def test_a_package_whose_name_is_not_that_of_its_distribution_is_found(package: Package) -> None:
    package.write(main="import yaml\ndef f(): return yaml.dump\n")
    assert package.parts()["package yaml"]


def test_a_package_without_a_version_is_doubted(
    package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "lib" / "site-packages"
    (site / "nover").mkdir(parents=True)
    (site / "nover" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(site))
    package.write(main="import nover\ndef f(): return nover.x\n")
    assert package.doubts() == ("package 'nover' has no version",)


def test_a_folder_that_is_merely_named_like_that_of_packages_is_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "my-site-packages-demo"
    monkeypatch.syspath_prepend(str(root))
    package = Package(root).write(main="def f(): return 1\n")
    assert "definition codepkg/main.py f" in package.parts()
    package.forget()


def test_the_projects_own_package_counts_by_its_source_even_if_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site-packages"
    monkeypatch.syspath_prepend(str(site))
    package = Package(site).write(main="def f(): return 1\n")
    os.utime(site / "codepkg" / "main.py", (1, 1))
    assert package.reader(own=frozenset({"codepkg"})).fingerprint(package.function()).doubts == ()
    parts = package.parts(own=frozenset({"codepkg"}))
    assert "definition codepkg/main.py f" in parts
    package.forget()


def test_a_namespace_package_is_followed(package: Package) -> None:
    package.write(main="from codepkg.space import inner\ndef f(): return inner.K\n", space__inner="K = 1\n")
    assert "definition codepkg/space/inner.py K" in package.parts()


def test_a_circle_of_imports_ends(package: Package) -> None:
    package.write(
        main="import codepkg.b\ndef f(): return codepkg.b.g()\n",
        b="import codepkg.main as m\ndef g(): return m.f\n",
    )
    assert "definition codepkg/b.py g" in package.parts()


def test_a_module_that_only_type_checkers_import_is_found_without_importing_it(package: Package) -> None:
    package.write(
        main="TYPE_CHECKING = False\nif TYPE_CHECKING:\n    import codepkg.b\ndef f(x: 'codepkg.b.C'): return 1\n",
        b="1 / 0\nclass C: pass\n",
    )
    assert "definition codepkg/b.py C" in package.parts()
    assert "codepkg.b" not in sys.modules


def test_an_import_that_is_not_there_is_passed_over(package: Package) -> None:
    package.write(main="try:\n    import no_such_thing\nexcept ImportError:\n    pass\ndef f(): return 1\n")
    assert package.doubts() == ()


def test_a_function_without_a_source_file_is_doubted(package: Package) -> None:
    namespace: dict[str, Any] = {"__name__": "made.of.nothing"}
    exec("def f(): return 1", namespace)
    assert package.reader().fingerprint(namespace["f"]).doubts == (
        "module 'made.of.nothing' has no source file",
    )


def test_a_function_of_no_module_is_doubted(package: Package) -> None:
    namespace: dict[str, Any] = {"__name__": None}
    exec("def f(): return 1", namespace)
    assert any(
        "belongs to no module" in doubt for doubt in package.reader().fingerprint(namespace["f"]).doubts
    )


def test_a_doubt_names_file_and_line(package: Package) -> None:
    package.write(main="\n\ndef f(): return eval('1')\n")
    place = os.path.join("codepkg", "main.py")
    assert package.doubts() == (f"{place}:3 uses eval(), which cannot be followed",)


def test_a_value_that_cannot_be_told_is_doubted_at_the_function(package: Package) -> None:
    package.write(
        main="import threading\ndef make(lock):\n    def f(): return lock\n    return f\nf = make(threading.Lock())\n"
    )
    place = os.path.join("codepkg", "main.py")
    assert package.doubts() == (f"{place}:3 holds a value that cannot be told: lock",)


def test_an_edit_after_the_import_is_not_what_runs(package: Package) -> None:
    func = package.function()
    before = package.reader().fingerprint(func)
    package.write(main="def f(): return 2\n")
    assert package.reader().fingerprint(func) == before


def test_a_reload_is_noticed(package: Package) -> None:
    package.function()
    package.write(main="def f(): return 22\n")
    module = importlib.reload(sys.modules["codepkg.main"])
    doubts = package.reader().fingerprint(module.f).doubts
    assert doubts == (
        f"{os.path.join('codepkg', 'main.py')} was edited after this process began and imported it",
    )


def test_a_file_that_is_no_python_is_doubted(package: Package) -> None:
    package.write(
        main="try:\n    import codepkg.b\nexcept SyntaxError:\n    pass\ndef f(): return codepkg.b.x\n",
        b="def",
    )
    assert [doubt.partition(" cannot")[0] for doubt in package.doubts()] == [os.path.join("codepkg", "b.py")]


def test_an_environment_variable_counts_by_its_value(
    package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    package.write(main="import os\ndef f(): return os.getenv('CODEPKG_K')\n")
    monkeypatch.delenv("CODEPKG_K", raising=False)
    unset = package.parts()["environment CODEPKG_K"]
    monkeypatch.setenv("CODEPKG_K", "")
    empty = package.parts()["environment CODEPKG_K"]
    monkeypatch.setenv("CODEPKG_K", "secret")
    assert len({unset, empty, package.parts()["environment CODEPKG_K"]}) == 3
    assert "secret" not in str(package.parts()), "only a hash is kept"


def test_a_file_that_is_named_counts_unless_it_is_an_output(package: Package) -> None:
    (package.root / "words.txt").write_text("one", encoding="utf-8")
    package.write(main="def f(): return open('words.txt').read()\n")
    assert "file words.txt" in package.parts()
    assert "file words.txt" not in package.parts(apart=frozenset({(package.root / "words.txt").resolve()}))


def test_a_named_file_outside_the_project_does_not_count(package: Package) -> None:
    (package.root.parent / "outside.txt").write_text("one", encoding="utf-8")
    package.write(main="def f(): return open('../outside.txt').read(), '..', '../..'\n")
    assert not [name for name in package.parts() if name.startswith("file")]


def test_a_link_counts_with_what_it_leads_to(package: Package) -> None:
    target = package.root.parent / "target.txt"
    target.write_text("one", encoding="utf-8")
    try:
        (package.root / "words.txt").symlink_to(target)
    except OSError:
        pytest.skip("no right to make links")
    package.write(main="def f(): return open('words.txt').read()\n")
    before = package.parts()["file words.txt"]
    target.write_text("two", encoding="utf-8")
    assert package.parts()["file words.txt"] != before


def test_each_module_is_read_once(package: Package) -> None:
    package.write(
        main="from codepkg import a, b\ndef f(): return open('w.txt')\ndef g(): return 2\n",
        a="import codepkg.b\n",
        b="import codepkg.a\n",
    )
    (package.root / "w.txt").touch()
    hashed: list[Path] = []
    reader = package.reader(hash_file=lambda path: hashed.append(path) or "x")
    func = package.function()
    assert reader.fingerprint(func) is reader.fingerprint(func)
    reader.fingerprint(sys.modules["codepkg.main"].g)
    assert len(hashed) == 1
    assert {reader.fingerprint(each).id for each in (func, sys.modules["codepkg.main"].g)} <= set(
        reader.known()
    )


WRITERS = {
    "a variable": "mine = store.STORE; mine.append({})",
    "two variables": "mine = store.STORE; yours = mine; yours += [{}]",
    "a part": "mine = store.DEEP.setdefault('x', []); mine.append({})",
    "a loop": "for mine in store.DEEP.values(): mine.append({})",
    "a condition": "mine = store.STORE if {} else []; mine.append(1)",
}


@pytest.mark.parametrize("way", WRITERS)
def test_who_changes_a_table_by_way_of_a_variable_counts_for_its_readers(package: Package, way: str) -> None:
    package.write(
        store="STORE = []\nDEEP = {}\n",
        main="from codepkg import store, writer\ndef f(): return store.STORE, store.DEEP\n",
    )
    package.write(writer=f"from codepkg import store\ndef other():\n    {WRITERS[way].format(1)}\n")
    before = package.parts()
    package.write(writer=f"from codepkg import store\ndef other():\n    {WRITERS[way].format(2)}\n")
    assert before != package.parts()


@pytest.mark.parametrize(
    "body",
    [
        "mine = list(store.STORE); mine.append({})",
        "mine = store.STORE + [1]; mine.append({})",
        "mine = store.made(store.STORE); mine['x'] = {}",
        "mine = {}; mine.append(store.STORE)",
    ],
)
def test_who_changes_something_of_its_own_does_not_count_for_others(package: Package, body: str) -> None:
    package.write(
        store="STORE = []\ndef made(x): return {}\n",
        main="from codepkg import store, writer\ndef f(): return store.STORE, store.made(1)\n",
    )
    package.write(writer=f"from codepkg import store\ndef other():\n    {body.replace('{}', '1')}\n")
    before = package.parts()
    package.write(writer=f"from codepkg import store\ndef other():\n    {body.replace('{}', '2')}\n")
    assert before == package.parts()


def test_what_a_function_is_handed_and_changes_is_not_followed_to_other_nodes(package: Package) -> None:
    """The limit: a node that has another function fill a table leaves something in memory that no key tells."""
    main = "from codepkg import store, writer\ndef f(): return store.STORE\n"
    package.write(store="STORE = []\ndef fill(into, x): into.append(x)\n", main=main)
    package.write(writer="from codepkg import store\ndef other(): store.fill(store.STORE, 1)\n")
    before = package.parts()
    package.write(writer="from codepkg import store\ndef other(): store.fill(store.STORE, 2)\n")
    assert before == package.parts()
