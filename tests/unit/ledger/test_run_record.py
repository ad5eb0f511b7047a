"""A run as a document: what belongs to it, and what is refused because it comes from somewhere else."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_tmpl.errors import LedgerError
from mlflow_tmpl.hashing import digest, digest_parts
from mlflow_tmpl.ledger import Ledger
from mlflow_tmpl.ledger.run_record import check, contents_of, export, inputs_of, merge
from mlflow_tmpl.ledger.statements import NODE_RUN, RESULT, RESULT_IO, VERSION
from mlflow_tmpl.planning.code.closure import REACHED
from mlflow_tmpl.planning.json_texts import canonical_json

from .adding import add_run

if TYPE_CHECKING:
    from pathlib import Path

RUN = "01aa0000-0000-7000-8000-000000000001"
MODEL, RAW = "a" * 40, "d" * 40
INNER_PARTS = {"definition src/flow.py train": "f" * 40}
INNER = digest_parts(["definition src/flow.py train", "f" * 40])
CODE_PARTS = {"python": "3.10", f"{REACHED}{INNER}": ""}
CODE = digest_parts(["python", "3.10", f"{REACHED}{INNER}", ""])
TABLES = ("run", "node_run", "result", "result_io", "version", "parameter", "definition", "kept")


@pytest.fixture
def filled(ledger: Ledger) -> Ledger:
    """A ledger with one run whose node made a model."""
    content = "{}"
    ids = dict.fromkeys(("definition", "parameter", "environment"), digest(content))
    add_run(ledger, RUN, **ids)
    outputs = json.dumps({"model": MODEL}, separators=(",", ":"))
    result = digest_parts(["key", "train", outputs])
    parts = json.dumps({"code": CODE, "inputs": {}, "parameters": {}, "outputs": {}})
    ledger._database.write(
        [
            *[(f"INSERT OR IGNORE INTO {table} VALUES (?, ?)", [(ids[table], content)]) for table in ids],
            (RESULT, [(result, "key", "train", parts, outputs, 1.0)]),
            (RESULT_IO, [(result, "out", "model", "model", MODEL)]),
            (
                RESULT_IO,
                [(result, "in", "raw", "raw", RAW), (result, "in", "kept", "kept", "key:other/kept")],
            ),
            ("INSERT INTO code VALUES (?, ?)", [(CODE, canonical_json(CODE_PARTS))]),
            ("INSERT INTO code VALUES (?, ?)", [(INNER, canonical_json(INNER_PARTS))]),
            (VERSION, [("model", MODEL, "content", None, 10, None, "data/model.pkl", 1.0)]),
            ("INSERT INTO kept VALUES (?, ?, 'npy', 3, 1.0, 1.0, 1.0)", [("key:key/middle", "b" * 40)]),
            (
                NODE_RUN,
                [
                    (
                        RUN,
                        "train",
                        "",
                        1,
                        "run",
                        "done",
                        result,
                        "[]",
                        "inline",
                        "here",
                        1.0,
                        1.0,
                        None,
                        None,
                        None,
                        None,
                    )
                ],
            ),
        ]
    )
    return ledger


@pytest.fixture
def document(filled: Ledger) -> dict[str, Any]:
    return export(filled._database, RUN)


@pytest.fixture
def other(tmp_path: Path) -> Ledger:
    """An empty ledger somewhere else."""
    (tmp_path / "other").mkdir()
    return Ledger(tmp_path / "other")


def rows(ledger: Ledger) -> dict[str, list[Any]]:
    return {table: ledger._database.query(f"SELECT * FROM {table}") for table in TABLES}


def test_another_ledger_has_the_same_rows_afterwards(
    filled: Ledger, document: dict[str, Any], other: Ledger
) -> None:
    merge(other._database, [json.loads(json.dumps(document))])
    assert rows(other) == rows(filled)
    merge(other._database, [document])
    assert rows(other) == rows(filled)


def test_what_is_known_already_stays_as_it_is(filled: Ledger, document: dict[str, Any]) -> None:
    before = rows(filled)
    document["tables"]["run"][0]["actor"] = "mallory"
    merge(filled._database, [document])
    assert rows(filled) == before


def test_a_run_from_elsewhere_is_marked_and_an_own_one_never_becomes_one(
    filled: Ledger, document: dict[str, Any], other: Ledger
) -> None:
    merge(other._database, [document])
    merge(other._database, [document])
    merge(filled._database, [document])
    assert other.is_pulled(RUN)
    assert not filled.is_pulled(RUN)


@pytest.mark.parametrize("name", ["../up.py", "/etc/cron.d/x", "src/../../up.py", ""])
def test_a_file_that_leads_out_of_the_project_is_refused(document: dict[str, Any], name: str) -> None:
    with pytest.raises(LedgerError, match="a file of the project cannot be"):
        check(with_files(document, {name: "e" * 40}))


@pytest.mark.parametrize("source", ["../../x", "", "E" * 40])
def test_a_file_whose_hash_is_none_is_refused(document: dict[str, Any], source: str) -> None:
    check(with_files(document, {"src/flow.py": "e" * 40}))
    with pytest.raises(LedgerError, match="a file of the project cannot be"):
        check(with_files(document, {"src/flow.py": source}))


def with_files(document: dict[str, Any], files: dict[str, str]) -> dict[str, Any]:
    content = json.dumps({"files": files})
    made = copy.deepcopy(document)
    made["tables"]["definition"] = [{"id": digest(content), "content": content}]
    made["tables"]["run"][0]["definition"] = digest(content)
    return made


def test_all_that_a_fingerprint_of_code_is_made_of_goes_along(
    document: dict[str, Any], other: Ledger
) -> None:
    merge(other._database, [document])
    assert other.code_parts(CODE) == {"definition src/flow.py train": "f" * 40, "python": "3.10"}


def test_inputs_are_what_it_took_and_did_not_make(document: dict[str, Any]) -> None:
    assert list(inputs_of(document)) == [RAW]


def test_contents_are_what_it_gave_saved_or_kept_of_memory(document: dict[str, Any]) -> None:
    assert list(contents_of(document)) == [MODEL, "b" * 40]


def test_a_column_that_is_not_known_here_is_left_out(
    filled: Ledger, document: dict[str, Any], other: Ledger
) -> None:
    document["tables"]["run"][0]["from_the_future"] = 1
    merge(other._database, [document])
    assert rows(other) == rows(filled)


def spoilt(document: dict[str, Any], table: str, column: str, value: Any) -> dict[str, Any]:
    made = copy.deepcopy(document)
    made["tables"][table][-1][column] = value
    return made


@pytest.mark.parametrize(
    ("table", "column", "value", "told"),
    [
        ("run", "status", "running", "it is not one run that has ended"),
        ("run", "id", "other", "it is not one run that has ended"),
        ("run", "pipelines", "not JSON", "it lacks or has what it should not"),
        ("run", "actor", ["a", "list"], "table 'run' has a value that no ledger has"),
        ("node_run", "run", "other", "it has nodes of another run"),
        ("parameter", "content", '{"a": 1}', "a parameter is not what its hash says"),
        ("result", "node", "other", "a result is not what its hash says"),
        ("result", "outputs", "{}", "what a result gave is told in two ways"),
        ("result_io", "fingerprint", "c" * 40, "what a result gave is told in two ways"),
        (
            "code",
            "parts",
            '{"definition src/flow.py train": "other"}',
            "a fingerprint of code is not what its hash says",
        ),
    ],
)
def test_a_document_that_is_not_what_it_says_is_refused(
    document: dict[str, Any], table: str, column: str, value: Any, told: str
) -> None:
    check(document)
    with pytest.raises(LedgerError) as caught:
        check(spoilt(document, table, column, value))
    assert str(caught.value).startswith("the shared record of run ")
    assert told in str(caught.value)


@pytest.mark.parametrize(
    "document", [None, [], {}, {"format": 1}, {"format": 1, "tables": {}}, {"format": 1, "tables": 3}]
)
def test_what_is_no_document_is_refused(document: Any) -> None:
    with pytest.raises(LedgerError, match="cannot be taken over: it lacks or has what it should not"):
        check(document)


def test_a_document_of_a_later_form_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(LedgerError, match="its form is 2, and this mlo knows 1"):
        check({**document, "format": 2})


def test_of_several_documents_with_a_bad_one_none_is_taken_over(
    document: dict[str, Any], other: Ledger
) -> None:
    with pytest.raises(LedgerError):
        merge(other._database, [document, spoilt(document, "run", "status", "running")])
    assert rows(other)["run"] == []
