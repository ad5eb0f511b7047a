import math
from itertools import product

import pytest

from mlflow_tmpl.config.scalars import MAX_DIGITS, AmbiguousScalarError, LongNumberError, resolve


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(dict.fromkeys(("", "~", "null", "Null", "NULL"))).items(),
        *dict.fromkeys(("true", "True", "TRUE"), True).items(),
        *dict.fromkeys(("false", "False", "FALSE"), False).items(),
        ("0", 0),
        ("-0", 0),
        ("+12", 12),
        ("-7", -7),
        ("0x1F", 31),
        ("1e-3", 0.001),
        ("1e3", 1000.0),
        ("1E+3", 1000.0),
        ("0.5", 0.5),
        (".5", 0.5),
        ("-.5", -0.5),
        ("5.", 5.0),
        ("00.5", 0.5),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("+.Inf", math.inf),
    ],
)
def test_the_core_of_yaml_1_2_is_read(text, expected):
    found = resolve(text)
    assert (type(found), found) == (type(expected), expected)


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_not_a_number_is_a_float(text):
    assert math.isnan(resolve(text))


@pytest.mark.parametrize(
    "text",
    [
        *("2024-01-31", "2024-01-31T12:30:00Z", "09:30", "12:75", "80:80", "1:", "1-2", "1.2.3", "127.0.0.1"),
        *("tRue", "nULL", "nan", "inf", "yess", "nope", "a_b", "_1", "e5", "1e", "0xZ", "٣"),
        *("-", "+", ".", "=", "<<"),
    ],
)
def test_all_else_is_text(text):
    assert resolve(text) == text


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("012", "12"),
        ("-012", "-12"),
        ("00", "0"),
        ("089", "89"),
        ("0o12", "10"),
        ("0b1", "1"),
        ("-0b11", "-3"),
        ("-0x1F", "-31"),
        ("0x1_F", "31"),
        ("1_000", "1000"),
        ("1_000.5", "1000.5"),
        (".5_0", "0.5"),
        ("12:30", "750"),
        ("-12:30", "-750"),
        ("12:30:45", "45045"),
        ("1:30.5", "90.5"),
    ],
)
def test_a_number_that_yaml_1_1_and_1_2_read_differently_is_refused(text, meant):
    with pytest.raises(AmbiguousScalarError) as caught:
        resolve(text)
    assert caught.value.meant == meant


@pytest.mark.parametrize(("word", "meant"), [("yes", "true"), ("on", "true"), ("y", "true")])
def test_a_word_for_true_is_refused_in_any_case(word, meant):
    assert {_meant(text) for text in _cases(word)} == {meant}


@pytest.mark.parametrize(("word", "meant"), [("no", "false"), ("off", "false"), ("n", "false")])
def test_a_word_for_false_is_refused_in_any_case(word, meant):
    assert {_meant(text) for text in _cases(word)} == {meant}


@pytest.mark.parametrize("text", ["9" * (MAX_DIGITS + 1), "0x" + "f" * MAX_DIGITS, "9" * MAX_DIGITS + ".5"])
def test_a_number_too_long_to_mean_anything_is_refused(text):
    with pytest.raises(LongNumberError):
        resolve(text)


def _cases(word):
    return ["".join(letters) for letters in product(*((letter, letter.upper()) for letter in word))]


def _meant(text):
    with pytest.raises(AmbiguousScalarError) as caught:
        resolve(text)
    return caught.value.meant
