from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from mlflow_tmpl.catalog import Catalog
from mlflow_tmpl.config.values import Origin, located
from mlflow_tmpl.errors import CatalogError, DataError

pytest.importorskip("sqlalchemy")

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FRAME = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})
TABLE = {"type": "sql.table", "table": "t", "con": "sqlite:///data/x.db"}


def test_a_table_comes_back(catalog_of: Callable[..., Catalog], tmp_path: Path) -> None:
    catalog = catalog_of(x=TABLE)
    assert not catalog.exists("x")
    catalog.save("x", FRAME.head(1))
    catalog.save("x", FRAME)
    pd.testing.assert_frame_equal(catalog.load("x"), FRAME, check_dtype=False)
    assert catalog.exists("x")
    assert (tmp_path / "data" / "x.db").is_file(), (
        "relative to the project, not to where the command was called"
    )


def test_kedro_s_keys_and_a_connection_among_the_credentials(tmp_path: Path) -> None:
    vault = located({"db": {"con": f"sqlite:///{tmp_path}/y.db"}}, Origin("credentials.yml"))
    entries = {"x": {"type": "pandas.SQLTableDataset", "table_name": "t", "credentials": "db"}}
    catalog = Catalog.of(entries, root=tmp_path, credentials=lambda: vault)
    catalog.save("x", FRAME)
    assert len(catalog.load("x")) == 3


def test_a_save_that_fails_halfway_changes_nothing(catalog_of: Callable[..., Catalog]) -> None:
    catalog = catalog_of(x=TABLE)
    catalog.save("x", FRAME)
    broken = [FRAME.head(1), FRAME.head(1).assign(more=1)]
    with pytest.raises(DataError, match=r"dataset 'x' cannot be saved: .*no column named more"):
        catalog.dataset("x").save_stream(iter(broken))  # type: ignore[attr-defined]
    assert len(catalog.load("x")) == 3


def test_chunks_are_appended(catalog_of: Callable[..., Catalog]) -> None:
    catalog = catalog_of(x=TABLE)
    catalog.save("x", FRAME)
    catalog.dataset("x").save_stream(iter([FRAME[:2], FRAME[2:]]))  # type: ignore[attr-defined]
    assert len(catalog.load("x")) == 3


def test_only_a_watermark_tells_that_a_table_changed(catalog_of: Callable[..., Catalog]) -> None:
    catalog = catalog_of(x=TABLE, marked={**TABLE, "watermark": "select max(a), count(*) from t"})
    catalog.save("x", FRAME)
    assert catalog.dataset("x").fingerprint() is None
    first = catalog.dataset("marked").fingerprint()
    assert first == catalog.dataset("marked").fingerprint() is not None
    catalog.save("x", FRAME.head(2))
    assert catalog.dataset("marked").fingerprint() != first
    catalog.save("x", FRAME.head(0))
    assert catalog.dataset("marked").fingerprint() is None, "no answer tells nothing"


def test_a_query_is_read_from_the_entry_or_a_file(catalog_of: Callable[..., Catalog], tmp_path: Path) -> None:
    query = {"type": "sql.query", "con": TABLE["con"], "watermark": "select max(a) from t"}
    (tmp_path / "q.sql").write_text("select a from t where a > :least")
    catalog = catalog_of(
        x=TABLE,
        inline={**query, "sql": "select b from t where a > 1"},
        file={**query, "filepath": "q.sql", "load_args": {"params": {"least": 2}}},
    )
    catalog.save("x", FRAME)
    assert catalog.load("inline")["b"].tolist() == ["y", "z"]
    assert catalog.load("file")["a"].tolist() == [3]
    assert len(catalog.dataset("inline").head(1)) == 1  # type: ignore[attr-defined]
    before = catalog.dataset("file").fingerprint()
    (tmp_path / "q.sql").write_text("select a from t where a = :least")
    assert catalog.dataset("file").fingerprint() != before


def test_a_query_cannot_be_an_output(written_catalog: Callable[..., Catalog]) -> None:
    catalog = written_catalog(x={"type": "sql.query", "sql": "select 1", "con": TABLE["con"]})
    with pytest.raises(CatalogError, match=r"catalog\.yml:1: dataset 'x' cannot be saved: it is only read"):
        catalog.check_use([], ["x"])


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"type": "sql.table", "con": "sqlite://"}, "dataset 'x' has no table"),
        ({"type": "sql.table", "table": "t"}, "it has no 'con', neither in the entry nor in its credentials"),
        ({"type": "sql.query", "con": "sqlite://"}, "it needs either 'sql' or 'filepath'"),
    ],
)
def test_an_entry_that_lacks_something_is_refused(
    written_catalog: Callable[..., Catalog], entry: dict[str, Any], message: str
) -> None:
    with pytest.raises(CatalogError, match=message):
        written_catalog(x=entry).dataset("x")


def test_a_password_in_the_address_is_not_shown(catalog_of: Callable[..., Catalog]) -> None:
    catalog = catalog_of(x={**TABLE, "con": "nosuch://me:hush-hush@host/db"})
    with pytest.raises(DataError) as caught:
        catalog.load("x")
    assert "hush" not in str(caught.value)
    assert "hush" not in str(catalog.describe("x"))


def test_a_missing_package_is_named_with_its_extra(
    written_catalog: Callable[..., Catalog], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(CatalogError) as caught:
        written_catalog(x=TABLE).dataset("x")
    assert str(caught.value) == (
        "catalog.yml:1:10: dataset 'x' needs the package 'sqlalchemy' (pip install 'mlflow-tmpl[sql]')"
    )
