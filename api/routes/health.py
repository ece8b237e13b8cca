"""Is the process alive, can it take chunks, what is down. No check writes to chain or table."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from api.legacy.wallet import PandoraStatus, WalletStatus, pandora_reply, wallet_reply
from api.legacy.words import CamelReply
from api.metrics import CONTENT_TYPE, ApiMetrics
from api.problems import documented
from api.services import Services, Wired
from vibesflow import __version__
from vibesflow.errors import DependencyDown, StagingDown, TableDown, TemporalDown

router = APIRouter(tags=["operations"])

PROBE_TIMEOUT_S = 4.0
"""Below the five seconds after which load balancers commonly give a probe up."""


class Live(BaseModel):
    """The process runs and its event loop turns."""

    status: Literal["live"] = "live"


class Ready(BaseModel):
    """Chunks can be acknowledged: staging and Temporal answer (the table is not needed)."""

    status: Literal["ready"] = "ready"


class Filecoin(CamelReply):
    """The payer's money and the service's approval, as they were read last."""

    wallet_status: WalletStatus
    pandora_status: PandoraStatus


class Health(BaseModel):
    """Every dependency: ``up``, or what is wrong with it; the wallet does not count as one."""

    status: Literal["healthy", "unhealthy"]
    timestamp: str
    service: str = "vibesflow"
    version: str = __version__
    network: str
    dependencies: dict[str, str]
    filecoin: Filecoin


@router.get("/livez", response_model=Live)
async def livez() -> Live:
    """Say that the process is alive; it asks nobody."""
    return Live()


@router.get("/readyz", response_model=Ready, responses=documented(StagingDown, TemporalDown))
async def readyz(wired: Wired) -> Ready:
    """Tell whether chunks can be acknowledged."""
    for fault in await asyncio.gather(_staging(wired), _temporal(wired)):
        if fault is not None:
            raise fault
    return Ready()


@router.get("/health", response_model=Health, responses={503: {"model": Health}})
async def health(wired: Wired) -> JSONResponse:
    """Show every dependency; 503 when one is down."""
    faults = await asyncio.gather(_staging(wired), _temporal(wired), _table(wired))
    names = (StagingDown.dependency, TemporalDown.dependency, TableDown.dependency)
    states = {
        name: fault.message if fault else "up" for name, fault in zip(names, faults, strict=True)
    }
    body = Health(
        status="unhealthy" if any(faults) else "healthy",
        timestamp=wired.clock().isoformat(timespec="milliseconds"),
        network=wired.network.name,
        dependencies=states,
        filecoin=_filecoin(wired),
    )
    wired.wallet.refresh_soon()
    return JSONResponse(body.model_dump(by_alias=True), status_code=503 if any(faults) else 200)


@router.get("/metrics", response_class=Response)
async def metrics(request: Request) -> Response:
    """Show the metrics in the Prometheus text format."""
    counted: ApiMetrics = request.app.state.metrics
    return Response(counted.render(), headers={"Content-Type": CONTENT_TYPE})


def _filecoin(services: Services) -> Filecoin:
    known = services.wallet.known
    return Filecoin(
        wallet_status=wallet_reply(known),
        pandora_status=pandora_reply(services.network.warm_storage, known),
    )


async def _staging(services: Services) -> DependencyDown | None:
    return await _probe(services.staging.check, StagingDown)


async def _temporal(services: Services) -> DependencyDown | None:
    return await _probe(services.live.check, TemporalDown)


async def _table(services: Services) -> DependencyDown | None:
    return await _probe(services.reader.check, TableDown)


async def _probe(
    check: Callable[[], Awaitable[None]], kind: type[DependencyDown]
) -> DependencyDown | None:
    try:
        async with asyncio.timeout(PROBE_TIMEOUT_S):
            await check()
    except TimeoutError:
        return kind(f"no answer within {PROBE_TIMEOUT_S:g} s")
    except DependencyDown as error:
        return error
    return None
