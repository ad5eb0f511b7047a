"""The fingerprint of a node's code: every definition of the project that it can reach, and the packages behind them."""

from __future__ import annotations

import os
import sys
from dataclasses import field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.hashing import digest, digest_file
from mlflow_tmpl.pipeline.signature import where_defined
from mlflow_tmpl.planning.code.cache import FactsCache
from mlflow_tmpl.planning.code.closure import Hashes, flattened
from mlflow_tmpl.planning.code.graph import ALWAYS, PROGRAM, Graph, Vertex, environment_hash
from mlflow_tmpl.planning.code.program import Module, Program
from mlflow_tmpl.planning.code.units import FUNCTION, STATEMENT, Unit
from mlflow_tmpl.planning.files import named_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from mlflow_tmpl.planning.values import Reached

FILE = "file "
"""What the name of a part begins with that is a file."""


@dataclass(frozen=True, slots=True)
class CodeFingerprint:
    """What a function's code is, as far as a reuse can depend on it.

    Attributes:
        id: the hash of `parts`.
        doubts: what could not be followed; a node with any is run.
        rows: hash to what it is made of, for `id` and all that it leads to.
    """

    id: str
    doubts: tuple[str, ...]
    rows: Mapping[str, Mapping[str, str]] = field(repr=False, compare=False)

    @property
    def parts(self) -> Mapping[str, str]:
        """What counts, by kind and name.

        ``definition features.py scale``, ``statement features.py HASH`` (done on import), ``package numpy``,
        ``environment X``, ``file lookup.csv``, ``function`` (what is bound into it), ``python``.
        """
        return MappingProxyType(flattened(self.id, lambda name: self.rows.get(name, {})))


@dataclass(frozen=True, slots=True)
class Definition:
    """Where a part of a fingerprint stands.

    Attributes:
        name: as its readers call it.
        where: ``file:line``.
        text: its source, comments and all.
    """

    name: str
    where: str
    text: str


