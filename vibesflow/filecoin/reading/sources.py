"""Who may have a piece, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Final, Protocol

import httpx

from vibesflow.filecoin.piece_cid import PieceCid
from vibesflow.filecoin.provider_http import ProviderHttp
from vibesflow.filecoin.reading.holders import Holder
from vibesflow.filecoin.retrieval import piece_path, served_blocks

CDN_ID: Final = 0
"""Stands for the CDN among provider ids, which begin at 1."""


class Source(Protocol):
    """Somebody who can be asked for one piece of content.

    Attributes:
        source_id: whose faults these are; a provider's id in the registry, or `CDN_ID`.
        name: host, for people.
    """

    source_id: int
    name: str

    def blocks(self) -> AsyncGenerator[bytes, None]:
        """Yield the content, not checked.

        Raises:
            PieceNotFound: the source says that it does not have it.
            ProviderFault: it refuses or is busy.
            ProviderDown: it does not answer, or stopped on the way.
        """
        ...


class PieceSource:
    """A server that has a piece under one address: a provider, or the CDN.

    Args:
        http: shared connection pool.
        source_id: see `Source`.
        base_url: address of the server.
        path: the piece's path under it.
        timeout: longest silences.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        source_id: int,
        base_url: str,
        path: str,
        timeout: httpx.Timeout,
    ) -> None:
        self._http = http
        self._server = ProviderHttp(http, base_url)
        self._path = path
        self._timeout = timeout
        self.source_id = source_id
        self.name = self._server.host

    def blocks(self) -> AsyncGenerator[bytes, None]:
        """Yield the piece, not checked; see `Source.blocks`."""
        doing = f"GET {self._path}"
        return served_blocks(self._http, self._server, self._path, doing, timeout=self._timeout)


def piece_sources(
    http: httpx.AsyncClient,
    cid: PieceCid,
    holders: Sequence[Holder],
    *,
    cdn_url: str | None,
    timeout: httpx.Timeout,
) -> list[Source]:
    """Return the sources of a piece: the CDN if there is one, then providers in their order.

    Args:
        http: shared connection pool.
        cid: the piece.
        holders: providers, the likeliest first.
        cdn_url: address that FilBeam serves the payer's pieces under, without ``/piece/``.
        timeout: longest silences.
    """
    path = piece_path(cid.text)
    sources: list[Source] = []
    if cdn_url is not None:
        sources.append(PieceSource(http, CDN_ID, cdn_url, cid.text, timeout))
    sources += (
        PieceSource(http, holder.provider_id, holder.service_url, path, timeout)
        for holder in holders
    )
    return sources
