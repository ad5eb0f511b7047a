"""The modules of a program that are the project's own, and what a name in one of them leads to."""

from __future__ import annotations

import builtins
import os
import sys
from dataclasses import field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import place
from mlflow_tmpl.planning.code.loaded import drop_doubtful_bytecode, loaded_source, was_edited_since
from mlflow_tmpl.planning.code.units import CLASSES, ModuleFacts, Unit
from mlflow_tmpl.planning.packages import find_module, is_installed, is_standard, place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mlflow_tmpl.planning.code.cache import FactsCache

_OWN_PACKAGE = __name__.partition(".")[0]
_WHOLE_NAMES = frozenset({"__dict__", "__getattr__", "__spec__", "__loader__"})


@dataclass(frozen=True)
class Module:
    """A module of the project.

    Attributes:
        name: dotted name.
        file: its source.
        shown: the file as it is named in fingerprints, the same on every machine.
        facts: what the source says.
        source: its bytes, for showing what changed.
        doubts: why nothing is known of it.
        opaque: hash of a module that is no source text; empty for others.
    """

    name: str
    file: Path
    shown: str
    facts: ModuleFacts = field(default=ModuleFacts((), (), ()))
    source: bytes = b""
    doubts: tuple[str, ...] = ()
    opaque: str = ""

    @cached_property
    def binders(self) -> dict[str, list[int]]:
        """Name to the positions of the units that bind it."""
        found: dict[str, list[int]] = {}
        for position, unit in enumerate(self.facts.units):
            for name in dict.fromkeys([*unit.names, *(name for name, _ in unit.origins)]):
                found.setdefault(name, []).append(position)
        return found

    def unit_at(self, line: int) -> int | None:
        """Return the position of the unit that a line belongs to."""
        return next((i for i, unit in enumerate(self.facts.units) if unit.first <= line <= unit.last), None)

    def units(self, name: str) -> Iterator[tuple[int, Unit]]:
        """Yield the units that bind a name, in their order."""
        return ((position, self.facts.units[position]) for position in self.binders.get(name, ()))


class Found(NamedTuple):
    """What a path leads to.

    Attributes:
        kind: ``name`` of a module of the project, ``module`` as a value, ``outside`` of the project, or ``builtin``.
        module: the module of the project, or the top-level package.
        name: in the module; outside the dotted name.
        rest: attributes that remain.
    """

    kind: str
    module: str
    name: str = ""
    rest: tuple[str, ...] = ()


