"""The facts of sources that were read before, on disk: a warm start parses nothing.

One file holds all of them, each packed by itself, so that reading it costs a copy and only what is asked for is
unpacked. It is replaced as a whole: of several processes that write at once the last one wins, and what the others
found is read again some day. A file that is damaged, or of another Python, is as good as none.
"""

from __future__ import annotations

import marshal
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from mlflow_tmpl.hashing import DIGEST_BYTES, digest
from mlflow_tmpl.planning.code.units import FORMAT, ModuleFacts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_MOST = 4096
"""Sources that are kept beyond those in use."""


class FactsCache:
    """Reads facts, from disk where they are known.

    Args:
        file: where they are kept; ``None`` for nowhere.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._packed: dict[str, bytes] | None = None
        self._used: dict[str, bytes] = {}
        self._fresh = False

    def facts(self, source: bytes, module: str, is_package: bool) -> ModuleFacts:
        """Return what a module's source says; arguments and errors are those of `read_facts`."""
        if self._packed is None:
            self._packed = self._read(self._file) if self._file is not None else {}
        key = f"{digest(source)} {module} {is_package:d}"
        packed = self._packed.get(key)
        if packed is not None:
            self._used[key] = packed
            return ModuleFacts.of_plain(marshal.loads(packed))
        from mlflow_tmpl.planning.code.facts import read_facts  # a warm start has no use for `ast`

        facts = read_facts(source, module, is_package)
        self._used[key] = marshal.dumps(facts.to_plain())
        self._fresh = True
        return facts

    def remembered(self, key: str, make: Callable[[], tuple[str, ...] | None]) -> tuple[str, ...] | None:
        """Return what was made for a key before, or make it."""
        if self._packed is None and self._file is not None:
            self._packed = self._read(self._file)
        packed = (self._packed or {}).get(key)
        if packed is None:
            packed, self._fresh = marshal.dumps(make()), True
        self._used[key] = packed
        made: tuple[str, ...] | None = marshal.loads(packed)
        return made

    def keep(self) -> None:
        """Write down what was read anew; a disk that is full or not to be written leaves the next start cold."""
        if self._file is None or not self._fresh:
            return
        others = {key: packed for key, packed in self._read(self._file).items() if key not in self._used}
        kept = dict(list(others.items())[-_MOST:])
        content = marshal.dumps({**kept, **self._used})
        temporary = self._file.with_name(f"{self._file.name}.{os.getpid()}.tmp")
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            temporary.write_bytes(_head(content) + content)
            os.replace(temporary, self._file)
        except OSError:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            return
        self._fresh = False

    def _read(self, file: Path) -> dict[str, bytes]:
        try:
            told = file.read_bytes()
        except OSError:
            return {}
        size = len(_head(b""))
        content = told[size:]
        if told[:size] != _head(content):
            return {}
        packed: dict[str, bytes] = marshal.loads(content)
        return packed


def _head(content: bytes) -> bytes:
    """Return what the file begins with: what wrote it, and the hash of the rest."""
    version = f"{FORMAT} {sys.implementation.cache_tag} ".ljust(32)
    assert len(digest(b"")) == 2 * DIGEST_BYTES
    return f"{version}{digest(content)}\n".encode()
