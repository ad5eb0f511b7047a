"""YAML that was parsed before is what parsing gives, for as long as its text is the same."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlflow_tmpl.catalog.secrets import hides
from mlflow_tmpl.config.parsed import ParsedYaml
from mlflow_tmpl.config.sources import Folder
from mlflow_tmpl.config.values import Value
from mlflow_tmpl.config.yaml import parse_yaml
from mlflow_tmpl.errors import ConfigError

TEXT = b"""
a: {b: [1, 2.5, .inf, text, null, true], c: &shared {x: 2024-01-01}}
d: *shared
e:
  _replace_: true
  f: "\xc3\xa4"
"""


@pytest.fixture
def parsed(tmp_path: Path) -> ParsedYaml:
    (tmp_path / ".mlo").mkdir()
    return ParsedYaml(tmp_path / ".mlo/cache/yaml", "1", hides)


def kept(tmp_path: Path) -> list[Path]:
    return list((tmp_path / ".mlo").rglob("*.json"))


@pytest.mark.parametrize(
    "text", [TEXT, b"", b"# nothing", b"null", b"_replace_: true\na: 1", b"[1, {a: b}]", b"4"]
)
def test_the_second_time_gives_the_same_with_all_places(
    parsed: ParsedYaml, tmp_path: Path, text: bytes
) -> None:
    first = parsed(text, "one.yml")
    assert len(kept(tmp_path)) == 1
    again = parsed(text, "two.yml")
    assert repr(first) == repr(parse_yaml(text, "one.yml"))
    assert repr(again) == repr(parse_yaml(text, "two.yml"))


_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.text(min_size=1), _PLAIN, max_size=4))
def test_any_document_comes_back(tmp_path_factory: pytest.TempPathFactory, plain: object) -> None:
    folder = tmp_path_factory.getbasetemp() / ".mlo"
    folder.mkdir(exist_ok=True)
    text = json.dumps(plain).encode()
    try:
        expected = parse_yaml(text, "x")
    except ConfigError:
        return
    parsed = ParsedYaml(folder / "cache/yaml", "1", hides)
    assert parsed(text, "x") == parsed(text, "x") == expected


def test_what_is_wrong_is_told_each_time(parsed: ParsedYaml, tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(ConfigError, match="key 'a' is given twice"):
            parsed(b"a: 1\na: 2", "x.yml")
    assert kept(tmp_path) == []


def test_a_damaged_file_is_parsed_anew(parsed: ParsedYaml, tmp_path: Path) -> None:
    parsed(b"a: 1", "x.yml")
    (file,) = kept(tmp_path)
    file.write_text(file.read_text().replace("1", "2"))
    assert parsed(b"a: 1", "x.yml").plain() == {"a": 1}
    file.write_bytes(b"\xff\xfe")
    assert parsed(b"a: 1", "x.yml").plain() == {"a": 1}


def test_a_document_that_aliases_make_large_is_not_kept(parsed: ParsedYaml, tmp_path: Path) -> None:
    lines = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 6)]
    parsed("\n".join(["l0: &l0 [1]", *lines]).encode(), "x.yml")
    assert kept(tmp_path) == []


def test_nothing_is_made_where_nothing_ever_ran(tmp_path: Path) -> None:
    ParsedYaml(tmp_path / ".mlo/cache/yaml", "1", hides)(b"a: 1", "x.yml")
    assert list(tmp_path.iterdir()) == []


def test_what_was_parsed_before_the_first_run_is_kept_with_it(tmp_path: Path) -> None:
    parsed = ParsedYaml(tmp_path / ".mlo/cache/yaml", "1", hides)
    parsed(b"a: 1", "x.yml")
    (tmp_path / ".mlo").mkdir()
    parsed.keep()
    assert len(kept(tmp_path)) == 1


def test_the_oldest_are_removed(parsed: ParsedYaml, tmp_path: Path) -> None:
    for number in range(70):
        parsed(f"a: {number}".encode(), "x.yml")
    assert len(kept(tmp_path)) == 64


def test_credentials_are_written_down_nowhere(parsed: ParsedYaml, tmp_path: Path) -> None:
    base = tmp_path / "conf/base"
    base.mkdir(parents=True)
    for stem in ("credentials", "catalog"):
        (base / f"{stem}.yml").write_text(f"{stem}: hush")
        told = [file.read() for file in Folder(tmp_path / "conf", parsed).files("base", stem)]
        assert [value.plain() for value in told] == [{stem: "hush"}]
    assert [json.loads(file.read_text().partition("\n")[2])[0].keys() for file in kept(tmp_path)] == [
        {"catalog"}
    ]


def test_known_text_needs_no_parser(parsed: ParsedYaml, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed(TEXT, "x.yml")
    monkeypatch.setitem(sys.modules, "yaml", None)
    assert isinstance(parsed(TEXT, "x.yml"), Value)


def test_another_version_parses_anew(parsed: ParsedYaml, tmp_path: Path) -> None:
    parsed(b"a: 1", "x.yml")
    ParsedYaml(tmp_path / ".mlo/cache/yaml", "2", hides)(b"a: 1", "x.yml")
    assert len(kept(tmp_path)) == 2


@pytest.mark.parametrize(
    "text",
    [
        "raw: {type: json, filepath: 'https://me:hush@host/x.json'}",
        "raw: 'https://host/x.json?sig=hush'",
        "raw: {type: sql, load_args: {con: 'Server=db;Password=hush'}}",
        "raw: {type: api, load_args: {headers: {api_key: hush}}}",
        "raw: {credentials: {password: hush}}",
        "token: hush",
        "list: [{client-secret: hush}]",
    ],
)
def test_what_holds_a_secret_is_not_kept(parsed: ParsedYaml, tmp_path: Path, text: str) -> None:
    parsed(text.encode(), "catalog.yml")
    assert kept(tmp_path) == []


def test_the_name_of_credentials_is_no_secret(parsed: ParsedYaml, tmp_path: Path) -> None:
    parsed(b"raw: {filepath: 's3://lake/x.csv', credentials: lake}", "catalog.yml")
    assert len(kept(tmp_path)) == 1
