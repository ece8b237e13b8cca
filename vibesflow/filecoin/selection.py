"""Choosing the providers that store next."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from vibesflow.errors import NoProvider, VibesflowError
from vibesflow.filecoin.cooldowns import Cooldowns
from vibesflow.filecoin.piece_cid import padded_size_of
from vibesflow.filecoin.registry import ProviderInfo

_log = logging.getLogger(__name__)

NO_PROVIDER_PAUSE_S: Final = 15.0

Ping = Callable[[ProviderInfo], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of a choice.

    Attributes:
        count: how many providers.
        preferred: ids taken first if they will do, best first.
        exclude: ids that will not do.
        size_bytes: length of the payload, if known.
        with_data_set: ids at which a data set of ours can be used again; a new one costs a fee.
    """

    count: int
    preferred: tuple[int, ...] = ()
    exclude: frozenset[int] = frozenset()
    size_bytes: int | None = None
    with_data_set: frozenset[int] = frozenset()


class Selection:
    """Chooses providers, and remembers which failed lately.

    Args:
        ping: returns if a provider is alive, raises a `VibesflowError` if not.
        cooldowns: who rests after a fault.
    """

    def __init__(self, ping: Ping, *, cooldowns: Cooldowns | None = None) -> None:
        self._ping = ping
        self.cooldowns = cooldowns or Cooldowns()
        self._last: tuple[int, ...] = ()

    async def choose(
        self, providers: Iterable[ProviderInfo], wish: Wish
    ) -> tuple[ProviderInfo, ...]:
        """Return the best suitable providers that answer a ping, the best first.

        Args:
            providers: all there are, best first.
            wish: what will do.

        Raises:
            NoProvider: none is approved, large enough, not excluded and alive; the message has
                each one's fault.
        """
        candidates = self._candidates(providers, wish)
        chosen: list[ProviderInfo] = []
        faults: list[str] = []
        waiting = list(candidates)
        while waiting and len(chosen) < wish.count:
            wanted = wish.count - len(chosen)
            asked, waiting = waiting[:wanted], waiting[wanted:]
            for provider, fault in zip(asked, await self._ask_all(asked), strict=True):
                if fault is None:
                    chosen.append(provider)
                else:
                    faults.append(f"{provider.provider_id}: {fault}")
        if not chosen:
            raise NoProvider(_why(candidates, faults, wish), retry_after_s=NO_PROVIDER_PAUSE_S)
        self._tell(chosen)
        return tuple(chosen)

    def _candidates(self, providers: Iterable[ProviderInfo], wish: Wish) -> list[ProviderInfo]:
        order = {provider_id: rank for rank, provider_id in enumerate(wish.preferred)}

        def rank(provider: ProviderInfo) -> tuple[bool, int, bool, bool]:
            return (
                self.cooldowns.rests(provider.provider_id),
                order.get(provider.provider_id, len(order)),
                provider.provider_id not in wish.with_data_set,
                not provider.endorsed,
            )

        suitable = [
            provider
            for provider in providers
            if provider.approved
            and provider.provider_id not in wish.exclude
            and (wish.size_bytes is None or takes(provider, wish.size_bytes))
        ]
        return sorted(suitable, key=rank)

    async def _ask_all(self, providers: Sequence[ProviderInfo]) -> list[str | None]:
        return await asyncio.gather(*(self._ask(provider) for provider in providers))

    async def _ask(self, provider: ProviderInfo) -> str | None:
        """Return the fault that keeps the provider from answering; None if it answers."""
        try:
            await self._ping(provider)
        except VibesflowError as error:
            self.cooldowns.note_fault(provider.provider_id)
            _log.warning("provider %d does not answer: %s", provider.provider_id, error.message)
            return error.message
        return None

    def _tell(self, chosen: Sequence[ProviderInfo]) -> None:
        ids = tuple(provider.provider_id for provider in chosen)
        level = logging.DEBUG if ids == self._last else logging.INFO
        self._last = ids
        for provider in chosen:
            _log.log(
                level,
                "chose provider %d: %s, %s, %s, %s%s",
                provider.provider_id,
                provider.name,
                provider.address,
                provider.service_url,
                provider.location or "no location",
                f", {provider.capacity}" if provider.capacity else "",
            )


def takes(provider: ProviderInfo, size_bytes: int) -> bool:
    """Tell whether a payload's padded size is within what the provider announces.

    Limits that are no power of two, and so no padded size, are met by the one they fall in.
    """
    padded_bytes = padded_size_of(size_bytes)
    largest_bytes = provider.max_piece_size_bytes
    fits = not largest_bytes or padded_bytes <= 1 << (largest_bytes - 1).bit_length()
    return fits and padded_bytes >= provider.min_piece_size_bytes


def _why(candidates: Sequence[ProviderInfo], faults: Sequence[str], wish: Wish) -> str:
    if candidates:
        return f"no provider answers: {'; '.join(faults)}"
    excluded = f" except the excluded {sorted(wish.exclude)}" if wish.exclude else ""
    size = "" if wish.size_bytes is None else f" and takes {wish.size_bytes} bytes"
    return f"no provider is approved{size}{excluded}"
