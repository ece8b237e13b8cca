"""``vibesflow devnet``: disturb the storage providers of a running world, and heal them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from pydantic import JsonValue, ValidationError

from devnet.fault_client import FaultClient
from devnet.provider.fault_order import FaultOrder, FaultReport
from devnet.provider.faults import FaultName, Point
from starter.cli.command import command
from starter.cli.devnet_providers import named_providers
from starter.cli.fault_table import fault_table
from starter.cli.output import Output
from vibesflow.errors import VibesflowError

Ask = Callable[[FaultClient], Awaitable[tuple[FaultReport, ...]]]

_PROVIDER = "Number of the provider as `vibesflow dev` counts them, or its address."

ProviderArgument = Annotated[str, typer.Argument(metavar="PROVIDER", help=_PROVIDER)]
ProviderOrAllArgument = Annotated[
    str | None, typer.Argument(metavar="PROVIDER", help=f"{_PROVIDER} By default all.")
]
NameArgument = Annotated[
    FaultName, typer.Argument(metavar="NAME", help="Which fault; docs/devnet.md lists them.")
]
AtOption = Annotated[
    Point | None, typer.Option("--at", help="Where it strikes, for faults that can be placed.")
]
CountOption = Annotated[
    int | None, typer.Option("--count", min=1, help="How often it strikes. By default always.")
]
SecondsOption = Annotated[
    float | None,
    typer.Option("--seconds", help="How long it strikes. By default until it is healed."),
]
DelayOption = Annotated[
    float | None,
    typer.Option(
        "--delay",
        metavar="SECONDS",
        help="How long a hang, a publishing, a confirmation or a Retry-After takes.",
    ),
]
ReadyFileOption = Annotated[
    Path | None,
    typer.Option(
        "--ready-file",
        metavar="FILE",
        help="The world's ready file. By default the settings say which devnet is meant, "
        "else the world in .vibesflow/dev.",
    ),
]


@dataclass(frozen=True)
class _Told:
    """What one provider told, or why it did not."""

    number: str
    url: str
    faults: tuple[FaultReport, ...] = ()
    error: VibesflowError | None = None

    def document(self) -> dict[str, JsonValue]:
        return {
            "provider": self.number,
            "url": self.url,
            "faults": [fault.model_dump(mode="json") for fault in self.faults],
            "error": self.error.message if self.error else None,
        }


@command
async def fault(
    out: Output,
    provider: ProviderArgument,
    name: NameArgument,
    at: AtOption = None,
    count: CountOption = None,
    seconds: SecondsOption = None,
    delay: DelayOption = None,
    ready_file: ReadyFileOption = None,
) -> None:
    """Let something go wrong at a storage provider of a running `vibesflow dev`.

    A fault stays until its count or time is used up, or until `vibesflow devnet heal`. A restart
    of the provider heals it as well.

    [bold]Examples[/bold]

    vibesflow devnet fault 1 ping-refused --seconds 60

    vibesflow devnet fault 2 busy --at receive --delay 10 --count 3

    vibesflow devnet fault 1 restart --at sent
    """
    try:
        order = FaultOrder(name=name, at=at, count=count, seconds=seconds, delay_s=delay)
    except ValidationError as error:
        raise typer.BadParameter(_first_words(error)) from None
    await _tell(out, named_providers(provider, ready_file), lambda client: client.set(order))


@command
async def heal(
    out: Output, provider: ProviderOrAllArgument = None, ready_file: ReadyFileOption = None
) -> None:
    """Remove all faults of one storage provider, or of all; what hangs goes on.

    [bold]Examples[/bold]

    vibesflow devnet heal

    vibesflow devnet heal 2
    """
    await _tell(out, named_providers(provider, ready_file), lambda client: client.heal())


@command
async def show(out: Output, ready_file: ReadyFileOption = None) -> None:
    """Show the faults of every storage provider, and how often each has struck.

    [bold]Examples[/bold]

    vibesflow devnet show
    """
    await _tell(out, named_providers(None, ready_file), lambda client: client.show())


async def _tell(out: Output, providers: Mapping[str, str], ask: Ask) -> None:
    """Ask each provider and show what it says; end with the error of one that says nothing."""
    told = await asyncio.gather(*(_ask_one(number, url, ask) for number, url in providers.items()))
    document: list[JsonValue] = [one.document() for one in told]
    out.result(document, fault_table({one.number: one.faults for one in told}))
    for one in told:
        if one.error is not None:
            raise one.error


async def _ask_one(number: str, url: str, ask: Ask) -> _Told:
    try:
        async with FaultClient(url) as client:
            return _Told(number, url, await ask(client))
    except VibesflowError as error:
        return _Told(number, url, error=error)


def _first_words(error: ValidationError) -> str:
    fault = error.errors(include_url=False)[0]
    where = " ".join(f"--{part}".removesuffix("_s") for part in fault["loc"])
    return f"{where}: {fault['msg']}" if where else fault["msg"].removeprefix("Value error, ")
