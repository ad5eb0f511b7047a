"""What a text with interpolations gives; the only module that imports OmegaConf, for its grammar."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from omegaconf.errors import GrammarParseError
from omegaconf.grammar_parser import parse
from omegaconf.grammar_visitor import GrammarVisitor

from mlflow_tmpl.config.interpolation import MARK, MAX_SIZE, lookup
from mlflow_tmpl.config.values import Value
from mlflow_tmpl.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlflow_tmpl.config.interpolation import Path, Place

_MAX_TEXT = 100_000
_MAX_NESTED = 40


@dataclass(frozen=True, slots=True)
class Found:
    """What a text gives.

    Attributes:
        data: a scalar, or values of a mapping or a list.
        hidden: what is shown instead, where an environment variable has a part in it.
    """

    data: Any
    hidden: str = ""


@dataclass(frozen=True, slots=True)
class FromEnvironment:
    """What a resolver gives that has asked the environment.

    Attributes:
        data: what it gives.
        name: of the variable.
    """

    data: Any
    name: str


@dataclass(frozen=True, slots=True)
class _Several:
    """A mapping or a list that an interpolation found, which no text can be made of."""

    value: Value
    place: Place

    def __str__(self) -> str:
        kind = "mapping" if self.value.is_mapping else "list"
        raise self.place.error(
            f"{self.place.value.data!r} puts a {kind} into a text",
            "a mapping or list can only be all of a value",
        )


@dataclass(slots=True)
class _Evaluation:
    """One evaluation of a text; the second one, of what an environment variable has a part in, makes what is shown."""

    place: Place
    names: list[str] = field(default_factory=list)
    shows: bool = False
    calls: list[Any] = field(default_factory=list)

    def run(self, tree: Any) -> Any:
        return GrammarVisitor(self._node, self._resolver, None).visit(tree)

    def _node(self, key: Any, _: Any) -> Any:
        found = lookup(self.place, self._path(key), f"${{{key.raw}}}")
        self.names += self.place.tree.hidden_in(found)
        if type(found.data) in (dict, list):
            return _Several(found, self.place)
        return found.shown() if self.shows else found.data

    def _path(self, key: Any) -> Path:
        up, path = key.relative_dots, self.place.path
        if up > len(path):
            hint = "a dot is the mapping that the text stands in, each further one the mapping around it"
            raise self.place.error(f"{self.place.value.data!r} leads above the top", hint)
        return (*(path[: len(path) - up] if up else ()), *key.parts)

    def _resolver(self, name: str, args: Sequence[Any], args_str: Sequence[str]) -> Any:
        if self.shows:
            return self._shown_call()
        before = len(self.names)
        given = [_plain(each) for each in args]
        decodes = name == "oc.decode"
        made = self._decoded(given) if decodes else self.place.tree.call(self.place, name, given)
        if isinstance(made, FromEnvironment):
            self.names.append(f"env:{made.name}")
            made = made.data
        if isinstance(made, Value):
            self.names += self.place.tree.hidden_in(made)
        own = self.names[before:] or [each for each in self.names if any(MARK in text for text in args_str)]
        self.calls.append((made, own))
        if isinstance(made, Value):
            return _Several(made, self.place) if type(made.data) in (dict, list) else made.data
        return made

    def _decoded(self, given: Sequence[Any]) -> Any:
        if len(given) != 1 or not isinstance(given[0], (str, type(None))):
            raise self.place.error("resolver 'oc.decode' takes one text", "write ${oc.decode:${oc.env:NAME}}")
        if given[0] is None:
            return None
        inner = _Evaluation(self.place)
        data = _plain(inner.run(_parse(given[0], self.place, rule="singleElement", mode="VALUE_MODE")))
        self.names += inner.names
        return data

    def _shown_call(self) -> Any:
        """Return what is shown of a call: its result, unless the environment has a part in it."""
        made, own = self.calls.pop(0)
        if own:
            return " ".join(dict.fromkeys(own))
        return _plain(made)


def evaluate(place: Place) -> Found:
    """Return what the text at a place gives.

    Raises:
        ConfigError: it is no interpolation, or leads nowhere.
    """
    text = place.value.data
    tree = _parse(text, place)
    evaluation = _Evaluation(place)
    try:
        data = evaluation.run(tree)
        names = list(dict.fromkeys(evaluation.names))
        hidden = ""
        if names:
            shown = _Evaluation(place, shows=True, calls=evaluation.calls).run(tree)
            hidden = shown if isinstance(shown, str) and "env:" in shown else " ".join(names)
    except RecursionError:
        raise place.error("interpolations are nested too deep") from None
    if isinstance(data, str) and len(data) > MAX_SIZE:
        raise place.error(f"{text[:40]!r} gives a text of more than {MAX_SIZE:,} characters")
    return Found(data.value if isinstance(data, _Several) else data, hidden)


def _parse(text: str, place: Place, rule: str = "configValue", mode: str = "DEFAULT_MODE") -> Any:
    hint = "write \\${ where no interpolation is meant"
    if len(text) > _MAX_TEXT or text.count(MARK) > _MAX_NESTED * 10 or _nesting(text) > _MAX_NESTED:
        raise place.error(
            f"{text[:40] + '...'!r} is too long, or nested too deep, for an interpolation", hint
        )
    try:
        return parse(text, parser_rule=rule, lexer_mode=mode)
    except GrammarParseError as error:
        raise place.error(f"{text!r} is no interpolation: {_one_line(error)}", hint) from None
    except RecursionError:
        raise place.error("interpolations are nested too deep") from None


def _nesting(text: str) -> int:
    depth = deepest = 0
    for character in text:
        depth += (character in "{[") - (character in "}]")
        deepest = max(deepest, depth)
    return deepest


def _one_line(error: Exception) -> str:
    said = " ".join(str(error).split())
    return said[:1].lower() + said[1:]


def _plain(data: Any) -> Any:
    """Return plain data of what the grammar, a lookup or a resolver gave."""
    if isinstance(data, _Several):
        return data.value.plain()
    if isinstance(data, Value):
        return data.plain()
    if isinstance(data, dict):
        return {key: _plain(each) for key, each in data.items()}
    if isinstance(data, list):
        return [_plain(each) for each in data]
    return data
