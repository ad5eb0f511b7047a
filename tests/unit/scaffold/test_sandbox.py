from __future__ import annotations

import pytest
from cookiecutter.utils import create_env_with_context
from jinja2.exceptions import SecurityError

from mlflow_tmpl.scaffold.sandbox import SANDBOX

CONTEXT = {"cookiecutter": {"name": "Mine", "_private": "kept", "_extensions": [SANDBOX]}}


def render(text: str) -> str:
    return create_env_with_context(CONTEXT).from_string(text).render(**CONTEXT)


@pytest.mark.parametrize(
    "text",
    [
        "{{ cycler.__init__.__globals__ }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ cookiecutter.__class__.__base__ }}",
        "{{ '{0.__class__}'.format(cookiecutter) }}",
        "{{ cookiecutter.update({'name': 'changed'}) }}",
        "{{ random_ascii_string.__globals__ }}",
    ],
)
def test_no_template_gets_at_python(text):
    with pytest.raises(SecurityError):
        render(text)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("{{ cookiecutter.name | lower }}", "mine"),
        ("{{ cookiecutter._private }}", "kept"),
        ("{{ cookiecutter.name | slugify }}", "mine"),
        ("{% for n in range(3) %}{{ n + 1 }}{% endfor %}{{ -1 }}", "123-1"),
        ("{{ cookiecutter.name.replace('M', 'f') }}", "fine"),
        ("{{ cookiecutter['name'] ~ ('%02d' | format(7)) }}", "Mine07"),
    ],
)
def test_what_templates_do_every_day_still_works(text, result):
    assert render(text) == result


def test_an_endless_range_is_refused():
    with pytest.raises(OverflowError):
        render("{% for n in range(10 ** 9) %}{% endfor %}")


def test_other_environments_stay_as_they_are():
    render("{{ 1 }}")
    assert (
        create_env_with_context({"cookiecutter": {}}).from_string("{{ ''.__class__ }}").render()
        == "<class 'str'>"
    )
