"""What editors say of a catalog file is what the command says."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from mlflow_tmpl.catalog.datasets import LIBRARIES, MEMORY_NAMES, SOURCES, TYPE_NAMES, source_named
from mlflow_tmpl.catalog.entry import check_entry, read_entry
from mlflow_tmpl.catalog.file_schema import catalog_schema
from mlflow_tmpl.config.values import Origin, located
from mlflow_tmpl.errors import CatalogError

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "docs" / "reference" / "schemas" / "catalog-file.schema.json"

VALIDATOR = Draft202012Validator(catalog_schema())


def passes(entry: Any) -> bool:
    return VALIDATOR.is_valid({"x": entry})


def is_taken(entry: Any) -> bool:
    try:
        check_entry(read_entry("x", located(entry, Origin("catalog.yml"))))
    except CatalogError:
        return False
    return True


def minimal(name: str) -> dict[str, Any]:
    """Return the smallest entry of a type."""
    source = source_named(name)
    if name in MEMORY_NAMES:
        return {"type": name}
    if source is None:
        return {"type": name, "filepath": "data/x.csv"}
    return {"type": name, **dict.fromkeys(source.required, "x")}


def test_the_schema_is_one_and_the_shipped_one_is_new() -> None:
    Draft202012Validator.check_schema(catalog_schema())
    text = json.dumps(catalog_schema(), indent=2) + "\n"
    if os.environ.get("UPDATE_DOCS"):
        SHIPPED.write_text(text, encoding="utf-8")
    assert SHIPPED.read_text(encoding="utf-8") == text, "run this test with UPDATE_DOCS=1"


@pytest.mark.parametrize("name", TYPE_NAMES)
def test_every_type_is_taken_with_its_own_keys_and_no_others(name: str) -> None:
    entry = minimal(name)
    assert passes(entry), list(VALIDATOR.iter_errors({"x": entry}))
    assert is_taken(entry)
    for wrong in ({**entry, "filpath": "x"}, {key: value for key, value in entry.items() if key == "type"}):
        assert passes(wrong) == is_taken(wrong), wrong


@pytest.mark.parametrize("source", SOURCES, ids=[each.name for each in SOURCES])
def test_kedro_s_names_of_keys_are_taken(source: Any) -> None:
    theirs = {ours: name for name, ours in source.renamed.items()}
    entry = {theirs.get(key, key): value for key, value in minimal(source.name).items()}
    assert passes(entry)
    assert is_taken(entry)


@pytest.mark.parametrize(
    "entry",
    [
        "data/x.csv",
        {"filepath": "x.csv", "load_args": {"sep": ";"}, "layer": "raw", "metadata": {"any": [1]}},
        {"type": "memory", "copy": "never"},
        {"type": "memory", "copy": "some"},
        {"filepath": "s3://b/x.csv", "cache": True, "fingerprint": "stat", "credentials": "lake"},
        {"filepath": "x.csv", "cache": "yes"},
        {"filepath": "x.csv", "fingerprint": "mtime"},
        {"filepath": "x.csv", "file_format": "csv"},
        {"type": "polars", "filepath": "x", "file_format": "csv"},
        {"type": "partitioned", "filepath": "x", "dataset": {"type": "csv"}, "overwrite": False},
        {"type": "partitioned", "filepath": "x", "overwrite": "no"},
        {"type": "own.package.Dataset", "anything": 1},
        {"load_args": {}},
        {"filepath": "x.csv", "load_args": "none"},
        {"filepath": "x.csv", "role": "metrics"},
        {"filepath": "x.csv", "role": "nonsense"},
        {"filepath": ""},
        "",
        None,
        7,
        ["x.csv"],
    ],
)
def test_editor_and_command_agree(entry: Any) -> None:
    assert passes(entry) == is_taken(entry)


def test_a_type_that_is_none_is_marked() -> None:
    assert not passes({"type": "csvv", "filepath": "x"})
    assert Draft202012Validator(catalog_schema(["csvv"])).is_valid({"x": {"type": "csvv", "own": 1}})


@pytest.mark.parametrize(
    "text",
    [
        '"{name}_{kind}": {type: "{kind}", filepath: "data/{name}.csv"}',
        "x: {type: csv, filepath: '${root}/x.csv', load_args: '${csv}', cache: '${cached}'}",
        "_csv: &csv {type: csv}\nx: {<<: *csv, filepath: x.csv}",
        "",
    ],
)
def test_patterns_interpolation_and_anchors_are_let_through(text: str) -> None:
    assert VALIDATOR.is_valid(yaml.safe_load(text))


CATALOGS = sorted((ROOT / "templates").rglob("catalog*.yml"))


@pytest.mark.parametrize("path", CATALOGS, ids=[path.parts[-5] + "/" + path.name for path in CATALOGS])
def test_the_templates_catalogs_pass(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if "{%" in text:
        pytest.skip("it is made when the project is")
    assert not list(VALIDATOR.iter_errors(yaml.safe_load(text)))


def test_the_documentation_s_catalogs_pass() -> None:
    import re

    pages = [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"]
    blocks = [
        (page, block)
        for page in pages
        for block in re.findall(r"```ya?ml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
        if re.search(r"^[\w.{}@\"-]+: *(\{type|data/|s3:)|^  (type|filepath):", block, re.MULTILINE)
    ]
    assert blocks
    for page, block in blocks:
        assert not list(VALIDATOR.iter_errors(yaml.safe_load(block))), (page.name, block)


def test_every_library_is_described() -> None:
    assert set(LIBRARIES) <= set(TYPE_NAMES)
