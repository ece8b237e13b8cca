"""The worker with points between its steps: ``python -m tests.chaos.worker ORDERS_FOLDER``."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

from temporalio import activity
from temporalio.client import Client

import worker
from activities.ports import DataSetOrders
from tests.chaos.points import Tripwire
from tests.chaos.stepped import Stepped
from vibesflow.ledger import Ledger
from vibesflow.settings import Settings
from vibesflow.staging import Staging


@asynccontextmanager
async def stepped_parts(settings: Settings, client: Client) -> AsyncIterator[worker.Parts]:
    wire = Tripwire(Path(sys.argv[1]), "worker")
    async with worker.open_parts(settings, client) as parts:
        yield worker.Parts(
            filecoin=cast("worker.Filecoin", _filecoin(parts, wire)),
            ledger=cast("Ledger", _ledger(parts, wire)),
            staging=cast("Staging", Stepped(parts.staging, wire, {"release": "release"})),
            orders=cast("DataSetOrders", Stepped(parts.orders, wire, {"order": "order"})),
        )


def _filecoin(parts: worker.Parts, wire: Tripwire) -> Stepped:
    steps = {
        "store": _store_or_publish,
        "pull": "pull",
        "look": "look",
        "submit": "submit",
        "poll": "receipt",
    }
    return Stepped(parts.filecoin, wire, steps, eager=frozenset({"poll"}))


def _ledger(parts: worker.Parts, wire: Tripwire) -> Stepped:
    steps = {"open_stream": "open", "settle_rows": "append", "complete_stream": "complete"}
    return Stepped(parts.ledger, wire, steps)


def _store_or_publish() -> str:
    return "publish" if activity.info().activity_type == "publish_document" else "store"


if __name__ == "__main__":
    sys.exit(worker.main(stepped_parts))
