"""One upload's way through the door: allowed, within its limits, and fair to others."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from vibesflow.access.buckets import Buckets
from vibesflow.access.guard import Guard
from vibesflow.access.slots import Slots
from vibesflow.access.tickets import Ticket
from vibesflow.access.volumes import Meter, Volumes
from vibesflow.settings import AccessSettings, ApiSettings


class Admission:
    """Admits uploads.

    Attributes:
        guard: judges what requests show.
        volumes: bytes of the streams that tickets limit.
        slots: uploads under way.
    """

    def __init__(
        self,
        access: AccessSettings,
        api: ApiSettings,
        *,
        wall_clock: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.guard = Guard(access, clock=wall_clock)
        self.volumes = Volumes()
        self.slots = Slots(most=api.max_uploads, most_each=api.creator_uploads)
        self._per_minute = api.creator_chunks_per_minute
        self._creators = Buckets(clock=clock)
        self._streams = Buckets(clock=clock)

    @contextmanager
    def upload(self, ticket: Ticket | None, rta_id: str, creator: str) -> Iterator[Meter]:
        """Hold a place for one upload, and count its bytes.

        A refusal takes nothing from anybody's allowance but the creator's own.

        Args:
            ticket: what `Guard.ticket` returned.
            rta_id: the stream to write to.
            creator: in whose name.

        Raises:
            TicketForAnother: the ticket is for another stream or creator.
            RateLimited: the creator or the ticket has handed in too much in too little time.
            Overloaded: as much as this process takes is under way.
        """
        if ticket is not None:
            ticket.check_stream(rta_id)
            ticket.check_creator(creator)
        with self.slots.hold(creator):
            self._creators.take(creator, per_minute=self._per_minute, what="this archive")
            if ticket is not None and ticket.chunks_per_minute:
                self._streams.take(rta_id, per_minute=ticket.chunks_per_minute, what="the ticket")
            most = ticket.max_stream_bytes if ticket else None
            most_each = ticket.max_chunk_bytes if ticket else None
            with self.volumes.metered(rta_id, most, most_each) as meter:
                yield meter
