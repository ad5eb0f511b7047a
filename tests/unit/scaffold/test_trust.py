from __future__ import annotations

import pytest

from mlflow_tmpl.errors import ScaffoldError
from mlflow_tmpl.scaffold.trust import inside, read_context, refuse_code, refuse_links_out


def test_all_code_of_a_template_is_listed(template):
    folder = template(
        {"hooks/post_gen_project.sh": "", "hooks/pre_gen_project.py": ""},
        repo_name="x",
        _extensions=["local.Thing"],
    )
    template({"hooks/pre_prompt.py": ""}, name="template/nested")
    with pytest.raises(ScaffoldError) as caught:
        refuse_code(folder)
    assert str(caught.value) == (
        "the starter runs code of its own: hooks/post_gen_project.sh, hooks/pre_gen_project.py, "
        "nested/hooks/pre_prompt.py, extension local.Thing (read it, then give --trust to let it run)"
    )


def test_a_hook_in_what_the_template_makes_is_no_hook_of_the_template(template):
    refuse_code(template({"{{cookiecutter.repo_name}}/hooks/pre_gen_project.py": "", "hooks/readme.md": ""}))


def test_extensions_of_cookiecutter_and_jinja_need_no_trust(template):
    names = ["cookiecutter.extensions.SlugifyExtension", "jinja2.ext.do"]
    refuse_code(template(repo_name="x", _extensions=names))


def test_extensions_that_are_no_list_are_not_overlooked(template):
    with pytest.raises(ScaffoldError, match=r"extension local\.Thing"):
        refuse_code(template(repo_name="x", _extensions="local.Thing"))


def test_a_link_out_of_a_fetched_template_is_refused(template, tmp_path):
    folder = template()
    (tmp_path / "secret").touch()
    (folder / "deep").mkdir()
    (folder / "deep" / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(ScaffoldError) as caught:
        refuse_links_out(folder)
    assert str(caught.value) == "the starter has a symbolic link that leads out of it: 'deep/link'"


def test_a_link_within_a_template_is_fine(template):
    folder = template()
    (folder / "link").symlink_to("cookiecutter.json")
    refuse_links_out(folder)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("..", "--directory '..' leads out of the starter"),
        ("deep/../..", "--directory 'deep/../..' leads out of the starter"),
        ("/", "--directory '/' leads out of the starter"),
        ("none", "--directory 'none' is no folder of the starter"),
        ("cookiecutter.json", "--directory 'cookiecutter.json' is no folder of the starter"),
    ],
)
def test_a_directory_cannot_lead_out_of_its_place(template, path, said):
    with pytest.raises(ScaffoldError) as caught:
        inside(template(), path, "--directory")
    assert str(caught.value) == said


def test_a_directory_that_is_a_link_out_is_refused(template, tmp_path):
    folder = template()
    (folder / "link").symlink_to(tmp_path)
    with pytest.raises(ScaffoldError, match="--directory 'link' leads out of the starter"):
        inside(folder, "link", "--directory")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "cookiecutter.json:1:2: cookiecutter.json is no JSON: Expecting property name"),
        (b"[]", "cookiecutter.json holds no mapping from variables to defaults"),
        (b'"\xff"', "cookiecutter.json is not UTF-8 (save it as UTF-8)"),
    ],
)
def test_a_damaged_context_is_refused_with_its_place(tmp_path, monkeypatch, content, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cookiecutter.json").write_bytes(content)
    with pytest.raises(ScaffoldError) as caught:
        read_context(tmp_path / "cookiecutter.json")
    assert said in str(caught.value)
    assert caught.value.where.startswith("cookiecutter.json")


def test_a_missing_context_is_refused(tmp_path):
    with pytest.raises(ScaffoldError, match="cannot be read: No such file or directory"):
        read_context(tmp_path / "cookiecutter.json")
