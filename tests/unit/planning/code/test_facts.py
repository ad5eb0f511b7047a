# ruff: noqa: E501 (a table reads better with a row a line)
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_tmpl.planning.code.facts import read_facts


class Facts:
    """What the units of a module say together."""

    def __init__(self, source: str, module: str, package: bool) -> None:
        told = read_facts(source.encode(), module, package)
        self.units = told.units
        self.imports = set(told.imports)
        self.digests = [unit.digest for unit in told.units]
        self.environment = {name for unit in told.units for name in unit.environment}
        self.texts = {text for unit in told.units for text in unit.texts}
        self.doubts = tuple(doubt for unit in told.units for doubt in unit.doubts)


def facts(source: str, module: str = "proj.nodes.fit", *, package: bool = False) -> Facts:
    return Facts(source, module, package)


@pytest.mark.parametrize(
    ("source", "imports"),
    [
        ("import a.b.c", {"a", "a.b", "a.b.c"}),
        ("import a.b as c", {"a", "a.b"}),
        ("from a.b import c, d", {"a", "a.b", "a.b.c", "a.b.d"}),
        ("from a import *", {"a"}),
        ("from . import x", {"proj", "proj.nodes", "proj.nodes.x"}),
        ("from .x import y", {"proj", "proj.nodes", "proj.nodes.x", "proj.nodes.x.y"}),
        ("from .. import x", {"proj", "proj.x"}),
        ("def f():\n    import late", {"late"}),
        ("if TYPE_CHECKING:\n    import late", {"late"}),
        (
            "import importlib as i\ni.import_module('a.b')",
            {"importlib", "a", "a.b", "importlib.import_module"},
        ),
        ("import a\na.b.c()", {"a", "a.b", "a.b.c"}),
        ("import a.b as x\nx.c()", {"a", "a.b", "a.b.c"}),
        ("from a import b\nb.c.d", {"a", "a.b", "a.b.c", "a.b.c.d"}),
    ],
)
def test_every_module_that_may_be_imported_is_named(source: str, imports: set[str]) -> None:
    assert facts(source).imports == imports


def test_relative_imports_of_a_package_start_in_it() -> None:
    assert facts("from . import x", "proj.nodes", package=True).imports == {
        "proj",
        "proj.nodes",
        "proj.nodes.x",
    }


def test_all_of_a_package_names_its_submodules() -> None:
    source = "__all__ = ['a']\n__all__ += ['b']\n"
    assert facts(source, "proj", package=True).imports == {"proj.a", "proj.b"}


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos.environ['K']",
        "import os\nos.environ.get('K', 1)",
        "import os\nos.getenv('K')",
        "import os as o\no.environ['K']",
        "from os import environ\nenviron.setdefault('K', '1')",
        "from os import getenv\ngetenv('K')",
        "import os\n'K' in os.environ",
    ],
)
def test_a_variable_that_is_read_by_its_name_is_followed(source: str) -> None:
    read = facts(source)
    assert read.environment == {"K"}
    assert read.doubts == ()


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("import os\nos.environ", "os.environ"),
        ("import os\nos.environ[name]", "os.environ"),
        ("import os\nos.getenv(name)", "os.getenv"),
        ("import os\ngetattr(os, 'environ')", "the name 'environ'"),
        ("from os import environ as e\ne['K']", "environ of os as e"),
        ("import os\nos.path.expandvars(text)", "os.path.expandvars"),
        ("import importlib\nimportlib.import_module(name)", "importlib.import_module"),
        ("from importlib import import_module as im\nim(name)", "import_module of importlib as im"),
        ("from importlib import import_module\nimport_module('.x', 'p')", "import_module()"),
        ("import importlib.util\nimportlib.util.spec_from_file_location(a, b)", "importlib.util.spec_from_file_location"),
        ("__import__(name)", "__import__()"),
        ("x = 1\nexec(text)", "exec()"),
        ("run = eval", "eval()"),
        ("compile(text, '', 'exec')", "compile()"),
        ("import builtins as b", "import builtins as b"),
        ("from runpy import run_path", "run_path of runpy"),
        ("import sys\nsys.modules[name]", "sys.modules"),
        ("import sys as s\ns.modules", "import sys as s"),
        ("from sys import modules", "modules of sys"),
        ("import sys\ndef f():\n    sys.path.append(x)", "sys.path"),
    ],
)  # fmt: skip
def test_what_cannot_be_followed_is_doubted_at_its_line(source: str, what: str) -> None:
    assert (source.count("\n") + 1, what) in facts(source).doubts or (1, what) in facts(source).doubts


@pytest.mark.parametrize(
    "source",
    [
        "frame.eval('a + b')",
        "import re\nre.compile('x')",
        "from re import compile\ncompile('x')",
        "model.eval()",
        "import sys\nsys.path.append('lib')",
        "net.modules()",
        "__import__('proj.x')",
        "import os\nos.path.join('a', 'b')",
        "self.path.exists()",
    ],
)
def test_what_only_looks_alike_is_not_doubted(source: str) -> None:
    assert facts(source).doubts == ()


def test_a_doubt_is_said_once_a_line() -> None:
    assert facts("eval(eval(x))").doubts == ((1, "eval()"),)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x=1", "x  =  1  # one"),
        ("def f():\n  return 1", "def f():\n    '''One.'''\n\n    return 1"),
        ("class C:\n    x = 1", "class C:\n    '''C.'''\n    x = 1"),
        ("x = 'a'", 'x = "a"'),
        ("x = (1 +\n 2)", "x = 1 + 2"),
        ("'''Doc.'''\nx = 1", "x = 1"),
        ("x = 1_000", "x = 1000"),
    ],
)
def test_comments_docstrings_and_formatting_do_not_count(one: str, other: str) -> None:
    assert facts(one).digests == facts(other).digests


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1", "x = True"),
        ("x = 1", "x = 1.0"),
        ("x = 0.0", "x = -0.0"),
        ("x = 'a'", "x = b'a'"),
        ("x = (1, 2)", "x = [1, 2]"),
        ("x = {'a': 1, 'b': 2}", "x = {'b': 2, 'a': 1}"),
        ("def f(a, b): ...", "def f(b, a): ..."),
        ("def f(a=1): ...", "def f(a=2): ..."),
        ("@a\n@b\ndef f(): ...", "@b\n@a\ndef f(): ..."),
        ("f('text')", "f('texts')"),
        ("async def f(): ...", "def f(): ..."),
    ],
)
def test_whatever_python_tells_apart_counts(one: str, other: str) -> None:
    assert facts(one).digests != facts(other).digests


def test_a_path_in_a_docstring_is_no_path() -> None:
    assert facts("def f():\n    'data/x.csv'\n    return 'data/y.csv'").texts == {"data/y.csv"}


def test_long_texts_and_texts_of_many_lines_are_no_paths() -> None:
    assert facts(f"x = '{'a' * 300}'\ny = 'a\\nb'\nz = ''").texts == set()


def test_no_python_is_refused() -> None:
    with pytest.raises(SyntaxError):
        facts("def")


@given(st.text(alphabet="ab# \n", max_size=20))
def test_a_comment_line_never_counts(comment: str) -> None:
    line = comment.replace("\n", " ")
    assert facts(f"# {line}\nx = 1\n").digests == facts("x = 1").digests
