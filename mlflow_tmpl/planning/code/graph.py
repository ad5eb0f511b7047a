"""What leads to what: the graph whose vertices are definitions, names, modules and packages.

Vertices are tuples: ``("unit", module, position)``; ``("name", module, name)``; ``("touch", module)``: what importing a
module does; ``("module", module)``: all of a module and of what it imports; ``("package", name)``; ``("program",)``:
all modules; ``("docstrings",)`` and ``("sources",)``: all that is written in them; ``("always",)``: what importing some
module does to all; ``("group", number)``: effects that may change the same things.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.errors import place
from mlflow_tmpl.hashing import digest, digest_parts
from mlflow_tmpl.planning.code.closure import components
from mlflow_tmpl.planning.code.effects import Effects, effects_of
from mlflow_tmpl.planning.code.units import (
    CLASS,
    CLASSES,
    DOCSTRINGS,
    FUNCTION,
    IMPORT,
    SOURCES,
    STATEMENT,
    VALUE,
)
from mlflow_tmpl.planning.packages import version_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from mlflow_tmpl.planning.code.program import Found, Module, Program
    from mlflow_tmpl.planning.code.units import Unit

Vertex = tuple[Any, ...]
ALWAYS: Vertex = ("always",)
PROGRAM: Vertex = ("program",)
_SEEN: Mapping[str, Vertex] = {CLASSES: PROGRAM, DOCSTRINGS: (DOCSTRINGS,), SOURCES: (SOURCES,)}


class Graph:
    """The graph of a program's members.

    Args:
        program: its modules; more must not be included later.
        environment: gives the hash of an environment variable's value.
        files: gives the files that a text of a module names, as parts.
    """

    def __init__(
        self,
        program: Program,
        environment: Callable[[str], str],
        files: Callable[[Module, Sequence[str]], Mapping[str, str]],
    ) -> None:
        self._program = program
        self._environment = environment
        self._files = files
        self._effects = Effects(program)
        self._plain: dict[Vertex, tuple[Vertex, ...]] = {}
        self._edges: dict[Vertex, tuple[Vertex, ...]] = {}
        self._passes: dict[Vertex, Sequence[Vertex]] = {}
        self._groups: dict[Vertex, int] | None = None
        self._members: list[list[Vertex]] = []
        self._lasting: list[Vertex] = []
        self._patched: dict[Vertex, dict[Vertex, None]] = {}

    # Edges.

    def edges(self, vertex: Vertex) -> tuple[Vertex, ...]:
        """Return what a vertex leads to."""
        known = self._edges.get(vertex)
        if known is None:
            found = [*self._plain_edges(vertex), *self._changed_by(vertex)]
            passed = dict.fromkeys([each for one in found for each in self._passed(one)])
            known = self._edges[vertex] = tuple(passed)
        return known

    def _passed(self, vertex: Vertex) -> Sequence[Vertex]:
        """Return a vertex, or what it leads to if it only stands between: most names are what binds them."""
        known = self._passes.get(vertex)
        if known is None:
            known = self._passes[vertex] = self._find_passed(vertex)
        return known

    def _find_passed(self, vertex: Vertex) -> Sequence[Vertex]:
        if vertex[0] == "touch":
            return (vertex,) if self.effects.get(vertex[1]) or self._is_unclear(vertex[1]) else ()
        if (
            vertex[0] != "name"
            or self._is_changed(vertex)
            or self._is_unclear(vertex[1])
            or self._turns(vertex)
        ):
            return (vertex,)
        return self._plain_edges(vertex)

    def _is_changed(self, vertex: Vertex) -> bool:
        groups, stored, whole = self._group(), self._stored, ("module", vertex[1])
        if vertex in self._patched:
            return True
        return vertex in groups or vertex in stored or whole in groups or whole in stored

    def _turns(self, vertex: Vertex) -> Sequence[str]:
        """Return what binds a name again, and who reads it between on import, in their order; mostly nothing."""
        module = self._program.module(vertex[1])
        if module is None or len(module.binders.get(vertex[2], ())) + len(module.facts.stars) < 2:
            return ()
        own = {*module.binders.get(vertex[2], ())}
        told = []
        for position, unit in enumerate(module.facts.units):
            is_star = unit.kind == IMPORT and not unit.origins
            reads = any(path.partition(".")[0] == vertex[2] for path in unit.reads)
            if position in own or is_star or (reads and not (unit.kind == FUNCTION and unit.fixed)):
                told.append(unit.digest if is_star else self.name_of(("unit", vertex[1], position)))
        return told

    def _is_unclear(self, name: str) -> bool:
        module = self._program.module(name)
        return module is None or bool(module.opaque or module.doubts)

    def _plain_edges(self, vertex: Vertex) -> tuple[Vertex, ...]:
        """Return what a vertex leads to by what its own code says, each once."""
        known = self._plain.get(vertex)
        if known is None:
            known = self._plain[vertex] = tuple(dict.fromkeys(self._find_plain(vertex)))
        return known

    def _find_plain(self, vertex: Vertex) -> Iterable[Vertex]:
        kind = vertex[0]
        if kind == "unit":
            return self._of_unit(vertex)
        if kind == "name":
            module = self._program.module(vertex[1])
            bound = module.binders.get(vertex[2], ()) if module else ()
            return [("unit", vertex[1], position) for position in bound]
        if kind == "touch":
            return [("unit", vertex[1], position) for position in self.effects.get(vertex[1], ())]
        if kind == "module":
            return self._of_module(vertex[1])
        return [("module", name) for name in self._program.members] if kind == "program" else ()

    def _of_unit(self, vertex: Vertex) -> Sequence[Vertex]:
        unit, name = self._unit(vertex), vertex[1]
        if unit.kind == IMPORT:
            return ()
        found: list[Vertex] = [("touch", name)]
        for path in unit.reads:
            found += self._leads(self._program.lookup(name, path))
        found += [("module", each) for each in unit.wholes if self._program.exists(each)]
        if unit.dynamic:
            found.append(("module", name))
        found += [_SEEN[each] for each in unit.sees]
        return found

    def _leads(self, found: Sequence[Found]) -> Sequence[Vertex]:
        led: list[Vertex] = []
        for kind, module, name, _ in found:
            if kind == "name":
                led.append(("name", module, name))
            elif kind == "module":
                led.append(("module", module))
            elif kind == "outside" and self._program.kind_of(module) == "package":
                led.append(("package", module))
        return led

    def _of_module(self, name: str) -> Iterator[Vertex]:
        """Yield all of a module: its units, what it imports, and the modules below it that are loaded."""
        module = self._program.module(name)
        for position in range(len(module.facts.units)) if module else ():
            yield ("unit", name, position)
        for imported in module.facts.imports if module else ():
            kind = self._program.kind_of(imported.partition(".")[0])
            if kind == "package":
                yield ("package", imported.partition(".")[0])
            elif kind == "own" and self._program.exists(imported):
                yield ("module", imported)
        yield from (("module", each) for each in self._below.get(name, ()))

    @cached_property
    def _below(self) -> Mapping[str, Sequence[str]]:
        """Package to the modules in it that belong to the program."""
        found = defaultdict(list)
        for name in self._program.members:
            found[name.rpartition(".")[0]].append(name)
        return found

    # Effects.

    @cached_property
    def effects(self) -> Mapping[str, Sequence[int]]:
        """Module to the positions of those of its units that do something when it is imported."""
        found = {
            name: list(effects_of(self._effects, module)) for name, module in self._program.members.items()
        }
        return {name: positions for name, positions in found.items() if positions}

    def _changed_by(self, vertex: Vertex) -> Iterator[Vertex]:
        """Yield what may change, from elsewhere, what a vertex stands for."""
        if vertex[0] == "group":
            yield from self._members[vertex[1]]
        elif vertex == ALWAYS:
            self._group()
            yield from self._lasting
        elif vertex[0] in {"name", "module"}:
            for changed in dict.fromkeys([vertex, ("module", vertex[1])]):
                group = self._group().get(changed)
                if group is not None:
                    yield ("group", group)
                yield from self._stored.get(changed, ())
                yield from self._patched.get(changed, ())

    @cached_property
    def _stored(self) -> Mapping[Vertex, Sequence[Vertex]]:
        """Name, or module as a value, to the units that assign into it."""
        found = defaultdict(list)
        for name, module in self._program.members.items():
            for position, unit in enumerate(module.facts.units):
                writer = ("unit", name, position)
                for path in unit.stores:
                    for target in self._leads(self._program.lookup(name, path)):
                        if target[0] != "package":
                            found[target].append(writer)
                for path in unit.aliased:
                    for target in self._leads(self._program.lookup(name, path)):
                        if target[0] == "name" and self._is_value(target):
                            found[target].append(writer)
        return found

    def _is_value(self, name: Vertex) -> bool:
        """Tell whether a name stands for something that can be changed by who holds it."""
        return any(
            unit.kind in {VALUE, STATEMENT} and not unit.fixed
            for _, unit in self._module(name).units(name[2])
        )

    def _group(self) -> Mapping[Vertex, int]:
        """Return for each vertex that effects may change the number of the group of these effects.

        Effects that may change the same thing are one group: so each vertex is gone through once.
        """
        if self._groups is None:
            self._groups = {}
            grouping = _Grouping(self._plain_edges, self._is_changing, self._acts, self._patches)
            for name, positions in self.effects.items():
                for position in positions:
                    vertex = ("unit", name, position)
                    acts = grouping.add(vertex)
                    unit = self._unit(vertex)
                    if unit.kind in {STATEMENT, VALUE} and grouping.patches(vertex):
                        for target in self._held(vertex):
                            self._patched.setdefault(target, {})[vertex] = None
                    if acts and (
                        self._effects.runs_own_code(name, unit)
                        or (unit.kind in {STATEMENT, VALUE} and self._acts(vertex))
                    ):
                        self._lasting.append(vertex)
            self._members, self._groups = grouping.groups()
        return self._groups

    def _module(self, vertex: Vertex) -> Module:
        module = self._program.module(vertex[1])
        assert module is not None
        return module

    def _unit(self, vertex: Vertex) -> Unit:
        return self._module(vertex).facts.units[vertex[2]]

    def _acts(self, vertex: Vertex) -> bool:
        return vertex[0] == "unit" and self._effects.acts_outside(vertex[1], self._unit(vertex))

    def _patches(self, vertex: Vertex) -> bool:
        return vertex[0] == "unit" and self._unit(vertex).patches

    def _held(self, effect: Vertex) -> Iterator[Vertex]:
        """Yield the names of functions and classes that an effect has at hand, if only by way of other values."""
        waiting, seen = [effect], {effect}
        while waiting:
            for vertex in self._plain_edges(waiting.pop()):
                if vertex in seen or vertex[0] not in {"unit", "name"}:
                    continue
                seen.add(vertex)
                unit = self._unit(vertex) if vertex[0] == "unit" else None
                if unit is not None and unit.kind in {FUNCTION, CLASS}:
                    yield from (("name", vertex[1], name) for name in unit.names)
                else:
                    waiting.append(vertex)

    def _is_changing(self, vertex: Vertex) -> bool:
        """Tell whether what a vertex stands for can be changed by those who reach it."""
        if vertex[0] == "module":
            return True
        if vertex[0] != "name":
            return False
        module = self._program.module(vertex[1])
        units = [unit for _, unit in module.units(vertex[2])] if module else []
        return vertex in self._stored or not all(unit.fixed or unit.kind == IMPORT for unit in units)

    # What counts of a vertex itself.

    def parts(self, vertex: Vertex) -> Mapping[str, str]:
        """Return what counts of a vertex itself, by name."""
        kind = vertex[0]
        if kind == "unit":
            return self._unit_parts(vertex)
        if kind == "package":
            return {f"package {vertex[1]}": version_of(vertex[1]) or "unknown"}
        if kind in {DOCSTRINGS, SOURCES}:
            return {f"all {kind}": self._all_of(kind)}
        if kind == "name":
            turns = self._turns(vertex)
            if turns:
                return {f"order {self._module(vertex).shown} {vertex[2]}": digest_parts(turns)}
        if kind == "touch" and len(self.effects.get(vertex[1], ())) > 1:
            module = self._module(vertex)
            order = [module.facts.units[position].digest for position in self.effects[vertex[1]]]
            return {f"order {module.shown}": digest_parts(order)}
        if kind == "group":
            return self._group_order(vertex)
        if kind in {"module", "touch"}:
            module_or_none = self._program.module(vertex[1])
            if module_or_none is not None and (module_or_none.opaque or module_or_none.doubts):
                return {f"module {module_or_none.shown}": module_or_none.opaque or "unknown"}
        return {}

    def _all_of(self, kind: str) -> str:
        """Return the hash of all docstrings, or of all sources."""
        modules = sorted(self._program.members.values(), key=lambda module: module.shown)
        told = [m.facts.docstrings if kind == DOCSTRINGS else digest(m.source) for m in modules]
        return digest_parts([text for text in told if text])

    def _group_order(self, vertex: Vertex) -> Mapping[str, str]:
        """Return the order in which modules were imported that change the same things."""
        import sys

        names = {each[1]: None for each in self._members[vertex[1]]}
        if len(names) < 2:
            return {}
        order = {name: position for position, name in enumerate(list(sys.modules))}
        told = sorted(names, key=lambda name: (order.get(name, len(order)), name))
        return {f"order {told[0]} and {len(told) - 1} more": digest_parts(told)}

    def _unit_parts(self, vertex: Vertex) -> Mapping[str, str]:
        module, unit = self._module(vertex), self._unit(vertex)
        parts = {self.name_of(vertex): self._digest(vertex, unit)}
        parts.update({f"environment {name}": self._environment(name) for name in unit.environment})
        if unit.texts:
            parts.update(self._files(module, unit.texts))
        if (
            unit.kind != IMPORT
        ):  # an import that is tried, or stands under a condition: it may fail from now on
            parts.update({f"import {origin}": self._kind_of(origin) for _, origin in unit.origins})
        return parts

    def _kind_of(self, origin: str) -> str:
        """Tell what an import leads to: ``own``, ``package``, ``standard`` or ``missing``."""
        kind = self._program.kind_of(origin.partition(".")[0])
        if kind != "own":
            return kind
        found = self._program.lookup("", f"@{origin}")
        return "own" if any(each.kind == "module" or self._is_bound(each) for each in found) else "missing"

    def _is_bound(self, found: Found) -> bool:
        module = self._program.module(found.module) if found.kind == "name" else None
        return module is not None and found.name in module.binders

    def _digest(self, vertex: Vertex, unit: Unit) -> str:
        """Return a unit's hash; where it matters, with its place among what is done on import."""
        before = 0
        if unit.kind != IMPORT and not (unit.kind == FUNCTION and unit.fixed):
            before = sum(position < vertex[2] for position in self.effects.get(vertex[1], ()))
        return f"{unit.digest}@{before}" if before else unit.digest

    def name_of(self, vertex: Vertex) -> str:
        """Return what a unit is called in fingerprints: it is the same wherever in its file it stands."""
        module, unit = self._module(vertex), self._unit(vertex)
        if unit.kind == STATEMENT:
            return f"statement {module.shown} {unit.digest[:12]}"
        names = ",".join(unit.names or [name for name, _ in unit.origins] or ["*"])
        again = module.binders.get(names, [vertex[2]]).index(vertex[2]) if names in module.binders else 0
        return f"definition {module.shown} {names}{f'#{again + 1}' if again else ''}"

    def doubts(self, vertex: Vertex) -> Sequence[str]:
        """Return what of a vertex itself cannot be followed."""
        kind = vertex[0]
        if kind == "package":
            return () if version_of(vertex[1]) else (f"package {vertex[1]!r} has no version",)
        module = self._program.module(vertex[1]) if kind in {"unit", "name", "module", "touch"} else None
        if module is None:
            return ()
        if kind != "unit":
            return module.doubts
        doubts = self._unit(vertex).doubts
        return [f"{place(module.file, line)} uses {what}, which cannot be followed" for line, what in doubts]


