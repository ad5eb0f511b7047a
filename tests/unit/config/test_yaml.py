import gc
import json
import math
import os
import re
import subprocess
import sys
import time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mlflow_tmpl.config import Value, parse_yaml, read_yaml
from mlflow_tmpl.config.yaml import MAX_BYTES
from mlflow_tmpl.errors import ConfigError


def plain(text):
    return parse_yaml(text, "f.yml").plain()


def refusal(text):
    with pytest.raises(ConfigError) as caught:
        parse_yaml(text, "f.yml")
    return str(caught.value)


@pytest.fixture(params=["C", "Python"])
def parser(request, monkeypatch):
    """Either parser: wheels of PyYAML have the one in C, builds from source may not."""
    if request.param == "Python":
        monkeypatch.delattr(yaml, "CSafeLoader")
    return request.param


@pytest.mark.parametrize("text", ["", "\n", "# nothing yet", "---", "---\n...\n", "~", b"", b"\xef\xbb\xbf"])
def test_a_file_with_nothing_in_it_is_an_empty_mapping(text):
    assert plain(text) == {}


def test_every_value_knows_its_place(parser):
    value = parse_yaml("a: 1\nb:\n  - x\n  - {c: [true, 'q']}\n", "f.yml")
    assert str(value.get("a").origin) == "f.yml:1:4"
    assert str(value.get("b").data[1].get("c").data[1].origin) == "f.yml:4:16"


def test_quotes_make_text_of_anything(parser):
    assert plain("a: 'yes'\nb: \"012\"\nc: '12:30'\nd: 'null'\n'on': |\n  1_000\n") == {
        "a": "yes",
        "b": "012",
        "c": "12:30",
        "d": "null",
        "on": "1_000\n",
    }


def test_an_explicit_tag_for_text_is_quotes_by_another_name():
    assert plain("a: !!str 012\nb: ! yes") == {"a": "012", "b": "yes"}


def test_a_byte_order_mark_is_no_part_of_the_first_key():
    assert plain(b"\xef\xbb\xbfa: 1") == {"a": 1}
    assert plain("\ufeffa: 1") == {"a": 1}


def test_line_ends_of_windows_do_not_move_places():
    assert str(parse_yaml("a: 1\r\nb: 2\r\n", "f.yml").get("b").origin) == "f.yml:2:4"


def test_columns_count_characters_and_not_bytes():
    assert str(parse_yaml("ä: {ß: 1}", "f.yml").get("ä.ß").origin) == "f.yml:1:8"


def test_an_alias_gives_the_value_from_where_it_was_written(parser):
    value = parse_yaml("a: &x {b: 1}\nc: *x\n", "f.yml")
    assert value.get("c").plain() == {"b": 1}
    assert (str(value.get("c").origin), str(value.get("c").key_origin)) == ("f.yml:1:4", "f.yml:2:1")


def test_merge_keys_bring_defaults_below_the_keys_of_the_mapping(parser):
    text = "x: &x {a: 1, b: 2}\nm: {b: 3, <<: *x}\nz: {<<: [*x, {a: 9, c: 4}]}\nw: {<<: {d: 5}}"
    found = plain(text)
    assert (found["m"], found["z"], found["w"]) == ({"a": 1, "b": 3}, {"a": 1, "b": 2, "c": 4}, {"d": 5})


