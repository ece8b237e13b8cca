"""The providers that are asked for pieces: the payer's own first, then all other approved ones."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from vibesflow.errors import ChainDown, VibesflowError
from vibesflow.filecoin.chain import Chain
from vibesflow.filecoin.reading.shared import Shared
from vibesflow.filecoin.registry import read_providers

_log = logging.getLogger(__name__)

LIFE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Holder:
    """A provider that may hold a piece.

    Attributes:
        provider_id: number in the registry.
        service_url: base address of its HTTP service.
    """

    provider_id: int
    service_url: str


LoadHolders: TypeAlias = Callable[[], Awaitable[tuple[Holder, ...]]]


async def read_holders(chain: Chain, payer: str | None) -> tuple[Holder, ...]:
    """Read from chain who may hold our pieces.

    Providers of the payer's data sets come first, approved or not: they were paid for it.

    Args:
        chain: where to read.
        payer: who pays; None if that is not known here.

    Raises:
        ChainDown: the chain cannot be asked.
    """
    providers, ours = await asyncio.gather(read_providers(chain), _data_set_providers(chain, payer))
    likely = [provider for provider in providers if provider.provider_id in ours]
    others = [p for p in providers if p.approved and p.provider_id not in ours]
    return tuple(Holder(p.provider_id, p.service_url) for p in (*likely, *others))


async def _data_set_providers(chain: Chain, payer: str | None) -> frozenset[int]:
    views = await chain.data_sets_of(payer) if payer else []
    return frozenset(view.provider_id for view in views if view.data_set_id)


class Holders:
    """Remembers who holds pieces; an old answer is better than none, and than waiting.

    Once there is an answer, it is renewed behind the callers' backs: a chain that does not
    answer stops nobody from reading.

    Args:
        load: asks the chain.
        timeout_s: how long the very first answer may take.
        now_s: a clock that never goes back.
    """

    def __init__(
        self, load: LoadHolders, *, timeout_s: float, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._load = load
        self._timeout_s = timeout_s
        self._now_s = now_s
        self._held: tuple[Holder, ...] | None = None
        self._fresh_until_s = 0.0
        self._loading = Shared[None]()
        self._renewing: asyncio.Task[None] | None = None

    async def get(self) -> tuple[Holder, ...]:
        """Return the providers, the likeliest first.

        Raises:
            ChainDown: the chain was never asked with success.
        """
        if self._held is None:
            await self._first()
        elif self._now_s() >= self._fresh_until_s and not self._renewing:
            self._renewing = asyncio.create_task(self._renew())
        return self._held or ()

    async def close(self) -> None:
        """Stop asking."""
        if self._renewing:
            self._renewing.cancel()
            await asyncio.gather(self._renewing, return_exceptions=True)
        await self._loading.close()

    async def _first(self) -> None:
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._loading.join("", self._reload)
        except TimeoutError as error:
            raise ChainDown(f"no list of providers within {self._timeout_s:g} s") from error
        except VibesflowError as error:
            raise ChainDown(f"no list of providers: {error.message}") from error

    async def _renew(self) -> None:
        try:
            await self._reload()
        except VibesflowError as error:
            _log.warning("the list of providers stays as it is: %s", error.message)
            self._fresh_until_s = self._now_s() + LIFE_S
        finally:
            self._renewing = None

    async def _reload(self) -> None:
        self._held = await self._load()
        self._fresh_until_s = self._now_s() + LIFE_S
