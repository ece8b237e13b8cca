"""Choosing the provider that stores next."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from vibesflow.errors import NoProvider, VibesflowError
from vibesflow.filecoin.registry import ProviderInfo

_log = logging.getLogger(__name__)

NO_PROVIDER_PAUSE_S: Final = 15.0

Ping = Callable[[ProviderInfo], Awaitable[None]]


async def choose(
    providers: Iterable[ProviderInfo],
    ping: Ping,
    *,
    preferred: int | None,
    exclude: frozenset[int],
    with_data_set: frozenset[int],
) -> ProviderInfo:
    """Return the first suitable provider that answers a ping.

    Args:
        providers: all there are, best first.
        ping: returns if the provider is alive, raises a `VibesflowError` if not.
        preferred: taken first if it is approved, not excluded and alive.
        exclude: ids that will not do.
        with_data_set: ids at which a data set of ours can be used again; a new one costs a fee.

    Raises:
        NoProvider: none is approved, not excluded and alive; the message has each one's fault.
    """
    candidates = [p for p in providers if p.approved and p.provider_id not in exclude]
    candidates.sort(key=lambda p: (p.provider_id != preferred, p.provider_id not in with_data_set))
    faults = []
    for provider in candidates:
        try:
            await ping(provider)
        except VibesflowError as error:
            faults.append(f"{provider.provider_id}: {error.message}")
            _log.warning("provider %d does not answer: %s", provider.provider_id, error.message)
        else:
            return provider
    raise NoProvider(_why(candidates, faults, exclude), retry_after_s=NO_PROVIDER_PAUSE_S)


def _why(candidates: list[ProviderInfo], faults: list[str], exclude: frozenset[int]) -> str:
    if not candidates:
        excluded = f" except the excluded {sorted(exclude)}" if exclude else ""
        return f"no provider is approved{excluded}"
    return f"no provider answers: {'; '.join(faults)}"
