from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mlflow_tmpl.catalog.extent import Extent
from mlflow_tmpl.config import Origin, located
from mlflow_tmpl.planning import BoundParameter, NoHistory, Parts, Reason
from mlflow_tmpl.planning.json_texts import plain_json
from mlflow_tmpl.planning.reasons import SENTENCES, Present, differences


class Recorded(NoHistory):
    """A past that knows sizes."""

    def extent(self, dataset: str, fingerprint: str) -> Extent:
        return {"old": Extent(1000, 10)}.get(fingerprint, Extent())


NOW = {"raw": Extent(2500, 10)}


BEFORE = Parts("code", {"x": ("raw", "old", "how")}, {"k": ("train", '{"a":1,"b":[1]}')}, {"y": "saved"})


def bound(plain: Any, key: str = "train") -> dict[str, BoundParameter]:
    return {"k": BoundParameter(key, plain, plain_json(plain), located(plain, Origin("p.yml", 3)))}


def told(now: Parts, plain: Any = None, key: str = "train") -> list[str]:
    """Return why a node with new parts runs."""
    plain = {"a": 1, "b": [1]} if plain is None else plain
    parts = replace(now, parameters={"k": (key, plain_json(plain))})
    return [
        str(reason)
        for reason in differences(BEFORE, Present(parts, bound(plain, key), NOW.__getitem__), Recorded())
    ]


def test_nothing_changed_gives_no_reason() -> None:
    assert told(BEFORE) == []


@pytest.mark.parametrize(
    ("plain", "sentence"),
    [
        ({"a": 2, "b": [1]}, "parameter train.a 1 -> 2 (p.yml:3)"),
        ({"a": 1, "b": [1, 2]}, "parameter train.b [1] -> [1, 2] (p.yml:3)"),
        ({"a": 1.0, "b": [1]}, "parameter train.a 1 -> 1.0 (p.yml:3)"),
        ({"a": True, "b": [1]}, "parameter train.a 1 -> true (p.yml:3)"),
        ({"a": 1}, "parameter train.b [1] -> none (p.yml:3)"),
        (5, 'parameter train {"a": 1, "b": [1]} -> 5 (p.yml:3)'),
        ({"b": [1], "a": 1}, 'parameter train {"a": 1, "b": [1]} -> {"b": [1], "a": 1} (p.yml:3)'),
    ],
)
def test_a_parameter_is_told_by_the_leaf_that_changed(plain: Any, sentence: str) -> None:
    assert told(BEFORE, plain=plain) == [sentence]


def test_a_long_value_is_cut_short() -> None:
    (sentence,) = told(BEFORE, plain={"a": "x" * 100, "b": [1]})
    assert sentence == f'parameter train.a 1 -> "{"x" * 59}... (p.yml:3)'


def test_another_parameter_for_an_argument_is_wiring() -> None:
    assert told(BEFORE, key="other") == ["inputs are wired otherwise: k"]


@pytest.mark.parametrize(
    ("change", "sentences"),
    [
        ({"inputs": {"x": ("raw", "new", "how")}}, ["input raw changed: 1,000 -> 2,500 bytes"]),
        ({"inputs": {"x": ("row", "old", "how")}}, ["inputs are wired otherwise: x"]),
        ({"inputs": {"x": ("raw", "old", "other")}}, ["inputs are wired otherwise: raw is loaded otherwise"]),
        ({"inputs": {}}, ["inputs are wired otherwise: x"]),
        ({"outputs": {"y": "other"}}, ["output y is saved otherwise"]),
        ({"outputs": {"z": "saved"}}, ["inputs are wired otherwise: y, z"]),
    ],
)
def test_inputs_and_outputs_have_their_sentences(change: dict[str, Any], sentences: list[str]) -> None:
    assert told(replace(BEFORE, **change)) == sentences


def test_an_input_of_which_nothing_was_recorded_is_only_said_to_have_changed() -> None:
    before = replace(BEFORE, inputs={"x": ("raw", "lost", "how")})
    now = Present(BEFORE, bound({"a": 1, "b": [1]}), NOW.__getitem__)
    assert [str(reason) for reason in differences(before, now, Recorded())] == ["input raw changed"]


def test_every_kind_of_reason_has_a_sentence_that_can_be_filled() -> None:
    for kind in SENTENCES:
        assert "{" not in str(Reason(kind, "s", "", "b", "a"))


def test_a_reason_is_plain_data_without_what_is_empty() -> None:
    assert Reason("input", "raw").to_json() == {
        "text": "input raw changed",
        "kind": "input",
        "subject": "raw",
    }
