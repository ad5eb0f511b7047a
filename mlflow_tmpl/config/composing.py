"""From the events of a YAML parser to values with origins, in one pass and without recursion.

Built from events and not from nodes: events come one by one, so that a document nested too deep or with too many
aliases is refused before it is in memory, and no tag gets the chance to construct anything. It also spares the
resolver of the library, which is half of what composing nodes costs.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from yaml import events

from mlflow_tmpl.config.scalars import MAX_DIGITS, AmbiguousScalarError, LongNumberError, resolve
from mlflow_tmpl.config.values import MAX_DEPTH, Origin, Value
from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_VALUES = 1_000_000
"""How many values a document may have, with all that its aliases stand for: what takes some seconds to read."""

_TAG = "tag:yaml.org,2002:"
_PLAIN_TAGS = {
    events.ScalarEvent: (None, "!", _TAG + "str"),
    events.MappingStartEvent: (None, _TAG + "map"),
    events.SequenceStartEvent: (None, _TAG + "seq"),
}


@dataclass(slots=True)
class _Open:
    """A mapping or list that is being read.

    Attributes:
        value: what it will be.
        wants_key: whether the next value is a key of this mapping.
        anchor: its name for aliases, if it has one.
        size: how many values had been read when it began, with all that aliases stand for.
        key: the key whose value comes next; ``None`` in a list, or after ``<<``.
        key_origin: where that key stands.
        defaults: what ``<<`` brings in.
        merges: whether there is a ``<<``.
        height: how deep it is nested within.
    """

    value: Value
    wants_key: bool
    anchor: str | None
    size: int
    key: str | None = None
    key_origin: Origin | None = None
    defaults: Value | None = None
    merges: bool = False
    height: int = 1


@dataclass(slots=True)
class _Anchored:
    """A value that aliases may stand for; ``value`` is ``None`` while it is being read."""

    value: Value | None = None
    size: int = 1
    height: int = 0


@dataclass(slots=True)
class _Composer:
    """Takes the events of one document and holds what has been made of them."""

    source: str
    root: Value | None = None
    stack: list[_Open] = field(default_factory=list)
    anchors: dict[str, _Anchored] = field(default_factory=dict)
    documents: int = 0
    size: int = 0

    def origin(self, event: Any) -> Origin:
        mark = event.start_mark
        return Origin(self.source, mark.line + 1, mark.column + 1)

    def scalar(self, event: events.ScalarEvent) -> None:
        origin = self.origin(event)
        top = self.stack[-1] if self.stack else None
        if top is not None and top.wants_key:
            self.begin_entry(top, event, origin)
            return
        value = Value(self.read(event, origin), origin, None, top.key_origin if top else None)
        if event.anchor:
            self.anchors[event.anchor] = _Anchored(value)
        self.count(1, origin)
        self.add(value)

    def read(self, event: events.ScalarEvent, origin: Origin) -> Any:
        if event.tag is not None:
            _check_tag(event, origin)
            return event.value
        if event.style:
            return _whole_characters(event.value, origin)
        try:
            return resolve(event.value)
        except AmbiguousScalarError as error:
            raise ConfigError(
                f"{error.text!r} is read differently by YAML 1.1 and 1.2",
                where=str(origin),
                hint=f'write {error.meant} or "{error.text}"',
            ) from None
        except LongNumberError:
            hint = "put it in quotes if it is text"
            raise ConfigError(
                f"number has more than {MAX_DIGITS} digits", where=str(origin), hint=hint
            ) from None

    def begin_entry(self, top: _Open, event: events.ScalarEvent, origin: Origin) -> None:
        if event.value == "<<" and not event.style and event.tag is None:
            self.begin_merge(top, origin)
            return
        key = self.read_key(event, origin)
        if event.anchor:
            self.anchors[event.anchor] = _Anchored(Value(key, origin))
        self.open_key(top, key, origin)

    def read_key(self, event: events.ScalarEvent, origin: Origin) -> str:
        try:
            key = self.read(event, origin)
        except ConfigError as error:
            if event.tag is None:
                error.hint = f'put it in quotes: "{event.value:.40}":'
            raise
        if not isinstance(key, str):
            hint = f'put it in quotes: "{event.value:.40}":'
            raise ConfigError(f"key {event.value:.40} is not text", where=str(origin), hint=hint)
        return key

    def open_key(self, top: _Open, key: str, origin: Origin) -> None:
        earlier = top.value.data.get(key)
        if earlier is not None:
            raise ConfigError(
                f"key {key!r} is given twice, first at {earlier.key_origin}",
                where=str(origin),
                hint="remove one of them",
            )
        top.key, top.key_origin, top.wants_key = key, origin, False

    def begin_merge(self, top: _Open, origin: Origin) -> None:
        if top.merges:
            hint = "write <<: [*first, *second]"
            raise ConfigError("'<<' is given twice in one mapping", where=str(origin), hint=hint)
        top.merges, top.wants_key = True, False

    def count(self, more: int, origin: Origin) -> None:
        self.size += more
        if self.size > MAX_VALUES:
            hint = "keep data out of the configuration, and repeat less by aliases"
            raise ConfigError(f"file has more than {MAX_VALUES:,} values", where=str(origin), hint=hint)

    def add(self, value: Value) -> None:
        """Put a finished scalar, or a mapping or list that begins, where it belongs."""
        if not self.stack:
            self.root = value
            return
        top = self.stack[-1]
        if type(top.value.data) is list:
            top.value.data.append(value)
            return
        if top.key is None:
            top.defaults = value
        else:
            top.value.data[top.key] = value
        top.key, top.key_origin, top.wants_key = None, None, True

    def begin(self, event: events.CollectionStartEvent) -> None:
        origin = self.origin(event)
        _check_tag(event, origin)
        top = self.stack[-1] if self.stack else None
        is_mapping = type(event) is events.MappingStartEvent
        if top is not None and top.wants_key:
            raise _no_key("mapping" if is_mapping else "list", origin)
        self.check_depth(1, origin)
        data: Any = {} if is_mapping else []
        value = Value(data, origin, None, top.key_origin if top else None)
        if event.anchor:
            self.anchors[event.anchor] = _Anchored()
        size = self.size
        self.count(1, origin)
        self.add(value)
        self.stack.append(_Open(value, is_mapping, event.anchor, size))

    def check_depth(self, height: int, origin: Origin) -> None:
        if len(self.stack) + height > MAX_DEPTH:
            raise ConfigError(f"values are nested more than {MAX_DEPTH} deep", where=str(origin))

    def end(self, _event: events.CollectionEndEvent) -> None:
        done = self.stack.pop()
        if done.defaults is not None:
            _merge_defaults(done.value, done.defaults)
        if self.stack:
            self.stack[-1].height = max(self.stack[-1].height, done.height + 1)
        if done.anchor:
            size = self.size - done.size
            self.anchors[done.anchor] = _Anchored(done.value, size, done.height)

    def alias(self, event: events.AliasEvent) -> None:
        origin = self.origin(event)
        anchored = self.find_anchor(str(event.anchor), origin)
        value = anchored.value
        if value is None:
            raise ConfigError(f"alias '*{event.anchor}' stands within what it names", where=str(origin))
        self.check_depth(anchored.height, origin)
        self.count(anchored.size, origin)
        self.put_alias(value, anchored.height, origin)

    def put_alias(self, value: Value, height: int, origin: Origin) -> None:
        top = self.stack[-1]
        if top.wants_key:
            if not isinstance(value.data, str):
                raise _no_key("value that is not text", origin)
            self.open_key(top, value.data, origin)
            return
        top.height = max(top.height, height + 1)
        self.add(Value(value.data, value.origin, None, top.key_origin))

    def find_anchor(self, name: str, origin: Origin) -> _Anchored:
        if name not in self.anchors:
            hint = did_you_mean(name, self.anchors) or f"write &{name} before the value that it stands for"
            raise ConfigError(f"alias '*{name}' has no anchor above it", where=str(origin), hint=hint)
        return self.anchors[name]

    def begin_document(self, event: events.DocumentStartEvent) -> None:
        self.documents += 1
        if self.documents > 1:
            raise ConfigError(
                "file holds several documents",
                where=str(self.origin(event)),
                hint="keep one, or remove the line '---' between them",
            )


def compose(parsed: Iterator[Any], source: str) -> Value | None:
    """Return the value that a stream of parser events describes, or ``None`` if there is nothing in it.

    Args:
        parsed: events of PyYAML.
        source: the file for the origins.

    Raises:
        ConfigError: whatever is no plain tree of text keys, scalars and lists.
    """
    composer = _Composer(source)
    takers: dict[type, Callable[[Any], None]] = {
        events.ScalarEvent: composer.scalar,
        events.MappingStartEvent: composer.begin,
        events.MappingEndEvent: composer.end,
        events.SequenceStartEvent: composer.begin,
        events.SequenceEndEvent: composer.end,
        events.AliasEvent: composer.alias,
        events.DocumentStartEvent: composer.begin_document,
    }
    for event in parsed:
        taker = takers.get(type(event))
        if taker is not None:
            taker(event)
    return composer.root


def _merge_defaults(value: Value, defaults: Value) -> None:
    """Put what ``<<`` names below the keys that the mapping has itself; the first of several weighs most."""
    own = dict(value.data)
    value.data.clear()
    for mapping in reversed(defaults.data if type(defaults.data) is list else [defaults]):
        if not mapping.is_mapping:
            hint = "write <<: *anchor"
            raise ConfigError(
                "'<<' takes a mapping or a list of mappings", where=str(mapping.origin), hint=hint
            )
        value.data.update(mapping.data)
    value.data.update(own)


def _check_tag(event: Any, origin: Origin) -> None:
    if event.tag not in _PLAIN_TAGS[type(event)]:
        tag = event.tag.replace(_TAG, "!!")
        hint = "remove the tag and write the value plainly"
        raise ConfigError(f"tag {tag!r} is not taken", where=str(origin), hint=hint)


def _whole_characters(text: str, origin: Origin) -> str:
    """Refuse escapes of half a character, as the parser in C does and the one in Python does not."""
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        hint = "write the character itself, or \\U and eight digits"
        raise ConfigError("text has an escape that is half a character", where=str(origin), hint=hint)
    return text


def _no_key(kind: str, origin: Origin) -> ConfigError:
    hint = "put text that begins with a bracket, a brace or '*' in quotes"
    return ConfigError(f"a {kind} cannot be a key", where=str(origin), hint=hint)
