from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from mlflow_tmpl.views.graph import LastRun, RunView
from mlflow_tmpl.views.json import to_json

from .pipelines import view

SCHEMA = Path(__file__).parents[3] / "docs" / "reference" / "schemas" / "graph.schema.json"


@pytest.fixture
def validator():
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("run", [None, RunView("0193ab3c", "done")])
def test_the_document_is_as_its_schema_says(ten, validator, run):
    validator.validate(json.loads(to_json(replace(ten, run=run))))


def test_the_schema_refuses_a_field_that_it_does_not_describe(ten, validator):
    document = json.loads(to_json(ten))
    document["nodes"][0]["colour"] = "red"
    with pytest.raises(jsonschema.ValidationError, match="colour"):
        validator.validate(document)


def test_every_edge_joins_two_vertices(ten):
    document = json.loads(to_json(ten))
    known = {each["id"] for kind in ("nodes", "datasets", "parameters") for each in document[kind]}
    assert {edge[end] for edge in document["edges"] for end in ("source", "target")} <= known


def test_without_indent_it_is_one_line(ten):
    assert "\n" not in to_json(ten, indent=0)
    assert json.loads(to_json(ten, indent=0)) == json.loads(to_json(ten))


def test_a_status_that_is_not_known_is_a_text_like_others(validator):
    document = json.loads(to_json(view({"a": ""}, {"a": LastRun("half_done")})))
    validator.validate(document)
    assert document["nodes"][0]["status"] == "half_done"
