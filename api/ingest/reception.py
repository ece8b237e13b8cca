"""One upload from its request to its receipt."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import Request

from api.access import shown
from api.ingest.bodies import BodyLimits, JsonAudio, raw_audio
from api.ingest.headers import Claims, audio_type, media_type, read_claims, refuse_encoded
from api.services import Services
from vibesflow.access.volumes import Meter
from vibesflow.errors import InvalidBody, InvalidHeader
from vibesflow.ingest import ChunkOffer, Receipt

JSON = "application/json"


async def receive_upload(request: Request, services: Services) -> Receipt:
    """Take a chunk in, or raise and have acknowledged nothing.

    Who asks is judged before what is asked, and headers before the body is read.

    Raises:
        Unauthorized: no ticket is shown, or none that counts; see its subclasses.
        Forbidden: the ticket is for another stream or creator, or spent.
        InvalidInput: header, id or body; see its subclasses.
        ChunkConflict: the chunk id is known with other bytes.
        RateLimited: too much of this creator, or with this ticket.
        Overloaded: too many uploads at once.
        DependencyDown: staging or Temporal.
    """
    ticket = services.admission.guard.ticket(shown(request.headers))
    claims = read_claims(request.headers)
    refuse_encoded(request.headers)
    with services.admission.upload(ticket, claims.chunk_id.rta_id, claims.creator) as meter:
        receipt = await _receive(request, services, claims, meter)
        meter.kept = receipt.created
        return receipt


async def _receive(request: Request, services: Services, claims: Claims, meter: Meter) -> Receipt:
    media = media_type(request.headers)
    if media == JSON:
        return await _receive_json(request, services, claims, meter)
    if media.startswith("audio/"):
        return await _receive_raw(request, services, claims, meter)
    raise InvalidBody(f"Content-Type {media[:60]!r} is neither {JSON} nor audio/*")


async def _receive_json(
    request: Request, services: Services, claims: Claims, meter: Meter
) -> Receipt:
    body = JsonAudio(request, BodyLimits.of(services.settings))

    def offer() -> ChunkOffer:
        return claims.offer(content_type=body.facts.content_type, is_final=body.facts.is_final)

    return await services.receiver.receive(
        offer(), _metered(body.audio(), meter), offer_at_end=offer
    )


async def _receive_raw(
    request: Request, services: Services, claims: Claims, meter: Meter
) -> Receipt:
    content_type = audio_type(request.headers["Content-Type"])
    if content_type is None:
        raise InvalidHeader("Content-Type is not a plain audio/* media type")
    source = await raw_audio(request, BodyLimits.of(services.settings))
    offer = claims.offer(content_type=content_type)
    return await services.receiver.receive(offer, _metered(source, meter))


async def _metered(source: AsyncIterator[bytes], meter: Meter) -> AsyncIterator[bytes]:
    async for block in source:
        meter.take(len(block))
        yield block
