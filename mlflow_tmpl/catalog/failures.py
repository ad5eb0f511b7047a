"""What libraries and other people's classes raise, told as an error of the dataset it happened to."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.errors import DataError, MloError
from mlflow_tmpl.masking import mask_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

LONGEST_MESSAGE = 400

_HINTS: Mapping[type[Exception], str] = {
    UnicodeError: "save the file as UTF-8, or say what it is with load_args: {encoding: ...}",
    ImportError: "install the package in this environment",
}


@contextmanager
def reported(
    action: str,
    *,
    where: str = "",
    mask: Callable[[str], str] = mask_text,
    install: str = "",
    foreign: Callable[[Exception], bool] | None = None,
) -> Iterator[None]:
    """Turn whatever the block raises into a `DataError` that says which dataset and where it is declared.

    Our own errors and a lack of memory pass: they say what they are.

    Args:
        action: what could not be done, up to the colon.
        where: ``file:line`` of the catalog entry.
        mask: takes out of the message what must not show up in it.
        install: how to come by the packages that it needs.
        foreign: tells the errors that are not about this dataset, and pass too.
    """
    try:
        yield
    except (MloError, MemoryError):
        raise
    except Exception as error:
        if foreign is not None and foreign(error):
            raise
        hint = next((text for kind, text in _HINTS.items() if isinstance(error, kind)), "")
        if install and isinstance(error, ImportError):
            hint = install
        raise DataError(f"{action}: {one_line(error, mask)}", where=where, hint=hint) from error


def one_line(error: BaseException, mask: Callable[[str], str] = mask_text) -> str:
    """Return what an error says, in one line and without secrets; of an error of the system, what went wrong.

    Example:
        >>> one_line(KeyError("species"))
        "KeyError: 'species'"
    """
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    text = mask(" ".join(text.split()))
    if " " not in text:
        text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return text if len(text) <= LONGEST_MESSAGE else text[: LONGEST_MESSAGE - 3] + "..."


class Given:
    """Chunks, and whether it was their giver who failed: that is the node's error, not the dataset's."""

    def __init__(self, chunks: Iterator[Any]) -> None:
        self._chunks = iter(chunks)
        self._failure: Exception | None = None

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        try:
            return next(self._chunks)
        except StopIteration:
            raise
        except Exception as error:
            self._failure = error
            raise

    def is_failure(self, error: Exception) -> bool:
        """Tell whether the giver raised this."""
        return error is self._failure
