"""What an HTTP server answers; only read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog.datasets.calls import function
from mlflow_tmpl.catalog.fingerprints import version_of
from mlflow_tmpl.catalog.retries import retrying
from mlflow_tmpl.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlflow_tmpl.catalog.datasets.context import Context

TIMEOUT_S = 60.0

_GIVEN: Mapping[str, Callable[[Any], Any]] = {
    "response": lambda response: response,
    "json": lambda response: response.json(),
    "text": lambda response: response.text,
    "bytes": lambda response: response.content,
}


class Api:
    """The answer to one request.

    Args:
        context: where the entry stands, with the credentials: `username` and `password`, or a `token`.
        url: what is asked.
        method: how.
        load_args: for ``requests.request``: `params`, `headers`, `json`, `timeout`, ...
        gives: ``json``, ``text``, ``bytes`` or ``response``; ``auto`` goes by what the answer says it is.
    """

    read_only = True

    def __init__(
        self,
        context: Context,
        url: str,
        *,
        method: str = "GET",
        load_args: Mapping[str, Any] | None = None,
        gives: str = "auto",
    ) -> None:
        if gives not in ("auto", *_GIVEN):
            raise ValueError(f"'gives' is one of auto, {', '.join(_GIVEN)}, not {gives!r}")
        self._url, self._method, self._gives = url, method.upper(), gives
        self._arguments = {"timeout": TIMEOUT_S, **_login(context.credentials), **(load_args or {})}

    def load(self) -> Any:
        """Return the answer."""
        response = retrying(lambda: self._ask(self._method))
        gives = self._gives if self._gives != "auto" else _kind(response.headers.get("Content-Type", ""))
        return _GIVEN[gives](response)

    def save(self, data: Any) -> None:  # noqa: ARG002  (the protocol's signature)
        """Refuse: an answer is only read."""
        raise DataError("what a server answers is only read")

    def exists(self) -> bool:
        """Return ``True``: what a server answers shows when it is asked."""
        return True

    def fingerprint(self) -> str | None:
        """Return the ETag that the server has for the answer; ``None`` if it has none."""
        if self._method != "GET":
            return None
        try:
            return version_of(retrying(lambda: self._ask("HEAD")).headers)
        except function("requests.RequestException"):
            return None  # whether it can be had shows when it is loaded

    def _ask(self, method: str) -> Any:
        response = function("requests.request")(method, self._url, **self._arguments)
        response.raise_for_status()
        return response


def _login(credentials: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a request that show who asks."""
    if "token" in credentials:
        return {"headers": {"Authorization": f"Bearer {credentials['token']}"}}
    if "username" in credentials:
        return {"auth": (credentials["username"], credentials.get("password", ""))}
    if credentials:
        raise ValueError("its credentials have neither 'token' nor 'username'")
    return {}


def _kind(content_type: str) -> str:
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json" or kind.endswith("+json"):
        return "json"
    return "text" if kind.startswith("text/") else "bytes"