class _Grouping:
    """Puts effects together that may change the same things (union-find over one walk of all)."""

    def __init__(
        self,
        edges: Callable[[Vertex], Iterable[Vertex]],
        *tells: Callable[[Vertex], bool],
    ) -> None:
        self._edges = edges
        self._is_changing = tells[0]
        self._tells = tells
        self._after: dict[Vertex, tuple[Vertex, ...]] = {}
        self._below: dict[Vertex, tuple[bool, ...]] = {}
        self._owner: dict[Vertex, Vertex] = {}
        self._above: dict[Vertex, Vertex] = {}

    def add(self, effect: Vertex) -> bool:
        """Take in an effect; tell whether it may change the state of others' code."""
        for component in components(effect, self._follow, self._below.__contains__):
            inside = set(component)
            below = [
                self._below[each]
                for vertex in component
                for each in self._follow(vertex)
                if each not in inside
            ]
            told = tuple(
                any(each[number] for each in below) or any(map(tells, component))
                for number, tells in enumerate(self._tells)
            )
            self._below.update(dict.fromkeys(component, told))
        self._above.setdefault(effect, effect)
        waiting = [effect]
        while waiting:
            vertex = waiting.pop()
            if not self._below[vertex][0]:
                continue
            if vertex in self._owner:
                self._join(self._owner[vertex], effect)
                continue
            self._owner[vertex] = effect
            waiting.extend(self._follow(vertex))
        return self._below[effect][1]

    def patches(self, effect: Vertex) -> bool:
        """Tell whether an effect that was taken in may assign attributes of what it has at hand."""
        return self._below[effect][2]

    def _follow(self, vertex: Vertex) -> tuple[Vertex, ...]:
        """Return what an effect reaches from a vertex; that it also touches its module is no reason to change it."""
        if vertex not in self._after:
            self._after[vertex] = tuple(each for each in self._edges(vertex) if each[0] != "touch")
        return self._after[vertex]

    def _find(self, effect: Vertex) -> Vertex:
        self._above.setdefault(effect, effect)
        while self._above[effect] != effect:
            self._above[effect] = self._above[self._above[effect]]
            effect = self._above[effect]
        return effect

    def _join(self, one: Vertex, other: Vertex) -> None:
        self._above[self._find(other)] = self._find(one)

    def groups(self) -> tuple[list[list[Vertex]], dict[Vertex, int]]:
        """Return the effects of each group, and for each vertex that can be changed the number of its group."""
        numbers: dict[Vertex, int] = {}
        members: list[list[Vertex]] = []
        for effect in self._above:
            top = self._find(effect)
            if top not in numbers:
                numbers[top] = len(members)
                members.append([])
            members[numbers[top]].append(effect)
        changed = {
            vertex: numbers[self._find(owner)]
            for vertex, owner in self._owner.items()
            if self._is_changing(vertex)
        }
        return members, changed


def environment_hash(value: str | None) -> str:
    """Return what counts of an environment variable."""
    return digest(value.encode(errors="surrogateescape")) if value is not None else "unset"
