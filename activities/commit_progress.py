"""What the attempts of one commit know of each other, and when a provider has had its chance."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from pydantic import BaseModel

from vibesflow.errors import (
    CommitUnknown,
    NotConfirmedYet,
    ProviderDown,
    ProviderFault,
    ProviderRefused,
    RetryClass,
    TransactionFailed,
    VibesflowError,
)
from vibesflow.filecoin import Submitted

GIVE_UP_AFTER: Final = timedelta(minutes=5)
"""How long a provider may do nothing but fail before its pieces are given to others; well inside
the two hours after which providers drop what was not committed."""
BUSY_FOR: Final = timedelta(minutes=30)
"""The same for one that says that it cannot take the commit yet: it is busy, or has not noticed
that the data set is there."""
LOOK_AFTER: Final = timedelta(minutes=10)
"""A transaction that its provider calls pending for longer is looked for on chain as well: a
commit takes minutes (fact sheet, section 6), and one may never see its receipt."""
PENDING_FOR: Final = timedelta(hours=6)
"""How long a transaction may be pending: nonces of a provider that are stuck stay so for days. A
chain that stands still for so long makes others no faster, and costs a spare copy."""
MOST_FAILED: Final = 5
"""Transactions that may fail: another provider's may not."""


class CommitProgress(BaseModel):
    """Heartbeat details: what was sent, so that another attempt asks instead of sending.

    Attributes:
        troubled_since_s: epoch seconds of the first attempt since which the provider has only
            failed; None while it does its work, however long the chain takes.
        submitted_at_s: epoch seconds of the attempt that sent it.
        failed: transactions that landed and failed, or vanished.
    """

    tx_hash: str | None = None
    data_set_id: int | None = None
    troubled_since_s: float | None = None
    submitted_at_s: float | None = None
    failed: int = 0

    @property
    def submitted(self) -> Submitted | None:
        """What was sent, or None."""
        if self.tx_hash is None:
            return None
        return Submitted(tx_hash=self.tx_hash, data_set_id=self.data_set_id)

    def note_submitted(self, submitted: Submitted, *, at_s: float) -> None:
        """A transaction is under way."""
        self.tx_hash, self.data_set_id = submitted.tx_hash, submitted.data_set_id
        self.submitted_at_s = at_s

    def is_pending_since(self, patience: timedelta, *, at_s: float) -> bool:
        """Tell whether the transaction was sent so long ago."""
        since_s = self.submitted_at_s
        return since_s is not None and at_s - since_s >= patience.total_seconds()

    def note_error(self, error: VibesflowError, *, at_s: float) -> None:
        """An attempt that began at an epoch second has failed."""
        if isinstance(error, TransactionFailed):
            # The next attempt looks, and sends again.
            self.tx_hash = self.data_set_id = self.submitted_at_s = None
            self.failed += 1
        if not self._is_trouble(error):
            self.troubled_since_s = None
        elif self.troubled_since_s is None:
            self.troubled_since_s = at_s

    def refusal(self, error: VibesflowError, *, at_s: float) -> ProviderRefused | None:
        """Return what to raise instead if the provider has had its chance."""
        if self.failed >= MOST_FAILED:
            return ProviderRefused(f"gave up after {self.failed} transactions: {error.message}")
        is_pending = isinstance(error, NotConfirmedYet)  # not so if the chain cannot be asked
        if is_pending and self.is_pending_since(PENDING_FOR, at_s=at_s):
            hours = PENDING_FOR.total_seconds() / 3_600
            return ProviderRefused(f"gave up after {hours:.0f} h: {error.message}")
        if self.troubled_since_s is None:
            return None
        patience = BUSY_FOR if error.retry is RetryClass.WAIT else GIVE_UP_AFTER
        troubled_s = at_s - self.troubled_since_s
        if troubled_s < patience.total_seconds():
            return None
        return ProviderRefused(f"gave up after {troubled_s / 60:.0f} min: {error.message}")

    def _is_trouble(self, error: VibesflowError) -> bool:
        """Tell whether the provider is to blame: it fails, or turned the commit away."""
        if isinstance(error, NotConfirmedYet):
            return self.tx_hash is None
        return isinstance(error, (ProviderDown, ProviderFault, CommitUnknown))
