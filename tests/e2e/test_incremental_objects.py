"""Objects of the project's classes that come out of files: no code of the taker names their classes."""

from __future__ import annotations

import pickle
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .incremental import Lab

MODEL = "class Model:\n    def predict(self, x):\n        return x * {}\n"
FLOW = """
from mlflow_tmpl import node
from proj.model import Model

@node(outputs="model")
def train(raw):
    return Model()
"""
TAKER = """
from mlflow_tmpl import node

@node(outputs="predicted")
def predict(model, raw):
    return model.predict(raw)

@node(outputs="other")
def other(table):
    return table["a"]
"""
CATALOG = """
raw: data/raw.json
model: out/model{}
table: data/table.pkl
predicted: out/predicted.json
other: out/other.json
"""


def _files(suffix: str) -> dict[str, str]:
    return {
        "conf/base/catalog.yml": CATALOG.format(suffix),
        "data/raw.json": "2",
        "src/proj/__init__.py": "",
        "src/proj/model.py": MODEL.format(2),
        "src/proj/nodes/__init__.py": "",
        "src/proj/nodes/flow.py": FLOW,
        "src/proj/nodes/taker.py": TAKER,
    }


@pytest.fixture
def table(lab: Lab) -> Lab:
    (lab.root / "data").mkdir(parents=True)
    (lab.root / "data/table.pkl").write_bytes(pickle.dumps({"a": 1}))
    return lab


@pytest.mark.parametrize("suffix", [".pkl", ".pkl.gz", ".joblib"])
def test_a_method_of_a_saved_object_counts_for_who_takes_it(table: Lab, suffix: str) -> None:
    table.write(_files(suffix)).run()
    table.write({"src/proj/model.py": MODEL.format(3)})
    assert table.rerun() == {"train", "predict"}, "the file is as it was, what it does is not"
    table.write({"src/proj/model.py": MODEL.format(3) + "\nclass More:\n    pass\n"})
    assert table.rerun() == set()


def test_a_method_of_an_object_that_no_node_made_counts(table: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    files = _files(".pkl")
    del files["src/proj/nodes/flow.py"]
    table.write(files)
    monkeypatch.syspath_prepend(str(table.root / "src"))
    from proj.model import Model  # type: ignore[import-not-found]

    (table.root / "out").mkdir()
    (table.root / "data/model.pkl").write_bytes(pickle.dumps(Model()))
    for name in [name for name in sys.modules if name.partition(".")[0] == "proj"]:
        del sys.modules[name]
    table.replace("conf/base/catalog.yml", "out/model", "data/model").run()
    table.write({"src/proj/model.py": MODEL.format(3)})
    assert table.rerun() == {"predict"}


def test_the_code_of_a_projects_own_dataset_counts(table: Lab) -> None:
    dataset = "class Plain:\n    def load(self): return {}\n    def save(self, data): ...\n"
    dataset += "    def fingerprint(self): return 'same'\n"
    files = _files(".pkl")
    table.write({**files, "src/proj/data.py": dataset.format("{'a': 1}")})
    table.replace("conf/base/catalog.yml", "table: data/table.pkl", "table: {type: proj.data.Plain}").run()
    table.write({"src/proj/data.py": dataset.format("{'a': 2}")})
    assert table.rerun() == {"other"}
