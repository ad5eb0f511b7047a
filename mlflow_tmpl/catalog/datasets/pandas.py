"""Tables through pandas: CSV, Parquet and Excel; a path is handed on as one, as pandas likes it best."""

from __future__ import annotations

from itertools import chain
from typing import IO, TYPE_CHECKING, Any

from mlflow_tmpl.catalog.compression import is_compressed, opened
from mlflow_tmpl.catalog.datasets.format import Format

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def _load_csv(source: Any, **load_args: Any) -> Any:
    import pandas

    return pandas.read_csv(source, **load_args)


def _save_csv(data: Any, target: Path, **save_args: Any) -> None:
    write = _writer(data, "to_csv")
    if not str(save_args.get("mode", "w")).startswith("w"):
        raise ValueError(f"mode {save_args['mode']!r} would append, but a dataset is saved whole")
    if is_compressed(target.name) and "compression" not in save_args:
        # Given the path, pandas writes the temporary's name and the time into the header of a .gz.
        with opened(target, "wb") as file:
            write(file, **save_args)
    else:
        write(target, **save_args)


def _stream_csv(chunks: Iterator[Any], file: IO[bytes], **save_args: Any) -> None:
    first = next(chunks, None)
    if first is None:
        raise ValueError("no chunk came, so there are no columns to write")
    for number, chunk in enumerate(chain([first], chunks), start=1):
        write = _writer(chunk, "to_csv")
        if list(chunk.columns) != list(first.columns):
            found, expected = list(chunk.columns), list(first.columns)
            raise ValueError(f"chunk {number} has the columns {found}, the first has {expected}")
        write(file, **(save_args if number == 1 else {**save_args, "header": False}))


def _load_parquet(source: Any, **load_args: Any) -> Any:
    import pandas

    return pandas.read_parquet(source, **load_args)


def _save_parquet(data: Any, target: Path, **save_args: Any) -> None:
    _writer(data, "to_parquet")(target, **save_args)


def _load_excel(source: Any, **load_args: Any) -> Any:
    import pandas

    return pandas.read_excel(source, **load_args)


def _save_excel(data: Any, target: Path, **save_args: Any) -> None:
    """Save a frame, or a mapping from sheet names to frames."""
    import pandas

    engine = {key: save_args.pop(key) for key in ("engine", "engine_kwargs") if key in save_args}
    sheets = data if isinstance(data, dict) else {save_args.pop("sheet_name", "Sheet1"): data}
    writers = {name: _writer(sheet, "to_excel") for name, sheet in sheets.items()}
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
            rb"(<dcterms:[^>/]+>)[^<]+", rb"\g<1>1980-01-01T00:00:00Z", parts[properties]
        )
    with ZipFile(workbook, "w") as new:
        for name, content in parts.items():
            new.writestr(ZipInfo(name), content, ZIP_DEFLATED)


def _writer(data: Any, method: str) -> Callable[..., Any]:
    write = getattr(data, method, None)
    if write is None:
        raise TypeError(f"a pandas DataFrame is needed, not {type(data).__name__}")
    return write  # type: ignore[no-any-return]


CSV = Format(
    name="csv",
    aliases=("pandas.CSVDataset",),
    suffixes=(".csv",),
    compressed=True,
    load=_load_csv,
    save=_save_csv,
    stream=_stream_csv,
    save_defaults={"index": False},
)

PARQUET = Format(
    name="parquet",
    aliases=("pandas.ParquetDataset",),
    suffixes=(".parquet", ".pq"),
    load=_load_parquet,
    save=_save_parquet,
    package="pyarrow",
    extra="parquet",
)

EXCEL = Format(
    name="excel",
    aliases=("pandas.ExcelDataset",),
    suffixes=(".xlsx", ".xlsm"),
    load=_load_excel,
    save=_save_excel,
    package="openpyxl",
    extra="excel",
    save_defaults={"index": False},
)
