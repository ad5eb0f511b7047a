"""What a project's code asks for while it is loaded: heard through an audit hook (PEP 578), not guessed.

What a package of others does while it is imported does not count: it counts by its version, as everywhere.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.errors import place
from mlflow_tmpl.planning.packages import is_installed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_OWN = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep

UNTRACEABLE = {
    **dict.fromkeys(
        ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.bind"),
        "uses the network",
    ),
    "socket.gethostname": "asks for the name of the machine",
    **dict.fromkeys(
        ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.startfile"),
        "starts a process",
    ),
    "sqlite3.connect": "reads a database",
    "ctypes.dlopen": "loads a library",
    "os.putenv": "sets an environment variable",
    "os.unsetenv": "removes an environment variable",
    "os.chdir": "changes the current folder",
    **dict.fromkeys(
        ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate"),
        "changes files",
    ),
}
"""Audit events after which what was loaded may differ from what loading it again would give."""

_LISTS = frozenset({"os.listdir", "os.scandir"})
_LOOKS = [("os", "stat"), ("os", "lstat"), ("os", "access")]
"""Functions that ask about files without an audit event."""
_LOOKS_OF_WINDOWS = [("os.path", name) for name in ("exists", "lexists", "isfile", "isdir", "islink")]


class Tracing:
    """Listens while a project is loaded, as often as `listening` is entered.

    Attributes:
        environment: what the environment was before.
        modules: names of the modules that were there before, or came without anyone listening.
        files: paths that were read.
        folders: paths of folders that were listed.
        looks: paths that were asked about.
        variables: names of environment variables that were read.
        doubts: what was done that cannot be traced, with its place.
    """

    def __init__(self) -> None:
        self.environment = dict(os.environ)
        self.modules: set[str] = set()
        self._loaded: set[str] = set()
        self.files: dict[str, None] = {}
        self.folders: dict[str, None] = {}
        self.looks: dict[str, None] = {}
        self.variables: dict[str, None] = {}
        self.doubts: dict[str, None] = {}
        self._active: FrameType | None = None
        self._hooked = False
        self._own_files: dict[str, bool] = {}

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen to what the code does that is called in the meantime."""
        if self._active is not None:
            yield
            return
        if not self._hooked:
            sys.addaudithook(self._hear)
            self._hooked = True
        before = set(sys.modules)
        self.modules |= before - self._loaded
        self._active = sys._getframe(2)  # whoever entered this, below whom the code is called
        replaced = list(self._replace())
        try:
            yield
        finally:
            self._active = None
            self._loaded |= set(sys.modules) - before
            for holder, name, before in reversed(replaced):
                setattr(holder, name, before)

    def _replace(self) -> Iterator[tuple[Any, str, Any]]:
        """Put listeners in the place of functions that raise no audit event; yield what was there."""
        kind = type(os.environ)
        looks = [*_LOOKS, *(_LOOKS_OF_WINDOWS if os.name == "nt" else [])]
        for holder, name, listener in (
            (kind, "__getitem__", self._reading),
            (kind, "__iter__", self._iterating),
            *((sys.modules[module], name, self._looking) for module, name in looks),
        ):
            before = getattr(holder, name)
            setattr(holder, name, listener(before))
            yield holder, name, before

    def _reading(self, get: Callable[..., str]) -> Callable[..., str]:
        def read(environ: Any, name: Any) -> str:
            if isinstance(name, str) and self._is_projects(sys._getframe(1)):
                self.variables[name] = None
            return get(environ, name)

        return read

    def _iterating(self, iterate: Callable[..., Any]) -> Callable[..., Any]:
        def read(environ: Any) -> Any:
            where = self._is_projects(sys._getframe(1))
            if where:
                self.doubts[f"{where} reads all environment variables"] = None
            return iterate(environ)

        return read

    def _looking(self, look: Callable[..., Any]) -> Callable[..., Any]:
        def ask(path: Any, *rest: Any, **named: Any) -> Any:
            if not isinstance(path, int) and self._is_projects(sys._getframe(1)):
                self.looks[os.path.abspath(os.fsdecode(path))] = None
            return look(path, *rest, **named)

        return ask

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take note of an audit event; called for every one until the process ends."""
        if self._active is None:
            return
        if event == "open":
            self._opened(*arguments)
        elif event in _LISTS:
            if self._is_projects(sys._getframe(1)):
                self.folders[os.path.abspath(os.fsdecode(arguments[0] or "."))] = None
        elif event in UNTRACEABLE:
            where = self._is_projects(sys._getframe(1))
            if where:
                self.doubts[f"{where} {UNTRACEABLE[event]}"] = None

    def _opened(self, path: Any, mode: Any, flags: Any) -> None:
        if isinstance(path, int) or path is None:
            return
        where = self._is_projects(sys._getframe(2))
        if not where:
            return
        name = os.path.abspath(os.fsdecode(path))
        writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if writes or (isinstance(mode, str) and set(mode) & set("wax+")):
            self.doubts[f"{where} writes {os.path.basename(name)!r}"] = None
        else:
            self.files[name] = None

    def _is_projects(self, frame: FrameType | None) -> str:
        """Return where the project's own code does what is being done; empty if the code of others does it by itself.

        A package that is imported does what it does by itself; one that is called does it for its caller.
        """
        if self._active is None:
            return ""
        while frame is not None and frame is not self._active:
            file = frame.f_code.co_filename
            if file.startswith("<frozen importlib"):
                return ""  # looking for a module; what is imported begins with a frame of its own
            if file not in self._own_files:
                self._own_files[file] = False  # what telling it asks the system is not the project's doing
                self._own_files[file] = not file.startswith(("<", _OWN)) and not is_installed(file)
            if self._own_files[file]:
                return place(file, frame.f_lineno)
            if frame.f_code.co_name == "<module>" and not file.startswith("<"):
                return ""
            frame = frame.f_back
        return ""
