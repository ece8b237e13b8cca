"""The ledger over DynamoDB: writes, reads, the audit's and the rebuild's part put together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from vibesflow.ledger.cursors import CursorSigner
from vibesflow.ledger.keeper import TableKeeper
from vibesflow.ledger.lists import StreamLists
from vibesflow.ledger.reader import TableReader
from vibesflow.ledger.requests import Requests
from vibesflow.ledger.restorer import TableRestorer
from vibesflow.ledger.setup import open_table_client
from vibesflow.ledger.snapshot_store import SnapshotStore
from vibesflow.ledger.writer import TableWriter
from vibesflow.settings import TableSettings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def _utc_now() -> datetime:
    return datetime.now(UTC)


class DynamoLedger(TableWriter, TableReader, TableKeeper, TableRestorer):
    """All sides of the ledger over one client, which any number of threads may share.

    Build one a process: a client costs some 75 ms, and its connections are the costly part.
    """

    def __init__(
        self,
        settings: TableSettings,
        *,
        client: DynamoDBClient | None = None,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        """Connect to nothing yet; the tables need not exist until the first call.

        Args:
            settings: where the tables are and what they are called.
            client: a client to use instead of a new one.
            clock: tells the month from which lists walk back.
        """
        requests = Requests(client or open_table_client(settings), settings)
        snapshots = SnapshotStore(requests)
        lists = StreamLists(
            requests,
            CursorSigner(settings.cursor_secret),
            first_month=settings.first_month,
            clock=clock,
        )
        TableWriter.__init__(self, requests, snapshots)
        TableReader.__init__(self, requests, lists, snapshots)
        TableKeeper.__init__(self, requests, snapshots)
        TableRestorer.__init__(self, requests, snapshots)
