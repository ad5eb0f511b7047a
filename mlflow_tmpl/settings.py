"""The `[tool.mlo]` table of a project."""

from __future__ import annotations

import sys
from dataclasses import field, fields
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import ProjectError, did_you_mean, place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

FILE = "pyproject.toml"


@dataclass(frozen=True, slots=True)
class Defaults:
    """Options that `run` takes where they are not given.

    Attributes:
        engine: where nodes run.
        jobs: how many at a time.
        keep_going: whether a failure leaves alone what does not depend on it.
        address: of the cluster that the engine uses.
        memory_bytes: how much of what passes between worker processes may lie in memory.
    """

    engine: str = "auto"
    jobs: int | None = None
    keep_going: bool = False
    address: str | None = None
    memory_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """What is kept of past outputs, and who they are shared with.

    Attributes:
        url: the shared store; a relative path starts at the project.
        credentials: name of the credentials that it is opened with.
        trusted: whether pulled files may be opened of which loading runs what they say, such as pickles.
        keep_runs: how many runs `gc` keeps unless it is told otherwise.
        max_bytes: what the store may take on this machine; 0 keeps nothing.
    """

    url: str | None = None
    credentials: str | None = None
    trusted: bool = False
    keep_runs: int | None = None
    max_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """What a project says about itself.

    Attributes:
        package: import name of its code.
        source: folder that the package lies in.
        config: folder of the configuration.
        environment: configuration environment that is taken when none is given.
        environments: what each environment builds on.
        defaults: options of `run`.
        store: what is kept of past outputs.
        resolvers: functions for interpolations in the configuration: name to ``package.module:function``.
        secrets: a function that gives credentials by name, as ``package.module:function``.
        hooks: what is told of runs, as ``package.module:Name``, or by a short name of ours.
    """

    package: str
    source: str = "src"
    config: str = "conf"
    environment: str | None = None
    environments: Mapping[str, list[str]] = field(default_factory=dict)
    defaults: Defaults = Defaults()
    store: StoreSettings = StoreSettings()
    resolvers: Mapping[str, str] = field(default_factory=dict)
    secrets: str | None = None
    hooks: Sequence[str] = ()


_TYPES = {
    "package": str,
    "source": str,
    "config": str,
    "environment": str,
    "environments": dict,
    "defaults": dict,
    "store": dict,
    "resolvers": dict,
    "secrets": str,
    "hooks": list,
    "url": str,
    "credentials": str,
    "trusted": bool,
    "keep_runs": int,
    "max_bytes": int,
    "engine": str,
    "address": str,
    "memory_bytes": int,
    "jobs": int,
    "keep_going": bool,
}
_PARTS: dict[str, type[Any]] = {"defaults": Defaults, "store": StoreSettings}
"""Tables inside of `[tool.mlo]`, with what each may have."""

_SAID = {
    str: "text",
    dict: "a table",
    int: "a whole number",
    bool: "true or false",
    list: "a list of names",
}


def find_root(start: Path) -> tuple[Path, Settings]:
    """Return the project that a folder lies in, and its settings; a single Python file is a project of its own.

    Raises:
        ProjectError: there is none, or its table is not as it has to be.
    """
    if start.suffix == ".py":
        return _single_file(start)
    if not start.exists():
        raise ProjectError(
            f"the folder {str(start)!r} does not exist", hint="give --project the folder of a project"
        )
    try:
        here = start.resolve()
    except OSError as error:
        raise ProjectError("the current folder is gone", hint="go to a folder that is there") from error
    for folder in (here, *here.parents):
        file = folder / FILE
        if file.is_file():
            table = _table(file)
            if table is not None:
                return folder, _settings(file, table)
    raise ProjectError(
        f"{str(here)!r} is not in a project",
        hint="go to a folder whose pyproject.toml has [tool.mlo], or make one: mlo new",
    )


def _single_file(file: Path) -> tuple[Path, Settings]:
    """Return the project that a file makes: its folder, and the module that it is."""
    if not file.is_file():
        raise ProjectError(f"there is no file {str(file)!r}", hint="give the path of a file with nodes")
    if not file.stem.isidentifier():
        raise ProjectError(
            f"{file.name!r} cannot be imported under its name",
            where=place(file),
            hint="name it with letters, digits and '_'",
        )
    return file.resolve().parent, Settings(package=file.stem, source=".")


def _table(file: Path) -> dict[str, Any] | None:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        tool = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {})
    except tomllib.TOMLDecodeError as error:
        raise ProjectError(f"the file is no TOML: {error}", where=place(file)) from error
    except OSError as error:
        raise ProjectError(
            f"the file cannot be read: {error.strerror or error}", where=place(file)
        ) from error
    except UnicodeDecodeError as error:
        raise ProjectError("the file is not UTF-8", where=place(file), hint="save it as UTF-8") from error
    table = tool.get("mlo") if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else None


def _settings(file: Path, table: dict[str, Any]) -> Settings:
    if "package" not in table:
        raise ProjectError(
            "[tool.mlo] has no 'package'", where=place(file), hint='add package = "name_of_your_package"'
        )
    _check(file, "tool.mlo", table, {each.name for each in fields(Settings)})
    for name, parents in table.get("environments", {}).items():
        if not isinstance(parents, list) or not all(isinstance(parent, str) for parent in parents):
            raise _wrong(file, f"tool.mlo.environments.{name}", list, parents)
    for name, function in table.get("resolvers", {}).items():
        _check_function(file, f"tool.mlo.resolvers.{name}", function)
    if not all(isinstance(name, str) for name in table.get("hooks", ())):
        raise _wrong(file, "tool.mlo.hooks", list, table["hooks"])
    if "secrets" in table:
        _check_function(file, "tool.mlo.secrets", table["secrets"])
    parts: dict[str, Any] = {}
    for name, kind in _PARTS.items():
        part = table.get(name, {})
        _check(file, f"tool.mlo.{name}", part, {each.name for each in fields(kind)})
        parts[name] = kind(**part)
    return Settings(**{**table, **parts})


def _check(file: Path, path: str, table: dict[str, Any], known: set[str]) -> None:
    for key, value in table.items():
        if key not in known:
            hint = did_you_mean(key, known) or f"it may have {', '.join(sorted(known))}"
            raise ProjectError(f"[{path}] has an unknown key {key!r}", where=_line(file, key), hint=hint)
        if type(value) is not _TYPES[key] or (type(value) is int and value < 0):
            raise _wrong(file, f"{path}.{key}", _TYPES[key], value)


def _check_function(file: Path, path: str, value: Any) -> None:
    if not isinstance(value, str) or not value.partition(":")[2]:
        key = path.rpartition(".")[2]
        hint = f'write {key} = "package.module:function"'
        raise ProjectError(
            f"{path} must name a function, and is {value!r:.60}", where=_line(file, key), hint=hint
        )


def _wrong(file: Path, path: str, wanted: type, value: Any) -> ProjectError:
    key = path.rpartition(".")[2]
    return ProjectError(f"{path} must be {_SAID[wanted]}, and is {value!r:.60}", where=_line(file, key))


def _line(file: Path, key: str) -> str:
    """Return the place of a key: `tomllib` keeps no lines, so it is looked for below its table."""
    lines = file.read_text(encoding="utf-8").splitlines()
    start = next((number for number, line in enumerate(lines) if line.strip().startswith("[tool.mlo")), 0)
    for number, line in enumerate(lines[start:], start + 1):
        if line.strip().startswith((f"{key} ", f"{key}=", f'"{key}"', f"[tool.mlo.{key}]")):
            return place(file, number)
    return place(file)
