"""The ledger's reads; none of them writes, and none is a Scan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from vibesflow.ledger import codec
from vibesflow.ledger.attributes import encode
from vibesflow.ledger.expressions import Expression
from vibesflow.ledger.lists import StreamLists
from vibesflow.ledger.requests import Requests
from vibesflow.ledger.snapshot_store import SnapshotStore
from vibesflow.stream.records import ChunkDetail, ChunkRow, StreamPage, StreamRecord

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import QueryInputTypeDef

_NOBODY = "check"


class TableReader:
    """Implements `vibesflow.ledger.port.LedgerReader`."""

    def __init__(self, requests: Requests, lists: StreamLists, snapshots: SnapshotStore) -> None:
        self._requests = requests
        self._lists = lists
        self._snapshots = snapshots

    def get_stream(self, rta_id: str) -> StreamRecord | None:
        """Return the stream's summary, strongly consistent, or None."""
        item = self._requests.get(self._requests.streams, {"rta_id": rta_id})
        return codec.record_of(item) if item else None

    def get_chunk(self, rta_id: str, chunk_id: str) -> ChunkRow | None:
        """Return one row, strongly consistent, or None."""
        key = {"rta_id": rta_id, "chunk_key": codec.chunk_key(chunk_id)}
        item = self._requests.get(self._requests.chunks, key)
        return codec.row_of(item) if item else None

    def list_chunks(self, rta_id: str, *, after: str = "", since: str = "") -> Iterator[ChunkRow]:
        """Yield rows, strongly consistent; see `vibesflow.ledger.port.LedgerReader`."""
        expression = Expression()
        own = expression.equals({"rta_id": rta_id})
        key = expression.name("chunk_key")
        first = expression.value(since or codec.CHUNK_PREFIX)
        last = expression.value(codec.CHUNK_END)
        begin: QueryInputTypeDef = {"TableName": self._requests.chunks}
        if after:
            begin["ExclusiveStartKey"] = encode({"rta_id": rta_id, "chunk_key": after})
        pages = self._requests.query(
            {
                **begin,
                "KeyConditionExpression": f"{own} AND {key} BETWEEN {first} AND {last}",
                "ExpressionAttributeNames": expression.names,
                "ExpressionAttributeValues": expression.values,
                "ConsistentRead": True,
            }
        )
        for items, _ in pages:
            yield from map(codec.row_of, items)

    def list_completed(
        self, *, limit: int, cursor: str | None = None, creator: str | None = None
    ) -> StreamPage:
        """Return a page of streams that completed at least once, newest first."""
        if creator is not None:
            return self._lists.of_creator(creator, limit=limit, cursor=cursor)
        return self._lists.by_month(limit=limit, cursor=cursor)

    def list_open(self, *, limit: int, cursor: str | None = None) -> StreamPage:
        """Return a page of streams that are being recorded, newest first."""
        return self._lists.being_recorded(limit=limit, cursor=cursor)

    def list_parked(self, *, limit: int, cursor: str | None = None) -> StreamPage:
        """Return a page of streams with parked chunks, the one that parked last first."""
        return self._lists.with_parked(limit=limit, cursor=cursor)

    def details(self, keys: Sequence[tuple[str, int]]) -> dict[str, tuple[ChunkDetail, ...]]:
        """Return the snapshots of (rta_id, detail_rev), by rta_id."""
        return self._snapshots.read(keys)

    def check(self) -> None:
        """Return if the tables answer; raise `TableDown` if not."""
        self._requests.get(self._requests.streams, {"rta_id": _NOBODY})
        self._requests.get(self._requests.chunks, {"rta_id": _NOBODY, "chunk_key": _NOBODY})
