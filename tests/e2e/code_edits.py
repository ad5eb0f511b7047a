"""Edits of code, each with what has to run after it: `measure` can reach what is edited, `other` cannot."""

# ruff: noqa: E501 (a table reads better with a row a line)

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MEASURE = frozenset({"measure"})
NOTHING: frozenset[str] = frozenset()

PROJECT = {
    "conf/base/catalog.yml": """
        raw: data/raw.json
        measured: out/measured.json
        other: out/other.json
        """,
    "data/raw.json": "[1, 2, 3]",
    "src/proj/__init__.py": "",
    "src/proj/nodes/__init__.py": "",
    "src/proj/nodes/other.py": """
        from mlflow_tmpl import node

        @node(outputs="other")
        def other(raw):
            return len(raw)
        """,
}


@dataclass(frozen=True)
class Edit:
    """An edit of a project's code.

    Attributes:
        what: is edited.
        before: files, by path below the package; the node module is ``nodes/measure.py``.
        after: the files that change; ``None`` for one that goes.
        runs: names of the nodes that have to run, no more and no fewer.
        environ: environment variables that change with the edit.
    """

    what: str
    before: Mapping[str, str]
    after: Mapping[str, str | None]
    runs: frozenset[str] = MEASURE
    environ: Mapping[str, str] = field(default_factory=dict)


def node_with(body: str, *, top: str = "") -> dict[str, str]:
    """Return the node module, with a body of one line for its function and lines to stand above it."""
    lines = ["from mlflow_tmpl import node", *top.splitlines(), "", '@node(outputs="measured")']
    return {"nodes/measure.py": "\n".join([*lines, "def measure(raw):", f"    {body}", ""])}


def in_body(what: str, before: str, after: str, runs: frozenset[str] = MEASURE) -> Edit:
    """Return an edit of the node's body."""
    return Edit(what, node_with(before), node_with(after), runs)


def at_top(what: str, before: str, after: str, body: str, runs: frozenset[str] = MEASURE) -> Edit:
    """Return an edit of what stands above the node in its module."""
    return Edit(what, node_with(body, top=before), node_with(body, top=after), runs)


def in_helper(what: str, top: str, body: str, files: Mapping[str, str] | None = None) -> Edit:
    """Return an edit of ``helpers.py`` from a factor of 2 to one of 3."""
    helper = "FACTOR = {}\n\ndef scale(x):\n    return x * FACTOR\n"
    before = {**node_with(body, top=top), **(files or {}), "helpers.py": helper.format(2)}
    return Edit(what, before, {"helpers.py": helper.format(3)})


_CLASS = "class Scale:\n    factor = {}\n    def by(self, x):\n        return x * self.factor\n"
_BASE_CLASS = "from proj.base import Base\nclass Scale(Base):\n    pass"
_DECORATOR = """
import functools

def times(func):
    @functools.wraps(func)
    def wrapper(*args, **kwargs):
        return func(*args, **kwargs) * {}
    return wrapper
"""
_DECORATED = """
from mlflow_tmpl import node
from proj.deco import times

@node(inputs=["raw"], outputs="measured")
@times
def measure(raw):
    return len(raw)
"""

_DEFAULT = """
from mlflow_tmpl import node

@node(inputs=["raw"], outputs="measured")
def measure(raw, factor={}):
    return len(raw) * factor
"""
_ORDERED = """
from mlflow_tmpl import node
from functools import wraps

def add(f):
    return wraps(f)(lambda raw: f(raw) + 1)

def double(f):
    return wraps(f)(lambda raw: f(raw) * 2)

@node(inputs=["raw"], outputs="measured")
@{}
@{}
def measure(raw):
    return len(raw)
"""
_DATACLASS = "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass C:\n    k: int = {}\n"
_ENUM = "from enum import Enum\nclass C(Enum):\n    ONE = {}\n"

