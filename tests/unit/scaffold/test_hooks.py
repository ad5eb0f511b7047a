from __future__ import annotations

import os

import pytest

from mlflow_tmpl.errors import ScaffoldError
from mlflow_tmpl.scaffold.hooks import POST_GENERATION, hook_files, run_hooks

posix_only = pytest.mark.skipif(os.name == "nt", reason="scripts of a shell")
CONTEXT = {"cookiecutter": {"repo_name": "made"}}


def run(folder, tmp_path, context=CONTEXT):
    run_hooks(folder, POST_GENERATION, cwd=tmp_path, scripts=tmp_path / "scripts", context=context)


def test_hooks_are_the_files_that_cookiecutter_would_run(template):
    names = (
        "post_gen_project.py",
        "pre_prompt.sh",
        "post_gen_project.py~",
        "other.py",
        "post_gen_project_2.py",
    )
    folder = template({f"hooks/{name}": "" for name in names})
    assert [path.name for path in hook_files(folder)] == ["post_gen_project.py", "pre_prompt.sh"]


def test_a_hook_is_rendered_and_runs_in_the_folder_it_is_told(template, tmp_path):
    code = "from pathlib import Path\nPath('{{ cookiecutter.repo_name }}.txt').touch()\n"
    run(template({"hooks/post_gen_project.py": code}), tmp_path)
    assert (tmp_path / "made.txt").exists()


@posix_only
def test_a_hook_in_shell_runs_by_its_first_line(template, tmp_path):
    run(template({"hooks/post_gen_project.sh": "#!/bin/sh\ntouch from_shell\n"}), tmp_path)
    assert (tmp_path / "from_shell").exists()


def test_a_hook_that_fails_is_named_with_its_exit_code(template, tmp_path):
    with pytest.raises(ScaffoldError, match=r"hook 'post_gen_project.py' failed with exit code 3"):
        run(template({"hooks/post_gen_project.py": "raise SystemExit(3)"}), tmp_path)


def test_a_hook_that_cannot_be_rendered_is_named(template, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ScaffoldError) as caught:
        run(template({"hooks/post_gen_project.py": "{{ cookiecutter.none }}"}), tmp_path)
    assert str(caught.value).endswith(
        "post_gen_project.py: the starter cannot be rendered: 'dict object' has no attribute 'none'"
    )


@posix_only
def test_a_script_without_a_first_line_is_refused_with_the_remedy(template, tmp_path):
    with pytest.raises(ScaffoldError) as caught:
        run(template({"hooks/post_gen_project.sh": "touch x\n"}), tmp_path)
    assert "hook 'post_gen_project.sh' cannot be started: Exec format error" in str(caught.value)
    assert "a script needs a first line such as #!/bin/sh" in str(caught.value)


def test_a_hook_before_the_questions_is_run_as_it_is(template, tmp_path):
    folder = template({"hooks/post_gen_project.py": "assert '{' + '{' == '{{'"})
    run(folder, tmp_path, context=None)
