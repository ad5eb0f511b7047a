from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_tmpl.pipeline.names import base_name, is_dataset_name, is_parameter, is_word, parameter_key


@pytest.mark.parametrize(
    "name", ["x", "a.b", "a-b", "penguins_1", "x@pandas", "params:a", "params:a.b", "größe"]
)
def test_a_legal_name_is_taken(name: str) -> None:
    assert is_dataset_name(name)


@pytest.mark.parametrize("name", ["", "a b", "x@", "@x", "x@y@z", "a:b", "params:", "a/b", "x\n", "{x}"])
def test_an_illegal_name_is_refused(name: str) -> None:
    assert not is_dataset_name(name)


@pytest.mark.parametrize(("name", "legal"), [("a.b-c_1", True), ("x@y", False), ("", False), ("a b", False)])
def test_a_word_has_no_view(name: str, legal: bool) -> None:
    assert is_word(name) is legal


@pytest.mark.parametrize(
    ("name", "key"), [("parameters", ""), ("params:alpha", "alpha"), ("params:train.alpha", "train.alpha")]
)
def test_a_parameter_has_a_key(name: str, key: str) -> None:
    assert is_parameter(name)
    assert parameter_key(name) == key


def test_a_dataset_that_is_named_like_parameters_is_none() -> None:
    assert not is_parameter("parameters_old")
    assert not is_parameter("params")


@given(st.from_regex(r"[\w.-]{1,10}", fullmatch=True), st.from_regex(r"[\w.-]{1,10}", fullmatch=True))
def test_the_base_of_a_view_is_its_name(name: str, view: str) -> None:
    assert base_name(f"{name}@{view}") == base_name(name) == name
