"""Pieces for players: shown in place, or as a download."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.heads import asked_by_head
from api.pieces.reply import OPEN_TO_ALL, content_reply, known_reply
from api.problems import PieceErrorReply, documented, problem
from api.services import Wired
from vibesflow.errors import (
    ChainDown,
    InvalidPieceCid,
    Overloaded,
    PieceNotFound,
    PieceTooLarge,
    ProviderDown,
    ProviderFault,
    ProviderLied,
    ProviderRefused,
    RangeNotSatisfiable,
    ReadCacheDown,
    VibesflowError,
)
from vibesflow.filecoin.reading.cids import parse_cid

router = APIRouter(tags=["existing client"])

_ERRORS = documented(
    InvalidPieceCid,
    PieceNotFound,
    PieceTooLarge,
    RangeNotSatisfiable,
    ProviderLied,
    ProviderRefused,
    ProviderFault,
    ProviderDown,
    ChainDown,
    ReadCacheDown,
    Overloaded,
    model=PieceErrorReply,
)


@router.get("/api/proxy/{cid}", response_class=Response, responses=_ERRORS)
async def proxy(cid: str, request: Request, wired: Wired) -> Response:
    """Give the content of a CID to a player, checked; ranges work."""
    return await _reply(cid, request, wired, attachment=False)


@router.get("/api/download/{cid}", response_class=Response, responses=_ERRORS)
async def download(cid: str, request: Request, wired: Wired) -> Response:
    """Give the content of a CID to be saved as a file, checked; ranges work."""
    return await _reply(cid, request, wired, attachment=True)


async def _reply(spelled: str, request: Request, wired: Wired, *, attachment: bool) -> Response:
    try:
        cid = parse_cid(spelled)
        if known := known_reply(request, cid.text):
            return known
        content = await wired.pieces.open(cid)
        return await content_reply(
            request, cid.text, content, head=asked_by_head(request), attachment=attachment
        )
    except VibesflowError as error:
        return _refusal(error, spelled)


def _refusal(error: VibesflowError, spelled: str) -> Response:
    reply = problem(error, cid=spelled)
    reply.headers.update({"Cache-Control": "no-store", **OPEN_TO_ALL})
    if isinstance(error, RangeNotSatisfiable):
        reply.headers["Content-Range"] = f"bytes */{error.size_bytes}"
    return reply
