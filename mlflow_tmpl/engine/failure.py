"""A node that failed, told from the user's side: their frames, the values that went in."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.engine.shapes import shape_of
from mlflow_tmpl.engine.usage import Usage
from mlflow_tmpl.errors import MloError, NodeError, place
from mlflow_tmpl.masking import mask_text
from mlflow_tmpl.pipeline.options import error_names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from mlflow_tmpl.engine.capture import Said
    from mlflow_tmpl.engine.result import RunResult
    from mlflow_tmpl.pipeline import Node

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_STANDARD = os.path.dirname(os.__file__) + os.sep


class NodeFailure(NodeError):
    """A node whose function raised, or whose data could not be loaded or saved.

    What it says is masked. Its `__cause__` is the error itself, as it was raised: what the text of that says is not.

    Attributes:
        node: name of the node.
        kind: name of the error's type.
        names: all names that the error answers to, those of its base classes included.
        frames: the traceback from the user's frame on; empty if none of the user's code was running.
        values: argument to type and size of what the function was called with.
        duration_s: how long the node had run.
        result: what came of the whole run, once it has ended.
        sweep: what came of all runs of a sweep, if it was one of them.
        log: what the node had printed and logged.
        usage: what the node had taken of its process, if the run is recorded.
    """

    result: RunResult | None = None
    sweep: Any = None
    log: tuple[Said, ...] = ()
    usage: Usage = Usage()

    def __init__(
        self,
        node: Node,
        error: BaseException,
        values: Mapping[str, str],
        duration_s: float = 0.0,
        mask: Callable[[str], str] = mask_text,
    ) -> None:
        own = _from_own_frame(error.__traceback__)
        user = own or _from_foreign_frame(error.__traceback__)
        if isinstance(error, MloError):
            user = own  # what the catalog raises passes through contextlib and pandas, which tells nobody anything
            text, where, hint = error.message, error.where, error.hint
        else:
            text, hint = f"{type(error).__name__}: {_first_line(error)}", ""
            where = last_own_frame(own) or node.where
        super().__init__(f"node {node.name!r} failed: {mask(text)}", where=where, hint=mask(hint))
        self.node = node.name
        self.kind = type(error).__name__
        self.names = frozenset(error_names(error))
        self.frames = mask(_told(error, user)) if user is not None else ""
        self.values = dict(values)
        self.duration_s = duration_s

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel with the error itself where that can be pickled, else with its text."""
        told = {key: value for key, value in self.__dict__.items() if key not in {"result", "sweep"}}
        return _arrived, (self.args, told, _packed(self.__cause__))

    def packed(self) -> bytes:
        """Return the failure pickled in its own way, also where a library has put another way for errors there."""
        import cloudpickle

        packed: bytes = cloudpickle.dumps(_Travelling(self))
        return packed

    def to_json(self) -> dict[str, Any]:
        """Return the failure as plain data."""
        return {
            "type": self.kind,
            "message": self.message,
            "where": self.where,
            "hint": self.hint,
            "traceback": self.frames,
            "values": self.values,
        }


class _Travelling:
    """Becomes, unpickled, the failure that it was made of."""

    def __init__(self, failure: NodeFailure) -> None:
        self._failure = failure

    def __reduce__(self) -> tuple[Any, ...]:
        return self._failure.__reduce__()


class CannotTravel(NodeError):
    """A node, or a value that it takes or gives, that cannot leave its process; in that process all is well with it."""


class RemoteError(Exception):
    """What is known of an error that a worker raised and that cannot be made here."""


def _packed(cause: BaseException | None) -> bytes | None:
    import cloudpickle  # every engine with workers has it

    try:
        packed: bytes = cloudpickle.dumps(cause)
        cloudpickle.loads(packed)  # many a class of errors cannot be made from what it pickles
    except Exception:  # noqa: BLE001 (the user's own class: its failure must not hide the error)
        return None
    return packed


def _arrived(args: tuple[Any, ...], told: Mapping[str, Any], cause: bytes | None) -> NodeFailure:
    import pickle

    failure = NodeFailure.__new__(NodeFailure)
    failure.args = args
    failure.__dict__.update(told)
    failure.__cause__ = RemoteError(failure.message)
    if cause is not None:
        try:
            failure.__cause__ = pickle.loads(cause)
        except Exception:  # noqa: BLE001 (its class is not to be had here)
            return failure
    return failure


def shapes_of(values: Mapping[str, Any]) -> dict[str, str]:
    """Return the type and size of each argument."""
    return {argument: _shape(value) for argument, value in values.items()}


def _shape(value: Any) -> str:
    try:
        return shape_of(value)
    except Exception:  # noqa: BLE001 (the user's own attributes: their failure must not hide the error)
        return type(value).__name__


def _from_foreign_frame(frames: TracebackType | None) -> TracebackType | None:
    """Return the traceback from the first frame that is not this package's."""
    while frames is not None and frames.tb_frame.f_code.co_filename.startswith(_PACKAGE):
        frames = frames.tb_next
    return frames


def _from_own_frame(frames: TracebackType | None) -> TracebackType | None:
    """Return the traceback from the first frame that is the user's own code, ``None`` if there is none."""
    while frames is not None and not _is_own(frames):
        frames = frames.tb_next
    return frames


def _told(error: BaseException, frames: TracebackType) -> str:
    """Return a traceback; of the errors that led to this one only those that passed through the user's code."""
    import traceback  # where nothing fails, and that is most often, nobody needs it

    told = link = traceback.TracebackException(type(error), error, frames)
    while True:
        for led in ("__cause__", "__context__"):
            before = getattr(link, led)
            if before is not None and not any(_is_own_file(frame.filename) for frame in before.stack):
                setattr(link, led, None)
        earlier = link.__cause__ or link.__context__
        if earlier is None:
            return "".join(told.format())
        link = earlier


def _is_own(frame: TracebackType) -> bool:
    return _is_own_file(frame.tb_frame.f_code.co_filename)


def _is_own_file(file: str) -> bool:
    """Tell the user's code from this package's and from libraries', whose compiled parts have relative names."""
    return os.path.isabs(file) and not file.startswith((_PACKAGE, _STANDARD)) and "site-packages" not in file


def last_own_frame(frames: TracebackType | None) -> str:
    """Return ``file:line`` of the innermost frame that is the user's code and not a library's."""
    found = ""
    while frames is not None:
        if _is_own(frames):
            found = place(frames.tb_frame.f_code.co_filename, frames.tb_lineno)
        frames = frames.tb_next
    return found


def _first_line(error: BaseException) -> str:
    try:
        text = str(error).strip()
    except Exception:  # noqa: BLE001 (the user's own __str__: its failure must not hide the error)
        text = ""
    return text.splitlines()[0] if text else "no message"
