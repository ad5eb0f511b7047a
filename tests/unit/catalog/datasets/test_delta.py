from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from mlflow_tmpl.errors import CatalogError, DataError

pytest.importorskip("deltalake")

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_tmpl.catalog import Catalog
    from tests.unit.catalog.servers import Store

FRAME = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})
TABLE = {"type": "delta", "filepath": "data/t"}


def test_every_save_is_a_version(catalog_of: Callable[..., Catalog]) -> None:
    catalog = catalog_of(x=TABLE, first={**TABLE, "load_args": {"version": 0}})
    assert not catalog.exists("x")
    catalog.save("x", FRAME.head(1))
    before = catalog.dataset("x").fingerprint()
    catalog.save("x", FRAME.assign(more=1))
    assert catalog.dataset("x").fingerprint() != before
    assert list(catalog.load("x").columns) == ["a", "b", "more"]
    assert len(catalog.load("first")) == 1
    assert catalog.dataset("first").fingerprint() == before


@pytest.mark.parametrize(
    ("frame", "module"), [("pandas", "pandas"), ("polars", "polars"), ("arrow", "pyarrow")]
)
def test_tables_are_given_as_asked_for_and_taken_as_they_come(
    catalog_of: Callable[..., Catalog], frame: str, module: str
) -> None:
    catalog = catalog_of(x={**TABLE, "frame": frame})
    catalog.save("x", FRAME)
    found = catalog.load("x")
    assert type(found).__module__.partition(".")[0] == module
    catalog.save("x", found)
    assert len(catalog.load("x")) == 3
    assert catalog.dataset("x").head(2).num_rows == 2  # type: ignore[attr-defined]


def test_chunks_are_one_version(catalog_of: Callable[..., Catalog]) -> None:
    catalog = catalog_of(x=TABLE)
    catalog.dataset("x").save_stream(iter([FRAME[:2], FRAME[2:]]))  # type: ignore[attr-defined]
    assert len(catalog.load("x")) == 3
    assert str(catalog.dataset("x").fingerprint()).endswith(":0")


def test_a_giver_that_fails_leaves_the_old_version(catalog_of: Callable[..., Catalog]) -> None:
    catalog = catalog_of(x=TABLE)
    catalog.save("x", FRAME)

    def chunks() -> Any:
        yield FRAME
        raise ZeroDivisionError

    with pytest.raises((DataError, ZeroDivisionError)):
        catalog.dataset("x").save_stream(chunks())  # type: ignore[attr-defined]
    assert len(catalog.load("x")) == 3
    assert str(catalog.dataset("x").fingerprint()).endswith(":0")


def test_what_is_no_table_is_refused(catalog_of: Callable[..., Catalog]) -> None:
    with pytest.raises(DataError, match="a table is needed"):
        catalog_of(x=TABLE).save("x", {"a": 1})


def test_an_unknown_frame_is_refused(catalog_of: Callable[..., Catalog]) -> None:
    with pytest.raises(CatalogError, match="'frame' is one of pandas, arrow, polars, not 'dask'"):
        catalog_of(x={**TABLE, "frame": "dask"}).dataset("x")


ON_S3 = """
import json, sys
import pandas as pd
from mlflow_tmpl.catalog import Catalog
from tests.unit.catalog.servers import Store

store = Store(sys.argv[1], json.loads(sys.argv[2]))
catalog = Catalog.of({"x": store.entry("t", type="delta")}, credentials=store.credentials)
assert not catalog.exists("x")
catalog.save("x", pd.DataFrame({"a": [1, 2, 3]}))
print(len(catalog.load("x")), catalog.exists("x"), catalog.dataset("x").fingerprint().partition(":")[2])
"""


@pytest.mark.network
def test_a_table_lies_on_s3(s3: Store) -> None:
    """In a process of its own: the library does not let another thread, such as the server's, run meanwhile."""
    told = {
        "AWS_ACCESS_KEY_ID": s3.options["key"],
        "AWS_SECRET_ACCESS_KEY": s3.options["secret"],
        "AWS_ENDPOINT_URL": s3.options["endpoint_url"],
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "aws_conditional_put": "etag",
    }
    command = [sys.executable, "-c", ON_S3, s3.url, json.dumps(told)]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert answer.stdout.strip() == "3 True 0", answer.stderr
