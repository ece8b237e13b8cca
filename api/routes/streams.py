"""Streams: status, the public list, completion, and the operators' overview."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from api.access import OPERATOR, TICKET, TICKET_ERRORS, needs, shown
from api.legacy.all_rtas import AllRtasReply, all_rtas_reply
from api.legacy.completion import CompleteRtaReply, complete_rta_reply
from api.legacy.stream_status import StreamStatusReply, stream_status_reply
from api.legacy.vibestreams import Vibestream, vibestream
from api.problems import documented
from api.services import Services, Wired
from vibesflow.errors import (
    InvalidCursor,
    InvalidHeader,
    InvalidInput,
    InvalidRtaId,
    NothingToComplete,
    StreamNotFound,
    TableDown,
    TemporalDown,
)
from vibesflow.query.reader import MAX_PAGE
from vibesflow.stream.ids import check_rta_id

router = APIRouter(tags=["existing client"])

DEFAULT_PAGE = 50


@router.get(
    "/filecoin/status/{rta_id}",
    response_model=StreamStatusReply,
    responses=documented(TableDown, TemporalDown),
)
async def stream_status(rta_id: str, wired: Wired) -> StreamStatusReply:
    """Show a stream with all its chunks; an unknown one is 200 with ``not_found``."""
    try:
        view = await wired.reader.stream(check_rta_id(rta_id))
    except InvalidRtaId:  # what cannot exist is not found, and old clients rely on the 200
        view = None
    return stream_status_reply(rta_id, view, wired.network)


@router.get(
    "/api/vibestreams",
    response_model=list[Vibestream],
    responses=documented(InvalidInput, InvalidCursor, TableDown),
)
async def vibestreams(
    request: Request,
    response: Response,
    wired: Wired,
    limit: Annotated[int, Query(ge=1, description="Streams a page, at most 100")] = DEFAULT_PAGE,
    cursor: Annotated[str | None, Query(max_length=4_096)] = None,
    creator: Annotated[str | None, Query(max_length=128)] = None,
) -> list[Vibestream]:
    """List the completed streams, newest first; the Link header names the next page.

    A page may be short, or even empty, and still have a next one.
    """
    if creator is not None and not creator.isprintable():
        raise InvalidInput("query.creator: printable characters only")
    page = await wired.reader.completed(
        limit=min(limit, MAX_PAGE), cursor=cursor or None, creator=creator or None
    )
    if page.next_cursor is not None:
        response.headers["Link"] = _next_link(request, wired, page.next_cursor)
    return [vibestream(stream, wired.network) for stream in page.streams]


@router.post(
    "/api/complete-rta/{rta_id}",
    response_model=CompleteRtaReply,
    responses=documented(
        *TICKET_ERRORS,
        InvalidHeader,
        InvalidRtaId,
        NothingToComplete,
        StreamNotFound,
        TemporalDown,
        TableDown,
    ),
    openapi_extra=needs(OPERATOR, TICKET),
)
async def complete_rta(rta_id: str, request: Request, wired: Wired) -> CompleteRtaReply:
    """Complete a stream now, with the chunks that have a PieceCID."""
    wired.admission.guard.check_command(shown(request.headers), rta_id)
    return complete_rta_reply(rta_id, await wired.completer.complete(check_rta_id(rta_id)))


class RetryStreamReply(BaseModel):
    """What was asked of the stream; it does not wait for the outcome."""

    rta_id: str
    failed: int
    signalled: bool


@router.post(
    "/v1/streams/{rta_id}/retry",
    status_code=202,
    response_model=RetryStreamReply,
    responses=documented(
        *TICKET_ERRORS, InvalidHeader, InvalidRtaId, StreamNotFound, TemporalDown, TableDown
    ),
    openapi_extra=needs(OPERATOR, TICKET),
)
async def retry_stream(rta_id: str, request: Request, wired: Wired) -> RetryStreamReply:
    """Try a stream's failed chunks again; their bytes were kept."""
    wired.admission.guard.check_command(shown(request.headers), rta_id)
    reply = await wired.retrier.retry(check_rta_id(rta_id))
    return RetryStreamReply(rta_id=rta_id, failed=reply.failed, signalled=reply.signalled)


@router.get("/api/all-rtas", response_model=AllRtasReply, responses=documented(TableDown))
async def all_rtas(wired: Wired) -> AllRtasReply:
    """Show every stream, complete or being recorded, as the table knows it."""
    return all_rtas_reply(await wired.reader.census(), wired.clock())


def _next_link(request: Request, services: Services, cursor: str) -> str:
    url = request.url.include_query_params(cursor=cursor)
    if services.settings.public_url:
        base = services.settings.public_url.rstrip("/")
        return f'<{base}{url.path}?{url.query}>; rel="next"'
    return f'<{url}>; rel="next"'
