"""Which part of a pipeline is meant."""

from __future__ import annotations

from dataclasses import fields

from mlflow_tmpl.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Selection:
    """A slice of a pipeline; every criterion that is given narrows it further.

    Attributes:
        from_nodes: these nodes and all that follows from them.
        to_nodes: these nodes and all that they need.
        nodes: exactly these nodes.
        from_inputs: what takes one of these datasets, and all that follows.
        to_outputs: what makes these datasets, and all that is needed for it.
        tags: nodes that have one of these tags.
        namespaces: nodes in one of these namespaces, or below it.
    """

    from_nodes: tuple[str, ...] = ()
    to_nodes: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    from_inputs: tuple[str, ...] = ()
    to_outputs: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return any(getattr(self, criterion.name) for criterion in fields(self))

    def criteria(self) -> dict[str, tuple[str, ...]]:
        """Return the criteria that are given."""
        every = {field.name: getattr(self, field.name) for field in fields(self)}
        return {key: names for key, names in every.items() if names}

    def __str__(self) -> str:
        """The options of the command line that say the same."""
        return " ".join(
            f"--{key.replace('_', '-')}={','.join(names)}" for key, names in self.criteria().items()
        )
