"""Edits of definitions, each with what has to run: `measure` and `other` stand in modules of their own, or in one."""

# ruff: noqa: E501 (a table reads better with a row a line)

from __future__ import annotations

from typing import TYPE_CHECKING

from .code_edits import MEASURE, NOTHING, Edit, at_top, in_body, node_with

if TYPE_CHECKING:
    from collections.abc import Mapping

BOTH = frozenset({"measure", "other"})
OTHER = frozenset({"other"})


def of(
    what: str, top: str, body: str, before: str, after: str, runs: frozenset[str] = MEASURE, **files: str
) -> Edit:
    """Return an edit of ``base.py``, whose names the node's module may import."""
    more = {name.replace("__", "/") + ".py": text for name, text in files.items()}
    return Edit(what, {**node_with(body, top=top), "base.py": before, **more}, {"base.py": after}, runs)


def elsewhere(
    what: str, top: str, body: str, file: str, before: str, after: str, runs: frozenset[str], **files: str
) -> Edit:
    """Return an edit of a module that the node's need not import."""
    more = {name.replace("__", "/") + ".py": text for name, text in files.items()}
    return Edit(what, {**node_with(body, top=top), **more, file: before}, {file: after}, runs)


def two_nodes(measure: str, other: str, top: str = "") -> Mapping[str, str]:
    """Return a module with both nodes in it, and what stands above them."""
    lines = ["from mlflow_tmpl import node", *top.splitlines()]
    for name, output, body in (("measure", "measured", measure), ("other", "other", other)):
        lines += ["", f'@node(outputs="{output}")', f"def {name}(raw):", f"    {body}"]
    return {"nodes/measure.py": "\n".join([*lines, ""]), "nodes/other.py": ""}


def in_one(
    what: str,
    top: str,
    new_top: str,
    runs: frozenset[str],
    measure: str = "return len(raw) * scale(2)",
    other: str = "return shift(2)",
    **files: str,
) -> Edit:
    """Return an edit of what stands above two nodes of one module."""
    more = {name.replace("__", "/") + ".py": text for name, text in files.items()}
    return Edit(what, {**two_nodes(measure, other, top), **more}, two_nodes(measure, other, new_top), runs)


_PAIR = "def scale(x):\n    return x * {}\ndef shift(x):\n    return x + {}\n"
_SCALE = "from proj.base import scale"
_TABLE = "TABLE = {'a': 1}\ndef scale(x):\n    return x * TABLE.get('b', 2)\n"
_REGISTRY = "KNOWN = {}\ndef register(f):\n    KNOWN[f.__name__] = f\n    return f\n"
_CALLED = "from proj.base import KNOWN\nimport proj.plugins"
_CLASS = "class Scale:\n    k = {}\n    def by(self, x):\n        return x * self.k\n    def name(self):\n        return {!r}\n"
_TIMED = "import functools\ndef timed(f):\n    @functools.wraps(f)\n    def inner(*a, **k):\n        return f(*a, **k){}\n    return inner\n"

