"""A project's store with what the ledger knows of it: how full it is, checked, collected, shared."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import UsageError
from mlflow_tmpl.masking import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlflow_tmpl.ledger.ledger import Ledger
    from mlflow_tmpl.ledger.sharing import Shared
    from mlflow_tmpl.settings import StoreSettings
    from mlflow_tmpl.store import Store
    from mlflow_tmpl.store.collecting import Surplus
    from mlflow_tmpl.store.shared import SharedStore
    from mlflow_tmpl.store.verifying import Checked


_EVER = float("-inf")


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in a store.

    Attributes:
        objects: how many there are.
        size: of all of them in bytes.
        pulled: how many of them came from a shared store and were made by nobody here.
        damaged: how many were set aside.
    """

    objects: int
    size: int
    pulled: int
    damaged: int

    def to_json(self) -> dict[str, Any]:
        """Return the same as plain data."""
        return {"objects": self.objects, "bytes": self.size, "pulled": self.pulled, "damaged": self.damaged}


@dataclass(frozen=True, slots=True)
class Collected:
    """What a collection has removed, or would remove.

    Attributes:
        removed: the objects that went, the one used longest ago first.
        datasets: whose content each was, by digest.
        kept: what stays.
        dry_run: whether all of it is still there.
    """

    removed: Sequence[Surplus]
    datasets: Mapping[str, str]
    kept: Contents
    dry_run: bool

    @property
    def freed(self) -> int:
        """Bytes of what went."""
        return sum(each.size for each in self.removed)

    def to_json(self) -> dict[str, Any]:
        """Return the same as plain data."""
        return {
            "dry_run": self.dry_run,
            "freed_bytes": self.freed,
            "removed": [
                {
                    "digest": each.digest,
                    "dataset": self.datasets.get(each.digest),
                    "bytes": each.size,
                    "used_at": each.used_at,
                    "why": each.why,
                }
                for each in self.removed
            ],
            "kept": self.kept.to_json(),
        }


class ProjectStore:
    """What is kept of a project's past outputs.

    Args:
        store: the objects.
        open_ledger: gives the record of what they are; called when it is needed.
        root: the project's folder.
        said: what the project's settings say of it.
        credentials: gives what the shared store is opened with.
    """

    def __init__(
        self,
        store: Store,
        open_ledger: Callable[[], Ledger],
        root: Path,
        said: StoreSettings,
        credentials: Callable[[], Secret] = lambda: Secret({}),
    ) -> None:
        self.store = store
        self._open_ledger = open_ledger
        self._root = root
        self._said = said
        self._credentials = credentials

    def settings(self) -> dict[str, Any]:
        """Return what the project's settings say of it, as plain data and without secrets."""
        from mlflow_tmpl.masking import mask_urls

        said = self._said
        url = mask_urls(said.url) if said.url else None
        return {"url": url, "trusted": said.trusted, "keep_runs": said.keep_runs, "max_bytes": said.max_bytes}

    @property
    def _ledger(self) -> Ledger:
        return self._open_ledger()

    def contents(self) -> Contents:
        """Return how full the store is."""
        return _contents(self.store)

    def verify(self) -> tuple[Checked, Mapping[str, str]]:
        """Read all objects and set aside those that are damaged; also return whose content each of those was.

        Where the project's own file still has the content, it is kept anew.
        """
        from mlflow_tmpl.store.verifying import verify

        checked = verify(self.store) + verify(self.store.trees)
        found = [digest for digest, _ in checked.damaged]
        versions = self._ledger.places(found)
        for digest, (_, place) in versions.items():
            path = self._root / place
            if place and path.is_file() and self._ledger.hashes(path) == digest:
                self.store.put_file(path, digest)
        return checked, {digest: dataset for digest, (dataset, _) in versions.items()}

    def gc(
        self,
        *,
        keep_runs: int | None = None,
        older_than_s: float | None = None,
        dry_run: bool = False,
    ) -> Collected:
        """Remove what is not needed.

        What an alias or a pin names, and what the newest run of each node gave, always stays. Without a number of
        runs and an age, here and in the settings, only goes what nothing has recorded, and what is beyond the limit.

        Args:
            keep_runs: what this many of the newest runs took and gave stays.
            older_than_s: what was used in that time stays.
            dry_run: say what would go, and leave all.
        """
        runs = keep_runs if keep_runs is not None or older_than_s is not None else self._said.keep_runs
        since = [self._ledger.cutoff(runs)] if runs is not None else []
        since += [time.time() - older_than_s] if older_than_s is not None else []
        return self._collect(min(since, default=_EVER), dry_run=dry_run)

    def push(self, url: str = "", tell: Callable[[Shared], object] = lambda _: None) -> Shared:
        """Share runs, and what they made, with others.

        Args:
            url: where; what the settings say unless given.
            tell: is told how far it has come.

        Raises:
            StoreError: it cannot be reached.
            UsageError: neither the call nor the settings say where.
        """
        return self._ledger.push(self.store, self._shared(url), tell)

    def pull(self, url: str = "", tell: Callable[[Shared], object] = lambda _: None) -> Shared:
        """Take over what others have shared; the limit of the settings then holds again.

        Args:
            url: from where; what the settings say unless given.
            tell: is told how far it has come.

        Raises:
            StoreError: it cannot be reached.
            UsageError: neither the call nor the settings say from where.
        """
        pulled = self._ledger.pull(self.store, self._shared(url), tell)
        self.trim()
        return pulled

    def trim(self) -> None:
        """Remove what was used longest ago if the store is larger than it may be."""
        if self._said.max_bytes is not None and self.contents().size > self._said.max_bytes:
            self._collect(_EVER)

    def _shared(self, url: str) -> SharedStore:
        from mlflow_tmpl.store.shared import SharedStore

        if not url and not self._said.url:
            raise UsageError(
                "it is not said where the shared store is",
                hint="give its URL, or set url in [tool.mlo.store] of pyproject.toml",
            )
        where = url or str(self._said.url)
        if "://" not in where:  # the command line means the current folder, the settings the project's
            where = str((Path() if url else self._root).absolute() / Path(where).expanduser())
        return SharedStore(where, self._credentials())

    def _collect(self, since: float, *, dry_run: bool = False) -> Collected:
        from mlflow_tmpl.store.collecting import Wanted, surplus
        from mlflow_tmpl.store.contents import with_trees

        uses, wanted = self._ledger.uses(), Wanted(since, self._said.max_bytes, time.time())
        used_at = with_trees(self.store, uses.used_at, max)
        needed = with_trees(self.store, uses.needed, min)
        stores = (self.store, self.store.trees)
        found = surplus([each for store in stores for each in store.objects()], used_at, needed, wanted)
        for store in stores if not dry_run else ():
            for each in found:
                store.remove(each.digest)
            store.sweep()
        kept = _contents(self.store, {each.digest for each in found})
        return Collected(found, uses.datasets, kept, dry_run)


def _contents(store: Store, without: set[str] | None = None) -> Contents:
    count = size = pulled = damaged = 0
    for each in (store, store.trees):
        sizes = {digest: size for digest, size, _ in each.objects() if digest not in (without or ())}
        count, size = count + len(sizes), size + sum(sizes.values())
        pulled += sum(map(each.is_foreign, sizes))
        damaged += each.count_damaged()
    return Contents(count, size, pulled, damaged)
