"""The storm: each target, the named points, the providers and the table have a will of their own.

What happens to each, in which order and after which pause, follows from the seed; when exactly,
from the machine.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from devnet.fault_client import FaultClient
from devnet.provider.fault_order import FaultOrder
from devnet.provider.faults import FaultName, Point
from tests.chaos.dice import dice
from tests.chaos.log import EventLog
from tests.chaos.points import POINTS, Orders
from tests.chaos.table_proxy import KINDS, TableProxy
from tests.chaos.targets import SHARES, Blows, Target
from vibesflow.errors import VibesflowError

_POINT_SHARE = 0.3
"""Part of all kills that are to happen at named points."""
_REST_S = {"worker": 8.0, "temporal": 10.0, "chain": 8.0, "table": 6.0}
_USUAL_REST_S = 3.5
"""How long a target is left alone once it is back; the world calls a part steady after 3 s."""
_PAUSE_S = (0.3, 4.0)
_FAULT_GAP_S = (2.0, 8.0)
_FAULT_S = (2.0, 10.0)
_TABLE_SHARES = (0.1, 0.5)

_FAULTS: tuple[tuple[FaultName, Point | None, float | None], ...] = (
    (FaultName.PING_REFUSED, None, None),
    (FaultName.DOWN, None, None),
    (FaultName.HANG, Point.RECEIVE, 2),
    (FaultName.HANG, Point.SENT, 2),
    (FaultName.ERROR, Point.OPEN, None),
    (FaultName.ERROR, Point.SEND, None),
    (FaultName.ERROR, Point.STATUS, None),
    (FaultName.BUSY, Point.OPEN, 1),
    (FaultName.FULL, None, None),
    (FaultName.WRONG_CID, None, None),
    (FaultName.PUBLISH_DELAY, None, 3),
    (FaultName.LOST_ANSWER, Point.SENT, None),
    (FaultName.LOST_ANSWER, Point.FINALIZE, None),
    (FaultName.FAILED_TRANSACTION, None, None),
    (FaultName.REPLACED_HASH, None, None),
    (FaultName.LATE_CONFIRMATION, None, 3),
    (FaultName.PULL_FAILURE, None, None),
    (FaultName.UNPUBLISHED_PULL, None, 3),
    (FaultName.WRONG_BYTES, None, None),
    (FaultName.TRUNCATED_BYTES, None, None),
    (FaultName.RESTART, Point.SEND, None),
    (FaultName.RESTART, Point.SENT, None),
    (FaultName.RESTART, Point.CONFIRM, None),
)


@dataclass(frozen=True)
class Strength:
    """How hard it blows.

    Attributes:
        seed: of all choices.
        kills_per_minute: over all targets, as far as the machine allows.
        only: targets that are struck; None means all, with the faults.
    """

    seed: int
    kills_per_minute: float
    only: frozenset[str] | None = None

    def wants(self, name: str) -> bool:
        return self.only is None or name in self.only


class Storm:
    """Runs until it is cancelled; `heal` undoes what goes on by itself."""

    def __init__(
        self,
        strength: Strength,
        targets: Sequence[Target],
        orders: Orders,
        table: TableProxy,
        providers: Sequence[str],
        log: EventLog,
    ) -> None:
        self._strength = strength
        self._targets = [target for target in targets if strength.wants(target.name)]
        self._orders = orders
        self._table = table
        self._providers = providers
        self._log = log
        self.blows = Blows(log)
        self.faults: Counter[str] = Counter()
        self._began_s = 0.0

    @property
    def kills(self) -> int:
        """All SIGKILLs so far, those at named points included."""
        return self.blows.kills + self._orders.struck().total()

    @property
    def struck(self) -> Counter[str]:
        """Deaths by named point."""
        return self._orders.struck()

    @property
    def table_struck(self) -> Counter[str]:
        """Faulty answers of the table, by fault."""
        return self._table.struck

    async def blow(self, seconds: float) -> None:
        """Strike for so long."""
        self._began_s = self._log.elapsed_s
        tasks = [asyncio.create_task(self._haunt(target)) for target in self._targets]
        tasks.append(asyncio.create_task(self._plant()))
        if self._strength.wants("providers"):
            tasks.append(asyncio.create_task(self._disturb_providers()))
        if self._strength.wants("table-faults"):
            tasks.append(asyncio.create_task(self._disturb_table()))
        try:
            done, _ = await asyncio.wait(
                tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION
            )
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def heal(self) -> None:
        """Take every order back and every fault away."""
        self._orders.withdraw()
        self._table.heal()
        for url in self._providers:
            async with FaultClient(url) as faults:
                async with asyncio.timeout(60):
                    while not await _healed(faults):
                        await asyncio.sleep(0.5)

    @property
    def _pace(self) -> float:
        """Less than 1 to catch up with what was asked for."""
        due = self._strength.kills_per_minute * (self._log.elapsed_s - self._began_s) / 60
        return 0.4 if self.kills < due else 1.2

    async def _haunt(self, target: Target) -> None:
        rng = dice(self._strength.seed, target.name)
        per_minute = self._strength.kills_per_minute * (1 - _POINT_SHARE)
        wanted = sum(SHARES[one.name] for one in self._targets)
        gap_s = 60 * wanted / (per_minute * SHARES[target.name])
        rest_s = _REST_S.get(target.name, _USUAL_REST_S)
        await asyncio.sleep(rng.uniform(0.1, 1) * min(gap_s, 10))
        while True:
            kind = rng.choices(("kill", "pause", "restart"), (0.8, 0.12, 0.08))[0]
            if kind == "kill":
                await self.blows.kill(target)
            elif kind == "pause":
                await self.blows.pause(target, rng.uniform(*_PAUSE_S))
            else:
                await self.blows.restart(target)
            drawn_s = 0.8 * gap_s * rng.uniform(0.4, 1.4) - rest_s
            await asyncio.sleep(max(rest_s, drawn_s * self._pace))

    async def _plant(self) -> None:
        """Order deaths at named points, one role after the other as often as it may die."""
        rng = dice(self._strength.seed, "points")
        roles = [role for role in ("client", "api", "worker") if self._may_die(role)]
        left = {role: rng.sample(POINTS[role], len(POINTS[role])) for role in roles}
        gap_s = 60 / (self._strength.kills_per_minute * _POINT_SHARE)
        shares = {"client": 4.0, "api": 2.0, "worker": 3.0}
        while roles:
            role = rng.choices(roles, [shares[role] for role in roles])[0]
            point = left[role].pop()
            left[role] = left[role] or rng.sample(POINTS[role], len(POINTS[role]))
            self._orders.plant(point)
            self._log.note("order", point=point)
            await asyncio.sleep(gap_s * rng.uniform(0.5, 1.5))

    def _may_die(self, role: str) -> bool:
        return any(target.name.startswith(role) for target in self._targets)

    async def _disturb_providers(self) -> None:
        rng = dice(self._strength.seed, "provider faults")
        while True:
            await asyncio.sleep(rng.uniform(*_FAULT_GAP_S))
            name, point, delay_s = rng.choice(_FAULTS)
            number, seconds = rng.randrange(len(self._providers)), rng.uniform(*_FAULT_S)
            order = FaultOrder(
                name=name,
                at=point,
                delay_s=delay_s,
                seconds=seconds,
                count=1 if name is FaultName.RESTART else None,
            )
            with suppress(VibesflowError):  # a provider that is down has its fault already
                async with FaultClient(self._providers[number]) as faults:
                    await faults.set(order)
                self.faults[name.value] += 1
                self._log.note("fault", provider=number + 1, order=order.model_dump(mode="json"))

    async def _disturb_table(self) -> None:
        rng = dice(self._strength.seed, "table")
        while True:
            await asyncio.sleep(rng.uniform(*_FAULT_GAP_S))
            kind, share = rng.choice(KINDS), rng.uniform(*_TABLE_SHARES)
            self._log.note("table", fault=kind, share=round(share, 2))
            self._table.strike(kind, share)
            await asyncio.sleep(rng.uniform(*_FAULT_S))
            self._table.heal()


async def _healed(faults: FaultClient) -> bool:
    try:
        await faults.heal()
    except VibesflowError:
        return False
    return True
