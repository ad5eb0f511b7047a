"""A server on this machine: bound, told of, and gone again with the process."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import TYPE_CHECKING

from mlflow_tmpl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_tmpl.views.server.app import Site

PORT = 7878
"""Where the page is found unless asked otherwise, if nobody else is there."""


def bind(host: str, port: int | None) -> socket.socket:
    """Return a socket that listens.

    Args:
        host: address or name.
        port: where; ``None`` for the usual one, or any other if that is taken.

    Raises:
        UsageError: somebody else is there, or the address is none of this machine's.
    """
    wanted = (PORT, 0) if port is None else (port,)
    for each in wanted:
        try:
            return _bound(host, each)
        except OSError as error:
            if each != wanted[-1]:
                continue
            place = f"{host}:{each}" if each else host
            hint = "give --port another number" if each else "give --host an address of this machine"
            reason = (error.strerror or str(error)).lower()
            raise UsageError(f"nothing can be served at {place!r}: {reason}", hint=hint) from error
    raise AssertionError("one of them was tried last")


def _bound(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    bound = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":  # elsewhere it lets two servers have one port
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(128)
    except OSError:
        bound.close()
        raise
    return bound


def address_of(bound: socket.socket, host: str, token: str) -> str:
    """Return the address that opens the page; what stands behind the ``#`` is never sent."""
    name = f"[{host}]" if ":" in host else host
    if host in ("0.0.0.0", "::"):
        name = socket.gethostname()
    return f"http://{name}:{bound.getsockname()[1]}/#token={token}"


def serve(
    site: Site, graph: str, bound: socket.socket, host: str, token: str, ready: Callable[[], None]
) -> None:
    """Serve until the process is asked to end.

    Args:
        site: what is served.
        graph: the model of the drawing.
        bound: where.
        host: what it was bound as.
        token: that every request for data has to carry.
        ready: is called when the page can be opened.
    """
    asyncio.run(_serve(site, graph, bound, host, token, ready))


async def _serve(
    site: Site, graph: str, bound: socket.socket, host: str, token: str, ready: Callable[[], None]
) -> None:
    import uvicorn

    from mlflow_tmpl.views.server.app import Live
    from mlflow_tmpl.views.server.guard import Guard

    live = Live(site, graph)
    config = uvicorn.Config(
        Guard(live.app(), token, host),
        log_level="critical",
        access_log=False,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=3,
        ws="none",
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[bound]))
    told = False
    while not serving.done():
        if server.started and not told:
            told = True
            ready()
        if server.should_exit:
            live.feed.end()  # else the listeners would be waited for
            break
        await asyncio.sleep(0.05)
    await serving
