from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mlflow_tmpl.views.cells import columns
from mlflow_tmpl.views.lines import Paper
from mlflow_tmpl.views.tables import fitting, table_lines

HEADS = ("name", "place", "note")


def test_columns_stand_below_each_other_and_empty_ones_are_left_out():
    rows = [("a", "x/y.csv", ""), ("longer", "z", "")]
    assert list(table_lines(HEADS, rows, Paper(40))) == [
        "name    place",
        "a       x/y.csv",
        "longer  z",
    ]


def test_what_is_whole_stays_and_of_paths_the_end_is_kept():
    rows = [("a_name_to_keep", "data/01_raw/penguins.csv", "some words of a note")]
    lines = list(table_lines(HEADS, rows, Paper(40), whole=("name",), ends=("place",)))
    assert lines == ["name            place        note", "a_name_to_keep  …nguins.csv  some words…"]


def test_a_column_that_would_say_nothing_any_more_is_left_out():
    rows = [("a_name_to_keep", "data/01_raw/penguins.csv", "some words of a note")]
    lines = list(table_lines(HEADS, rows, Paper(30), whole=("name",), ends=("place",)))
    assert lines == ["name            place", "a_name_to_keep  …/penguins.csv"]


@given(st.lists(st.lists(st.text(max_size=30), min_size=3, max_size=3), min_size=1), st.integers(12, 90))
def test_no_line_is_wider_than_the_paper(rows: list[list[str]], width: int):
    clean = [["".join(c for c in cell if c.isprintable()) for cell in row] for row in rows]
    assert all(columns(line) <= width for line in table_lines(HEADS, clean, Paper(width)))


@given(st.lists(st.integers(1, 60), min_size=1, max_size=7), st.integers(30, 120))
def test_widths_use_the_room_that_there_is_and_no_more(widths: list[int], room: int):
    found = fitting(widths, room)
    gaps = 2 * (len(widths) - 1)
    assert sum(found) + gaps <= room
    assert found == widths or sum(found) + gaps == room
