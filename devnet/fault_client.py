"""Ordering faults from a provider that is running."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import httpx
from pydantic import ValidationError

from devnet.provider.admin import FAULTS_PATH
from devnet.provider.fault_order import FaultOrder, FaultReport, FaultReports
from vibesflow.errors import FaultsNotTaken, ProviderDown

_TIMEOUT_S = 10.0


class FaultClient:
    """One provider's admin route; use it as an ``async with`` block.

    Every method returns the faults there are then, and raises `ProviderDown` when nobody answers
    or `FaultsNotTaken` when the provider has no such route.
    """

    def __init__(self, provider_url: str) -> None:
        self._url = provider_url.rstrip("/")
        self._http = httpx.AsyncClient(timeout=_TIMEOUT_S, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def show(self) -> tuple[FaultReport, ...]:
        """Tell which faults are set."""
        return await self._ask("GET")

    async def set(self, order: FaultOrder) -> tuple[FaultReport, ...]:
        """Set a fault, in the place of one of the same name and point."""
        return await self._ask("PUT", order.model_dump_json(exclude_none=True))

    async def heal(self) -> tuple[FaultReport, ...]:
        """Remove all faults."""
        return await self._ask("DELETE")

    async def _ask(self, method: str, body: str | None = None) -> tuple[FaultReport, ...]:
        try:
            answer = await self._http.request(method, f"{self._url}{FAULTS_PATH}", content=body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ProviderDown(f"{self._url}: {type(error).__name__}") from error
        if answer.status_code != httpx.codes.OK:
            words = answer.text.strip()
            raise FaultsNotTaken(f"{self._url} takes no faults: {answer.status_code} {words}")
        try:
            return FaultReports.model_validate_json(answer.content).faults
        except ValidationError as error:
            raise FaultsNotTaken(f"{self._url} does not answer as a provider of ours") from error
