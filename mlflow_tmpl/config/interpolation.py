"""Interpolations (``${...}``): resolved when a value is asked for, in the syntax of OmegaConf.

The grammar is OmegaConf's own parser; what it finds is looked up here, in values that know their places. All layers
are merged before, so that every layer sees the keys of the others.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from threading import RLock
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.config.values import Resolved, Unresolved, Value, located
from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mlflow_tmpl.config.evaluation import Found

    Step = str | int
    Path = tuple[Step, ...]
    Call = Callable[["Place", str, Sequence[Any]], Any]

MARK = "${"
"""What a text with an interpolation has in it."""

MAX_CHAIN = 25
"""Through how many interpolations one may lead."""

MAX_SIZE = 1_000_000
"""How many values, or characters of one text, interpolations may give: some lines can ask for more than memory has."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an interpolation is written.

    Attributes:
        tree: the values that it is one of.
        path: its keys and indices from the root.
        value: the text.
    """

    tree: Tree
    path: Path
    value: Value

    def error(self, message: str, hint: str = "") -> ConfigError:
        """Return an error that points at the text."""
        return ConfigError(message, where=str(self.value.origin), hint=hint)


class Tree:
    """Values of one kind of file, all layers merged, with what their interpolations stand for.

    Args:
        root: the values as they are written.
        noun: what messages call them.
        call: calls a resolver by name.
    """

    def __init__(self, root: Value, noun: str, call: Call) -> None:
        self.root = root
        self.noun = noun
        self.call = call
        self._more: dict[str, Value] = {}
        self._found: dict[Path, Value] = {}
        self._sizes: dict[int, tuple[Any, int]] = {}
        self._hidden: dict[int, tuple[Any, tuple[str, ...]]] = {}
        self._busy: dict[Path, None] = {}
        self._spent = 0
        self._lock = RLock()

    def resolved(self) -> Value:
        """Return all values; a text that leads nowhere is an `Unresolved` that says so when it is needed."""
        with self._lock:
            return self._value(self.root, (), lenient=True)

    def entry(self, name: str, value: Value) -> Value:
        """Return one top-level value.

        Args:
            name: its key, also for what its interpolations find below that key.
            value: as it is written; it need not be in the tree, as the filled entry of a pattern is not.

        Raises:
            ConfigError: an interpolation leads nowhere.
        """
        with self._lock:
            self._more[name] = value
            return self._value(value, (name,))

    def find(self, path: Path) -> Value | None:
        """Return the resolved value at a path, or ``None`` if there is none."""
        if path not in self._found:
            value = self._walk(path)
            if value is None:
                return None
            self._found[path] = value
            self._spend(self._size(value), value)
        return self._found[path]

    def known(self) -> list[str]:
        """Return the dotted keys of all that is no mapping, and of the mappings at the top."""
        return [*self.root.data, *(key for key, _ in self.root.leaves())]

    def _walk(self, path: Path) -> Value | None:
        value = self.root
        for at, step in enumerate(path):
            value = self._text(value, path[:at]) if _is_interpolated(value) else value
            inner = self._more.get(step) if at == 0 and isinstance(step, str) else None
            below = inner or _below(value, step)
            if below is None:
                return None
            value = below
        return self._value(value, path)

    def _value(self, value: Value, path: Path, *, lenient: bool = False) -> Value:
        data = value.data
        if type(data) is str:
            return self._leniently(value, path, lenient) if MARK in data else value
        if type(data) is dict:
            inner = {key: self._value(each, (*path, key), lenient=lenient) for key, each in data.items()}
            same = all(inner[key] is each for key, each in data.items())
            return value if same else replace(value, data=inner)
        if type(data) is list:
            items = [self._value(each, (*path, at), lenient=lenient) for at, each in enumerate(data)]
            same = all(new is old for new, old in zip(items, data, strict=True))
            return value if same else replace(value, data=items)
        return value

    def _leniently(self, value: Value, path: Path, lenient: bool) -> Value:
        try:
            return self._text(value, path)
        except ConfigError as error:
            if not lenient:
                raise
            return Unresolved(value.data, value.origin, value.overrode, value.key, error)

    def _text(self, value: Value, path: Path) -> Value:
        from mlflow_tmpl.config.evaluation import evaluate  # imports OmegaConf: 90 ms

        if isinstance(value, Resolved):
            return value
        with self._entered(path, value):
            found = evaluate(Place(self, path, value))
        self._spend(len(found.data) // 100 if isinstance(found.data, str) else 0, value)
        return self._made(found, value)

    def _made(self, found: Found, value: Value) -> Value:
        data = found.data
        if isinstance(data, Value):
            data = data.data
        elif isinstance(data, (dict, list, tuple)):
            data = located(data, value.origin).data
            if found.hidden:
                data = _hide(data, found.hidden, value)
        hidden = "" if isinstance(data, (dict, list)) else found.hidden
        return Resolved(data, value.origin, value.overrode, value.key, value.data, hidden)

    @contextmanager
    def _entered(self, path: Path, value: Value) -> Iterator[None]:
        if path in self._busy:
            circle = [*list(self._busy)[list(self._busy).index(path) :], path]
            told = " -> ".join([".".join(map(str, each)) for each in circle])
            raise ConfigError(f"interpolations lead in a circle: {told}", where=str(value.origin))
        if len(self._busy) >= MAX_CHAIN:
            problem = f"interpolations lead through more than {MAX_CHAIN} values"
            raise ConfigError(problem, where=str(value.origin))
        self._busy[path] = None
        try:
            yield
        finally:
            del self._busy[path]

    def _size(self, value: Value) -> int:
        data = value.data
        if type(data) not in (dict, list):
            return 1
        if id(data) not in self._sizes:
            inner = data.values() if type(data) is dict else data
            # The data is kept with it: else its id would soon be that of other data.
            self._sizes[id(data)] = (data, 1 + sum(map(self._size, inner)))
        return self._sizes[id(data)][1]

    def hidden_in(self, value: Value) -> tuple[str, ...]:
        """Return what is shown of the parts of a value that the environment has a part in."""
        if isinstance(value, Resolved) and value.hidden:
            return (value.hidden,)
        data = value.data
        if type(data) not in (dict, list):
            return ()
        if id(data) not in self._hidden:
            inner = data.values() if type(data) is dict else data
            found = dict.fromkeys([name for each in inner for name in self.hidden_in(each)])
            self._hidden[id(data)] = (data, tuple(found))
        return self._hidden[id(data)][1]

    def _spend(self, size: int, value: Value) -> None:
        self._spent += size
        if self._spent > MAX_SIZE:
            problem = f"interpolations give more than {MAX_SIZE:,} values"
            raise ConfigError(problem, where=str(value.origin), hint="repeat less by interpolations")


def lookup(place: Place, path: Path, written: str) -> Value:
    """Return the value that an interpolation names.

    Raises:
        ConfigError: there is none.
    """
    found = place.tree.find(path)
    if found is None:
        tree = place.tree
        dotted = ".".join(map(str, path))
        hint = did_you_mean(dotted, tree.known())
        hint = hint or f"it is looked for among the {tree.noun}; what all files share stands in globals.yml"
        raise place.error(f"{written!r} finds nothing: there is no {dotted!r} among the {tree.noun}", hint)
    return found


def _is_interpolated(value: Value) -> bool:
    return type(value.data) is str and MARK in value.data


def _below(value: Value, step: Step) -> Value | None:
    data = value.data
    if type(data) is dict:
        found: Value | None = data.get(step if isinstance(step, str) else str(step))
        return found
    if type(data) is list and str(step).isdecimal() and int(step) < len(data):
        item: Value = data[int(step)]
        return item
    return None


def _hide(data: Any, hidden: str, value: Value) -> Any:
    """Return what an environment variable had a part in with each of its values hidden."""
    if type(data) is dict:
        return {key: _hidden(each, hidden, value) for key, each in data.items()}
    return [_hidden(each, hidden, value) for each in data]


def _hidden(each: Value, hidden: str, value: Value) -> Value:
    if type(each.data) in (dict, list):
        return replace(each, data=_hide(each.data, hidden, value))
    return Resolved(each.data, each.origin, written=value.data, hidden=hidden)


def uses(mapping: Mapping[str, Value] | Value) -> Iterator[str]:
    """Yield all texts with interpolations in some values."""
    data = mapping.data if isinstance(mapping, Value) else mapping
    if type(data) is str:
        if MARK in data:
            yield data
    elif isinstance(data, (dict, list)):
        for inner in data.values() if isinstance(data, dict) else data:
            yield from uses(inner)
