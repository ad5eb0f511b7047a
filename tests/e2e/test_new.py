from __future__ import annotations

import shutil
import subprocess

import pytest

from .scaffolding import mlo, paths_in

SLUG = "{{cookiecutter.repo_name}}"


@pytest.fixture
def template(tmp_path_factory):
    folder = tmp_path_factory.mktemp("templates") / "mine"
    (folder / SLUG).mkdir(parents=True)
    (folder / SLUG / "colour.txt").write_text("{{ cookiecutter.colour }}\n")
    (folder / "cookiecutter.json").write_text('{"repo_name": "made", "colour": ["red", "blue"]}')
    return folder


def test_the_result_is_on_stdout_and_stderr_stays_empty(tmp_path):
    ended = mlo(tmp_path, "new", "Penguin Study", "--starter", "penguins", "--with", "lint")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines() == [
        "Made 'penguin-study' with the starter 'penguins' and the add-ons lint.",
        "Next:",
        "  cd penguin-study",
        '  pip install -e ".[dev]"',
        "  mlo run",
        "  mlo viz",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["penguin-study"]


@pytest.mark.parametrize("options", [(), ("--no-input",)])
def test_without_a_terminal_nothing_is_asked(tmp_path, options):
    assert mlo(tmp_path, "new", *options).returncode == 0
    assert "src/mlo_project" in paths_in(tmp_path / "mlo-project")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--with", "lint,docs"], " and the add-ons lint, docs."),
        (["--with", "docs", "--with", "lint"], " and the add-ons lint, docs."),
        (["--with", "all"], " and the add-ons lint, tests, docs, docker, ci, notebook."),
        (["--with", "none"], " with the starter 'default'."),
        (["--with", ""], " with the starter 'default'."),
        ([], " and the add-ons lint, tests."),
    ],
)
def test_add_ons_are_given_with_commas_or_several_times(tmp_path, options, said):
    assert mlo(tmp_path, "new", "mine", *options).stdout.splitlines()[0].endswith(said)


def test_the_package_can_have_a_name_of_its_own(tmp_path):
    mlo(tmp_path, "new", "2024 Study", "--package", "study")
    assert 'package = "study"' in (tmp_path / "2024-study" / "pyproject.toml").read_text()


def test_all_starters_and_add_ons_are_listed_with_a_line_each(tmp_path):
    ended = mlo(tmp_path, "new", "--list")
    assert ended.returncode == 0
    words = [line.split()[0] for line in ended.stdout.splitlines() if line[:3].strip()]
    assert words == [
        "Starters:",
        "default",
        "penguins",
        "Add-ons:",
        "lint",
        "tests",
        "docs",
        "docker",
        "ci",
        "notebook",
    ]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said", "hint"),
    [
        (["a/b"], "project name 'a/b' has '/' in it", "the project is made in the current folder"),
        (["class"], "package name 'class' is a keyword of Python", "give one with --package"),
        (["x", "--package", "json"], "package name 'json' is a module of the standard library", "--package"),
        (["x", "--package", "click"], "package name 'click' is an installed package", "--package"),
        (["x", "--starter", "penguin"], "there is no starter 'penguin'", "did you mean 'penguins'?"),
        (["x", "--with", "test"], "there is no add-on 'test'", "did you mean 'tests'?"),
        (["x", "--checkout", "v1"], "--checkout goes with a starter of your own", ""),
        (["x", "--config", "none.yml"], "configuration file 'none.yml' does not exist", ""),
        (["taken"], "'taken' is already here, a folder", "choose another name, or move it away"),
    ],
)
def test_a_refusal_says_what_and_leaves_nothing(tmp_path, arguments, said, hint):
    (tmp_path / "taken").mkdir()
    ended = mlo(tmp_path, "new", *arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in ended.stderr
    assert hint in ended.stderr
    assert paths_in(tmp_path) == {"taken"}


def test_answers_come_from_a_file(tmp_path, template):
    (tmp_path / "answers.yml").write_text(
        "default_context: {repo_name: blue-one, colour: blue, full_name: Me}\n"
    )
    assert mlo(tmp_path, "new", "--starter", str(template), "--config", "answers.yml").returncode == 0
    assert (tmp_path / "blue-one" / "colour.txt").read_text() == "blue\n"


def test_a_wrong_answer_is_refused_with_its_line(tmp_path, template):
    (tmp_path / "answers.yml").write_text("repo_name: x\ncolor: blue\n")
    ended = mlo(tmp_path, "new", "--starter", str(template), "--config", "answers.yml")
    assert ended.returncode == 2
    assert (
        "answers.yml:2:8: the starter has no variable 'color'\n  hint: did you mean 'colour'?" in ended.stderr
    )


def test_a_file_of_answers_that_is_no_yaml_is_refused_with_its_line(tmp_path):
    (tmp_path / "answers.yml").write_text("a: 1\nb: [\n")
    ended = mlo(tmp_path, "new", "--config", "answers.yml")
    assert ended.returncode == 2
    assert "answers.yml:" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_git_repository_is_a_starter(tmp_path, template):
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    for arguments in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-qm", "one"], ["tag", "v1"]):
        subprocess.run(["git", *arguments], cwd=template, check=True)
    ended = mlo(tmp_path, "new", "mine", "--starter", f"file://{template}", "--checkout", "v1")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[-1] == "  cd mine"
    assert paths_in(tmp_path) == {"mine", "mine/colour.txt"}


def test_an_archive_is_a_starter(tmp_path, template):
    archive = shutil.make_archive(str(template.parent / "packed"), "zip", template.parent, "mine")
    assert mlo(tmp_path, "new", "mine", "--starter", archive).returncode == 0
    assert paths_in(tmp_path) == {"mine", "mine/colour.txt"}


def test_hooks_run_only_with_trust(tmp_path, template):
    (template / "hooks").mkdir()
    (template / "hooks" / "post_gen_project.py").write_text("open('hooked', 'w').close()")
    refused = mlo(tmp_path, "new", "mine", "--starter", str(template))
    assert refused.returncode == 2
    assert "hooks/post_gen_project.py\n  hint: read it, then give --trust" in refused.stderr
    assert list(tmp_path.iterdir()) == []
    assert mlo(tmp_path, "new", "mine", "--starter", str(template), "--trust").returncode == 0
    assert (tmp_path / "mine" / "hooked").exists()


def test_help_needs_neither_templates_nor_cookiecutter(tmp_path):
    ended = mlo(tmp_path, "new", "--help")
    assert ended.returncode == 0
    assert "--no-input" in ended.stdout
