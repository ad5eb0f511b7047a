from __future__ import annotations

import pytest

from mlflow_tmpl.views.cells import columns
from mlflow_tmpl.views.statuses import STATUSES, UNKNOWN, duration, in_words, style_of


@pytest.mark.parametrize("style", [*STATUSES.values(), UNKNOWN])
def test_every_mark_takes_one_column_and_has_an_ascii_twin(style):
    assert columns(style.mark) == 1
    assert len(style.plain) == 1
    assert style.plain.isascii()


def test_a_word_that_a_later_ledger_brings_has_no_meaning_of_ours():
    assert style_of("paused") is UNKNOWN


def test_an_underscore_is_read_as_a_blank():
    assert in_words("timed_out") == "timed out"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, ""),
        (0, "<1 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1.0 s"),
        (59.94, "59.9 s"),
        (59.96, "1m 00s"),
        (3599.4, "59m 59s"),
        (3599.6, "1h 00m"),
        (86399.6, "1d 00h"),
        (8_640_000, "100d 00h"),
    ],
)
def test_a_duration_rounds_up_to_the_next_unit_and_never_shows_sixty(seconds, said):
    assert duration(seconds) == said