def test_a_default_keeps_the_place_where_it_was_written():
    assert str(parse_yaml("x: &x {a: 1}\nm: {<<: *x}", "f.yml").get("m.a").origin) == "f.yml:1:11"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: yes", "f.yml:1:4: 'yes' is read differently by YAML 1.1 and 1.2 (write true or \"yes\")"),
        ("a:\n- Off", "f.yml:2:3: 'Off' is read differently by YAML 1.1 and 1.2 (write false or \"Off\")"),
        ("a: 012", "f.yml:1:4: '012' is read differently by YAML 1.1 and 1.2 (write 12 or \"012\")"),
        ("a: [12:30]", "f.yml:1:5: '12:30' is read differently by YAML 1.1 and 1.2 (write 750 or \"12:30\")"),
        ("on: 1", "f.yml:1:1: 'on' is read differently by YAML 1.1 and 1.2 (put it in quotes: \"on\":)"),
        ("a: 1\n2024: x", 'f.yml:2:1: key 2024 is not text (put it in quotes: "2024":)'),
        ("true: x", 'f.yml:1:1: key true is not text (put it in quotes: "true":)'),
        ("? [a]\n: 1", "f.yml:1:3: a list cannot be a key (put text that begins with a bracket, a brace or"),
        (
            "a: {{ x }}",
            "f.yml:1:5: a mapping cannot be a key (put text that begins with a bracket, a brace or",
        ),
        ("a: &x 1\n*x : 2", "f.yml:2:1: a value that is not text cannot be a key (put text that begins with"),
        ("a: 1\nb: 2\na: 3", "f.yml:3:1: key 'a' is given twice, first at f.yml:1:1 (remove one of them)"),
        (
            "x: {a: {b: 1}, a: 2}",
            "f.yml:1:16: key 'a' is given twice, first at f.yml:1:5 (remove one of them)",
        ),
        (
            "<<: {a: 1}\n<<: {b: 1}",
            "f.yml:2:1: '<<' is given twice in one mapping (write <<: [*first, *second])",
        ),
        ("a: {<<: 5}", "f.yml:1:9: '<<' takes a mapping or a list of mappings (write <<: *anchor)"),
        ("a: {<<: [{}, x]}", "f.yml:1:14: '<<' takes a mapping or a list of mappings (write <<: *anchor)"),
        ("a:\n\tb: 1", "f.yml:2:1: line is indented with a tab (indent with spaces)"),
        ("a:\n  b: 1\n \tc: 2", "f.yml:3:2: line is indented with a tab (indent with spaces)"),
        (
            "a: !!python/name:os.system x",
            "f.yml:1:4: tag '!!python/name:os.system' is not taken (remove the tag",
        ),
        (
            "a: !!python/object/apply:os.system [x]",
            "f.yml:1:4: tag '!!python/object/apply:os.system' is not taken",
        ),
        ("a: !mine {}", "f.yml:1:4: tag '!mine' is not taken (remove the tag and write the value plainly)"),
        ("!!binary aGk=: 1", "f.yml:1:1: tag '!!binary' is not taken (remove the tag and write"),
        ("a: 1\n---\nb: 2", "f.yml:2:1: file holds several documents (keep one, or remove the line '---'"),
        ("a: &x [*x]", "f.yml:1:8: alias '*x' stands within what it names"),
        ("a: &x {<<: *x}", "f.yml:1:12: alias '*x' stands within what it names"),
        ("a: &csv 1\nb: *csw", "f.yml:2:4: alias '*csw' has no anchor above it (did you mean 'csv'?)"),
        (
            "a: *x",
            "f.yml:1:4: alias '*x' has no anchor above it (write &x before the value that it stands for)",
        ),
        ("a: b: c", "f.yml:1:5: this is not YAML: mapping values are not allowed"),
        ("a: *.csv", "(put text that begins with '*' in quotes)"),
        ("a: @x", "f.yml:1:4: this is not YAML: found character"),
        ("a: [1, 2", "f.yml:2:1: this is not YAML: did not find expected ',' or ']' (close it with ']'"),
        ("a: 'x", "(close the quotes, and double a quote within)"),
        (
            'a: "C:\\data"',
            "this is not YAML: found unknown escape character (write backslashes in 'single' quotes)",
        ),
        ("a: 1\nb\nc: 2", "(write 'key: value', with a space after the colon)"),
        ("a: \x00", "f.yml:1:4: character U+0000 is not allowed in YAML"),
        ("a:\n  b: \ud800", "f.yml:2:6: character U+D800 is not allowed in YAML"),
        (b"a: 1\nb: caf\xe9", "f.yml:2:7: file is not UTF-8 (save it as UTF-8)"),
        ("a: 1".encode("utf-16"), "f.yml:1:1: file is not UTF-8 (save it as UTF-8)"),
        ("a: " + "1" * 2000, "f.yml:1:4: number has more than 1000 digits (put it in quotes if it is text)"),
        ("[" * 101 + "]" * 101, "f.yml:1:101: values are nested more than 100 deep"),
    ],
)
def test_what_is_refused_says_where_and_what_to_do(text, expected):
    assert expected in refusal(text)


@pytest.mark.parametrize(
    "text", ["a: yes", "a: 1\na: 2", "a:\n\tb: 1", "a: *x", "a: !x y", "a: [", "a: \x00"]
)
def test_both_parsers_refuse_with_a_place(parser, text):
    assert refusal(text).startswith("f.yml:")


def test_an_escape_beyond_unicode_is_refused_by_both_parsers(parser):
    assert "f.yml" in refusal('a: "\\UFFFFFFFF"')


