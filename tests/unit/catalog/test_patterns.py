from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_tmpl.catalog import Catalog
from mlflow_tmpl.catalog.patterns import Pattern, Patterns
from mlflow_tmpl.config.values import Origin, located
from mlflow_tmpl.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Callable

LETTERS = st.text("ab._-", min_size=1, max_size=3)
NAMES = st.text("ab._-", min_size=1, max_size=8)


@st.composite
def pattern_texts(draw: st.DrawFn) -> str:
    """Patterns of up to three placeholders with something between them."""
    names = draw(st.lists(st.sampled_from("xyz"), min_size=1, max_size=3))
    between = [draw(LETTERS) for _ in names[1:]]
    text = draw(st.sampled_from(["", "a", "ab_"]))
    for name, literal in zip(names, [*between, ""], strict=True):
        text += f"{{{name}}}{literal}"
    return text + draw(st.sampled_from(["", "b", "_a"]))


def pattern(text: str, body: Any = "data/x.csv", line: int = 1) -> Pattern:
    return Pattern.of(text, located(body, Origin("catalog.yml", line)))


def patterns(*texts: str) -> Patterns:
    return Patterns(
        {text: located("data/x.csv", Origin("catalog.yml", line)) for line, text in enumerate(texts, 1)}
    )


def winner(name: str, *texts: str) -> str:
    found = patterns(*texts).find(name)
    return found[0].text if found else ""


def test_a_name_falls_to_the_pattern_with_most_characters_of_its_own():
    assert winner("features_adelie", "{default}", "{a}_{b}", "features_{species}") == "features_{species}"
    assert winner("raw_adelie", "{default}", "{a}_{b}", "features_{species}") == "{a}_{b}"
    assert winner("raw", "{default}", "{a}_{b}", "features_{species}") == "{default}"


def test_of_equally_many_characters_more_placeholders_go_first_and_then_the_alphabet():
    assert winner("ax.y", "ax{a}", "{a}x.{b}", "a{a}.{b}") == "a{a}.{b}"
    assert winner("xay", "{a}a{b}", "x{a}y", "xa{a}") == "xa{a}"


def test_case_matters():
    assert winner("Features_x", "features_{a}") == ""


def test_placeholders_take_as_little_as_will_do_and_never_a_view():
    found = patterns("{a}_{b}").find("x_y_z")
    assert found is not None
    assert (
        pattern("{a}_{b}", "d/{a}/{b}.csv").filled("x_y_z", {"a": "x", "b": "y_z"}).plain() == "d/x/y_z.csv"
    )
    assert winner("x@pandas", "{default}") == ""
    assert winner("x@pandas", "{default}", "{name}@pandas") == "{name}@pandas"


def test_a_placeholder_that_comes_again_stands_for_the_same():
    assert winner("x_x", "{a}_{a}") == "{a}_{a}"
    assert winner("x_y", "{a}_{a}") == ""


@given(st.lists(pattern_texts(), min_size=2, max_size=6, unique=True), st.randoms(use_true_random=False))
def test_precedence_is_a_total_order_that_does_not_depend_on_who_is_written_first(
    texts: list[str], random: Any
):
    ranks = {text: pattern(text).rank for text in texts}
    assert len(set(ranks.values())) == len(texts)
    shuffled = random.sample(texts, len(texts))
    assert sorted(texts, key=ranks.__getitem__) == sorted(shuffled, key=ranks.__getitem__)


@given(st.lists(pattern_texts(), min_size=1, max_size=6, unique=True), NAMES)
def test_a_name_falls_to_the_first_in_rank_of_the_patterns_that_it_fits(texts: list[str], name: str):
    try:
        every = patterns(*texts)
    except CatalogError as error:
        assert "differ only in the names" in error.message
        return
    found = every.find(name)
    assert (found[0] if found else None) == next(iter(every.fitting(name)), None)
    assert list(every.fitting(name)) == sorted(every.fitting(name), key=lambda each: each.rank)


@given(pattern_texts(), st.lists(st.text("ab", min_size=1, max_size=3), min_size=3, max_size=3))
def test_a_name_made_from_a_pattern_fits_it_and_fills_it_back_to_the_name(text: str, values: list[str]):
    name = text
    for placeholder, value in zip("xyz", values, strict=True):
        name = name.replace(f"{{{placeholder}}}", value)
    found = Patterns({text: located(text, Origin("f"))}).find(name)
    assert found is not None
    assert found[1].plain() == name


