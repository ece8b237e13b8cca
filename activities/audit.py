"""The audit's activities, put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from activities.audit_ports import AuditedFilecoin, RunningStreams
from activities.checking import CheckingActivities
from activities.document_copies import DocumentCopies
from activities.ordering import CopyDesk
from activities.ports import DataSetOrders
from activities.repairing import RepairActivities
from activities.sweeping import SweepActivities
from activities.uploading import Uploader
from vibesflow.ledger.port import Ledger
from vibesflow.staging.port import Staging


@dataclass(frozen=True, slots=True)
class AuditParts:
    """What an audit works with.

    Attributes:
        wanted: copies that make a piece safe.
        grace_epochs: how late a proof may be.
    """

    filecoin: AuditedFilecoin
    ledger: Ledger
    staging: Staging
    streams: RunningStreams
    orders: DataSetOrders
    uploader: Uploader
    desk: CopyDesk
    wanted: int
    grace_epochs: int


def audit_activities(parts: AuditParts) -> list[Callable[..., object]]:
    """Return every activity that `workflows.audit.AuditWorkflow` calls."""
    ledger, filecoin, streams = parts.ledger, parts.filecoin, parts.streams
    documents = DocumentCopies(ledger, filecoin, parts.orders)
    rules = {"wanted": parts.wanted, "grace_epochs": parts.grace_epochs}
    checks = CheckingActivities(ledger, filecoin, streams, documents, **rules)
    repairs = RepairActivities(ledger, parts.staging, filecoin, parts.uploader, parts.desk)
    sweeps = SweepActivities(ledger, parts.staging, filecoin, streams, **rules)
    return [
        checks.list_streams,
        checks.check_stream,
        repairs.repair_pieces,
        repairs.verify_copies,
        repairs.move_copies,
        repairs.conclude_stream,
        sweeps.sweep_staging,
    ]