REACHED = [
    in_body("the body of the node", "return len(raw)", "return len(raw) + 1"),
    in_body("a constant in the body", "return sum(raw) * 2", "return sum(raw) * 3"),
    in_body("the type of a constant", "return [x * 1 for x in raw]", "return [x * 1.0 for x in raw]"),
    in_body("the sign of a zero", "return 0.0", "return -0.0"),
    in_body("an operator", "return sum(raw) + 2", "return sum(raw) - 2"),
    at_top("a constant of the module", "K = 2", "K = 3", "return sum(raw) * K"),
    at_top("a dict of the module", "K = {'a': 2}", "K = {'a': 3}", "return sum(raw) * K['a']"),
    at_top("a helper in the module", "def k(): return 2", "def k(): return 3", "return sum(raw) * k()"),
    at_top(
        "a default in the module", "def k(x=2): return x", "def k(x=3): return x", "return sum(raw) * k()"
    ),
    at_top("a lambda in the module", "k = lambda x: x + 1", "k = lambda x: x + 2", "return k(len(raw))"),
    at_top("a method in the module", _CLASS.format(2), _CLASS.format(3), "return Scale().by(len(raw))"),
    in_helper(
        "a helper: import package.module", "import proj.helpers", "return proj.helpers.scale(len(raw))"
    ),
    in_helper("a helper: import as", "import proj.helpers as h", "return h.scale(len(raw))"),
    in_helper(
        "a helper: from package import module", "from proj import helpers", "return helpers.scale(len(raw))"
    ),
    in_helper(
        "a helper: from module import name", "from proj.helpers import scale", "return scale(len(raw))"
    ),
    in_helper("a helper: from import as", "from proj.helpers import scale as s", "return s(len(raw))"),
    in_helper("a helper: from import star", "from proj.helpers import *", "return scale(len(raw))"),
    in_helper("a helper: relative module", "from .. import helpers", "return helpers.scale(len(raw))"),
    in_helper("a helper: relative name", "from ..helpers import scale", "return scale(len(raw))"),
    in_helper("a helper: inside the function", "", "from proj.helpers import scale; return scale(len(raw))"),
    in_helper(
        "a helper: through a re-export",
        "from proj.api import scale",
        "return scale(len(raw))",
        {"api.py": "from proj.helpers import scale"},
    ),
    in_helper(
        "a helper: through a package's __init__",
        "from proj.lib import scale",
        "return scale(len(raw))",
        {"lib/__init__.py": "from ..helpers import scale"},
    ),
    in_helper(
        "a helper: two modules away",
        "from proj.middle import twice",
        "return twice(len(raw))",
        {"middle.py": "from proj import helpers\ndef twice(x): return helpers.scale(helpers.scale(x))"},
    ),
    in_helper(
        "a helper: imported in a try",
        "try:\n    from proj.helpers import scale\nexcept ImportError:\n    scale = len",
        "return scale(len(raw))",
    ),
    in_helper(
        "a helper: import_module with its name",
        "import importlib\nh = importlib.import_module('proj.helpers')",
        "return h.scale(len(raw))",
    ),
    in_helper(
        "a helper: as an attribute of the package, imported by another module",
        "import proj",
        "return proj.helpers.scale(len(raw))",
        {"nodes/another.py": "import proj.helpers"},
    ),
    in_helper(
        "a helper: as an attribute of the package under another name",
        "import proj as p",
        "return p.helpers.scale(len(raw))",
        {"nodes/another.py": "import proj.helpers"},
    ),
    in_helper(
        "a helper: in a circle of imports",
        "from proj.one import one",
        "return one(len(raw))",
        {
            "one.py": "from proj import two\ndef one(x): return two.two(x)",
            "two.py": "from proj import helpers, one\ndef two(x): return helpers.scale(x)",
        },
    ),
    Edit(
        "a submodule that a star import names in __all__",
        {
            **node_with("return part.K", top="from proj.lib import *"),
            "lib/__init__.py": "__all__ = ['part']",
            "lib/part.py": "K = 2",
        },
        {"lib/part.py": "K = 3"},
    ),
    Edit(
        "the __init__ of a package that a module lies in",
        {
            **node_with("return m.f()", top="from proj.lib import m"),
            "lib/__init__.py": "K = 2",
            "lib/m.py": "import proj.lib\ndef f(): return proj.lib.K",
        },
        {"lib/__init__.py": "K = 3"},
    ),
    Edit(
        "a module of a namespace package",
        {**node_with("return K", top="from proj.space.inner import K"), "space/inner.py": "K = 2"},
        {"space/inner.py": "K = 3"},
    ),
    Edit(
        "a module beside the package",
        {**node_with("return K", top="from beside import K"), "../beside.py": "K = 2"},
        {"../beside.py": "K = 3"},
    ),
    Edit(
        "a module beside the package that is named as one of Python's",
        {**node_with("return K", top="from this import K"), "../this.py": "K = 2"},
        {"../this.py": "K = 3"},
    ),
    Edit(
        "a helper that goes, so that the other one is taken",
        {
            **node_with("return K", top="try:\n    from proj.fast import K\nexcept ImportError:\n    K = 1"),
            "fast.py": "K = 2",
        },
        {"fast.py": None},
    ),
    Edit(
        "a base class in another module",
        {
            **node_with("return Scale().by(len(raw))", top=_BASE_CLASS),
            "base.py": _CLASS.format(2).replace("Scale", "Base"),
        },
        {"base.py": _CLASS.format(3).replace("Scale", "Base")},
    ),
    Edit(
        "a decorator in another module",
        {"nodes/measure.py": _DECORATED, "deco.py": _DECORATOR.format(2)},
        {"deco.py": _DECORATOR.format(3)},
    ),
    Edit(
        "a default of the node",
        {"nodes/measure.py": _DEFAULT.format(2)},
        {"nodes/measure.py": _DEFAULT.format(3)},
    ),
    Edit(
        "a default of the node, made by a helper",
        {"nodes/measure.py": "from proj.base import K\n" + _DEFAULT.format("K"), "base.py": "K = 2"},
        {"base.py": "K = 3"},
    ),
    Edit(
        "the order of decorators",
        {"nodes/measure.py": _ORDERED.format("add", "double")},
        {"nodes/measure.py": _ORDERED.format("double", "add")},
    ),
    Edit(
        "a dataclass in another module",
        {**node_with("return C().k", top="from proj.base import C"), "base.py": _DATACLASS.format(2)},
        {"base.py": _DATACLASS.format(3)},
    ),
    Edit(
        "a property of an enum",
        {**node_with("return C.ONE.value", top="from proj.base import C"), "base.py": _ENUM.format(2)},
        {"base.py": _ENUM.format(3)},
    ),
    Edit(
        "a metaclass",
        {
            **node_with("return C.k", top="from proj.base import C"),
            "base.py": "from proj.meta import M\nclass C(metaclass=M):\n    pass",
            "meta.py": "class M(type):\n    k = 2",
        },
        {"meta.py": "class M(type):\n    k = 3"},
    ),
]

