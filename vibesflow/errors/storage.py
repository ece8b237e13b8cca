"""Staging, the ledger and providers answered, and the answer is a problem."""

from __future__ import annotations

from vibesflow.errors.base import RetryClass, VibesflowError


class StagingFault(VibesflowError):
    """Staging answered, and the answer is bad."""

    code = "staging_fault"
    advice = "Look at the disk or bucket that holds staging."


class StagedBytesMissing(StagingFault):
    """The staged bytes of a chunk are not there."""

    code = "staged_bytes_missing"
    advice = "Send the chunk again under the same id; staging takes it anew."


class StagedBytesCorrupt(StagingFault):
    """The staged bytes differ from the digest that was acknowledged."""

    code = "staged_bytes_corrupt"
    advice = "Check the disk or bucket that holds staging; the chunk is kept aside, not stored."


class LedgerFault(VibesflowError):
    """The table answered, and the answer changes what we do."""

    code = "ledger_fault"
    advice = "The stream takes care of it by itself; see its page in the Temporal Web UI."


class StreamClosed(LedgerFault):
    """The stream completed meanwhile."""

    code = "stream_closed"


class LedgerMoved(LedgerFault):
    """Rows changed between compiling a document and completing with it."""

    code = "ledger_moved"


class LedgerRejected(LedgerFault):
    """The table refuses the request as malformed or forbidden."""

    code = "ledger_rejected"
    advice = "Check the table's name, indexes and our permissions; retrying cannot help."


class ProviderFault(VibesflowError):
    """A storage provider answered, and the answer is a problem."""

    code = "provider_fault"
    retry = RetryClass.RETRY
    http_status = 502
    advice = "It is tried again; see the provider's words in the message."


class ProviderRefused(ProviderFault):
    """The provider refuses the request for good."""

    code = "provider_refused"
    retry = RetryClass.REPLACE
    advice = "Another provider is taken; see the provider's words in the message."


class ProviderBusy(ProviderFault):
    """The provider is over its limits (429)."""

    code = "provider_busy"
    retry = RetryClass.WAIT
    advice = "It is tried again when the provider said so."


class ProviderLied(ProviderFault):
    """The provider names another PieceCID, or serves other bytes, than we computed."""

    code = "provider_lied"
    retry = RetryClass.REPLACE
    advice = "The copy does not count; another provider is taken."


class NoProvider(ProviderFault):
    """No provider is approved, reachable and not excluded."""

    code = "no_provider"
    retry = RetryClass.WAIT
    http_status = 503
    advice = "Storing goes on by itself once a provider answers; see the log for each one's fault."


class PieceNotReady(ProviderFault):
    """The provider has the bytes and has not published the piece yet."""

    code = "piece_not_ready"
    retry = RetryClass.WAIT
    advice = "It is asked again until the provider has published the piece."
