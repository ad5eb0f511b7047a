from __future__ import annotations

from functools import partial, wraps

from mlflow_tmpl.views.source import docstring, signature, source_text


def plain(a: int, *, b: str = "x") -> float:
    """Say it.

        indented
    end
    """
    return a / len(b)


def decorated(function):
    @wraps(function)
    def call(*args):
        return function(*args)

    return call


@decorated
def wrapped(a):
    return a


class Callable:
    """Called."""

    def __call__(self, x):
        return x


def test_a_docstring_loses_its_margin_and_nothing_else():
    assert docstring(plain) == "Say it.\n\n    indented\nend"


def test_a_partial_and_a_decorated_function_show_the_function_within():
    assert source_text(partial(plain, b="y")).startswith("def plain(")
    assert source_text(wrapped) == "@decorated\ndef wrapped(a):\n    return a"
    assert signature(wrapped) == "wrapped(a)"


def test_a_callable_object_shows_its_class():
    assert source_text(Callable()).startswith("class Callable:")
    assert docstring(Callable()) == "Called."


def test_a_built_in_has_no_source():
    assert source_text(len) == ""


def test_a_function_made_from_text_has_no_source():
    space: dict[str, object] = {}
    exec("def made(x): return x", space)
    assert source_text(space["made"]) == ""
    assert signature(space["made"]) == "made(x)"


def test_a_signature_is_as_written():
    assert signature(plain) == "plain(a: 'int', *, b: 'str' = 'x') -> 'float'"
