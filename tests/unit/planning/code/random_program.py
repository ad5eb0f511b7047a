"""Random programs of a few modules, whose definitions reach each other in all the ways that Python has."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MODULES = 4
NODES = 3

DECO = """
import functools
REG = {}
SEEN = []
def plus(n):
    def deco(f):
        @functools.wraps(f)
        def inner(*a, **k):
            return f(*a, **k) + n
        return inner
    return deco
def register(f):
    REG[f.__name__] = f
    return f
def run(f):
    SEEN.append(f())
    return f
class Base:
    known = []
    def __init_subclass__(cls):
        Base.known.append(cls)
    k = 1
"""

KINDS: dict[str, tuple[str, str]] = {
    "constant": ("{name} = {k}", "{ref}"),
    "expression": ("{name} = {value} + {k}", "{ref}"),
    "call": ("{name} = max({value}, {k})", "{ref}"),
    "function": ("def {name}(x={k}):\n    y = {value}\n    return x + y", "{ref}()"),
    "nested": (
        "def {name}():\n    def inner():\n        return {value} + {k}\n    return inner()",
        "{ref}()",
    ),
    "lambda": ("{name} = lambda: {value} + {k}", "{ref}()"),
    "comprehension": ("def {name}():\n    return sum([{value} + x for x in range({k})])", "{ref}()"),
    "class": ("class {name}:\n    k = {k}\n    def m(self):\n        return self.k + {value}", "{ref}().m()"),
    "subclass": ("class {name}(deco.Base):\n    k = {k} + {value}", "{ref}.k"),
    "table": ("{name} = {{'f': lambda: {value}, 'k': {k}}}", "({ref}['f']() + {ref}['k'])"),
    "decorated": ("@deco.plus({k})\ndef {name}():\n    return {value}", "{ref}()"),
    "registered": ("@deco.register\ndef {name}():\n    return {value} + {k}", "deco.REG['{name}']()"),
    "run": ("@deco.run\ndef {name}():\n    return {value} + {k}", "sum(deco.SEEN)"),
    "list": ("{name} = [{k}]\n{name}.append({value})", "sum({ref})"),
    "global": ("def set_{name}():\n    global {name}\n    {name} = {value} + {k}\nset_{name}()", "{ref}"),
    "condition": ("if {k} > 3:\n    {name} = {value}\nelse:\n    {name} = {k}", "{ref}"),
    "loop": ("{name} = {{}}\nfor i in range({k}):\n    {name}[i] = {value}", "len({ref})"),
    "known": (
        "def {name}():\n    return len(deco.Base.known) + sum(c.k for c in deco.Base.known) + {k}",
        "{ref}()",
    ),
    "made": ("for _n in ['{name}']:\n    globals()[_n] = {value} + {k}", "{ref}"),
    "partial": ("import functools\n{name} = functools.partial(lambda x, y: x + y, {value}, {k})", "{ref}()"),
}
"""How a definition is written, and how it is used. ``value`` uses another one."""

STYLES: dict[str, tuple[str, str]] = {
    "name": ("from pkg.m{m} import {name} as {alias}", "{alias}"),
    "module": ("import pkg.m{m} as {alias}", "{alias}.{name}"),
    "package": ("from pkg import m{m} as {alias}", "{alias}.{name}"),
    "dotted": ("import pkg.m{m}", "pkg.m{m}.{name}"),
    "star": ("from pkg.m{m} import *", "{name}"),
    "getattr": ("import pkg.m{m} as {alias}", "getattr({alias}, '{name}')"),
}


@dataclass(frozen=True)
class Definition:
    """One definition; it uses one that stands before it.

    Attributes:
        kind: a key of `KINDS`.
        k: a number in it.
        module: where it stands.
        uses: position of what it uses, modulo the number of those before it.
        style: how it is imported, if it stands in another module: a key of `STYLES`.
        patch: position of a definition of an earlier module that is replaced, ``None`` for none.
    """

    kind: str
    k: int
    module: int
    uses: int
    style: str
    patch: int | None


@dataclass(frozen=True)
class Program:
    """A program.

    Attributes:
        definitions: those of a module stand in this order.
        nodes: position of what each node uses.
        noise: what is added that nobody uses.
    """

    definitions: tuple[Definition, ...]
    nodes: tuple[int, ...]
    noise: int = 0

    @property
    def takes_whole_modules(self) -> bool:
        """Whether some code can reach any name of a module."""
        return any(
            each.kind == "made" or each.style == "getattr" or (each.patch is not None and each.k % 2 == 0)
            for each in self.definitions
        )

    def files(self) -> dict[str, str]:
        """Write the program down."""
        lines: dict[int, list[str]] = {module: ["from pkg import deco"] for module in range(MODULES)}
        for position, definition in enumerate(self.definitions):
            lines[definition.module] += self._written(position, definition)
        files = {f"m{module}": "\n".join([*text, *self._noise(), ""]) for module, text in lines.items()}
        nodes = ["from pkg import deco", "import pkg.m3", *self._noise()]
        for node, uses in enumerate(self.nodes):
            used, imported = self._used(uses % len(self.definitions), MODULES, f"n{node}", "name")
            nodes += [*imported, f"def node{node}():", f"    return {used}"]
        every = "\n".join(f"import pkg.m{module}" for module in range(MODULES))
        return {"__init__": "", "deco": DECO, **files, "nodes": "\n".join([every, *nodes, ""])}

    def _noise(self) -> list[str]:
        return [f"def noise{n}(): return {n}\nNOISE{n} = {n}  # {n}" for n in range(self.noise)]

    def _written(self, position: int, definition: Definition) -> Iterator[str]:
        value, imported = "1", []
        reachable = [at for at in range(position) if self.definitions[at].module <= definition.module]
        if reachable:
            at = reachable[definition.uses % len(reachable)]
            value, imported = self._used(at, definition.module, f"a{position}", definition.style)
        yield from imported
        yield KINDS[definition.kind][0].format(name=f"d{position}", k=definition.k, value=value)
        if definition.patch is not None:
            yield from self._patched(definition)

    def _patched(self, definition: Definition) -> Iterator[str]:
        earlier = [
            at
            for at, each in enumerate(self.definitions)
            if each.module < definition.module and each.kind in {"constant", "function", "class"}
        ]
        if not earlier:
            return
        at = earlier[(definition.patch or 0) % len(earlier)]
        module, kind = self.definitions[at].module, self.definitions[at].kind
        yield f"import pkg.m{module} as patched{at}"
        to = {"constant": f"{definition.k}", "function": f"lambda: {definition.k}"}.get(kind)
        if to is None:
            yield f"patched{at}.d{at}.k = {definition.k}"
        elif definition.k % 2:
            yield f"patched{at}.d{at} = {to}"
        else:
            yield f"setattr(patched{at}, 'd' + '{at}', {to})"

    def _used(self, at: int, module: int, alias: str, style: str) -> tuple[str, list[str]]:
        """Return how a definition is used in a module, and what has to be imported for it."""
        definition, name = self.definitions[at], f"d{at}"
        ref, imported = name, []
        if definition.module != module:
            statement, ref = (
                text.format(m=definition.module, name=name, alias=alias) for text in STYLES[style]
            )
            imported = [statement]
        return KINDS[definition.kind][1].format(ref=ref, name=name), imported


@dataclass(frozen=True)
class Step:
    """An edit: what happens, where, and a number for it."""

    kind: str
    at: int
    k: int


def edited(program: Program, step: Step) -> Program:
    """Return the program after an edit."""
    at = step.at % len(program.definitions)
    definition = program.definitions[at]
    changes: dict[str, Callable[[], Definition]] = {
        "number": lambda: replace(definition, k=step.k),
        "kind": lambda: replace(definition, kind=list(KINDS)[step.k % len(KINDS)]),
        "uses": lambda: replace(definition, uses=step.k),
        "style": lambda: replace(definition, style=list(STYLES)[step.k % len(STYLES)]),
        "patch": lambda: replace(definition, patch=step.k if definition.patch is None else None),
    }
    if step.kind == "noise":
        return replace(program, noise=program.noise + 1)
    made = changes[step.kind]()
    return replace(program, definitions=(*program.definitions[:at], made, *program.definitions[at + 1 :]))


EDITS = ("number", "number", "number", "kind", "uses", "style", "patch", "noise")

_definitions = st.builds(
    Definition,
    st.sampled_from(list(KINDS)),
    st.integers(1, 6),
    st.integers(0, MODULES - 1),
    st.integers(0, 9),
    st.sampled_from(list(STYLES)),
    st.none() | st.none() | st.integers(0, 9),
)
programs = st.builds(
    Program,
    st.lists(_definitions, min_size=2, max_size=9).map(
        lambda made: tuple(sorted(made, key=lambda each: each.module))
    ),
    st.tuples(*[st.integers(0, 9)] * NODES),
)
steps = st.builds(Step, st.sampled_from(EDITS), st.integers(0, 9), st.integers(1, 6))
