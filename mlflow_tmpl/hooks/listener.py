"""Tells the hooks what happens in a run, from the events of the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_tmpl.engine.events import NodeFinished, NodeStarted, RunStarted
from mlflow_tmpl.hooks.told import DatasetInfo, ErrorInfo, NodeInfo, NodeOutcome, RunInfo, taken

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_tmpl.catalog import Catalog
    from mlflow_tmpl.engine.events import Event
    from mlflow_tmpl.hooks.calling import Calling
    from mlflow_tmpl.planning import Plan


_AT_THE_BEGIN = ("before_node", "before_dataset_load", "before_dataset_save")
_AT_THE_END = ("on_error", "after_dataset_load", "after_dataset_save", "after_node")
"""Hooks of nodes. Where there are none of them, a node costs nothing."""


class Told:
    """A listener of the engine that calls hooks.

    Args:
        calling: calls them.
        project: name of the project.
        root: its folder.

    Attributes:
        run: the run, once it has begun.
    """

    def __init__(self, calling: Calling, project: str, root: Path) -> None:
        self._calling = calling
        self._project = project
        self._root = root
        self._plan: Plan | None = None
        self.run: RunInfo | None = None

    def __call__(self, event: Event) -> None:
        """Call the hooks that an event is for."""
        if isinstance(event, RunStarted):
            self._plan = event.plan
            self.run = RunInfo.of_event(event, self._project, self._root)
            self._calling.call("before_run", run=self.run)
        elif isinstance(event, NodeStarted):
            self._node_started(event)
        elif isinstance(event, NodeFinished):
            self._node_finished(event)

    @property
    def catalog(self) -> Catalog:
        """The datasets of the run, which must have begun."""
        assert self._plan is not None
        return self._plan.catalog

    def _node_started(self, event: NodeStarted) -> None:
        if not any(hook in self._calling for hook in _AT_THE_BEGIN):
            return
        told = {"run": self.run, "node": NodeInfo.of(event)}
        self._calling.call("before_node", **told)
        node, catalog = event.step.node, self.catalog
        self._datasets("before_dataset_load", told, {name: {} for name in taken(catalog, node.inputs)})
        saved = [name for name in node.outputs if not catalog.is_memory(name)]
        self._datasets("before_dataset_save", told, {name: {} for name in saved})

    def _node_finished(self, event: NodeFinished) -> None:
        if not any(hook in self._calling for hook in _AT_THE_END):
            return
        told = {"run": self.run, "node": NodeInfo.of(event)}
        if event.error is not None:
            self._calling.call("on_error", error=ErrorInfo.of(event.error), **told)
        if event.outcome is not None:
            loaded = {name: {"rows": rows} for name, rows in event.outcome.loaded.items()}
            self._datasets("after_dataset_load", told, loaded)
            saves = {
                name: {"rows": each.rows, "fingerprint": each.fingerprint, "metrics": each.metrics}
                for name, each in event.outcome.saved.items()
            }
            self._datasets("after_dataset_save", told, saves)
        self._calling.call("after_node", outcome=NodeOutcome.of(event), **told)

    def _datasets(self, hook: str, told: dict[str, Any], datasets: dict[str, dict[str, Any]]) -> None:
        if hook in self._calling:
            for name, known in datasets.items():
                self._calling.call(hook, dataset=DatasetInfo.of(self.catalog, name, **known), **told)
