"""`mlo` in a process of its own, for what needs the project: it has code and configuration as they are now."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import MloError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_START = "import sys; sys.path[:] = [p for p in sys.path if p]; from mlflow_tmpl.cli.main import main; main()"
"""The folder that it starts in is not searched for modules, as it is not for `mlo`."""

MOST_SAID = 64_000
"""Characters that are kept of what a run prints: its end."""

PATIENCE_S = 8.0
"""How long runs that are asked to stop are waited for."""


class Refused(MloError):
    """What `mlo` refused, in its own words."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where commands are run.

    Attributes:
        folder: the project's root, or the folder of a single file.
        options: that every command gets: a single file, an environment, another source of configuration.
    """

    folder: Path
    options: tuple[str, ...] = ()

    @property
    def without_environment(self) -> tuple[str, ...]:
        """The options for commands that take the environment of a past run."""
        return tuple(option for option in self.options if not option.startswith("--env="))


async def ask(place: Place, *words: str) -> Any:
    """Return the JSON document that a command prints.

    Raises:
        Refused: it failed.
    """
    process = await _start(place, words, stdout=subprocess.PIPE)
    try:
        out, err = await process.communicate()
    except BaseException:
        with suppress(ProcessLookupError):
            process.kill()
        raise
    if process.returncode:
        raise Refused(said(err.decode("utf-8", "replace")))
    return json.loads(out) if out.strip() else None


async def _start(place: Place, words: Sequence[str], stdout: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _START, *words),
        cwd=place.folder,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "100"},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for the server, which stops what it started in its own way
    )


def said(text: str) -> str:
    """Return what a command said was wrong, without the mark before it."""
    start = text.rfind("error: ")
    if (
        start < 0 or "Traceback (most recent call last)" in text
    ):  # a mistake of our own: its last line tells most
        return (text.strip().splitlines() or ["the command failed"])[-1]
    return text[start + len("error: ") :].strip()


class Started:
    """A run that the page has started.

    Args:
        process: `mlo run`.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self._said = ""
        self._reader = asyncio.create_task(self._read())

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self.process.pid

    @property
    def ended(self) -> bool:
        """Whether it has."""
        return self.process.returncode is not None

    async def error(self) -> str:
        """Return what it said was wrong, once it has ended."""
        await self.process.wait()
        await self._reader
        return said(self._said)

    async def stop(self) -> None:
        """Stop it as Ctrl-C would: what had finished is kept; after a while, at once."""
        if self.ended:
            return
        for number in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
            with suppress(ProcessLookupError):
                self.process.send_signal(number)
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.process.wait(), PATIENCE_S)
                return

    async def _read(self) -> None:
        assert self.process.stderr is not None
        while chunk := await self.process.stderr.read(4096):
            self._said = (self._said + chunk.decode("utf-8", "replace"))[-MOST_SAID:]


class Runs:
    """The runs that the page has started and that have not ended.

    Args:
        place: where.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._started: list[Started] = []

    async def start(self, *words: str) -> Started:
        """Start one."""
        self._started = [each for each in self._started if not each.ended]
        process = await _start(self._place, words, stdout=subprocess.DEVNULL)
        self._started.append(Started(process))
        return self._started[-1]

    async def stop(self) -> None:
        """Stop all of them."""
        await asyncio.gather(*(each.stop() for each in self._started))
