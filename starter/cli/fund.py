"""``vibesflow fund``: bring the money to where storage is paid from."""

from __future__ import annotations

import sys
from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer
from pydantic import JsonValue
from rich.console import Group

from starter.cli.command import command
from starter.cli.money import plan_document, plan_words, wallet_document, wallet_view
from starter.cli.output import Output
from starter.cli.paying import open_wallet
from starter.cli.storage_options import (
    DEFAULT_CHUNK_S,
    DEFAULT_KBPS,
    Audio,
    BitrateOption,
    BytesOption,
    ChunkSecondsOption,
    CopiesOption,
    PiecesPerCommitOption,
)
from vibesflow.errors import InvalidInput
from vibesflow.filecoin import FilecoinClient, Funding, StorageWish
from vibesflow.filecoin.payments.units import in_atto
from vibesflow.settings import load_settings

DaysOption = Annotated[
    int, typer.Option("--days", min=1, max=3_650, help="How long the money shall last.")
]
MinutesPerDayOption = Annotated[
    float,
    typer.Option("--minutes-per-day", min=0.01, max=100_000, help="New audio a day, all streams."),
]
AmountOption = Annotated[
    str | None,
    typer.Option(
        "--amount", metavar="USDFC", help="Have this much available, whatever is to be stored."
    ),
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be sent, and send nothing.")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")]


@command
async def fund(
    out: Output,
    days: DaysOption = 30,
    minutes_per_day: MinutesPerDayOption = 60,
    amount: AmountOption = None,
    chunk_seconds: ChunkSecondsOption = DEFAULT_CHUNK_S,
    bitrate_kbps: BitrateOption = DEFAULT_KBPS,
    bytes_per_chunk: BytesOption = None,
    copies: CopiesOption = None,
    pieces_per_commit: PiecesPerCommitOption = 1,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
) -> None:
    """Deposit USDFC into Filecoin Pay and approve the storage service, in one transaction.

    Only what is missing for the days to come is deposited, and nothing is sent if nothing is
    missing, so the command may be repeated. What waited for the money goes on by itself.

    [bold]Examples[/bold]

    vibesflow fund --days 30 --dry-run

    vibesflow fund --days 30 --minutes-per-day 240

    vibesflow fund --amount 25 --yes
    """
    settings = load_settings().filecoin
    audio = Audio(days * minutes_per_day, chunk_seconds, bitrate_kbps, bytes_per_chunk)
    need: StorageWish | int
    if amount is None:
        need = audio.wish(
            copies=copies or settings.copies, pieces_per_commit=pieces_per_commit, runway_days=days
        )
    else:
        need = _atto(amount)
    async with open_wallet(settings, needs_key=not dry_run) as client:
        if dry_run:
            await _plan(out, client, need)
        else:
            await _fund(out, client, need, asks=not (yes or out.as_json) and sys.stdin.isatty())


async def _plan(out: Output, client: FilecoinClient, need: StorageWish | int) -> None:
    plan = await client.payments.plan(need)
    wallet = await client.wallet()
    out.result(
        {
            "dry_run": True,
            **plan_document(plan),
            "tx_hash": None,
            "wallet": wallet_document(wallet),
        },
        Group(f"Would be sent: {plan_words(plan)}.\n", wallet_view(wallet)),
    )


async def _fund(
    out: Output, client: FilecoinClient, need: StorageWish | int, *, asks: bool
) -> None:
    if asks:
        plan = await client.payments.plan(need)
        if plan.transaction and not typer.confirm(f"{plan_words(plan).capitalize()}?"):
            raise typer.Abort
    funding = await client.fund(need)
    wallet = await client.wallet()
    document: dict[str, JsonValue] = {
        "dry_run": False,
        **plan_document(funding.plan),
        "tx_hash": funding.receipt.tx_hash if funding.receipt else None,
        "wallet": wallet_document(wallet),
    }
    out.result(document, Group(f"{_outcome(funding)}\n", wallet_view(wallet)))


def _outcome(funding: Funding) -> str:
    if funding.receipt is None:
        return "Nothing had to be sent: everything is there."
    return f"Done: {plan_words(funding.plan)}, in transaction {funding.receipt.tx_hash}."


def _atto(amount: str) -> int:
    try:
        return in_atto(Decimal(amount))
    except InvalidOperation as error:
        raise InvalidInput(f"not an amount of USDFC: {amount!r}") from error
