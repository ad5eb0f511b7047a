from __future__ import annotations

from dataclasses import replace

import pytest

from mlflow_tmpl.errors import ScaffoldError
from mlflow_tmpl.scaffold.new import Made, new_project

SLUG = "{{cookiecutter.repo_name}}"


def test_a_project_with_tools_says_how_to_install_them(request_for):
    steps = new_project(request_for(name="mine", add_ons=("lint",))).next_steps()
    assert steps == ["cd mine", 'pip install -e ".[dev]"', "mlo run", "mlo viz"]


def test_a_project_without_tools_is_installed_as_it_is(request_for):
    steps = new_project(request_for(name="mine", add_ons=())).next_steps()
    assert steps == ["cd mine", "pip install -e .", "mlo run", "mlo viz"]


def test_of_a_project_of_another_kind_nothing_is_promised(template, request_for):
    assert new_project(request_for(template(), name="My Study")).next_steps() == ["cd 'My Study'"]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"not = [toml"])
def test_a_strange_pyproject_does_no_harm(tmp_path, content):
    (tmp_path / "pyproject.toml").write_bytes(content)
    assert Made(tmp_path, "x", ()).next_steps() == [f"cd {tmp_path.name}"]


@pytest.mark.parametrize("mark", ["{{", "{%", "{#"])
def test_a_folder_that_cookiecutter_would_take_for_a_variable_is_refused(request_for, here, mark):
    odd = here / f"odd {mark}y"
    odd.mkdir()
    with pytest.raises(ScaffoldError) as caught:
        new_project(replace(request_for(name="mine"), parent=odd))
    assert caught.value.message == f"no project can be made in a folder with {mark!r} in its path"
    assert list(odd.iterdir()) == []


def test_a_starter_is_remembered_without_its_password(template, request_for, monkeypatch):
    from mlflow_tmpl.scaffold import source

    monkeypatch.setattr(source, "clone", lambda *_, **__: template())
    made = new_project(request_for("https://me:secret@example.org/x.git", name="mine"))
    assert made.starter == "https://***@example.org/x.git"
