"""One upload from its request to its receipt."""

from __future__ import annotations

from fastapi import Request

from api.ingest.bodies import in_blocks, json_chunk, raw_audio
from api.ingest.budget import ByteBudget
from api.ingest.headers import Claims, audio_type, media_type, read_claims, refuse_encoded
from api.services import Services
from vibesflow.errors import InvalidBody, InvalidHeader
from vibesflow.ingest import Receipt

JSON = "application/json"


async def receive_upload(request: Request, services: Services, budget: ByteBudget) -> Receipt:
    """Take a chunk in, or raise and have acknowledged nothing.

    Headers are judged before the body is read, and the body, as far as it can be, before a byte
    is staged.

    Raises:
        InvalidInput: header, id or body; see its subclasses.
        ChunkConflict: the chunk id is known with other bytes.
        Overloaded: too many JSON bodies at once.
        DependencyDown: staging or Temporal.
    """
    claims = read_claims(request.headers)
    refuse_encoded(request.headers)
    media = media_type(request.headers)
    if media == JSON:
        return await _receive_json(request, services, claims, budget)
    if media.startswith("audio/"):
        return await _receive_raw(request, services, claims)
    raise InvalidBody(f"Content-Type {media[:60]!r} is neither {JSON} nor audio/*")


async def _receive_json(
    request: Request, services: Services, claims: Claims, budget: ByteBudget
) -> Receipt:
    limits = services.settings
    with budget.share() as share:
        chunk = await json_chunk(
            request, share, max_bytes=limits.max_chunk_bytes, idle_s=limits.body_idle_s
        )
        offer = claims.offer(content_type=chunk.content_type, is_final=chunk.is_final)
        return await services.receiver.receive(offer, in_blocks(chunk.audio))


async def _receive_raw(request: Request, services: Services, claims: Claims) -> Receipt:
    content_type = audio_type(request.headers["Content-Type"])
    if content_type is None:
        raise InvalidHeader("Content-Type is not a plain audio/* media type")
    limits = services.settings
    source = await raw_audio(request, max_bytes=limits.max_chunk_bytes, idle_s=limits.body_idle_s)
    return await services.receiver.receive(claims.offer(content_type=content_type), source)