class CodeReader:
    """Fingerprints functions; each module is read once.

    Args:
        root: the project's folder: text constants that name a file below it count with that file's content.
        hash_file: content hash of a file.
        apart: files that do not count, being outputs of the pipeline that the code merely names.
        own: top-level packages whose source counts even where a package manager has put it.
        cache: file that keeps what sources say for the next start.

    Attributes:
        apart: files that do not count.
    """

    def __init__(
        self,
        root: Path,
        hash_file: Callable[[Path], str] = digest_file,
        apart: frozenset[Path] = frozenset(),
        own: frozenset[str] = frozenset(),
        cache: Path | None = None,
    ) -> None:
        self._root = root
        self._hash_file = hash_file
        self.apart = apart
        self._cache = FactsCache(cache)
        self._program = Program(root, own, self._cache, hash_file)
        self._hashes: Hashes[Vertex] | None = None
        self._graph: Graph | None = None
        self._named: dict[str, dict[str, str]] | None = None
        self._functions: dict[tuple[int, tuple[str, ...]], tuple[Any, CodeFingerprint]] = {}
        self._paths: dict[str, CodeFingerprint | None] = {}

    def fingerprint(self, func: Callable[..., Any], packages: tuple[str, ...] = ()) -> CodeFingerprint:
        """Return the fingerprint of a function and of everything of the project that it can reach.

        Args:
            func: the function.
            packages: those that what it is given belongs to: ``frame.mean()`` does not name its library.
        """
        known = self._functions.get((id(func), packages))
        if known is None:
            made = self._fingerprint(func, packages)
            known = self._functions[id(func), packages] = (func, made)
        return known[1]

    def fingerprint_of_path(self, dotted: str) -> CodeFingerprint:
        """Return the fingerprint of what a dotted path names, which need not be imported for it."""
        known = self._paths.get(dotted)
        if known is None:
            known = self._paths[dotted] = self._fingerprint_of_path(dotted)
        return known

    def _fingerprint_of_path(self, dotted: str) -> CodeFingerprint:
        module, _, name = dotted.rpartition(".")
        while module and not self._program.exists(module):
            module, _, name = module.rpartition(".")
        hashes = self._hashes_with([module])
        from mlflow_tmpl.planning.values import Reached

        reached = Reached(module, name)
        doubts: list[str] = []
        below = {hashes.of(vertex) for vertex in self._starts(reached, doubts)}
        return self._made(hashes, {"path": dotted}, below, doubts)

    def is_own(self, dotted: str) -> bool:
        """Tell whether a dotted path leads to code of the project."""
        return "." in dotted and self._program.kind_of(dotted.partition(".")[0]) == "own"

    def fingerprint_of_objects(self, path: Path | None, content: str) -> CodeFingerprint | None:
        """Return the fingerprint of the classes that pickled objects are of; ``None`` if nothing of them counts.

        Args:
            path: the file; ``None`` for one that is not on this machine, whose objects may be of any class.
            content: its fingerprint, by which what it names is remembered.
        """
        key = f"objects {content}"
        if key not in self._paths:
            starts = (
                [PROGRAM]
                if path is None
                else [*self._classes_in(path, content), *self._packages_in(path, content)]
            )
            hashes = self._hashes_with([])
            below = {hashes.of(vertex) for vertex in starts} - {""}
            self._paths[key] = self._made(hashes, {}, below, []) if below else None
        return self._paths[key]

    def _classes_in(self, path: Path, content: str) -> list[Vertex]:
        """Return what pickled objects name of the project; everything if that cannot be told."""
        from mlflow_tmpl.planning.code.objects import modules_in  # it takes the libraries of compression

        self._hashes_with([])
        program = self._program
        tops = sorted({name.partition(".")[0] for name in program.members})
        told = self._cache.remembered(f"{content} {tops}", lambda: modules_in(path, tops))
        if told is None:
            return [PROGRAM]
        texts = sorted({text[:end] for text in told for end in range(1, len(text) + 1)})
        found = [program.module(text) for text in texts if text.partition(".")[0] in tops]
        modules = [module for module in found if module is not None]
        self._hashes_with([module.name for module in modules])
        return [vertex for module in modules for vertex in self._named_in(path, content, module)]

    def _packages_in(self, path: Path, content: str) -> list[Vertex]:
        """Return the packages that pickled objects name: they do what is done by a method of one."""
        from mlflow_tmpl.planning.code.objects import packages_in

        is_package = lambda name: self._program.kind_of(name) == "package"  # noqa: E731
        told = self._cache.remembered(f"{content} packages", lambda: packages_in(path, is_package))
        return [PROGRAM] if told is None else self._package_vertices(told)

    def _named_in(self, path: Path, content: str, module: Module) -> list[Vertex]:
        """Return the names of a module that a file holds."""
        from mlflow_tmpl.planning.code.objects import names_in

        known = sorted(module.binders)
        named = self._cache.remembered(f"{content} {module.name} {known}", lambda: names_in(path, known))
        return [("module", module.name)] if named is None else [("name", module.name, each) for each in named]

    def known(self) -> Mapping[str, Mapping[str, str]]:
        """Return what each fingerprint that was given so far is made of, and each hash in these."""
        tables = {id(code.rows): code.rows for _, code in self._functions.values()}  # most share one
        return {name: row for table in tables.values() for name, row in table.items()}

    def files(self) -> frozenset[str]:
        """Return the files that the code names and that count with it, as paths from the project's root."""
        parts = {name for row in self.known().values() for name in row}
        return frozenset(name[len(FILE) :] for name in parts if name.startswith(FILE))

    def given(
        self,
    ) -> tuple[list[tuple[Any, tuple[str, ...], CodeFingerprint]], Mapping[str, CodeFingerprint | None]]:
        """Return the fingerprints that were given so far: of functions, and of what was asked for by a text."""
        functions = [(func, packages, code) for (_, packages), (func, code) in self._functions.items()]
        return functions, self._paths

    def members(self) -> Mapping[str, Module]:
        """Return the modules of the project that were read, by name."""
        self._hashes_with([])
        return self._program.members

    def include(self, modules: Sequence[str]) -> None:
        """Read modules that are not loaded."""
        self._hashes_with(modules)

    def unsteady(self, called: Sequence[tuple[str, str]] = ()) -> Iterator[str]:
        """Yield what importing the project asks of the clock, of chance or of the machine.

        Args:
            called: functions that are called besides: module and name.
        """
        from mlflow_tmpl.planning.code.unsteady import unsteady_imports

        self._hashes_with([])
        return unsteady_imports(self._program, called)

    def naming(self) -> tuple[set[str], list[str]]:
        """Return the texts of the code that may name files, and the folders that they start from."""
        texts = {
            text for module in self.members().values() for unit in module.facts.units for text in unit.texts
        }
        return texts, [str(start) for start in self._folders_of_texts()]

    def keep(self) -> None:
        """Write down for the next start what sources say."""
        self._cache.keep()

    def definition(self, part: str) -> Definition | None:
        """Return where a part of a fingerprint stands now; ``None`` for parts that are no code of the project."""
        return self._definitions.get(part)

    @cached_property
    def _definitions(self) -> Mapping[str, Definition]:
        found = {}
        for name, module in self._program.members.items():
            lines = module.source.decode(errors="replace").splitlines()
            for position, unit in enumerate(module.facts.units):
                text = "\n".join(lines[unit.first - 1 : unit.last])
                where = f"{module.shown}:{unit.line}"
                part = self._up_to_date().name_of(("unit", name, position))
                found[part] = Definition(_shown(unit, text), where, text)
        return found

    def _fingerprint(self, func: Callable[..., Any], packages: tuple[str, ...]) -> CodeFingerprint:
        from mlflow_tmpl.planning.values import Unfollowable, bound_values  # 4 ms, for kinds of numbers

        reached: dict[Reached, None] = {}
        doubts: list[str] = []
        try:
            bound = bound_values(func, lambda found: reached.setdefault(found))
        except Unfollowable as error:
            doubts.append(f"{where_defined(func) or 'a function'} holds a value that cannot be told: {error}")
            bound = ""
        if any(not each.module for each in reached):
            doubts.append(f"{where_defined(func) or 'a function'} belongs to no module")
        hashes = self._hashes_with([each.module for each in reached if each.module])
        below = {
            hashes.of(vertex) for each in reached if each.module for vertex in self._starts(each, doubts)
        }
        below.update(hashes.of(vertex) for vertex in self._package_vertices(packages))
        return self._made(hashes, {"function": digest(bound)}, below, doubts)

    def _package_vertices(self, names: Iterable[str]) -> list[Vertex]:
        return [("package", name) for name in names if self._program.kind_of(name) == "package"]

    def _made(
        self, hashes: Hashes[Vertex], parts: Mapping[str, str], below: set[str], doubts: Sequence[str]
    ) -> CodeFingerprint:
        python = ".".join(map(str, sys.version_info[:2]))
        name = hashes.add({**parts, "python": python}, {*below, hashes.of(ALWAYS)} - {""}, set(doubts))
        return CodeFingerprint(name, tuple(sorted(hashes.doubts(name))), hashes.rows)

    def _hashes_with(self, modules: Sequence[str]) -> Hashes[Vertex]:
        """Return the hashes of a program that has some modules."""
        grown = self._program.include(
            [*self._program.loaded(), *modules] if self._hashes is None else modules
        )
        if grown or self._hashes is None:
            self._graph, self._named = None, None
            graph = self._up_to_date()
            self._hashes = Hashes(graph.edges, graph.parts, graph.doubts)
        return self._hashes

    def _up_to_date(self) -> Graph:
        if self._graph is None:
            self._graph = Graph(
                self._program, lambda name: environment_hash(os.environ.get(name)), self._files_of
            )
        return self._graph

    def _starts(self, reached: Reached, doubts: list[str]) -> Iterator[Vertex]:
        """Yield where to begin for a function or class that was met alive."""
        top = reached.module.partition(".")[0]
        kind = self._program.kind_of(top)
        if kind != "own":
            if kind == "package":
                yield ("package", top)
            elif kind == "missing":
                doubts.append(f"module {reached.module!r} has no source file")
            return
        module = self._program.module(reached.module)
        if module is None:
            if not self._program.exists(reached.module) or reached.module in sys.modules:
                doubts.append(f"module {reached.module!r} has no source file")
            return
        yield ("touch", reached.module)
        own = self._own_vertex(reached, module)
        yield own if own is not None else ("module", reached.module)

    def _own_vertex(self, reached: Reached, module: Module) -> Vertex | None:
        """Return the definition that a live function or class comes from, if it can be told."""
        if reached.line:
            position = module.unit_at(reached.line) if _same(reached.file, module.file) else None
            return None if position is None else ("unit", module.name, position)
        return ("name", module.name, reached.name) if reached.name in module.binders else None

    # Files that the code names.

    def _files_of(self, _: Module, texts: Sequence[str]) -> Mapping[str, str]:
        """Return the files that texts name, as parts."""
        if self._named is None:
            self._named = self._find_files()
        found = self._named
        return {part: content for text in texts for part, content in found.get(text, {}).items()}

    def _find_files(self) -> dict[str, dict[str, str]]:
        """Find the files that any module names: parts of a path may stand in different ones."""
        texts: set[str] = set()
        for module in self._program.members.values():
            texts.update(text for unit in module.facts.units for text in unit.texts)
        found: dict[str, dict[str, str]] = {}
        for text, path in named_files(texts, self._folders_of_texts()):
            try:
                if path.resolve() not in self.apart:
                    shown = f"{FILE}{self._program.shown(path)}"
                    found.setdefault(text, {})[shown] = self._hash_file(path)
            except OSError:
                continue
        return found

    def _folders_of_texts(self) -> list[Path]:
        """Return the folders in which the paths that texts name may start."""
        here = Path.cwd()
        starts = {self._root, *([here] if here.is_relative_to(self._root) else [])}
        for module in self._program.members.values():
            starts.update(self._folders(module.file.parent))
        return sorted(starts)

    def _folders(self, folder: Path) -> Iterator[Path]:
        """Yield where the paths of a module's code may start: in its folder, or one above it in the project."""
        yield folder
        yield from (above for above in folder.parents if above.is_relative_to(self._root))


def _shown(unit: Unit, text: str) -> str:
    if unit.kind == STATEMENT:
        return text.strip().partition("\n")[0]
    name = ", ".join(unit.names or [name for name, _ in unit.origins]) or text
    return f"{name}()" if unit.kind == FUNCTION else name


def _same(one: str, other: Path) -> bool:
    if one == str(other):
        return True
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False
