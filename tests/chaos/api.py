"""The HTTP door with points between its steps: ``python -m tests.chaos.api ORDERS_FOLDER``."""

from __future__ import annotations

import asyncio
import logging
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

from api.app import create_app
from api.server import door_server, listen, serve_until_signalled
from api.services import Services
from api.wiring import open_services
from tests.chaos.points import Tripwire
from tests.chaos.stepped import stepped_receiver
from vibesflow.ingest import Receiver
from vibesflow.settings import Settings, load_settings


async def run(settings: Settings, orders: Path) -> None:
    async with open_services(settings) as services:
        server = door_server(create_app(_stepped(services, orders)), settings.api)
        await serve_until_signalled(server, listen(settings.api))


def _stepped(services: Services, orders: Path) -> Services:
    receiver_of = partial(Receiver, max_bytes=services.receiver.max_bytes)
    wire = Tripwire(orders, "api")
    receiver = stepped_receiver(receiver_of, services.staging, services.live, wire)
    return replace(services, receiver=receiver)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    asyncio.run(run(load_settings(guards_door=True), Path(sys.argv[1])))
