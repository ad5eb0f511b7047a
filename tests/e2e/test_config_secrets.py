"""Secrets that are planted in a project are seen nowhere: in no output, no record, no export."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import zipfile
import zlib
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import MadeProject

PLANTED = {
    "credentials": "planted-credential",
    "nested": "planted-nested-secret",
    "variable": "planted-by-variable",
    "store": "planted-in-the-store",
    "environment": "planted-environment",
    "url": "planted-url-password",
    "signature": "planted-url-signature",
    "connection": "planted-connection-password",
}

NODES = """
    import logging

    class Odd(Exception):
        pass

    @node(outputs="said")
    def say(number: str, *, token: str, url: str, connection: str) -> str:
        print("token", token, url)
        logging.getLogger("node").warning("connection %s", connection)
        return number

    @node(outputs="refused")
    def refuse(number: str, *, token: str, connection: str) -> str:
        secret = {"token": token}
        try:
            raise Odd(f"refused {secret} at {connection}")
        except Odd as error:
            raise ValueError(f"token={token!r} {connection}") from error

    @node(outputs="unsaved")
    def fail_to_save(number: str) -> str:
        return "fail"

    @node(outputs="other")
    def take(said: str) -> str:
        return said
    """

CATALOG = """\
    number: data/number.txt
    said: {type: PKG.data.Vault, credentials: lake, url: '${oc.env:PLANTED_URL}'}
    unsaved: {type: PKG.data.Vault, credentials: lake, url: '${oc.env:PLANTED_URL}'}
    other: {type: PKG.data.Vault, credentials: hooked}
    refused: {type: PKG.data.Vault, credentials: lake, url: 'http://me:planted-url-password@h/x?sig=planted-url-signature'}
    signed: https://me:planted-url-password@127.0.0.1:9/x.csv?sig=planted-url-signature
    """

DATA = '''
    class Vault:
        """Keeps a text in a file, and tells its credentials wherever it can."""

        def __init__(self, credentials, url=""):
            self.credentials = credentials
            self.url = url
            self.text = ""

        def load(self):
            return self.text

        def save(self, data):
            self.text = data
            print("saving with", self.credentials, self.url)
            if "fail" in data:
                raise OSError(f"cannot log in with {self.credentials} at {self.url}")

        def exists(self):
            return False

    def store(name):
        if name == "hooked":
            return {"key": "planted" + "-in-the-store"}
    '''

COMMANDS: tuple[tuple[str, ...], ...] = (
    ("run",),
    ("run", "--force", "--json"),
    ("run", "--force", "--traceback", "--keep-going"),
    ("run", "--plan"),
    ("plan",),
    ("plan", "--json"),
    ("params",),
    ("params", "--json"),
    ("params", "--schema"),
    ("catalog", "list"),
    ("catalog", "list", "--json"),
    *[
        ("catalog", "show", name, *more)
        for name in ("said", "refused", "signed")
        for more in ((), ("--json",))
    ],
    ("catalog", "resolve", "said"),
    ("catalog", "preview", "said"),
    ("runs", "list"),
    ("runs", "list", "--json"),
    ("runs", "show"),
    ("runs", "show", "--json"),
    ("runs", "log", "last"),
    ("runs", "diff", "last", "last~2"),
    ("lineage", "said"),
    ("store",),
    ("viz",),
    ("viz", "--json"),
    *[("viz", "-o", f"graph.{suffix}") for suffix in ("html", "svg", "dot", "mmd", "json")],
)
"""Whatever prints or writes: add the commands that are added."""


@pytest.fixture
def planted(make_project: Callable[..., MadeProject]) -> MadeProject:
    connection = "Server=db;User Id=me;Password=planted-connection-password;Encrypt=true"
    project = make_project(
        nodes=NODES,
        parameters=f"""\
            token: ${{oc.env:PLANTED_TOKEN}}
            url: postgresql://me:planted-url-password@h/db?password=planted-url-signature
            connection: '{connection}'
            """,
        files={
            "data/number.txt": "1",
            "conf/local/credentials.yml": """\
                lake:
                  key: planted-credential
                  client_kwargs: {secrets: [planted-nested-secret]}
                """,
        },
    )
    project.write("conf/base/catalog.yml", CATALOG.replace("PKG", project.package))
    project.write(f"src/{project.package}/data.py", DATA)
    settings = (project.root / "pyproject.toml").read_text()
    project.write("pyproject.toml", f'{settings}secrets = "{project.package}.data:store"\n')
    return project


ENVIRONMENT = {
    "PLANTED_TOKEN": "planted-environment",
    "PLANTED_URL": "s3://key:planted-url-password@h/planted-environment",
    "MLO_CREDENTIALS__LAKE__TOKEN": "planted-by-variable",
}


def carried(path: Path) -> bytes:
    """Return the model that a page carries compressed."""
    if path.suffix != ".html":
        return b""
    found = re.search(rb'id="graph">([^<]+)<', path.read_bytes())
    assert found
    return zlib.decompress(base64.b64decode(found[1]))


def test_planted_secrets_are_seen_nowhere(planted: MadeProject):
    seen = []
    said = ""
    for command in COMMANDS:
        done = planted.mlo(*command, env=ENVIRONMENT)
        assert "Traceback (most recent call last):\n  File" not in done.stderr or "--traceback" in command
        said += done.stdout + done.stderr
        seen += [(command, what) for what, text in PLANTED.items() if text in done.stdout + done.stderr]
        if "--json" in command and done.stdout:
            json.loads(done.stdout)
    assert seen == []
    assert "env:PLANTED_TOKEN" in said
    assert "***" in said
    kept = {
        path.relative_to(planted.root).as_posix(): path.read_bytes() + carried(path)
        for path in planted.root.rglob("*")
        if path.is_file() and (".mlo" in path.parts or path.name.startswith("graph."))
    }
    assert {"graph.html", "graph.svg", ".mlo/ledger.sqlite"} <= set(kept)
    found = [
        (path, what, data[max(0, data.find(text.encode()) - 90) :][:120])
        for path, data in kept.items()
        for what, text in PLANTED.items()
        if text.encode() in data
    ]
    # The files of the project itself are kept with its runs, as they are; what is written in them is no secret of ours.
    assert [each for each in found if not each[0].startswith(".mlo/store")] == []


def test_a_changed_variable_runs_what_takes_it(planted: MadeProject):
    planted.mlo("run", "--nodes", "say", env=ENVIRONMENT)
    plan = planted.mlo("plan", "--nodes", "say", env={**ENVIRONMENT, "PLANTED_TOKEN": "another-environment"})
    assert "parameter token" in plan.stdout
    assert "another-environment" not in plan.stdout
    assert "env:PLANTED_TOKEN" in plan.stdout


BROUGHT = """
    def find(name):
        if name == "broken":
            raise OSError("no network")
        return {"key": "planted" + "-in-the-store"} if name == "hooked" else None
    """


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder that pip installed a package into, which brings a secret store."""
    files = {
        "mlo_vault.py": dedent(BROUGHT),
        "mlo_vault-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: mlo-vault\nVersion: 1.0\n",
        "mlo_vault-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "mlo_vault-1.0.dist-info/entry_points.txt": "[mlflow_tmpl.secrets]\nvault = mlo_vault:find\n",
    }
    record = "mlo_vault-1.0.dist-info/RECORD"
    wheel, target = tmp_path / "mlo_vault-1.0-py3-none-any.whl", tmp_path / "installed"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        archive.writestr(record, "".join(f"{name},,\n" for name in (*files, record)))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-compile"]
    subprocess.run([*pip, "--target", str(target), str(wheel)], check=True, timeout=120)
    return target


