from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_tmpl.cli.options import can_show, overrides_from, paper_for, selection_from, selectors_from, split
from mlflow_tmpl.errors import ConfigError, UsageError
from mlflow_tmpl.pipeline import Selection

if TYPE_CHECKING:
    from pathlib import Path


class Stream(io.StringIO):
    def __init__(self, *, terminal: bool, encoding: str = "utf-8") -> None:
        super().__init__()
        self._terminal = terminal
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return self._terminal


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "TERM", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("given", "names"),
    [(("a,b", "c"), ("a", "b", "c")), ((" a , ,b ",), ("a", "b")), ((), ()), ((",",), ())],
)
def test_names_come_by_repetition_and_by_commas(given: tuple[str, ...], names: tuple[str, ...]) -> None:
    nothing: Any = None
    assert split(nothing, nothing, given) == names


def test_only_the_selectors_that_were_given_count() -> None:
    options = {"nodes": ("a",), "tags": (), "jobs": 3}
    assert selectors_from(options) == {"nodes": ("a",)}
    assert selection_from(options) == Selection(nodes=("a",))


@pytest.mark.parametrize(
    ("terminal", "environment", "colour"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (True, {"TERM": "dumb"}, False),
    ],
)
def test_colour_is_for_terminals_that_want_it(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, environment: dict[str, str], colour: bool
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert paper_for(Stream(terminal=terminal)).colour is colour


def test_a_pipe_is_wide_unless_it_is_said_how_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    assert paper_for(Stream(terminal=False)).width == 160
    monkeypatch.setenv("COLUMNS", "90")
    assert paper_for(Stream(terminal=False)).width == 90


@pytest.mark.parametrize(("encoding", "shows"), [("utf-8", True), ("ascii", False), ("nonsense", False)])
def test_marks_are_for_encodings_that_have_them(encoding: str, shows: bool) -> None:
    stream = Stream(terminal=True, encoding=encoding)
    assert can_show(stream) is shows
    assert paper_for(stream).ascii_only is not shows


def test_parameters_of_the_command_line_weigh_more_than_those_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "p.yml").write_text("a: 1\nb: {c: 2}\n")
    values = overrides_from(("a=5", "b.d=[1, 2]"), (str(tmp_path / "p.yml"),))
    assert [value.plain() for value in values] == [{"a": 1, "b": {"c": 2}}, {"a": 5}, {"b": {"d": [1, 2]}}]


def test_a_file_of_parameters_that_is_not_there_is_told() -> None:
    with pytest.raises(UsageError) as caught:
        overrides_from((), ("nowhere.yml",))
    assert str(caught.value) == "there is no file 'nowhere.yml' (give --params-file a YAML file)"


def test_a_parameter_that_sets_nothing_is_told() -> None:
    with pytest.raises(ConfigError) as caught:
        overrides_from(("alpha",), ())
    assert str(caught.value) == "--params: 'alpha' sets nothing (write key=value)"
