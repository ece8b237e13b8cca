"""Whether the promise was kept: every acknowledged chunk, once, in its place, to the byte."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from devnet.ready import Ready
from tests.chaos.journal import ACK, OFFER, REFUSED, read_journal
from tests.e2e.chain import pieces_on_chain
from vibesflow.ledger import DynamoLedger
from vibesflow.staging import Staging
from vibesflow.stream.document import in_stream_order
from vibesflow.stream.ids import parse_chunk_id
from vibesflow.stream.records import ChunkRow, RowStatus, StreamRecord

_READS_AT_ONCE = 6


@dataclass
class Promises:
    """What the clients were told, from their journals."""

    acked: dict[str, dict[str, Any]] = field(default_factory=dict)
    offers: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def read(cls, journals: Iterable[Path]) -> Promises:
        promises = cls()
        for journal in journals:
            for line in read_journal(journal):
                if line["kind"] == ACK:
                    promises.acked[line["chunk_id"]] = line
                elif line["kind"] == OFFER:
                    promises.offers[line["rta_id"], line["sha256"]] += 1
                elif line["kind"] == REFUSED:
                    promises.refused.append(line)
        return promises

    @property
    def streams(self) -> frozenset[str]:
        """Streams of which at least one chunk was acknowledged."""
        return frozenset(line["rta_id"] for line in self.acked.values())


@dataclass
class Verdict:
    """What was found; all three lists are empty if the promise was kept."""

    chunks: int = 0
    copies: int = 0
    spare: int = 0
    """Copies beyond those wanted, in a row: somebody ordered them and was killed."""
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not (self.lost or self.doubled or self.wrong)


class Judge:
    """Compares promises with table, chain, providers, documents and staging."""

    def __init__(self, promises: Promises, ledger: DynamoLedger, ready: Ready, copies: int) -> None:
        self._promises = promises
        self._ledger = ledger
        self._ready = ready
        self._copies = copies
        self._turns = asyncio.Semaphore(_READS_AT_ONCE)
        self.verdict = Verdict()

    async def judge(self, staging: Staging) -> Verdict:
        verdict, promises = self.verdict, self._promises
        verdict.chunks = len(promises.acked)
        verdict.wrong += [
            f"refused: {line['chunk_id']}: {line['answer']}" for line in promises.refused
        ]
        records, rows = await asyncio.to_thread(self._table)
        by_id = {row.chunk_id: row for found in rows.values() for row in found}
        on_chain = await asyncio.to_thread(
            pieces_on_chain, self._ready.rpc, Path(self._ready.devnet_info)
        )
        self.check_rows(rows)
        self.check_chain(rows, on_chain)
        async with httpx.AsyncClient(timeout=60, trust_env=False) as http:
            await asyncio.gather(
                *(
                    self._check_chunk(http, line, by_id.get(key))
                    for key, line in promises.acked.items()
                ),
                *(self._check_stream(http, record, rows[key]) for key, record in records.items()),
            )
        await self._check_staging(staging, by_id)
        return verdict

    def _table(self) -> tuple[dict[str, StreamRecord], dict[str, list[ChunkRow]]]:
        found = {key: self._ledger.get_stream(key) for key in self._promises.streams}
        records = {key: record for key, record in found.items() if record is not None}
        rows = {key: list(self._ledger.list_chunks(key)) for key in self._promises.streams}
        return records, rows

    def check_rows(self, rows: dict[str, list[ChunkRow]]) -> None:
        """No row that nobody offered, and no more of a content than were offered."""
        kept = Counter((key, row.sha256) for key, found in rows.items() for row in found)
        for (key, sha256), count in kept.items():
            if count > self._promises.offers[key, sha256]:
                self.verdict.doubled.append(f"{key}: {count} rows of {sha256[:12]}")

    def check_chain(self, rows: dict[str, list[ChunkRow]], on_chain: dict[int, list[str]]) -> None:
        """Each copy is one piece in its data set, and there is no copy that no row knows."""
        places: dict[str, set[int]] = defaultdict(set)
        for row in (row for found in rows.values() for row in found):
            places[row.piece_cid or ""] |= {copy.data_set_id for copy in row.copies}
        for data_set_id, pieces in on_chain.items():
            for cid, count in Counter(pieces).items():
                if count > 1:
                    self.verdict.doubled.append(f"{cid}: {count} times in data set {data_set_id}")
                if cid in places and data_set_id not in places[cid]:
                    self.verdict.doubled.append(
                        f"{cid}: paid in data set {data_set_id}, no row says so"
                    )
        held = {data_set_id: set(pieces) for data_set_id, pieces in on_chain.items()}
        for cid, data_sets in places.items():
            for data_set_id in data_sets:
                if cid not in held.get(data_set_id, ()):
                    self.verdict.lost.append(f"{cid}: not in data set {data_set_id}")

    async def _check_chunk(
        self, http: httpx.AsyncClient, line: dict[str, Any], row: ChunkRow | None
    ) -> None:
        chunk_id, sha256 = line["chunk_id"], line["sha256"]
        if row is None or row.status is not RowStatus.UPLOADED or row.piece_cid is None:
            self.verdict.lost.append(f"{chunk_id}: {row.status if row else 'no row'}")
            return
        if (row.sha256, row.size) != (sha256, line["size"]):
            self.verdict.lost.append(f"{chunk_id}: the row is of other bytes")
        if len(row.copies) < self._copies:
            self.verdict.wrong.append(f"{chunk_id}: {len(row.copies)} copies")
        urls = [f"{self._ready.api}/api/proxy/{row.piece_cid}"]
        urls += [copy.base_url + row.piece_cid for copy in row.copies]
        for url in urls:
            content = await self._read(http, url)
            if content is None or hashlib.sha256(content).hexdigest() != sha256:
                self.verdict.lost.append(f"{chunk_id}: not served by {url}")
        self.verdict.copies += len(row.copies)
        self.verdict.spare += max(len(row.copies) - self._copies, 0)

    async def _check_stream(
        self, http: httpx.AsyncClient, record: StreamRecord, rows: list[ChunkRow]
    ) -> None:
        stored = [row for row in rows if row.status is RowStatus.UPLOADED]
        expected = {
            "complete": True,
            "chunks": len(rows),
            "uploaded": len(stored),
            "failed": 0,
            "bytes": sum(row.size for row in stored),
            "ms": sum(row.duration_ms for row in stored),
        }
        found = {
            "complete": record.is_complete,
            "chunks": record.chunks,
            "uploaded": record.uploaded,
            "failed": record.failed,
            "bytes": record.total_bytes,
            "ms": record.total_duration_ms,
        }
        if found != expected:
            self.verdict.wrong.append(f"{record.rta_id}: says {found}, rows say {expected}")
        await self._check_document(http, record, rows)

    async def _check_document(
        self, http: httpx.AsyncClient, record: StreamRecord, rows: list[ChunkRow]
    ) -> None:
        url = f"{self._ready.api}/api/proxy/{record.metadata_cid}"
        content = await self._read(http, url)
        if content is None:
            self.verdict.lost.append(f"{record.rta_id}: its document {record.metadata_cid}")
            return
        document = json.loads(content)
        ordered = [(row.chunk_id, row.sha256) for row in in_stream_order(rows)]
        if [(entry["chunk_id"], entry["sha256"]) for entry in document["chunks"]] != ordered:
            self.verdict.wrong.append(f"{record.rta_id}: its document has other chunks")
        totals = (document["total_bytes"], document["total_duration_ms"], document["version"])
        if totals != (record.total_bytes, record.total_duration_ms, record.document_version):
            self.verdict.wrong.append(f"{record.rta_id}: its document says {totals}")

    async def _check_staging(self, staging: Staging, rows: dict[str, ChunkRow]) -> None:
        """What is left was never acknowledged: its sender died between staging and signal."""
        known = {parse_chunk_id(row.chunk_id).staging_key for row in rows.values()}
        async for key in staging.keys():
            if key in known:
                self.verdict.wrong.append(f"staged bytes are left of {key}")

    async def _read(self, http: httpx.AsyncClient, url: str) -> bytes | None:
        async with self._turns:
            for pause_s in (0.5, 2.0, 0.0):
                try:
                    answer = await http.get(url)
                except httpx.TransportError:
                    answer = None
                if answer is not None and answer.status_code == httpx.codes.OK:
                    return answer.content
                await asyncio.sleep(pause_s)
        return None
