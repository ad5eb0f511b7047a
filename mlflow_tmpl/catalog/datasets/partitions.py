"""A folder of files of one format: a mapping from their names to what loads each."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog.collected import Collected
from mlflow_tmpl.catalog.datasets import FORMATS, format_named, format_of_path
from mlflow_tmpl.catalog.file_dataset import FileDataset
from mlflow_tmpl.catalog.files import replacing
from mlflow_tmpl.catalog.folder_places import folder_place_of
from mlflow_tmpl.catalog.places import LocalFile, place_of
from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import CatalogError, did_you_mean
from mlflow_tmpl.hashing import digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mlflow_tmpl.catalog.datasets import Format
    from mlflow_tmpl.catalog.datasets.context import Context
    from mlflow_tmpl.catalog.places import Place

_INNER_KEYS = ("type", "load_args", "save_args")

CHECKPOINTS = Path(".mlo", "checkpoints")


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition, loaded when it is called.

    Attributes:
        dataset: its file.
    """

    dataset: FileDataset

    def __call__(self) -> Any:
        """Return the content."""
        return self.dataset.load()


class Partitioned:
    """A folder whose files are one dataset each.

    Args:
        context: where the entry stands and what it is reached with.
        filepath: the folder.
        dataset: what each file is: a type, or an entry without a filepath.
        suffix: what the files' names end with, and partitions' names do not.
        overwrite: whether saving replaces the whole folder, or adds to it.
        save_lazily: whether values that can be called are called when their turn to be saved comes.
    """

    def __init__(
        self,
        context: Context,
        filepath: str,
        *,
        dataset: str | Mapping[str, Any] = "",
        suffix: str = "",
        overwrite: bool = True,
        save_lazily: bool = True,
    ) -> None:
        self.place = folder_place_of(filepath, context.root, context.access)
        self._context, self._filepath = context, filepath.rstrip("/")
        self._settings: Mapping[str, Any] = {"type": dataset} if isinstance(dataset, str) else dict(dataset)
        self._check_keys()
        self.format = self._format_of(suffix)
        self._suffix = suffix or next(iter(self.format.suffixes), "")
        self.load_args: Mapping[str, Any] = self._settings.get("load_args") or {}
        self._overwrite, self._save_lazily = overwrite, save_lazily

    def load(self) -> dict[str, Partition]:
        """Return a mapping from names to functions that load, in the order of the names."""
        return self._partitions(self._files())

    @property
    def head(self) -> Callable[[int], Any] | None:
        """Loads the first rows of the first partition."""
        first = next(iter(self.load().values()), None)
        return first.dataset.head if first is not None else None

    def save(self, data: Mapping[str, Any]) -> None:
        """Save a mapping from names to values, or to functions that make them; all or nothing."""
        self.put(data)

    def put(self, data: Mapping[str, Any] | Collected) -> str | None:
        """Save, and return the fingerprint of exactly what was saved."""
        return self._settle(data) if isinstance(data, Collected) else self.put_stream([data])

    def parts(self) -> list[str]:
        """Return the names of the partitions."""
        return list(self.load())

    def part(self, name: str) -> FileDataset:
        """Return one partition, which need not be there yet."""
        context = self._context
        filepath = f"{self._filepath}/{_checked(name)}{self._suffix}"
        return self._dataset(name, place_of(filepath, context.root, context.access))

    def _settle(self, data: Collected) -> str | None:
        """Make the folder consist of partitions that were saved one by one; what was there before goes."""
        wanted = {f"{name}{self._suffix}" for name in data.parts}
        if self._overwrite:
            self.place.remove([name for name in self.place.files() if name not in wanted])
        return self.place.fingerprint()

    def save_stream(self, chunks: Iterable[Mapping[str, Any]]) -> None:
        """Save mappings one after the other, all of them or none."""
        self.put_stream(chunks)

    def put_stream(self, chunks: Iterable[Mapping[str, Any]]) -> str | None:
        """Save mappings, and return what `put` returns."""
        with ExitStack() as stack:
            folder = stack.enter_context(self.place.writing(keep=not self._overwrite))
            for chunk in chunks:
                if not hasattr(chunk, "items"):
                    raise TypeError(f"a dict of partitions is needed, not {type(chunk).__name__}")
                for name, value in chunk.items():
                    self._save(folder, name, value)
            return self.place.written(folder) if self._overwrite else None

    def exists(self) -> bool:
        """Tell whether there is the folder."""
        return self.place.exists()

    def fingerprint(self) -> str | None:
        """Return the hash of names and contents, if it can be told."""
        return self.place.fingerprint()

    def _save(self, folder: Path, name: Any, value: Any) -> None:
        path = folder / f"{_checked(name)}{self._suffix}"
        if path.exists():
            raise ValueError(f"partition {name!r} came twice")
        if self._save_lazily and callable(value):
            value = value()
        access = self._context.access
        self._dataset(name, LocalFile(path, access.hash_file, access.leftovers)).save(value)

    def _files(self) -> dict[str, Place]:
        suffix = self._suffix
        return {name: place for name, place in self.place.files().items() if name.endswith(suffix)}

    def _partitions(self, files: Mapping[str, Place]) -> dict[str, Partition]:
        names = {name[: len(name) - len(self._suffix)]: place for name, place in files.items()}
        return {name: Partition(self._dataset(name, place)) for name, place in names.items()}

    def _dataset(self, name: str, place: Place) -> FileDataset:
        return FileDataset(
            name=f"{self._context.name}[{name}]",
            format=self.format,
            place=place,
            filepath=f"{self._filepath}/{name}{self._suffix}",
            where=self._context.where,
            load_args=self.load_args,
            save_args=self._settings.get("save_args") or {},
            secrets=self._context.secrets,
        )

    def _format_of(self, suffix: str) -> Format:
        kind = str(self._settings.get("type") or "")
        found = format_named(kind, f"x{suffix}") if kind else format_of_path(f"x{suffix}")
        if found is not None:
            return found
        given = f"type {kind!r}" if kind else f"suffix {suffix!r}"
        names = [name for each in FORMATS for name in (each.name, *each.aliases)]
        hint = did_you_mean(kind, names) or "dataset: csv, or another type of files"
        raise self._error(f"the partitions' {given} tells no format", hint)

    def _check_keys(self) -> None:
        for key in self._settings:
            if key not in _INNER_KEYS:
                hint = did_you_mean(key, _INNER_KEYS) or f"it may have {', '.join(_INNER_KEYS)}"
                raise self._error(f"the partitions' entry has a key {key!r} that is not known", hint)

    def _error(self, problem: str, hint: str) -> CatalogError:
        name, where = self._context.name, self._context.where
        return CatalogError(f"dataset {name!r} cannot be made: {problem}", where=where, hint=hint)


