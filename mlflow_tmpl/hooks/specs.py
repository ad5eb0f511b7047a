"""The hooks that there are; what each is told, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

from mlflow_tmpl.errors import MloError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlflow_tmpl.hooks.told import DatasetInfo, ErrorInfo, NodeInfo, NodeOutcome, RunInfo
    from mlflow_tmpl.ledger.listing import MetricPoint
    from mlflow_tmpl.ledger.records import RunRecord
    from mlflow_tmpl.planning import Plan

NAMESPACE = "mlflow_tmpl"

hookimpl = pluggy.HookimplMarker(NAMESPACE)
"""Marks a function or a method as a hook."""

_hookspec = pluggy.HookspecMarker(NAMESPACE)


class StopRun(MloError):
    """Raised by a hook that wants the run to end; any other error of a hook is reported, and the run goes on.

    Args:
        message: why, in a line.

    Example:
        >>> raise StopRun("model is frozen until Monday", hint="ask the owner")
        Traceback (most recent call last):
        mlflow_tmpl.hooks.specs.StopRun: model is frozen until Monday (ask the owner)
    """

    exit_code = 1


class Specs:
    """What a hook may be called, with all the arguments that it may take."""

    @_hookspec
    def on_plan(self, plan: Plan, project: str) -> None:
        """A plan was made, to be shown or to be run.

        Args:
            plan: what is done about each node, and why.
            project: name of the project.
        """

    @_hookspec
    def before_run(self, run: RunInfo) -> None:
        """The record of a run was opened; no node has started."""

    @_hookspec
    def after_run(
        self,
        run: RunInfo,
        record: RunRecord,
        outputs: Sequence[DatasetInfo],
        metrics: Sequence[MetricPoint],
    ) -> None:
        """The record of a run was closed.

        Args:
            run: as `before_run` was told.
            record: what the ledger has of it: status, duration, what came of each node, tags.
            outputs: the datasets that it saved or reused.
            metrics: every number in those with the role ``metrics``, step by step.
        """

    @_hookspec
    def before_node(self, run: RunInfo, node: NodeInfo) -> None:
        """A node is about to be handed to the engine."""

    @_hookspec
    def after_node(self, run: RunInfo, node: NodeInfo, outcome: NodeOutcome) -> None:
        """A node has come to an end in this run, also one that was reused or never started; or an attempt at it has."""

    @_hookspec
    def on_error(self, run: RunInfo, node: NodeInfo, error: ErrorInfo) -> None:
        """A node, or an attempt at it, has failed; `after_node` follows."""

    @_hookspec
    def before_dataset_load(self, run: RunInfo, node: NodeInfo, dataset: DatasetInfo) -> None:
        """A node that is about to start will load this; after `before_node`."""

    @_hookspec
    def after_dataset_load(self, run: RunInfo, node: NodeInfo, dataset: DatasetInfo) -> None:
        """A node has loaded this; told when it has ended well, before `after_node`."""

    @_hookspec
    def before_dataset_save(self, run: RunInfo, node: NodeInfo, dataset: DatasetInfo) -> None:
        """A node that is about to start will save this; after `before_node`."""

    @_hookspec
    def after_dataset_save(self, run: RunInfo, node: NodeInfo, dataset: DatasetInfo) -> None:
        """A node has saved this; told when it has ended well, before `after_node`."""


NAMES = tuple(name for name in vars(Specs) if not name.startswith("_"))
"""The names of the hooks."""
