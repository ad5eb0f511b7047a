from __future__ import annotations

import re

import pytest

from mlflow_tmpl.views.palette import DARK, LIGHT, TONES, drawing_css

TEXTS = [
    *(("ink", on) for on in ("page", "card", "data")),
    *(("muted", on) for on in ("page", "card", "data")),
    ("accent", "card"),
    ("data_ink", "data"),
    ("param_ink", "param"),
    ("param_ink", "card"),
    *((tone, on) for tone in TONES for on in ("card", "page")),
]
LINES = [
    ("line", "page"), ("data_line", "data"), ("data_line", "page"), ("param_line", "page"), ("accent", "page"),
    *(("glyph", tone) for tone in TONES),
]  # fmt: skip


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, two):
    high, low = sorted((luminance(one), luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXTS)
def test_texts_can_be_read(palette, text, ground):
    assert contrast(palette[text], palette[ground]) >= 4.5  # WCAG 2.2, 1.4.3


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("line", "ground"), LINES)
def test_lines_can_be_seen(palette, line, ground):
    assert contrast(palette[line], palette[ground]) >= 3  # WCAG 2.2, 1.4.11


def test_light_and_dark_have_the_same_names():
    assert set(LIGHT) == set(DARK)


def test_the_style_sheet_has_no_variables_and_balanced_braces():
    css = drawing_css()
    assert not re.search(r"var\(|\$|--\w", css)
    assert css.count("{") == css.count("}")
