"""Why a configured value does not fit its annotation, in the words and at the place of its author."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args

from mlflow_tmpl.config.parts import errors_within, member_of
from mlflow_tmpl.config.shapes import RECORDS, choices, named, read_shape, strange_keys
from mlflow_tmpl.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from mlflow_tmpl.config.shapes import Step
    from mlflow_tmpl.config.values import Value

_MAX_SHOWN = 60
_AT = re.compile(r" - at `(?:key` in `)?\$([^`]*)`$")
_STEP = re.compile(r"\.[^.\[]+|\[[^\]]*\]")
_EXPECTED = re.compile(r"Expected (.+?)(?:, got .*)?$", re.DOTALL)
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


def explain(error: Exception, value: Value, annotation: Any, subject: str) -> list[ConfigError]:
    """Return the errors to show instead of msgspec's, which tells the first one only and not always its place.

    Args:
        error: what msgspec said.
        value: what was to be converted.
        annotation: what it was to be converted to.
        subject: what to call the value.
    """
    owner = member_of(annotation, value.data)
    shape = read_shape(owner)
    found = [
        *strange_keys(value, shape, subject),
        *_lacking(value, shape, subject),
        *_wrong_keys(value, owner, subject),
        *errors_within(value, annotation, subject),
    ]
    if found:
        return found
    reasons = getattr(error.__cause__, "errors", None)
    if callable(reasons):
        return [_explain_model(reason, value, subject) for reason in reasons()]
    return [_explain_itself(str(error), value, read_shape(annotation), subject)]


def _explain_itself(message: str, value: Value, shape: Any, subject: str) -> ConfigError:
    """Return the error for a value whose parts are all right, or cannot be told apart."""
    at = _AT.search(message)
    said = message[: at.start()] if at else message
    steps: list[Step] = []
    for written in _STEP.findall(at.group(1)) if at else ():
        step = written[1:] if written.startswith(".") else written[1:-1]
        if not _has(value, step):
            break
        steps.append(step)
        value, shape = value.data[step], None
    return _explain_leaf(said, value, shape, named(subject, steps))


def _lacking(value: Value, shape: Any, subject: str) -> list[ConfigError]:
    if not value.is_mapping or type(shape).__name__ not in RECORDS:
        return []
    missing = [
        field.encode_name for field in shape.fields if field.required and field.encode_name not in value.data
    ]
    return [_lacks(name, value, subject) for name in missing]


def _lacks(name: str, value: Value, subject: str) -> ConfigError:
    return ConfigError(f"{subject} lacks {name!r}", where=str(value.origin), hint=f"add '{name}: ...' to it")


def _wrong_keys(value: Value, owner: Any, subject: str) -> list[ConfigError]:
    """Return the errors of the keys of a mapping that are to be converted themselves."""
    import msgspec

    arguments = get_args(owner)
    if not value.is_mapping or len(arguments) != 2 or type(read_shape(owner)).__name__ != "DictType":
        return []
    found = []
    for key, entry in value.data.items():
        try:
            msgspec.convert({key: None}, dict[arguments[0], Any], str_keys=True)  # type: ignore[valid-type]
        except msgspec.ValidationError as error:
            expected = _expected(_AT.sub("", str(error))) or "another one"
            message = f"key {key!r} of {subject} must be {expected}"
            found.append(ConfigError(message, where=str(entry.key_origin)))
    return found


def _has(value: Value, step: Step) -> bool:
    if isinstance(step, int):
        return type(value.data) is list and step < len(value.data)
    return value.is_mapping and step in value.data


def _explain_leaf(said: str, value: Value, shape: Any, subject: str) -> ConfigError:
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


def _explain_model(reason: Any, value: Value, subject: str) -> ConfigError:
    """Return the error for one thing that a pydantic model said, at the deepest place that was written."""
    wanted = reason["loc"]
    steps: list[Step] = []
    for step in wanted:  # some name the member of a union, not a key
        if _has(value, step):
            steps.append(step)
            value = value.data[step]
    subject = named(subject, steps)
    if reason["type"] == "missing":
        return _lacks(wanted[-1], value, subject)
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
