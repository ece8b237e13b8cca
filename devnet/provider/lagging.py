"""Status that lags behind the chain, when that is ordered."""

from __future__ import annotations

from devnet.provider.faults import FaultName, Faults
from devnet.provider.options import Clock


class Lag:
    """Decides once for each confirmed transaction how long its success is held back."""

    def __init__(self, clock: Clock, faults: Faults) -> None:
        self._clock = clock
        self._faults = faults
        self._until_s: dict[str, float] = {}

    def holds(self, tx_hash: str) -> bool:
        """Whether a transaction's success must not be told yet."""
        now_s = self._clock()
        if tx_hash not in self._until_s:
            delay_s = self._faults.delay_s(FaultName.LATE_CONFIRMATION)
            if delay_s is None:
                return False
            self._until_s[tx_hash] = now_s + delay_s
        return now_s < self._until_s[tx_hash]
