from __future__ import annotations

import shutil

import pytest

from mlflow_tmpl.errors import MloError, ScaffoldError, UsageError
from mlflow_tmpl.scaffold.source import expanded, fetch

FILE = "{{cookiecutter.repo_name}}/file.txt"


def get(source, tmp_path, checkout="", directory=""):
    return fetch(str(source), tmp_path / "fetched", checkout=checkout, directory=directory, ask=False)


def test_a_folder_is_taken_as_it_lies_there(template, tmp_path):
    assert get(template(), tmp_path) == template()
    assert not (tmp_path / "fetched").exists()


def test_a_folder_below_this_one_is_found(template, tmp_path, monkeypatch):
    monkeypatch.chdir(template().parent)
    assert get("template", tmp_path) == template()


def test_a_working_tree_is_taken_with_what_is_not_committed(repository, tmp_path):
    (repository / FILE).write_text("uncommitted\n")
    assert (get(repository, tmp_path) / FILE).read_text() == "uncommitted\n"


def test_a_checkout_of_a_working_tree_leaves_it_alone(repository, tmp_path):
    (repository / FILE).write_text("uncommitted\n")
    assert (get(repository, tmp_path, checkout="v1") / FILE).read_text() == "old\n"
    assert (repository / FILE).read_text() == "uncommitted\n"


def test_a_bare_repository_is_cloned(repository, tmp_path):
    bare = shutil.copytree(repository / ".git", tmp_path / "x.git")
    assert (get(bare, tmp_path) / FILE).read_text() == "new\n"


def test_an_address_is_cloned(repository, tmp_path):
    found = get(f"file://{repository}", tmp_path, checkout="v1", directory="deep/inside")
    assert (found / "{{cookiecutter.repo_name}}" / "deep.txt").read_text() == "deep\n"


def test_an_archive_is_unpacked(template, tmp_path):
    path = shutil.make_archive(str(tmp_path / "x"), "zip", template().parent, "template")
    assert (get(path, tmp_path) / FILE).read_text() == "hello\n"


def test_the_short_forms_of_cookiecutter_are_written_out():
    assert expanded("gh:someone/something").endswith("github.com/someone/something.git")
    assert expanded("C:\\folder") == "C:\\folder"


def test_a_clone_with_a_link_out_is_refused(repository, tmp_path):
    (repository / "link").symlink_to("/")
    from .conftest import git

    git(repository, "add", "-A")
    git(repository, "commit", "-m", "link")
    with pytest.raises(ScaffoldError, match="a symbolic link that leads out of it: 'link'"):
        get(f"file://{repository}", tmp_path)


def test_a_directory_out_of_the_starter_is_refused(template, tmp_path):
    with pytest.raises(ScaffoldError, match=r"--directory '\.\.' leads out of the starter"):
        get(template(), tmp_path, directory="..")


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda template, tmp_path: template(), "folder"),
        (lambda template, tmp_path: tmp_path / "x.zip", "archive"),
    ],
)
def test_a_checkout_of_what_is_no_repository_is_refused(template, tmp_path, make, kind):
    source = make(template, tmp_path)
    with pytest.raises(UsageError) as caught:
        get(source, tmp_path, checkout="v1")
    assert str(caught.value) == f"--checkout goes with a git repository, which {str(source)!r} is not"


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("penguin", "did you mean 'penguins'?"),
        ("zzz", "built in are default and penguins; or give a folder, a git address or a zip archive"),
    ],
)
def test_an_unknown_starter_is_refused_with_the_known_ones(tmp_path, source, hint):
    with pytest.raises(MloError) as caught:
        get(source, tmp_path)
    assert str(caught.value) == f"there is no starter {source!r} ({hint})"


def test_a_repository_of_many_templates_says_which_there_are(template, tmp_path):
    for name in ("one", "two"):
        template(name=f"many/{name}")
    with pytest.raises(ScaffoldError) as caught:
        get(tmp_path / "templates" / "many", tmp_path)
    assert caught.value.hint == "give --directory one or --directory two"


def test_a_folder_that_is_no_template_is_refused(tmp_path):
    with pytest.raises(ScaffoldError, match=r"has no cookiecutter.json \(is it a cookiecutter template\?\)"):
        get(tmp_path, tmp_path)
