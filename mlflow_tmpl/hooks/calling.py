"""Calls the hooks: in the driver, one after the other, and what one of them raises stops neither others nor the run."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property
from threading import RLock
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.engine.events import HookFailed
from mlflow_tmpl.errors import place
from mlflow_tmpl.hooks.listener import Told
from mlflow_tmpl.hooks.plugins import load_calls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from mlflow_tmpl.catalog import Catalog
    from mlflow_tmpl.engine.events import Listener
    from mlflow_tmpl.hooks.plugins import Call
    from mlflow_tmpl.hooks.points import Point
    from mlflow_tmpl.hooks.told import DatasetInfo, RunInfo
    from mlflow_tmpl.ledger import Ledger
    from mlflow_tmpl.planning import Plan
    from mlflow_tmpl.settings import Settings


class Hooks:
    """The hooks of a project: of installed packages, of `[tool.mlo] hooks`, and of its `hooks.py`.

    None of them is imported before a hook is due.

    Args:
        root: the project's folder.
        settings: what `[tool.mlo]` says.
        name: of the project.
        points: of installed packages.
        module: its own module of hooks; empty if it has none.
        loading: makes the project's code importable while it lasts.

    Attributes:
        left_out: sentences about hooks of packages that could not be loaded, once `calls` were.
    """

    def __init__(
        self,
        root: Path,
        settings: Settings,
        name: str,
        points: Sequence[Point],
        module: str,
        loading: Callable[[], AbstractContextManager[object]],
    ) -> None:
        self._root = root
        self._settings = settings
        self._name = name
        self._points = points
        self._module = module
        self._loading = loading
        self._lock = RLock()
        self.left_out: list[str] = []

    @cached_property
    def calls(self) -> Mapping[str, Sequence[Call]]:
        """Hook to the functions that are called.

        Raises:
            ProjectError: hooks of the project cannot be loaded.
        """
        with self._lock, self._loading():
            told_in = place(self._root / "pyproject.toml")
            named, module = self._settings.hooks, self._module
            return load_calls(self._points, named, module, told_in, self.left_out.append)

    def planned(self, plan: Plan, listeners: Sequence[Listener] = ()) -> None:
        """Tell that a plan was made.

        Raises:
            StopRun: a hook does not want it.
        """
        Calling(self.calls, listeners).call("on_plan", plan=plan, project=self._name)

    @contextmanager
    def during(self, ledger: Ledger, listeners: Sequence[Listener]) -> Iterator[tuple[Listener, ...]]:
        """Give what listens to a run; when its record is closed that is told.

        Args:
            ledger: that records it.
            listeners: are told of hooks that fail.

        Raises:
            StopRun: a hook wants the run to end.
        """
        calling = Calling(self.calls, listeners, self.left_out)
        told = Told(calling, self._name, self._root)
        try:
            yield (told,)
        finally:
            if told.run is not None:
                self._closed(calling, told.run, ledger, told.catalog)

    def opened(self, run: RunInfo, listeners: Sequence[Listener] = ()) -> None:
        """Tell that the record of a run was opened, by a process that may run none of its nodes.

        Raises:
            StopRun: a hook does not want it.
        """
        Calling(self.calls, listeners).call("before_run", run=run)

    def closed(
        self, run: RunInfo, ledger: Ledger, catalog: Catalog, listeners: Sequence[Listener] = ()
    ) -> None:
        """Tell that the record of a run was closed, by a process that may have run none of its nodes.

        Raises:
            StopRun: a hook does not want it.
        """
        self._closed(Calling(self.calls, listeners), run, ledger, catalog)

    def _closed(self, calling: Calling, run: RunInfo, ledger: Ledger, catalog: Catalog) -> None:
        def outputs() -> Sequence[DatasetInfo]:
            from mlflow_tmpl.hooks.told import DatasetInfo

            known = ledger.outputs(run.id).items()
            return [DatasetInfo.of(catalog, name, fingerprint=fingerprint) for name, fingerprint in known]

        try:
            calling.call(
                "after_run",
                run=run,
                record=_Lazy(lambda: ledger.run(run.id)),
                outputs=_Lazy(outputs),
                metrics=_Lazy(lambda: ledger.metric_points(run.id)),
            )
        finally:
            calling.close()


class _Lazy:
    """What is made when the first hook asks for it."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    @cached_property
    def value(self) -> Any:
        return self._make()


class Calling:
    """Calls the hooks of one run.

    Args:
        calls: hook to functions.
        listeners: are told of those that fail; without any, a warning is logged.
        left_out: sentences about hooks that could not be loaded.
    """

    def __init__(
        self, calls: Mapping[str, Sequence[Call]], listeners: Sequence[Listener], left_out: Sequence[str] = ()
    ) -> None:
        self._calls = calls
        self._listeners = listeners
        self._failed: dict[tuple[str, str], int] = {}
        self._stopped = False
        for text in left_out:
            self._tell("", "", text, "")

    def __contains__(self, hook: str) -> bool:
        return bool(self._calls.get(hook))

    def call(self, hook: str, **told: Any) -> None:
        """Call the functions of a hook, each with what it takes.

        Raises:
            StopRun: one of them wants the run to end; that is said once.
        """
        stop: Exception | None = None
        for call in self._calls.get(hook, ()):
            try:
                given = {
                    name: value.value if isinstance(value := told[name], _Lazy) else value
                    for name in call.takes
                }
                call.function(**given)
            except (Exception, SystemExit) as error:  # noqa: BLE001 (people's code: it may raise anything)
                stop = self._take(hook, call, error) or stop
        if stop is not None:
            raise stop

    def close(self) -> None:
        """Tell how often hooks failed again after that was told first."""
        for (name, hook), count in self._failed.items():
            if count > 1:
                times = "once" if count == 2 else f"{count - 1:,} times"
                self._tell(name, hook, f"failed {times} more", "")

    def _take(self, hook: str, call: Call, error: BaseException) -> Exception | None:
        """Return what ends the run, if the error is to do that; tell it otherwise, the first time."""
        from mlflow_tmpl.hooks.specs import StopRun

        if isinstance(error, StopRun) and not self._stopped:
            self._stopped = True
            where = error.where or call.where
            stop = StopRun(
                f"hooks {call.name!r} stopped the run: {error.message}", where=where, hint=error.hint
            )
            stop.__cause__ = error
            return stop
        count = self._failed[call.name, hook] = self._failed.get((call.name, hook), 0) + 1
        if count == 1:
            text = str(error).strip().splitlines()
            told = f"{type(error).__name__}: {text[0]}" if text else type(error).__name__
            self._tell(call.name, hook, f"failed: {told}", _place_of(error) or call.where)
        return None

    def _tell(self, name: str, hook: str, problem: str, where: str) -> None:

        event = HookFailed(name, hook, problem, where)
        if self._listeners:
            for listener in self._listeners:
                listener(event)
            return
        import logging

        logging.getLogger("mlflow_tmpl.hooks").warning("%s", event)


def _place_of(error: BaseException) -> str:
    """Return ``file:line`` of where a hook failed: its innermost frame that is no library's."""
    from mlflow_tmpl.engine.failure import last_own_frame

    return last_own_frame(error.__traceback__)
