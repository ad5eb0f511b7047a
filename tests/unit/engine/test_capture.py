"""What nodes print: kept with the node that printed it, passed on, and bounded."""

from __future__ import annotations

import io
import json
import logging
import sys
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from mlflow_tmpl.engine import NodeFailure
from mlflow_tmpl.engine.capture import KEPT_CHARACTERS, Capture, NodeLog

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import MadeProject


def test_what_is_printed_goes_on_and_is_kept_with_its_node(monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    capture = Capture()
    with capture.listening():
        print("before")
        with capture.of_node("speaker") as log:
            print("to out")
            print("to err", file=sys.stderr)
        print("after")
    assert (sys.stdout, sys.stderr) == (out, err)
    assert (out.getvalue(), err.getvalue()) == ("before\nto out\nafter\n", "to err\n")
    assert [(stream, text) for _, stream, text in log.said()] == [("out", "to out\n"), ("err", "to err\n")]


def test_a_handler_of_logging_that_holds_the_old_stream_is_heard_and_left_as_it_was() -> None:
    handler = logging.StreamHandler(sys.stderr)
    logger = logging.getLogger("a handler of before")
    logger.addHandler(handler)
    capture = Capture()
    with capture.listening(), capture.of_node("speaker") as log:
        logger.warning("careful")
    assert handler.stream is sys.stderr
    assert [(stream, text) for _, stream, text in log.said()] == [("err", "careful\n")]


def test_each_thread_speaks_for_its_own_node() -> None:
    capture, said = Capture(), {}

    def speak(word: str) -> None:
        with capture.of_node("speaker") as log:
            for _ in range(20):
                print(word)
            said[word] = "".join(text for _, _, text in log.said())

    with capture.listening():
        threads = [Thread(target=speak, args=(word,)) for word in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert said == {"a": "a\n" * 20, "b": "b\n" * 20}


def test_a_thread_that_the_only_node_started_speaks_for_it() -> None:
    capture = Capture()
    with capture.listening(), capture.of_node("speaker") as log:
        thread = Thread(target=lambda: print("from a helper"))
        thread.start()
        thread.join()
    assert [text for _, _, text in log.said()] == ["from a helper\n"]


def test_runs_that_overlap_hear_their_own_nodes_and_leave_the_streams_as_they_were() -> None:
    one, two = Capture(), Capture()
    before = sys.stdout, sys.stderr
    first, second = one.listening(), two.listening()
    first.__enter__()
    second.__enter__()
    with one.of_node("speaker") as log:
        print("of the first")
    first.__exit__(None, None, None)
    with two.of_node("speaker") as other:
        print("of the second")
    second.__exit__(None, None, None)
    assert (sys.stdout, sys.stderr) == before
    assert [text for _, _, text in log.said()] == ["of the first\n"]
    assert [text for _, _, text in other.said()] == ["of the second\n"]


@pytest.mark.parametrize("pieces", [["x" * 500_000], ["x" * 99 + "\n"] * 5_000])
def test_of_a_long_log_beginning_and_end_are_kept(pieces: list[str]) -> None:
    log = NodeLog()
    log.add("out", "the beginning\n")
    for piece in pieces:
        log.add("out", piece)
    log.add("out", "the end\n")
    text = "".join(text for _, _, text in log.said())
    assert text.startswith("the beginning\n")
    assert text.endswith("the end\n")
    assert "characters are left out here" in text
    assert len(text) < 2 * KEPT_CHARACTERS + 200


@pytest.mark.parametrize("engine", ["inline", "threads"])
def test_the_ledger_keeps_what_nodes_said_also_of_one_that_failed(
    make_project: Callable[..., MadeProject], engine: str
) -> None:
    project = make_project(
        nodes="""
            @node(outputs="x")
            def speak() -> int:
                print("a word")
                return 1

            @node(outputs="y")
            def fail(x: int) -> int:
                print("the last words")
                raise ValueError
            """
    ).open()
    with pytest.raises(NodeFailure):
        project.run(engine=engine)
    rows = project.ledger._database.query("SELECT node, log FROM node_run ORDER BY node")
    assert {node: [text for _, _, text in json.loads(log)] for node, log in rows} == {
        "speak": ["a word\n"],
        "fail": ["the last words\n"],
    }
    assert [(entry.node, entry.text) for entry in project.ledger.log("last") if entry.kind == "out"] == [
        ("speak", "a word\n"),
        ("fail", "the last words\n"),
    ]


def test_what_a_node_said_is_there_when_it_is_cut_off() -> None:
    capture = Capture()

    def speak(node: str, error: type[BaseException]) -> None:
        with capture.listening(), capture.of_node(node):
            print("half of it")
            raise error

    with pytest.raises(KeyboardInterrupt):
        speak("slow", KeyboardInterrupt)
    seconds, said = capture.cut_off("slow")
    assert seconds > 0
    assert "".join(text for _, _, text in said) == "half of it\n"
    with pytest.raises(ValueError):
        speak("failed", ValueError)
    assert capture.cut_off("failed") == (0.0, ())
