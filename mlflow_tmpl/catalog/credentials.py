"""Credentials: looked up by name when the dataset that needs them is built, and not before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_tmpl.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_tmpl.catalog.entry import Entry
    from mlflow_tmpl.config.values import Value


def find_credentials(entry: Entry, credentials: Callable[[], Value] | None) -> dict[str, Any]:
    """Return the credentials that an entry names, plain; empty if it names none.

    Raises:
        CatalogError: there are none of that name, or they are no mapping.
    """
    name = entry.text("credentials")
    if not name:
        return {}
    known = credentials() if credentials is not None else None
    entries = known.data if known is not None and isinstance(known.data, dict) else {}
    if name not in entries:
        hint = did_you_mean(name, entries) or f"add {name!r} to conf/local/credentials.yml"
        problem = f"needs credentials {name!r}, which are not in {_looked_in(known)}"
        raise entry.error(problem, key="credentials", hint=hint)
    found = entries[name].plain()
    if not isinstance(found, dict):
        raise entry.error(f"needs credentials {name!r}, which must be a mapping", key="credentials")
    return found


def _looked_in(known: Value | None) -> str:
    """Return the files that the credentials came from."""
    if known is None:
        return "any credentials file"
    inner = known.data.values() if isinstance(known.data, dict) else ()
    files = sorted({value.origin.path for value in (known, *inner)} - {""})
    return ", ".join(files) or "any credentials file"
