"""Reading pieces back, believing nothing that does not hash to its name."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
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
_NOT_HELD: Final = frozenset({404, 410})


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
    served = served_blocks(http, provider, piece_path(piece_cid.text), doing)
    verified = _verified(served, piece_cid, f"{provider.host}: {doing}")
    async with aclosing(served), aclosing(verified):
        async for block in verified:
            yield block


async def served_blocks(
    http: httpx.AsyncClient,
    server: ProviderHttp,
    path: str,
    doing: str,
    *,
    timeout: httpx.Timeout = TIMEOUT,  # noqa: ASYNC109 - of the connection's steps, not of the call
    headers: Mapping[str, str] = _HEADERS,
    follow_redirects: bool = False,
) -> AsyncGenerator[bytes, None]:
    """Yield what a server sends for a path, in blocks of at most 64 KiB, believing none of it.

    Raises:
        PieceNotFound: the server answers 404 or 410.
        ProviderFault: it refuses or is busy.
        ProviderDown: it does not answer, or stopped on the way.
    """
    try:
        request = http.build_request("GET", server.url(path), headers=headers, timeout=timeout)
        response = await http.send(request, stream=True, follow_redirects=follow_redirects)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise server.down(error, doing) from error
    try:
        await _check_status(server, response, doing)
        async for block in response.aiter_bytes(_BLOCK_BYTES):
            yield block
    except httpx.HTTPError as error:
        raise server.down(error, doing) from error
    finally:
        await response.aclose()


async def _check_status(provider: ProviderHttp, response: httpx.Response, doing: str) -> None:
    if response.status_code == 200:
        return
    answer = Answer(response.status_code, response.headers, await bounded_body(response))
    if answer.status in _NOT_HELD:
        raise PieceNotFound(f"{provider.host}: {doing}: {answer.words}")
    provider.refuse(answer, doing)


async def _verified(
    served: AsyncIterator[bytes], piece_cid: PieceCid, context: str
) -> AsyncGenerator[bytes, None]:
    hasher = PieceHasher()
    held = b""
    async for block in served:
        hasher.update(block)
        if hasher.size > piece_cid.raw_size:
            raise ProviderLied(f"{context}: more than {piece_cid.raw_size} bytes came")
        if held:
            yield held
        held = block
    if hasher.size != piece_cid.raw_size:
        raise ProviderLied(f"{context}: {hasher.size} bytes came, not {piece_cid.raw_size}")
    if (named := hasher.piece_cid()) != piece_cid:
        raise ProviderLied(f"{context}: the bytes that came are {named}")
    if held:
        yield held
