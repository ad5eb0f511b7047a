from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlflow_tmpl.catalog import Catalog

NAMES = ["x.json", "x.yml", "x.yaml", "x.pkl", "x.pickle", "x.joblib", "x.json.gz", "x.yaml.bz2", "x.pkl.xz"]

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False)
    | st.text("aäß \n:'\"-#"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc"), inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=PLAIN)
def test_plain_data_comes_back(catalog_of: Callable[..., Catalog], name: str, data: Any) -> None:
    catalog = catalog_of(x=name)
    catalog.save("x", data)
    assert catalog.load("x") == data


@pytest.mark.parametrize("name", [name for name in NAMES if name != "x.joblib"])
def test_equal_content_gives_equal_bytes(
    catalog_of: Callable[..., Catalog], tmp_path: Path, name: str
) -> None:
    catalog = catalog_of(x=name)
    catalog.save("x", {"a": [1]})
    before = (tmp_path / name).read_bytes()
    catalog.save("x", {"a": [1]})
    assert (tmp_path / name).read_bytes() == before


def test_metrics_of_numpy_become_plain_numbers(catalog_of: Callable[..., Catalog], tmp_path: Path) -> None:
    catalog = catalog_of(x="x.json")
    catalog.save("x", {"f": np.float32(0.5), "i": np.int64(3), "b": np.bool_(True), "a": np.arange(2)})
    assert json.loads((tmp_path / "x.json").read_text()) == {"f": 0.5, "i": 3, "b": True, "a": [0, 1]}


def test_json_is_written_for_people_unless_told_otherwise(
    catalog_of: Callable[..., Catalog], tmp_path: Path
) -> None:
    catalog = catalog_of(
        x="x.json", y={"filepath": "y.json", "save_args": {"indent": None, "ensure_ascii": True}}
    )
    for name in ("x", "y"):
        catalog.save(name, {"ä": 1})
    assert (tmp_path / "x.json").read_bytes() == '{\n  "ä": 1\n}\n'.encode()
    assert (tmp_path / "y.json").read_text() == '{"\\u00e4": 1}\n'


def test_yaml_keeps_the_order_of_keys(catalog_of: Callable[..., Catalog], tmp_path: Path) -> None:
    catalog_of(x="x.yml").save("x", {"b": 1, "a": [1]})
    assert (tmp_path / "x.yml").read_text() == "b: 1\na:\n- 1\n"


def test_a_model_is_kept_by_pickle_and_joblib(catalog_of: Callable[..., Catalog]) -> None:
    from sklearn.linear_model import LinearRegression

    catalog = catalog_of(x="x.pkl", y={"filepath": "y.joblib", "save_args": {"compress": 3}})
    for name in ("x", "y"):
        catalog.save(name, LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0]))
        assert catalog.load(name).coef_[0] == pytest.approx(2.0)
