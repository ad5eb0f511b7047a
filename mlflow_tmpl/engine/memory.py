"""The values that live in memory during a run: handed on without anyone seeing another's changes, then let go."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog import isolate
from mlflow_tmpl.engine.handles import Handle
from mlflow_tmpl.pipeline.names import base_name, is_parameter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mlflow_tmpl.pipeline import Node, Pipeline


_NOTHING = object()


class Values:
    """Values by dataset, each held until its last taker has it.

    Args:
        pipeline: tells how often each dataset is taken.
        given: values that the caller of the run provides.
        copy_mode: how a dataset's value is to be copied, where the catalog says it.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        given: Mapping[str, Any],
        copy_mode: Callable[[str], str | None] | None = None,
    ) -> None:
        self._held: dict[str, Any] = {}
        self._left: dict[str, int] = {}
        self._mode = copy_mode
        self.expect(pipeline.nodes)
        self._given = {base_name(name): value for name, value in given.items()}
        self._held.update(self._given)

    def expect(self, nodes: Iterable[Node]) -> None:
        """Count nodes that will take values."""
        for node in nodes:
            for name in node.takes:
                base = base_name(name) if "@" in name else name
                self._left[base] = self._left.get(base, 0) + 1

    def __contains__(self, name: str) -> bool:
        return base_name(name) in self._held

    def __getitem__(self, name: str) -> Any:
        held = self._held[base_name(name)]
        return held.get() if isinstance(held, Handle) else held

    def has(self, name: str) -> bool:
        """Tell whether a value is there, and did not go with its worker."""
        held = self._held.get(base_name(name), _NOTHING)
        return held is not _NOTHING and not (isinstance(held, Handle) and held.gone)

    def put(self, values: dict[str, Any]) -> None:
        """Move values in; `values` is empty afterwards, so that no second reference stays behind."""
        while values:
            name, value = values.popitem()
            self._held[base_name(name)] = value
            del value

    def take(self, name: str) -> Any:
        """Return a value for one more taker: itself if nobody else can see it, else one that shares no changes.

        Raises:
            ValueGone: it went with its worker; nobody has taken it.
        """
        base = base_name(name) if "@" in name else name
        held = self._held[base]
        if isinstance(held, Handle):
            value = held.get()
            self.pass_by(name)
            return value
        del held
        mode = self._mode(name) if self._mode else None
        left = self._left[base] = self._left[base] - 1
        if left > 0:
            return isolate(self._held[base], mode)
        value = self._held.pop(base)
        if mode is None and sys.getrefcount(value) <= _ALONE:
            return value
        return isolate(value, mode)

    def lend(self, name: str) -> Any:
        """Return what is held, a handle or a value, for a worker to take: `pass_by` follows when the worker is done.

        Nothing is copied: what a worker is given has travelled, so that it shares no changes with anyone.
        """
        return self._held[base_name(name)]

    def is_last(self, name: str) -> bool:
        """Tell whether only one taker is left."""
        return self._left.get(base_name(name), 0) <= 1

    def hold(self, name: str, handle: Handle) -> None:
        """Put a handle in the place of a value that an engine has taken over from the driver."""
        self._held[base_name(name)] = handle

    def has_one_taker(self, name: str) -> bool:
        """Tell whether a value that is being made has one taker and no more."""
        return self._left.get(base_name(name)) == 1

    def lose(self, name: str) -> None:
        """Forget a value that went with its worker; what the run's caller gave is there once more."""
        base = base_name(name)
        self._held.pop(base, None)
        if base in self._given:
            self._held[base] = self._given[base]

    def settle(self, names: Iterable[str]) -> None:
        """Fetch values that workers still have: they are about to end.

        Raises:
            ValueGone: something went with its worker.
        """
        kinds: dict[type[Handle], dict[str, Handle]] = {}
        for name in map(base_name, names):
            held = self._held.get(name)
            if isinstance(held, Handle):
                kinds.setdefault(type(held), {})[name] = held
        for kind, handles in kinds.items():
            for name, value in zip(handles, kind.get_all([*handles.values()]), strict=True):
                self._held[name] = value
                handles[name].release()

    def copy(self, name: str) -> Any:
        """Return a value that shares no changes with what is held; `pass_by` follows when the taker is done.

        Raises:
            ValueGone: it went with its worker.
        """
        held = self._held[base_name(name)]
        if isinstance(held, Handle):
            return held.get()
        return isolate(held, self._mode(name) if self._mode else None)

    def pass_by(self, name: str) -> None:
        """Count one more taker, who has the value from elsewhere, or has had it long enough."""
        base = base_name(name)
        self._left[base] -= 1
        if self._left[base] <= 0:
            held = self._held.pop(base, None)
            if isinstance(held, Handle):
                held.release()

    def take_back(self, name: str) -> None:
        """Count one taker less: its turn is still to come."""
        self._left[base_name(name)] += 1

    def release(self, node: Node) -> None:
        """Count a node that will not run as having taken what it takes."""
        for name in node.takes:
            if not is_parameter(name):
                self.pass_by(name)


def _count_alone() -> int:
    """Return what `sys.getrefcount` says, in a frame like that of `take`, of a value that nobody else holds."""
    held = {"value": [object()]}
    value = held.pop("value")
    return sys.getrefcount(value)


_ALONE = _count_alone()
