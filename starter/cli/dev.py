"""``vibesflow dev``: the whole world on this machine, until it is interrupted."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from devnet.data_dir import DataDir
from devnet.ports import fixed_ports, free_ports
from devnet.ready import Ready
from devnet.table_engines import TableChoice, TableEngineName
from devnet.world import WorldPlan, running
from starter.cli.command import command
from starter.cli.interrupts import until_interrupted
from starter.cli.output import Output
from starter.cli.starting import starting

DEFAULT_DATA_DIR = Path(".vibesflow/dev")


class PortChoice(StrEnum):
    """How the world's ports are chosen."""

    FIXED = "fixed"
    AUTO = "auto"


DataDirOption = Annotated[
    Path, typer.Option("--data-dir", metavar="DIR", help="Where all state is kept between runs.")
]
PortsOption = Annotated[
    PortChoice, typer.Option("--ports", help="The documented ports, or free ones.")
]
ReadyFileOption = Annotated[
    Path | None,
    typer.Option(
        "--ready-file", metavar="FILE", help="Write all addresses as JSON once everything answers."
    ),
]
BlockTimeOption = Annotated[
    float | None,
    typer.Option(
        "--block-time",
        metavar="SECONDS",
        min=0.1,
        help="Time between blocks; by default every transaction gets a block at once.",
    ),
]
EmptyWalletOption = Annotated[
    bool,
    typer.Option(
        "--empty-wallet",
        help="Deposit and approve nothing for the payer: chunks wait until `vibesflow fund`.",
    ),
]
WithTicketsOption = Annotated[
    bool,
    typer.Option(
        "--with-tickets",
        help="Have uploads show a ticket and operators a key; by default everybody may do all.",
    ),
]
TableEngineOption = Annotated[
    TableEngineName,
    typer.Option("--table-engine", help="Who serves the tables; ministack forgets when killed."),
]
DynamodbJarOption = Annotated[
    Path | None,
    typer.Option("--dynamodb-jar", metavar="FILE", help="DynamoDBLocal.jar, for dynamodb-local."),
]
NoRestartOption = Annotated[
    bool, typer.Option("--no-restart", help="End when a part dies instead of starting it again.")
]


@command
async def dev(
    out: Output,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    ports: PortsOption = PortChoice.FIXED,
    ready_file: ReadyFileOption = None,
    block_time: BlockTimeOption = None,
    empty_wallet: EmptyWalletOption = False,
    with_tickets: WithTicketsOption = False,
    table_engine: TableEngineOption = TableEngineName.ROTO,
    dynamodb_jar: DynamodbJarOption = None,
    no_restart: NoRestartOption = False,
) -> None:
    """Run the whole world until Ctrl-C: Temporal, table, chain, three providers, worker, API.

    Every part is the real thing, on the loopback interface. State is kept in the data folder, so
    the next run goes on where this one stopped. Logs are in its folder `logs`.

    [bold]Examples[/bold]

    vibesflow dev

    vibesflow dev --ports auto --ready-file ready.json
    """
    data = DataDir(data_dir.resolve())
    data.root.mkdir(parents=True, exist_ok=True)
    chosen = fixed_ports() if ports is PortChoice.FIXED else free_ports(data.ports)
    plan = WorldPlan(
        data=data,
        ports=chosen,
        block_time_s=block_time,
        empty_wallet=empty_wallet,
        with_tickets=with_tickets,
        table=TableChoice(table_engine, dynamodb_jar.resolve() if dynamodb_jar else None),
        restart=not no_restart,
        ready_file=ready_file.resolve() if ready_file else None,
    )
    await until_interrupted(_serve(out, plan))


async def _serve(out: Output, plan: WorldPlan) -> None:
    with starting(out, plan) as shown:
        async with running(shown) as world:
            out.result(world.ready.model_dump(mode="json"), _addresses(world.ready))
            raise await world.fallen()


def _addresses(facts: Ready) -> Table:
    table = Table(title="The world is up; Ctrl-C stops it", title_justify="left", box=None)
    table.add_column("What", style="bold", no_wrap=True)
    table.add_column("Where", overflow="fold")
    for what, where in _rows(facts):
        table.add_row(what, where)
    return table


def _rows(facts: Ready) -> list[tuple[str, str]]:
    ui = f"{facts.temporal_ui}/namespaces/{facts.namespace}/workflows"
    providers = [(f"Provider {n}", url) for n, url in enumerate(facts.providers, start=1)]
    return [
        ("Temporal Web UI", f"[link={ui}]{ui}[/link]"),
        ("API", f"[link={facts.api}/docs]{facts.api}[/link]"),
        ("Completed streams", f"{facts.api}/api/vibestreams"),
        ("Temporal", f"{facts.temporal}, namespace {facts.namespace}"),
        ("Table", facts.dynamodb),
        ("Chain", f"{facts.rpc}, contracts in {facts.devnet_info}"),
        *providers,
        ("Logs", f"{facts.data_dir}/logs"),
        ("Record a file", f"vibesflow --env-file {facts.env_file} record song.mp3"),
        ("Look at a stream", f"vibesflow --env-file {facts.env_file} status RTA"),
        ("Disturb a provider", f"vibesflow --env-file {facts.env_file} devnet fault 1 full"),
    ]
