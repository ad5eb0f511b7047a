"""The optional dependencies of ours that bring what an entry needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

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
