"""A provider that a test disturbs through its admin route."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

FAULTS = "/admin/faults"
Fault = dict[str, Any]


@dataclass(frozen=True)
class Disturbed:
    http: httpx.AsyncClient

    async def fault(self, name: str, **order: object) -> Fault:
        """Set a fault; returns what the provider says of it."""
        answer = await self.http.put(FAULTS, json={"name": name, **order})
        assert answer.status_code == 200, answer.text
        found: Fault = answer.json()["faults"][-1]
        assert found["name"] == name
        return found

    async def heal(self, name: str | None = None) -> None:
        answer = await self.http.delete(FAULTS if name is None else f"{FAULTS}/{name}")
        assert answer.status_code == 200, answer.text

    async def faults(self) -> list[Fault]:
        answer = await self.http.get(FAULTS)
        assert answer.status_code == 200, answer.text
        found: list[Fault] = answer.json()["faults"]
        return found

    async def struck(self, name: str) -> int:
        (found,) = [fault for fault in await self.faults() if fault["name"] == name]
        return int(found["struck"])
