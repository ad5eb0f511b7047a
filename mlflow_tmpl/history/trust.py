"""Whether what a run from a shared store says may be executed: repeating it is the one way in which it could be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_tmpl.errors import LedgerError

if TYPE_CHECKING:
    from mlflow_tmpl.ledger import Ledger
    from mlflow_tmpl.ledger.records import RunRecord
    from mlflow_tmpl.settings import Settings

SAY_SOURCE = "say which one with --conf-source"


def check_trusted(ledger: Ledger, settings: Settings, record: RunRecord, what: str, hint: str) -> None:
    """Refuse to execute what a run says that was pulled, unless the project trusts the shared store.

    Args:
        ledger: knows where the run came from.
        settings: say whether the store is trusted.
        record: of the run.
        what: would happen.
        hint: what can be done instead.

    Raises:
        LedgerError: that is so.
    """
    if ledger.is_pulled(record.id) and not settings.store.trusted:
        raise LedgerError(
            f"run {record.short_id!r} was pulled from a shared store that the project does not trust, and {what}",
            hint=f"{hint}, or set trusted = true in [tool.mlo.store]",
        )
