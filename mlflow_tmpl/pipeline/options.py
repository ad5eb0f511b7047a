"""How a node is run, apart from what it computes: nothing of it counts into the key of a result."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import PipelineError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

KEEP_MODES = ("auto", "always", "never")
"""Whether a value of memory goes to the store."""

ENGINE_NAMES = ("inline", "threads", "processes", "dask", "ray")
"""Where a node can run."""

_UNITS = {"B": 1, **{f"{letter}B": 1000**n for n, letter in enumerate("KMGTP", 1)}}
_UNITS |= {f"{letter}iB": 1024**n for n, letter in enumerate("KMGTP", 1)}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*")


class OptionError(PipelineError):
    """An option that no node can have.

    Attributes:
        key: what is wrong inside of an option that is a mapping; empty if it is the option itself.
        more: what else is wrong with the option.
    """

    key: str = ""
    more: tuple[OptionError, ...] = ()

    def each(self) -> tuple[OptionError, ...]:
        """Return all that is wrong."""
        return (self, *self.more)


@dataclass(frozen=True, slots=True)
class Retries:
    """What is done about a node that fails.

    Attributes:
        count: how often it is called again.
        delay_s: seconds before the second attempt.
        backoff: what each further wait is longer by, as a factor.
        jitter: part of a wait that is left to chance, from 0 to 1, so that nodes that failed together come back apart.
        retry_on: errors that are worth another attempt, by name; any error if empty.
    """

    count: int = 0
    delay_s: float = 1.0
    backoff: float = 2.0
    jitter: float = 0.1
    retry_on: tuple[str, ...] = ()

    def wait_s(self, attempt: int, chance: float) -> float:
        """Return the seconds between an attempt, counted from 1, and the next one.

        Args:
            attempt: the one that failed.
            chance: a number from 0 to 1.

        Example:
            >>> [Retries(3, delay_s=2, jitter=0).wait_s(attempt, 0.5) for attempt in (1, 2, 3)]
            [2.0, 4.0, 8.0]
        """
        wait = self.delay_s * self.backoff ** (attempt - 1)
        return float(wait * (1 + self.jitter * (2 * chance - 1)))


@dataclass(frozen=True, slots=True)
class Resources:
    """What a node takes of the machine that it runs on.

    Attributes:
        cpus: processors.
        gpus: graphics processors; a part of one is fine.
        memory_bytes: main memory.
    """

    cpus: float = 0
    gpus: float = 0
    memory_bytes: int = 0

    def __bool__(self) -> bool:
        return bool(self.cpus or self.gpus or self.memory_bytes)


NO_RESOURCES = Resources()


@dataclass(frozen=True, slots=True, init=False)
class NodeOptions:
    """How a node is run, apart from what it computes.

    Args and attributes:
        reuse: whether an earlier result under the same key stands for this node; ``False`` for functions
            that are not deterministic or that have effects.
        keep: whether what it leaves in memory goes to the store: ``auto`` where that pays, ``always``, ``never``.
        retries: how often it is called again when it fails, or a mapping of ``count``, ``delay_s``, ``backoff``,
            ``jitter`` and ``retry_on``: names of errors, or their classes.
        timeout_s: seconds after which it is ended, where its engine can.
        resources: a mapping of ``cpus``, ``gpus`` and ``memory`` (``"2GB"``) that it takes of its machine.
        priority: nodes that can start are taken from the highest to the lowest.
        engine: where it runs; ``None`` leaves that to the run.

    Raises:
        OptionError: a value that an option cannot have.

    Example:
        >>> NodeOptions(retries=3).retries.count, NodeOptions(resources={"memory": "2GB"}).resources.memory_bytes
        (3, 2000000000)
    """

    reuse: bool = True
    keep: str = "auto"
    retries: Retries = Retries()
    timeout_s: float | None = None
    resources: Resources = NO_RESOURCES
    priority: int = 0
    engine: str | None = None

    def __init__(
        self,
        reuse: bool = True,
        keep: str = "auto",
        retries: int | Mapping[str, Any] | Retries = 0,
        timeout_s: float | None = None,
        resources: Mapping[str, Any] | Resources = NO_RESOURCES,
        priority: int = 0,
        engine: str | None = None,
    ) -> None:
        given = (reuse, keep, retries, timeout_s, resources, priority, engine)
        for option, value in zip(_READERS, given, strict=True):
            object.__setattr__(self, option, read_option(option, value))

    def changed(self, changes: Mapping[str, Any]) -> NodeOptions:
        """Return the same options but for some of them."""
        return NodeOptions(**{option: getattr(self, option) for option in _READERS} | dict(changes))

    def to_json(self) -> dict[str, Any]:
        """Return what is not as it is by default, as plain data that makes the same options again."""
        if self is DEFAULT_OPTIONS:
            return {}
        told = {}
        for option in _READERS:
            value = getattr(self, option)
            if value != getattr(DEFAULT_OPTIONS, option):
                told[option] = _told(value)
        return told


def read_option(option: str, given: Any) -> Any:
    """Return an option as `NodeOptions` holds it.

    Args:
        option: its name.
        given: what someone wrote, in code or in a file.

    Raises:
        OptionError: there is no such option, or it cannot have that value.
    """
    read = _READERS.get(option)
    if read is None:
        raise _unknown("there is no option", option, _READERS)
    return read(option, given)


def _told(value: Any) -> Any:
    if isinstance(value, Retries):
        told = {name: getattr(value, name) for name in ("count", "delay_s", "backoff", "jitter")}
        return {**told, "retry_on": list(value.retry_on)}
    if isinstance(value, Resources):
        told = {"cpus": value.cpus, "gpus": value.gpus, "memory": value.memory_bytes}
        return {name: amount for name, amount in told.items() if amount}
    return value


def _flag(option: str, given: Any) -> bool:
    if isinstance(given, bool):
        return given
    raise _wrong(option, given, "it is true or false")


def _one_of(words: tuple[str, ...]) -> Callable[[str, Any], str]:
    def read(option: str, given: Any) -> str:
        if given in words:
            return str(given)
        near = did_you_mean(given, words) if isinstance(given, str) else ""
        raise _wrong(option, given, near or f"it is one of {', '.join(words)}")

    return read


def _whole(least: int | None) -> Callable[[str, Any], int]:
    def read(option: str, given: Any) -> int:
        if isinstance(given, int) and not isinstance(given, bool) and (least is None or given >= least):
            return given
        raise _wrong(option, given, f"it is a whole number{'' if least is None else f', at least {least}'}")

    return read


def _number(least: float, most: float = math.inf, *, above: bool = False) -> Callable[[str, Any], float]:
    bounds = f"more than {least:g}" if above else f"at least {least:g}"
    bounds += f", at most {most:g}" if most < math.inf else ""

    def read(option: str, given: Any) -> float:
        number = isinstance(given, (int, float)) and not isinstance(given, bool) and math.isfinite(given)
        if number and least <= given <= most and not (above and given == least):
            return given  # type: ignore[no-any-return]
        raise _wrong(option, given, f"it is a number, {bounds}")

    return read


def _size(option: str, given: Any) -> int:
    """Return bytes, from a number of them or a text with a unit."""
    if isinstance(given, int) and not isinstance(given, bool) and given >= 0:
        return given
    found = _SIZE.fullmatch(given) if isinstance(given, str) else None
    units = {unit.lower(): size for unit, size in _UNITS.items()}
    unit = units.get(found[2].lower() or "b") if found else None
    if found is None or unit is None:
        raise _wrong(option, given, "write a size such as '512MB', '2GB' or '1.5GiB'")
    return int(float(found[1]) * unit)


def _retry_on(option: str, given: Any) -> tuple[str, ...]:
    items = [given] if isinstance(given, (str, type)) else given
    if not isinstance(items, (list, tuple)):
        raise _wrong(option, given, "it is a list of names of errors")
    return tuple([_name_of_error(option, item) for item in items])


def _name_of_error(option: str, item: Any) -> str:
    if isinstance(item, type) and issubclass(item, BaseException):
        return error_name(item)
    if isinstance(item, str) and item and all(part.isidentifier() for part in item.split(".")):
        return item
    raise _wrong(option, item, "name errors as 'ConnectionError' or 'package.module.Error'")


def error_name(kind: type[BaseException]) -> str:
    """Return the name that an error is told by: with its module, unless it is built in."""
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def error_names(error: BaseException) -> tuple[str, ...]:
    """Return all names that an error answers to: its own and those of its base classes, with module and without."""
    kinds = [kind for kind in type(error).__mro__ if issubclass(kind, BaseException)]
    return tuple(dict.fromkeys(name for kind in kinds for name in (kind.__name__, error_name(kind))))


def _part_of(
    kind: type[Any], parts: Mapping[str, tuple[str, Callable[[str, Any], Any]]], short: str = ""
) -> Callable[[str, Any], Any]:
    """Return what reads a mapping as a dataclass.

    Args:
        kind: the dataclass.
        parts: key to the name of its field, and what reads it.
        short: the key that is meant where there is no mapping.
    """

    def read(option: str, given: Any) -> Any:
        if isinstance(given, kind):
            return given
        if short and not isinstance(given, Mapping):
            return kind(**{parts[short][0]: parts[short][1](option, given)})
        if not isinstance(given, Mapping):
            raise _wrong(option, given, f"it is a mapping of {', '.join(parts)}")
        found, errors = {}, []
        for key, each in given.items():
            try:
                if key not in parts:
                    raise _unknown(f"{option!r} has no key", key, parts)
                field, read_part = parts[key]
                found[field] = read_part(f"{option}.{key}", each)
            except OptionError as error:
                error.key = key
                errors.append(error)
        if errors:
            errors[0].more = tuple(errors[1:])
            raise errors[0]
        return kind(**found)

    return read


def _or_none(read: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
    return lambda option, given: None if given is None else read(option, given)


_READERS: dict[str, Callable[[str, Any], Any]] = {
    "reuse": _flag,
    "keep": _one_of(KEEP_MODES),
    "retries": _part_of(
        Retries,
        {
            "count": ("count", _whole(0)),
            "delay_s": ("delay_s", _number(0)),
            "backoff": ("backoff", _number(1)),
            "jitter": ("jitter", _number(0, 1)),
            "retry_on": ("retry_on", _retry_on),
        },
        "count",
    ),
    "timeout_s": _or_none(_number(0, above=True)),
    "resources": _part_of(
        Resources,
        {
            "cpus": ("cpus", _number(0)),
            "gpus": ("gpus", _number(0)),
            "memory": ("memory_bytes", _size),
        },
    ),
    "priority": _whole(None),
    "engine": _or_none(_one_of(ENGINE_NAMES)),
}
"""Option to what reads it."""

DEFAULT_OPTIONS = NodeOptions()
"""Those of a node that says nothing; most nodes share this one object."""


def _wrong(option: str, given: Any, hint: str) -> OptionError:
    return OptionError(f"option {option!r} cannot be {given!r:.60}", hint=hint)


def _unknown(what: str, name: Any, known: Iterable[str]) -> OptionError:
    names = list(known)
    hint = did_you_mean(str(name), names) or f"known are {', '.join(names)}"
    return OptionError(f"{what} {name!r:.60}", hint=hint)
