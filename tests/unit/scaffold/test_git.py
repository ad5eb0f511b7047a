from __future__ import annotations

import pytest

from mlflow_tmpl.errors import ScaffoldError
from mlflow_tmpl.scaffold import git
from mlflow_tmpl.scaffold.child import Ended


def text_of(clone):
    return (clone / "{{cookiecutter.repo_name}}" / "file.txt").read_text()


@pytest.mark.parametrize(("checkout", "text"), [("", "new\n"), ("v1", "old\n"), ("slow-lane", "old\n")])
def test_a_tag_or_branch_is_checked_out(repository, tmp_path, checkout, text):
    assert text_of(git.clone(str(repository), tmp_path / "clone", checkout=checkout, ask=False)) == text


def test_a_commit_is_checked_out(repository, tmp_path):
    commit = (repository / ".git" / "refs" / "heads" / "slow-lane").read_text().strip()
    assert text_of(git.clone(str(repository), tmp_path / "clone", checkout=commit, ask=False)) == "old\n"


@pytest.mark.parametrize(
    ("checkout", "hint"),
    [
        ("slow-lan", "did you mean 'slow-lane'?"),
        ("zzz", "it has main, slow-lane, v1"),
        ("--help", "it has main, slow-lane, v1"),
    ],
)
def test_an_unknown_checkout_is_refused_with_what_there_is(repository, tmp_path, checkout, hint):
    with pytest.raises(ScaffoldError) as caught:
        git.clone(str(repository), tmp_path / "clone", checkout=checkout, ask=False)
    assert (
        str(caught.value) == f"starter {str(repository)!r} has no branch, tag or commit {checkout!r} ({hint})"
    )


def test_a_repository_that_there_is_not_is_refused_with_what_git_says(tmp_path):
    with pytest.raises(ScaffoldError) as caught:
        git.clone(f"file://{tmp_path}/nowhere", tmp_path / "clone", checkout="", ask=False)
    assert f"starter 'file://{tmp_path}/nowhere' cannot be cloned: '{tmp_path}/nowhere' does not" in str(
        caught.value
    )


def test_the_password_in_an_address_is_not_shown(tmp_path):
    with pytest.raises(ScaffoldError) as caught:
        git.clone("file://me:secret@localhost/nowhere", tmp_path / "clone", checkout="", ask=False)
    assert "secret" not in str(caught.value)
    assert "file://***@localhost/nowhere" in str(caught.value)


def test_without_git_the_error_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ScaffoldError, match="starter 'x' needs git, which is not installed"):
        git.clone("x", tmp_path / "clone", checkout="", ask=False)


def test_a_surrounding_git_command_does_not_mislead(repository, tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert text_of(git.clone(str(repository), tmp_path / "clone", checkout="v1", ask=False)) == "old\n"


@pytest.mark.parametrize(("ask", "prompt"), [(True, None), (False, "0")])
def test_git_asks_for_a_password_only_where_someone_can_answer(tmp_path, monkeypatch, ask, prompt):
    seen = []
    monkeypatch.setattr(git, "run_child", lambda *_, env, **__: seen.append(env) or Ended(0, ""))
    monkeypatch.delenv("GIT_TERMINAL_PROMPT", raising=False)
    git.clone("x", tmp_path / "clone", checkout="", ask=ask)
    assert [env.get("GIT_TERMINAL_PROMPT") for env in seen] == [prompt]


@pytest.mark.parametrize(
    ("source", "is_one"),
    [
        ("https://example.org/x", True),
        ("git+https://example.org/x", True),
        ("git@example.org:team/x.git", True),
        ("ssh://git@example.org/x", True),
        ("file:///somewhere", True),
        ("folder/x", False),
        ("C:\\folder\\x", False),
        ("ext::sh -c whoami", False),
    ],
)
def test_addresses_are_told_from_folders(source, is_one):
    assert git.is_git_url(source) is is_one
