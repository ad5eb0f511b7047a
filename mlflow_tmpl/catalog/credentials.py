"""Credentials: looked up by name when the dataset that needs them is built, and not before.

They are looked for in environment variables, then in the files, then in the project's secret store, then in those that
installed packages bring.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import did_you_mean, place
from mlflow_tmpl.masking import Secret, Secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mlflow_tmpl.catalog.entry import Entry
    from mlflow_tmpl.config.values import Value

PREFIX = "MLO_CREDENTIALS__"
"""What environment variables begin with that give credentials: ``MLO_CREDENTIALS__LAKE__KEY``."""


GROUP = "mlflow_tmpl.secrets"
"""Entry points of packages that bring secret stores: functions that are given a name, and return a mapping or None."""


@dataclass(frozen=True, slots=True)
class SecretStore:
    """Who is asked for credentials that stand in no file.

    Attributes:
        name: ``package.module:function``.
        where: who names it.
        ask: gives the credentials of a name, a mapping; ``None`` if it knows none. Imports the function when called.
    """

    name: str
    where: str
    ask: Callable[[str], Any]


def installed_stores() -> list[SecretStore]:
    """Return the secret stores that installed packages bring, by their names."""
    from importlib.metadata import entry_points

    points = {point.value: point for point in entry_points(group=GROUP)}  # a package may be found twice
    return [
        SecretStore(
            point.value,
            f"the secret store {point.name!r} of {point.dist.name if point.dist else 'an installed package'}",
            lambda name, point=point: point.load()(name),  # type: ignore[misc]  # a default binds it
        )
        for point in sorted(points.values(), key=lambda point: (point.name, point.value))
    ]


@dataclass(frozen=True, slots=True)
class Vault:
    """Gives credentials by name.

    Attributes:
        written: gives what the files say, by name; called when the first name is looked up.
        resolve: resolves the interpolations of one of them; ``None`` if there are none.
        stores: gives the secret stores, the one that is asked first before the others; called when one is needed.
        secrets: is told of all that was given out.
    """

    written: Callable[[], Value] | None = None
    resolve: Callable[[str], Value] | None = None
    stores: Callable[[], Sequence[SecretStore]] = tuple
    secrets: Secrets = field(default_factory=Secrets)

    def find(self, entry: Entry) -> Secret:
        """Return the credentials that an entry names, a mapping; an empty one if it names none.

        Raises:
            CatalogError: there are none of that name, or they are no mapping.
        """
        name = entry.text("credentials")
        if not name:
            return Secret({})
        found = self._look_up(entry, name)
        if found is None:
            raise self._missing(entry, name)
        if not isinstance(found, Mapping):
            raise entry.error(f"needs credentials {name!r}, which must be a mapping", key="credentials")
        credentials = Secret(revealed(found))
        self.secrets.add(credentials)
        return credentials

    def _look_up(self, entry: Entry, name: str) -> Any:
        variables = from_environment(os.environ).get(name.lower().replace("-", "_"), {})
        files = self._files()
        if name in files:
            found = self.resolve(name) if self.resolve else files[name]
            plain = found.plain()
            return {**plain, **variables} if isinstance(plain, dict) else plain
        return variables or self._ask(entry, name)

    def _ask(self, entry: Entry, name: str) -> Any:
        for store in self.stores():
            try:
                found = store.ask(name)
            except Exception as error:
                from mlflow_tmpl.catalog.failures import one_line

                told = one_line(error, self.secrets.mask)
                problem = f"needs credentials {name!r}, which {store.name!r} cannot give: {told}"
                raise entry.error(problem, key="credentials", hint=f"it is {store.where}") from error
            if found is not None:
                return found
        return None

    def _files(self) -> dict[str, Value]:
        known = self.written() if self.written is not None else None
        return known.data if known is not None and isinstance(known.data, dict) else {}

    def _missing(self, entry: Entry, name: str) -> Exception:
        files = self._files()
        places = [
            *sorted({place(value.origin.path) for value in files.values() if value.origin.path}),
            *[store.name for store in self.stores()],
        ]
        looked_in = ", ".join(places) or "any credentials file"
        problem = f"needs credentials {name!r}, which are not in {looked_in}"
        hint = did_you_mean(name, files) or f"add {name!r} to conf/local/credentials.yml"
        return entry.error(problem, key="credentials", hint=hint)


def from_environment(variables: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return the credentials that environment variables give; names are lower case, two underscores go inside.

    Example:
        >>> from_environment({"MLO_CREDENTIALS__LAKE__CLIENT_KWARGS__REGION": "eu"})
        {'lake': {'client_kwargs': {'region': 'eu'}}}
    """
    found: dict[str, dict[str, Any]] = {}
    for variable, value in variables.items():
        if variable.upper().startswith(PREFIX):
            *outer, last = variable[len(PREFIX) :].lower().split("__")
            inner: dict[str, Any] = found
            for part in outer:
                if not isinstance(inner.get(part), dict):
                    inner[part] = {}
                inner = inner[part]
            if outer:
                inner[last] = value
    return found


def revealed(data: Any) -> Any:
    """Return credentials as plain data, for a library that needs them."""
    if isinstance(data, Secret):
        return revealed(data.reveal())
    if isinstance(data, Mapping):
        return {str(key): revealed(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [revealed(value) for value in data]
    return data
