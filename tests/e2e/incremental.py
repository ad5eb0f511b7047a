"""A project that is edited between runs, and the question that matters: is anything in it stale?"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLAIN_ENVIRONMENT = {
    "PYTHONDONTWRITEBYTECODE": "1",
    "NO_COLOR": "1",
    "PYTHONPATH": os.pathsep.join(sys.path),
}
PYPROJECT = '[tool.mlo]\npackage = "proj"\n'


class Commands:
    """Runs `mlo` in a fresh interpreter, or in a fork of one where the system has that.

    Args:
        imported: modules that take long to import and that many commands need.
    """

    def __init__(self, *imported: str) -> None:
        self._server: subprocess.Popen[str] | None = None
        if hasattr(os, "fork"):
            self._server = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("worker.py")), *imported],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, **_PLAIN_ENVIRONMENT},
            )

    def __call__(self, folder: Path, *arguments: str, environ: Mapping[str, str] | None = None) -> Ran:
        """Run a command in a folder."""
        out, err = folder.parent / f"{folder.name}.out", folder.parent / f"{folder.name}.err"
        request = {
            "arguments": arguments,
            "cwd": str(folder),
            "environ": dict(environ or {}),
            "stdout": str(out),
            "stderr": str(err),
        }
        code = self._ask(request) if self._server else self._spawn(request)
        return Ran(code, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8"))

    def _ask(self, request: dict[str, Any]) -> int:
        assert self._server is not None
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        return int(json.loads(self._server.stdout.readline())["code"])

    def _spawn(self, request: dict[str, Any]) -> int:
        with open(request["stdout"], "wb") as out, open(request["stderr"], "wb") as err:
            return subprocess.run(
                [sys.executable, "-m", "mlflow_tmpl.cli.main", *request["arguments"]],
                cwd=request["cwd"],
                env={**os.environ, **_PLAIN_ENVIRONMENT, **request["environ"]},
                stdout=out,
                stderr=err,
                check=False,
            ).returncode

    def close(self) -> None:
        """End the process that forks."""
        if self._server is not None:
            assert self._server.stdin is not None
            self._server.stdin.close()
            self._server.wait()


@dataclass(frozen=True)
class Ran:
    """What came of one command.

    Attributes:
        code: it left with.
        out: what it printed.
        err: what it reported.
    """

    code: int
    out: str
    err: str

    @property
    def statuses(self) -> dict[str, str]:
        """Node name to what became of it."""
        return {node["name"]: node["status"] for node in json.loads(self.out)["nodes"]}

    @property
    def done(self) -> set[str]:
        """The nodes whose function was called, and came to an end."""
        return {name for name, status in self.statuses.items() if status == "done"}

    def reasons(self, node: str) -> list[str]:
        """Why a node ran, as a user reads it."""
        told = next(each for each in json.loads(self.out)["nodes"] if each["name"] == node)
        return [reason["text"] for reason in told["reasons"]]


@dataclass
class Lab:
    """A project under edit.

    Attributes:
        root: its folder.
        commands: runs `mlo`.
        environ: environment variables that its runs get.
    """

    root: Path
    commands: Commands
    environ: dict[str, str] = field(default_factory=dict)

    def write(self, files: Mapping[str, str | None]) -> Lab:
        """Write files, given by their paths in the project; ``None`` removes one."""
        for name, text in files.items():
            path = self.root / name
            if text is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
        return self

    def replace(self, name: str, old: str, new: str) -> Lab:
        """Replace a piece of a file, which has to be there."""
        text = (self.root / name).read_text(encoding="utf-8")
        assert old in text
        (self.root / name).write_text(text.replace(old, new), encoding="utf-8")
        return self

    def try_run(self, *arguments: str) -> Ran:
        """Run the project, whatever comes of it."""
        return self.commands(self.root, "run", "--json", *arguments, environ=self.environ)

    def run(self, *arguments: str) -> Ran:
        """Run the project to a good end."""
        ran = self.try_run(*arguments)
        assert ran.code == 0, ran.err
        return ran

    def outputs(self) -> dict[str, bytes]:
        """Return the content of everything that nodes have saved."""
        folder = self.root / "out"
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    def from_scratch(self, *arguments: str) -> dict[str, bytes]:
        """Return what a copy without a past gives."""
        copy = Lab(self.root.with_name("scratch"), self.commands, self.environ)
        shutil.rmtree(copy.root, ignore_errors=True)
        shutil.copytree(self.root, copy.root, ignore=shutil.ignore_patterns(".mlo", "out", "__pycache__"))
        copy.run(*arguments)
        return copy.outputs()

    def assert_fresh(self, *arguments: str) -> None:
        """Compare every saved output with that of a run from scratch."""
        expected, found = self.from_scratch(*arguments), self.outputs()
        stale = sorted(name for name in expected if found.get(name) != expected[name])
        assert not stale, {name: (found.get(name), expected[name]) for name in stale}

    def rerun(self, *arguments: str) -> set[str]:
        """Run again, check that nothing is stale, and return the nodes that ran."""
        ran = self.run(*arguments)
        self.assert_fresh(*arguments)
        return ran.done
