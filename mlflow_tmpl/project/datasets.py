"""The datasets of a project: where credentials, past versions and hashes of files come from."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mlflow_tmpl.catalog import Catalog
from mlflow_tmpl.catalog.credentials import SecretStore, Vault, installed_stores, revealed
from mlflow_tmpl.config.resolvers import named_function
from mlflow_tmpl.errors import LedgerError, ProjectError, did_you_mean, place
from mlflow_tmpl.masking import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mlflow_tmpl.config import Config
    from mlflow_tmpl.project.project import Project
    from mlflow_tmpl.settings import Settings


def catalog_of(project: Project, config: Config) -> Catalog:
    """Return the datasets of a configuration."""
    project.assembly.find_source()
    return Catalog(
        config.catalog.data,
        root=project.root,
        hash_file=_FileHashes(project),
        credentials=Vault(
            lambda: config.credentials,
            config.credential,
            partial(_secret_stores, project.settings),
            project.secrets,
        ),
        resolve=config.entry,
        past=partial(_past_place, project),
    )


def shared_store_options(project: Project) -> Secret:
    """Return what the shared store is opened with.

    Raises:
        ProjectError: its credentials are nowhere, or are no mapping.
    """
    name = project.settings.store.credentials
    if name is None:
        return Secret({})
    known = project.config.credentials.data or {}
    if name not in known:
        raise ProjectError(
            f"the shared store needs credentials {name!r}, which are nowhere",
            where=place(project.root / "pyproject.toml"),
            hint=did_you_mean(name, known)
            or f"add {name!r} to {project.settings.config}/local/credentials.yml",
        )
    found = project.config.credential(name)
    if not found.is_mapping:
        raise ProjectError(f"credentials {name!r} must be a mapping", where=str(known[name].origin))
    options = Secret(revealed(found.plain()))
    project.secrets.add(options)
    return options


def _secret_stores(settings: Settings) -> list[SecretStore]:
    """Return who is asked for credentials that stand in no file, the project's own store first."""
    own = settings.secrets
    if own is None:
        return installed_stores()
    told = "the 'secrets' of [tool.mlo] in pyproject.toml"
    ask = SecretStore(own, told, lambda name: named_function(own, "the secret store")(name))
    return [ask, *installed_stores()]


def _past_place(project: Project, name: str, version: str) -> Path | None:
    """Return a path with a version of a dataset; ``None`` if it is what lies there now."""
    from mlflow_tmpl.history.reading import past_place

    if not project.has_ledger:
        raise LedgerError(
            f"dataset {name!r} has no version {version!r}: there was no run yet",
            hint="mlo run makes the first one",
        )
    return past_place(project.home, project.ledger, project.catalog, project.shelf, name, version)


class _FileHashes:
    """Hashes of files by way of a project's ledger, which is opened when the first is asked for."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def __call__(self, path: Path) -> str:
        return self._project.ledger.hashes(path)

    def warm(self, paths: Iterable[Path]) -> None:
        self._project.ledger.hashes.warm(paths)
