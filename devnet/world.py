"""The whole world on one machine: every part is the real thing, started in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from devnet import parts
from devnet.access_keys import access_keys
from devnet.chain import accounts
from devnet.data_dir import DataDir
from devnet.environment import (
    adopt_environment,
    base_environment,
    world_settings,
    write_env_file,
)
from devnet.part import Part
from devnet.parts import PART_NAMES, PROVIDER_NUMBERS
from devnet.ports import Ports
from devnet.ready import Ready, ready, write_ready
from devnet.supervisor import Supervisor
from devnet.table_engines import TableChoice
from devnet.temporal import temporal_part
from vibesflow.errors import PartNotStarted


@dataclass(frozen=True)
class WorldPlan:
    """What is to be started.

    Attributes:
        data: where all state is kept.
        ports: where every part listens.
        block_time_s: seconds between blocks; None mines a block for each transaction at once.
        empty_wallet: the payer has deposited and approved nothing; its USDFC is in its wallet.
        with_tickets: the door wants tickets and operator keys; else it is open to everybody.
        table: the table engine.
        restart: start a part again when it dies.
        programs: argument vectors in the place of the parts' own, by part.
        ready_file: where the ready file is written besides the data folder.
        on_start: told the name of every part that answers.
    """

    data: DataDir
    ports: Ports
    block_time_s: float | None = None
    empty_wallet: bool = False
    with_tickets: bool = False
    table: TableChoice = field(default_factory=TableChoice)
    restart: bool = True
    programs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ready_file: Path | None = None
    on_start: Callable[[str], None] = lambda _name: None

    @property
    def ready_files(self) -> tuple[Path, ...]:
        """Every place the ready file is written to."""
        return (self.data.ready_file, *((self.ready_file,) if self.ready_file else ()))


class World:
    """A running world; `running` makes one."""

    def __init__(
        self, plan: WorldPlan, supervisor: Supervisor, settings: Mapping[str, str]
    ) -> None:
        self._plan = plan
        self._supervisor = supervisor
        self._settings = settings

    @property
    def ready(self) -> Ready:
        """Addresses and process ids as they are now."""
        return ready(self._plan.data, self._plan.ports, self._supervisor.pids)

    @property
    def pids(self) -> dict[str, int]:
        """Process ids by part; one that is being started again has its new one already."""
        return self._supervisor.pids

    async def revived(self, part: str, *, after: int) -> int:
        """Return the process id of a part's next life once it answers and is prepared.

        Args:
            part: one of `PART_NAMES`.
            after: process id of the life that was killed.
        """
        return await self._supervisor.revived(part, after=after)

    async def fallen(self) -> PartNotStarted:
        """Return the fault once a part is down for good (only when nothing is restarted)."""
        return await self._supervisor.fallen()

    def adopt_environment(self) -> None:
        """Make the world's settings those of this process."""
        adopt_environment(self._settings)

    def publish(self) -> None:
        """Write the ready files, unless the world is still coming up."""
        if set(PART_NAMES) <= set(self._supervisor.pids):
            for path in self._plan.ready_files:
                write_ready(path, self.ready)


@asynccontextmanager
async def running(plan: WorldPlan) -> AsyncIterator[World]:
    """Start everything, yield once everything answers, stop everything.

    Raises:
        ValueError: a program is given for a part that does not exist.
        PartNotStarted: a part ended or stayed silent; its log's end is in the message.
        DataDirBusy: another world holds the data folder.
    """
    if unknown := set(plan.programs) - set(PART_NAMES):
        raise ValueError(f"no such parts: {', '.join(sorted(unknown))}")
    with ExitStack() as stack:
        stack.enter_context(plan.data.held())
        for path in plan.ready_files:
            path.unlink(missing_ok=True)
            stack.callback(path.unlink, missing_ok=True)
        async with Supervisor(plan.data.logs, restart=plan.restart) as supervisor:
            settings = {
                **world_settings(plan.data, plan.ports, accounts.payer().private_key),
                **(access_keys(plan.data.access_keys) if plan.with_tickets else {}),
            }
            write_env_file(plan.data.env_file, settings)
            world = World(plan, supervisor, settings)
            for rank in _ranks(plan, settings):
                await _start_together(supervisor, rank, plan.on_start)
            supervisor.on_change = world.publish
            world.publish()
            yield world


def _ranks(plan: WorldPlan, settings: Mapping[str, str]) -> list[list[Part]]:
    """Return the parts in ranks; a rank needs every earlier one."""
    data, ports = plan.data, plan.ports
    bare = base_environment()
    full = {**bare, **settings}
    ranks = [
        [
            parts.prepared_table_part(data, ports, plan.table),
            parts.chain_part(
                data, ports, bare, block_time_s=plan.block_time_s, empty_wallet=plan.empty_wallet
            ),
            temporal_part(ports, data.temporal_db, bare),
        ],
        [parts.provider_part(data, ports, bare, number) for number in PROVIDER_NUMBERS],
        [parts.worker_part(data, ports, full), parts.api_part(data, ports, full)],
    ]
    return [[_with_program(part, plan.programs) for part in rank] for rank in ranks]


def _with_program(part: Part, programs: Mapping[str, tuple[str, ...]]) -> Part:
    return replace(part, argv=programs.get(part.name, part.argv))


async def _start_together(
    supervisor: Supervisor, rank: list[Part], on_start: Callable[[str], None]
) -> None:
    async def start(part: Part) -> None:
        await supervisor.start(part)
        on_start(part.name)

    tasks = [asyncio.create_task(start(part)) for part in rank]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
