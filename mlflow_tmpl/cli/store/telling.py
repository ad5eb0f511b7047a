"""How far `mlo store push` and `pull` have come, on stderr."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlflow_tmpl.cli.options import paper_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_tmpl.views.store import Transfer


@contextmanager
def transfer(action: str) -> Iterator[Transfer]:
    """Give what tells how far a copy has come.

    Args:
        action: ``push`` or ``pull``.
    """
    import click

    from mlflow_tmpl.views.store import Transfer

    live = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    told = Transfer(
        action, lambda text: click.echo(text, err=True, nl=False), paper_for(sys.stderr), live=live
    )
    try:
        yield told
    finally:
        told.close()
