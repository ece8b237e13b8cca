"""One run: a world, clients, a storm, a calm, a verdict."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from devnet.data_dir import DataDir
from devnet.environment import base_environment
from devnet.ports import LOOPBACK, free_port, free_ports
from devnet.table import table_url
from devnet.world import World, WorldPlan, running
from tests.chaos.client_process import ClientProcess
from tests.chaos.http_client import HttpClient
from tests.chaos.journal import Journal
from tests.chaos.log import EventLog
from tests.chaos.points import Orders
from tests.chaos.programs import program, stepped_programs
from tests.chaos.settling import Settling, Unsettled
from tests.chaos.storm import Storm, Strength
from tests.chaos.table_proxy import TableProxy, table_proxy
from tests.chaos.targets import CLIENTS, client_target, part_target
from tests.chaos.verdict import Judge, Promises, Verdict
from vibesflow.ledger import DynamoLedger
from vibesflow.settings import (
    FilecoinSettings,
    StreamSettings,
    TableSettings,
    load_settings,
    variable,
)
from vibesflow.settings.env_lines import parse_env_lines
from vibesflow.staging import open_staging
from workflows.connection import connect

_PARTS = ("provider_1", "provider_2", "provider_3", "api", "worker", "table", "chain", "temporal")
_HTTP_CLIENTS = ("http_1", "http_2", "http_3")
_WINDOW_S = 15
_LINGER_S = 1
_CLIENTS_END_S = 240.0


@dataclass(frozen=True)
class Places:
    """Where a run keeps its files."""

    root: Path

    @property
    def orders(self) -> Path:
        return self.root / "orders"

    @property
    def stop(self) -> Path:
        return self.root / "stop"

    @property
    def world(self) -> Path:
        return self.root / "world"

    def journal(self, client: str) -> Path:
        return self.root / "journals" / f"{client}.jsonl"

    @property
    def journals(self) -> list[Path]:
        return [self.journal(client) for client in (*CLIENTS, *_HTTP_CLIENTS)]


@dataclass(frozen=True)
class Outcome:
    """What a run is judged by."""

    verdict: Verdict
    blows: Counter[tuple[str, str]]
    struck: Counter[str]
    faults: Counter[str]
    streams: int
    unsettled: Unsettled
    failed: tuple[str, ...]
    storm_s: float
    recovery_s: float

    @property
    def is_good(self) -> bool:
        return self.verdict.is_good and not self.unsettled and not self.failed


class Clients:
    """All who stream: some over HTTP in this process, some in processes that die."""

    def __init__(
        self, places: Places, seed: int, door_url: str, environment: dict[str, str]
    ) -> None:
        self._places = places
        self._seed = seed
        self._door_url = door_url
        self._stop = asyncio.Event()
        self._http: list[asyncio.Task[None]] = []
        self._keepers: list[asyncio.Task[None]] = []
        self.sessions = {name: self._session(name, environment) for name in CLIENTS}

    def start(self) -> list[asyncio.Task[None]]:
        self._keepers = [asyncio.create_task(one.keep()) for one in self.sessions.values()]
        for name in _HTTP_CLIENTS:
            journal = Journal(self._places.journal(name))
            client = HttpClient(self._door_url, name, self._seed, journal)
            self._http.append(asyncio.create_task(client.run(self._stop)))
        return [*self._keepers, *self._http]

    async def until_streaming(self) -> None:
        """Return once every client has been told of a chunk that it is kept."""
        async with asyncio.timeout(60):
            while not all(Promises.read([path]).acked for path in self._places.journals):
                await asyncio.sleep(0.2)

    async def stop(self, limit_s: float) -> None:
        """Have everybody end the stream they are at, and wait for them."""
        self._places.stop.touch()
        self._stop.set()
        async with asyncio.timeout(limit_s):
            await asyncio.gather(*self._http, *self._keepers)

    def _session(self, name: str, environment: dict[str, str]) -> ClientProcess:
        places = self._places
        argv = program(
            "tests.chaos.session_client",
            name,
            str(self._seed),
            str(places.journal(name)),
            str(places.orders),
            str(places.stop),
            variables={},
        )
        return ClientProcess(argv, environment, places.root / f"{name}.log")


class Run:
    """Puts the pieces together.

    Args:
        places: where files go.
        strength: of the storm.
        log: told of everything.
    """

    def __init__(self, places: Places, strength: Strength, log: EventLog) -> None:
        self._places = places
        self._strength = strength
        self._log = log

    async def outcome(self, storm_s: float, *, settle_s: float) -> Outcome:
        """Run for so long and judge."""
        data = DataDir(self._places.world)
        data.root.mkdir(parents=True)
        ports = free_ports(data.ports)
        proxy_port = free_port()
        orders = Orders(self._places.orders)
        variables = {
            variable(TableSettings, "endpoint"): f"http://{LOOPBACK}:{proxy_port}",
            variable(StreamSettings, "window_s"): str(_WINDOW_S),
            variable(FilecoinSettings, "commit_linger_s"): str(_LINGER_S),
        }
        plan = WorldPlan(data, ports, programs=stepped_programs(orders.folder, variables))
        async with (
            table_proxy(table_url(ports.table), proxy_port, self._strength.seed) as table,
            running(plan) as world,
        ):
            self._log.say(f"the world is up: {world.ready.temporal_ui}")
            bare = base_environment()
            world.adopt_environment()
            known = parse_env_lines(data.env_file, data.env_file.read_text().splitlines())
            environment = {**bare, **dict(known), **variables}
            async with self._clients(environment) as clients:
                storm = self._storm(world, clients, orders, table)
                return await self._through(storm, world, clients, storm_s, settle_s)

    def _storm(self, world: World, clients: Clients, orders: Orders, table: TableProxy) -> Storm:
        targets = [part_target(world, name) for name in _PARTS]
        targets += [
            client_target(name, one, self._places.journal(name))
            for name, one in clients.sessions.items()
        ]
        return Storm(self._strength, targets, orders, table, world.ready.providers, self._log)

    @asynccontextmanager
    async def _clients(self, environment: dict[str, str]) -> AsyncIterator[Clients]:
        door = f"http://{LOOPBACK}:{environment['VIBESFLOW_API_PORT']}"
        clients = Clients(self._places, self._strength.seed, door, environment)
        tasks = clients.start()
        try:
            yield clients
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _through(
        self, storm: Storm, world: World, clients: Clients, storm_s: float, settle_s: float
    ) -> Outcome:
        await clients.until_streaming()
        self._log.say(f"the storm begins: seed {self._strength.seed}, {storm_s:.0f} s")
        await storm.blow(storm_s)
        self._log.say(f"the storm is over: {storm.kills} kills; healing")
        calm_s = self._log.elapsed_s
        await storm.heal()
        await clients.stop(_CLIENTS_END_S)
        promises = Promises.read(self._places.journals)
        self._log.say(
            f"{len(promises.acked)} chunks of {len(promises.streams)} streams acknowledged"
        )
        settings = load_settings()
        ledger = DynamoLedger(settings.table)
        settling = Settling(ledger, await connect(settings.temporal), self._log)
        left = await settling.until_settled(promises.streams, limit_s=settle_s)
        recovery_s = self._log.elapsed_s - calm_s
        self._log.say(f"settled after {recovery_s:.0f} s" if not left else f"NOT settled: {left}")
        judge = Judge(promises, ledger, world.ready, settings.filecoin.copies)
        verdict = await judge.judge(open_staging(settings.staging))
        return Outcome(
            verdict=verdict,
            blows=storm.blows.counts,
            struck=storm.struck,
            faults=storm.faults + Counter({f"table {k}": n for k, n in storm.table_struck.items()}),
            streams=len(promises.streams),
            unsettled=left,
            failed=await settling.failed(),
            storm_s=storm_s,
            recovery_s=recovery_s,
        )
