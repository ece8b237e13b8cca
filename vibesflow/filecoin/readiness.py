"""Whether a provider has published what it stored, and waiting until it has."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Final

from vibesflow.errors import PieceNotReady, ProviderBusy, ProviderDown, VibesflowError
from vibesflow.filecoin.piece_cid import PieceCid
from vibesflow.filecoin.provider import Provider

PAUSES_S: Final = (0.1, 0.2, 0.4)
PAUSE_S: Final = 1.0
"""Providers publish in steps of some seconds; asking more often brings nothing."""


async def wait_ready(
    provider: Provider,
    piece_cid: PieceCid,
    *,
    timeout_s: float,
    on_poll: Callable[[], None] | None = None,
    now_s: Callable[[], float] = time.monotonic,
) -> None:
    """Return once the provider has published the piece.

    A provider that stumbles meanwhile is asked again; ``on_poll`` is called at every question.

    Raises:
        PieceNotReady: it has not within the time; the last stumble is the cause.
        ProviderLied: it answers with another piece.
        ProviderRefused: it refuses to tell.
    """
    deadline_s = now_s() + timeout_s
    asked = 0
    while True:
        if on_poll is not None:
            on_poll()
        stumble: ProviderDown | ProviderBusy | None = None
        try:
            if await provider.has_piece(piece_cid):
                return
        except (ProviderDown, ProviderBusy) as error:
            stumble = error
        pause_s = _pause(asked, stumble)
        if now_s() + pause_s > deadline_s:
            raise PieceNotReady(
                f"{piece_cid} is not published after {timeout_s:g} s", retry_after_s=PAUSE_S
            ) from stumble
        await asyncio.sleep(pause_s)
        asked += 1


async def published(provider: Provider, piece_cids: Iterable[str]) -> dict[str, bool | None]:
    """Tell of each piece whether the provider has published it; None where it does not answer."""

    async def ask(cid: str) -> bool | None:
        try:
            return await provider.has_piece(PieceCid.parse(cid))
        except VibesflowError:
            return None

    cids = list(piece_cids)
    return dict(zip(cids, await asyncio.gather(*map(ask, cids)), strict=True))


def _pause(asked: int, stumble: ProviderDown | ProviderBusy | None) -> float:
    if stumble is not None:
        return stumble.retry_after_s or PAUSE_S
    return PAUSES_S[asked] if asked < len(PAUSES_S) else PAUSE_S