def test_an_installed_package_brings_a_secret_store(planted: MadeProject, installed: Path):
    settings = (planted.root / "pyproject.toml").read_text()
    planted.write(
        "pyproject.toml", "".join(line for line in settings.splitlines(True) if "secrets =" not in line)
    )
    environment = {
        **ENVIRONMENT,
        "PYTHONPATH": os.pathsep.join([str(installed), os.environ.get("PYTHONPATH", "")]),
    }
    refused = planted.mlo("run", "--nodes", "say,take", env=ENVIRONMENT)
    assert "dataset 'other' needs credentials 'hooked', which are not in" in refused.stderr
    done = planted.mlo("run", "--nodes", "say,take", env=environment)
    assert done.returncode == 0, done.stderr
    assert "planted" not in done.stdout + done.stderr
    catalog = (planted.root / "conf/base/catalog.yml").read_text()
    planted.write("conf/base/catalog.yml", catalog.replace("credentials: hooked", "credentials: broken"))
    broken = planted.mlo("run", "--nodes", "say,take", env=environment)
    assert broken.returncode == 2
    assert "needs credentials 'broken', which 'mlo_vault:find' cannot give: no network" in broken.stderr
    assert "it is the secret store 'vault' of mlo-vault" in broken.stderr
    planted.write("conf/base/catalog.yml", catalog.replace("credentials: hooked", "credentials: unknown"))
    unknown = planted.mlo("run", "--nodes", "say,take", env=environment)
    assert (
        "needs credentials 'unknown', which are not in conf/local/credentials.yml, mlo_vault:find"
        in unknown.stderr
    )


def test_a_secret_store_that_fails_is_named_with_the_dataset(planted: MadeProject):
    planted.write(
        f"src/{planted.package}/data.py",
        DATA.replace('return {"key": "planted" + "-in-the-store"}', 'raise OSError("no vault here")'),
    )
    done = planted.mlo("run", "--nodes", "say,take", env=ENVIRONMENT)
    assert done.returncode == 2
    named = f"dataset 'other' needs credentials 'hooked', which '{planted.package}.data:store' cannot give"
    assert f"{named}: no vault here" in done.stderr
    assert "the 'secrets' of [tool.mlo]" in done.stderr
