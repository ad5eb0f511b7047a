"""A hidden folder beside the project to be, so that the project appears whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import stat
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from mlflow_tmpl.errors import ScaffoldError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_STOPPING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextmanager
def staging(parent: Path) -> Iterator[Path]:
    """Give a new hidden folder in `parent`, and remove it again however the work in it ends.

    While it stands, SIGTERM and SIGHUP end the work as an exception does, with the exit code that a shell gives them.

    Raises:
        ScaffoldError: the folder cannot be made.
    """
    # The name is chosen before the folder is made: a signal between the two must not lose track of it.
    folder = parent / f".mlo-new-{secrets.token_hex(6)}"
    with _signals({number: _stop for number in _STOPPING if number != signal.SIGINT}):
        try:
            _make(folder)
            yield folder
        finally:
            with _signals(dict.fromkeys(_STOPPING, signal.SIG_IGN)):
                remove(folder)


def check_free(target: Path) -> None:
    """Refuse a place where something is already.

    Raises:
        ScaffoldError: there is a file, folder or link of that name.
    """
    if os.path.lexists(target):
        kind = "a folder" if target.is_dir() else "a file"
        raise ScaffoldError(
            f"{target.name!r} is already here, {kind}", hint="choose another name, or move it away"
        )


def publish(made: Path, target: Path) -> None:
    """Put a finished folder in its place by renaming it.

    Raises:
        ScaffoldError: something has taken the place in the meantime.
    """
    check_free(target)
    try:
        made.rename(target)
    except OSError as error:
        raise ScaffoldError(f"{target.name!r} cannot be put in its place: {error.strerror}") from error


def remove(folder: Path) -> None:
    """Remove a folder and all in it, also what is write-protected (as git's objects are)."""
    if sys.version_info >= (3, 12):
        shutil.rmtree(folder, onexc=_unprotect)
    else:
        shutil.rmtree(folder, onerror=_unprotect)


def _make(folder: Path) -> None:
    try:
        folder.mkdir()
    except OSError as error:
        raise ScaffoldError(
            f"no project can be made in {str(folder.parent)!r}: {error.strerror}",
            hint="go to a folder of your own",
        ) from error


def _unprotect(failed: Callable[..., Any], path: str, _: object) -> None:
    if failed in (os.unlink, os.rmdir) and os.path.lexists(path):
        Path(path).parent.chmod(stat.S_IRWXU)
        if not os.path.islink(path):
            Path(path).chmod(stat.S_IRWXU)
        failed(path)


def _stop(number: int, _: object) -> NoReturn:
    raise SystemExit(128 + number)


@contextmanager
def _signals(handlers: dict[signal.Signals, Any]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # Python lets only the main thread set handlers, and only there do signals raise
        return
    # A signal that is ignored already (nohup) stays ignored.
    heard = {
        number: handler for number, handler in handlers.items() if signal.getsignal(number) != signal.SIG_IGN
    }
    before = {number: signal.signal(number, handler) for number, handler in heard.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
