"""Dataclasses that cost next to nothing until they are used.

The standard library writes up to six methods of a class as text and compiles each: half a millisecond a class,
which was a quarter of the time of a command that has nothing to do. Here ``__init__`` is compiled when the first
object is made, the other methods need no text, and what `dataclasses.fields`, `dataclasses.replace` and
`dataclasses.asdict` look at is made by the standard library when they look.
"""

from __future__ import annotations

import dataclasses
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from dataclasses import dataclass as dataclass
else:

    def dataclass(
        *, frozen: bool = False, slots: bool = False, init: bool = True, eq: bool = True
    ) -> Callable[[type], type]:
        """Return a decorator that does what `dataclasses.dataclass` does, for annotations that are texts.

        Args:
            frozen: whether fields cannot be set any more.
            slots: whether objects have no other attributes.
            init: whether to write ``__init__``.
            eq: whether objects are equal, and have one hash, where their fields have.
        """
        return lambda plain: _made(plain, frozen, slots, {"frozen": frozen, "init": init, "eq": eq})


_MISSING: Any = dataclasses.MISSING
_set = object.__setattr__


def _made(plain: type, frozen: bool, slots: bool, options: dict[str, bool]) -> type:
    written = {name: value for name, value in vars(plain).items() if name not in {"__dict__", "__weakref__"}}
    told = plain.__annotations__  # of the class alone, from Python 3.10 on
    own = {name: _field(name, plain) for name in told if not told[name].startswith("ClassVar")}
    fields: dict[str, dataclasses.Field[Any]] = {}
    for base in reversed(plain.__mro__[1:]):
        fields |= vars(base).get("__own_fields__", {})
    fields |= own
    methods = _methods(fields, options["eq"], frozen, slots)
    lazy = {name: _Lazy(name, written, options) for name in _TOLD_BY_LIBRARY}
    named = {"__own_fields__": own, "__match_args__": tuple(fields)}
    body = {**methods, **lazy, **named, **written}
    for name, field in own.items():
        body.pop(name, None)
        if field.default is not _MISSING and not slots:
            body[name] = field.default
    if slots:
        body["__slots__"] = tuple(own)
    if body.get("__hash__") is None and options["eq"]:  # Python's own mark where only `__eq__` is written
        body["__hash__"] = methods["__hash__"]
    made = type(plain)(plain.__name__, plain.__bases__, body)
    made.__qualname__ = plain.__qualname__
    if options["init"] and "__init__" not in written:
        made.__init__ = _first_init(made, fields)  # type: ignore[misc]
    return made


def _field(name: str, plain: type) -> dataclasses.Field[Any]:
    """Return what is written of a field."""
    written = vars(plain).get(name, _MISSING)
    field = written if isinstance(written, dataclasses.Field) else dataclasses.field(default=written)
    if not field.init or field.kw_only is True:
        raise TypeError(f"field {name!r} of {plain.__qualname__} must be an argument by place")
    return field


def _methods(
    fields: Mapping[str, dataclasses.Field[Any]], eq: bool, frozen: bool, slots: bool
) -> dict[str, Any]:
    """Return the methods that need no text."""
    methods: dict[str, Any] = {"__repr__": _repr([name for name, field in fields.items() if field.repr])}
    if eq:
        values = _values([name for name, field in fields.items() if field.compare])
        methods["__eq__"] = _equality(values)
        methods["__hash__"] = (lambda self: hash(values(self))) if frozen else None
    if frozen:
        methods |= {"__setattr__": _refusal("assign to"), "__delattr__": _refusal("delete")}
    if frozen and slots:
        methods |= {"__getstate__": _values(fields), "__setstate__": _restoring(tuple(fields))}
    return methods


def _values(names: Iterable[str]) -> Callable[[Any], tuple[Any, ...]]:
    """Return what gives the values of some fields."""
    asked = tuple(names)
    if not asked:
        return lambda _: ()
    get = attrgetter(*asked)
    return (lambda self: (get(self),)) if len(asked) == 1 else (lambda self: get(self))


