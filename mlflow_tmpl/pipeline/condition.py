"""Conditions: what tells whether a node runs at all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import PipelineError
from mlflow_tmpl.pipeline.names import PARAMETER_PREFIX, is_dataset_name, is_parameter, parameter_key
from mlflow_tmpl.pipeline.signature import describe, read_signature, where_defined

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    When = str | Callable[..., Any] | None

_NOT = "not "
_VALUE = "value"


@dataclass(frozen=True, slots=True)
class Condition:
    """What tells whether a node runs: a parameter, a dataset, or a function of some.

    Attributes:
        inputs: argument to dataset name or ``params:...``; one argument where there is no function.
        func: tells it from them; ``None`` where the one input says it itself, as true or false.
        negated: whether the node runs where it is false.
        optional: arguments of the function that have a default.
    """

    inputs: Mapping[str, str]
    func: Callable[..., Any] | None = None
    negated: bool = False
    optional: frozenset[str] = frozenset()

    @classmethod
    def of(cls, when: str | Callable[..., Any]) -> Condition:
        """Return what ``when=`` means.

        A function takes its arguments by the convention of nodes: those before the star are datasets of their names,
        those after it parameters of theirs.

        Raises:
            PipelineError: it means nothing.

        Example:
            >>> Condition.of("not params:train.quick").inputs
            {'value': 'params:train.quick'}
            >>> def is_large(penguins, *, enough): return len(penguins) >= enough
            >>> Condition.of(is_large).inputs
            {'penguins': 'penguins', 'enough': 'params:enough'}
        """
        if callable(when):
            return cls._of_function(when)
        text = when.strip() if isinstance(when, str) else ""
        name = text.removeprefix(_NOT).strip()
        if not is_dataset_name(name):
            raise PipelineError(
                f"{when!r} is no condition",
                hint="when= takes 'params:key', a dataset, 'not' before one of them, or a function",
            )
        return cls({_VALUE: name}, negated=name != text)

    @classmethod
    def _of_function(cls, func: Callable[..., Any]) -> Condition:
        signature = read_signature(func)
        if signature.takes_any or signature.takes_any_name:
            raise PipelineError(
                f"condition {describe(func)!r} takes any arguments",
                where=where_defined(func),
                hint="name its arguments: datasets before the star, parameters after it",
            )
        datasets = (name for name in signature.positional if name not in signature.optional)
        wired = {
            **{name: name for name in datasets},
            **{name: PARAMETER_PREFIX + name for name in signature.keyword_only},
        }
        return cls(wired, func, optional=signature.optional)

    @property
    def datasets(self) -> tuple[str, ...]:
        """The datasets that it asks."""
        return tuple(name for name in self.inputs.values() if not is_parameter(name))

    def renamed(self, names: Callable[[str], str]) -> Condition:
        """Return this condition with each dataset and parameter name passed through `names`."""
        return replace(self, inputs={argument: names(name) for argument, name in self.inputs.items()})

    def __str__(self) -> str:
        """Return it as it is written, a parameter by its key."""
        shown = [parameter_key(name) if is_parameter(name) else name for name in self.inputs.values()]
        text = f"{describe(self.func)}({', '.join(shown)})" if self.func is not None else shown[0]
        return f"{_NOT}{text}" if self.negated else text

    def __hash__(self) -> int:
        return hash(str(self))
