from __future__ import annotations

import pytest

from .scaffolding import ENVIRONMENT, MLO, paths_in

pexpect = pytest.importorskip("pexpect", reason="Windows has no pseudo-terminal")
if not hasattr(pexpect, "spawn"):
    pytest.skip("Windows has no pseudo-terminal", allow_module_level=True)


@pytest.fixture
def terminal(tmp_path):
    """Start `mlo new` on a terminal, in an empty folder."""
    opened = []

    def start(*arguments: str):
        shown = {**ENVIRONMENT, "TERM": "dumb", "COLUMNS": "200"}
        child = pexpect.spawn(
            MLO[0], [*MLO[1:], "new", *arguments], cwd=str(tmp_path), env=shown, encoding="utf-8", timeout=30
        )
        opened.append(child)
        return child

    yield start
    for child in opened:
        child.close(force=True)


def end(child) -> int:
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus


def test_each_question_has_a_default(terminal, tmp_path):
    child = terminal()
    for question in (
        "Name of the project [mlo-project]: ",
        "package [mlo_project]: ",
        "[default]: ",
        "[lint,tests]: ",
    ):
        child.expect_exact(question)
        child.sendline("")
    child.expect_exact("Made 'mlo-project' with the starter 'default' and the add-ons lint, tests.")
    assert end(child) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["mlo-project"]


def test_a_name_is_checked_as_it_is_typed(terminal, tmp_path):
    (tmp_path / "taken").mkdir()
    child = terminal("--starter", "penguins", "--with", "none")
    wrong = {
        "a/b": "project name 'a/b' has '/' in it",
        "class": "package name 'class' is a keyword of Python",
        "random": "package name 'random' is a module of the standard library",
        "pandas": "folder name 'pandas' is that of an installed distribution",
        "taken": "'taken' is already here, a folder",
    }
    for typed, said in wrong.items():
        child.expect_exact("Name of the project")
        child.sendline(typed)
        child.expect_exact(said)
    child.expect_exact("Name of the project")
    child.sendline("Penguin Study")
    child.expect_exact("package [penguin_study]: ")
    child.sendline("click")
    child.expect_exact("package name 'click' is an installed package")
    child.expect_exact("package [penguin_study]: ")
    child.sendline("study")
    child.expect_exact("Made 'penguin-study'")
    assert end(child) == 0
    assert "src/study/nodes/preparation.py" in paths_in(tmp_path / "penguin-study")


def test_a_starter_and_add_ons_that_there_are_not_are_asked_for_again(terminal):
    child = terminal("mine", "--package", "mine")
    child.expect_exact("Starter (default, penguins) [default]: ")
    child.sendline("penguin")
    child.expect_exact("'penguin' is not one of 'default', 'penguins'")
    child.sendline("penguins")
    child.expect_exact(
        "Add-ons, with commas (lint, tests, docs, docker, ci, notebook, all, none) [lint,tests]: "
    )
    child.sendline("test")
    child.expect_exact("there is no add-on 'test' (did you mean 'tests'?)")
    child.sendline("tests, ci")
    child.expect_exact("Made 'mine' with the starter 'penguins' and the add-ons tests, ci.")
    assert end(child) == 0


def test_what_is_given_is_not_asked(terminal):
    child = terminal("mine", "--package", "mine", "--starter", "default", "--with", "none")
    assert end(child) == 0
    assert child.before.startswith("Made 'mine'")


def test_nothing_is_asked_when_told_so(terminal):
    child = terminal("--no-input")
    assert end(child) == 0
    assert child.before.startswith("Made 'mlo-project'")


def test_a_name_that_will_not_do_is_refused_before_anything_is_asked(terminal):
    child = terminal("class")
    assert end(child) == 2
    assert "package name 'class' is a keyword of Python" in child.before
    assert "Name of" not in child.before


@pytest.mark.parametrize("key", ["c", "d"])
def test_leaving_a_question_leaves_nothing(terminal, tmp_path, key):
    child = terminal()
    child.expect_exact("Name of the project")
    child.sendcontrol(key)
    assert end(child) == 130
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def template(tmp_path_factory):
    folder = tmp_path_factory.mktemp("templates") / "mine"
    (folder / "{{cookiecutter.repo_name}}").mkdir(parents=True)
    (folder / "{{cookiecutter.repo_name}}" / "colour.txt").write_text("{{ cookiecutter.colour }}\n")
    (folder / "cookiecutter.json").write_text('{"repo_name": "made", "colour": ["red", "blue"]}')
    return folder


def test_a_starter_of_others_asks_its_own_questions(terminal, template, tmp_path):
    child = terminal("mine", "--starter", str(template))
    child.expect_exact("repo_name")
    child.expect_exact("mine")
    child.sendline("")
    child.expect_exact("Select colour")
    child.sendline("2")
    child.expect_exact("Made 'mine'")
    assert end(child) == 0
    assert (tmp_path / "mine" / "colour.txt").read_text() == "blue\n"


@pytest.mark.parametrize("key", ["c", "d"])
def test_leaving_a_question_of_such_a_starter_leaves_nothing_too(terminal, template, tmp_path, key):
    child = terminal("mine", "--starter", str(template))
    child.expect_exact("repo_name")
    assert len(list(tmp_path.iterdir())) == 1
    child.sendcontrol(key)
    assert end(child) == 130
    assert list(tmp_path.iterdir()) == []
