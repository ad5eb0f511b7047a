"""A project's configuration: the layers of an environment, opened lazily."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property, reduce
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow_tmpl.config.interpolation import Tree, uses
from mlflow_tmpl.config.layers import merge, read_layer
from mlflow_tmpl.config.resolvers import Resolvers
from mlflow_tmpl.config.sources import Folder, Source
from mlflow_tmpl.config.values import Origin, Unresolved, Value, located
from mlflow_tmpl.config.yaml import compose_yaml
from mlflow_tmpl.errors import ConfigError, did_you_mean
from mlflow_tmpl.masking import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlflow_tmpl.config.node_rules import NodeRules

BASE, LOCAL = "base", "local"
"""The lowest layer, for everyone, and the highest, for this machine."""

PARAMS_OPTION = "--params"
"""Origin of what the command line sets."""

STEMS = ("parameters", "catalog", "credentials", "globals", "nodes")
"""What configuration files are called, and begin with."""

_RUNTIME_NAME = re.compile(r"\$\{\s*runtime_params\s*:\s*['\"]?([\w.-]+)").findall

_ENTRIES = ("catalog", "credentials")
"""Kinds of files in which each top-level key is a whole."""


class _Files:
    """What the files of some layers hold, each kind read when it is first asked for."""

    def __init__(self, source: Source, layers: tuple[str, ...]) -> None:
        self.source = source
        self.layers = layers
        self._read: dict[str, Value] = {}

    def read(self, stem: str) -> Value:
        if stem not in self._read:
            files = [self.source.files(layer, stem) for layer in self.layers]
            read = [read_layer(each, entries=stem in _ENTRIES) for each in files]
            self._read[stem] = reduce(merge, read)
        return self._read[stem]


class Config:
    """The configuration of one environment; nothing is read before it is asked for, and nothing twice.

    Args:
        source: the configuration folder, ``conf``, or what else holds the layers.
        layers: its sub-folders, the lowest first; one that is missing is an empty layer.
        resolvers: of the project, for interpolations: name to ``package.module:function``.
        tell: is told of the environment variables that interpolations ask for, name and value.
    """

    def __init__(
        self,
        source: Source | Path,
        layers: Sequence[str],
        resolvers: Mapping[str, str] | None = None,
        tell: Callable[[str, str], None] = lambda *_: None,
    ) -> None:
        self._files = _Files(Folder(source) if isinstance(source, Path) else source, tuple(layers))
        self._resolvers = resolvers or {}
        self._tell = tell
        self._overrides: tuple[Value, ...] = ()

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers, the lowest first."""
        return self._files.layers

    @cached_property
    def parameters(self) -> Value:
        """The parameters of all layers, with what was set for this run on top, interpolations resolved."""
        return self._trees["parameters"].resolved()

    @property
    def written_parameters(self) -> Value:
        """The same, interpolations as they are written."""
        return self._trees["parameters"].root

    @property
    def catalog(self) -> Value:
        """The catalog entries of all layers by name, as they are written; see `entry`."""
        return _without_anchors(self._files.read("catalog"))

    @property
    def credentials(self) -> Value:
        """The credentials of all layers by name, each value a `Secret`, as they are written; see `credential`."""
        return _sealed(_without_anchors(self._files.read("credentials")))

    @cached_property
    def node_rules(self) -> NodeRules | None:
        """What is said about how nodes are run; ``None`` if that is nothing.

        Raises:
            ConfigError: something of it cannot be.
        """
        written = self._trees["nodes"].resolved()
        if not written.data:
            return None
        from mlflow_tmpl.config.node_rules import NodeRules

        return NodeRules(written)

    def entry(self, name: str, written: Value) -> Value:
        """Return a catalog entry with its interpolations resolved.

        Raises:
            ConfigError: one of them leads nowhere.
        """
        return self._trees["catalog"].entry(name, written)

    def credential(self, name: str) -> Value:
        """Return credentials with their interpolations resolved, each value a `Secret`.

        Raises:
            ConfigError: one of them leads nowhere.
        """
        return _sealed(self._trees["credentials"].entry(name, self._files.read("credentials").data[name]))

    @property
    def runtime_names(self) -> frozenset[str]:
        """What interpolations take from what is set for a run."""
        texts = [text for stem in STEMS for text in uses(self._files.read(stem))]
        return frozenset([name for text in texts for name in _RUNTIME_NAME(text)])

    @property
    def catalog_takes_parameters(self) -> bool:
        """Whether what is set for a run can change catalog entries or credentials."""
        kinds = ("catalog", "globals", "credentials")
        return any(_RUNTIME_NAME(text) for kind in kinds for text in uses(self._files.read(kind)))

    def with_parameters(self, overrides: Sequence[Value]) -> Config:
        """Return the same configuration with parameters set on top, the last one weighing most.

        Args:
            overrides: mappings of parameters.
        """
        other = Config(self._files.source, self._files.layers, self._resolvers, self._tell)
        other._files = self._files
        other._overrides = (*self._overrides, *overrides)
        return other

    @cached_property
    def _trees(self) -> Mapping[str, Tree]:
        return _Trees(self._files, self._overrides, self._resolvers, self._tell)


class _Trees(dict[str, Tree]):
    """Kind of configuration to its values, made when one is first asked for."""

    def __init__(
        self,
        files: _Files,
        overrides: tuple[Value, ...],
        own: Mapping[str, str],
        tell: Callable[[str, str], None],
    ) -> None:
        super().__init__()
        self._files = files
        self._overrides = overrides
        self._call = Resolvers(own, self.__getitem__, tell)

    def __missing__(self, kind: str) -> Tree:
        start = Value({}, Origin("")) if kind == "runtime_params" else self._files.read(kind)
        overrides = self._overrides if kind in ("parameters", "runtime_params") else ()
        tree = self[kind] = Tree(reduce(merge, overrides, start), kind.replace("_", " "), self._call)
        return tree


def _without_anchors(value: Value) -> Value:
    kept = {key: entry for key, entry in value.data.items() if not key.startswith("_")}
    return Value(kept, value.origin, value.overrode, value.key)


def _sealed(value: Value) -> Value:
    """Return a value whose scalars are secrets; keys and places are none. What it overrode is left out."""
    data = value.data
    if isinstance(data, dict):
        data = {key: _sealed(inner) for key, inner in data.items()}
    elif isinstance(data, list):
        data = [_sealed(inner) for inner in data]
    elif data is not None:
        data = Secret(data)
    if isinstance(value, Unresolved):
        return replace(value, data=data, overrode=None)
    return Value(data, value.origin, key=value.key)


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


def environments(
    env: str | None, declared: Mapping[str, Sequence[str]], source: Source | Path
) -> tuple[str, ...]:
    """Return the layers of an environment, the lowest first: base, what it builds on, itself, local.

    Args:
        env: the environment, or none.
        declared: what each declared environment builds on, in order.
        source: the configuration folder, whose sub-folders are environments too.

    Raises:
        ConfigError: the environment, or one that it builds on, is unknown, or some build on each other in a circle.

    Example:
        >>> from pathlib import Path
        >>> environments("staging", {"prod": [], "staging": ["prod"]}, Path("conf"))
        ('base', 'prod', 'staging', 'local')
    """
    _refuse_circles(declared)
    there = (Folder(source) if isinstance(source, Path) else source).layers()
    known = {BASE, LOCAL, *declared, *there}
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