_PASSED = "return len(raw)"

NOT_REACHED = [
    in_body("a comment", _PASSED, f"{_PASSED}  # counts", NOTHING),
    in_body("the docstring of the node", _PASSED, f"'What it does.'; {_PASSED}", NOTHING),
    in_body("formatting", "return sum([1, 2])", "return sum( [ 1,\n        2 , ] )", NOTHING),
    in_body("quotes", "return 'x'", 'return "x"', NOTHING),
    in_body("brackets", "return 1 + 2 * 3", "return (1 + (2 * 3))", NOTHING),
    in_body("the spelling of a number", "return 1000 + 16", "return 1_000 + 0x10", NOTHING),
    Edit(
        "the docstring of the module",
        {"nodes/measure.py": _DECORATED, "deco.py": _DECORATOR.format(2)},
        {"nodes/measure.py": f"'Measures.'\n{_DECORATED}"},
        NOTHING,
    ),
    at_top("blank lines", "", "\n\n\n", _PASSED, NOTHING),
    Edit(
        "a module that nothing imports",
        {**node_with(_PASSED), "aside.py": "K = 2"},
        {"aside.py": "K = 3"},
        NOTHING,
    ),
    Edit("a new module that nothing imports", node_with(_PASSED), {"aside.py": "K = 3"}, NOTHING),
    Edit(
        "the docstring of a helper",
        {
            **node_with("return h()", top="from proj.base import h"),
            "base.py": 'def h():\n    """A."""\n    return 1',
        },
        {"base.py": 'def h():\n    """B, at length."""\n    return 1  # one'},
        NOTHING,
    ),
    Edit(
        "the docstring of a decorated and wrapped node",
        {"nodes/measure.py": _DECORATED, "deco.py": _DECORATOR.format(2)},
        {"nodes/measure.py": _DECORATED.replace("    return", "    'Counts.'\n    return")},
        NOTHING,
    ),
    Edit("a variable that is not read", node_with(_PASSED), {}, NOTHING, {"PROJ_OTHER": "1"}),
    Edit(
        "a text file that nothing names",
        node_with(_PASSED),
        {"../../notes.txt": "hello"},
        NOTHING,
    ),
]


def reading(what: str, top: str, body: str) -> Edit:
    """Return a change of an environment variable that the node reads."""
    return Edit(f"the environment by {what}", node_with(body, top=top), {}, MEASURE, {"PROJ_K": "3"})


def naming(what: str, top: str, body: str, file: str = "../../words.txt") -> Edit:
    """Return an edit of a text file that the node reads."""
    return Edit(f"a text file by {what}", {**node_with(body, top=top), file: "one"}, {file: "two"})


