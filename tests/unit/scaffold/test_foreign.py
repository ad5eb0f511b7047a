from __future__ import annotations

import os
import shutil

import pytest

from mlflow_tmpl.errors import MloError
from mlflow_tmpl.scaffold.answers import Answers
from mlflow_tmpl.scaffold.new import new_project

SLUG = "{{cookiecutter.repo_name}}"
TOUCH = "from pathlib import Path; Path('touched').touch()"


def files(path):
    return sorted(file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file())


def test_a_folder_makes_a_project(template, request_for, here):
    made = new_project(request_for(template(), name="Mine"))
    assert made.path == here / "Mine"
    assert files(here) == ["Mine/file.txt"]


def test_a_relative_path_will_do(template, request_for, here):
    folder = template()
    new_project(request_for(os.path.relpath(folder, here), name="Mine"))
    assert files(here) == ["Mine/file.txt"]


def test_a_repository_makes_a_project_at_a_tag_from_a_folder_of_it(repository, request_for, here):
    new_project(request_for(f"file://{repository}", name="mine", checkout="v1", directory="deep/inside"))
    assert files(here) == ["mine/deep.txt"]


def test_an_archive_makes_a_project(template, request_for, tmp_path, here):
    path = shutil.make_archive(str(tmp_path / "x"), "zip", template().parent, "template")
    new_project(request_for(path, name="mine"))
    assert files(here) == ["mine/file.txt"]


def test_a_template_sees_what_cookiecutter_tells_it(template, request_for, here):
    text = "{{ cookiecutter._template }} {{ cookiecutter._checkout }} {{ _cookiecutter.repo_name }}\n"
    folder = template({f"{SLUG}/x.txt": text + "{{ cookiecutter._output_dir }}{{ cookiecutter._repo_dir }}"})
    new_project(request_for(folder, name="mine"))
    assert (here / "mine" / "x.txt").read_text().startswith(f"{folder} None mine\n")


def test_code_of_a_template_is_refused_unless_it_is_trusted(template, request_for, here):
    folder = template({f"{SLUG}/x.txt": "", "hooks/post_gen_project.py": TOUCH})
    with pytest.raises(MloError) as caught:
        new_project(request_for(folder, name="mine"))
    assert str(caught.value) == (
        "the starter runs code of its own: hooks/post_gen_project.py (read it, then give --trust to let it run)"
    )
    assert list(here.iterdir()) == []


def test_trusted_hooks_run_in_the_project(template, request_for, here):
    before = "from pathlib import Path; Path('before.txt').write_text('{{ cookiecutter.repo_name }}')"
    hooks = {"hooks/pre_gen_project.py": before, "hooks/post_gen_project.py": TOUCH}
    new_project(request_for(template({f"{SLUG}/x.txt": "", **hooks}), name="mine", trust=True))
    assert files(here) == ["mine/before.txt", "mine/touched", "mine/x.txt"]
    assert (here / "mine" / "before.txt").read_text() == "mine"


def test_a_trusted_hook_before_the_questions_changes_a_copy_of_the_template(template, request_for, here):
    change = "from pathlib import Path; Path('cookiecutter.json').write_text('{\"repo_name\": \"changed\"}')"
    folder = template({f"{SLUG}/x.txt": "", "hooks/pre_prompt.py": change})
    new_project(request_for(folder, trust=True))
    assert files(here) == ["changed/x.txt"]
    assert "changed" not in (folder / "cookiecutter.json").read_text()


@pytest.mark.parametrize("kind", ["pre_prompt", "pre_gen_project", "post_gen_project"])
def test_a_hook_that_fails_leaves_nothing(template, request_for, here, kind):
    folder = template({f"{SLUG}/x.txt": "", f"hooks/{kind}.py": f"{TOUCH}; raise SystemExit(1)"})
    with pytest.raises(MloError, match=rf"hook '{kind}.py' failed with exit code 1"):
        new_project(request_for(folder, name="mine", trust=True))
    assert list(here.iterdir()) == []


def test_a_trusted_extension_is_imported_from_the_template(template, request_for, here):
    code = (
        "from cookiecutter.utils import simple_filter\n@simple_filter\ndef shout(text): return text.upper()\n"
    )
    variables = {"repo_name": "made", "_extensions": ["loud_extension.shout"]}
    folder = template({f"{SLUG}/x.txt": "{{ 'hey' | shout }}", "loud_extension.py": code}, **variables)
    with pytest.raises(MloError, match=r"runs code of its own: extension loud_extension\.shout"):
        new_project(request_for(folder))
    new_project(request_for(folder, trust=True))
    assert (here / "made" / "x.txt").read_text() == "HEY"


