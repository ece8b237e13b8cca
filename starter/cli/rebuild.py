"""``vibesflow rebuild``: the tables anew, from the chain and the stored documents."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from eth_utils.address import is_address, to_checksum_address
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn

from starter.cli.command import command
from starter.cli.output import Output
from starter.cli.rebuild_view import rebuild_document, rebuild_view
from starter.clock import SystemClock
from vibesflow.errors import InvalidInput, SettingsInvalid, WorkIncomplete
from vibesflow.filecoin import Signer, known_payer
from vibesflow.filecoin.inventory import open_inventory
from vibesflow.filecoin.key_sources import wallet_key_of
from vibesflow.ledger import DynamoLedger, create_tables, tables_exist
from vibesflow.rebuild import Rebuild, RebuildOptions, RebuildReport
from vibesflow.rebuild.service import Progress as Told
from vibesflow.settings import FilecoinSettings, Settings, TableSettings, load_settings
from vibesflow.stream.ids import check_rta_id
from vibesflow.stream.times import iso_utc

DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Look and compare; write nothing, not even tables.")
]
RtaOption = Annotated[
    list[str] | None,
    typer.Option("--rta", metavar="ID", help="Only this stream; may be given several times."),
]
PayerOption = Annotated[
    str | None,
    typer.Option(
        "--payer", metavar="ADDRESS", help="Whose data sets; VIBESFLOW_PAYER if not given."
    ),
]
PrefixOption = Annotated[
    str,
    typer.Option(
        "--into-prefix",
        metavar="PREFIX",
        help="Write into tables whose names begin with this, made if need be.",
    ),
]
OverwriteOption = Annotated[
    bool, typer.Option("--overwrite", help="Replace what stands otherwise, instead of naming it.")
]
AmongOption = Annotated[
    bool,
    typer.Option(
        "--among-others", help="Write into tables that hold streams which are not on chain."
    ),
]


@command
async def rebuild(
    out: Output,
    dry_run: DryRunOption = False,
    rta: RtaOption = None,
    payer: PayerOption = None,
    into_prefix: PrefixOption = "",
    overwrite: OverwriteOption = False,
    among_others: AmongOption = False,
) -> None:
    """Rebuild the tables from what is on chain and in the documents that are stored there.

    It needs the payer's address and no key. What stands already is left as it is, so it may be
    repeated, and goes on where it was cut short. It says of every stream what could not be known.
    Let no worker run meanwhile.

    [bold]Examples[/bold]

    vibesflow rebuild --dry-run

    vibesflow rebuild --payer 0x70997970C51812dc3A010C7d01b50e0d17dc79C8

    vibesflow rebuild --rta rta_1763829000000_abc123 --overwrite
    """
    settings = load_settings()
    account = _payer(settings.filecoin, payer)
    named = tuple(dict.fromkeys(map(check_rta_id, rta or ())))
    table = _prefixed(settings.table, into_prefix)
    ledger = await asyncio.to_thread(_tables, table, dry_run=dry_run)
    options = RebuildOptions(
        payer=account,
        wanted_copies=settings.filecoin.copies,
        at=iso_utc(SystemClock().now_ms()),
        rta_ids=named,
        dry_run=dry_run,
        overwrite=overwrite,
        among_others=among_others,
    )
    report = await _run(out, settings, ledger, options)
    out.result(rebuild_document(report, table), rebuild_view(report, table))
    _judge(report)


async def _run(
    out: Output, settings: Settings, ledger: DynamoLedger | None, options: RebuildOptions
) -> RebuildReport:
    with _showing(out) as told:
        async with open_inventory(settings.filecoin, options.payer) as archive:
            return await Rebuild(archive, ledger, options, told).run()


def _payer(settings: FilecoinSettings, named: str | None) -> str:
    """Return the account in checksum form.

    Raises:
        SettingsInvalid: nobody said who it is.
        InvalidInput: what was said is no address.
    """
    if named is not None:
        if not is_address(named):
            raise InvalidInput(f"--payer: not an address: {named[:60]!r}")
        return to_checksum_address(named)
    if settings.payer is None and wallet_key_of(settings) is not None:
        return Signer.load_wallet(settings).payer
    if (known := known_payer(settings)) is not None:
        return known
    raise SettingsInvalid("VIBESFLOW_PAYER or --payer: whose data sets are to be read")


def _prefixed(settings: TableSettings, prefix: str) -> TableSettings:
    names = {
        "metadata_name": prefix + settings.metadata_name,
        "chunks_name": prefix + settings.chunks_name,
    }
    return settings.model_copy(update=names)


def _tables(settings: TableSettings, *, dry_run: bool) -> DynamoLedger | None:
    """Return the tables; a dry run makes none, and finds none if they are not there."""
    if not dry_run:
        create_tables(settings)
    elif not tables_exist(settings):
        return None
    return DynamoLedger(settings)


@contextmanager
def _showing(out: Output) -> Iterator[Told]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with out.progress(*columns) as progress:
        pieces = progress.add_task("pieces on chain", total=None)
        streams = progress.add_task("streams", total=None)
        yield Told(
            pieces=lambda done, of: progress.update(pieces, completed=done, total=of),
            streams=lambda done, of: progress.update(streams, completed=done, total=of),
        )


def _judge(report: RebuildReport) -> None:
    """End with an error if anything that was asked for is not there.

    Raises:
        WorkIncomplete: a stream is not on chain, or could not be written.
    """
    faults = [f"not on chain: {', '.join(report.not_found)}"] if report.not_found else []
    faults += [f"{stream.rta_id}: {stream.failed}" for stream in report.failed[:10]]
    if faults:
        raise WorkIncomplete("; ".join(faults))
