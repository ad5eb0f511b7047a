"""The fingerprint of a node's code: every project module that it can reach, and the packages behind them."""

from __future__ import annotations

import importlib.util
import os
import sys
import sysconfig
import time
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.errors import place
from mlflow_tmpl.hashing import digest, digest_file
from mlflow_tmpl.pipeline.signature import where_defined
from mlflow_tmpl.planning.modules import ModuleFacts, is_standard, read_facts
from mlflow_tmpl.planning.values import Unfollowable, bound_values, canonical_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from importlib.machinery import ModuleSpec


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
    """Keep with each project module the source that it was just loaded from."""
    for module in modules:
        file = getattr(module, "__file__", None)
        if file and file.endswith(".py") and LOADED_SOURCE not in vars(module) and not _is_installed(file):
            try:
                vars(module)[LOADED_SOURCE] = Path(file).read_bytes()
            except OSError:
                continue


class CodeReader:
    """Fingerprints functions; each module is read once.

    Args:
        root: the project's folder: text constants that name a file below it count with that file's content.
        hash_file: content hash of a file.
        apart: files that do not count, being outputs of the pipeline that the code merely names.
    """

    def __init__(
        self,
        root: Path,
        hash_file: Callable[[Path], str] = digest_file,
        apart: frozenset[Path] = frozenset(),
    ) -> None:
        self._root = root
        self._hash_file = hash_file
        self._apart = apart
        self._modules: dict[str, _Module | None] = {}
        self._closures: dict[frozenset[str], tuple[Mapping[str, str], tuple[str, ...]]] = {}
        self._functions: dict[int, tuple[Any, CodeFingerprint]] = {}

    def fingerprint(self, func: Callable[..., Any]) -> CodeFingerprint:
        """Return the fingerprint of a function and of everything of the project that it can reach."""
        known = self._functions.get(id(func))
        if known is None:
            known = self._functions[id(func)] = (func, self._fingerprint(func))
        return known[1]

    def known(self) -> Mapping[str, Mapping[str, str]]:
        """Return what each fingerprint that was given so far is made of."""
        return {code.id: code.parts for _, code in self._functions.values()}

    def _fingerprint(self, func: Callable[..., Any]) -> CodeFingerprint:
        modules: set[str] = set()
        doubts: list[str] = []

        def found(reached: Any) -> None:
            name = getattr(reached, "__module__", None)
            if not name:
                doubts.append(f"{reached!r:.60} has no module")
            else:
                modules.add(name)

        try:
            bound = bound_values(func, found)
        except Unfollowable as error:
            doubts.append(f"{where_defined(func) or 'a function'} holds a value that cannot be told: {error}")
            bound = ""
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
        seen = {parent for start in starts for parent in _parents(start)}
        waiting = sorted(seen)
        while waiting:
            name = waiting.pop()
            if is_standard(name):
                continue
            module = self._module(name)
            if module is None:
                if name in starts:
                    doubts.append(f"module {name!r} has no source file")
                continue
            parts.update(module.parts)
            doubts.extend(module.doubts)
            new = sorted(module.imports - seen)
            seen.update(new)
            waiting.extend(new)
        return parts, tuple(sorted(set(doubts)))

    def _module(self, name: str) -> _Module | None:
        if name not in self._modules:
            self._modules[name] = self._read(name)
        return self._modules[name]

    def _read(self, name: str) -> _Module | None:
        spec = _find(name)
        if spec is None or spec.origin in (None, "built-in", "frozen"):
            return None
        top = name.partition(".")[0]
        file = str(spec.origin)
        if top == __name__.partition(".")[0] or _is_installed(file):
            return _package(top)
        if not file.endswith(".py"):
            return _Module({f"module {name}": self._hash_file(Path(file))}, frozenset(), ())
        return self._source(name, Path(file), spec.submodule_search_locations is not None)

    def _source(self, name: str, file: Path, is_package: bool) -> _Module:
        loaded = vars(sys.modules[name]).get(LOADED_SOURCE) if name in sys.modules else None
        if loaded is None and name in sys.modules and file.stat().st_mtime > _STARTED_AT:
            return _Module(
                {}, frozenset(), (f"{place(file)} was edited after this process began and imported it",)
            )
        try:
            facts = read_facts(loaded if loaded is not None else file.read_bytes(), name, is_package)
        except (OSError, SyntaxError, ValueError) as error:
            return _Module({}, frozenset(), (f"{place(file)} cannot be read: {error}",))
        parts = {f"module {self._shown(file)}": facts.fingerprint}
        parts.update({f"environment {variable}": _environment(variable) for variable in facts.environment})
        parts.update(self._files(facts))
        doubts = tuple(
            f"{place(file, line)} uses {what}, which cannot be followed" for line, what in facts.doubts
        )
        return _Module(parts, facts.imports, doubts)

    def _files(self, facts: ModuleFacts) -> Iterable[tuple[str, str]]:
        for text in sorted(facts.texts):
            try:
                path = (self._root / text).resolve()
                if path.is_file() and path.is_relative_to(self._root) and path not in self._apart:
                    yield f"file {self._shown(path)}", self._hash_file(path)
            except (OSError, ValueError):
                continue

    def _shown(self, file: Path) -> str:
        """Return a path that is the same on every machine that has the project."""
        try:
            return file.relative_to(self._root).as_posix()
        except ValueError:
            return file.as_posix()


@dataclass(frozen=True, slots=True)
class _Module:
    parts: Mapping[str, str]
    imports: frozenset[str]
    doubts: tuple[str, ...]


def _environment(variable: str) -> str:
    value = os.environ.get(variable)
    return digest(value) if value is not None else "unset"


def _parents(name: str) -> Iterable[str]:
    while name:
        yield name
        name = name.rpartition(".")[0]


def _find(name: str) -> ModuleSpec | None:
    """Find a module without importing anything."""
    if name in sys.modules:
        return getattr(sys.modules[name], "__spec__", None)
    parent, _, _ = name.rpartition(".")
    try:
        if not parent:
            return importlib.util.find_spec(name)
        above = _find(parent)
        if above is None or above.submodule_search_locations is None:
            return None
        return PathFinder.find_spec(name, list(above.submodule_search_locations))
    except (ImportError, ValueError, AttributeError):
        return None


def _installed_folders() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    return tuple(
        {
            os.path.join(os.path.realpath(paths[kind]), "")
            for kind in ("purelib", "platlib", "stdlib", "platstdlib")
        }
    )


def _is_installed(file: str) -> bool:
    """Tell a file that a package manager put there from one that its author may edit."""
    real = os.path.realpath(file)
    return "site-packages" in real or "dist-packages" in real or real.startswith(_installed_folders())


def _package(top: str) -> _Module:
    version = getattr(sys.modules.get(top), "__version__", None) or _distribution_version(top)
    if version is None:
        return _Module({}, frozenset(), (f"package {top!r} has no version",))
    return _Module({f"package {top}": str(version)}, frozenset(), ())


def _distribution_version(top: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(top)
    except metadata.PackageNotFoundError:
        names = metadata.packages_distributions().get(top, [])
        return ",".join(f"{name} {metadata.version(name)}" for name in sorted(set(names))) or None
