"""`[tool.mlo]`: every key that is wrong is told at its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlflow_tmpl.errors import ProjectError
from mlflow_tmpl.settings import Defaults, Settings, find_root

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def settings_of(folder: Path, text: str) -> Settings:
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return find_root(folder)[1]


def refusal(folder: Path, text: str) -> ProjectError:
    with pytest.raises(ProjectError) as caught:
        settings_of(folder, text)
    return caught.value


def test_only_the_package_has_to_be_said(tmp_path: Path) -> None:
    assert settings_of(tmp_path, '[tool.mlo]\npackage = "birds"') == Settings(
        package="birds", source="src", config="conf", environment=None, environments={}, defaults=Defaults()
    )


def test_everything_can_be_said(tmp_path: Path) -> None:
    text = """
        [tool.mlo]
        package = "birds"
        source = "."
        config = "settings"
        environment = "dev"
        [tool.mlo.environments]
        staging = ["prod"]
        [tool.mlo.defaults]
        engine = "threads"
        jobs = 4
        keep_going = true
        """
    assert settings_of(tmp_path, text) == Settings(
        "birds", ".", "settings", "dev", {"staging": ["prod"]}, Defaults("threads", 4, True)
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            '[tool.mlo]\nsource = "src"',
            "pyproject.toml: [tool.mlo] has no 'package' (add package = \"name_of_your_package\")",
        ),
        (
            '[tool.mlo]\npackage = "birds"\nenvironmnt = "dev"',
            "pyproject.toml:3: [tool.mlo] has an unknown key 'environmnt' (did you mean 'environment'?)",
        ),
        (
            '[tool.mlo]\npackage = "birds"\n[tool.mlo.defaults]\nworkers = 3',
            (
                "pyproject.toml:4: [tool.mlo.defaults] has an unknown key 'workers' "
                "(it may have address, engine, jobs, keep_going, memory_bytes)"
            ),
        ),
        ("[tool.mlo]\npackage = 3", "pyproject.toml:2: tool.mlo.package must be text, and is 3"),
        (
            '[tool.mlo]\npackage = "birds"\n[tool.mlo.defaults]\njobs = true',
            "pyproject.toml:4: tool.mlo.defaults.jobs must be a whole number, and is True",
        ),
        (
            '[tool.mlo]\npackage = "birds"\n[tool.mlo.environments]\nstaging = "prod"',
            "pyproject.toml:4: tool.mlo.environments.staging must be a list of names, and is 'prod'",
        ),
        (
            '[tool.mlo]\npackage = "birds"\ndefaults = 3',
            "pyproject.toml:3: tool.mlo.defaults must be a table, and is 3",
        ),
    ],
)
def test_what_is_wrong_is_told_at_its_line(tmp_path: Path, text: str, told: str) -> None:
    assert str(refusal(tmp_path, text)) == told


def test_a_file_that_is_no_toml_is_told(tmp_path: Path) -> None:
    error = refusal(tmp_path, "[tool.mlo\n")
    assert error.message.startswith("the file is no TOML: ")
    assert error.where == "pyproject.toml"


def test_a_file_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes('[tool.mlo]\npackage = "bücher"'.encode("latin-1"))
    with pytest.raises(ProjectError) as caught:
        find_root(tmp_path)
    assert str(caught.value) == "pyproject.toml: the file is not UTF-8 (save it as UTF-8)"


def test_a_pyproject_of_something_else_is_passed_by(tmp_path: Path) -> None:
    settings_of(tmp_path, '[tool.mlo]\npackage = "birds"')
    inner = tmp_path / "packages" / "other"
    inner.mkdir(parents=True)
    (inner / "pyproject.toml").write_text("[tool.ruff]\n")
    assert find_root(inner)[0] == tmp_path.resolve()


def test_a_folder_outside_any_project_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProjectError) as caught:
        find_root(tmp_path)
    assert caught.value.message == f"{str(tmp_path.resolve())!r} is not in a project"
    assert caught.value.hint == ("go to a folder whose pyproject.toml has [tool.mlo], or make one: mlo new")


def test_a_folder_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProjectError) as caught:
        find_root(tmp_path / "nowhere")
    assert caught.value.message == f"the folder {str(tmp_path / 'nowhere')!r} does not exist"
    assert caught.value.hint == "give --project the folder of a project"
