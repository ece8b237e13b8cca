"""Finding the copies of a stream's document: no row names them, the chain does."""

from __future__ import annotations

import asyncio

from activities.audit_ports import AuditedFilecoin
from activities.ports import DataSetOrders
from vibesflow.audit.verdicts import CopyFound, PieceFound
from vibesflow.filecoin import PieceCid
from vibesflow.ledger.port import Ledger
from vibesflow.stream.records import StreamRecord

ROWS = 48
"""Rows whose data sets are searched first: a document lies where its chunks do."""


class DocumentCopies:
    """Searches data sets for documents.

    Args:
        ledger: rows tell where a stream's pieces are; its calls block.
        filecoin: chain and providers.
        orders: tells which scope a stream's data sets have.
    """

    def __init__(self, ledger: Ledger, filecoin: AuditedFilecoin, orders: DataSetOrders) -> None:
        self._ledger = ledger
        self._filecoin = filecoin
        self._orders = orders

    async def near(self, record: StreamRecord) -> PieceFound:
        """Return the document with the copies that lie where the stream's chunks do."""
        cid = record.metadata_cid or ""
        rows = await asyncio.to_thread(self._ledger.rows_after, record.rta_id, None, limit=ROWS)
        data_sets = {c.provider_id: c.data_set_id for row in rows for c in row.copies}
        return _document(cid, await self._search(cid, data_sets))

    async def elsewhere(self, record: StreamRecord, known: PieceFound) -> PieceFound:
        """Return the document with its copies in other data sets of the stream's scope."""
        seen = {copy.data_set_id for copy in known.copies}
        scope = self._orders.scope_of(record.rta_id, record.creator)
        all_sets = await self._filecoin.data_sets_in(scope)
        data_sets = {provider: n for provider, n in all_sets.items() if n not in seen}
        return _document(known.piece_cid, await self._search(known.piece_cid, data_sets))

    async def _search(self, cid: str, data_sets: dict[int, int]) -> list[CopyFound]:
        providers = {p.provider_id: p for p in await self._filecoin.providers()}
        health = await self._filecoin.health.data_sets(sorted(data_sets.values()))
        found = []
        for provider_id, data_set_id in sorted(data_sets.items()):
            provider = providers.get(provider_id)
            if provider is None or not health[data_set_id].live:
                continue
            piece_id = await self._filecoin.health.find(data_set_id, cid)
            if piece_id is not None:
                url = self._filecoin.retrieval_url(provider, cid)
                found.append(
                    CopyFound(
                        provider_id=provider_id,
                        base_url=url.removesuffix(cid),
                        data_set_id=data_set_id,
                        piece_id=piece_id,
                    )
                )
        return found


def _document(cid: str, copies: list[CopyFound]) -> PieceFound:
    return PieceFound(piece_cid=cid, size=PieceCid.parse(cid).raw_size, copies=tuple(copies))
