"""Asking the next one when the first is slow, and taking whoever is done first."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Final, Protocol, TypeAlias

from vibesflow.errors import (
    PieceNotFound,
    ProviderBusy,
    ProviderDown,
    ProviderFault,
    VibesflowError,
)

SLOW_BYTES_S: Final = 256 * 1024
"""Slower than this, a source does not keep the next one from being asked: at this speed a minute
of speech takes a second or two, and the longest piece of 64 MiB four minutes."""

SourceError: TypeAlias = PieceNotFound | ProviderFault | ProviderDown
"""What a source can do to us, as opposed to what we do to ourselves."""


class Racer(Protocol):
    """One try to get something from one source."""

    received_bytes: int
    """Grows while bytes come."""

    async def run(self) -> None:
        """Return once all is there and good.

        Raises:
            PieceNotFound: the source says that it does not have it.
            ProviderFault: it refuses, is busy, or sent wrong bytes.
            ProviderDown: it does not answer, or stopped on the way.
        """
        ...


async def race(racers: Iterable[Racer], *, hedge_s: float, doing: str) -> None:
    """Return once one racer has won; the others are cancelled and have stopped by then.

    They start one after the other: the next one when one failed, or when all that run have been
    slow for ``hedge_s``. So a source that does not answer costs that long, and one that sends
    well is left alone to finish.

    Raises:
        VibesflowError: all failed, see `verdict`; or a fault that no other source can mend.
    """
    waiting, errors = deque(racers), list[SourceError]()
    running: dict[asyncio.Task[None], Racer] = {}
    pace = _Pace(hedge_s)
    ready = True
    try:
        while waiting or running:
            if waiting and ready:
                racer = waiting.popleft()
                running[asyncio.create_task(racer.run())] = racer
            done = await _first_done(running, hedge_s if waiting else None)
            if any(_won(task, errors) for task in done):
                return
            for task in done:
                del running[task]
            ready = not pace.is_good(running.values()) or bool(done)
    finally:
        await _stop(running)
    raise verdict(errors, doing)


class _Pace:
    """Whether any racer got on well since the last look, a hedge delay ago."""

    def __init__(self, hedge_s: float) -> None:
        self._least_bytes = SLOW_BYTES_S * hedge_s
        self._seen: dict[int, int] = {}

    def is_good(self, racers: Iterable[Racer]) -> bool:
        before, self._seen = self._seen, {id(racer): racer.received_bytes for racer in racers}
        return any(
            received - before.get(racer, 0) >= self._least_bytes
            for racer, received in self._seen.items()
        )


async def _first_done(
    running: dict[asyncio.Task[None], Racer], timeout_s: float | None
) -> set[asyncio.Task[None]]:
    done, _ = await asyncio.wait(running, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    return done


def _won(task: asyncio.Task[None], errors: list[SourceError]) -> bool:
    error = task.exception()
    if error is None:
        return True
    if not isinstance(error, SourceError):
        raise error
    errors.append(error)
    return False


async def _stop(running: dict[asyncio.Task[None], Racer]) -> None:
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


def verdict(errors: list[SourceError], doing: str) -> VibesflowError:
    """Return what it means that all sources failed.

    Returns:
        PieceNotFound: each of them says that it does not have it.
        ProviderDown: one that may have it did not answer; asking again can help.
        ProviderFault: the first one that answered and refused, or sent wrong bytes.
    """
    told = "; ".join(error.message for error in errors) or "there is none"
    if all(isinstance(error, PieceNotFound) for error in errors):
        return PieceNotFound(f"{doing}: no source has it: {told}")
    later = [error for error in errors if isinstance(error, ProviderDown | ProviderBusy)]
    if later:
        pauses_s = [error.retry_after_s for error in later if error.retry_after_s is not None]
        return ProviderDown(
            f"{doing}: no source could answer: {told}", retry_after_s=min(pauses_s, default=None)
        )
    kind = next(type(error) for error in errors if not isinstance(error, PieceNotFound))
    return kind(f"{doing}: no source has good bytes: {told}")
