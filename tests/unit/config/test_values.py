from pathlib import Path

import pytest

from mlflow_tmpl.config import Origin, Value, located, parse_yaml
from mlflow_tmpl.config.values import MAX_DEPTH
from mlflow_tmpl.errors import ConfigError

HERE = Origin("conf/base/parameters.yml", 3, 7)


def test_an_origin_reads_as_file_line_and_column():
    assert str(HERE) == "conf/base/parameters.yml:3:7"


def test_an_origin_below_this_folder_is_shown_relative_to_it():
    assert str(Origin(str(Path.cwd() / "conf" / "x.yml"), 1)) == f"{Path('conf', 'x.yml')}:1"


def test_an_origin_that_is_no_file_has_no_line():
    assert str(Origin("--params")) == "--params"


def test_plain_data_goes_in_and_comes_out():
    plain = {"a": [1, {"b": None}], "c": {}, "d": 0.5}
    assert located(plain, HERE).plain() == plain


def test_every_part_of_located_data_has_its_origin():
    assert {leaf.origin for _, leaf in located({"a": {"b": 1}, "c": 2}, HERE).leaves()} == {HERE}


def test_a_tuple_becomes_a_list():
    assert located((1, (2,)), HERE).plain() == [1, [2]]


def test_a_value_within_plain_data_keeps_its_own_origin():
    inner = Value(1, Origin("other.yml", 1, 1))
    assert located({"a": inner}, HERE).get("a") is inner


def test_a_key_that_is_no_text_is_refused():
    with pytest.raises(ConfigError, match=r"parameters\.yml:3:7: key 2024 is not text \(make it '2024'\)"):
        located({"a": {2024: 1}}, HERE)


def test_data_that_holds_itself_is_refused():
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(ConfigError, match=f"nested more than {MAX_DEPTH} deep"):
        located(endless, HERE)


@pytest.mark.parametrize(
    ("dotted", "expected"),
    [("a.b", 1), ("a", {"b": 1}), ("x.y", 2), ("x.y.z", 3), ("p.q.r", 4), ("", "all")],
)
def test_a_dotted_key_finds_its_value(dotted, expected):
    plain = {"a": {"b": 1}, "x.y": 2, "x": {"y": {"z": 3}}, "p.q": {"r": 4}}
    assert located(plain, HERE).get(dotted).plain() == (plain if expected == "all" else expected)


@pytest.mark.parametrize("dotted", ["b", "a.c", "a.b.c", "a.", ".a", "."])
def test_a_key_that_is_not_there_gives_nothing(dotted):
    assert located({"a": {"b": 1}}, HERE).get(dotted) is None


def test_lists_and_empty_mappings_are_leaves():
    leaves = located({"a": {"b": [1, {"c": 2}], "d": {}}, "e": 5}, HERE).leaves()
    assert [(key, leaf.plain()) for key, leaf in leaves] == [("a.b", [1, {"c": 2}]), ("a.d", {}), ("e", 5)]


def test_a_scalar_has_no_leaves():
    assert list(located(5, HERE).leaves()) == []


def test_the_place_of_a_key_is_known_beside_the_place_of_its_value():
    value = parse_yaml("train:\n  alpha: 0.1", "p.yml").get("train.alpha")
    assert (str(value.key_origin), str(value.origin)) == ("p.yml:2:3", "p.yml:2:10")


def test_a_value_without_a_key_stands_for_it():
    assert located(1, HERE).key_origin == HERE
