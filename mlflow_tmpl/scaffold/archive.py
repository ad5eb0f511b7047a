"""Templates out of a zip archive, on disk or at an address."""

from __future__ import annotations

import re
import stat
import zipfile
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from mlflow_tmpl.errors import ScaffoldError
from mlflow_tmpl.scaffold.git import masked

if TYPE_CHECKING:
    from typing import IO

MAX_BYTES = 512 << 20
"""Neither an archive nor what comes out of it may be larger: a template is text."""

_CHUNK_BYTES = 1 << 20
_TIMEOUT_S = 60
_WEB = re.compile(r"https?://", re.IGNORECASE).match


def is_web(source: str) -> bool:
    """Tell whether a source is an address on the web."""
    return _WEB(source) is not None


def is_zip(source: str) -> bool:
    """Tell whether a source is a zip archive by its name; an address may go on after it (``x.zip?raw=1``)."""
    path = re.split(r"[?#]", source, maxsplit=1)[0] if is_web(source) else source
    return path.lower().endswith(".zip")


def unpack(source: str, into: Path) -> Path:
    """Unpack an archive, fetched first if it is an address, into a new folder.

    Returns:
        Where the template begins: the folder itself, or the only folder in it.

    Raises:
        ScaffoldError: it cannot be fetched or read, or holds an entry that leads out of its place.
    """
    into.mkdir()
    archive = _download(source, into.with_suffix(".zip")) if is_web(source) else Path(source)
    try:
        with zipfile.ZipFile(archive) as opened:
            _check(source, opened.infolist())
            opened.extractall(into)
    # RuntimeError is what zipfile raises for a password, NotImplementedError (one of them) for a rare compression.
    except (zipfile.BadZipFile, OSError, RuntimeError, EOFError, UnicodeDecodeError) as error:
        raise ScaffoldError(f"starter {masked(source)!r} cannot be unpacked: {error}") from error
    inside = list(into.iterdir())
    alone = len(inside) == 1 and inside[0].is_dir() and not (into / "cookiecutter.json").exists()
    return inside[0] if alone else into


def _check(source: str, entries: list[zipfile.ZipInfo]) -> None:
    for entry in entries:
        if _leads_out(entry.filename):
            raise ScaffoldError(
                f"archive {masked(source)!r} has an entry that leads out of it: {entry.filename!r}"
            )
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise ScaffoldError(f"archive {masked(source)!r} has a symbolic link: {entry.filename!r}")
    if sum(entry.file_size for entry in entries) > MAX_BYTES:
        raise ScaffoldError(f"archive {masked(source)!r} unpacks to more than {MAX_BYTES >> 20} MB")


def _leads_out(name: str) -> bool:
    windows, posix = PureWindowsPath(name), PurePosixPath(name)
    return bool(windows.drive or windows.root or posix.is_absolute() or ".." in windows.parts)


def _download(source: str, to: Path) -> Path:
    from urllib.error import URLError
    from urllib.request import urlopen

    try:
        with urlopen(source, timeout=_TIMEOUT_S) as answer, to.open("wb") as file:
            _copy(source, answer, file)
    except (URLError, OSError) as error:
        said = getattr(error, "reason", None) or error
        raise ScaffoldError(
            f"archive {masked(source)!r} cannot be fetched: {said}", hint="check the address"
        ) from error
    return to


def _copy(source: str, answer: IO[bytes], file: IO[bytes]) -> None:
    while chunk := answer.read(_CHUNK_BYTES):
        if file.tell() + len(chunk) > MAX_BYTES:
            raise ScaffoldError(f"archive {masked(source)!r} is larger than {MAX_BYTES >> 20} MB")
        file.write(chunk)
