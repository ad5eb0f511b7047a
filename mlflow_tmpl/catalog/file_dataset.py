"""A dataset that is one file: what every format has in common."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from mlflow_tmpl.catalog.compression import is_compressed, opened, through
from mlflow_tmpl.catalog.extras import pip_line
from mlflow_tmpl.catalog.failures import Given, reported
from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import DataError
from mlflow_tmpl.hashing import digest_file
from mlflow_tmpl.masking import Secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from mlflow_tmpl.catalog.datasets import Format
    from mlflow_tmpl.catalog.places import Place


@dataclass(frozen=True, slots=True)
class FileDataset:
    """One file of one format.

    Attributes:
        name: the dataset's name.
        format: how such files are loaded and saved.
        place: where the file lies.
        filepath: the same for messages: as written, or relative to the project.
        where: ``file:line`` of the entry.
        load_args, save_args: what the entry passes on to the library.
        secrets: what must not show up in messages.
        description: what `describe` says.
    """

    name: str
    format: Format
    place: Place
    filepath: str
    where: str = ""
    load_args: Mapping[str, Any] = field(default_factory=dict)
    save_args: Mapping[str, Any] = field(default_factory=dict)
    secrets: Secrets = field(default_factory=Secrets, repr=False, compare=False)
    description: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def path(self) -> Path | None:
        """The file's path, if it lies on this machine."""
        return self.place.path

    @property
    def target(self) -> Path | None:
        """Where a save would put the file, if that is on this machine: of a versioned one, a new version."""
        return self.place.target

    def load(self) -> Any:
        """Return the content.

        Raises:
            DataError: there is none, or it is damaged, or the format is only written.
        """
        load = self.format.load
        if load is None:
            raise DataError(self._failed("loaded from"), where=self.where, hint=self.format.instead)
        with self._reported("loaded from"):
            return self._read(load)

    @property
    def head(self) -> Callable[[int], Any] | None:
        """Loads the first rows without reading the rest; ``None`` if the format has no such way."""
        return self._head if self.format.head is not None else None

    def _head(self, rows: int) -> Any:
        head = self.format.head
        assert head is not None  # asked for by the property only
        with self._reported("loaded from"):
            return self._read(lambda source, **load_args: head(source, rows, **load_args))

    def _read(self, load: Callable[..., Any]) -> Any:
        return self.place.patiently(lambda: self._read_once(load))

    def _read_once(self, load: Callable[..., Any]) -> Any:
        with self.place.reading() as source:
            if isinstance(source, Path) and not self._opens(source.name, self.load_args):
                return load(source, **self.load_args)
            with self._unpacked(source) as file:
                return load(file, **self.load_args)

    def _opens(self, name: str, arguments: Mapping[str, Any]) -> bool:
        """Tell whether the library gets an open file: always, or because what is in it is packed."""
        packed = self.format.compressed and is_compressed(name) and "compression" not in arguments
        return self.format.opened or packed

    def save(self, data: Any) -> None:
        """Replace the content; the old one stays if that fails at any point.

        Raises:
            DataError: the data does not fit the format, or the file cannot be written.
        """
        self._put(data)

    def put(self, data: Any) -> str | None:
        """Save, and return the fingerprint of exactly what was saved; ``None`` where it cannot be told here.

        By the time one asks for the file's own, another run may have put its content in the place of this.
        """
        return self._put(data, hashed=True)

    def _put(self, data: Any, *, hashed: bool = False) -> str | None:
        save = self.format.save
        if save is None:
            raise DataError(self._failed("saved to"), where=self.where, hint=self.format.instead)
        arguments = {**self.format.save_defaults, **self.save_args}
        with self._reported("saved to"), self.place.writing() as target:
            if not self._opens(target.name, arguments):
                save(data, target, **arguments)
            else:
                with opened(target, "wb") as file:
                    save(data, file, **arguments)
            return digest_file(target) if hashed and self.path is not None else None

    @property
    def streams(self) -> bool:
        """Whether the format can be appended to."""
        return self.format.stream is not None

    def save_stream(self, chunks: Iterator[Any]) -> None:
        """Replace the content by chunks, one after the other; an error of their giver passes unchanged.

        Raises:
            DataError: as for `save`, or the format cannot be appended to.
        """
        self._put_stream(chunks)

    def put_stream(self, chunks: Iterator[Any]) -> str | None:
        """Save chunk by chunk, and return what `put` returns."""
        return self._put_stream(chunks, hashed=True)

    def _put_stream(self, chunks: Iterator[Any], *, hashed: bool = False) -> str | None:
        stream = self.format.stream
        if stream is None:
            hint = "give out the whole, or use csv, parquet, jsonl or text"
            raise DataError(f"{self._failed('saved to')} chunk by chunk", where=self.where, hint=hint)
        arguments = {**self.format.save_defaults, **self.save_args}
        given = Given(chunks)
        opener = open if "compression" in arguments else opened
        with self._reported("saved to", foreign=given.is_failure), self.place.writing() as target:
            with opener(target, "wb") as file:
                stream(given, file, **arguments)
            return digest_file(target) if hashed and self.path is not None else None

    def exists(self) -> bool:
        """Tell whether there is a file."""
        with self._reported("looked up at"):
            return self.place.exists()

    def fingerprint(self) -> str | None:
        """Return the hash of the content; ``None`` where it cannot be told.

        Raises:
            DataError: there is no file, or it cannot be read; `exists` tells the first.
        """
        with self._reported("read from"):
            return self.place.fingerprint()

    def describe(self) -> dict[str, Any]:
        """Return type, filepath, arguments and what else the entry says, without secrets."""
        return dict(self.description)

    def _repr_html_(self) -> str:
        from mlflow_tmpl.catalog.notebook import dataset_html

        return dataset_html(self.name, self.description)

    @contextmanager
    def _unpacked(self, source: Path | IO[bytes]) -> Iterator[IO[bytes]]:
        if isinstance(source, Path):
            with opened(source, "rb") as file:
                yield file
        elif self.format.compressed and "compression" not in self.load_args:
            with through(source, self.filepath.partition("?")[0], "rb") as file:
                yield file
        else:
            yield source

    def _reported(self, done: str, **options: Any) -> AbstractContextManager[None]:
        install = pip_line(self.format.extra, self.place.protocol)
        return reported(
            self._failed(done), where=self.where, mask=self.secrets.mask, install=install, **options
        )

    def _failed(self, done: str) -> str:
        return f"dataset {self.name!r} cannot be {done} {self.filepath}"
