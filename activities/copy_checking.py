"""Looking at copies: what the chain says of them, and whether their bytes are there and right."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence

from activities.audit_ports import AuditedFilecoin
from vibesflow.audit.verdicts import CopyFound, Fault, PieceFound, set_fault
from vibesflow.errors import PieceNotFound, ProviderDown, ProviderFault, ProviderLied

READERS = 4
"""Copies that are read at the same time; each holds one block in memory."""
TRIES = 3
PAUSE_S = 0.5
SILENT_AFTER = 3
"""A provider that was silent for so many copies is not asked for more in the same step."""


class CopyChecker:
    """Checks copies of pieces; one is made for each step, and remembers who is silent.

    Args:
        filecoin: chain and providers.
        grace_epochs: how late a proof may be.
    """

    def __init__(self, filecoin: AuditedFilecoin, *, grace_epochs: int) -> None:
        self._filecoin = filecoin
        self._grace_epochs = grace_epochs
        self._silences: Counter[int] = Counter()
        self._readers = asyncio.Semaphore(READERS)

    async def on_chain(self, pieces: Sequence[PieceFound]) -> list[PieceFound]:
        """Return the pieces with the faults that the chain tells of their copies.

        Raises:
            ChainDown: the chain cannot be asked.
        """
        set_faults = await self._set_faults({c.data_set_id for p in pieces for c in p.copies})
        held = await self._held(pieces, {n for n, fault in set_faults.items() if fault is None})

        def judged(copy: CopyFound, piece_cid: str) -> CopyFound:
            fault = set_faults[copy.data_set_id]
            if fault is None and (copy.data_set_id, copy.piece_id, piece_cid) not in held:
                fault = Fault.PIECE_GONE
            return copy.model_copy(update={"fault": fault})

        return [
            _with(piece, (judged(c, piece.piece_cid) for c in piece.copies)) for piece in pieces
        ]

    async def by_reading(self, pieces: Sequence[PieceFound]) -> list[PieceFound]:
        """Return the pieces with the faults of their bytes; copies with a fault are not read."""
        urls = {p.provider_id: p.service_url for p in await self._filecoin.providers()}
        return await asyncio.gather(*(self._read_copies(piece, urls) for piece in pieces))

    async def _set_faults(self, data_set_ids: set[int]) -> dict[int, Fault | None]:
        found = await self._filecoin.health.data_sets(sorted(data_set_ids))
        return {
            number: set_fault(
                live=health.live,
                end_epoch=health.end_epoch,
                overdue_epochs=health.overdue_epochs,
                grace_epochs=self._grace_epochs,
            )
            for number, health in found.items()
        }

    async def _held(
        self, pieces: Sequence[PieceFound], data_set_ids: set[int]
    ) -> set[tuple[int, int, str]]:
        """Return (data set, piece id, PieceCID) of what the chain has as it is claimed."""
        claims: dict[int, dict[int, str]] = {number: {} for number in data_set_ids}
        for piece in pieces:
            for copy in piece.copies:
                if copy.data_set_id in claims:
                    claims[copy.data_set_id][copy.piece_id] = piece.piece_cid
        held = {n: await self._filecoin.health.held(n, claimed) for n, claimed in claims.items()}
        return {(n, piece_id, claims[n][piece_id]) for n, ids in held.items() for piece_id in ids}

    async def _read_copies(self, piece: PieceFound, urls: dict[int, str]) -> PieceFound:
        async def read(copy: CopyFound) -> CopyFound:
            if copy.fault is not None:
                return copy
            url = urls.get(copy.provider_id) or copy.base_url.removesuffix("/piece/")
            async with self._readers:
                fault = await self._read(copy.provider_id, url, piece.piece_cid)
            return copy.model_copy(update={"fault": fault})

        return _with(piece, await asyncio.gather(*(read(copy) for copy in piece.copies)))

    async def _read(self, provider_id: int, url: str, piece_cid: str) -> Fault | None:
        """Read once, and again if that fails: one broken transfer is no lost piece."""
        fault: Fault | None = Fault.NO_ANSWER
        for attempt in range(TRIES):
            if self._silences[provider_id] >= SILENT_AFTER:
                return Fault.NO_ANSWER
            await asyncio.sleep(PAUSE_S * attempt)
            fault = await self._read_once(url, piece_cid)
            if fault is None:
                self._silences.pop(provider_id, None)
                return None
        if fault is Fault.NO_ANSWER:
            self._silences[provider_id] += 1
        return fault

    async def _read_once(self, url: str, piece_cid: str) -> Fault | None:
        try:
            async for _ in self._filecoin.read(url, piece_cid):
                pass
        except PieceNotFound:
            return Fault.NO_BYTES
        except ProviderLied:
            return Fault.WRONG_BYTES
        except (ProviderDown, ProviderFault):
            return Fault.NO_ANSWER
        return None


def _with(piece: PieceFound, copies: Iterable[CopyFound]) -> PieceFound:
    return piece.model_copy(update={"copies": tuple(copies)})
