"""Keeps the loggers of a library still: what it says of its own doings is no part of a run."""

from __future__ import annotations

import logging

SILENT = 100
"""A level of logging above all: Dask says at `CRITICAL` what is no more than the end of a connection."""


class quiet:  # noqa: N801 (reads as what it does)
    """Silences a library's loggers until `restore`; those that somebody has set to `DEBUG` go on.

    Args:
        library: name of its topmost logger.
    """

    def __init__(self, library: str) -> None:
        names = [
            name
            for name in logging.root.manager.loggerDict
            if name == library or name.startswith(f"{library}.")
        ]
        loggers = [logging.getLogger(name) for name in (library, *names)]
        self._before = {each: each.level for each in loggers if each.level != logging.DEBUG}
        for each in self._before:
            each.setLevel(SILENT)

    def restore(self) -> None:
        """Let them say again what they said before."""
        for logger, level in self._before.items():
            logger.setLevel(level)
