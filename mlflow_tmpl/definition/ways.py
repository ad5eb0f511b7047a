"""Two ways to know the pipelines of a project: as their modules make them, and as they were remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_tmpl.definition.code import RememberedCode
from mlflow_tmpl.definition.definitions import NotRemembered
from mlflow_tmpl.hashing import digest, digest_parts
from mlflow_tmpl.pipeline.names import is_parameter, parameter_key
from mlflow_tmpl.pipeline.signature import is_generator_function
from mlflow_tmpl.planning import Action, BoundParameter, CodeReader, bind_parameters
from mlflow_tmpl.planning.json_texts import plain_json
from mlflow_tmpl.planning.wiring import check_functions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mlflow_tmpl.catalog import Catalog
    from mlflow_tmpl.config import Value
    from mlflow_tmpl.config.node_rules import NodeRules
    from mlflow_tmpl.definition.definitions import Definition
    from mlflow_tmpl.pipeline import Node, Pipeline
    from mlflow_tmpl.planning import Plan


class Loaded:
    """Pipelines whose modules were imported.

    Args:
        whole: what was asked for.

    Attributes:
        whole: what was asked for.
        passed: hashes of the checks that were passed.
    """

    def __init__(self, whole: Pipeline) -> None:
        self.whole = whole
        self.passed: list[str] = []

    def code(self, *reading: Any) -> CodeReader:
        """Return what fingerprints the code."""
        return CodeReader(*reading)

    def bind(self, part: Pipeline, parameters: Value) -> list[Mapping[str, BoundParameter]]:
        """Look up and convert parameters; errors are those of `bind_parameters`."""
        bound = bind_parameters(part, parameters)
        for node, taken in zip(part.nodes, bound, strict=True):
            self.passed += [_taking(node, argument, each.shown) for argument, each in taken.items()]
        return bound

    def check(self, part: Pipeline, catalog: Catalog) -> None:
        """Check what functions say of themselves; errors are those of `check_functions`."""
        check_functions(part, catalog)
        self.passed.append(_wiring(part, catalog))

    def check_rules(self, rules: NodeRules, pipelines: Iterable[Pipeline]) -> None:
        """Check that rules mean nodes; errors are those of `NodeRules.check`."""
        rules.check(pipelines)
        self.passed.append(rules.id)


class Remembered:
    """Pipelines as they were when their modules were imported.

    Args:
        definition: what is known of them.

    Attributes:
        whole: what was asked for.
    """

    def __init__(self, definition: Definition) -> None:
        self.whole = definition.pipeline
        self._definition = definition

    def code(self, *reading: Any) -> CodeReader:
        """Return what gives the fingerprints of that time; arguments are those of `CodeReader`."""
        return RememberedCode(self._definition, *reading)

    def bind(self, part: Pipeline, parameters: Value) -> list[Mapping[str, BoundParameter]]:
        """Look up parameters, each of which was converted before.

        Raises:
            NotRemembered: one of them was not, or is missing.
        """
        return [dict(self._bind(node, parameters)) for node in part.nodes]

    def _bind(self, node: Node, parameters: Value) -> Iterator[tuple[str, BoundParameter]]:
        for argument, name in node.inputs.items():
            if is_parameter(name):
                key = parameter_key(name)
                value = parameters.get(key) if key else parameters
                if value is not None:
                    shown = plain_json(value.counted())
                    self._definition.require(_taking(node, argument, shown))
                    yield argument, BoundParameter(key, NotRemembered, shown, value)
                elif argument not in node.optional:
                    raise NotRemembered(key)

    def check(self, part: Pipeline, catalog: Catalog) -> None:
        """Make sure that what functions say of themselves was checked before.

        Raises:
            NotRemembered: it was not.
        """
        self._definition.require(_wiring(part, catalog))

    def check_rules(self, rules: NodeRules, _: Iterable[Pipeline]) -> None:
        """Make sure that rules meant nodes before.

        Raises:
            NotRemembered: they were not checked.
        """
        self._definition.require(rules.id)


def calls_nothing(plan: Plan) -> bool:
    """Tell whether a plan can be carried out without any function."""
    return not any(
        step.action is Action.RUN or any(reason.kind == "restored" for reason in step.reasons)
        for step in plan.steps
    )


def _taking(node: Node, argument: str, shown: str) -> str:
    """Return the hash that a parameter was converted for a node, of what it was converted from."""
    return digest(f"{node.name} {argument} {shown}")


def _wiring(part: Pipeline, catalog: Catalog) -> str:
    """Return the hash of all that a check of functions depends on, beside the functions."""
    names = [name for node in part.nodes for name in (*node.takes, *node.outputs)]
    streams = [
        f"{name} {type(catalog.dataset(name)).__name__} {catalog.describe(name).get('type')}"
        for node in part.nodes
        if is_generator_function(node.func)
        for name in node.outputs
    ]
    told = [f"{name} {is_parameter(name) or catalog.is_memory(name)}" for name in dict.fromkeys(names)]
    return digest_parts([*(node.name for node in part.nodes), "", *told, "", *streams])