def test_every_text_of_the_entry_is_filled_and_braces_of_its_own_are_kept():
    body = {"type": "csv", "filepath": "d/{a}.csv", "load_args": {"names": ["{a}_x", "{{a}}", "{}", 3]}}
    found = pattern("f_{a}", body).filled("f_1", {"a": "1"})
    assert found.plain() == {
        "type": "csv",
        "filepath": "d/1.csv",
        "load_args": {"names": ["1_x", "{a}", "{}", 3]},
    }


@pytest.mark.parametrize(
    ("text", "body", "message"),
    [
        (
            "{a}{b}",
            "x",
            "catalog.yml:1: the placeholders 'a' and 'b' of pattern '{a}{b}' touch (put a character",
        ),
        ("x_{a", "x", "catalog.yml:1: 'x_{a' is no pattern for names (write letters"),
        ("x_{}", "x", "'x_{}' is no pattern for names"),
        ("x_{1}", "x", "'x_{1}' is no pattern for names"),
        ("x/{a}", "x", "'x/{a}' is no pattern for names"),
        ("{a}@b@c", "x", "'{a}@b@c' is no pattern for names"),
        (
            "x_{species}",
            "d/{specie}",
            "pattern 'x_{species}' has no placeholder 'specie' (did you mean 'species'?)",
        ),
        (
            "x_{a}",
            {"load_args": {"f": "{day}"}},
            "has no placeholder 'day' (for braces that are meant as they are",
        ),
    ],
)
def test_a_wrong_pattern_is_refused(text: str, body: Any, message: str):
    with pytest.raises(CatalogError) as caught:
        pattern(text, body)
    assert message in str(caught.value)


def test_patterns_that_differ_only_in_the_names_of_placeholders_are_refused():
    with pytest.raises(CatalogError) as caught:
        patterns("x_{a}", "x_{b}")
    assert str(caught.value) == (
        "catalog.yml:2: the patterns 'x_{a}' and 'x_{b}' differ only in the names of placeholders "
        "(remove one of them; the other is declared at catalog.yml:1)"
    )


@pytest.mark.parametrize("body", ["d/{a}/{b}.csv", "{a}/x", "s3://bucket/{a}/x.csv"])
def test_a_name_that_would_lead_out_of_the_folder_is_refused(body: str):
    with pytest.raises(
        CatalogError, match=r"dataset '\.\._x' fits pattern '\{a\}_\{b\}', and would lead out of"
    ):
        pattern("{a}_{b}", body).filled(".._x", {"a": "..", "b": "x"})


def test_dots_within_a_part_of_a_path_lead_nowhere():
    assert pattern("{a}", "d/{a}.csv").filled("..", {"a": ".."}).plain() == "d/...csv"


def test_an_entry_of_its_own_goes_before_any_pattern(written_catalog: Callable[..., Catalog]):
    catalog = written_catalog(**{"x_{a}": "d/{a}.csv", "x_1": "own.csv", "{any}": "any/{any}.json"})
    assert catalog.describe("x_1")["filepath"] == "own.csv"
    assert catalog.describe("x_2")["filepath"] == "d/2.csv"
    assert catalog.describe("y")["filepath"] == "any/y.json"
    assert catalog.names == ("x_1",)
    assert (catalog.where("x_2"), catalog.where("y")) == ("catalog.yml:1", "catalog.yml:3")
    assert "x_2" in catalog


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("own", "it has an entry of its own, which goes before any pattern"),
        ("x_1", "'x_{a}' goes before '{a}_{b}': it has 2 characters of its own, the other 1"),
        ("y_1", "'{a}_{b}' fits, and '{any}' is for what no other pattern fits"),
        ("y", "'{any}' is the only pattern that it fits"),
        ("y@p", "it has no entry and fits no pattern, so its value stays in memory"),
    ],
)
def test_a_resolution_says_why(catalog_of: Callable[..., Catalog], name: str, reason: str):
    catalog = catalog_of(**{"own": "o.csv", "x_{a}": "a", "{a}_{b}": "b", "{any}": "c"})
    assert catalog.resolve(name).reason == reason


def test_an_entry_of_a_pattern_is_checked_like_any_other(written_catalog: Callable[..., Catalog]):
    with pytest.raises(
        CatalogError, match=r"dataset 'x_\{a\}' has a key 'load_arg' that its type does not know"
    ):
        written_catalog(**{"x_{a}": {"type": "csv", "filepath": "{a}.csv", "load_arg": {}}}).check()


def test_what_a_pattern_gives_can_be_saved_and_loaded(catalog_of: Callable[..., Catalog]):
    catalog = catalog_of(**{"note_{day}": "notes/{day}.txt"})
    catalog.save("note_monday", "rain")
    assert (catalog.root / "notes/monday.txt").read_text() == "rain"
    assert catalog.load("note_monday") == "rain"