OUTSIDE = [
    reading("os.environ.get", "import os", "return os.environ.get('PROJ_K', '2')"),
    reading("os.getenv", "import os", "return os.getenv('PROJ_K', '2')"),
    reading("os.environ[]", "import os", "return os.environ['PROJ_K'] if 'PROJ_K' in os.environ else '2'"),
    reading("os under another name", "import os as system", "return system.environ.get('PROJ_K', '2')"),
    reading("environ under its own name", "from os import environ", "return environ.get('PROJ_K', '2')"),
    reading("getenv under another name", "from os import getenv as get", "return get('PROJ_K', '2')"),
    reading("a star import", "from os import *", "return environ.get('PROJ_K', '2')"),
    reading("a computed name", "import os", "return os.environ.get('PROJ' + '_K', '2')"),
    reading("environb", "import os", "return os.environb.get(b'PROJ_K', b'2').decode()"),
    reading("expandvars", "import os.path", "return os.path.expandvars('$PROJ_K')"),
    reading("getattr", "import os", "return getattr(os, 'environ').get('PROJ_K', '2')"),
    reading("a name for os", "import os\nsystem = os", "return system.environ.get('PROJ_K', '2')"),
    naming("open", "", "return open('words.txt').read()"),
    naming("Path", "from pathlib import Path", "return Path('words.txt').read_text()"),
    naming("a constant", "WORDS = 'words.txt'", "return open(WORDS).read()"),
    naming("a path of several parts", "", "return open('src/words.txt').read()", "../words.txt"),
    naming(
        "Path / name",
        "from pathlib import Path",
        "return (Path('src') / 'words.txt').read_text()",
        "../words.txt",
    ),
    naming(
        "joinpath",
        "from pathlib import Path",
        "return Path('src').joinpath('words.txt').read_text()",
        "../words.txt",
    ),
    naming(
        "os.path.join", "import os", "return open(os.path.join('src', 'words.txt')).read()", "../words.txt"
    ),
    naming(
        "a place beside the module",
        "from pathlib import Path",
        "return Path(__file__).with_name('words.txt').read_text()",
        "nodes/words.txt",
    ),
    naming(
        "a place below the module's folder",
        "from pathlib import Path",
        "return (Path(__file__).parent.parent / 'deep' / 'words.txt').read_text()",
        "deep/words.txt",
    ),
    naming("an f-string", "ROOT = 'src'", "return open(f'{ROOT}/words.txt').read()", "../words.txt"),
    naming(
        "a resource of the package",
        "from importlib import resources",
        "return resources.files('proj').joinpath('words.txt').read_text()",
        "words.txt",
    ),
]

_FOLLOWED = "def k(): return 2"

DYNAMIC = [
    Edit(what, {**node_with(body, top=top), "base.py": _FOLLOWED}, {"base.py": "def k(): return 3"})
    for what, top, body in [
        (
            "import_module by a computed name",
            "import importlib",
            "return importlib.import_module('proj.' + 'base').k()",
        ),
        (
            "import_module under another name",
            "from importlib import import_module as im",
            "return im('proj.' + 'base').k()",
        ),
        (
            "importlib under another name",
            "import importlib as il",
            "return il.import_module('proj.' + 'base').k()",
        ),
        (
            "a relative import_module",
            "from importlib import import_module",
            "return import_module('.base', 'proj').k()",
        ),
        ("__import__", "", "return __import__('proj.' + 'base', fromlist=['k']).k()"),
        ("exec", "", "space = {}; exec('from proj.' + 'base import k', space); return space['k']()"),
        (
            "eval",
            "from proj import __name__ as p",
            "return eval(\"__import__('proj.' + 'base', fromlist=['k'])\").k()",
        ),
        (
            "eval under another name",
            "run = eval",
            "return run(\"__import__('proj.' + 'base', fromlist=['k'])\").k()",
        ),
        ("sys.modules", "import sys, proj.nodes.another", "return sys.modules['proj.' + 'base'].k()"),
        ("runpy", "import runpy", "return runpy.run_module('proj.' + 'base')['k']()"),
        (
            "spec_from_file_location",
            "from importlib.util import spec_from_file_location, module_from_spec",
            "s = spec_from_file_location('b', 'src/proj/' + 'base' + '.py'); m = module_from_spec(s); s.loader.exec_module(m); return m.k()",
        ),
        (
            "a folder put on sys.path",
            "import sys",
            "sys.path.append('src/' + 'proj'); from base import k; return k()",
        ),
        ("builtins", "import builtins", "return builtins.__import__('proj.' + 'base', fromlist=['k']).k()"),
        (
            "builtins under another name",
            "import builtins as b",
            "return b.eval(\"__import__('proj.' + 'base', fromlist=['k'])\").k()",
        ),
        ("pkgutil", "import pkgutil", "return pkgutil.resolve_name('proj.' + 'base:k')()"),
    ]
]
