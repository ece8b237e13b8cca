"""``vibesflow audit``: look after what is stored, and show how it is."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.progress import SpinnerColumn, TextColumn

from starter.cli.audit_view import audit_view, in_short
from starter.cli.command import command
from starter.cli.output import Output
from vibesflow.audit.report import AuditReport, StreamHealth
from vibesflow.errors import StreamNotFound, WorkIncomplete
from vibesflow.ledger import DynamoLedger
from vibesflow.settings import Settings, load_settings
from vibesflow.stream.ids import check_rta_id
from workflows.audit_client import AuditClient, Round
from workflows.connection import connect

RtaArgument = Annotated[
    str, typer.Argument(metavar="[RTA]", help="The stream; all of them if none is named.")
]
NowOption = Annotated[
    bool, typer.Option("--now", help="Audit now and wait for the outcome, instead of showing it.")
]


@command
async def audit(out: Output, rta: RtaArgument = "", now: NowOption = False) -> None:
    """Show how the last audit came out, or audit now: read copies, check the chain, repair.

    A round reads a sample of all stored pieces from their providers and compares them with their
    PieceCIDs and with the chain. Where a copy is bad, all of its data set is looked at, and what
    lacks copies gets them from other providers. One stream is looked at whole.

    The exit code is 8 if a piece has too few good copies in the end.

    [bold]Examples[/bold]

    vibesflow audit --now

    vibesflow audit rta_1712345678901_ab12cd --now --json
    """
    settings = load_settings()
    if rta:
        check_rta_id(rta)
        if not now:
            await _show_stream(out, settings, rta)
            return
    auditor = AuditClient(await connect(settings.temporal), settings.audit)
    if now:
        begun = await (auditor.start_stream(rta) if rta else auditor.start_round())
    elif (last := await auditor.last_round()) is not None:
        begun = last
    else:
        out.result(None, "No audit has run yet; vibesflow audit --now starts one.")
        return
    report = await _follow(out, auditor, begun, to_the_end=now)
    out.result(report.model_dump(mode="json"), audit_view(report))
    if not report.is_healthy:
        raise WorkIncomplete(f"some pieces have too few good copies: {in_short(report)}")


async def _follow(
    out: Output, auditor: AuditClient, begun: Round, *, to_the_end: bool
) -> AuditReport:
    with out.progress(SpinnerColumn(), TextColumn("{task.description}")) as progress:
        task = progress.add_task("The audit begins")
        found: AuditReport | None = None
        async for report in auditor.follow(begun):
            found = report
            words = f"{report.phase.capitalize()}: {in_short(report)}"
            progress.update(task, description=words)
            if not to_the_end:
                break
    if found is None:
        raise WorkIncomplete("the audit says nothing; is a worker running?")
    return found


async def _show_stream(out: Output, settings: Settings, rta: str) -> None:
    record = await asyncio.to_thread(DynamoLedger(settings.table).get_stream, rta)
    if record is None:
        raise StreamNotFound(f"no stream {rta!r}")
    document = record.model_dump(include={"rta_id", "audited_at", "audit_result"})
    words = f"{rta} was audited at {record.audited_at}: {record.audit_result}"
    out.result(document, words if record.audited_at else f"{rta} was never audited")
    if record.audit_result in (StreamHealth.SHORT, StreamHealth.LOST):
        raise WorkIncomplete(f"stream {rta} came out of its last audit {record.audit_result}")
