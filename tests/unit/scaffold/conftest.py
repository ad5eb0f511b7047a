from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_tmpl.scaffold.request import Request

if TYPE_CHECKING:
    from pathlib import Path

SLUG = "{{cookiecutter.repo_name}}"


@dataclass
class TemplateMaker:
    """Writes cookiecutter templates below a folder."""

    root: Path

    def __call__(self, files: dict[str, str] | None = None, name: str = "template", **variables: Any) -> Path:
        folder = self.root / name
        context = variables or {"repo_name": "made"}
        every = {"cookiecutter.json": json.dumps(context), **(files or {f"{SLUG}/file.txt": "hello\n"})}
        for path, text in every.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        return folder


@pytest.fixture
def template(tmp_path: Path) -> TemplateMaker:
    return TemplateMaker(tmp_path / "templates")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that projects are made in; it is the current one."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def request_for(here: Path):
    def make(starter: Path | str = "default", **fields: Any) -> Request:
        return Request(starter=str(starter), parent=here, **fields)

    return make


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(template: TemplateMaker) -> Path:
    """A git repository with a template in its root and one in `deep/inside`, and an older branch and tag."""
    root = template({f"{SLUG}/file.txt": "old\n"}, name="repository")
    template({f"{SLUG}/deep.txt": "deep\n"}, name="repository/deep/inside")
    git(root, "init")
    git(root, "add", "-A")
    git(root, "commit", "-m", "old")
    git(root, "tag", "v1")
    git(root, "branch", "slow-lane")
    (root / SLUG / "file.txt").write_text("new\n")
    git(root, "commit", "-am", "new")
    return root