GRAIN = [
    in_one("a helper of one of two nodes", _PAIR.format(2, 1), _PAIR.format(3, 1), MEASURE),
    in_one("a helper of the other of two nodes", _PAIR.format(2, 1), _PAIR.format(2, 2), OTHER),
    in_one(
        "helpers that change places",
        _PAIR.format(2, 1),
        "def shift(x):\n    return x + 1\ndef scale(x):\n    return x * 2\n",
        NOTHING,
    ),
    in_one(
        "a new helper that nobody calls",
        _PAIR.format(2, 1),
        _PAIR.format(2, 1) + "def new(): return 1\n",
        NOTHING,
    ),
    in_one("a new constant that nobody reads", _PAIR.format(2, 1), "NEW = 1\n" + _PAIR.format(2, 1), NOTHING),
    in_one(
        "a new import that nobody uses",
        _PAIR.format(2, 1),
        "import json\nimport numpy as np\n" + _PAIR.format(2, 1),
        NOTHING,
    ),
    in_one(
        "a constant of one helper",
        "K = 2\ndef scale(x): return x * K\ndef shift(x): return x",
        "K = 3\ndef scale(x): return x * K\ndef shift(x): return x",
        MEASURE,
    ),
    in_one(
        "a constant made of another",
        "A = 1\nK = A + 1\ndef scale(x): return x * K\ndef shift(x): return x",
        "A = 2\nK = A + 1\ndef scale(x): return x * K\ndef shift(x): return x",
        MEASURE,
    ),
    in_one(
        "a constant made by a pure call",
        "K = max(1, 2)\ndef scale(x): return x * K\ndef shift(x): return x",
        "K = max(1, 3)\ndef scale(x): return x * K\ndef shift(x): return x",
        MEASURE,
    ),
    in_one(
        "a pattern that one helper uses",
        "import re\nP = re.compile('a')\ndef scale(x): return len(P.pattern)\ndef shift(x): return x",
        "import re\nP = re.compile('aa')\ndef scale(x): return len(P.pattern)\ndef shift(x): return x",
        MEASURE,
    ),
    in_one(
        "a logger's name",
        "import logging\nLOG = logging.getLogger('a')\ndef scale(x): return x\ndef shift(x):\n    LOG.debug('x')\n    return x",
        "import logging\nLOG = logging.getLogger('b')\ndef scale(x): return x\ndef shift(x):\n    LOG.debug('x')\n    return x",
        OTHER,
    ),
    in_one(
        "a helper of both",
        "def k(): return 1\ndef scale(x): return x * k()\ndef shift(x): return x + k()",
        "def k(): return 2\ndef scale(x): return x * k()\ndef shift(x): return x + k()",
        BOTH,
    ),
    in_one(
        "a helper's helper",
        "def k(): return 1\ndef scale(x): return x * k()\ndef shift(x): return x",
        "def k(): return 2\ndef scale(x): return x * k()\ndef shift(x): return x",
        MEASURE,
    ),
    in_one(
        "two that call each other",
        "def scale(x, n=2): return turn(x, n)\ndef turn(x, n): return x if not n else scale(x * 2, n - 1)\ndef shift(x): return x",
        "def scale(x, n=2): return turn(x, n)\ndef turn(x, n): return x if not n else scale(x * 3, n - 1)\ndef shift(x): return x",
        MEASURE,
    ),
    in_one(
        "the decorator of one",
        _TIMED.format("") + "@timed\ndef scale(x): return x\ndef shift(x): return x",
        _TIMED.format(" + 1") + "@timed\ndef scale(x): return x\ndef shift(x): return x",
        MEASURE,
    ),
    in_one(
        "a helper with a pure decorator",
        _TIMED.format("") + "@timed\ndef scale(x): return x\n@timed\ndef shift(x): return x",
        _TIMED.format("") + "@timed\ndef scale(x): return x + 1\n@timed\ndef shift(x): return x",
        MEASURE,
    ),
    in_one(
        "a cached helper",
        "from functools import lru_cache\n@lru_cache(maxsize=None)\ndef scale(x): return x\ndef shift(x): return x",
        "from functools import lru_cache\n@lru_cache(maxsize=None)\ndef scale(x): return x + 1\ndef shift(x): return x",
        MEASURE,
    ),
    in_one(
        "a class that one uses",
        "class A:\n    def f(self): return 1\ndef scale(x): return A().f()\ndef shift(x): return x",
        "class A:\n    def f(self): return 2\ndef scale(x): return A().f()\ndef shift(x): return x",
        MEASURE,
    ),
    in_one(
        "a dataclass that one uses",
        "from dataclasses import dataclass\n@dataclass\nclass A:\n    f: int = 1\ndef scale(x): return A().f\ndef shift(x): return x",
        "from dataclasses import dataclass\n@dataclass\nclass A:\n    f: int = 2\ndef scale(x): return A().f\ndef shift(x): return x",
        MEASURE,
    ),
    in_one(
        "a base class that one uses",
        "class B:\n    k = 1\nclass A(B): pass\ndef scale(x): return A.k\ndef shift(x): return x",
        "class B:\n    k = 2\nclass A(B): pass\ndef scale(x): return A.k\ndef shift(x): return x",
        MEASURE,
    ),
    in_one(
        "a table of functions",
        "def f(x): return x\nT = {'f': f}\ndef scale(x): return T['f'](x)\ndef shift(x): return x",
        "def f(x): return x + 1\nT = {'f': f}\ndef scale(x): return T['f'](x)\ndef shift(x): return x",
        MEASURE,
    ),
    in_one(
        "a lambda in a list",
        "T = [lambda x: x]\ndef scale(x): return T[0](x)\ndef shift(x): return x",
        "T = [lambda x: x + 1]\ndef scale(x): return T[0](x)\ndef shift(x): return x",
        MEASURE,
    ),
    in_one(
        "a condition at the top",
        "if True:\n    K = 1\nelse:\n    K = 2\ndef scale(x): return K\ndef shift(x): return x",
        "if False:\n    K = 1\nelse:\n    K = 2\ndef scale(x): return K\ndef shift(x): return x",
        MEASURE,
    ),
    in_one(
        "a second definition of a name",
        "def scale(x): return 1\ndef shift(x): return x",
        "def scale(x): return 1\ndef scale(x): return 2\ndef shift(x): return x",
        MEASURE,
    ),
    in_one(
        "two definitions of a name that change places",
        "def scale(x): return 1\ndef scale(x): return 2\ndef shift(x): return x",
        "def scale(x): return 2\ndef scale(x): return 1\ndef shift(x): return x",
        MEASURE,
    ),
    in_one(
        "what runs as a script",
        "def scale(x): return x\ndef shift(x): return x\nif __name__ == '__main__':\n    scale(1)",
        "def scale(x): return x\ndef shift(x): return x\nif __name__ == '__main__':\n    scale(2)",
        NOTHING,
    ),
    in_one(
        "warnings that are switched off",
        "def scale(x): return x\ndef shift(x): return x",
        "import warnings\nwarnings.filterwarnings('ignore')\ndef scale(x): return x\ndef shift(x): return x",
        NOTHING,
    ),
    Edit(
        "a tag of the node",
        {
            "nodes/measure.py": "from mlflow_tmpl import node\n@node(outputs='measured')\ndef measure(raw): return 1\n"
        },
        {
            "nodes/measure.py": "from mlflow_tmpl import node\n@node(outputs='measured', tags=['x'])\ndef measure(raw): return 1\n"
        },
        NOTHING,
    ),
    in_body(
        "the name of a local variable",
        "total = len(raw); return total + 1",
        "count = len(raw); return count + 1",
        NOTHING,
    ),
    in_body(
        "the name of a loop variable",
        "return [x + 1 for x in raw]",
        "return [item + 1 for item in raw]",
        NOTHING,
    ),
    in_body(
        "two local variables that change names",
        "a = 1; b = 2; return a - b",
        "b = 1; a = 2; return b - a",
        NOTHING,
    ),
    in_body(
        "two local variables that change roles",
        "a = 1; b = 2; return a - b",
        "a = 1; b = 2; return b - a",
        MEASURE,
    ),
    in_body("a local variable that shadows a global", "K = 1; return K", "K = 1; return len(raw)", MEASURE),
    in_body(
        "a local variable that locals() tells",
        "a = 1; return sorted(locals())",
        "b = 1; return sorted(locals())",
        MEASURE,
    ),
    in_body(
        "a local variable in an f-string that names it",
        "a = 1; return f'{a=}'",
        "b = 1; return f'{b=}'",
        MEASURE,
    ),
    in_body(
        "local variables that a query names",
        "import pandas as pd; a = 1; b = 2; return len(pd.DataFrame({'x': [1, 2, 3]}).query('x > @a'))",
        "import pandas as pd; b = 1; a = 2; return len(pd.DataFrame({'x': [1, 2, 3]}).query('x > @a'))",
        MEASURE,
    ),
    at_top(
        "a global that a query names",
        "import pandas as pd\nK = 1",
        "import pandas as pd\nK = 2",
        "return len(pd.DataFrame({'x': [1, 2, 3]}).query('x > @K'))",
    ),
    at_top(
        "a global that a parameter's default is",
        "K = 1\ndef f(x=K): return x",
        "K = 2\ndef f(x=K): return x",
        "return f()",
    ),
    at_top(
        "a name in a nested function",
        "K = 1\ndef f():\n    def g():\n        return K\n    return g()",
        "K = 2\ndef f():\n    def g():\n        return K\n    return g()",
        "return f()",
    ),
    at_top("a name in a comprehension's condition", "K = 1", "K = 2", "return [x for x in raw if x > K]"),
    at_top(
        "a name that a class body reads",
        "K = 1\nclass A:\n    K = K",
        "K = 2\nclass A:\n    K = K",
        "return A.K",
    ),
    at_top(
        "an annotation that is evaluated",
        "from typing import get_type_hints\nclass A:\n    x: 'int'",
        "from typing import get_type_hints\nclass A:\n    x: 'str'",
        "return get_type_hints(A)['x'].__name__",
    ),
    at_top(
        "an exception class",
        "class E(ValueError):\n    k = 1",
        "class E(ValueError):\n    k = 2",
        "try:\n        raise E()\n    except E as e:\n        return e.k",
    ),
    at_top(
        "a matched class",
        "class P:\n    __match_args__ = ('x',)\n    x = 1",
        "class P:\n    __match_args__ = ('x',)\n    x = 2",
        "match P():\n        case P(y):\n            return y",
    ),
    at_top(
        "a global that another function sets",
        "K = 0\ndef init():\n    global K\n    K = 1\ninit()",
        "K = 0\ndef init():\n    global K\n    K = 2\ninit()",
        "return K",
    ),
    at_top(
        "a global that only a function sets",
        "def init():\n    global K\n    K = 1",
        "def init():\n    global K\n    K = 2",
        "init(); return K",
    ),
    at_top("a list that is appended to", "L = []\nL.append(1)", "L = []\nL.append(2)", "return L"),
    at_top(
        "the order of what is done",
        "L = []\nL.append(1)\nL.append(2)",
        "L = []\nL.append(2)\nL.append(1)",
        "return L",
    ),
    at_top(
        "a copy before and after a change",
        "L = []\nM = list(L)\nL.append(1)",
        "L = []\nL.append(1)\nM = list(L)",
        "return M",
    ),
    at_top(
        "a loop at the top",
        "T = {}\nfor i in range(2): T[i] = i",
        "T = {}\nfor i in range(3): T[i] = i",
        "return len(T)",
    ),
    at_top(
        "globals() in a loop",
        "for i in range(2): globals()[f'K{i}'] = i",
        "for i in range(2): globals()[f'K{i}'] = i + 1",
        "return K1",
    ),
    at_top(
        "an attribute that is set on a function",
        "def f(): return f.k\nf.k = 1",
        "def f(): return f.k\nf.k = 2",
        "return f()",
    ),
    at_top(
        "a with at the top",
        "import contextlib\nwith contextlib.nullcontext(1) as K: pass",
        "import contextlib\nwith contextlib.nullcontext(2) as K: pass",
        "return K",
    ),
    at_top("a name that is deleted", "K = 1\nlen_ = K\ndel K", "K = 2\nlen_ = K\ndel K", "return len_"),
    at_top(
        "functools.partial",
        "from functools import partial\ndef f(x, y): return x + y\ng = partial(f, 1)",
        "from functools import partial\ndef f(x, y): return x + y\ng = partial(f, 2)",
        "return g(1)",
    ),
    at_top(
        "single dispatch",
        "from functools import singledispatch\n@singledispatch\ndef f(x): return 0\n@f.register(int)\ndef _(x): return 1",
        "from functools import singledispatch\n@singledispatch\ndef f(x): return 0\n@f.register(int)\ndef _(x): return 2",
        "return f(3)",
    ),
    at_top(
        "a subclass that is found by __subclasses__",
        "class B: pass\nclass A(B):\n    k = 1",
        "class B: pass\nclass A(B):\n    k = 2",
        "return [c.k for c in B.__subclasses__()]",
    ),
    at_top(
        "a class that registers itself",
        "class B:\n    known = []\n    def __init_subclass__(cls): B.known.append(cls)\nclass A(B):\n    k = 1",
        "class B:\n    known = []\n    def __init_subclass__(cls): B.known.append(cls)\nclass A(B):\n    k = 2",
        "return [c.k for c in B.known]",
    ),
    at_top("what eval sees", "K = 1", "K = 2", "return eval('K')"),
]

