"""What an upload's reply says of storage: remembered, so that it never delays or fails a reply."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from vibesflow.errors import VibesflowError
from vibesflow.query import StreamReader

log = logging.getLogger(__name__)

FRESH_S = 60.0
"""A stream's data set changes hardly ever; once a chunk is often enough to look."""

MOST_STREAMS = 10_000


@dataclass(frozen=True, slots=True)
class StorageFacts:
    """Where a stream's pieces go, as far as is known."""

    data_set_id: str | None = None
    storage_provider: str | None = None


class RememberedFacts:
    """The storage facts of the streams that were uploaded to lately."""

    def __init__(
        self, reader: StreamReader, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._reader = reader
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, StorageFacts]] = OrderedDict()

    def of(self, rta_id: str) -> StorageFacts:
        """Return what is known without asking anybody."""
        return self._known.get(rta_id, (0.0, StorageFacts()))[1]

    async def refresh(self, rta_id: str) -> None:
        """Look the stream up unless it was looked up lately; meant to run after the reply."""
        known = self._known.get(rta_id)
        if known and self._clock() - known[0] < FRESH_S:
            return
        try:
            record = await self._reader.record(rta_id)
        except VibesflowError as error:
            log.info("storage facts of %s stay unknown: %s", rta_id, error.message)
            return
        if record is not None and record.data_set_id is not None:
            self._remember(rta_id, StorageFacts(record.data_set_id, record.storage_provider))

    def _remember(self, rta_id: str, facts: StorageFacts) -> None:
        self._known[rta_id] = (self._clock(), facts)
        self._known.move_to_end(rta_id)
        while len(self._known) > MOST_STREAMS:
            self._known.popitem(last=False)
