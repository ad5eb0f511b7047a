"""Credentials: looked up by name when the dataset that needs them is built, and not before.

They are looked for in environment variables, then in the files, then in the project's secret store.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.errors import did_you_mean
from mlflow_tmpl.masking import Secret, Secrets

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_tmpl.catalog.entry import Entry
    from mlflow_tmpl.config.values import Value

PREFIX = "MLO_CREDENTIALS__"
"""What environment variables begin with that give credentials: ``MLO_CREDENTIALS__LAKE__KEY``."""


@dataclass(frozen=True, slots=True)
class Vault:
    """Gives credentials by name.

    Attributes:
        written: gives what the files say, by name; called when the first name is looked up.
        resolve: resolves the interpolations of one of them; ``None`` if there are none.
        hook: asks the project's secret store for a name; ``None`` if it has none.
        hook_name: how the project names it.
        secrets: is told of all that was given out.
    """

    written: Callable[[], Value] | None = None
    resolve: Callable[[str, Value], Value] | None = None
    hook: Callable[[str], Any] | None = None
    hook_name: str = ""
    secrets: Secrets = field(default_factory=Secrets)

    def find(self, entry: Entry) -> dict[str, Any]:
        """Return the credentials that an entry names, plain; empty if it names none.

        Raises:
            CatalogError: there are none of that name, or they are no mapping.
        """
        name = entry.text("credentials")
        if not name:
            return {}
        found = self._look_up(entry, name)
        if found is None:
            raise self._missing(entry, name)
        if not isinstance(found, Mapping):
            raise entry.error(f"needs credentials {name!r}, which must be a mapping", key="credentials")
        plain = _revealed(found)
        self.secrets.add(plain)
        return plain  # type: ignore[no-any-return]  # of a mapping

    def _look_up(self, entry: Entry, name: str) -> Any:
        variables = from_environment(os.environ).get(name.lower().replace("-", "_"), {})
        files = self._files()
        if name in files:
            found = self.resolve(name, files[name]) if self.resolve else files[name]
            plain = found.plain()
            return {**plain, **variables} if isinstance(plain, dict) else plain
        return variables or self._ask(entry, name)

    def _ask(self, entry: Entry, name: str) -> Any:
        if self.hook is None:
            return None
        try:
            return self.hook(name)
        except Exception as error:
            from mlflow_tmpl.catalog.failures import one_line

            problem = f"needs credentials {name!r}, which {self.hook_name!r} cannot give: {one_line(error)}"
            hint = "it is the 'secrets' of [tool.mlo] in pyproject.toml"
            raise entry.error(problem, key="credentials", hint=hint) from error

    def _files(self) -> dict[str, Value]:
        known = self.written() if self.written is not None else None
        return known.data if known is not None and isinstance(known.data, dict) else {}

    def _missing(self, entry: Entry, name: str) -> Exception:
        files = self._files()
        places = [
            *sorted({value.origin.path for value in files.values()} - {""}),
            *filter(None, [self.hook_name]),
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


def _revealed(data: Any) -> Any:
    if isinstance(data, Secret):
        return data.reveal()
    if isinstance(data, Mapping):
        return {str(key): _revealed(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_revealed(value) for value in data]
    return data
