"""The optional dependencies of ours that bring what an entry needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow_tmpl.catalog.datasets import Source
    from mlflow_tmpl.catalog.entry import Entry

_OF_PROTOCOLS: Mapping[str, str] = {
    **dict.fromkeys(("s3", "s3a"), "s3"),
    **dict.fromkeys(("gs", "gcs"), "gcs"),
    **dict.fromkeys(("az", "abfs", "abfss", "adl"), "azure"),
    **dict.fromkeys(("sftp", "ssh"), "sftp"),
    **dict.fromkeys(("http", "https"), "http"),
}


def pip_line(extra: str, protocol: str = "") -> str:
    """Return the command that installs what a format and a place need; empty if they need nothing.

    Example:
        >>> pip_line("polars", "s3"), pip_line("")
        ("pip install 'mlflow-tmpl[polars,s3]'", '')
    """
    extras = [each for each in (extra, _OF_PROTOCOLS.get(protocol)) if each]
    return f"pip install 'mlflow-tmpl[{','.join(extras)}]'" if extras else ""


def require_package(entry: Entry, source: Source) -> None:
    """Refuse an entry of a kind whose library is not installed.

    Raises:
        CatalogError: it is not; the hint is the command that installs it.
    """
    from importlib.util import find_spec

    if source.package and find_spec(source.package) is None:
        raise entry.error(f"needs the package {source.package!r}", key="type", hint=pip_line(source.extra))
