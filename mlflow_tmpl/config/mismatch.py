"""Why a configured value does not fit its annotation, in the words and at the place of its author."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.config.shapes import choices, inner_shape, named
from mlflow_tmpl.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_tmpl.config.shapes import Step
    from mlflow_tmpl.config.values import Value

_MAX_SHOWN = 60
_SOME_KEY = "[...]"
"""How msgspec writes a step into a dict: it does not say which key."""

_AT = re.compile(r" - at `(?:(key)` in `)?\$([^`]*)`$")
_STEP = re.compile(r"\.[^.\[]+|\[[^\]]*\]")
_EXPECTED = re.compile(r"Expected (.+?)(?:, got .*)?$", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.+)`").fullmatch
_NAMES = {
    "int": "an integer",
    "float": "a float",
    "str": "text",
    "bool": "true or false",
    "null": "null",
    "array": "a list",
    "object": "a mapping",
    "path": "the path of a file",
}
_FORMATS = {
    "Invalid RFC3339 encoded datetime": "a date and time such as 2024-01-31T12:30:00",
    "Invalid RFC3339 encoded date": "a date such as 2024-01-31",
    "Invalid RFC3339 encoded time": "a time such as 12:30:00",
    "Invalid ISO8601 duration": "a duration such as P1DT2H",
    "Invalid UUID": "a UUID",
    "Invalid decimal string": "a decimal number",
    "Invalid base64 encoded string": "text in base64",
    "Number out of range": "a number in the range of its type",
}


def explain(
    error: Exception, value: Value, plain: Any, shape: Any, attempt: Callable[[], Any], subject: str
) -> ConfigError:
    """Return the error to show instead of msgspec's.

    Args:
        error: what msgspec said.
        value: what was to be converted.
        plain: the same as plain data; reduced to what is wrong in the course of looking for it.
        shape: what it was to be converted to.
        attempt: converts `plain` again.
        subject: what to call the value.
    """
    said, on_key, raw = _parse(str(error))
    steps = _locate(type(error), raw, plain, attempt)
    reasons = getattr(error.__cause__, "errors", None)
    if callable(reasons):
        return _explain_model(reasons()[0], value, steps, subject)
    if on_key:
        return _explain_key(said, value, steps, subject)
    for step in steps:
        shape = inner_shape(shape, step, value.data)
        value = _below(value, step)
    return _explain_leaf(said, value, shape, named(subject, steps))


def _parse(message: str) -> tuple[str, bool, list[str]]:
    """Return what msgspec said, whether about a key, and the steps to the place as it writes them."""
    at = _AT.search(message)
    if at is None:
        return message, False, []
    on_key = at.group(1) is not None
    return message[: at.start()], on_key, _STEP.findall(at.group(2)) + [_SOME_KEY] * on_key


def _locate(kind: type[Exception], raw: list[str], plain: Any, attempt: Callable[[], Any]) -> list[Step]:
    """Return the steps to the place of an error, with the keys that msgspec leaves open found by bisection."""
    steps: list[Step] = []
    for count, written in enumerate(raw, start=1):

        def fails(prefix: list[str] = raw[:count]) -> bool:
            try:
                attempt()
            except kind as error:
                return _parse(str(error))[2][: len(prefix)] == prefix
            return False

        step = _reduce(plain, fails) if written == _SOME_KEY else _step(written)
        steps.append(step)
        plain = plain[step]
    return steps


def _step(written: str) -> Step:
    return written[1:] if written.startswith(".") else int(written[1:-1])


def _reduce(mapping: dict[str, Any], fails: Callable[[], bool]) -> str:
    """Return the first key that makes a conversion fail, and leave only that one in the mapping."""
    entries = list(mapping.items())
    while len(entries) > 1:
        middle = len(entries) // 2
        mapping.clear()
        mapping.update(entries[:middle])
        entries = entries[:middle] if fails() else entries[middle:]
    mapping.clear()
    mapping.update(entries)
    return entries[0][0]


def _below(value: Value, step: Step) -> Value:
    below: Value = value.data[step]
    return below


def _has(value: Value, step: Step) -> bool:
    if isinstance(step, int):
        return type(value.data) is list and step < len(value.data)
    return value.is_mapping and step in value.data


def _explain_leaf(said: str, value: Value, shape: Any, subject: str) -> ConfigError:
    missing = _MISSING(said)
    if missing:
        name = missing.group(1)
        return ConfigError(
            f"{subject} lacks {name!r}", where=str(value.origin), hint=f"add '{name}: ...' to it"
        )
    allowed = choices(shape)
    expected = " or ".join(map(repr, allowed)) if allowed else _expected(said)
    if not expected:
        reason = said[:1].lower() + said[1:]
        return ConfigError(f"{subject} cannot be taken: {reason}", where=str(value.origin))
    near = [choice for choice in allowed if isinstance(choice, str)] if isinstance(value.data, str) else []
    hint = did_you_mean(value.data, near) if near else ""
    return ConfigError(
        f"{subject} must be {expected}, but is {describe(value)}", where=str(value.origin), hint=hint
    )


def _explain_key(said: str, value: Value, steps: list[Step], subject: str) -> ConfigError:
    for step in steps:
        value = _below(value, step)
    expected = _expected(said) or "another one"
    owner = named(subject, steps[:-1])
    return ConfigError(f"key {steps[-1]!r} of {owner} must be {expected}", where=str(value.key_origin))


def _explain_model(reason: Any, value: Value, steps: list[Step], subject: str) -> ConfigError:
    """Return the error for what a pydantic model said first, at the deepest place that was written."""
    wanted = list(steps) + list(reason["loc"])
    steps = []
    for step in wanted:  # some name the member of a union, not a key
        if _has(value, step):
            steps.append(step)
            value = _below(value, step)
    subject = named(subject, steps)
    if reason["type"] == "missing":
        return _explain_leaf(f"Object missing required field `{wanted[-1]}`", value, None, subject)
    said = reason["msg"][:1].lower() + reason["msg"][1:]
    return ConfigError(f"{subject} cannot be taken: {said}; it is {describe(value)}", where=str(value.origin))


def _expected(said: str) -> str:
    """Return what msgspec expects in words that need no Python, or an empty string."""
    match = _EXPECTED.match(said)
    if match is None:
        return _FORMATS.get(said, "")
    return re.sub(r"`([^`]*)`", lambda kinds: _in_words(kinds.group(1)), match.group(1))


def _in_words(kinds: str) -> str:
    return " or ".join(_NAMES.get(kind, f"a {kind}") for kind in kinds.split(" | "))


def describe(value: Value) -> str:
    """Return what is there, short enough for a message."""
    data = value.data
    if data is None or isinstance(data, bool):
        return {None: "null", True: "true", False: "false"}[data]
    if isinstance(data, (dict, list)):
        return f"a {'mapping' if isinstance(data, dict) else 'list'} of {len(data)}"
    name = {str: "text", int: "integer", float: "float"}.get(type(data), type(data).__name__)
    shown = repr(data)
    return f"{name} {shown if len(shown) <= _MAX_SHOWN else shown[:_MAX_SHOWN] + '...'}"
