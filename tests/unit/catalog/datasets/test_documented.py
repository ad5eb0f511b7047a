"""The reference's tables of types are made of the tables that the catalog works by."""

from __future__ import annotations

import os
import re
from pathlib import Path

from mlflow_tmpl.catalog.datasets import FORMATS, LIBRARIES, SOURCES, Format, Source

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "dataset-types.md"

START, END = "<!-- made of the tables in mlflow_tmpl/catalog/datasets -->", "<!-- end -->"


def written() -> str:
    """Return the tables as Markdown."""
    files = [
        "| type | suffixes | value | streams | exact | head | package | Kedro's name |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *(_file_row(form) for form in FORMATS),
    ]
    others = [
        "| type | value | streams | fingerprint | keys | package | Kedro's name |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *(_source_row(source) for source in SOURCES),
    ]
    return "\n".join([START, "", *files, "", "## Not one file", "", *others, "", END])


def _file_row(form: Format) -> str:
    packed = ", also compressed" if form.compressed else ""
    suffixes = " ".join(f"`{suffix}`" for suffix in form.suffixes) + packed
    kedro = [name for name in form.aliases if name.endswith(("Dataset", "Writer"))]
    marks = (_yes(form.stream), _yes(form.exact), _yes(form.head))
    return _row(f"`{form.name}`", suffixes, form.value, *marks, _extra(form.extra), _names(kedro))


def _source_row(source: Source) -> str:
    kedro = [name for name in (source.name, *source.aliases) if name.endswith("Dataset")]
    keys = _names([f"{key}!" if key in source.required else key for key in source.keys])
    cells = (
        source.value,
        _yes(source.streams),
        source.fingerprint,
        keys,
        _extra(source.extra),
        _names(kedro),
    )
    return _row(f"`{source.name}`", *cells)


def _row(*cells: str) -> str:
    return re.sub(" +", " ", f"| {' | '.join(cells)} |")


def _yes(value: object) -> str:
    return "yes" if value else ""


def _extra(extra: str) -> str:
    return f"`[{extra}]`" if extra else ""


def _names(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def test_the_reference_says_what_the_tables_say() -> None:
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(START)
    now = before + written() + rest.split(END)[1]
    if os.environ.get("UPDATE_DOCS"):
        PAGE.write_text(now, encoding="utf-8")
        text = now
    assert text == now, "run this test with UPDATE_DOCS=1"


def test_every_library_s_name_is_documented() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert all(f"`{name}`" in text for name in LIBRARIES)
