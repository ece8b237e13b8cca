"""Reading pieces back, believing nothing that does not hash to its name."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

import httpx

from vibesflow.errors import PieceNotFound, ProviderLied
from vibesflow.filecoin.piece_cid import PieceCid
from vibesflow.filecoin.piece_hasher import PieceHasher
from vibesflow.filecoin.provider_http import TIMEOUT, Answer, ProviderHttp, bounded_body

_BLOCK_BYTES: Final = 64 * 1024
# compressed answers have no exact length
_HEADERS: Final = {"Accept-Encoding": "identity"}


def piece_path(piece_cid: str) -> str:
    """Path of a piece under a provider's address; it is not under ``/pdp``."""
    return f"piece/{piece_cid}"


async def read_piece(
    http: httpx.AsyncClient, provider_url: str, piece_cid: PieceCid
) -> AsyncGenerator[bytes, None]:
    """Yield a piece's bytes; the last block comes only if all of them were right.

    Raises:
        PieceNotFound: the provider does not hold the piece.
        ProviderLied: the bytes are not the piece's: too many, too few, or others.
        ProviderFault: the provider refuses or is busy.
        ProviderDown: the provider does not answer, or stopped on the way.
    """
    provider = ProviderHttp(http, provider_url)
    doing = f"read {piece_cid}"
    request = http.build_request(
        "GET", provider.url(piece_path(piece_cid.text)), headers=_HEADERS, timeout=TIMEOUT
    )
    try:
        response = await http.send(request, stream=True)
    except httpx.HTTPError as error:
        raise provider.down(error, doing) from error
    try:
        await _check_status(provider, response, doing)
        verified = _verified(response, piece_cid, f"{provider.host}: {doing}")
        async with aclosing(verified):
            async for block in verified:
                yield block
    except httpx.HTTPError as error:
        raise provider.down(error, doing) from error
    finally:
        await response.aclose()


async def _check_status(provider: ProviderHttp, response: httpx.Response, doing: str) -> None:
    if response.status_code == 200:
        return
    answer = Answer(response.status_code, response.headers, await bounded_body(response))
    if answer.status == 404:
        raise PieceNotFound(f"{provider.host}: {doing}: {answer.words}")
    provider.refuse(answer, doing)


async def _verified(
    response: httpx.Response, piece_cid: PieceCid, context: str
) -> AsyncGenerator[bytes, None]:
    hasher = PieceHasher()
    held = b""
    async for block in response.aiter_bytes(_BLOCK_BYTES):
        hasher.update(block)
        if hasher.size > piece_cid.raw_size:
            raise ProviderLied(f"{context}: more than {piece_cid.raw_size} bytes came")
        if held:
            yield held
        held = block
    if hasher.size != piece_cid.raw_size:
        raise ProviderLied(f"{context}: {hasher.size} bytes came, not {piece_cid.raw_size}")
    if (served := hasher.piece_cid()) != piece_cid:
        raise ProviderLied(f"{context}: the bytes that came are {served}")
    if held:
        yield held
