"""What a definition depends on, and whether all of it is as it was."""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.hashing import digest, digest_parts
from mlflow_tmpl.ledger.stats import FileStat, stat_and_hash, state_of
from mlflow_tmpl.planning.files import named_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_IMPORTABLE = (".py", ".pyc", ".so", ".pyd", ".pth", ".egg-link", ".egg-info", ".dist-info", ".zip")
MISSING = "missing"


def surroundings(root: Path, told: Sequence[str], path: Sequence[str]) -> str:
    """Return the hash of what tells one snapshot of a project from another: where it is loaded, and for what."""
    parts = [sys.version, sys.platform, os.getcwd(), str(root), *told, "", *path]
    return digest_parts(parts)


def importable_names(folder: str) -> str:
    """Return the hash of the names in a folder that an import, or the version of a package, can depend on."""
    try:
        names = os.listdir(folder or ".")
    except OSError:
        return MISSING
    found = [name for name in names if name.endswith(_IMPORTABLE) or "." not in name]
    return _hash_of_names([name for name in found if name != "__pycache__"])


def names_in(folder: str) -> str:
    """Return the hash of all names in a folder."""
    try:
        return _hash_of_names(os.listdir(folder))
    except OSError:
        return MISSING


def _hash_of_names(names: list[str]) -> str:
    return digest("\0".join(sorted(names)).encode(errors="surrogateescape"))


def look_of(path: str) -> str:
    """Return what there is under a path, as far as asking the system tells."""
    try:
        found = os.lstat(path)
        link = os.readlink(path) if stat.S_ISLNK(found.st_mode) else ""
        found = os.stat(path) if link else found
    except (OSError, ValueError):
        return MISSING
    size = f"{found.st_size} {found.st_mtime_ns}" if stat.S_ISREG(found.st_mode) else ""
    return f"{stat.S_IFMT(found.st_mode)} {size} {link}"


def variable_hash(value: str | None) -> str:
    """Return the hash of an environment variable: its value may be a secret."""
    return MISSING if value is None else digest(f"={value}")


@dataclass(slots=True)
class Conditions:
    """What loading a project, and reading its code, depended on.

    Attributes:
        files: path to ``[size, mtime_ns, ctime_ns, inode, seen_ns, hash]``; an empty list for one that was not there.
        folders: folder to the hash of its names.
        packages: folder to the hash of its importable names.
        looks: path to what was there.
        variables: environment variable to the hash of its value.
        texts: texts of the code that may name files.
        starts: folders that they may start from.
        named: files that they named.
        modules: the project's own modules.
        parameters: hash of the parameters that the pipelines were made from; empty if they were not.
    """

    files: dict[str, list[Any]] = field(default_factory=dict)
    folders: dict[str, str] = field(default_factory=dict)
    packages: dict[str, str] = field(default_factory=dict)
    looks: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    starts: list[str] = field(default_factory=list)
    named: list[str] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)
    parameters: str = ""

    def difference(self) -> str:
        """Return what is not as it was; empty if everything is."""
        loaded = next((name for name in self.modules if name in sys.modules), None)
        if loaded:
            return f"module {loaded!r} is imported already"
        for name, known in self.variables.items():
            if variable_hash(os.environ.get(name)) != known:
                return f"environment variable {name!r}"
        for kinds, ask in (
            (self.packages, importable_names),
            (self.folders, names_in),
            (self.looks, look_of),
            (self.files, self._file),
        ):
            changed = next((each for each, known in kinds.items() if ask(each) != known), None)
            if changed is not None:
                return changed
        if self.texts and found_files(self.texts, self.starts) != self.named:
            return "the files that the code names"
        return ""

    def _file(self, path: str) -> list[Any]:
        """Return what is known of a file if its content is as it was, else nothing that equals it."""
        known = self.files[path]
        try:
            state = state_of(path)
        except OSError:
            return []
        if not known:
            return [MISSING]
        if FileStat(tuple(known[:4]), known[4], known[5]).stands(state):
            return known
        return known if stat_and_hash(Path(path)).digest == known[5] else []


def found_files(texts: Sequence[str], starts: Sequence[str]) -> list[str]:
    """Return the files that texts name."""
    return sorted({str(path) for _, path in named_files(texts, [Path(each) for each in starts])})


def states_of(
    paths: Iterable[str], expected: Mapping[str, str], before_ns: int
) -> dict[str, list[Any]] | None:
    """Return what is known of files, ``None`` if one of them may have changed since it was read.

    Args:
        paths: of the files.
        expected: path to the hash of the content that was read, where that is known.
        before_ns: when reading began: a file that was touched later may have been read in another state.
    """
    states: dict[str, list[Any]] = {}
    for path in paths:
        try:
            known = stat_and_hash(Path(path))
        except OSError:
            states[path] = []
            continue
        if known.digest != expected.get(path, known.digest):
            return None
        if path not in expected and max(known.state[1], known.state[2]) >= before_ns:
            return None
        states[path] = [*known.state, known.seen_ns, known.digest]
    return states
