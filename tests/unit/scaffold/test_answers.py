from __future__ import annotations

import pytest

from mlflow_tmpl.errors import ConfigError
from mlflow_tmpl.scaffold.answers import read_answers


@pytest.fixture
def written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(text: str):
        (tmp_path / "answers.yml").write_text(text)
        return tmp_path / "answers.yml"

    return write


def test_a_flat_file_holds_answers(written):
    answers = read_answers(written("project_name: Mine\nchoice: [a, b]\n"))
    assert answers.values == {"project_name": "Mine", "choice": ["a", "b"]}


def test_a_file_of_cookiecutter_holds_answers_in_its_section(written):
    answers = read_answers(written("default_context:\n  project_name: Mine\nreplay_dir: /x\n"))
    assert answers.values == {"project_name": "Mine"}


def test_settings_of_cookiecutter_are_no_answers(written):
    assert (
        read_answers(written("replay_dir: /x\ncookiecutters_dir: /y\nabbreviations: {a: b}\n")).values == {}
    )


def test_an_empty_section_is_no_answer(written):
    assert read_answers(written("default_context:\n  {}\nother: 1\n")).values == {}


def test_an_answer_to_no_question_is_refused_with_its_place(written):
    answers = read_answers(written("project_name: Mine\nrepo_nam: x\n"))
    with pytest.raises(ConfigError) as caught:
        answers.check({"project_name": "", "repo_name": "", "_private": ""})
    assert str(caught.value) == (
        "answers.yml:2:11: the starter has no variable 'repo_nam' (did you mean 'repo_name'?)"
    )


def test_an_answer_far_from_all_questions_is_told_what_there_is(written):
    answers = read_answers(written("zzz: Mine\n"))
    with pytest.raises(ConfigError, match="it has project_name, repo_name"):
        answers.check(["repo_name", "project_name"])


def test_answers_for_many_templates_may_have_more_than_one_asks_for(written):
    read_answers(written("default_context: {full_name: Me}\n")).check(["project_name"])


@pytest.mark.parametrize("text", ["- a\n", "default_context: [a]\n"])
def test_what_is_no_mapping_is_refused_with_its_place(written, text):
    with pytest.raises(
        ConfigError, match=r"answers.yml:1:\d+: a mapping from variables to values is needed here"
    ):
        read_answers(written(text))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"configuration file '.*none.yml' does not exist"):
        read_answers(tmp_path / "none.yml")
