"""``vibesflow setup``: make what the archive needs outside of itself."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.console import Group

from starter.cli.command import command
from starter.cli.output import Output
from starter.search_attributes import NAMES, register_search_attributes
from vibesflow.ledger import TABLES, create_tables
from vibesflow.settings import load_settings
from vibesflow.staging import S3Staging, open_staging
from workflows.audit_client import AuditClient
from workflows.connection import connect

ProtectOption = Annotated[
    bool,
    typer.Option(
        "--protect", help="Switch on deletion protection and point-in-time recovery of the tables."
    ),
]


@command
async def setup(out: Output, protect: ProtectOption = False) -> None:
    """Make the tables and the staging bucket, register search attributes, schedule audits.

    What is there already is left as it is, so the command may be repeated, and is to be repeated
    after an upgrade.

    [bold]Examples[/bold]

    vibesflow setup

    vibesflow setup --protect --env-file production.env
    """
    settings = load_settings()
    await asyncio.to_thread(create_tables, settings.table, protected=protect)
    tables = [table.name(settings.table) for table in TABLES]
    staging = open_staging(settings.staging)
    if isinstance(staging, S3Staging):
        await staging.create_bucket()
    temporal = await connect(settings.temporal)
    added = await register_search_attributes(temporal)
    is_new = await AuditClient(temporal, settings.audit).ensure_schedule()
    present = [name for name in NAMES if name not in added]
    out.result(
        {
            "tables": [*tables],
            "staging": settings.staging.url,
            "search_attributes_added": [*added],
            "search_attributes_present": [*present],
            "audit_every_s": settings.audit.interval_s,
        },
        Group(
            f"Tables ready: {', '.join(tables)}",
            f"Staging: {settings.staging.url}",
            f"Search attributes added: {', '.join(added) or 'none'}",
            f"Search attributes that were there: {', '.join(present) or 'none'}",
            f"Audits: every {settings.audit.interval_s:g} s ({'new' if is_new else 'was there'})",
        ),
    )
