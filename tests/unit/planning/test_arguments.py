from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from mlflow_tmpl.config import Origin, Value, located
from mlflow_tmpl.errors import ConfigError
from mlflow_tmpl.pipeline import Node, Pipeline
from mlflow_tmpl.planning import bind_parameters


@dataclass
class Split:
    share: float
    seed: int = 0


def fit(frame: Any, *, alpha: float, split: Split, steps: int = 10) -> None: ...


def take(everything: Any) -> None: ...


def params(plain: dict[str, Any]) -> Value:
    """Return parameters of which each top-level key stands on its own line."""
    return Value(
        {
            key: located(value, Origin("parameters.yml", line))
            for line, (key, value) in enumerate(plain.items(), 1)
        },
        Origin("parameters.yml", 1),
    )


GIVEN = {"alpha": 1, "split": {"share": 0.5}}


def test_parameters_are_converted_to_their_annotations() -> None:
    (bound,) = bind_parameters(Pipeline([Node(fit)]), params(GIVEN))
    assert bound["alpha"].value == 1.0
    assert bound["split"].value == Split(0.5)
    assert bound["alpha"].key == "alpha"


def test_what_counts_is_what_was_written() -> None:
    (bound,) = bind_parameters(Pipeline([Node(fit)]), params(GIVEN))
    assert (bound["alpha"].shown, bound["split"].shown) == ("1", '{"share":0.5}')


def test_the_order_of_keys_counts() -> None:
    pipeline = Pipeline([Node(take, "params:x")])
    (one,), (two,) = (
        bind_parameters(pipeline, params({"x": x})) for x in ({"a": 1, "b": 2}, {"b": 2, "a": 1})
    )
    assert one["everything"].shown != two["everything"].shown


def test_a_parameter_with_a_default_may_be_left_out() -> None:
    (bound,) = bind_parameters(Pipeline([Node(fit)]), params(GIVEN))
    assert "steps" not in bound


def test_a_parameter_that_is_null_is_set() -> None:
    (bound,) = bind_parameters(Pipeline([Node(take, "params:x")]), params({"x": None}))
    assert (bound["everything"].value, bound["everything"].shown) == (None, "null")


def test_all_parameters_are_taken_by_name() -> None:
    (bound,) = bind_parameters(Pipeline([Node(take, "parameters")]), params(GIVEN))
    assert bound["everything"].value == GIVEN
    assert bound["everything"].key == ""


def test_a_node_without_parameters_has_none() -> None:
    assert bind_parameters(Pipeline([Node(take, "x")]), params({})) == [{}]


def test_a_parameter_knows_where_it_and_its_parts_stand() -> None:
    (bound,) = bind_parameters(Pipeline([Node(fit)]), params(GIVEN))
    assert bound["alpha"].where("") == "parameters.yml:1"
    assert bound["split"].where("share") == bound["split"].where("no.such") == "parameters.yml:2"


def test_a_missing_parameter_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError) as refused:
        bind_parameters(Pipeline([Node(fit)]), params({"alpah": 1, "split": {"share": 1}}))
    assert refused.value.message == "parameter 'alpha' of node 'fit' is not set"
    assert refused.value.where == Node(fit).where
    assert refused.value.hint == "did you mean 'alpah'?"


def test_a_missing_parameter_without_a_near_one_is_told_where_to_write() -> None:
    with pytest.raises(ConfigError) as refused:
        bind_parameters(Pipeline([Node(take, "params:x.y")]), params({}))
    assert refused.value.hint == "add it to conf/base/parameters.yml, or give --params x.y=VALUE"


def test_a_parameter_of_the_wrong_type_is_refused_at_its_line() -> None:
    with pytest.raises(ConfigError) as refused:
        bind_parameters(Pipeline([Node(fit)]), params({"split": {"share": 1}, "alpha": "high"}))
    assert "parameter 'alpha'" in refused.value.message
    assert refused.value.where == "parameters.yml:2"


def test_all_that_is_wrong_is_told_at_once_and_once() -> None:
    nodes = [Node(fit), Node(fit, name="again")]
    with pytest.raises(ConfigError) as refused:
        bind_parameters(Pipeline(nodes), params({"alpha": "high"}))
    lines = refused.value.message.splitlines()
    assert lines[0] == "3 parameters are not as the nodes need them:"
    assert sum("'alpha'" in line for line in lines) == 1
    assert sum("'split' of node" in line for line in lines) == 2