def _equality(values: Callable[[Any], tuple[Any, ...]]) -> Callable[[Any, object], Any]:
    def __eq__(self: Any, other: object) -> Any:  # noqa: N807
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    return __eq__


def _repr(names: Iterable[str]) -> Callable[[Any], str]:
    shown = tuple(names)

    @recursive_repr()
    def __repr__(self: Any) -> str:  # noqa: N807
        told = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{self.__class__.__qualname__}({told})"

    return __repr__


def _refusal(verb: str) -> Callable[..., None]:
    def refuse(_: Any, name: str, *__: Any) -> None:
        raise dataclasses.FrozenInstanceError(f"cannot {verb} field {name!r}")

    return refuse


def _restoring(names: tuple[str, ...]) -> Callable[[Any, Iterable[Any]], None]:
    def __setstate__(self: Any, state: Iterable[Any]) -> None:  # noqa: N807
        for name, value in zip(names, state, strict=True):
            _set(self, name, value)

    return __setstate__


def _first_init(cls: Any, fields: Mapping[str, dataclasses.Field[Any]]) -> Callable[..., None]:
    """Return an ``__init__`` that puts a compiled one in its own place when it is called."""

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        if cls.__init__ is __init__:
            cls.__init__ = _compiled(cls, fields)
        cls.__init__(self, *args, **kwargs)

    return __init__


def _compiled(cls: type, fields: Mapping[str, dataclasses.Field[Any]]) -> Callable[..., None]:
    known: dict[str, Any] = {"MISSING": _MISSING, "set_": _set}
    arguments, body = [], []
    for name, field in fields.items():
        value = name
        if field.default_factory is not _MISSING:
            known[f"make_{name}"] = field.default_factory
            arguments.append(f"{name}=MISSING")
            value = f"make_{name}() if {name} is MISSING else {name}"
        elif field.default is not _MISSING:
            known[f"else_{name}"] = field.default
            arguments.append(f"{name}=else_{name}")
        else:
            arguments.append(name)
        body.append(f"set_(self_, {name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        body.append("self_.__post_init__()")
    exec(f"def __init__(self_, {', '.join(arguments)}):\n {'; '.join(body) or 'pass'}", known)
    made: Callable[..., None] = known["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    made.__module__ = cls.__module__
    return made


class _Lazy:
    """An attribute of a class that the standard library makes when it is asked for.

    Args:
        name: of the attribute.
        written: what is written in the class.
        options: of the decorator.
    """

    def __init__(self, name: str, written: Mapping[str, Any], options: Mapping[str, bool]) -> None:
        self._name = name
        self._written = written
        self._options = options

    def __get__(self, instance: object, cls: type) -> Any:
        """Return what the library makes of a class that is written alike."""
        home = next(each for each in cls.__mro__ if vars(each).get(self._name) is self)
        return _TOLD_BY_LIBRARY[self._name](self, home, cls if instance is None else None)

    def fields(self, home: Any, _: type | None) -> Any:
        """Return the fields, for which nothing has to be compiled."""
        own = type(home.__name__, (), dict(self._written))
        told: Any = dataclasses.dataclass(init=False, repr=False, eq=False)(own)
        inherited = getattr(home.__base__, self._name, {})
        home.__dataclass_fields__ = {**inherited, **told.__dataclass_fields__}
        return home.__dataclass_fields__

    def params(self, home: Any, _: type | None) -> Any:
        """Return the options."""
        home.__dataclass_params__ = self._twin(home).__dataclass_params__
        return home.__dataclass_params__

    def signature(self, home: Any, asked: type | None) -> Any:
        """Return the arguments of the class; objects and heirs have others."""
        import inspect

        if asked is not home:
            raise AttributeError(self._name)
        return inspect.signature(self._twin(home))

    def _twin(self, home: Any) -> Any:
        return dataclasses.dataclass(**self._options)(
            type(home.__name__, home.__bases__, dict(self._written))
        )


_TOLD_BY_LIBRARY: Mapping[str, Callable[..., Any]] = {
    "__dataclass_fields__": _Lazy.fields,
    "__dataclass_params__": _Lazy.params,
    "__signature__": _Lazy.signature,
}
