"""What `nodes.yml` says about how nodes are run: options by name, by name pattern, by tag."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import ConfigError, PipelineError, did_you_mean, together
from mlflow_tmpl.hashing import digest_parts
from mlflow_tmpl.pipeline.names import is_word
from mlflow_tmpl.pipeline.options import NodeOptions, OptionError, read_option

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mlflow_tmpl.config.values import Value
    from mlflow_tmpl.pipeline import Node, Pipeline
    from mlflow_tmpl.pipeline.condition import Condition

TAG = "tag:"
"""What a key begins with that means the nodes of a tag."""

WHEN = "when"
"""What is no option, as it says whether a node runs and not how."""

_WILD = re.compile(r"[*?]")


@dataclass(frozen=True, slots=True)
class Rule:
    """Options for some nodes.

    Attributes:
        key: as it is written: a name, a pattern with ``*`` and ``?``, or a tag behind ``tag:``.
        where: place of the key.
        changes: option to what `NodeOptions` holds for it; `WHEN` to a condition.
        weight: what this rule is weighed by against others for the same node.
    """

    key: str
    where: str
    changes: Mapping[str, Any]
    weight: tuple[int, int, int]


class NodeRules:
    """The rules of all layers, merged like all configuration.

    For each option the most exact rule that says something counts: one for the name of the node before one for a
    pattern, the pattern with more literal characters before another, both before one for a tag, and that before ``*``;
    among equals the one that is written later. What no rule says is as the code has it.

    Args:
        written: the content of `nodes.yml`, interpolations resolved.

    Raises:
        ConfigError: something in it is no rule; all that is wrong is told at once.
    """

    def __init__(self, written: Value) -> None:
        errors: list[ConfigError] = []
        rules = [
            _rule(key, value, number, errors) for number, (key, value) in enumerate(written.data.items())
        ]
        if errors:
            raise together(errors, "options of nodes are not as they can be")
        self._rules = sorted(rules, key=lambda rule: rule.weight)
        self._names: dict[str, int] = {}
        self._tags: dict[str, list[int]] = {}
        self._patterns: list[tuple[int, re.Pattern[str]]] = []
        for number, rule in enumerate(self._rules):
            if rule.key.startswith(TAG):
                self._tags.setdefault(rule.key[len(TAG) :], []).append(number)
            elif _WILD.search(rule.key):
                self._patterns.append((number, _expression(rule.key)))
            else:
                self._names[rule.key] = number

    @property
    def id(self) -> str:
        """A hash of which nodes are meant, whatever is said of them."""
        return digest_parts(["nodes.yml", *(rule.key for rule in self._rules)])

    def apply(self, pipeline: Pipeline) -> Pipeline:
        """Return a pipeline with the options that the rules say; nodes that shared theirs go on sharing them."""
        made: dict[tuple[int, tuple[int, ...]], NodeOptions] = {}
        conditions: dict[str, Condition] = {}

        def options(node: Node) -> NodeOptions:
            meant = tuple(self._meant(node))
            if not meant:
                return node.options
            said = [self._rules[number].changes for number in meant]
            conditions.update((node.name, changes[WHEN]) for changes in said if WHEN in changes)
            known = made.get((id(node.options), meant))
            if known is None:
                both = {
                    option: value for changes in said for option, value in changes.items() if option != WHEN
                }
                known = made[id(node.options), meant] = node.options.changed(both)
            return known

        ruled = pipeline.with_options(options)
        return ruled.with_conditions(conditions) if conditions else ruled

    def check(self, pipelines: Iterable[Pipeline]) -> None:
        """Refuse rules that no node is meant by.

        Args:
            pipelines: all that there are; the later ones are looked at only if there is need.

        Raises:
            ConfigError: there are some.
        """
        idle, names, tags = set(range(len(self._rules))), set[str](), set[str]()
        for pipeline in pipelines:
            for node in pipeline:
                idle.difference_update(self._meant(node))
                names.add(node.name)
                tags |= node.tags
            if not idle:
                return
        as_written = sorted([self._rules[number] for number in idle], key=lambda rule: rule.weight[-1])
        raise together([_idle(rule, names, tags) for rule in as_written], "rules for nodes match none")

    def _meant(self, node: Node) -> Sequence[int]:
        """Return the rules that a node is meant by, the one that weighs most last."""
        meant = [number for number, pattern in self._patterns if pattern.fullmatch(node.name)]
        for tag in node.tags if self._tags else ():
            meant += self._tags.get(tag, ())
        if node.name in self._names:
            meant.append(self._names[node.name])
        return sorted(meant) if len(meant) > 1 else meant


def _rule(key: str, value: Value, number: int, errors: list[ConfigError]) -> Rule:
    where = str(value.key_origin)
    tag = key.startswith(TAG)
    if not is_word(_WILD.sub("x", key[len(TAG) :] if tag else key)) or (tag and _WILD.search(key)):
        hint = "write the name of a node, a pattern such as 'load_*', or 'tag:' and a tag"
        errors.append(ConfigError(f"{key!r} means no node", where=where, hint=hint))
    if not value.is_mapping:
        hint = "write options and their values below it, such as 'retries: 3'"
        errors.append(ConfigError(f"node {key!r} has no options", where=where, hint=hint))
        return Rule(key, where, {}, (0, 0, number))
    changes = {}
    for option, given in value.data.items():
        try:
            changes[option] = _condition(given) if option == WHEN else read_option(option, given.plain())
        except OptionError as wrong:
            for error in wrong.each():
                place = str((given.data[error.key] if error.key else given).key_origin)
                errors.append(ConfigError(f"node {key!r}: {error.message}", where=place, hint=error.hint))
        except ConfigError as error:
            errors.append(error)
        except PipelineError as error:
            errors.append(
                ConfigError(f"node {key!r}: {error.message}", where=str(given.origin), hint=error.hint)
            )
    return Rule(key, where, changes, (*_exactness(key), number))


def _exactness(key: str) -> tuple[int, int]:
    """Return how exactly a key means a node: ``*`` least, then a tag, then other patterns, and a name most."""
    if key.startswith(TAG):
        return 1, 0
    if not _WILD.search(key):
        return 3, 0
    literal = len(_WILD.sub("", key))
    return (2, literal) if literal else (0, 0)


def _condition(given: Value) -> Condition:
    from mlflow_tmpl.pipeline.condition import Condition

    return Condition.of(given.plain())


def _expression(pattern: str) -> re.Pattern[str]:
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(character) or re.escape(character) for character in pattern))


def _idle(rule: Rule, names: set[str], tags: set[str]) -> ConfigError:
    if rule.key.startswith(TAG):
        tag = rule.key[len(TAG) :]
        hint = did_you_mean(tag, tags) or f"there are {_some(tags)}"
        return ConfigError(f"no node has the tag {tag!r}", where=rule.where, hint=hint)
    if _WILD.search(rule.key):
        hint = did_you_mean(rule.key, names, 0.5) or f"there are {_some(names)}"
        return ConfigError(f"no node is named like {rule.key!r}", where=rule.where, hint=hint)
    hint = did_you_mean(rule.key, names) or f"there are {_some(names)}"
    return ConfigError(f"no node is named {rule.key!r}", where=rule.where, hint=hint)


def _some(names: Iterable[str]) -> str:
    known = sorted(names)
    return f"{', '.join(known[:8])}{', ...' if len(known) > 8 else ''}" if known else "none"
