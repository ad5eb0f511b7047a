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

PATIENCE_S = 10.0
"""No call begins later than this after the first: clients that take so long to fail have tried again themselves."""

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
        "SFTPConnectionLost",
        "SFTPNoConnection",
        "SSHException",
        "TimeoutError",
    }
)
"""Names of the classes of client libraries, none of which is imported to look for them."""

_PASSING_TEXTS = frozenset({"Socket is closed"})
"""What clients raise as an error of the system that has no number."""

_FINAL = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError, FileExistsError)

_FINAL_NAMES = frozenset({"AuthenticationException", "BadAuthenticationType", "BadHostKeyException"})


def retrying(
    call: Callable[[], T],
    *,
    attempts: int = ATTEMPTS,
    between: Callable[[], object] = lambda: None,
    sleep: Callable[[float], object] = time.sleep,
    jitter: Callable[[], float] = random.random,
    clock: Callable[[], float] = time.monotonic,
) -> T:
    """Return what a call gives, made up to `attempts` times with growing waits of random length between.

    The waits are the "full jitter" of exponential back-off: many workers that failed at once come back spread out.

    Args:
        call: what to do; it must not matter that it was begun before.
        attempts: how often at most.
        between: called after each failure.
        sleep: waits for some seconds.
        jitter: gives a number between 0 and 1.
        clock: tells seconds.
    """
    start = clock()
    for attempt in range(1, attempts):
        try:
            return call()
        except Exception as error:
            if not may_pass(error) or clock() - start > PATIENCE_S:
                raise
        between()
        sleep(jitter() * min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**attempt))
    return call()


def may_pass(error: BaseException) -> bool:
    """Tell whether a failure may be gone a moment later: connections, time-outs, overload; never a refusal.

    Example:
        >>> may_pass(ConnectionResetError()), may_pass(FileNotFoundError())
        (True, False)
    """
    chain = list(_chain(error))
    status = status_of(error)
    if status is not None:
        return status in _PASSING_STATUS
    return any(map(_is_passing, chain)) and not any(map(_is_final, chain))


def status_of(error: BaseException) -> int | None:
    """Return the HTTP status that an error, or what it was raised from, carries; ``None`` if there is none."""
    return next(filter(None, map(_status, _chain(error))), None)


def _is_final(error: BaseException) -> bool:
    return isinstance(error, _FINAL) or type(error).__name__ in _FINAL_NAMES


def _is_passing(error: BaseException) -> bool:
    if isinstance(error, (ConnectionError, TimeoutError)):
        return True
    if isinstance(error, OSError) and (error.errno in _PASSING_ERRNO or str(error) in _PASSING_TEXTS):
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
    kept_in = ((response, "status_code"), (error, "status"), (error, "code"))
    found = response if isinstance(response, int) else None
    for owner, name in kept_in:
        found = getattr(owner, name, None) if found is None else found
    return found if isinstance(found, int) and 100 <= found < 600 else None
