"""What the workers of a given cluster have and see, found out before anything runs."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from mlflow_tmpl.engine.clusters.code import code_of
from mlflow_tmpl.errors import CatalogError, EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from mlflow_tmpl.catalog import Catalog
    from mlflow_tmpl.engine.clusters.code import Code
    from mlflow_tmpl.engine.surroundings import Surroundings

    Answers = Mapping[str, Mapping[str, Any]]


class Survey:
    """Asks the workers of a cluster, and refuses what does not fit a run.

    Args:
        surroundings: the run.
    """

    def __init__(self, surroundings: Surroundings) -> None:
        self._catalog = surroundings.catalog
        self._source = surroundings.source
        self._folders = local_folders(surroundings.catalog, surroundings.datasets)
        self._code: Code | None = None
        self._archive = b""
        if self._source is not None:
            self._code, self._archive = code_of(self._source)

    @contextmanager
    def question(self) -> Iterator[tuple[Callable[..., Any], tuple[Any, ...]]]:
        """Give what every worker is to call, and with what; a token lies on this disk for as long as they do."""
        token = _token(self._catalog.root)
        folders = sorted(set(self._folders.values()))
        version = self._code.version if self._code is not None else ""
        try:
            yield _by_value(_answer), (folders, str(token or ""), version, str(self._source or ""))
        finally:
            if token is not None:
                token.unlink(missing_ok=True)

    def check(self, answers: Answers) -> None:
        """Refuse workers with another mlo, and datasets that they do not see.

        Raises:
            EngineError: another mlo, or none.
            CatalogError: a dataset on a disk that is not theirs.
        """
        check_mlo({worker: told["mlo"] for worker, told in answers.items()})
        check_datasets(self._catalog, self._folders, answers)

    def code(self, answers: Answers) -> tuple[Code | None, bytes]:
        """Return the project's code as the workers have it, and its archive if any of them lacks it."""
        if self._code is None:
            return None, b""
        if all(told["token"] and told["source"] for told in answers.values()):
            return self._code.at(str(self._source)), b""
        return self._code, b"" if all(told["code"] for told in answers.values()) else self._archive


def _token(root: Path) -> Path | None:
    """Make a file that only who sees this disk can see; ``None`` where the project has no place for it."""
    file = root / ".mlo" / f"seen-{uuid4().hex}"
    with suppress(OSError):
        file.touch(exist_ok=False)
        return file
    return None


def _answer(folders: Sequence[str], token: str, code: str, source: str) -> dict[str, Any]:
    """Tell what a worker has and sees. It travels by value and stands alone: the worker may have no mlo."""
    import importlib
    import os
    import sys
    import tempfile

    def numbers(folder: str) -> list[int] | None:
        try:
            found = os.stat(folder)
        except OSError:
            return None
        return [found.st_ino, found.st_mtime_ns]

    try:
        mlo = importlib.import_module("mlflow_tmpl").__version__
    except ImportError:
        mlo = ""
    owner = os.getuid() if hasattr(os, "getuid") else "me"
    return {
        "python": ".".join(map(str, sys.version_info[:3])),
        "mlo": mlo,
        "folders": {folder: numbers(folder) for folder in folders},
        "token": bool(token) and os.path.exists(token),
        "code": bool(code) and os.path.isdir(os.path.join(tempfile.gettempdir(), f"mlo-code-{owner}", code)),
        "source": bool(source) and os.path.isdir(source),
    }


def _by_value(function: Any) -> Callable[..., Any]:
    """Return a function that is pickled with all that it is made of, not by its name."""
    code: Any = function.__code__
    alone = FunctionType(code, {"__builtins__": __builtins__, "__name__": "__main__"}, function.__name__)
    alone.__module__ = "__main__"
    return alone


def check_python(versions: Mapping[str, str]) -> None:
    """Refuse workers of another Python.

    Args:
        versions: worker to what it runs, ``3.12.1``.

    Raises:
        EngineError: one of them has another ``3.x``.
    """
    ours = sys.version_info[:2]
    for worker, version in versions.items():
        if version.split(".")[:2] != [str(number) for number in ours]:
            raise EngineError(
                f"worker {worker!r} runs Python {version}, and this is Python {'.'.join(map(str, ours))}",
                hint="what one of them pickles the other may not read: run both with the same",
            )


def check_mlo(versions: Mapping[str, str]) -> None:
    """Refuse workers with another mlo, or none.

    Args:
        versions: worker to the version that it has; empty if it has none.

    Raises:
        EngineError: one of them has another one.
    """
    ours = vars(sys.modules["mlflow_tmpl"])["__version__"]
    for worker, version in versions.items():
        if version != ours:
            has = f"has mlo {version}, and this is mlo {ours}" if version else "has no mlo"
            hint = f"on its machine: pip install 'mlflow-tmpl=={ours}'"
            raise EngineError(f"worker {worker!r} {has}", hint=hint)


def local_folders(catalog: Catalog, names: Iterable[str]) -> dict[str, str]:
    """Return for each dataset that lies on this machine the nearest folder that is there."""
    found = {}
    for name in names:
        place = catalog.location(name) if not catalog.is_memory(name) else ""
        if place and "://" not in place:
            found[name] = str(next(folder for folder in Path(place).parents if folder.is_dir()))
    return found


def check_datasets(catalog: Catalog, folders: Mapping[str, str], answers: Answers) -> None:
    """Refuse datasets on a disk that some worker does not see.

    Args:
        catalog: the datasets.
        folders: dataset to the folder that it lies in.
        answers: worker to what it has told.

    Raises:
        CatalogError: with the first such dataset.
    """
    root = os.path.realpath(catalog.root)
    for name, folder in folders.items():
        inside = Path(folder).is_relative_to(root)
        for worker, told in answers.items():
            if (inside and told["token"]) or told["folders"].get(folder) == numbers_of(folder):
                continue
            raise CatalogError(
                f"dataset {name!r} lies on this machine's disk, which worker {worker!r} does not see",
                where=catalog.where(name),
                hint="put it where all workers reach it: at a URL, or on a disk that they share under the same path",
            )


def numbers_of(folder: str) -> list[int]:
    """Return what tells a folder from another one that has its name on another machine."""
    found = os.stat(folder)
    return [found.st_ino, found.st_mtime_ns]
