"""Who may ask: pages under our own name only, with the token; and what a page may do: load and run its own parts."""

from __future__ import annotations

import ipaddress
import socket
from hmac import compare_digest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, MutableMapping
    from typing import Any

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
    App = Callable[[Scope, Receive, Send], Awaitable[None]]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
DATA = "/api/"
"""All that tells or changes something lies below; the rest is the empty page."""


class Guard:
    """Lets a request through to an application, or refuses it.

    A page of somebody else's can neither read what is here, as it has no token, nor get at it under a name of its
    own that leads to this machine (DNS rebinding), as that name is not ours.

    Args:
        app: what is guarded.
        token: that every request for data has to carry.
        host: address that the server is bound to.
    """

    def __init__(self, app: App, token: str, host: str) -> None:
        self._app = app
        self._token = f"Bearer {token}".encode()
        self._names = known_names(host)
        self._loopback = is_loopback(host)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        refusal = self._refusal(scope["path"], dict(scope["headers"]))
        if refusal:
            await _refuse(send, *refusal)
            return

        async def with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_encoded(HEADERS.items())]
            await send(message)

        await self._app(scope, receive, with_headers)

    def _refusal(self, path: str, headers: dict[bytes, bytes]) -> tuple[int, str] | None:
        name = host_name(headers.get(b"host", b"").decode("latin-1"))
        if name not in self._names and (self._loopback or not _is_address(name)):
            return 421, "this server does not go by that name: open the address that mlo viz --serve printed"
        if path.startswith(DATA) and not compare_digest(headers.get(b"authorization", b""), self._token):
            return 401, "the token is missing or old: open the address that mlo viz --serve printed"
        return None


def host_name(header: str) -> str:
    """Return the name in a `Host` header, without the port.

    Example:
        >>> [host_name(text) for text in ("LocalHost:7878", "[::1]:7878", "10.0.0.7")]
        ['localhost', '::1', '10.0.0.7']
    """
    if header.startswith("["):
        return header[1:].partition("]")[0].lower()
    return header.partition(":")[0].lower()


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches an address."""
    return host.lower() == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def known_names(host: str) -> frozenset[str]:
    """Return the names that a server bound to an address goes by, beside addresses as numbers."""
    if is_loopback(host):
        return LOOPBACK_NAMES | {host.lower()}
    return LOOPBACK_NAMES | {host.lower(), socket.gethostname().lower(), socket.getfqdn().lower()}


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _encoded(headers: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers]


async def _refuse(send: Send, status: int, why: str) -> None:
    import json

    body = json.dumps({"error": why}).encode()
    headers = _encoded([*HEADERS.items(), ("content-type", "application/json")])
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