def test_nesting_up_to_the_bound_is_read():
    assert plain("[" * 100 + "]" * 100)


def test_aliases_cannot_nest_deeper_than_text_can():
    chain = "a0: &a0 []\n" + "".join(f"a{i + 1}: &a{i + 1} [*a{i}]\n" for i in range(200))
    assert "nested more than 100 deep" in refusal(chain)


def test_aliases_that_multiply_are_refused_at_once():
    bomb = "a0: &a0 [1]\n" + "".join(
        f"a{i + 1}: &a{i + 1} [{', '.join([f'*a{i}'] * 9)}]\n" for i in range(12)
    )
    began = time.process_time()
    assert "file has more than 1,000,000 values" in refusal(bomb)
    assert time.process_time() - began < 10, "all of it would take days"


def test_a_file_of_data_is_refused(monkeypatch):
    monkeypatch.setattr("mlflow_tmpl.config.composing.MAX_VALUES", 100)
    assert len(plain("[" + "1," * 99 + "]")) == 99
    assert refusal("[" + "1," * 100 + "]").startswith("f.yml:1:200: file has more than 100 values")


def test_merge_keys_that_multiply_are_refused_too():
    keys = "".join(f"  k{i}: 1\n" for i in range(2000))
    text = f"x: &x\n{keys}" + "".join(f"m{i}: {{<<: *x}}\n" for i in range(600))
    assert "file has more than 1,000,000 values (keep data out of the configuration" in refusal(text)


def test_a_million_brackets_are_refused_at_once():
    assert "nested more than" in refusal("[" * 1_000_000)


def test_a_file_over_the_bound_is_refused_by_its_size(tmp_path):
    path = tmp_path / "big.yml"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(ConfigError, match=r"file is larger than 10 MB .*split it into several files"):
        read_yaml(path)


def test_a_file_that_is_missing_says_so(tmp_path):
    with pytest.raises(ConfigError, match=r"gone\.yml: file cannot be read: No such file"):
        read_yaml(tmp_path / "gone.yml")


def test_a_file_is_named_in_its_origins(tmp_path):
    path = tmp_path / "p.yml"
    path.write_text("a: 1", encoding="utf-8")
    assert read_yaml(path).get("a").origin.path == os.fspath(path)


def test_reading_is_linear_in_the_number_of_entries():
    def seconds(count):
        text = "".join(f"d{i}:\n  type: csv\n  filepath: data/{i}.csv\n" for i in range(count))
        return min(_timed(lambda: parse_yaml(text, "f.yml")) for _ in range(3))

    assert seconds(4000) < 32 * seconds(500), "8 if it is linear, 64 if it is quadratic"


def _timed(work):
    gc.disable()  # what it takes depends on all that other tests have left behind
    began = time.process_time()
    work()
    took_s = time.process_time() - began
    gc.enable()
    return took_s


keys = st.text("abcxyz äß_-\"'#:", min_size=1, max_size=6)
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Zl", "Zp"]))
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=15,
)


@given(trees)
def test_what_is_dumped_is_read_back(tree):
    text = json.dumps({"root": tree}, ensure_ascii=False).replace("\x7f", "\\x7f")
    assert plain(text) == {"root": tree}


@st.composite
def placed(draw, depth=0):
    """Lines of YAML, and the dotted key, line and column of every leaf in them."""
    lines, leaves = [], []
    for name in draw(st.lists(st.sampled_from("abcdef"), unique=True, min_size=1, max_size=4)):
        lines += [""] * draw(st.integers(0, 2))
        pad = "  " * depth
        if depth < 3 and draw(st.booleans()):
            inner, found = draw(placed(depth=depth + 1))
            lines.append(f"{pad}{name}:")
            leaves += [(f"{name}.{key}", line + len(lines), column) for key, line, column in found]
            lines += inner
        else:
            spaces = draw(st.integers(1, 3))
            lines.append(
                f"{pad}{name}:{' ' * spaces}{draw(st.sampled_from(['1', 'text', chr(39) * 2, '[1, 2]']))}"
            )
            leaves.append((name, len(lines), len(pad) + 2 + spaces + 1))
    return lines, leaves


@given(placed())
def test_every_leaf_of_any_text_knows_its_place(case):
    lines, leaves = case
    value = parse_yaml("\n".join(lines), "f.yml")
    assert [(key, leaf.origin.line, leaf.origin.column) for key, leaf in value.leaves()] == leaves


