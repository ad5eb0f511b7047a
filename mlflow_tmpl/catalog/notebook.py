"""How a notebook shows the catalog and a dataset: what is declared; nothing is loaded for it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlflow_tmpl.catalog.catalog import Catalog

MOST_ROWS = 200
"""A longer catalog is cut: a notebook keeps what it shows."""


def catalog_html(catalog: Catalog) -> str:
    """Return a table of the datasets that have an entry, and of the patterns."""
    told = [(name, catalog.describe(name)) for name in catalog.names[:MOST_ROWS]]
    told += [(each.text, catalog.describe_pattern(each)) for each in catalog.patterns.ordered]
    rows = [(name, each.get("type"), each.get("filepath"), each.get("layer")) for name, each in told]
    more = len(catalog) - MOST_ROWS
    note = f"<p>and {more:,} more</p>" if more > 0 else ""
    return _table(("dataset", "type", "place", "layer"), rows) + note


def dataset_html(name: str, told: Mapping[str, Any]) -> str:
    """Return a table of what a dataset says of itself."""
    return _table((name, ""), [(key, value) for key, value in told.items() if value not in (None, {}, "")])


def _table(heads: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    head = "".join([f'<th style="text-align: left">{escape(each)}</th>' for each in heads])
    body = "".join([f"<tr>{''.join([_cell(each) for each in row])}</tr>" for row in rows])
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: Any) -> str:
    return f'<td style="text-align: left">{escape("" if value is None else str(value))}</td>'
