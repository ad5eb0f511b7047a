"""A node: a pure function with named inputs and named outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, TypeVar, overload

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import PipelineError, did_you_mean
from mlflow_tmpl.pipeline.names import PARAMETER_PREFIX, PARAMETERS, is_dataset_name, is_word
from mlflow_tmpl.pipeline.options import (
    DEFAULT_OPTIONS,
    NO_RESOURCES,
    NodeOptions,
    OptionError,
    Resources,
    Retries,
)
from mlflow_tmpl.pipeline.signature import (
    Signature,
    describe,
    innermost_function,
    read_signature,
    where_defined,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mlflow_tmpl.pipeline.condition import Condition, When

    Names = str | Sequence[str] | Mapping[str, str] | None

Function = TypeVar("Function", bound="Callable[..., Any]")

_set = object.__setattr__


@dataclass(frozen=True, slots=True, init=False, eq=False)
class Node:
    """A pure function with named inputs and named outputs.

    Args:
        func: any callable but a class or a coroutine function.
        inputs: dataset names or ``params:...`` for its arguments: one name, a list in the order of the
            arguments, or a mapping from argument to name. Arguments that a mapping leaves out, and
            keyword-only arguments, follow the convention: an argument before the star is the dataset of its
            name, one after the star the parameter of its name. ``None`` leaves all to the convention.
        outputs: one dataset name, a list for a function that returns a tuple or list of that length, a mapping
            from returned key to dataset name for one that returns a mapping, or ``None`` for a node that is
            run for its effect.
        name: the function's name unless given.
        tags: words to select nodes by.
        namespace: dotted group that the node belongs to; it leads the node's name.
        options: how it is run.
        when: what tells whether it runs at all: ``params:key``, a dataset, ``not`` before one of them, or a function.
        over: the argument that gets one part of its input a call: a partition, an element of a list or of a dict.

    Raises:
        PipelineError: names that are not legal, arguments that the function does not have or that nothing
            fills, two outputs of one name, an output that is an input too.

    Example:
        >>> def scale(frame, *, factor): return [factor * value for value in frame]
        >>> made = Node(scale, outputs="scaled")
        >>> made.name, made.inputs, made.outputs
        ('scale', {'frame': 'frame', 'factor': 'params:factor'}, ('scaled',))
    """

    func: Callable[..., Any]
    inputs: Mapping[str, str]
    outputs: tuple[str, ...]
    name: str
    namespace: str | None
    tags: frozenset[str]
    options: NodeOptions
    returned_keys: tuple[str, ...] | None
    """Keys of the returned mapping, in the order of `outputs`; ``None`` for a node that returns values by position."""
    several: bool
    """Whether the function returns a sequence with a value for each output, rather than the one output itself."""
    optional: frozenset[str]
    """Arguments that have a default, so that a parameter which is not configured may be left out."""
    positional: tuple[str, ...] = field(repr=False)
    """Arguments that must be given by position."""
    when: Condition | None
    """What tells whether it runs at all."""
    over: str
    """The argument that gets one part of its input a call; empty if there is one call."""
    item: str
    """Which of these calls it is; empty for a node that someone has written."""

    def __init__(
        self,
        func: Callable[..., Any],
        inputs: Names = None,
        outputs: Names = None,
        *,
        name: str | None = None,
        tags: str | Iterable[str] = (),
        namespace: str | None = None,
        options: NodeOptions = DEFAULT_OPTIONS,
        when: When = None,
        over: str = "",
    ) -> None:
        signature = read_signature(func)
        wired, positional = _wire(func, signature, inputs)
        names, keys, several = _outputs(func, outputs)
        own = name or _name_of(func)
        _set(self, "func", func)
        _set(self, "inputs", wired)
        _set(self, "outputs", names)
        _set(self, "name", f"{namespace}.{own}" if namespace else own)
        _set(self, "namespace", namespace)
        _set(self, "tags", frozenset((tags,) if isinstance(tags, str) else tags))
        _set(self, "options", options)
        _set(self, "returned_keys", keys)
        _set(self, "several", several)
        _set(self, "optional", signature.optional)
        _set(self, "positional", positional)
        _set(self, "when", None if when is None else _condition(when))
        _set(self, "over", over)
        _set(self, "item", "")
        self._check()

    def _check(self) -> None:
        if self.over and self.over not in self.inputs:
            raise self.error(
                f"node {self.name!r} goes over {self.over!r}, which is no argument of it",
                hint=did_you_mean(self.over, self.inputs) or "over= names one of its arguments",
            )
        if not is_word(self.name):
            raise self.error(
                f"{self.name!r} is no name for a node", hint="give name=, of letters, digits, '_', '.', '-'"
            )
        for tag in self.tags:
            if not is_word(tag):
                raise self.error(f"{tag!r} is no name for a tag", hint="use letters, digits, '_', '.', '-'")
        for dataset in (*self.takes, *self.outputs):
            if not is_dataset_name(dataset):
                raise self.error(
                    f"{dataset!r} is no name for a dataset of node {self.name!r}",
                    hint="use letters, digits, '_', '.', '-', at most one '@view', or 'params:key'",
                )
        for output in self.outputs:
            if output.startswith(PARAMETER_PREFIX) or output == PARAMETERS:
                raise self.error(
                    f"node {self.name!r} cannot give out parameter {output!r}",
                    hint="parameters come from conf/",
                )
        if len(self.outputs) > 1 and len(set(self.outputs)) < len(self.outputs):
            raise self.error(f"node {self.name!r} names an output twice: {', '.join(self.outputs)}")

    def __eq__(self, other: object) -> bool:
        """Two nodes are equal when the same function is wired in the same way under the same name."""
        if self is other:
            return True
        return isinstance(other, Node) and _identity(self) == _identity(other)

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def whole_name(self) -> str:
        """The name of the node as it was written, also for an item of it."""
        return self.name[: -len(self.item) - 2] if self.item else self.name

    @property
    def short_name(self) -> str:
        """The name without its namespace."""
        return self.name[len(self.namespace) + 1 :] if self.namespace else self.name

    @property
    def takes(self) -> Iterable[str]:
        """What has to be there before it can run: its inputs, and what its condition asks about."""
        taken = self.inputs.values()
        return taken if self.when is None else (*taken, *self.when.inputs.values())

    @property
    def where(self) -> str:
        """``file:line`` of the function, if it has one."""
        return where_defined(self.func)

    def error(self, message: str, *, hint: str = "") -> PipelineError:
        """Return an error that points at this node's function."""
        return PipelineError(message, where=self.where, hint=hint)

    def renamed(self, names: Callable[[str], str], namespace: str | None) -> Node:
        """Return this node with each dataset and parameter name passed through `names`, in another namespace."""
        other = replace_slots(self)
        _set(other, "inputs", {argument: names(dataset) for argument, dataset in self.inputs.items()})
        _set(other, "outputs", tuple([names(dataset) for dataset in self.outputs]))
        _set(other, "when", self.when.renamed(names) if self.when is not None else None)
        _set(other, "namespace", namespace)
        _set(other, "name", f"{namespace}.{self.short_name}" if namespace else self.short_name)
        other._check()
        return other

    def with_options(self, options: NodeOptions) -> Node:
        """Return this node, run in another way."""
        other = replace_slots(self)
        _set(other, "options", options)
        return other

    def tagged(self, *tags: str) -> Node:
        """Return this node with more tags."""
        other = replace_slots(self)
        _set(other, "tags", self.tags | set(tags))
        other._check()
        return other


