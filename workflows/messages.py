"""Names and messages by which the rest of the world talks to the workflows."""

from __future__ import annotations

from pydantic import Field
from temporalio.common import SearchAttributeKey

from vibesflow.audit.plan import RoundPlan
from vibesflow.data_set.orders import Pairs
from vibesflow.stream.chunk import Message
from vibesflow.stream.state import RtaState

RTA_WORKFLOW = "RtaWorkflow"
SUBMIT_CHUNK = "submit_chunk"
RETRY_FAILED = "retry_failed"
COMPLETE = "complete"
STATUS = "status"
CHUNKS = "chunks"

PIECES_COMMITTED = "pieces_committed"
PIECES_REFUSED = "pieces_refused"
PIECES_POSTPONED = "pieces_postponed"
COMMIT_DELAYED = "commit_delayed"

DATA_SET_WORKFLOW = "DataSetWorkflow"
ADD_PIECES = "add_pieces"

LATE_COMMIT_WORKFLOW = "LateCommitWorkflow"

AUDIT_WORKFLOW = "AuditWorkflow"
AUDIT_SCHEDULE = "vibesflow-audit"
AUDIT_ROUND = "audit/round"
"""Workflow id of a round over all streams; the schedule adds the time."""

RTA_QUEUE = "rta"
"""Task queue of workflows and light activities."""
FILECOIN_QUEUE = "filecoin"
"""Task queue of activities that move bytes or wait for the chain."""

CREATOR_KEY = SearchAttributeKey.for_keyword("RtaCreator")
STATE_KEY = SearchAttributeKey.for_keyword("RtaState")


def workflow_id(rta_id: str) -> str:
    """Return the workflow id of a stream."""
    return f"rta:{rta_id}"


def receiver_id(waiting: str) -> str:
    """Return the workflow id of who waits for a piece (`PieceOrder.waits`)."""
    return waiting if "/" in waiting else workflow_id(waiting)


def stream_audit_id(rta_id: str) -> str:
    """Return the workflow id of an audit of one stream."""
    return f"audit/stream/{rta_id}"


def data_set_workflow_id(payer: str, provider_id: int, scope: Pairs) -> str:
    """Return the workflow id of a payer's data set at a provider, within a scope."""
    parts = [payer, str(provider_id), *(f"{name}={value}" for name, value in scope)]
    return ":".join(["data-set", *parts])


def late_commit_id(nonce: str) -> str:
    """Return the id of the workflow that watches over a nonce which was given up."""
    return f"late-commit/{nonce}"


class RtaOptions(Message):
    """How one stream behaves; the defaults are settings (``VIBESFLOW_STREAM_...``)."""

    window_s: float = Field(default=360, gt=0)
    settle_s: float = Field(default=1_800, ge=0)
    parallel_uploads: int = Field(default=8, ge=1)
    give_up_s: float = Field(default=21_600, gt=0)


class RtaInput(Message):
    """Input of `RtaWorkflow`; ``state`` is only given by the run before, at continue-as-new."""

    rta_id: str
    options: RtaOptions = RtaOptions()
    state: RtaState | None = None


class RtaResult(Message):
    """How a run ended."""

    state: str
    version: int = 0
    metadata_cid: str | None = None
    chunks: int = 0
    total_duration_ms: int = 0
    parked: int = 0


class CompleteUpdate(Message):
    """Complete now; the answer comes after at most ``wait_s``."""

    wait_s: float = Field(default=20, ge=0, le=300)


class RetryChunks(Message):
    """Try parked chunks again: the named ones, or all of the stream's."""

    chunk_ids: tuple[str, ...] = ()


class DataSetInput(Message):
    """Input of `DataSetWorkflow`; ``packed`` is the state that the run before gives."""

    provider_id: int
    scope: Pairs = ()
    linger_s: float = Field(default=30, ge=0)
    packed: str = ""


class LateCommitResult(Message):
    """What became of a commit that was given up.

    Attributes:
        data_set_id: where it landed after all; None if it did not.
        pieces: how many it added.
        unnamed: those that no row names, because their chunks have no confirmed row.
    """

    data_set_id: int | None = None
    pieces: int = 0
    unnamed: tuple[str, ...] = ()


class AuditInput(Message):
    """Input of `AuditWorkflow`.

    Attributes:
        rta_id: the one stream to audit, whole; empty for a round over all streams.
        share: which part of the pieces a round looks at, 1 for all.
        patience_s: how long a silent provider is waited for before its copies count as lost.
        leftover_age_s: how long bytes are in staging before they are asked about.
        plan: given by the run before, at continue-as-new.
    """

    rta_id: str = ""
    share: float = Field(default=1.0, ge=0, le=1)
    patience_s: float = Field(default=3_600, ge=0)
    leftover_age_s: float = Field(default=3_600, ge=0)
    plan: RoundPlan | None = None
