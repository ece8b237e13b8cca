"""A provider inside the test's own process, with a clock that the test turns."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from devnet.chain.accounts import provider_account
from devnet.provider.app import build_app
from devnet.provider.faults import Faults
from devnet.provider.options import Limits, Options

QUICK = Limits(housekeeping_period_s=0.02, receipt_poll_s=0.02)
FWSS = "0x" + "11" * 20


@dataclass
class TurnedClock:
    now_s: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now_s


@dataclass(frozen=True)
class Embedded:
    http: httpx.AsyncClient
    clock: TurnedClock
    folder: Path


def options_in(folder: Path) -> Options:
    """Options of a provider that has no chain."""
    return Options(
        data_dir=folder,
        rpc_url="http://127.0.0.1:9",
        account=provider_account(9).local,
        fwss=FWSS,
        pdp_verifier="0x" + "22" * 20,
        limits=QUICK,
    )


@contextlib.asynccontextmanager
async def embedded(
    folder: Path,
    limits: Limits = QUICK,
    faults: Faults | None = None,
    options: Options | None = None,
) -> AsyncIterator[Embedded]:
    clock = TurnedClock()
    given = options or options_in(folder)
    app = build_app(replace(given, limits=limits, clock=clock), faults)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://provider") as http,
    ):
        yield Embedded(http, clock, folder)
