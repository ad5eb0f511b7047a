from __future__ import annotations

import pytest

from mlflow_tmpl.errors import UsageError
from mlflow_tmpl.views.server.asked import words_of


def test_what_is_asked_becomes_options_and_names():
    asked = {
        "pipelines": ["train"], "from_nodes": ["a", "b"], "params": ["x.y=[1, 2]"], "force": ["a"], "reuse": False,
        "env": "prod",
    }  # fmt: skip
    assert words_of(asked) == [
        "--from-nodes=a,b", "--force=a", "--params=x.y=[1, 2]", "--no-reuse", "--env=prod", "--", "train",
    ]  # fmt: skip


def test_nothing_asks_for_everything():
    assert words_of({}) == []


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"pipelines": ["evil.py"]}, "'evil.py' is no name"),
        ({"pipelines": ["/tmp/evil.py"]}, "'/tmp/evil.py' is no name"),
        ({"pipelines": ["--conf-source=x"]}, "'--conf-source=x' is no name"),
        ({"nodes": ["a,b"]}, "'a,b' is no name"),
        ({"env": "../up"}, "'../up' is no name"),
        ({"env": 3}, "'env' is to be a name"),
        ({"params": "x=1"}, "'params' is to be a list of texts"),
        ({"params": ["x=\0"]}, "'params' is to be a list of texts"),
        ({"project": "/"}, "nothing can be asked as 'project'"),
        ({"params_file": ["x"]}, "nothing can be asked as 'params_file'"),
    ],
)
def test_what_would_be_read_as_something_else_is_refused(asked, message):
    with pytest.raises(UsageError) as caught:
        words_of(asked)
    assert caught.value.message == message
