from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from mlflow_tmpl import Catalog, __version__
from mlflow_tmpl.engine.clusters.packing import pack
from mlflow_tmpl.engine.clusters.survey import (
    Survey,
    check_datasets,
    check_mlo,
    check_python,
    local_folders,
    numbers_of,
)
from mlflow_tmpl.engine.surroundings import Surroundings
from mlflow_tmpl.errors import CatalogError, EngineError

if TYPE_CHECKING:
    from pathlib import Path

HERE = ".".join(map(str, sys.version_info[:2]))


def test_another_python_is_refused() -> None:
    check_python({"a": f"{HERE}.99.final.0"})
    with pytest.raises(
        EngineError, match=f"worker 'b' runs Python 3.1.4, and this is Python {HERE}"
    ) as refused:
        check_python({"a": f"{HERE}.0", "b": "3.1.4"})
    assert "run both with the same" in refused.value.hint


@pytest.mark.parametrize(
    ("version", "said"), [("", "has no mlo"), ("0.0.1", "has mlo 0.0.1, and this is mlo")]
)
def test_another_mlo_is_refused(version: str, said: str) -> None:
    check_mlo({"a": __version__})
    with pytest.raises(EngineError, match=f"worker 'b' {said}") as refused:
        check_mlo({"a": __version__, "b": version})
    assert refused.value.hint == f"on its machine: pip install 'mlflow-tmpl=={__version__}'"


def test_only_files_of_this_machine_are_asked_for(tmp_path: Path) -> None:
    catalog = Catalog.of({"here": "data/new/x.csv", "there": "s3://bucket/x.csv"}, root=tmp_path)
    assert local_folders(catalog, ["here", "there", "memory"]) == {"here": str(tmp_path)}


@pytest.mark.parametrize("inside", [True, False])
def test_a_dataset_is_seen_by_the_token_or_by_its_folder(tmp_path: Path, inside: bool) -> None:
    catalog = Catalog.of(
        {"x": str(tmp_path / "data" / "x.csv")}, root=tmp_path if inside else tmp_path / "project"
    )
    folders = local_folders(catalog, ["x"])
    folder = folders["x"]
    check_datasets(catalog, folders, {"w": {"token": False, "folders": {folder: numbers_of(folder)}}})
    other = {"w": {"token": True, "folders": {folder: [1, 2]}}}
    if inside:
        check_datasets(catalog, folders, other)
        other["w"]["token"] = False
    with pytest.raises(
        CatalogError, match="dataset 'x' lies on this machine's disk, which worker 'w' does not see"
    ):
        check_datasets(catalog, folders, other)


def test_the_token_is_gone_when_all_have_answered(tmp_path: Path) -> None:
    (tmp_path / ".mlo").mkdir()
    survey = Survey(Surroundings("", Catalog(root=tmp_path), ()))
    with survey.question() as (ask, arguments):
        answered = ask(*arguments)
    assert (answered["token"], answered["mlo"], answered["python"][: len(HERE)]) == (True, __version__, HERE)
    assert list((tmp_path / ".mlo").iterdir()) == []


def test_what_is_unpacked_is_private_and_can_be_written_to() -> None:
    import numpy as np

    given = {"rows": [np.arange(4)]}
    packed = pack(given)
    assert len(packed.buffers) == 1
    one, other = packed.unpack(), packed.unpack()
    one["rows"][0][0] = 9
    assert (given["rows"][0][0], other["rows"][0][0], one["rows"][0][0]) == (0, 0, 9)