class Program:
    """The modules of the project that a program consists of.

    Args:
        root: the project's folder.
        own: top-level packages whose source counts even where a package manager has put it.
        cache: reads sources.
        hash_file: hash of a file's content.
    """

    def __init__(
        self, root: Path, own: frozenset[str], cache: FactsCache, hash_file: Callable[[Path], str]
    ) -> None:
        self._root = root
        self._own = own
        self._cache = cache
        self._hash_file = hash_file
        self._tops: dict[str, str] = {}
        self._listed: dict[str, set[str]] = {}
        self._modules: dict[str, Module | None] = {}
        self._looked_up: dict[tuple[str, str], tuple[Found, ...]] = {}
        self.members: dict[str, Module] = {}

    def include(self, starts: Iterable[str]) -> bool:
        """Take in modules with all that they may import; tell whether any of them is new."""
        known = len(self.members)
        waiting = [name for start in starts for name in _with_parents(start) if name not in self.members]
        while waiting:
            name = waiting.pop()
            module = self.module(name) if name not in self.members else None
            if module is not None:
                self.members[name] = module
                waiting.extend(each for each in module.facts.imports if each not in self.members)
        if len(self.members) == known:
            return False
        if any(CLASSES in unit.sees for module in self.members.values() for unit in module.facts.units):
            self._include_all()
        return True

    def _include_all(self) -> None:
        """Take in what nobody imports yet: what unpickles may do so."""
        waiting = [name for name in self.members if "." not in name]
        while waiting:
            name = waiting.pop()
            module = self.module(name)
            if module is not None:
                self.members.setdefault(name, module)
            spec = find_module(name) if module is None or module.file.name == "__init__.py" else None
            folders = spec.submodule_search_locations if spec is not None else None
            entries = sorted({entry for folder in folders or () for entry in _list(folder)})
            waiting.extend(
                f"{name}.{entry.removesuffix('.py')}"
                for entry in entries
                if entry.endswith(".py")
                or ("." not in entry and entry.isidentifier() and entry != "__pycache__")
            )

    def loaded(self) -> Iterator[str]:
        """Yield the modules of the project's own packages that were imported, in the order in which they began."""
        return (name for name in list(sys.modules) if name.partition(".")[0] in self._own)

    def kind_of(self, top: str) -> str:
        """Tell where a top-level name comes from: ``own``, ``package``, ``standard`` or ``missing``."""
        if top not in self._tops:
            self._tops[top] = self._kind_of(top)
        return self._tops[top]

    def _kind_of(self, top: str) -> str:
        if top in self._own:
            return "own"
        if top == _OWN_PACKAGE:
            return "package"
        spec = find_module(top)
        if spec is None:
            return "own" if top in sys.modules else "missing"
        if is_standard(spec):
            return "standard"
        return "package" if is_installed(place_of(spec)) else "own"

    def module(self, name: str) -> Module | None:
        """Return a module of the project; ``None`` for what is none, or has no file."""
        try:
            return self._modules[name]
        except KeyError:
            own = self.kind_of(name.partition(".")[0]) == "own"
            found = self._modules[name] = self._read(name) if own and self._is_listed(name) else None
            return found

    def exists(self, name: str) -> bool:
        """Tell whether there is a module, or a folder that is a package without a source."""
        return self.module(name) is not None or (self._is_listed(name) and find_module(name) is not None)

    def _is_listed(self, name: str) -> bool:
        """Tell whether a module may be there, by the names in its package's folders: most names are no modules."""
        above, _, last = name.rpartition(".")
        if not above or name in sys.modules:
            return True
        if not self._is_listed(above):
            return False
        if above not in self._listed:
            spec = find_module(above)
            folders = spec.submodule_search_locations if spec is not None else None
            self._listed[above] = {
                entry.partition(".")[0] for folder in folders or () for entry in _list(folder)
            }
        return last in self._listed[above]

    def _read(self, name: str) -> Module | None:
        spec = find_module(name)
        if spec is None or not spec.has_location or spec.origin is None:
            return None
        file = Path(spec.origin)
        shown = self.shown(file)
        if file.suffix != ".py":
            return Module(name, file, shown, opaque=self._hash_file(file))
        try:
            source = loaded_source(name)
            if source is None and was_edited_since(name, file):
                doubt = f"{place(file)} was edited after this process began and imported it"
                return Module(name, file, shown, doubts=(doubt,))
            if source is None:
                drop_doubtful_bytecode(str(file))
                source = file.read_bytes()
            facts = self._cache.facts(source, name, spec.submodule_search_locations is not None)
        except (OSError, SyntaxError, ValueError, RecursionError) as error:
            return Module(name, file, shown, doubts=(f"{place(file)} cannot be read: {error}",))
        return Module(name, file, shown, facts, source)

    def shown(self, file: Path) -> str:
        """Return a path that is the same on every machine that has the project."""
        try:
            return file.relative_to(self._root).as_posix()
        except ValueError:
            return file.as_posix()

    def lookup(self, module: str, path: str) -> tuple[Found, ...]:
        """Return all that a path in a module may lead to."""
        key = (module, path)
        found = self._looked_up.get(key)
        if found is None:
            found = self._looked_up[key] = tuple(dict.fromkeys(self._lookup(module, path)))
        return found

    def _lookup(self, module: str, path: str) -> Iterator[Found]:
        first, *rest = path.removeprefix("@").split(".")
        if path.startswith("@"):
            yield from self._absolute([first, *rest], set())
        else:
            yield from self._member(module, first, rest, set())

    def _member(
        self, module: str, name: str, rest: Sequence[str], seen: set[tuple[str, ...]]
    ) -> Iterator[Found]:
        """Follow a name of a module: what binds it there, or else what is imported with all names of another one."""
        told = (module, name, *rest)
        known = self.module(module)
        if told in seen or known is None:
            return
        seen.add(told)
        bound = list(known.units(name))
        if bound or not known.facts.stars:
            if not bound and hasattr(builtins, name):
                yield Found("builtin", "", name, tuple(rest))
            yield Found("name", module, name, tuple(rest))
        for _, unit in bound:
            for own, origin in unit.origins:
                if own == name:
                    yield from self._absolute([*origin.split("."), *rest], seen)
        if known.facts.stars:
            yield from self._starred(known, name, rest, seen)

    def _starred(
        self, module: Module, name: str, rest: Sequence[str], seen: set[tuple[str, ...]]
    ) -> Iterator[Found]:
        yield Found("name", module.name, name, tuple(rest))
        if hasattr(builtins, name):
            yield Found("builtin", "", name, tuple(rest))
        for star in module.facts.stars:
            yield from self._absolute([*star.split("."), name, *rest], seen)

    def _absolute(self, parts: Sequence[str], seen: set[tuple[str, ...]]) -> Iterator[Found]:
        """Follow an absolute dotted name through packages to a module, and to a name in it."""
        kind = self.kind_of(parts[0])
        if kind != "own":
            if kind != "missing":
                yield Found("outside", parts[0], ".".join(parts))
            return
        name = parts[0]
        for position, part in enumerate(parts[1:], start=1):
            module, rest = self.module(name), parts[position + 1 :]
            if module is not None and (module.binders.get(part) or not self.exists(f"{name}.{part}")):
                yield from self._attribute(module, part, rest, seen)
            name = f"{name}.{part}"
            if not self.exists(name):
                return
        yield Found("module", name)

    def _attribute(
        self, module: Module, name: str, rest: Sequence[str], seen: set[tuple[str, ...]]
    ) -> Iterator[Found]:
        """Follow an attribute of a module; what its own code makes up on demand may be anything in it."""
        if name in _WHOLE_NAMES or (name not in module.binders and "__getattr__" in module.binders):
            yield Found("module", module.name)
        yield from self._member(module.name, name, rest, seen)


def _with_parents(name: str) -> Iterator[str]:
    while name:
        yield name
        name = name.rpartition(".")[0]


def _list(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
