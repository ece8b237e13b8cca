"""Lists of streams from the sparse indexes, page by page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from vibesflow.ledger.attributes import decode, encode
from vibesflow.ledger.codec import OPEN_SHARD, PARKED_SHARD, record_of
from vibesflow.ledger.cursors import CursorSigner, Position
from vibesflow.ledger.expressions import Expression
from vibesflow.ledger.requests import Requests
from vibesflow.ledger.tables import BY_CREATOR, BY_MONTH, OPEN_STREAMS, PARKED_STREAMS
from vibesflow.stream.records import StreamPage, StreamRecord

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import QueryInputTypeDef

    from vibesflow.ledger.attributes import Item

MONTHS_A_PAGE = 12
"""Quiet months that one request looks through; its page may then be short, with a cursor."""

_CLOCK_SKEW = timedelta(hours=1)
"""By how much the clock that completed a stream may be ahead of the one that lists it."""

Clock = Callable[[], datetime]


class StreamLists:
    """Pages of streams; a cursor names the last item returned, so nothing new shifts a page."""

    def __init__(
        self, requests: Requests, signer: CursorSigner, *, first_month: str, clock: Clock
    ) -> None:
        self._requests = requests
        self._signer = signer
        self._first_month = first_month
        self._clock = clock

    def by_month(self, *, limit: int, cursor: str | None) -> StreamPage:
        """Return completed streams, newest first, walking months back to the first one."""
        position = self._position(cursor, "completed")
        month = position.month or f"{self._clock() + _CLOCK_SKEW:%Y-%m}"
        after = position.after
        found: list[Item] = []
        for _ in range(MONTHS_A_PAGE):
            if month < self._first_month:
                break
            items, after = self._query(
                BY_MONTH, "completed_month", month, limit=limit - len(found), after=after
            )
            found += items
            if after is None:
                month = _month_before(month)
            if len(found) >= limit:
                break
        goes_on = month >= self._first_month
        going_on = Position(query="completed", month=month, after=after) if goes_on else None
        return self._page([record_of(item) for item in found], going_on)

    def of_creator(self, creator: str, *, limit: int, cursor: str | None) -> StreamPage:
        """Return the completed streams of a creator, newest first."""
        query = f"creator {creator}"
        after = self._position(cursor, query).after
        if not creator:
            return self._page([], None)
        items, after = self._query(BY_CREATOR, "creator", creator, limit=limit, after=after)
        return self._page([record_of(item) for item in items], _going_on(query, after))

    def being_recorded(self, *, limit: int, cursor: str | None) -> StreamPage:
        """Return streams that are being recorded, the one opened last first.

        The index lags behind the table, so a stream that has completed meanwhile is left out.
        """
        after = self._position(cursor, "open").after
        items, after = self._query(OPEN_STREAMS, "open_shard", OPEN_SHARD, limit=limit, after=after)
        open_now = [record for record in self._standing(items) if not record.is_complete]
        return self._page(open_now, _going_on("open", after))

    def with_parked(self, *, limit: int, cursor: str | None) -> StreamPage:
        """Return streams with parked chunks, the one that parked last first.

        A stream stays in the index until its last parked chunk has left it, or for a moment
        longer, so one that has none is left out.
        """
        after = self._position(cursor, "parked").after
        items, after = self._query(
            PARKED_STREAMS, "parked_shard", PARKED_SHARD, limit=limit, after=after
        )
        parked = [record for record in self._standing(items) if record.failed or record.pinned]
        return self._page(parked, _going_on("parked", after))

    def _standing(self, items: list[Item]) -> list[StreamRecord]:
        """Return the records of an index's items as they are now, in the index's order."""
        ids = [str(decode(item)["rta_id"]) for item in items]
        found = self._requests.get_many(
            self._requests.streams, [{"rta_id": rta_id} for rta_id in ids]
        )
        records = {record.rta_id: record for record in map(record_of, found)}
        return [records[rta_id] for rta_id in ids if rta_id in records]

    def _query(
        self, index: str, key: str, value: str, *, limit: int, after: dict[str, str] | None
    ) -> tuple[list[Item], dict[str, str] | None]:
        expression = Expression()
        condition = expression.equals({key: value})
        request: QueryInputTypeDef = {
            "TableName": self._requests.streams,
            "IndexName": index,
            "KeyConditionExpression": condition,
            "ExpressionAttributeNames": expression.names,
            "ExpressionAttributeValues": expression.values,
            "ScanIndexForward": False,
            "Limit": limit,
        }
        if after:
            request["ExclusiveStartKey"] = encode(after)
        found: list[Item] = []
        for items, last in self._requests.query(request):
            found += items
            if last is not None and len(found) >= limit:
                return found, {name: str(part) for name, part in decode(last).items()}
        return found, None

    def _page(self, records: list[StreamRecord], going_on: Position | None) -> StreamPage:
        cursor = self._signer.seal(going_on) if going_on else None
        return StreamPage(streams=tuple(records), next_cursor=cursor)

    def _position(self, cursor: str | None, query: str) -> Position:
        return self._signer.unseal(cursor, query) if cursor else Position(query=query)


def _going_on(query: str, after: dict[str, str] | None) -> Position | None:
    return Position(query=query, after=after) if after else None


def _month_before(month: str) -> str:
    year, number = map(int, month.split("-"))
    return f"{year - (number == 1):04d}-{(number - 2) % 12 + 1:02d}"
