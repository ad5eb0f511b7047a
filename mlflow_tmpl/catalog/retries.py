"""Calls over a network, made again when they fail for a reason that may pass."""

from __future__ import annotations

import errno
import random
import time
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

ATTEMPTS = 5

FIRST_WAIT_S, LONGEST_WAIT_S = 0.2, 5.0

_PASSING_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})

_PASSING_ERRNO = frozenset(
    {errno.ECONNRESET, errno.ECONNABORTED, errno.ECONNREFUSED, errno.ETIMEDOUT, errno.EPIPE, errno.EBUSY}
    | {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETRESET, errno.EAGAIN}
)

_PASSING_NAMES = frozenset(
    {
        "ClientConnectionError",
        "ClientPayloadError",
        "ConnectionError",
        "ConnectionClosedError",
        "ConnectionLost",
    }
    | {"ConnectTimeout", "ConnectTimeoutError", "EndpointConnectionError", "FSTimeoutError", "IncompleteRead"}
    | {
        "HTTPClientError",
        "ReadTimeout",
        "ReadTimeoutError",
        "ResponseParserError",
        "SSHException",
        "TimeoutError",
    }
)
"""Names of the classes of client libraries, none of which is imported to look for them."""

_FINAL = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError, FileExistsError)


def retrying(
    call: Callable[[], T],
    *,
    attempts: int = ATTEMPTS,
    sleep: Callable[[float], object] = time.sleep,
    jitter: Callable[[], float] = random.random,
) -> T:
    """Return what a call gives, made up to `attempts` times with growing waits of random length between.

    The waits are the "full jitter" of exponential back-off: many workers that failed at once come back spread out.

    Args:
        call: what to do; it must not matter that it was begun before.
        attempts: how often at most.
        sleep: waits for some seconds.
        jitter: gives a number between 0 and 1.
    """
    for attempt in range(1, attempts):
        try:
            return call()
        except Exception as error:
            if not may_pass(error):
                raise
        sleep(jitter() * min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**attempt))
    return call()


def may_pass(error: BaseException) -> bool:
    """Tell whether a failure may be gone a moment later: connections, time-outs, overload; never a refusal.

    Example:
        >>> may_pass(ConnectionResetError()), may_pass(FileNotFoundError())
        (True, False)
    """
    for each in _chain(error):
        status = _status(each)
        if status is not None:
            return status in _PASSING_STATUS
        if isinstance(each, _FINAL):
            return False
    return any(_is_passing(each) for each in _chain(error))


def _is_passing(error: BaseException) -> bool:
    if isinstance(error, (ConnectionError, TimeoutError)):
        return True
    if isinstance(error, OSError) and error.errno in _PASSING_ERRNO:
        return True
    return any(kind.__name__ in _PASSING_NAMES for kind in type(error).__mro__)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what it was raised from: file systems translate what their clients raise."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__


def _status(error: Any) -> int | None:
    """Return the HTTP status that a client's error carries, in any of the ways that they have."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        response = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    candidates = (
        response,
        getattr(response, "status_code", None),
        getattr(error, "status", None),
        getattr(error, "code", None),
    )
    return next((each for each in candidates if isinstance(each, int) and 100 <= each < 600), None)
