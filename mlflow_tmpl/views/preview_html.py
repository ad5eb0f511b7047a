"""A preview as a fragment for notebooks and pages, and as a page that needs nothing but itself."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from mlflow_tmpl.views.palette import page_variables
from mlflow_tmpl.views.preview_lines import cell_text, told_shape
from mlflow_tmpl.views.shapes import xml
from mlflow_tmpl.views.statuses import in_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlflow_tmpl.views.contents import Content
    from mlflow_tmpl.views.preview import Preview

STYLE = """
.mlo-preview { font: 14px/1.5 var(--sans, sans-serif); max-width: 100%; }
.mlo-preview h1 { font-size: 17px; margin: 0 0 4px; }
.mlo-preview h1 small { font-weight: 400; opacity: .7; }
.mlo-preview p { margin: 2px 0; opacity: .8; overflow-wrap: anywhere; }
.mlo-preview .wide { overflow-x: auto; margin-top: 14px; }
.mlo-preview table { border-collapse: collapse; font-size: 13px; }
.mlo-preview th { text-align: left; font-weight: 600; position: sticky; top: 0; }
.mlo-preview th, .mlo-preview td { padding: 3px 12px 3px 0; white-space: nowrap; }
.mlo-preview th, .mlo-preview td { border-bottom: 1px solid rgba(128, 128, 128, .3); }
.mlo-preview .number { text-align: right; font-variant-numeric: tabular-nums; }
.mlo-preview .empty { opacity: .45; }
.mlo-preview pre { font: 12.5px/1.45 var(--mono, monospace); overflow: auto; max-height: 60vh; margin: 14px 0 0; }
.mlo-preview img { max-width: 100%; margin-top: 14px; background: #fff; }
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


def preview_page(shown: Preview) -> str:
    """Return a page of its own; nothing in it is fetched, and no script runs."""
    style = page_variables() + "body { background: var(--page); color: var(--ink); margin: 24px; }"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{xml(shown.name)}</title><style>{style}</style></head>"
        f"<body>{preview_fragment(shown)}</body></html>\n"
    )


def preview_fragment(shown: Preview) -> str:
    """Return the preview as an element; all that comes from data is text and never markup."""
    content = shown.content
    size = f" ({in_bytes(shown.size_bytes)})" if shown.size_bytes is not None else ""
    facts = [f"{shown.place}{size}", told_shape(content)]
    facts += [f"{fact}: {text}" for fact, text in content.facts.items() if text]
    facts += [] if shown.whole else ["the first rows only were read"]
    parts = [
        f"<style>{STYLE}</style>",
        f"<h1>{xml(shown.name)} <small>{xml(shown.type)}</small></h1>",
        *[f"<p>{xml(fact)}</p>" for fact in facts if fact],
        _columns(content),
        _rows(content),
        f'<pre tabindex="0">{xml(content.text)}</pre>' if content.text else "",
        _picture(shown),
    ]
    return f'<div class="mlo-preview">{"".join(parts)}</div>'


def _columns(content: Content) -> str:
    if not content.columns:
        return ""
    heads = ("column", "dtype", "nulls", "range")
    rows = [(each.name, each.dtype, each.nulls, each.range) for each in content.columns]
    return _table(heads, [["" if cell is None else cell for cell in row] for row in rows])


def _rows(content: Content) -> str:
    if not content.rows:
        return ""
    heads = [each.name for each in content.columns] or [str(at) for at in range(len(content.rows[0]))]
    return _table(heads, content.rows)


def _table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    head = "".join([f"<th>{xml(each)}</th>" for each in heads])
    body = "".join([f"<tr>{''.join([_cell(cell) for cell in row])}</tr>" for row in rows])
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _cell(cell: object) -> str:
    number = isinstance(cell, (int, float)) and not isinstance(cell, bool)
    kind = ' class="number"' if number else ' class="empty"' if cell is None else ""
    return f"<td{kind}>{xml(cell_text(cell))}</td>"


def _picture(shown: Preview) -> str:
    content = shown.content
    if not content.picture:
        return ""
    data = base64.b64encode(content.picture).decode()
    return f'<img alt="{xml(shown.name)}" src="data:{content.media};base64,{data}">'
