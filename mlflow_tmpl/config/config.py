"""A project's configuration: the layers of an environment, opened lazily."""

from __future__ import annotations

from functools import cached_property, reduce
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from mlflow_tmpl.config.layers import layer_files, merge, read_layer
from mlflow_tmpl.config.values import Origin, Value, located
from mlflow_tmpl.config.yaml import compose_yaml
from mlflow_tmpl.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

BASE, LOCAL = "base", "local"
"""The lowest layer, for everyone, and the highest, for this machine."""

PARAMS_OPTION = "--params"
"""Origin of what the command line sets."""

STEMS = ("parameters", "catalog", "credentials")
"""What configuration files are called, and begin with."""


class _Files:
    """What the files of some layers hold, each kind read when it is first asked for."""

    def __init__(self, folder: Path, layers: tuple[str, ...]) -> None:
        self.folder = folder
        self.layers = layers

    @cached_property
    def parameters(self) -> Value:
        return self._read("parameters", entries=False)

    @cached_property
    def catalog(self) -> Value:
        return self._read("catalog", entries=True)

    @cached_property
    def credentials(self) -> Value:
        return self._read("credentials", entries=True)

    def _read(self, stem: str, *, entries: bool) -> Value:
        return reduce(
            merge, [read_layer(self.folder / layer, stem, entries=entries) for layer in self.layers]
        )


class Config:
    """The configuration of one environment; nothing is read before it is asked for, and nothing twice.

    Args:
        folder: the configuration folder, ``conf``.
        layers: its sub-folders, the lowest first; one that is missing is an empty layer.
    """

    def __init__(self, folder: Path, layers: Sequence[str]) -> None:
        self._files = _Files(folder, tuple(layers))
        self._overrides: tuple[Value, ...] = ()

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers, the lowest first."""
        return self._files.layers

    @cached_property
    def parameters(self) -> Value:
        """The parameters of all layers, with what was set for this run on top."""
        return reduce(merge, self._overrides, self._files.parameters)

    @property
    def catalog(self) -> Value:
        """The catalog entries of all layers by name."""
        return self._files.catalog

    @property
    def credentials(self) -> Value:
        """The credentials of all layers by name."""
        return self._files.credentials

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of all layers that are read, or would be."""
        folders = [self._files.folder / layer for layer in self.layers]
        return tuple(path for folder in folders for stem in STEMS for path in layer_files(folder, stem))

    def with_parameters(self, overrides: Sequence[Value]) -> Config:
        """Return this configuration with mappings of parameters on top, of which the later weigh more."""
        other = Config(self._files.folder, self.layers)
        other._files = self._files
        other._overrides = (*self._overrides, *overrides)
        return other


def parse_assignment(text: str) -> Value:
    """Return what ``--params a.b=5`` sets, as a mapping; the part behind ``=`` is YAML.

    Raises:
        ConfigError: there is no ``=`` or no key, or the value is not one that a parameters file could have.

    Example:
        >>> parse_assignment("train.alpha=1e-3").plain()
        {'train': {'alpha': 0.001}}
    """
    key, sign, written = text.partition("=")
    parts = [part.strip() for part in key.split(".")]
    if not sign:
        raise _refused(f"{text!r} sets nothing", "write key=value")
    if not all(parts):
        raise _refused(
            f"{text!r} has an empty key", "write key=value, with dots between the keys of nested mappings"
        )
    plain = _assigned(text, written)
    for part in reversed(parts):
        plain = {part: plain}
    return located(plain, Origin(PARAMS_OPTION))


def _assigned(text: str, written: str) -> object:
    try:
        value = compose_yaml(written, PARAMS_OPTION)
    except ConfigError as error:
        raise _refused(f"{text!r} cannot be taken: {error.message}", error.hint) from None
    if value is None and written.strip():
        raise _refused(f"{text!r} has nothing but a comment for a value", "put the value in quotes")
    return None if value is None else value.plain()


def _refused(message: str, hint: str) -> ConfigError:
    return ConfigError(message, where=PARAMS_OPTION, hint=hint)


def environments(env: str | None, declared: Mapping[str, Sequence[str]], folder: Path) -> tuple[str, ...]:
    """Return the layers of an environment, the lowest first: base, what it builds on, itself, local.

    Args:
        env: the environment, or none.
        declared: what each declared environment builds on, in order.
        folder: the configuration folder, whose sub-folders are environments too.

    Raises:
        ConfigError: the environment, or one that it builds on, is unknown, or some build on each other in a circle.

    Example:
        >>> from pathlib import Path
        >>> environments("staging", {"prod": [], "staging": ["prod"]}, Path("conf"))
        ('base', 'prod', 'staging', 'local')
    """
    _refuse_circles(declared)
    known = {BASE, LOCAL, *declared, *_sub_folders(folder)}
    found: list[str] = []
    if env is not None:
        _collect(env, "", declared, known, found)
    return (BASE, *(name for name in found if name not in (BASE, LOCAL)), LOCAL)


def _collect(
    env: str, child: str, declared: Mapping[str, Sequence[str]], known: set[str], found: list[str]
) -> None:
    """Append what an environment builds on, and then itself."""
    if env not in known:
        builds = f", which {child!r} builds on," if child else ""
        hint = did_you_mean(env, known) or f"known are {', '.join(sorted(known))}"
        raise ConfigError(f"environment {env!r}{builds} is unknown", hint=hint)
    if env in found:
        return
    for parent in declared.get(env, ()):
        _collect(parent, env, declared, known, found)
    found.append(env)


def _refuse_circles(declared: Mapping[str, Sequence[str]]) -> None:
    try:
        TopologicalSorter(declared).prepare()
    except CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        raise ConfigError(f"environments build on each other in a circle: {circle}") from None


def _sub_folders(folder: Path) -> list[str]:
    paths = folder.iterdir() if folder.is_dir() else ()
    return [path.name for path in paths if path.is_dir() and not path.name.startswith(".")]
