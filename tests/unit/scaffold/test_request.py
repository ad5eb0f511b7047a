from __future__ import annotations

import pytest

from mlflow_tmpl.errors import ConfigError, UsageError
from mlflow_tmpl.scaffold.answers import Answers

OURS = {"project_name": "p", "repo_name": "r", "package_name": "k"}


def test_folder_and_package_follow_from_the_name(request_for):
    values = request_for(name="My Study").values(OURS)
    assert values == {"project_name": "My Study", "repo_name": "my-study", "package_name": "my_study"}


def test_the_package_follows_from_a_folder_that_was_answered(request_for):
    answers = Answers({"repo_name": "other-place"}, {"repo_name": "x:1"})
    values = request_for(name="My Study", answers=answers).values(OURS)
    assert (values["repo_name"], values["package_name"]) == ("other-place", "other_place")


def test_the_command_line_goes_before_the_answers(request_for):
    answers = Answers({"project_name": "Theirs", "package_name": "theirs"}, {})
    values = request_for(name="Mine", package="mine", answers=answers).values(OURS)
    assert values == {"project_name": "Mine", "repo_name": "mine", "package_name": "mine"}


def test_a_template_with_only_a_folder_gets_the_name_there(request_for):
    assert request_for(name="My Study").values({"repo_name": "r"}) == {"repo_name": "My Study"}


def test_what_a_template_computes_itself_is_left_to_it(request_for):
    variables = {"project_name": "p", "repo_name": "{{ cookiecutter.project_name }}", "package_name": "k"}
    assert request_for(name="My Study").values(variables) == {
        "project_name": "My Study",
        "package_name": "my_study",
    }


def test_without_a_name_the_defaults_of_the_template_hold(request_for):
    assert request_for().values(OURS) == {}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "x"}, "the starter has no project_name or repo_name for name 'x' (it has slug)"),
        ({"package": "x"}, "the starter has no package_name for --package 'x' (it has slug)"),
    ],
)
def test_a_name_that_a_template_has_no_place_for_is_refused(request_for, fields, said):
    with pytest.raises(UsageError) as caught:
        request_for(**fields).values({"slug": "s"})
    assert str(caught.value) == said


def test_an_answer_to_no_question_is_refused(request_for):
    with pytest.raises(ConfigError, match="x:1: the starter has no variable 'nam'"):
        request_for(answers=Answers({"nam": "y"}, {"nam": "x:1"})).values(OURS)
