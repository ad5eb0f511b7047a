"""`mlo doctor` finds what is wrong, and says how to mend it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import MadeProject


def _found(made: MadeProject, code: int) -> dict[str, Any]:
    ran = made.mlo("doctor", "--json")
    assert ran.returncode == code, ran.stdout + ran.stderr
    import json

    return {each["name"]: each for each in json.loads(ran.stdout)["checks"]}


def test_a_sound_project_is_in_order(two_steps: MadeProject) -> None:
    two_steps.mlo("run")
    found = _found(two_steps, 0)
    assert {"python", "project", "records", "ledger", "configuration", "catalog", "pipelines"} <= set(found)
    assert found["remembered pipelines"]["state"] == "good"
    for columns in ("80", "200"):
        told = two_steps.mlo("doctor", env={"COLUMNS": columns}).stdout
        assert "everything is in order" in told
        assert max(map(len, told.splitlines())) <= int(columns)


def test_code_configuration_and_catalog_are_all_looked_at(two_steps: MadeProject) -> None:
    two_steps.write("nodes/broken.py", "import no_such_package\n")
    two_steps.write("conf/prod/parameters.yml", "amount: [\n")
    two_steps.write("conf/base/more_catalog.yml", "table: {type: sql, table: t, credentials: lake}\n")
    two_steps.write("conf/base/catalog_far.yml", "far: {filepath: x.csv, credentials: nowhere}\n")
    found = _found(two_steps, 1)
    assert "no_such_package" in found["pipeline 'broken'"]["message"]
    assert found["configuration 'prod'"]["state"] == "wrong"
    assert "nowhere" in found["dataset 'far'"]["message"]
    assert found["dataset 'far'"]["hint"]


def test_hooks_are_loaded_where_there_are_any(two_steps: MadeProject) -> None:
    file = f"src/{two_steps.package}/hooks.py"
    head = "from mlflow_tmpl.hooks import hookimpl\n\n"
    two_steps.write(file, f"{head}@hookimpl\ndef before_run(run):\n    pass\n")
    assert _found(two_steps, 0)["hooks"]["message"] == f"loaded: {two_steps.package}.hooks"
    two_steps.write(file, f"{head}@hookimpl\ndef before_runs(run):\n    pass\n")
    found = _found(two_steps, 1)["hooks"]
    assert found["message"].startswith("there is no hook 'before_runs'")
    assert found["hint"] == "did you mean 'before_run'?"


def test_what_is_no_project_is_told(two_steps: MadeProject) -> None:
    (two_steps.root / "pyproject.toml").write_text("[tool.mlo]\npackage = 3\n")
    assert "tool.mlo.package must be text" in _found(two_steps, 1)["project"]["message"]


def test_a_damaged_ledger_is_set_aside(two_steps: MadeProject) -> None:
    two_steps.mlo("run")
    file = two_steps.root / ".mlo/ledger.sqlite"
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    content = bytearray(file.read_bytes())
    content[4096:12288] = b"x" * 8192
    file.write_bytes(content)
    assert "is set aside as .mlo/ledger.damaged-" in _found(two_steps, 1)["ledger"]["message"]
    assert "ledger" not in _found(two_steps, 0)


@pytest.mark.skipif(os.name != "posix", reason="needs modes")
def test_records_that_others_can_read_are_told(two_steps: MadeProject) -> None:
    two_steps.mlo("run")
    (two_steps.root / ".mlo").chmod(0o755)
    assert _found(two_steps, 1)["records"]["hint"] == "chmod 700 .mlo"


def test_git_has_to_ignore_what_is_this_machines_own(two_steps: MadeProject) -> None:
    subprocess.run(["git", "init", "-q"], cwd=two_steps.root, check=True)
    assert _found(two_steps, 1)["git"]["hint"] == "add the line /conf/local/ to .gitignore"
    two_steps.write(".gitignore", "/conf/local/\n")
    assert _found(two_steps, 0)["git"]["state"] == "good"