class Incremental(Partitioned):
    """A folder of which one gets what has not been taken yet.

    Its content is the newest batch: the partitions that are new or changed since the last run that took some and
    succeeded; while there are none, the batch of that run. So the content changes when new partitions come, and only
    then, and a node that takes it again, because its code changed, gets what it got before.

    Args:
        context: where the entry stands and what it is reached with.
        filepath: the folder.
        checkpoint: the file that remembers what was taken; in `.mlo/checkpoints` unless given.
        options: as for a folder of partitions.
    """

    def __init__(self, context: Context, filepath: str, *, checkpoint: str = "", **options: Any) -> None:
        super().__init__(context, filepath, **options)
        own = f"{context.name}-{digest(self.place.identity)[:8]}.json"
        self._checkpoint = context.root / (checkpoint or CHECKPOINTS / own)
        self._taken: dict[str, str] | None = None
        self._seen: dict[str, str] | None = None

    def load(self) -> dict[str, Partition]:
        """Return the newest batch."""
        files = self._files()
        self._taken = self._batch(files)
        return self._partitions({name: files[name] for name in self._taken})

    def fingerprint(self) -> str | None:
        """Return the hash of the newest batch's names and contents."""
        self._seen = self._batch(self._files())
        return digest(json.JSONEncoder().encode(self._seen)) if all(self._seen.values()) else None

    def confirm(self) -> None:
        """Remember that the batch was taken: the run that took it has succeeded."""
        batch = self._seen if self._taken is None else self._taken
        self._taken = self._seen = None
        if batch:
            done = {**self._state()["done"], **batch}
            with replacing(self._checkpoint) as file:
                file.write_text(
                    json.JSONEncoder().encode({"done": done, "batch": list(batch)}), encoding="utf-8"
                )

    def _batch(self, files: Mapping[str, Place]) -> dict[str, str]:
        """Return the names of the newest batch, each with its version, empty if that cannot be told."""
        state = self._state()
        versions = {name: place.fingerprint() or "" for name, place in files.items()}
        new = {name: version for name, version in versions.items() if state["done"].get(name) != version}
        return new or {name: versions[name] for name in state["batch"] if name in versions}

    def _state(self) -> dict[str, Any]:
        try:
            return json.loads(self._checkpoint.read_bytes())  # type: ignore[no-any-return]
        except FileNotFoundError:
            return {"done": {}, "batch": []}


def _checked(name: Any) -> str:
    """Return a partition's name that leads to a file that is found again.

    Raises:
        ValueError: it is no such name.
    """
    parts = PurePosixPath(str(name)).parts
    if not isinstance(name, str) or not parts or "\\" in name or any(p.startswith((".", "/")) for p in parts):
        raise ValueError(f"{name!r} is no name for a partition; it is a text like 'a' or '2024/a'")
    return name
