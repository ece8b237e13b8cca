"""What an upload's reply says of storage: remembered, so that it never delays or fails a reply."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from vibesflow.errors import VibesflowError
from vibesflow.query import LiveStreams, StreamReader

log = logging.getLogger(__name__)

FRESH_S = 600.0
"""A stream's data set changes hardly ever."""

MOST_STREAMS = 10_000


@dataclass(frozen=True, slots=True)
class StorageFacts:
    """Where a stream's pieces go, as far as is known."""

    data_set_id: str | None = None
    storage_provider: str | None = None


class RememberedFacts:
    """The storage facts of the streams that were uploaded to lately."""

    def __init__(
        self,
        reader: StreamReader,
        live: LiveStreams,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reader = reader
        self._live = live
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
            facts = await self._look_up(rta_id)
        except VibesflowError as error:
            log.info("storage facts of %s stay unknown: %s", rta_id, error.message)
            return
        if facts.data_set_id is not None:
            self._remember(rta_id, facts)

    async def _look_up(self, rta_id: str) -> StorageFacts:
        status = await self._live.status(rta_id)
        if status is not None and status.data_set_id is not None:
            return StorageFacts(str(status.data_set_id), None)
        record = await self._reader.record(rta_id)
        return (
            StorageFacts(record.data_set_id, record.storage_provider) if record else StorageFacts()
        )

    def _remember(self, rta_id: str, facts: StorageFacts) -> None:
        self._known[rta_id] = (self._clock(), facts)
        self._known.move_to_end(rta_id)
        while len(self._known) > MOST_STREAMS:
            self._known.popitem(last=False)
