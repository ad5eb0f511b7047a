from __future__ import annotations

import uuid
from typing import Any

import fsspec
import pandas as pd
import pytest

from mlflow_tmpl.catalog import Catalog
from mlflow_tmpl.config.values import Origin, located
from mlflow_tmpl.errors import DataError


@pytest.fixture
def bucket() -> str:
    return f"memory://{uuid.uuid4().hex}"


def listed(bucket: str) -> list[str]:
    system, path = fsspec.core.url_to_fs(bucket)
    return [found.rpartition("/")[2] for found in system.find(path)] if system.exists(path) else []


FRAME = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})


@pytest.mark.parametrize(
    "name", ["x.csv", "x.csv.gz", "x.parquet", "x.xlsx", "x.pkl", "x.pkl.xz", "x.joblib"]
)
def test_frames_go_to_a_url_and_come_back(bucket: str, name: str) -> None:
    catalog = Catalog.of({"x": f"{bucket}/deep/{name}"})
    assert not catalog.exists("x")
    catalog.save("x", FRAME.head(1))
    catalog.save("x", FRAME)
    pd.testing.assert_frame_equal(catalog.load("x"), FRAME)
    assert listed(bucket) == [name]
    assert catalog.exists("x")
    assert catalog.dataset("x").fingerprint() is None


@pytest.mark.parametrize(("name", "data"), [("x.json", {"a": [1]}), ("x.txt.bz2", "hä"), ("x.bin", b"\0")])
def test_values_go_to_a_url_and_come_back(bucket: str, name: str, data: Any) -> None:
    catalog = Catalog.of({"x": f"{bucket}/{name}"})
    catalog.save("x", data)
    assert catalog.load("x") == data


def test_a_figure_goes_to_a_url(bucket: str) -> None:
    from matplotlib.figure import Figure

    Catalog.of({"x": f"{bucket}/x.svg"}).save("x", Figure())
    assert listed(bucket) == ["x.svg"]


def test_a_failed_save_sends_nothing(bucket: str) -> None:
    catalog = Catalog.of({"x": f"{bucket}/x.json"})
    catalog.save("x", "old")
    with pytest.raises(DataError, match=f"dataset 'x' cannot be saved to {bucket}/x.json"):
        catalog.save("x", object())
    assert catalog.load("x") == "old"
    assert listed(bucket) == ["x.json"]


def test_a_failed_move_leaves_no_temporary_key(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = Catalog.of({"x": f"{bucket}/x.txt"})
    catalog.save("x", "old")

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError("access denied")

    monkeypatch.setattr(type(fsspec.filesystem("memory")), "mv", refuse, raising=False)
    with pytest.raises(DataError, match="access denied"):
        catalog.save("x", "new")
    assert listed(bucket) == ["x.txt"]
    assert catalog.load("x") == "old"


def test_a_missing_file_is_told(bucket: str) -> None:
    with pytest.raises(DataError, match=f"dataset 'x' cannot be loaded from {bucket}/x.csv: "):
        Catalog.of({"x": f"{bucket}/x.csv"}).load("x")


def test_credentials_are_the_file_system_s_options_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    def connect(url: str, **options: Any) -> Any:
        seen.update(options)
        raise PermissionError(f"403 for {options['key']}")

    monkeypatch.setattr("fsspec.core.url_to_fs", connect)
    vault = located({"lake": {"key": "AKIA-hush"}}, Origin("credentials.yml"))
    entries = {"x": {"filepath": "s3://b/x.csv", "credentials": "lake"}}
    catalog = Catalog.of(entries, credentials=lambda: vault)
    with pytest.raises(DataError) as caught:
        catalog.load("x")
    assert seen == {"key": "AKIA-hush"}
    assert str(caught.value) == "<python>: dataset 'x' cannot be loaded from s3://b/x.csv: 403 for ***"
    assert "hush" not in repr(catalog.dataset("x"))


def test_a_file_url_is_a_local_path(tmp_path: Any) -> None:
    catalog = Catalog.of({"x": (tmp_path / "x y.txt").as_uri()})
    catalog.save("x", "hi")
    assert (tmp_path / "x y.txt").read_text() == "hi"
