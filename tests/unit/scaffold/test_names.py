from __future__ import annotations

import keyword
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_tmpl.errors import ScaffoldError
from mlflow_tmpl.scaffold.names import (
    LONGEST_PACKAGE,
    check_folder,
    check_package,
    check_project,
    folder_of,
    package_of,
)


@pytest.mark.parametrize(
    ("project", "folder", "package"),
    [
        ("Penguin Study", "penguin-study", "penguin_study"),
        ("penguins", "penguins", "penguins"),
        ("a_b.c  d", "a-b-c-d", "a_b_c_d"),
        ("-- Étude --", "etude", "etude"),
    ],
)
def test_folder_and_package_follow_from_the_project(project, folder, package):
    assert (folder_of(project), package_of(folder_of(project))) == (folder, package)


@given(st.text(st.characters(categories=["L", "N", "Zs", "Pd"]), max_size=60))
def test_whatever_passes_as_a_project_has_a_folder_that_can_be_made(name):
    try:
        check_project(name)
    except ScaffoldError:
        return
    try:
        assert check_folder(folder_of(name)) == folder_of(name)
    except ScaffoldError as error:
        assert "device" in str(error) or "installed distribution" in str(error)


@pytest.mark.parametrize(
    ("name", "strange"),
    [("a/b", "/"), ("..\\b", "\\"), ('x" y', '"'), ("{{ 7 }}", "{"), ("two\nlines", "\n")],
)
def test_a_character_that_no_file_could_carry_is_shown(name, strange):
    with pytest.raises(ScaffoldError) as caught:
        check_project(name)
    assert caught.value.message == f"project name {name!r} has {strange!r} in it"
    assert "the project is made in the current folder" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "a project needs a name (such as 'Penguin Study')"),
        ("   ", "a project needs a name (such as 'Penguin Study')"),
        ("x" * 61, f"project name '{'x' * 61}' is longer than 60 characters (shorten it)"),
        ("..", "project name '..' has no Latin letter or digit (such as 'penguin-study')"),
        ("企鹅", "project name '企鹅' has no Latin letter or digit (such as 'penguin-study')"),
    ],
)
def test_a_name_that_no_project_can_have_is_refused(name, said):
    with pytest.raises(ScaffoldError) as caught:
        check_project(name)
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a b", "folder name 'a b' is none that can be installed"),
        ("-x", "folder name '-x' is none that can be installed"),
        (".hidden", "folder name '.hidden' is none that can be installed"),
        ("../out", "folder name '../out' is none that can be installed"),
        ("CON", "folder name 'CON' is a device on Windows"),
        ("lpt1.x", "folder name 'lpt1.x' is a device on Windows"),
        ("cookiecutter", "folder name 'cookiecutter' is that of an installed distribution"),
    ],
)
def test_a_folder_that_cannot_be_everywhere_is_refused(name, said):
    with pytest.raises(ScaffoldError) as caught:
        check_folder(name)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("class", "package name 'class' is a keyword of Python"),
        ("json", "package name 'json' is a module of the standard library"),
        ("click", "package name 'click' is an installed package"),
        ("mlflow_tmpl", "package name 'mlflow_tmpl' is a package that projects use"),
        ("sklearn", "package name 'sklearn' is a package that projects use"),
        ("tests", "package name 'tests' is a folder of every project"),
        ("Tests", "package name 'Tests' is a folder of every project"),
        ("2024_study", "package name '2024_study' begins with a digit"),
        ("my-package", "package name 'my-package' is not made of letters, digits and '_' only"),
        ("étude", "package name 'étude' is not made of letters, digits and '_' only"),
        ("", "package name '' is not made of letters, digits and '_' only"),
        ("aux", "package name 'aux' is a device on Windows"),
        ("x" * (LONGEST_PACKAGE + 1), f"is longer than {LONGEST_PACKAGE} characters"),
    ],
)
def test_a_package_that_would_be_in_the_way_is_refused_with_the_way_out(name, said):
    with pytest.raises(ScaffoldError) as caught:
        check_package(name)
    assert said in caught.value.message
    assert caught.value.hint == "choose another, or give one with --package"


@pytest.mark.parametrize("name", sorted(set(keyword.kwlist) | set(sys.stdlib_module_names)))
def test_no_keyword_and_no_module_of_the_standard_library_passes(name):
    with pytest.raises(ScaffoldError):
        check_package(name)


def test_a_folder_that_merely_lies_on_the_path_is_no_installed_package(tmp_path, monkeypatch):
    (tmp_path / "lying_about").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert check_package("lying_about") == "lying_about"
