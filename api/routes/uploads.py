"""Uploading a chunk, and asking where it stands."""

from __future__ import annotations

import logging
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from starlette.background import BackgroundTask

from api.access import TICKET, TICKET_ERRORS, needs
from api.facts import RememberedFacts
from api.ingest.openapi import UPLOAD
from api.ingest.reception import receive_upload
from api.legacy.upload import UploadReply, upload_reply
from api.legacy.upload_status import UploadStatusReply, upload_status_reply
from api.metrics import ApiMetrics
from api.problems import documented
from api.services import Services, Wired
from vibesflow.errors import (
    BodyTimeout,
    ChunkConflict,
    ChunkTooLarge,
    ChunkTooSmall,
    InvalidBody,
    InvalidChunkId,
    InvalidHeader,
    InvalidRtaId,
    Overloaded,
    RateLimited,
    StagingDown,
    TableDown,
    TemporalDown,
    TicketSpent,
    UploadNotFound,
    VibesflowError,
)
from vibesflow.ingest import Receipt

log = logging.getLogger(__name__)

router = APIRouter(tags=["existing client"])


def _metrics_of(request: Request) -> ApiMetrics:
    metrics: ApiMetrics = request.app.state.metrics
    return metrics


def _facts_of(request: Request) -> RememberedFacts:
    facts: RememberedFacts = request.app.state.facts
    return facts


Metrics = Annotated[ApiMetrics, Depends(_metrics_of)]
Facts = Annotated[RememberedFacts, Depends(_facts_of)]


@router.post(
    "/upload",
    status_code=202,
    response_model=UploadReply,
    openapi_extra={**UPLOAD, **needs(TICKET)},
    responses=documented(
        *TICKET_ERRORS,
        TicketSpent,
        InvalidHeader,
        InvalidRtaId,
        InvalidChunkId,
        InvalidBody,
        ChunkTooSmall,
        BodyTimeout,
        ChunkConflict,
        ChunkTooLarge,
        RateLimited,
        Overloaded,
        StagingDown,
        TemporalDown,
    ),
)
async def upload(request: Request, wired: Wired, metrics: Metrics, facts: Facts) -> JSONResponse:
    """Acknowledge a chunk once its bytes are durable and its stream has been told."""
    receipt = await _counted(request, wired, metrics)
    rta_id = receipt.chunk.rta_id
    wired.wallet.refresh_soon()
    reply = upload_reply(receipt, facts.of(rta_id), wired.network, wired.wallet.known)
    return JSONResponse(
        reply.model_dump(mode="json", by_alias=True),
        status_code=202,
        background=BackgroundTask(_look_behind, wired, facts, rta_id),
    )


async def _look_behind(services: Services, facts: RememberedFacts, rta_id: str) -> None:
    await facts.refresh(rta_id)
    volumes = services.admission.volumes
    if volumes.wants_to_know(rta_id):
        try:
            record = await services.reader.record(rta_id)
        except VibesflowError as error:
            log.info("bytes of %s in the table stay unknown: %s", rta_id, error.message)
        else:
            volumes.at_least(rta_id, record.total_bytes if record else 0)


@router.get(
    "/upload/status/{upload_id}",
    response_model=UploadStatusReply,
    responses=documented(UploadNotFound, TableDown, TemporalDown, StagingDown),
)
async def upload_status(upload_id: str, wired: Wired) -> UploadStatusReply:
    """Tell where an upload stands; the id is the chunk id, so it outlives every process."""
    return upload_status_reply(await wired.uploads.find(upload_id), wired.network)


async def _counted(request: Request, services: Services, metrics: ApiMetrics) -> Receipt:
    try:
        receipt = await receive_upload(request, services)
    except VibesflowError as error:
        metrics.chunks.labels(error.code).inc()
        raise
    outcome = "created" if receipt.created else "known"
    log.info("%s: %s, %d bytes", receipt.chunk.chunk_id, outcome, receipt.chunk.size)
    metrics.chunks.labels(outcome).inc()
    if receipt.created:
        metrics.chunk_bytes.observe(receipt.chunk.size)
    return receipt
