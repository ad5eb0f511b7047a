"""What the planner asks of the past. The ledger answers; a plan without a ledger has an empty past."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Protocol

from mlflow_tmpl.catalog.extent import Extent
from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.planning.json_texts import plain_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Parts:
    """What a node's key is the hash of.

    Attributes:
        code: fingerprint of the code; `History.code` has what it is made of.
        inputs: argument to ``(dataset, fingerprint, how it is loaded)``.
        parameters: argument to ``(key, value as shown)``.
        outputs: dataset to how it is saved.
    """

    code: str
    inputs: Mapping[str, tuple[str, str, str]]
    parameters: Mapping[str, tuple[str, str]]
    outputs: Mapping[str, str]
    text: str = field(default="", repr=False, compare=False)
    """The same as JSON; the key is its hash. Written once, as it takes longer than all else about a key."""

    @classmethod
    def of(
        cls,
        code: str,
        inputs: Mapping[str, tuple[str, str, str]],
        parameters: Mapping[str, tuple[str, str]],
        outputs: Mapping[str, str],
    ) -> Parts:
        """Return parts with their text; the order of arguments counts, as a function with ``**inputs`` sees it."""
        told = {"code": code, "inputs": inputs, "parameters": parameters, "outputs": outputs}
        return cls(code, inputs, parameters, outputs, plain_json(told))


@dataclass(frozen=True, slots=True)
class PastResult:
    """What a node gave for a key.

    Attributes:
        id: hash of what it holds.
        key: what it was made from, as a hash.
        parts: what the key is made of.
        outputs: saved dataset to the fingerprint of its content.
    """

    id: str
    key: str
    parts: Parts
    outputs: Mapping[str, str]


class History(Protocol):
    """The results that earlier runs have left."""

    def under(self, node: str, key: str) -> Iterable[PastResult]:
        """Return the results that were made under a key, newest first; `node` tells where to look first."""
        ...

    def latest(self, node: str) -> PastResult | None:
        """Return the newest result of the node of that name."""
        ...

    def code(self, fingerprint: str) -> Mapping[str, str]:
        """Return the parts of a code fingerprint, empty if they are not known."""
        ...

    def source(self, fingerprint: str) -> str | None:
        """Return the source of a definition by its hash, ``None`` if it was not kept."""
        ...

    def extent(self, dataset: str, fingerprint: str) -> Extent:
        """Return how much a version of a dataset holds, as far as that was recorded."""
        ...


class NoHistory:
    """A past in which nothing happened."""

    def under(self, node: str, key: str) -> Iterable[PastResult]:  # noqa: ARG002
        """Return nothing."""
        return ()

    def latest(self, node: str) -> PastResult | None:  # noqa: ARG002
        """Return nothing."""
        return None

    def code(self, fingerprint: str) -> Mapping[str, str]:  # noqa: ARG002
        """Return nothing."""
        return {}

    def source(self, fingerprint: str) -> str | None:  # noqa: ARG002
        """Return nothing."""
        return None

    def extent(self, dataset: str, fingerprint: str) -> Extent:  # noqa: ARG002
        """Return nothing."""
        return Extent()


class Kept(Protocol):
    """The values of memory that earlier runs have kept, by fingerprint."""

    def __contains__(self, fingerprint: object, /) -> bool:
        """Tell whether a value can be had; should reading it fail after all, its maker runs."""
        ...

    def is_whole(self, fingerprint: str) -> bool:
        """Tell whether a value is there and unchanged, for where no maker could step in."""
        ...


class NothingKept:
    """No value was kept."""

    def __contains__(self, fingerprint: object) -> bool:
        return False

    def is_whole(self, fingerprint: str) -> bool:  # noqa: ARG002
        """Tell that it is not."""
        return False
