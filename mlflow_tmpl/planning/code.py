"""The fingerprint of a node's code: every project module that it can reach, and the packages behind them."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.errors import place
from mlflow_tmpl.hashing import digest, digest_file
from mlflow_tmpl.pipeline.signature import where_defined
from mlflow_tmpl.planning.files import as_paths, named_files
from mlflow_tmpl.planning.modules import read_facts
from mlflow_tmpl.planning.packages import find_module, is_installed, is_standard, place_of, version_of
from mlflow_tmpl.planning.values import Unfollowable, bound_values, canonical_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


def _started_at() -> float:
    """Return when this process began, in seconds since the epoch; where the system hides it, when mlo was imported."""
    try:
        ticks = int(Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()[19])
        boot = next(
            line
            for line in Path("/proc/stat").read_text(encoding="ascii").splitlines()
            if line.startswith("btime")
        )
        return int(boot.split()[1]) + ticks / os.sysconf("SC_CLK_TCK") - 1
    except (OSError, ValueError, IndexError, StopIteration, AttributeError):
        return time.time()


_STARTED_AT = _started_at()

LOADED_SOURCE = "__mlo_source__"
"""Attribute of a project module that holds the bytes it was loaded from: a file edited since is not what runs."""


@dataclass(frozen=True, slots=True)
class CodeFingerprint:
    """What a function's code is, as far as a reuse can depend on it.

    Attributes:
        id: the hash of `parts`.
        parts: what counts, by kind and name: ``module features.py``, ``package numpy``, ``environment X``,
            ``file lookup.csv``, ``function f`` (what is bound into it).
        doubts: what could not be followed; a node with any is run.
    """

    id: str
    parts: Mapping[str, str]
    doubts: tuple[str, ...]


def remember_loaded_sources(modules: Iterable[Any]) -> None:
    """Keep with each project module the source that it was just loaded from, and the spec that tells a reload."""
    for module in modules:
        file = getattr(module, "__file__", None)
        if file and file.endswith(".py") and LOADED_SOURCE not in vars(module) and not is_installed(file):
            try:
                vars(module)[LOADED_SOURCE] = (getattr(module, "__spec__", None), Path(file).read_bytes())
            except OSError:
                continue


class CodeReader:
    """Fingerprints functions; each module is read once.

    Args:
        root: the project's folder: text constants that name a file below it count with that file's content.
        hash_file: content hash of a file.
        apart: files that do not count, being outputs of the pipeline that the code merely names.
        own: top-level packages whose source counts even where a package manager has put it.
    """

    def __init__(
        self,
        root: Path,
        hash_file: Callable[[Path], str] = digest_file,
        apart: frozenset[Path] = frozenset(),
        own: frozenset[str] = frozenset(),
    ) -> None:
        self._root = root
        self._hash_file = hash_file
        self._apart = apart
        self._own = own
        self._tops: dict[str, _Module | None] = {}
        self._modules: dict[str, _Module | None] = {}
        self._closures: dict[frozenset[str], tuple[Mapping[str, str], tuple[str, ...]]] = {}
        self._functions: dict[int, tuple[Any, CodeFingerprint]] = {}

    def fingerprint(self, func: Callable[..., Any]) -> CodeFingerprint:
        """Return the fingerprint of a function and of everything of the project that it can reach."""
        known = self._functions.get(id(func))
        if known is None:
            known = self._functions[id(func)] = (func, self._fingerprint(func))
        return known[1]

    def fingerprint_of_path(self, dotted: str) -> CodeFingerprint:
        """Return the fingerprint of what a dotted path names, which need not be imported for it."""
        module = dotted.rpartition(".")[0]
        while module and find_module(module) is None:
            module = module.rpartition(".")[0]
        parts, doubts = self._closure(frozenset({module}))
        every = {**parts, "path": dotted}
        return CodeFingerprint(digest(canonical_json(every)), MappingProxyType(every), doubts)

    def known(self) -> Mapping[str, Mapping[str, str]]:
        """Return what each fingerprint that was given so far is made of."""
        return {code.id: code.parts for _, code in self._functions.values()}

    def _fingerprint(self, func: Callable[..., Any]) -> CodeFingerprint:
        modules: set[str] = set()
        doubts: list[str] = []
        try:
            bound = bound_values(func, modules.add)
        except Unfollowable as error:
            doubts.append(f"{where_defined(func) or 'a function'} holds a value that cannot be told: {error}")
            bound = ""
        if "" in modules:
            doubts.append(f"{where_defined(func) or 'a function'} belongs to no module")
        parts, unclear = self._closure(frozenset(modules))
        every = {**parts, "function": digest(bound)}
        return CodeFingerprint(digest(canonical_json(every)), MappingProxyType(every), (*doubts, *unclear))

    def _closure(self, starts: frozenset[str]) -> tuple[Mapping[str, str], tuple[str, ...]]:
        if starts not in self._closures:
            self._closures[starts] = self._follow(starts)
        return self._closures[starts]

    def _follow(self, starts: frozenset[str]) -> tuple[Mapping[str, str], tuple[str, ...]]:
        parts: dict[str, str] = {"python": ".".join(map(str, sys.version_info[:2]))}
        doubts: list[str] = []
        texts: set[str] = set()
        folders: set[Path] = set()
        seen = {parent for start in starts for parent in _parents(start)}
        waiting = sorted(seen)
        while waiting:
            name = waiting.pop()
            module = self._module(name)
            if module is None:
                if name in starts:
                    doubts.append(f"module {name!r} has no source file")
                continue
            parts.update(module.parts)
            doubts.extend(module.doubts)
            texts |= module.texts
            folders.update(module.folders)
            new = sorted(module.imports - seen)
            seen.update(new)
            waiting.extend(new)
        parts.update(self._files(texts, folders))
        return parts, tuple(sorted(set(doubts)))

    def _module(self, name: str) -> _Module | None:
        """Return what is known of a module; all modules of a package of others are that package."""
        top = name.partition(".")[0]
        if top not in self._tops:
            self._tops[top] = self._foreign(top)
        foreign = self._tops[top]
        if foreign is not None:
            return foreign
        if name not in self._modules:
            self._modules[name] = self._read(name)
        return self._modules[name]

    def _foreign(self, top: str) -> _Module | None:
        """Return the module of a top-level package that is not the project's to edit."""
        if top in self._own:
            return None
        if top == __name__.partition(".")[0]:
            return _package(top)
        spec = find_module(top)
        if spec is None:
            return None
        if is_standard(spec):
            return _NOTHING
        return _package(top) if is_installed(place_of(spec)) else None

    def _read(self, name: str) -> _Module | None:
        spec = find_module(name)
        if spec is None or not spec.has_location or spec.origin is None:
            return None
        file = Path(spec.origin)
        if file.suffix != ".py":
            return _Module({f"module {self._shown(file)}": self._hash_file(file)})
        return self._source(name, file, spec.submodule_search_locations is not None)

    def _source(self, name: str, file: Path, is_package: bool) -> _Module:
        try:
            source = _loaded_source(name)
            if source is None and name in sys.modules and file.stat().st_mtime > _STARTED_AT:
                return _Module(doubts=(f"{place(file)} was edited after this process began and imported it",))
            facts = read_facts(source if source is not None else file.read_bytes(), name, is_package)
        except (OSError, SyntaxError, ValueError, RecursionError) as error:
            return _Module(doubts=(f"{place(file)} cannot be read: {error}",))
        parts = {f"module {self._shown(file)}": facts.fingerprint}
        parts.update({f"environment {variable}": _environment(variable) for variable in facts.environment})
        doubts = tuple(
            f"{place(file, line)} uses {what}, which cannot be followed" for line, what in facts.doubts
        )
        return _Module(parts, facts.imports, doubts, as_paths(facts.texts), self._folders(file.parent))

    def _folders(self, folder: Path) -> tuple[Path, ...]:
        """Return where the paths of a module's code may start: in its folder, or one above it in the project."""
        return (folder, *(above for above in folder.parents if above.is_relative_to(self._root)))

    def _files(self, texts: set[str], folders: set[Path]) -> Iterable[tuple[str, str]]:
        here = Path.cwd()
        starts = {self._root, *folders, *([here] if here.is_relative_to(self._root) else [])}
        for path in named_files(texts, sorted(starts)):
            try:
                if path.resolve() not in self._apart:
                    yield f"file {self._shown(path)}", self._hash_file(path)
            except OSError:
                continue

    def _shown(self, file: Path) -> str:
        """Return a path that is the same on every machine that has the project."""
        try:
            return file.relative_to(self._root).as_posix()
        except ValueError:
            return file.as_posix()


@dataclass(frozen=True, slots=True)
class _Module:
    parts: Mapping[str, str] = field(default_factory=dict)
    imports: frozenset[str] = frozenset()
    doubts: tuple[str, ...] = ()
    texts: frozenset[str] = frozenset()
    folders: tuple[Path, ...] = ()


_NOTHING = _Module()


def _loaded_source(name: str) -> bytes | None:
    """Return the bytes that a module was loaded from, ``None`` if they are not known or it was reloaded since."""
    module = sys.modules.get(name)
    loaded = vars(module).get(LOADED_SOURCE) if module is not None else None
    return loaded[1] if loaded is not None and loaded[0] is getattr(module, "__spec__", None) else None


def _environment(variable: str) -> str:
    value = os.environ.get(variable)
    return digest(value.encode(errors="surrogateescape")) if value is not None else "unset"


def _parents(name: str) -> Iterable[str]:
    while name:
        yield name
        name = name.rpartition(".")[0]


def _package(top: str) -> _Module:
    version = version_of(top)
    if version is None:
        return _Module(doubts=(f"package {top!r} has no version",))
    return _Module({f"package {top}": version})
