"""What a dataset is, and how any object with `load` and `save` becomes one."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from mlflow_tmpl.catalog.failures import Given, reported
from mlflow_tmpl.catalog.secrets import qualified_name, showable
from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import CatalogError, DataError
from mlflow_tmpl.masking import Secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

CopyMode = Literal["never", "shallow", "deep"]

COPY_MODES: tuple[CopyMode, ...] = ("never", "shallow", "deep")


class Dataset(Protocol):
    """A named piece of data that can be loaded, saved, asked whether it exists, and fingerprinted."""

    def load(self) -> Any:
        """Return the data."""

    def save(self, data: Any) -> None:
        """Put data in the place of what was there."""

    def exists(self) -> bool:
        """Tell whether there is something to load."""

    def fingerprint(self) -> str | None:
        """Return what changes when the content does; ``None`` if that cannot be told."""

    def describe(self) -> dict[str, Any]:
        """Return type, place and arguments, as JSON can hold them; never a secret."""


@runtime_checkable
class StreamingDataset(Protocol):
    """A dataset that can be saved chunk by chunk, so that a stream never is in memory as a whole."""

    def save_stream(self, chunks: Iterator[Any]) -> None:
        """Append one chunk after the other to a new content, which replaces the old one at the end."""


def can_stream(dataset: object) -> bool:
    """Tell whether a dataset takes chunks: it has `save_stream`, and no `streams` that says otherwise."""
    return isinstance(dataset, StreamingDataset) and bool(getattr(dataset, "streams", True))


@dataclass(frozen=True, slots=True)
class Memory:
    """An entry whose value lives in the run and nowhere else; the catalog only knows how it is handed on.

    Attributes:
        name: the dataset's name.
        copy: how takers are kept apart; ``None`` leaves it to the kind of value, see `isolate`.
    """

    name: str = ""
    copy: CopyMode | None = None

    def load(self) -> Any:
        """Refuse: there is nothing outside a run."""
        raise DataError(
            f"dataset {self.name!r} is kept in memory, so nothing is left of it after its run",
            hint="give it a filepath in the catalog",
        )

    def save(self, data: Any) -> None:  # noqa: ARG002  (the protocol's signature)
        """Refuse: a run keeps its values itself."""
        raise DataError(f"dataset {self.name!r} is kept in memory and not saved", hint="give it a filepath")

    def exists(self) -> bool:
        """Return ``False``: outside a run there is no value."""
        return False

    def fingerprint(self) -> str | None:
        """Return ``None``: what a value in memory is, its producer's key tells."""
        return None

    def describe(self) -> dict[str, Any]:
        """Return the type, and the copy mode if one is declared."""
        return {"type": "memory", **({"copy": self.copy} if self.copy else {})}

    def _repr_html_(self) -> str:
        from mlflow_tmpl.catalog.notebook import dataset_html

        return dataset_html(self.name, self.describe())


@dataclass(frozen=True, slots=True)
class Adapted:
    """Any object with `load` and `save`, with defaults for the rest and errors that name the dataset.

    Attributes:
        name: the dataset's name.
        wrapped: the object.
        where: ``file:line`` of its entry.
        secrets: what must not show up in messages.
        description: what `describe` says; ``None`` asks the object.
    """

    name: str
    wrapped: Any
    where: str = ""
    secrets: Secrets = field(default_factory=Secrets, repr=False, compare=False)
    description: Mapping[str, Any] | None = None

    def load(self) -> Any:
        """Return what the object loads."""
        with self._reported("loaded"):
            return self.wrapped.load()

    @property
    def head(self) -> Callable[[int], Any] | None:
        """Loads the first rows, if the object can do that without loading all."""
        with self._reported("loaded"):
            head = getattr(self.wrapped, "head", None)
        return self._head if head is not None else None

    def _head(self, rows: int) -> Any:
        with self._reported("loaded"):
            return self.wrapped.head(rows)

    def save(self, data: Any) -> None:
        """Have the object save."""
        self.put(data)

    def put(self, data: Any) -> str | None:
        """Have the object save; return the fingerprint of exactly what was saved, if it tells that."""
        put = getattr(self.wrapped, "put", None)
        with self._reported("saved"):
            return put(data) if put is not None else self.wrapped.save(data)  # type: ignore[no-any-return]

    @property
    def streams(self) -> bool:
        """Whether the object takes chunks."""
        return can_stream(self.wrapped)

    def save_stream(self, chunks: Iterator[Any]) -> None:
        """Have the object save chunk by chunk; an error of their giver passes unchanged."""
        self.put_stream(chunks)

    def put_stream(self, chunks: Iterator[Any]) -> str | None:
        """Save chunk by chunk, and return what `put` returns."""
        put = getattr(self.wrapped, "put_stream", self.wrapped.save_stream)
        given = Given(chunks)
        with self._reported("saved", foreign=given.is_failure):
            return put(given)  # type: ignore[no-any-return]

    @property
    def read_only(self) -> bool:
        """Whether the object says that it cannot be saved."""
        return bool(getattr(self.wrapped, "read_only", False))

    @property
    def place(self) -> Any:
        """Where the object's files lie, if it is made of files in one place."""
        return getattr(self.wrapped, "place", None)

    def confirm(self) -> None:
        """Tell the object that a run which loaded it has succeeded, if it wants to know."""
        confirm = getattr(self.wrapped, "confirm", None)
        with self._reported("confirmed"):
            if confirm is not None:
                confirm()

    def exists(self) -> bool:
        """Return what the object says; ``True`` if it cannot be asked."""
        ask = getattr(self.wrapped, "exists", None)
        with self._reported("looked up"):
            return ask is None or bool(ask())

    def fingerprint(self) -> str | None:
        """Return what the object says; ``None`` if it cannot be asked."""
        ask = getattr(self.wrapped, "fingerprint", None)
        with self._reported("fingerprinted"):
            answer = ask() if ask else None
        return None if answer is None else str(answer)

    def describe(self) -> dict[str, Any]:
        """Return the entry's description, else the object's own, else its class."""
        if self.description is not None:
            return dict(self.description)
        ask = getattr(self.wrapped, "describe", None)
        with self._reported("described"):
            return dict(showable(ask())) if ask else {"type": qualified_name(type(self.wrapped))}

    def _repr_html_(self) -> str:
        from mlflow_tmpl.catalog.notebook import dataset_html

        return dataset_html(self.name, self.describe())

    def _reported(self, done: str, **options: Any) -> AbstractContextManager[None]:
        problem = f"dataset {self.name!r} cannot be {done}"
        return reported(problem, where=self.where, mask=self.secrets.mask, **options)


def adapt(name: str, thing: Any, *, where: str = "") -> Dataset:
    """Return an object that has `load` and `save` as a dataset.

    Raises:
        CatalogError: it has not.
    """
    if isinstance(thing, Memory):
        return Memory(name, thing.copy)
    require_load_and_save(name, thing, where=where)
    return Adapted(name, thing, where)


def require_load_and_save(name: str, thing: Any, *, where: str = "") -> None:
    """Refuse an object or class that is no dataset.

    Raises:
        CatalogError: it lacks `load` or `save`.
    """
    owner = thing if isinstance(thing, type) else type(thing)
    for method in ("load", "save"):
        if not callable(getattr(thing, method, None)):
            raise CatalogError(
                f"dataset {name!r} is a {owner.__qualname__}, which has no {method!r} method",
                where=where,
                hint="a dataset is any class with load() and save(data)",
            )
