"""Every error that a user can cause: one line that says what is wrong, where, and what to do."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


Raised = TypeVar("Raised", bound=Exception)


class MloError(Exception):
    """What is wrong, where it is, and the way out.

    Args:
        message: one line, lower-case first word, no full stop, the user's own names quoted.
        where: ``file:line`` or ``file:line:column`` of the YAML or the code, or empty.
        hint: what to do about it, or empty.

    Example:
        >>> print(MloError("dataset 'penguinz' is not in the catalog", hint="did you mean 'penguins'?"))
        dataset 'penguinz' is not in the catalog (did you mean 'penguins'?)
    """

    exit_code = 2

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel as what it says, whatever its class is made from."""
        return _again, (type(self), self.args, self.__dict__)

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f" ({self.hint})" if self.hint else ""
        return f"{place}{self.message}{remedy}"


class UsageError(MloError):
    """Options or arguments that contradict each other or name what does not exist."""


class ConfigError(MloError):
    """A configuration file or a parameter that cannot be taken as it is written."""

    def each(self) -> tuple[ConfigError, ...]:
        """Return the errors that this one tells together; most tell nothing but themselves."""
        return (self,)


_PARAMETERS = "parameters are not as the nodes need them"


class ConfigErrors(ConfigError):
    """Several things that cannot be taken as they are written, told at once.

    Args:
        errors: what is wrong with each.
        problem: what they have in common.
    """

    def __init__(self, errors: Sequence[ConfigError], problem: str = _PARAMETERS) -> None:
        lines = "".join(f"\n  {error}" for error in errors)
        super().__init__(f"{len(errors)} {problem}:{lines}")
        self.errors = tuple(errors)

    def each(self) -> tuple[ConfigError, ...]:
        """Return what is wrong with each."""
        return self.errors


def together(errors: Iterable[ConfigError], problem: str = _PARAMETERS) -> ConfigError:
    """Return one error for all that are not the same; the only one as it is."""
    single = list({str(each): each for error in errors for each in error.each()}.values())
    return single[0] if len(single) == 1 else ConfigErrors(single, problem)


class CatalogError(MloError):
    """A catalog entry that is wrong, or a dataset that nothing provides."""


class PipelineError(MloError):
    """Nodes that do not make a pipeline: names, wiring, cycles, signatures."""


class ProjectError(MloError):
    """Not a project, or a project whose code cannot be loaded."""


class ScaffoldError(MloError):
    """A project that cannot be made as asked."""


class LedgerError(MloError):
    """A ledger that cannot be read or written."""


class EngineError(MloError):
    """An engine that is not to be had as asked: not installed, not reached, other versions there."""


class StoreError(MloError):
    """A store whose content is damaged or gone, or that cannot be reached."""

    exit_code = 1


class DamageError(StoreError):
    """Something in a store that does not hold what its name says."""


class DataError(MloError):
    """A dataset whose content cannot be loaded or saved; it fails the node, not the command."""

    exit_code = 1


class NodeError(MloError):
    """A node that failed, or gave back something else than it declares."""

    exit_code = 1


def _again(kind: type[Raised], args: tuple[Any, ...], state: Mapping[str, Any]) -> Raised:
    """Return an error that was raised in another process."""
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(state)
    return error


def did_you_mean(name: str, known: Iterable[str], likeness: float = 0.6) -> str:
    """Return ``did you mean 'x'?`` for the nearest of the known names, or an empty string.

    Args:
        name: what was written.
        known: what there is.
        likeness: how near a name has to be, from 0 to 1; names that all begin alike have to be nearer.

    Example:
        >>> did_you_mean("penguinz", ["penguins", "model"])
        "did you mean 'penguins'?"
    """
    from difflib import get_close_matches  # only an error pays for it

    near = get_close_matches(name, list(known), n=1, cutoff=likeness)
    return f"did you mean {near[0]!r}?" if near else ""


def place(path: str | os.PathLike[str], line: int = 0, column: int = 0) -> str:
    """Return ``file:line:column`` as short as it can be read: relative to this folder if it lies below it.

    Args:
        path: a file.
        line: counted from 1; 0 if there is none.
        column: counted from 1; 0 if there is none.
    """
    text = os.fspath(path)
    here = os.getcwd() + os.sep
    text = text[len(here) :] if text.startswith(here) else text
    return ":".join([text, *(str(number) for number in (line, column) if number)])
