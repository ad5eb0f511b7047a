"""Small real projects, and the installed command."""

from __future__ import annotations

import compileall
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings

import mlflow_tmpl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mlflow_tmpl.project import Project

settings.register_profile("random", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("steady", settings.get_profile("random"), derandomize=True, database=None)
settings.load_profile("steady")  # the same cases each time, however busy the machine is

MLO = Path(sys.executable).with_name("mlo")
TIMEOUT_S = 120


def clean_environment(**more: str) -> dict[str, str]:
    """Return the environment without what would change how the command looks."""
    dropped = {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "CI"}
    return {key: value for key, value in os.environ.items() if key not in dropped} | more


@dataclass(frozen=True)
class MadeProject:
    """A project on disk."""

    root: Path
    package: str

    def write(self, path: str, text: str) -> Path:
        """Write a file below the root; ``nodes/x.py`` means the package's."""
        folder = self.root / "src" / self.package if path.startswith("nodes/") else self.root
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text), encoding="utf-8")
        return file

    def command(self, *arguments: str) -> list[str]:
        return [str(MLO), *arguments]

    def mlo(
        self, *arguments: str, env: Mapping[str, str] | None = None, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run the command in the project's folder and return what came of it."""
        given = {"cwd": self.root, "env": clean_environment(**(env or {})), "timeout": TIMEOUT_S}
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.run(
            self.command(*arguments), **{**given, **streams, "encoding": "utf-8", **options}, check=False
        )

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """Start the command and return its process."""
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        given = {"cwd": self.root, "env": clean_environment(), "encoding": "utf-8"}
        return subprocess.Popen(self.command(*arguments), **{**given, **streams, **options})

    def json(self, *arguments: str, **options: Any) -> Any:
        """Return the JSON document that a command prints."""
        return json.loads(self.mlo(*arguments, "--json", **options).stdout)

    def statuses(self, *arguments: str) -> dict[str, str]:
        """Run, and return node to status."""
        return {node["name"]: node["status"] for node in self.json("run", *arguments)["nodes"]}

    def open(self, env: str | None = None) -> Project:
        """Open the project in this process."""
        from mlflow_tmpl import open_project

        return open_project(self.root, env)

    def files(self) -> dict[str, bytes]:
        """Return the content of every file outside `.mlo` and Python's own caches."""
        paths = [path for path in sorted(self.root.rglob("*")) if path.is_file()]
        kept = [
            path for path in paths if not {".mlo", "__pycache__"} & set(path.relative_to(self.root).parts)
        ]
        return {str(path.relative_to(self.root)): path.read_bytes() for path in kept}


def pytest_configure(config: pytest.Config) -> None:
    """Compile the package once, for all commands that are started, also where Python writes no bytecode."""
    if not hasattr(config, "workerinput"):
        compileall.compile_dir(Path(mlflow_tmpl.__file__).parent, quiet=2)


@pytest.fixture
def make_project(tmp_path: Path) -> Iterator[Callable[..., MadeProject]]:
    """Return a maker of projects; what they leave behind in this interpreter is removed afterwards."""
    paths, modules = list(sys.path), set(sys.modules)

    def make(
        nodes: str = "",
        catalog: str = "",
        parameters: str = "",
        *,
        folder: str = "project",
        files: Mapping[str, str] | None = None,
        settings: str = "",
    ) -> MadeProject:
        made = MadeProject(tmp_path / folder, f"flow_{uuid4().hex[:8]}")
        made.write("nodes/__init__.py", "")
        made.write(f"src/{made.package}/__init__.py", "")
        head = "from mlflow_tmpl import node\n\n"
        given = {
            "pyproject.toml": f'[tool.mlo]\npackage = "{made.package}"\n{dedent(settings)}',
            "conf/base/catalog.yml": catalog,
            "conf/base/parameters.yml": parameters,
            "nodes/flow.py": head + dedent(nodes),
        }
        for path, text in {**given, **(files or {})}.items():
            made.write(path, text)
        return made

    yield make
    sys.path[:] = paths
    for name in set(sys.modules) - modules:
        if name.startswith("flow_"):
            del sys.modules[name]


@pytest.fixture
def two_steps(make_project: Callable[..., MadeProject]) -> MadeProject:
    """A project of two nodes that doubles a number and adds one; each says when it is called."""
    return make_project(
        nodes="""
            @node(outputs="doubled")
            def double(number: str) -> str:
                print("double is called")
                return str(2 * int(number))

            @node(outputs="result")
            def add(doubled: str, *, amount: int) -> str:
                print("add is called")
                return str(int(doubled) + amount)
            """,
        catalog="""\
            number: data/number.txt
            doubled: data/doubled.txt
            result: data/result.txt
            """,
        parameters="amount: 1\n",
        files={"data/number.txt": "20"},
    )
