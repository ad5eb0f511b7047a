from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mlflow_tmpl.views.cells import columns, fit, pad


def test_wide_characters_count_twice_and_accents_nothing():
    assert [columns(text) for text in ("abc", "数据", "e\u0301")] == [3, 4, 1]


@given(st.text(), st.integers(1, 20))
def test_a_fitted_text_is_never_wider_than_its_room(text, room):
    assert columns(fit(text, room)) <= room


@given(st.text(), st.integers(1, 20))
def test_a_padded_text_fills_its_room(text, room):
    assert columns(pad(text, room)) == room


@given(st.text(max_size=10))
def test_a_text_that_fits_is_left_alone(text):
    assert fit(text, 20) == text


def test_there_may_be_no_room_even_for_the_ellipsis():
    assert fit("abcdef", 2, "...") == ""