yaml_like = st.text(st.sampled_from("ab01 \n\t:-?[]{},&*!|>'\"%@`#<~.=_\\\x00\ud800é"), max_size=60)


@given(st.one_of(st.text(), st.binary(), yaml_like, yaml_like.map(lambda text: f"a: &x {text}\nb: *x\n")))
@settings(max_examples=400)
def test_any_text_is_a_value_or_a_refusal_with_a_place(text):
    try:
        assert isinstance(parse_yaml(text, "f.yml"), Value)
    except ConfigError as error:
        assert error.where.startswith("f.yml")


@given(yaml_like)
def test_both_parsers_agree_about_what_they_take(text):
    found = []
    for loader in ("CSafeLoader", "SafeLoader"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(yaml, "CSafeLoader", getattr(yaml, loader))
            try:
                found.append(repr(plain(text)))
            except ConfigError:
                found.append(None)
    assert found[0] == found[1] or None in found


def test_not_a_number_survives():
    assert math.isnan(plain("a: .nan")["a"])


def test_an_escape_of_half_a_character_is_refused_by_either_parser(parser):
    assert re.search("half a character|this is not YAML", refusal(r'a: "\ud83d\ude00"'))
    assert plain(r'a: "\U0001F600"') == {"a": "\U0001f600"}


HOSTILE = """
import resource, sys, time
from pathlib import Path
from mlflow_tmpl.config import parse_yaml
from mlflow_tmpl.config.yaml import read_yaml
from mlflow_tmpl.errors import ConfigError

big = Path(sys.argv[1])
with big.open("wb") as file:
    file.truncate(100 << 20)
laughs = "a0: &a0 [x, x]\\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\\n" for n in range(1, 30))
merges = "a0: &a0 {x: 1}\\n" + "".join(
    f"a{n}: &a{n} {{{', '.join(f'k{i}: *a{n - 1}' for i in range(10))}}}\\n" for n in range(1, 30)
)
texts = {
    "laughs": laughs,
    "merges": merges,
    "recursive": "a: &a [*a]\\n",
    "recursive in a mapping": "a: &a {b: {c: *a}}\\n",
    "recursive merge": "a: &a\\n  <<: *a\\n",
    "brackets": "a: " + "[" * 1_000_000,
    "braces": "a: " + "{b: " * 500_000,
    "indents": "".join(" " * n + "a:\\n" for n in range(3_000)),
    "dashes": "- " * 1_000_000,
}
parse_yaml("a: 1", "f.yml")
for name, attempt in [("100 MB", lambda: read_yaml(big))] + [
    (name, lambda text=text: parse_yaml(text, "f.yml")) for name, text in texts.items()
]:
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    try:
        attempt()
    except ConfigError as error:
        told = error.message
    else:
        told = ""
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(name, bool(told), grown >> (20 if sys.platform == "darwin" else 10), time.process_time() - start, sep="|")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="memory is measured by POSIX means")
def test_hostile_files_are_refused_in_bounded_memory_and_time(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", HOSTILE, str(tmp_path / "big.yml")], capture_output=True, text=True, check=True
    )
    rows = [line.split("|") for line in done.stdout.splitlines()]
    assert len(rows) == 10
    for name, refused, megabytes, seconds in rows:
        assert refused == "True", name
        assert int(megabytes) < 100, (name, megabytes)
        assert float(seconds) < 5, (name, seconds)


class Planted:
    made = 0

    def __init__(self, *_args, **_given):
        Planted.made += 1


@pytest.mark.parametrize(
    "tag",
    [
        "!!python/object/apply:os.system ['exit 3']",
        "!!python/object/new:os.system ['exit 3']",
        f"!!python/object:{Planted.__module__}.Planted {{}}",
        f"!!python/object/apply:{Planted.__module__}.Planted []",
        f"!!python/name:{Planted.__module__}.Planted",
        "!!python/module:antigravity",
        "!!python/tuple [1]",
        "!!timestamp 2024-01-31",
        "!!binary aGk=",
        "!!set {a}",
        "!!omap [a: 1]",
        "!own [1]",
        "!<tag:example.org,2024:x> 1",
    ],
)
def test_no_tag_makes_an_object(tag, parser):
    with pytest.raises(ConfigError) as caught:
        parse_yaml(f"a: {tag}\n", "f.yml")
    assert caught.value.where.startswith("f.yml:1:")
    assert Planted.made == 0
    assert "antigravity" not in sys.modules
