"""`mlo params`, and configuration from elsewhere, in a real project."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import MadeProject

SCHEMA = Path(__file__).parents[2] / "docs" / "reference" / "schemas" / "params.schema.json"

NODES = """
    from dataclasses import dataclass
    from pathlib import Path
    from typing import Literal

    @dataclass
    class Train:
        alpha: float
        kind: Literal["a", "b"] = "a"
        layers: list[int] | None = None

    @node(outputs="result")
    def fit(number: str, *, train: Train, out: Path, amount: int = 1) -> str:
        return f"{train.alpha} {amount}"
    """


@pytest.fixture
def typed(make_project: Callable[..., MadeProject]) -> MadeProject:
    return make_project(
        nodes=NODES,
        catalog="number: data/number.txt\nresult: ${runtime_params:folder,data}/result.txt\n",
        parameters="train: {alpha: 0.1, kind: a}\nout: ${oc.env:OUT_DIR,here}\namount: 2\nother: [1]\n",
        files={
            "data/number.txt": "20",
            "conf/local/parameters.yml": "train: {alpha: 0.2}\n",
            "conf/prod/parameters.yml": "amount: ${train.layers}\n",
        },
    )


def test_each_parameter_is_shown_with_its_place_and_what_it_overrode(typed: MadeProject):
    document = typed.json("params", env={"OUT_DIR": "elsewhere"})
    jsonschema.validate(document, json.loads(SCHEMA.read_text(encoding="utf-8")))
    rows = {row["key"]: row for row in document["parameters"]}
    assert rows["train.alpha"] == {
        "key": "train.alpha",
        "value": 0.2,
        "where": "conf/local/parameters.yml:1:16",
        "overrode": [{"value": 0.1, "where": "conf/base/parameters.yml:1:16"}],
    }
    assert (rows["out"]["value"], rows["out"]["written"]) == ("env:OUT_DIR", "${oc.env:OUT_DIR,here}")
    shown = typed.mlo("params", "train").stdout
    assert "over 0.1" in shown
    assert "amount" not in shown


def test_a_parameter_without_a_value_is_shown_with_its_problem(typed: MadeProject):
    done = typed.mlo("params", "amount", "-e", "prod")
    assert done.returncode == 0
    assert "there is no 'train.layers' among the parameters" in done.stdout


def test_the_schema_takes_the_files_of_the_project_and_refuses_what_a_run_would(typed: MadeProject):
    schema = json.loads(typed.mlo("params", "--schema").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    for path in typed.root.glob("conf/*/parameters.yml"):
        jsonschema.validate(yaml.safe_load(path.read_text(encoding="utf-8")), schema)
    for wrong in (
        {"amount": "x"},
        {"train": {"alhpa": 1}},
        {"train": {"kind": "c"}},
        {"train": {"layers": ["x"]}},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)
    jsonschema.validate({"train": {"_replace_": True, "alpha": "${x}"}, "anything": [1]}, schema)


def test_configuration_comes_from_an_archive(typed: MadeProject):
    with tarfile.open(typed.root / "conf.tar.gz", "w:gz") as archive:
        archive.add(typed.root / "conf", "conf")
    typed.write("conf/base/parameters.yml", "broken: [")
    assert typed.mlo("run").returncode == 2
    done = typed.mlo("run", "--conf-source", "conf.tar.gz")
    assert done.returncode == 0, done.stderr
    assert (typed.root / "data" / "result.txt").read_text() == "0.2 2"


def test_files_of_parameters_are_laid_one_over_the_other(typed: MadeProject):
    typed.write("one.yml", "amount: 5\ntrain: {alpha: 7}\n")
    typed.write("two.yml", "amount: 6\n")
    done = typed.mlo("run", "--params-file", "one.yml", "--params-file", "two.yml", "--params", "folder=out")
    assert done.returncode == 0, done.stderr
    assert (typed.root / "out" / "result.txt").read_text() == "7.0 6"


def test_a_run_is_resumed_and_repeated_with_the_configuration_that_it_had(typed: MadeProject):
    with tarfile.open(typed.root / "other.tar.gz", "w:gz") as archive:
        archive.add(typed.root / "conf", "conf")
    assert typed.mlo("run", "--conf-source", "other.tar.gz").returncode == 0
    typed.write("conf/base/parameters.yml", "train: {alpha: 9}\nout: x\n")
    typed.write("conf/local/parameters.yml", "")
    resumed = typed.json("run", "--resume")
    assert [node["action"] for node in resumed["nodes"]] == ["reuse"]
    (typed.root / "data" / "result.txt").unlink()
    again = typed.json("runs", "rerun")
    assert (again["status"], again["same"]) == ("done", ["result"])
    assert "configuration is what 'other.tar.gz' has today" in again["notes"]
    (typed.root / "other.tar.gz").rename(typed.root / "moved.tar.gz")
    gone = typed.mlo("run", "--resume")
    assert gone.returncode == 2
    assert "there is no configuration at" in gone.stderr
    assert typed.mlo("run", "--resume", "--conf-source", "moved.tar.gz").returncode == 0