def test_a_template_that_reaches_for_python_is_refused_unless_it_is_trusted(template, request_for, here):
    reach = "{{ cycler.__init__.__globals__.__builtins__.open('x', 'w') }}"
    folder = template({f"{SLUG}/x.txt": reach})
    with pytest.raises(MloError, match="the starter reaches for Python: access to attribute '__init__'"):
        new_project(request_for(folder))
    assert list(here.iterdir()) == []
    assert new_project(request_for(folder, trust=True)).path == here / "made"


def test_defaults_that_reach_for_python_are_refused_too(template, request_for, here):
    folder = template({f"{SLUG}/x.txt": ""}, repo_name="{{ ''.__class__ }}")
    with pytest.raises(MloError, match="the starter reaches for Python"):
        new_project(request_for(folder))


def nested(template, path="./inner"):
    template({f"{SLUG}/inner.txt": ""}, name="template/inner", repo_name="inner-made")
    variables = {"templates": {"inner": {"path": path, "title": "Inner"}}}
    return template({"readme.md": ""}, **variables)


def test_a_template_that_is_a_choice_of_templates_gives_the_first(template, request_for, here):
    new_project(request_for(nested(template)))
    assert files(here) == ["inner-made/inner.txt"]


@pytest.mark.parametrize(
    ("path", "said"), [("../", "leads out of the starter"), (".", "has no cookiecutter.json of its own")]
)
def test_a_choice_cannot_lead_out_of_the_starter_or_back_to_itself(template, request_for, path, said):
    with pytest.raises(MloError, match=said):
        new_project(request_for(nested(template, path)))


def test_the_list_of_choices_cannot_reach_for_python(template, request_for):
    folder = template({"readme.md": ""}, template=["{{ ''.__class__ }} (./inner)"])
    with pytest.raises(MloError, match="the starter reaches for Python"):
        new_project(request_for(folder))


def test_answers_reach_all_variables(template, request_for, here):
    folder = template(
        {f"{SLUG}/x.txt": "{{ cookiecutter.colour }}"}, repo_name="made", colour=["red", "blue"]
    )
    new_project(request_for(folder, answers=Answers({"colour": "blue"}, {"colour": "x:1"})))
    assert (here / "made" / "x.txt").read_text() == "blue"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"add_ons": ("lint",)}, "--with goes with the built-in starters, and "),
        ({"package": "mine"}, "the starter has no package_name for --package 'mine'"),
        ({"name": "../out"}, "the starter makes '../out', which is no name for a folder"),
        ({"directory": ".."}, "--directory '..' leads out of the starter"),
    ],
)
def test_a_request_that_will_not_do_leaves_nothing(template, request_for, here, fields, said):
    with pytest.raises(MloError) as caught:
        new_project(request_for(template(), **fields))
    assert said in str(caught.value)
    assert list(here.iterdir()) == []


def test_a_package_that_would_be_in_the_way_is_refused(template, request_for):
    with pytest.raises(MloError, match="package name 'json' is a module of the standard library"):
        new_project(request_for(template(repo_name="made", package_name="json")))


def test_a_project_without_add_ons_is_content_with_none(template, request_for):
    assert new_project(request_for(template(), add_ons=())).add_ons == ()


def test_a_taken_place_is_refused_before_a_hook_runs(template, request_for, here, tmp_path):
    code = f"from pathlib import Path; Path({str(tmp_path / 'ran')!r}).touch()"
    (here / "mine").mkdir()
    with pytest.raises(MloError, match="'mine' is already here"):
        new_project(
            request_for(
                template({f"{SLUG}/x": "", "hooks/pre_gen_project.py": code}), name="mine", trust=True
            )
        )
    assert not (tmp_path / "ran").exists()


def test_a_password_in_the_address_is_nowhere(template, request_for, here):
    with pytest.raises(MloError) as caught:
        new_project(request_for("https://me:secret@localhost:1/x.zip", name="mine"))
    assert "secret" not in str(caught.value)
    assert list(here.iterdir()) == []
