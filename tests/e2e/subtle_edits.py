"""Edits that no name tells of: the order of definitions, what operators and patches do, what reads texts of code."""

# ruff: noqa: E501 (a table reads better with a row a line)

from __future__ import annotations

from .code_edits import MEASURE, at_top
from .definition_edits import elsewhere, of

_REG = "from proj.reg import REG"
_PLUGIN = {"nodes__zz": "import proj.base"}
_WITH = "class R:\n    v = None\n    def {}(self, x): self.v = x\nREG = R()\n"
_RECORD = "REG = []\ndef record(x):\n    REG.append(x)\n    return x\n"
_FOR = "from typing import get_type_hints\n"
_TWO = {"two": "def p(): return 1", "three": "def p(): return 5"}

ORDER = [
    at_top("a constant that is copied before it is bound again", "A = 1\nB = A\nA = 2", "A = 1\nA = 2\nB = A", "return B"),
    at_top(
        "a function that gets a second name before it is defined again",
        "def f(): return 1\ng = f\ndef f(): return 2",
        "def f(): return 1\ndef f(): return 2\ng = f",
        "return g()",
    ),
    at_top(
        "a default that is taken before a constant is bound again",
        "A = 1\ndef f(x=A): return x\nA = 2",
        "A = 1\nA = 2\ndef f(x=A): return x",
        "return f()",
    ),
    at_top(
        "a decorator that is defined again",
        "def d(f): return lambda: 1\n@d\ndef f(): pass\ndef d(f): return lambda: 2",
        "def d(f): return lambda: 1\ndef d(f): return lambda: 2\n@d\ndef f(): pass",
        "return f()",
    ),
]  # fmt: skip

STARS = [
    elsewhere(
        "the order of two stars",
        "from proj.api import p",
        "return p()",
        "api.py",
        "from proj.two import *\nfrom proj.three import *",
        "from proj.three import *\nfrom proj.two import *",
        MEASURE,
        **_TWO,
    ),
    elsewhere(
        "a star that comes to stand after a definition",
        "from proj.api import p",
        "return p()",
        "api.py",
        "from proj.two import *\ndef p(): return 9",
        "def p(): return 9\nfrom proj.two import *",
        MEASURE,
        **_TWO,
    ),
    of(
        "a function that a star puts in the place of another",
        "from proj.api import p",
        "return p()",
        "def p(): return 1",
        "def p(): return 2",
        api="def p(): return 9\nfrom proj.base import *",
    ),
]

CHANGED_FROM_ELSEWHERE = [
    of(
        "a class that a function is given to patch",
        "from proj import mid",
        "return mid.C().v()",
        "from proj.mid import C\ndef patch(c): c.v = lambda s: 1\npatch(C)",
        "from proj.mid import C\ndef patch(c): c.v = lambda s: 2\npatch(C)",
        mid="class C:\n    def v(self): return 0",
        **_PLUGIN,
    ),
    of(
        "a single dispatch from another module",
        "from proj.reg import f",
        "return f(3)",
        "from proj.reg import f\n@f.register\ndef _(x: int): return 1",
        "from proj.reg import f\n@f.register\ndef _(x: int): return 2",
        reg="from functools import singledispatch\n@singledispatch\ndef f(x): return 0",
        **_PLUGIN,
    ),
    of("a partial that is called on the spot", _REG, "return REG", "from functools import partial\nfrom proj.reg import record\nX = partial(record, 1)()", "from functools import partial\nfrom proj.reg import record\nX = partial(record, 2)()", reg=_RECORD, **_PLUGIN),
    of("an operator that keeps something", _REG, "return REG.v", f"{_REG}\nX = REG << 1", f"{_REG}\nX = REG << 2", reg=_WITH.format("__lshift__"), **_PLUGIN),
    of("a subscript that keeps something", _REG, "return REG.v", f"{_REG}\nX = REG[1]", f"{_REG}\nX = REG[2]", reg=_WITH.format("__getitem__"), **_PLUGIN),
]  # fmt: skip

TEXTS_OF_CODE = [
    of("a docstring that is read", "from proj.base import k", "return k.__doc__", "def k():\n    'one'", "def k():\n    'two'"),
    of("a docstring that is asked for", "import inspect\nfrom proj import base", "return inspect.getdoc(base)", "'one'", "'two'"),
    of("a comment where the source is read", "import inspect\nfrom proj import base", "return inspect.getsource(base)", "# one\nK = 1", "# two\nK = 1"),
    of("annotations that become texts", f"{_FOR}from proj.base import f", "return str(f.__annotations__)", "def f(x: int): pass", "from __future__ import annotations\ndef f(x: int): pass"),
    of("a name that an import was tried for", "try:\n    from proj.base import k\n    HAS = 1\nexcept ImportError:\n    HAS = 0", "return HAS", "j = 1", "k = 1"),
    of("a class that only a pickle names", "import pickle", r"return pickle.loads(b'cproj.base\nC\n.').v", "class C:\n    v = 1", "class C:\n    v = 2"),
]  # fmt: skip

SUBTLE = [*ORDER, *STARS, *CHANGED_FROM_ELSEWHERE, *TEXTS_OF_CODE]