def _condition(when: str | Callable[..., Any]) -> Condition:
    from mlflow_tmpl.pipeline.condition import Condition  # most projects have none

    return Condition.of(when)


def _name_of(func: Callable[..., Any]) -> str:
    return getattr(innermost_function(func), "__name__", None) or type(func).__name__


def replace_slots(node: Node) -> Node:
    """Return a copy of a node that can be filled in by the caller before anyone else sees it."""
    other = object.__new__(Node)
    for slot in Node.__slots__:
        _set(other, slot, getattr(node, slot))
    return other


def rewired(node: Node, **slots: Any) -> Node:
    """Return a node that differs from another in some slots, unchecked: of names that the user has not written."""
    other = replace_slots(node)
    for slot, value in {"over": "", "when": None, **slots}.items():
        _set(other, slot, value)
    return other


def _identity(node: Node) -> tuple[object, ...]:
    return (
        node.name,
        node.func,
        node.inputs,
        node.outputs,
        node.tags,
        node.options,
        node.returned_keys,
        node.several,
        node.when,
        node.over,
    )


def _wire(
    func: Callable[..., Any], signature: Signature, inputs: Names
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return argument -> dataset in the order of the arguments, and the arguments that go by position."""
    if inputs is None or isinstance(inputs, Mapping):
        wired = _by_name(func, signature, inputs)
    else:
        wired = _by_position(func, signature, (inputs,) if isinstance(inputs, str) else inputs)
    for argument in signature.keyword_only:
        wired.setdefault(argument, PARAMETER_PREFIX + argument)
    spread = [argument for argument in wired if "[" in argument] if signature.takes_any else ()
    if spread:
        return wired, (*signature.positional, *spread)
    return wired, signature.positional[: signature.positional_only]


def _by_position(func: Callable[..., Any], signature: Signature, inputs: Sequence[str]) -> dict[str, str]:
    """Fill the arguments in their order, then ``*args``."""
    if not isinstance(inputs, (list, tuple)):
        raise _error(func, f"has inputs={inputs!r:.80}", "give a name, a list of names, or a mapping")
    slots = signature.positional
    if signature.takes_any:
        slots = (*slots, *[f"args[{index}]" for index in range(len(inputs) - len(slots))])
    if len(inputs) > len(slots):
        problem = f"takes {len(slots)} arguments by position, inputs= has {len(inputs)}"
        raise _error(func, problem, "give a mapping instead")
    for argument in slots[len(inputs) :]:
        if argument not in signature.optional:
            raise _error(
                func, f"takes {argument!r}, which inputs= does not fill", "name a dataset for each argument"
            )
    return dict(zip(slots, inputs, strict=False))


def _by_name(
    func: Callable[..., Any], signature: Signature, inputs: Mapping[str, str] | None
) -> dict[str, str]:
    """Fill the arguments that are named; the others are datasets of their own names."""
    if inputs is None:
        if signature.takes_any:
            raise _error(func, "has *args", "say what they are with inputs=[...]")
        return {argument: argument for argument in signature.positional}
    known = {*signature.positional, *signature.keyword_only}
    for argument in inputs:
        if argument not in known and not signature.takes_any_name:
            hint = did_you_mean(argument, known) or f"it has {', '.join(sorted(known)) or 'none'}"
            raise _error(func, f"has no argument {argument!r}", hint)
    wired = {
        argument: inputs.get(argument, argument)
        for argument in signature.positional
        if argument in inputs or argument not in signature.optional
    }
    return {**wired, **inputs}


def _outputs(
    func: Callable[..., Any], outputs: Names
) -> tuple[tuple[str, ...], tuple[str, ...] | None, bool]:
    if outputs is None:
        return (), None, False
    if isinstance(outputs, str):
        return (outputs,), None, False
    if isinstance(outputs, (list, tuple)):
        return tuple(outputs), None, bool(outputs)
    if isinstance(outputs, Mapping):
        return tuple(outputs.values()), tuple(outputs), True
    raise _error(func, f"has outputs={outputs!r:.80}", "give a name, a list of names, or a mapping")


def _error(func: Callable[..., Any], problem: str, hint: str) -> PipelineError:
    return PipelineError(f"node function {describe(func)!r} {problem}", where=where_defined(func), hint=hint)


@overload
def node(func: Function) -> Function: ...
@overload
def node(
    func: None = None,
    *,
    inputs: Names = None,
    outputs: Names = None,
    name: str | None = None,
    tags: str | Iterable[str] = (),
    namespace: str | None = None,
    reuse: bool = True,
    keep: str = "auto",
    when: When = None,
    over: str = "",
    retries: int | Mapping[str, Any] | Retries = 0,
    timeout_s: float | None = None,
    resources: Mapping[str, Any] | Resources = NO_RESOURCES,
    priority: int = 0,
    engine: str | None = None,
) -> Callable[[Function], Function]: ...
def node(
    func: Function | None = None,
    *,
    inputs: Names = None,
    outputs: Names = None,
    name: str | None = None,
    tags: str | Iterable[str] = (),
    namespace: str | None = None,
    reuse: bool = True,
    keep: str = "auto",
    when: When = None,
    over: str = "",
    retries: int | Mapping[str, Any] | Retries = 0,
    timeout_s: float | None = None,
    resources: Mapping[str, Any] | Resources = NO_RESOURCES,
    priority: int = 0,
    engine: str | None = None,
) -> Function | Callable[[Function], Function]:
    """Mark a function of a node module as a node; it stays an ordinary function.

    Args: as for `Node`, and the options of `NodeOptions`.

    Example:
        >>> @node(outputs="doubled")
        ... def double(numbers): return [2 * number for number in numbers]
        >>> double([1])
        [2]
        >>> double.__mlo_node__.outputs
        ('doubled',)
    """

    def mark(function: Function) -> Function:
        try:
            options = NodeOptions(reuse, keep, retries, timeout_s, resources, priority, engine)
        except OptionError as error:
            own = name or _name_of(function)
            raise OptionError(
                f"node {own!r}: {error.message}", where=where_defined(function), hint=error.hint
            ) from None
        options = DEFAULT_OPTIONS if options == DEFAULT_OPTIONS else options
        made = Node(
            function,
            inputs,
            outputs,
            name=name,
            tags=tags,
            namespace=namespace,
            options=options,
            when=when,
            over=over,
        )
        function.__mlo_node__ = made  # type: ignore[attr-defined]
        return function

    return mark if func is None else mark(func)