ACROSS = [
    of(
        "a function beside the one that is imported",
        _SCALE,
        "return scale(1)",
        _PAIR.format(2, 1),
        _PAIR.format(2, 2),
        NOTHING,
    ),
    of("the function that is imported", _SCALE, "return scale(1)", _PAIR.format(2, 1), _PAIR.format(3, 1)),
    of(
        "a function beside, module imported",
        "from proj import base",
        "return base.scale(1)",
        _PAIR.format(2, 1),
        _PAIR.format(2, 2),
        NOTHING,
    ),
    of(
        "a function beside, through a re-export",
        "from proj.api import scale",
        "return scale(1)",
        _PAIR.format(2, 1),
        _PAIR.format(2, 2),
        NOTHING,
        api="from proj.base import scale, shift",
    ),
    of(
        "a function through a star and a re-export",
        "from proj.api import *",
        "return scale(1)",
        _PAIR.format(2, 1),
        _PAIR.format(3, 1),
        MEASURE,
        api="from proj.base import *",
    ),
    of(
        "a function beside, through a star",
        "from proj.base import *",
        "return scale(1)",
        _PAIR.format(2, 1),
        _PAIR.format(2, 2),
        NOTHING,
    ),
    of(
        "a module that is passed as a value",
        "from proj import base\ndef call(m): return m.shift(1)",
        "return call(base)",
        _PAIR.format(2, 1),
        _PAIR.format(2, 2),
    ),
    of(
        "a function by getattr",
        "from proj import base",
        "return getattr(base, raw and 'sh' + 'ift')(1)",
        _PAIR.format(2, 1),
        _PAIR.format(2, 2),
    ),
    of(
        "a function by vars",
        "from proj import base",
        "return vars(base)['shi' + 'ft'](1)",
        _PAIR.format(2, 1),
        _PAIR.format(2, 2),
    ),
    of(
        "a function by __dict__",
        "from proj import base",
        "return base.__dict__['shi' + 'ft'](1)",
        _PAIR.format(2, 1),
        _PAIR.format(2, 2),
    ),
    of(
        "a module's __getattr__",
        "from proj import base",
        "return base.anything",
        "def __getattr__(name): return 1",
        "def __getattr__(name): return 2",
    ),
    of(
        "a method that is not called",
        "from proj.base import Scale",
        "return Scale().by(1)",
        _CLASS.format(2, "a"),
        _CLASS.format(2, "b"),
    ),
    of(
        "a class attribute",
        "from proj.base import Scale",
        "return Scale().by(1)",
        _CLASS.format(2, "a"),
        _CLASS.format(3, "a"),
    ),
    of(
        "an object of the module",
        "from proj.base import it",
        "return it.by(1)",
        _CLASS.format(2, "a") + "it = Scale()",
        _CLASS.format(3, "a") + "it = Scale()",
    ),
    of(
        "a type that a parameter of a helper is annotated with",
        "from proj.base import f",
        "return f(1)",
        "class A: k = 1\ndef f(x: 'A'): return A.k",
        "class A: k = 2\ndef f(x: 'A'): return A.k",
    ),
    of("a table that stays as it is", _SCALE, "return scale(1)", _TABLE, _TABLE.replace("'a': 1", "'a': 3")),
    elsewhere(
        "a table that a node module of its own changes",
        _SCALE,
        "return scale(1)",
        "nodes/patch.py",
        "from proj.base import TABLE\nTABLE['b'] = 5",
        "from proj.base import TABLE\nTABLE['b'] = 6",
        MEASURE,
        base=_TABLE,
    ),
    elsewhere(
        "a table that is updated elsewhere",
        _SCALE,
        "return scale(1)",
        "nodes/patch.py",
        "import proj.base\nproj.base.TABLE.update(b=5)",
        "import proj.base\nproj.base.TABLE.update(b=6)",
        MEASURE,
        base=_TABLE,
    ),
    elsewhere(
        "a function that is replaced elsewhere",
        _SCALE.replace("from proj.base import scale", "from proj import base"),
        "return base.scale(1)",
        "nodes/patch.py",
        "from proj import base\nbase.scale = lambda x: 5",
        "from proj import base\nbase.scale = lambda x: 6",
        MEASURE,
        base=_PAIR.format(2, 1),
    ),
    elsewhere(
        "a function that setattr replaces elsewhere",
        "from proj import base",
        "return base.scale(1)",
        "nodes/patch.py",
        "from proj import base\nsetattr(base, 'scale', lambda x: 5)",
        "from proj import base\nsetattr(base, 'scale', lambda x: 6)",
        MEASURE,
        base=_PAIR.format(2, 1),
    ),
    elsewhere(
        "a function that a loop replaces elsewhere",
        "from proj import base",
        "return base.scale(1)",
        "nodes/patch.py",
        "from proj import base\nfor n in ['scale']: setattr(base, n, lambda x: 5)",
        "from proj import base\nfor n in ['scale']: setattr(base, n, lambda x: 6)",
        MEASURE,
        base=_PAIR.format(2, 1),
    ),
    elsewhere(
        "a method that is replaced elsewhere",
        "from proj.base import Scale",
        "return Scale().by(1)",
        "nodes/patch.py",
        "from proj.base import Scale\nScale.by = lambda self, x: 5",
        "from proj.base import Scale\nScale.by = lambda self, x: 6",
        MEASURE,
        base=_CLASS.format(2, "a"),
    ),
    elsewhere(
        "a helper of what replaces a function",
        "from proj import base",
        "return base.scale(1)",
        "helper.py",
        "def k(): return 5",
        "def k(): return 6",
        MEASURE,
        base=_PAIR.format(2, 1),
        nodes__patch="from proj import base, helper\nbase.scale = lambda x: helper.k()",
    ),
    elsewhere(
        "a function that a call replaces",
        "from proj import base",
        "return base.scale(1)",
        "nodes/patch.py",
        "from proj import base\ndef patch():\n    base.scale = lambda x: 5\npatch()",
        "from proj import base\ndef patch():\n    base.scale = lambda x: 6\npatch()",
        MEASURE,
        base=_PAIR.format(2, 1),
    ),
    elsewhere(
        "a plug-in that registers",
        _CALLED,
        "return KNOWN['plug']()",
        "plugins.py",
        "from proj.base import register\n@register\ndef plug(): return 1",
        "from proj.base import register\n@register\ndef plug(): return 2",
        MEASURE,
        base=_REGISTRY,
    ),
    elsewhere(
        "a plug-in that registers from a node module",
        "from proj.base import KNOWN",
        "return KNOWN['plug']()",
        "nodes/plugins.py",
        "from proj.base import register\n@register\ndef plug(): return 1",
        "from proj.base import register\n@register\ndef plug(): return 2",
        MEASURE,
        base=_REGISTRY,
    ),
    elsewhere(
        "a subclass that registers itself from a node module",
        "from proj.base import B",
        "return [c.k for c in B.known]",
        "nodes/plugins.py",
        "from proj.base import B\nclass A(B):\n    k = 1",
        "from proj.base import B\nclass A(B):\n    k = 2",
        MEASURE,
        base="class B:\n    known = []\n    def __init_subclass__(cls): B.known.append(cls)",
    ),
    elsewhere(
        "a subclass that a metaclass registers",
        "from proj.base import KNOWN",
        "return [c.k for c in KNOWN[1:]]",
        "nodes/plugins.py",
        "from proj.base import B\nclass A(B):\n    k = 1",
        "from proj.base import B\nclass A(B):\n    k = 2",
        MEASURE,
        base="KNOWN = []\nclass M(type):\n    def __init__(cls, *a):\n        super().__init__(*a)\n        KNOWN.append(cls)\nclass B(metaclass=M): pass",
    ),
    elsewhere(
        "a seed that is set elsewhere",
        "import random",
        "return random.random()",
        "nodes/seed.py",
        "import random\nrandom.seed(1)",
        "import random\nrandom.seed(2)",
        BOTH,
    ),
    elsewhere(
        "an option that is set elsewhere",
        "import decimal",
        "return str(decimal.Decimal(1) / decimal.Decimal(3))",
        "nodes/seed.py",
        "import decimal\ndecimal.getcontext().prec = 5",
        "import decimal\ndecimal.getcontext().prec = 6",
        BOTH,
    ),
    elsewhere(
        "a constant of another node module", "", "return 1", "nodes/aside.py", "K = 1", "K = 2", NOTHING
    ),
    elsewhere(
        "an object that another node module makes",
        "",
        "return 1",
        "nodes/aside.py",
        "from collections import Counter\nK = Counter('a')",
        "from collections import Counter\nK = Counter('b')",
        NOTHING,
    ),
    elsewhere(
        "a module that comes to be imported for nothing",
        "from proj import base",
        "return base.scale(1)",
        "base.py",
        _PAIR.format(2, 1),
        "import proj.late\n" + _PAIR.format(2, 1),
        NOTHING,
        late="K = 1",
    ),
    elsewhere(
        "an import inside a helper",
        "from proj.base import f",
        "return f()",
        "late.py",
        "def g(): return 1\ndef h(): return 1",
        "def g(): return 2\ndef h(): return 1",
        MEASURE,
        base="def f():\n    from proj.late import g\n    return g()",
    ),
    elsewhere(
        "what stands beside an import inside a helper",
        "from proj.base import f",
        "return f()",
        "late.py",
        "def g(): return 1\ndef h(): return 1",
        "def g(): return 1\ndef h(): return 2",
        NOTHING,
        base="def f():\n    from proj.late import g\n    return g()",
    ),
    elsewhere(
        "a function of the same name elsewhere",
        _SCALE,
        "return scale(1)",
        "twin.py",
        "def scale(x): return 1",
        "def scale(x): return 2",
        NOTHING,
        base=_PAIR.format(2, 1),
    ),
    Edit(
        "where a function is imported from",
        {
            **node_with("return scale(1)", top=_SCALE),
            "base.py": "def scale(x): return 1",
            "twin.py": "def scale(x): return 2",
        },
        node_with("return scale(1)", top="from proj.twin import scale"),
    ),
    Edit(
        "which function of a package is imported",
        node_with("return m([1, 2, 9])", top="from statistics import mean as m"),
        node_with("return m([1, 2, 9])", top="from statistics import median as m"),
    ),
    Edit(
        "a decorator that runs what it decorates",
        {
            **node_with("return sum(SEEN)", top="from proj.base import SEEN"),
            "base.py": "SEEN = []\ndef run(f):\n    SEEN.append(f())\n    return f\n",
            "nodes/more.py": "from proj.base import run\n@run\ndef k(): return 1",
        },
        {"nodes/more.py": "from proj.base import run\n@run\ndef k(): return 2"},
    ),
    Edit(
        "the order in which modules change a list",
        {
            **node_with("return SEEN", top="from proj.base import SEEN\nimport proj.one, proj.two"),
            "base.py": "SEEN = []",
            "one.py": "from proj.base import SEEN\nSEEN.append(1)",
            "two.py": "from proj.base import SEEN\nSEEN.append(2)",
        },
        node_with("return SEEN", top="from proj.base import SEEN\nimport proj.two, proj.one"),
    ),
]
