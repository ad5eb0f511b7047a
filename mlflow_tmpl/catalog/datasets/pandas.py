"""Tables through pandas; a path is handed on as one, as pandas likes it best."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog.datasets.arrow import parquet_head, stream_parquet
from mlflow_tmpl.catalog.datasets.calls import appends, method_of, reads, reads_some, writes
from mlflow_tmpl.catalog.datasets.format import Format

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_FRAME = "a pandas DataFrame"


def _writes_text(method: str) -> Callable[..., None]:
    """Return a `save` for texts, which pandas would append to if it were asked."""

    def save(data: Any, target: Any, **save_args: Any) -> None:
        if not str(save_args.get("mode", "w")).startswith("w"):
            raise ValueError(f"mode {save_args['mode']!r} would append, but a dataset is saved whole")
        method_of(data, method, _FRAME)(target, **save_args)

    return save


def _save_excel(data: Any, target: Path, **save_args: Any) -> None:
    """Save a frame, or a mapping from sheet names to frames."""
    import pandas

    engine = {key: save_args.pop(key) for key in ("engine", "engine_kwargs") if key in save_args}
    sheets = data if isinstance(data, dict) else {save_args.pop("sheet_name", "Sheet1"): data}
    writers = {name: method_of(sheet, "to_excel", _FRAME) for name, sheet in sheets.items()}
    with pandas.ExcelWriter(target, **engine) as book:
        for name, write in writers.items():
            write(book, sheet_name=name, **save_args)
    _undate(target)


def _undate(workbook: Path) -> None:
    """Write a workbook again without the time of saving: equal content has to give equal bytes."""
    import re
    from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

    with ZipFile(workbook) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    properties = "docProps/core.xml"
    if properties in parts:
        parts[properties] = re.sub(
            rb"(<dcterms:\w[^>]*>)[^<]+", rb"\g<1>1980-01-01T00:00:00Z", parts[properties]
        )
    with ZipFile(workbook, "w") as new:
        for name, content in parts.items():
            new.writestr(ZipInfo(name), content, ZIP_DEFLATED)


CSV = Format(
    name="csv",
    value="pandas frame, saved without the index",
    library="pandas",
    aliases=("pandas.csv", "pandas.CSVDataset"),
    suffixes=(".csv",),
    compressed=True,
    load=reads("pandas.read_csv"),
    save=_writes_text("to_csv"),
    stream=appends("to_csv", _FRAME, header=False),
    head=reads_some("pandas.read_csv", "nrows"),
    save_defaults={"index": False},
)

PARQUET = Format(
    name="parquet",
    value="pandas frame",
    library="pandas",
    aliases=("pandas.parquet", "pandas.ParquetDataset"),
    suffixes=(".parquet", ".pq"),
    load=reads("pandas.read_parquet"),
    save=writes("to_parquet", _FRAME),
    stream=stream_parquet,
    head=parquet_head("to_pandas"),
    package="pyarrow",
    extra="parquet",
)

EXCEL = Format(
    name="excel",
    value="pandas frame, or dict of sheets; saved without the index",
    library="pandas",
    aliases=("pandas.excel", "pandas.ExcelDataset"),
    suffixes=(".xlsx", ".xlsm"),
    load=reads("pandas.read_excel"),
    save=_save_excel,
    head=reads_some("pandas.read_excel", "nrows"),
    package="openpyxl",
    extra="excel",
    save_defaults={"index": False},
)

FEATHER = Format(
    name="feather",
    value="pandas frame",
    library="pandas",
    aliases=("pandas.feather", "pandas.FeatherDataset"),
    suffixes=(".feather",),
    load=reads("pandas.read_feather"),
    save=writes("to_feather", _FRAME),
    package="pyarrow",
    extra="parquet",
)

ORC = Format(
    name="orc",
    value="pandas frame",
    library="pandas",
    aliases=("pandas.orc", "pandas.ORCDataset"),
    suffixes=(".orc",),
    load=reads("pandas.read_orc"),
    save=writes("to_orc", _FRAME),
    package="pyarrow",
    extra="parquet",
)

XML = Format(
    name="xml",
    value="pandas frame, saved without the index",
    library="pandas",
    aliases=("pandas.xml", "pandas.XMLDataset"),
    suffixes=(".xml",),
    compressed=True,
    load=reads("pandas.read_xml"),
    save=_writes_text("to_xml"),
    package="lxml",
    extra="xml",
    save_defaults={"index": False},
)

FRAME_JSON = Format(
    name="pandas.json",
    value="pandas frame",
    library="pandas",
    aliases=("pandas.JSONDataset",),
    suffixes=(".json",),
    compressed=True,
    load=reads("pandas.read_json"),
    save=_writes_text("to_json"),
)

FRAME_LINES = Format(
    name="pandas.jsonl",
    value="pandas frame, a row a line",
    library="pandas",
    suffixes=(".jsonl", ".ndjson"),
    compressed=True,
    load=reads("pandas.read_json", lines=True),
    save=_writes_text("to_json"),
    stream=appends("to_json", _FRAME),
    head=reads_some("pandas.read_json", "nrows", lines=True),
    save_defaults={"orient": "records", "lines": True},
)

PANDAS = (CSV, PARQUET, EXCEL, FEATHER, ORC, XML, FRAME_JSON, FRAME_LINES)
