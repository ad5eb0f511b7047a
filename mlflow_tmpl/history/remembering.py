"""What a project can be asked about its past."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_tmpl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from mlflow_tmpl.catalog import Catalog
    from mlflow_tmpl.history.comparison import Comparison
    from mlflow_tmpl.history.lineage import Lineage
    from mlflow_tmpl.history.rerun import Repetition
    from mlflow_tmpl.history.versions import Compared, KnownVersion, Restored
    from mlflow_tmpl.ledger import Ledger, RunRecord
    from mlflow_tmpl.settings import Settings
    from mlflow_tmpl.store import Shelf


class Remembering:
    """The part of a project that looks back."""

    if TYPE_CHECKING:
        home: Path
        settings: Settings
        conf_source: str | Path | None

        @property
        def catalog(self) -> Catalog: ...  # noqa: D102
        @property
        def ledger(self) -> Ledger: ...  # noqa: D102
        @property
        def shelf(self) -> Shelf: ...  # noqa: D102
        @property
        def has_ledger(self) -> bool: ...  # noqa: D102

    def runs(
        self,
        limit: int | None = None,
        *,
        status: Iterable[str] = (),
        pipelines: Iterable[str] = (),
        tags: Iterable[str] = (),
        since: str | float | None = None,
        sort: str = "",
        ascending: bool = False,
    ) -> Sequence[RunRecord]:
        """Return past runs with their metrics, newest first, or by a metric.

        Args:
            limit: how many at most.
            status: only runs that ended so.
            pipelines: only runs of these.
            tags: only runs that carry all of these: ``key`` or ``key=value``.
            since: only runs from then on: seconds since the epoch, or a text such as ``3d`` or ``2026-01-31``.
            sort: a metric by which they are ordered, the largest first; those without it are left out.
            ascending: the smallest first.

        Raises:
            LedgerError: no run has the metric.
            UsageError: there is no such status, or no such time.
        """
        from mlflow_tmpl.ledger.listing import Filter, moment_from

        if not self.has_ledger:
            return ()
        moment = moment_from(since) if isinstance(since, str) else since
        which = Filter(tuple(status), tuple(pipelines), tuple(tags), moment)
        return self.ledger.runs(limit, which, metrics=True, sort=sort, ascending=ascending)

    def compare(self, *runs: str) -> Comparison:
        """Return what differs among runs; the last two unless others are named.

        Raises:
            LedgerError: one of them is not there.
        """
        from mlflow_tmpl.history.comparison import compare

        return compare(self.ledger, runs or ("last~1", "last"))

    def rerun(self, run: str = "last", *, code: str = "today") -> Repetition:
        """Repeat a past run with its parameters and its data; the project's own files stay as they are.

        Args:
            run: the beginning of its id, ``last``, ``last~2``, an alias, or a tag.
            code: ``today``, or ``then`` for the code that ran.

        Raises:
            LedgerError: there is no such run, or what it needs was not kept.
        """
        from mlflow_tmpl.history.rerun import rerun

        return rerun(self.home, self.settings, self.ledger, run, code, self.conf_source)

    def versions(self, name: str) -> list[KnownVersion]:
        """Return every version of a dataset, the one that was made or taken last first.

        Raises:
            CatalogError: there is no such dataset.
        """
        from mlflow_tmpl.history.versions import history

        return history(self.ledger, self.catalog, self.shelf, name)

    def difference(self, name: str, before: str, after: str = "now") -> Compared:
        """Return what differs between two versions of a dataset.

        Args:
            name: of the dataset.
            before: a run, the beginning of a hash, an alias, or ``now``.
            after: likewise.

        Raises:
            MloError: one of them is not there, or cannot be read.
        """
        from mlflow_tmpl.history.versions import diff

        return diff(self.ledger, self.catalog, self.shelf, name, before, after)

    def restore(self, name: str, version: str) -> Restored:
        """Make a version of a dataset the present one; what lies there now is kept first.

        Raises:
            MloError: there is no such version, or the store does not have it.
        """
        from mlflow_tmpl.history.versions import restore

        return restore(self.ledger, self.catalog, self.shelf, name, version)

    def lineage(self, version: str, *, up: bool = True, down: bool = True) -> Lineage:
        """Return where a version of a dataset came from, and what it went into.

        Args:
            version: ``NAME:VERSION``, with a run, the beginning of a hash, an alias, or ``now``; a bare ``NAME`` is
                the version that was made or taken last.
            up: whether to look at what it came from.
            down: whether to look at what it went into.

        Raises:
            LedgerError: there is no such version.
        """
        from mlflow_tmpl.history.lineage import trace
        from mlflow_tmpl.history.reading import find

        name, colon, reference = version.partition(":")
        if not name or (colon and not reference):
            raise UsageError(
                f"{version!r} is no version", hint="write NAME, NAME:RUN, NAME:HASH or NAME:ALIAS"
            )
        fingerprint = find(self.ledger, self.catalog, name, reference) if colon else self.ledger.newest(name)
        return trace(self.ledger, name, fingerprint, up=up, down=down)
