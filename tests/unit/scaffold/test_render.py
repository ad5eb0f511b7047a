from __future__ import annotations

import pytest

from mlflow_tmpl.errors import ScaffoldError
from mlflow_tmpl.scaffold.render import complete, folder_name, remove_bytecode, render

SLUG = "{{cookiecutter.repo_name}}"


@pytest.fixture
def rendered(template, tmp_path, monkeypatch):
    def make(files, **variables):
        monkeypatch.chdir(tmp_path / "templates")
        folder = template(files, **{"repo_name": "made", **variables})
        context = complete(folder, {}, ask=False, private={})
        name = folder_name(folder, context)
        render(folder, context, tmp_path / "out")
        return tmp_path / "out" / name

    (tmp_path / "templates").mkdir()
    return make


def test_files_and_their_names_are_rendered(rendered):
    made = rendered({f"{SLUG}/{{{{cookiecutter.what}}}}.txt": "for {{ cookiecutter.what }}\n"}, what="it")
    assert (made / "it.txt").read_text() == "for it\n"


def test_values_overrule_defaults_and_choices_are_kept_to(template):
    folder = template(repo_name="made", colour=["red", "blue"], size="{{ cookiecutter.colour }}-7")
    context = complete(folder, {"colour": "blue", "other": "?"}, ask=False, private={"_mine": 1})
    assert context["cookiecutter"] == {"repo_name": "made", "colour": "blue", "size": "blue-7", "_mine": 1}


def test_a_value_that_is_no_choice_is_refused(template):
    folder = template(repo_name="made", colour=["red", "blue"])
    with pytest.raises(
        ScaffoldError, match="cannot be rendered: green provided for choice variable colour, but the"
    ):
        complete(folder, {"colour": "green"}, ask=False, private={})


@pytest.mark.parametrize(
    ("files", "variables", "said"),
    [
        ({f"{SLUG}/x.txt": "{{ cookiecutter.none }}"}, {}, "unable to create file 'x.txt': "),
        ({f"{SLUG}/x.txt": "\n{% if %}"}, {}, "template/x.txt:2: the starter cannot be rendered: "),
        ({f"{SLUG}/x.txt": "{{ 1 / 0 }}"}, {}, "the starter cannot be rendered: division by zero"),
        ({f"{SLUG}/x.txt": "{{ 1 < 'a' }}"}, {}, "the starter cannot be rendered: '<' not supported"),
        ({f"{SLUG}/x.txt": "{{ cookiecutter.repo_name() }}"}, {}, "'str' object is not callable"),
        ({f"{SLUG}/x.txt": ""}, {"a": "{{ cookiecutter.none }}"}, "unable to render variable 'a': "),
        ({"plain/x.txt": ""}, {}, "the starter has no folder to render (it needs one"),
        ({f"{SLUG}/x.txt": ""}, {"_extensions": ["no.such.Thing"]}, "unable to load extension: "),
    ],
)
def test_what_goes_wrong_in_a_template_is_said_with_its_place(rendered, files, variables, said):
    with pytest.raises(ScaffoldError) as caught:
        rendered(files, **variables)
    assert said in str(caught.value)
    assert caught.value.where.startswith("template")


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "/abs", "..\\x", "C:x"])
def test_a_folder_elsewhere_is_refused(rendered, tmp_path, name):
    with pytest.raises(ScaffoldError) as caught:
        rendered({f"{SLUG}/x.txt": "x"}, repo_name=name)
    assert str(caught.value) == f"the starter makes {name!r}, which is no name for a folder"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("part", ["..", "/tmp", "x/../.."])
def test_a_file_that_leads_out_of_the_project_is_refused(rendered, tmp_path, part):
    with pytest.raises(ScaffoldError, match="the starter makes a file that leads out of the project: '"):
        rendered({f"{SLUG}/{{{{cookiecutter.part}}}}/x.txt": "x"}, part=part)
    assert not (tmp_path / "out").exists()


def test_names_in_a_folder_that_is_copied_as_it_is_are_not_looked_into(rendered):
    made = rendered({f"{SLUG}/raw/{{{{ none.x }}}}.txt": "x"}, _copy_without_render=["raw"])
    assert [path.name for path in (made / "raw").iterdir()] == ["{{ none.x }}.txt"]


def test_compiled_modules_are_removed(tmp_path):
    (tmp_path / "a" / "__pycache__").mkdir(parents=True)
    (tmp_path / "a" / "__pycache__" / "x.pyc").touch()
    (tmp_path / "a" / "x.py").touch()
    remove_bytecode(tmp_path)
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["x.py"]
