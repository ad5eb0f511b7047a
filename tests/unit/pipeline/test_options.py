"""Options of nodes: what is taken, what is refused and how, and what they are as plain data."""

from __future__ import annotations

from typing import Any

import pytest

from mlflow_tmpl import NodeOptions, node
from mlflow_tmpl.errors import MloError
from mlflow_tmpl.pipeline.options import Resources, Retries, error_names


def test_a_number_of_retries_is_a_whole_description() -> None:
    assert NodeOptions(retries=3).retries == Retries(3)
    made = NodeOptions(retries={"count": 2, "delay_s": 0.5, "retry_on": [ConnectionError, "x.Y"]}).retries
    assert (made.count, made.delay_s, made.backoff, made.retry_on) == (
        2,
        0.5,
        2.0,
        ("ConnectionError", "x.Y"),
    )


def test_waits_grow_and_chance_moves_them_by_a_part() -> None:
    retries = Retries(3, delay_s=1, backoff=3, jitter=0.5)
    assert [retries.wait_s(attempt, 0.5) for attempt in (1, 2, 3)] == [1, 3, 9]
    assert (retries.wait_s(2, 0.0), retries.wait_s(2, 1.0)) == (1.5, 4.5)


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("2GB", 2 * 10**9),
        ("1.5 GiB", 1610612736),
        ("512mb", 512 * 10**6),
        ("100", 100),
        (7, 7),
        ("1kB", 1000),
    ],
)
def test_memory_is_written_with_a_unit(written: Any, size: int) -> None:
    assert NodeOptions(resources={"memory": written}).resources == Resources(memory_bytes=size)


@pytest.mark.parametrize(
    ("option", "given", "message"),
    [
        ("retries", -1, "option 'retries' cannot be -1 (it is a whole number, at least 0)"),
        ("retries", True, "option 'retries' cannot be True (it is a whole number, at least 0)"),
        ("retries", {"cout": 1}, "'retries' has no key 'cout' (did you mean 'count'?)"),
        ("retries", {"backoff": 0.5}, "option 'retries.backoff' cannot be 0.5 (it is a number, at least 1)"),
        (
            "retries",
            {"retry_on": ["a b"]},
            "option 'retries.retry_on' cannot be 'a b' (name errors as 'ConnectionError' or 'package.module.Error')",
        ),
        ("timeout_s", 0, "option 'timeout_s' cannot be 0 (it is a number, more than 0)"),
        ("timeout_s", float("nan"), "option 'timeout_s' cannot be nan (it is a number, more than 0)"),
        ("resources", 3, "option 'resources' cannot be 3 (it is a mapping of cpus, gpus, memory)"),
        (
            "resources",
            {"memory": "2XB"},
            "option 'resources.memory' cannot be '2XB' (write a size such as '512MB', '2GB' or '1.5GiB')",
        ),
        ("priority", 1.5, "option 'priority' cannot be 1.5 (it is a whole number)"),
        ("engine", "dusk", "option 'engine' cannot be 'dusk' (did you mean 'dask'?)"),
        ("keep", 1, "option 'keep' cannot be 1 (it is one of auto, always, never)"),
        ("reuse", "no", "option 'reuse' cannot be 'no' (it is true or false)"),
    ],
)
def test_what_an_option_cannot_be_is_refused(option: str, given: Any, message: str) -> None:
    with pytest.raises(MloError) as caught:
        NodeOptions(**{option: given})
    assert str(caught.value) == message


def test_a_marked_function_with_a_wrong_option_is_told_with_its_place() -> None:
    with pytest.raises(MloError) as caught:

        @node(outputs="x", timeout_s=-1)
        def slow() -> int:
            return 1

    assert caught.value.message == "node 'slow': option 'timeout_s' cannot be -1"
    assert "test_options.py:" in caught.value.where


def test_options_come_back_from_plain_data() -> None:
    options = NodeOptions(
        False,
        "always",
        {"count": 2, "retry_on": "OSError"},
        1.5,
        {"cpus": 0.5, "gpus": 1, "memory": "1GB"},
        -3,
        "ray",
    )
    assert NodeOptions(**options.to_json()) == options
    assert NodeOptions().to_json() == {}


def test_an_error_answers_to_its_bases_with_module_and_without() -> None:
    class Broken(ConnectionResetError):
        pass

    names = error_names(Broken())
    assert {"Broken", f"{__name__}.{Broken.__qualname__}", "ConnectionError", "OSError", "Exception"} <= set(
        names
    )
    assert "object" not in names
