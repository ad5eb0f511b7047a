"""The Ray cluster that a run uses: one of its own on this machine, or one that is there."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress
from threading import current_thread, main_thread
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from mlflow_tmpl.engine.clusters.survey import Survey, check_python
from mlflow_tmpl.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlflow_tmpl.engine.clusters.code import Code
    from mlflow_tmpl.engine.surroundings import Surroundings

_ENVIRONMENT = {"RAY_USAGE_STATS_ENABLED": "0"}
_OWN_ENVIRONMENT = {
    **_ENVIRONMENT,
    # Ray's word for "this machine only": it then listens on 127.0.0.1 and nowhere else.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    # A node that asks for no graphics processors sees them all the same, as under the other engines.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}

_ANSWERS_WITHIN_S = 10.0

_LONGEST_FOLDER = 32
"""Ray puts sockets below its folder, whose paths may have 107 characters."""

_QUIET = {"logging_level": logging.CRITICAL, "log_to_driver": False, "configure_logging": False}


class OwnRay:
    """A Ray cluster on this machine, for one run; it ends with this process, however that ends.

    Args:
        cpus: how many processors it has to give.
    """

    def __init__(self, cpus: int) -> None:
        import psutil  # noqa: F401 (what the guard needs)

        self._folder = _folder()
        guard = os.path.join(os.path.dirname(__file__), "ray_guard.py")
        self._guard = subprocess.Popen(
            [sys.executable, guard, self._folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            # Else Ray writes a token into the home folder. It stays: this process remembers the first one that it used.
            if "ray" not in sys.modules:  # it looks for them when it is imported, and at no other time
                os.environ.setdefault("RAY_AUTH_MODE", "token")
                os.environ.setdefault("RAY_AUTH_TOKEN", uuid4().hex)
            with _with_environment(_OWN_ENVIRONMENT), _own_signals():
                import ray
                from ray._private import ray_constants

                ray_constants.ENABLE_RAY_CLUSTER = (
                    False  # as the environment says, had somebody imported it before
                )

                ray.init(
                    address="local",
                    num_cpus=cpus,
                    include_dashboard=False,
                    _temp_dir=self._folder,
                    _system_config={"task_oom_retries": 3},
                    **_QUIET,
                )
        except BaseException:
            self._let_go()
            raise
        _tell_raylets(False)
        self.code: Code | None = None
        self.archive = b""

    def close(self) -> None:
        """End the cluster."""
        import ray

        _tell_raylets(True)
        try:
            ray.shutdown()
        finally:
            self._let_go()

    def _let_go(self) -> None:
        """Have the guard end what is left, which is nothing most of the time."""
        assert self._guard.stdin is not None
        with suppress(OSError):
            self._guard.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._guard.wait(timeout=10)
        shutil.rmtree(self._folder, ignore_errors=True)


class GivenRay:
    """A Ray cluster that is there, with others' work on it perhaps.

    Args:
        address: of it; ``None`` for the one that this process is connected to.
        surroundings: the run: what does not fit it is refused.

    Raises:
        EngineError: it cannot be reached, or has other versions.
        CatalogError: a dataset lies where its nodes do not see it.
    """

    def __init__(self, address: str | None, surroundings: Surroundings) -> None:
        self._connected = address is not None
        if address is not None:
            _connect(address)
        try:
            self.code, self.archive = self._surveyed(surroundings)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Leave the cluster as it is."""
        import ray

        if self._connected:
            _tell_raylets(True)
            ray.shutdown()

    def _surveyed(self, surroundings: Surroundings) -> tuple[Code | None, bytes]:
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        survey = Survey(surroundings)
        nodes = {node["NodeManagerAddress"]: node["NodeID"] for node in ray.nodes() if node["Alive"]}
        with survey.question() as (function, arguments):
            ask: Any = ray.remote(function)
            asked = {
                name: ask.options(
                    num_cpus=0, scheduling_strategy=NodeAffinitySchedulingStrategy(number, soft=False)
                ).remote(*arguments)
                for name, number in nodes.items()
            }
            answers: Mapping[str, Any] = dict(zip(asked, ray.get(list(asked.values())), strict=True))
        check_python({name: told["python"] for name, told in answers.items()})
        survey.check(answers)
        return survey.code(answers)


def _connect(address: str) -> None:
    try:
        _knock(address)
        with _with_environment(_ENVIRONMENT), _own_signals():
            import ray

            ray.init(address=address, **_QUIET)
        _tell_raylets(False)
    except (OSError, RuntimeError, ValueError) as error:  # other versions of Ray or Python are a RuntimeError
        said = str(error).strip().splitlines() or ["no answer"]
        raise EngineError(
            f"the Ray cluster at {address!r} cannot be used: {said[0]}",
            hint="one is started with: ray start --head",
        ) from error


def _tell_raylets(aloud: bool) -> None:
    """Say whether Ray prints what its daemons report: on stdout, which is the results' own, and in no other way."""
    from ray._private import worker

    worker._worker_logs_enabled = aloud


def _knock(address: str) -> None:
    """Refuse an address at which nobody answers: Ray itself goes on asking for minutes.

    Raises:
        OSError: nobody does.
    """
    host, _, port = (
        address.partition("://")[2].rpartition(":") if "://" in address else address.rpartition(":")
    )
    if host and port.isdigit():
        socket.create_connection((host, int(port)), timeout=_ANSWERS_WITHIN_S).close()


@contextmanager
def _with_environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Have variables in the environment while Ray starts its processes, which inherit them."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _own_signals() -> Iterator[None]:
    """Keep what signals do: Ray sets a handler of its own for SIGTERM."""
    if current_thread() is not main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def is_connected() -> bool:
    """Tell whether this process uses a Ray cluster already, which is then the one."""
    ray = sys.modules.get("ray")
    return ray is not None and bool(ray.is_initialized())


def _folder() -> str:
    base = tempfile.gettempdir()
    if len(base) > _LONGEST_FOLDER and os.path.isdir("/tmp"):
        base = "/tmp"
    return tempfile.mkdtemp(prefix="mlo-ray-", dir=base)
