"""Keeps what nodes save, behind the run, and brings back what is gone."""

from __future__ import annotations

from queue import SimpleQueue
from threading import Thread
from time import time
from typing import TYPE_CHECKING

from mlflow_tmpl.engine.events import ContentFound, NodeFinished, NodeStarted
from mlflow_tmpl.errors import MloError
from mlflow_tmpl.pipeline.names import base_name, whole_name
from mlflow_tmpl.store.contents import content_of
from mlflow_tmpl.store.shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from mlflow_tmpl.catalog import Catalog, Dataset
    from mlflow_tmpl.engine.events import Event
    from mlflow_tmpl.planning.decide import Decision

    Keep = Callable[[Shelf, Dataset, str], bool]


class Keeping:
    """A listener that puts what nodes saved into the store, and before that what they are about to replace.

    Nothing that goes wrong here makes a run fail: what is not kept is made again one day.

    Args:
        shelf: where contents are kept.
        catalog: the datasets.
        emit: is told of contents that nobody has recorded.
        made: datasets that the run makes itself; of what else it loads the content is kept too.
    """

    def __init__(
        self, shelf: Shelf, catalog: Catalog, emit: Callable[[Event], None], made: Container[str] = ()
    ) -> None:
        self._made = made
        self._shelf = shelf
        self._catalog = catalog
        self._emit = emit
        self._saved: SimpleQueue[tuple[str, str, Keep] | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._notes: dict[str, str] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be kept or brought back, a sentence for each kind of trouble."""
        return tuple(self._notes.values())

    def __call__(self, event: Event) -> None:
        """Take note of an event."""
        if isinstance(event, NodeStarted):
            for name in event.step.node.outputs:
                self._keep_present(name, whole=not event.step.node.over)
        elif isinstance(event, NodeFinished) and event.outcome is not None:
            for name, saved in event.outcome.saved.items():
                self._keep_behind(name, saved.fingerprint)
            for name, fingerprint, _ in event.parts.inputs.values() if event.parts else ():
                if name in event.outcome.loaded and whole_name(base_name(name)) not in self._made:
                    self._keep_behind(name, fingerprint, Shelf.keep_input)
        elif isinstance(event, NodeFinished) and event.status == "reused":
            for name, fingerprint in (event.fingerprints or {}).items():
                if not self._shelf.has(self._catalog.dataset(name), fingerprint):
                    self._keep_behind(name, fingerprint)

    def restore(self, decision: Decision) -> bool:
        """Bring back what a decision counts on, and tell whether all of it is there."""
        assert decision.result is not None
        for name in decision.restores:
            self._keep_present(name)
            try:
                if not self._shelf.restore(self._catalog.dataset(name), decision.result.outputs[name]):
                    return False
            except (MloError, OSError) as error:
                self._notes[f"restore {name}"] = f"output {name!r} is made again, not brought back: {error}"
                return False
        return True

    def close(self) -> None:
        """Keep what is left."""
        if self._thread is not None:
            self._saved.put(None)
            self._thread.join()

    def _keep_behind(self, name: str, fingerprint: str, keep: Keep = Shelf.keep) -> None:
        if self._thread is None:
            self._thread = Thread(target=self._work, name="mlo-store", daemon=True)
            self._thread.start()
        self._saved.put((name, fingerprint, keep))

    def _work(self) -> None:
        while (item := self._saved.get()) is not None:
            self._keep(*item)

    def _keep_present(self, name: str, *, whole: bool = True) -> None:
        """Keep what somebody has put in the place of an output: it is about to be replaced.

        Of one that is saved part by part nothing is said: an earlier run may have saved some parts of it.
        """
        dataset = self._catalog.dataset(name) if not self._catalog.is_memory(name) else None
        if dataset is None or content_of(dataset) is None:
            return
        try:
            fingerprint = (dataset.exists() and dataset.fingerprint()) or ""
        except MloError:
            return  # saving says what is wrong there
        if not self._shelf.has(dataset, fingerprint) and self._keep(name, fingerprint):
            size = self._shelf.size(dataset)
            self._emit(ContentFound(name, fingerprint, size, time()))
            if whole:
                self._notes[f"found {name}"] = (
                    f"output {name!r} held what no run on record has made; "
                    f"that is kept as {name}:{fingerprint[:12]}"
                )

    def _keep(self, name: str, fingerprint: str, keep: Keep = Shelf.keep) -> bool:
        try:
            return keep(self._shelf, self._catalog.dataset(name), fingerprint)
        except (MloError, OSError) as error:
            self._notes.setdefault("keep", f"dataset {name!r} is not kept in the store: {error}")
            return False
