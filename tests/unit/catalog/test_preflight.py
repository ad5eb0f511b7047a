from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_tmpl.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from mlflow_tmpl.catalog import Catalog


def refusal(catalog: Catalog, inputs: Iterable[str] = (), outputs: Iterable[str] = ()) -> str:
    with pytest.raises(CatalogError) as caught:
        catalog.check_use(inputs, outputs)
    return str(caught.value)


def test_entries_that_are_not_in_use_are_not_looked_at(
    catalog_of: Callable[..., Catalog], tmp_path: Path
) -> None:
    (tmp_path / "raw.csv").write_text("a\n1\n")
    catalog = catalog_of(raw="raw.csv", out="out/o.csv", lost="lost.csv", odd={"type": "no.such.Class"})
    catalog.check_use(["raw", "params:x", "parameters"], ["out", "in_memory"])


def test_a_missing_input_is_refused_with_its_place_and_the_nearest_file(
    written_catalog: Callable[..., Catalog], tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "penguins.csv").touch()
    catalog = written_catalog(raw="data/penguin.csv", other="nowhere/x.csv")
    assert refusal(catalog, ["raw"]) == (
        "catalog.yml:1: dataset 'raw': data/penguin.csv does not exist (did you mean 'penguins.csv'?)"
    )
    assert refusal(catalog, ["other"]) == "catalog.yml:2: dataset 'other': nowhere/x.csv does not exist"


def test_an_input_that_is_a_folder_is_refused(catalog_of: Callable[..., Catalog], tmp_path: Path) -> None:
    (tmp_path / "x.csv").mkdir()
    assert "dataset 'x': x.csv is a folder, not a file" in refusal(catalog_of(x="x.csv"), ["x"])


def test_an_input_that_nothing_gives_is_refused(catalog_of: Callable[..., Catalog]) -> None:
    catalog = catalog_of(penguins="p.csv", m={"type": "memory"})
    assert refusal(catalog, ["penguinz"]).endswith("is not in the catalog (did you mean 'penguins'?)")
    assert "dataset 'm' is kept in memory, and nothing gives it" in refusal(catalog, ["m"])


def test_a_figure_as_input_is_refused_with_the_way_out(
    catalog_of: Callable[..., Catalog], tmp_path: Path
) -> None:
    (tmp_path / "x.png").touch()
    message = refusal(catalog_of(x="x.png"), ["x"])
    assert "dataset 'x' cannot be loaded from x.png (figures are only saved; declare another entry" in message


def test_a_missing_package_is_told_with_what_to_install(
    catalog_of: Callable[..., Catalog], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    catalog = catalog_of(x="x.xlsx", y={"filepath": "y.xlsx", "save_args": {"engine": "xlsxwriter"}})
    expected = "dataset 'x' needs the package 'openpyxl' (pip install 'mlflow-tmpl[excel]')"
    assert expected in refusal(catalog, ["x"])
    assert expected in refusal(catalog, [], ["x"])
    catalog.check_use([], ["y"])


def test_checking_for_a_package_does_not_import_it(tmp_path: Path) -> None:
    script = """
import sys
from mlflow_tmpl.catalog import Catalog
Catalog.of({"x": "x.xlsx", "y": "y.parquet"}).check_use([], ["x", "y"])
print(sorted({"openpyxl", "pyarrow", "pandas"} & {*sys.modules}))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.strip() == "[]"


def test_an_output_that_cannot_be_written_is_refused(
    catalog_of: Callable[..., Catalog], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder.csv").mkdir()
    catalog = catalog_of(a="file/x.csv", b="folder.csv", c="deep/down/x.csv")
    assert "dataset 'a' cannot be saved to file/x.csv: file is a file, not a folder" in refusal(
        catalog, [], ["a"]
    )
    assert "dataset 'b' cannot be saved to folder.csv: it is a folder, not a file" in refusal(
        catalog, [], ["b"]
    )
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert f"to deep/down/x.csv: folder {tmp_path.name} is not writable" in refusal(catalog, [], ["c"])


def test_two_outputs_in_one_place_are_refused_with_both_places(
    written_catalog: Callable[..., Catalog],
) -> None:
    catalog = written_catalog(a="x.csv", b={"type": "text", "filepath": "./x.csv"})
    assert refusal(catalog, [], ["a", "b", "a"]) == (
        "catalog.yml:2: datasets 'a' and 'b' would be saved to the same place, x.csv "
        "(the other is declared at catalog.yml:1)"
    )


class Absent:
    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    def load(self) -> None: ...

    def save(self, data: Any) -> None: ...

    def exists(self) -> bool:
        if self.error:
            raise self.error
        return False


def test_a_foreign_input_is_asked_whether_it_exists(catalog_of: Callable[..., Catalog]) -> None:
    catalog = catalog_of(x=Absent(), y=Absent(ConnectionError("no route to host")))
    assert refusal(catalog, ["x"]) == "<python>: dataset 'x' does not exist"
    assert refusal(catalog, ["y"]) == "<python>: dataset 'y' cannot be looked up: no route to host"


def test_a_file_system_that_cannot_be_reached_is_told(catalog_of: Callable[..., Catalog]) -> None:
    message = refusal(catalog_of(x="nosuch://bucket/x.csv"), ["x"])
    assert "dataset 'x' cannot be reached at nosuch://bucket/x.csv: Protocol not known: nosuch" in message


def test_two_outputs_of_one_pattern_in_one_place_are_refused_with_the_way_out(
    catalog_of: Callable[..., Catalog],
) -> None:
    catalog = catalog_of(**{"{name}_report": "report.json"})
    assert refusal(catalog, [], ["a_report", "b_report"]) == (
        "<python>: datasets 'a_report' and 'b_report' would be saved to the same place, report.json "
        "(both fall to pattern '{name}_report': put a placeholder into its filepath)"
    )
