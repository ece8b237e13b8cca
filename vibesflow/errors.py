"""Every error the system can name, as one tree.

VibesflowError
├── InvalidInput                    the caller's fault, 4xx, never retried
│   ├── InvalidRtaId  InvalidChunkId  InvalidHeader  InvalidBody  InvalidPieceCid  InvalidCursor
│   ├── InputUnreadable  InvalidAudio
│   ├── ChunkTooSmall
│   ├── FundingTooLarge             more than the ceiling for one deposit
│   ├── ChunkTooLarge  PieceTooLarge (413)
│   ├── RangeNotSatisfiable (416)
│   └── MethodNotAllowed (405)  BodyTimeout (408)
├── Conflict (409)
│   └── ChunkConflict               same chunk id, other bytes: the first one stands
├── NotFound (404)
│   ├── StreamNotFound  UploadNotFound  PieceNotFound  RouteNotFound
│   └── NothingToComplete (400)
├── SettingsInvalid                 a process refuses to start
├── WorkIncomplete                  it ran, and fell short of what was asked for
├── Overloaded (503)                too much at once; try again
├── DependencyDown (503)            something we call does not answer; try again
│   ├── TemporalDown  TableDown  StagingDown  ChainDown  ProviderDown  ReadCacheDown
│   └── TableThrottled
├── StagingFault
│   ├── StagedBytesMissing          parked: the bytes are gone
│   └── StagedBytesCorrupt          parked: the bytes are not what was acknowledged
├── LedgerFault
│   ├── StreamClosed                the stream completed meanwhile: reopen it
│   ├── LedgerMoved                 rows changed under a completion: compile again
│   └── LedgerRejected              our request is wrong; retrying cannot help
├── ProviderFault
│   ├── ProviderRefused             a 4xx that repeats: replace the provider
│   ├── ProviderBusy                429: wait as told
│   ├── ProviderLied                a PieceCID that does not match: replace the provider
│   ├── NoProvider                  nobody is left to store with; wait
│   └── PieceNotReady               stored, not published yet; wait
├── DevnetFault                     the embedded world of `vibesflow dev` did not come up
│   ├── PortInUse  DataDirBusy
│   └── PartNotStarted  FaultsNotTaken
└── ChainFault
    ├── NotConfirmedYet             the transaction is on its way; wait
    ├── CommitUnknown               nobody knows whether it was sent; look, then send again
    ├── TransactionFailed           it landed and failed
    ├── InsufficientFunds           too little FIL or USDFC; wait until it is funded
    ├── ApprovalMissing             the service may not spend that much of the payer's; wait
    ├── SessionKeyUnauthorized      the payer lets it sign no more; wait until it does again
    └── ContractReverted            it would fail; the reason is decoded

The *retry class* says what a caller does about an error, the *code* is stable and documented in
``docs/errors.md``, the *advice* is one line for the person who reads it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar


class RetryClass(StrEnum):
    """What to do about an error."""

    RETRY = "retry"
    """Try the same thing again after a growing pause."""
    WAIT = "wait"
    """Nothing is wrong; ask again after ``retry_after_s``."""
    REPLACE = "replace"
    """This provider will not do; exclude it and take another."""
    FATAL = "fatal"
    """Repeating cannot help; park the work, or tell the caller."""


class VibesflowError(Exception):
    """Base of all errors raised on purpose; its own code marks what nobody foresaw.

    Attributes:
        code: stable identifier, snake case, documented in ``docs/errors.md``.
        retry: what to do about it.
        http_status: the status an HTTP caller gets.
        advice: one line that tells a person what to do next.
        retry_after_s: seconds to wait before asking again, when somebody told us.
    """

    code: ClassVar[str] = "internal"
    retry: ClassVar[RetryClass] = RetryClass.FATAL
    http_status: ClassVar[int] = 500
    advice: ClassVar[str] = "This is a bug; please report it with the log lines around it."

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after_s = retry_after_s


class InvalidInput(VibesflowError):
    """The caller sent something that can never work."""

    code = "invalid_input"
    http_status = 400
    advice = "Correct the request; sending it again unchanged gives the same answer."


class InvalidRtaId(InvalidInput):
    """The stream id is outside the allowed alphabet or length."""

    code = "invalid_rta_id"
    advice = "Use 1 to 96 letters, digits, '.', '_', ':' or '-', beginning with a letter or digit."


class InvalidChunkId(InvalidInput):
    """The chunk id does not parse, or names another stream."""

    code = "invalid_chunk_id"
    advice = "Chunk ids read {rta_id}_chunk_{sequence}_{epoch ms}, with _final on the last one."


class InvalidHeader(InvalidInput):
    """A required header is missing, or one cannot be read."""

    code = "invalid_header"


class InvalidBody(InvalidInput):
    """The body is empty, not JSON, or not base64."""

    code = "invalid_body"
    advice = 'Send the raw bytes as audio/*, or JSON {"audioData": "<base64>"}.'


class InvalidPieceCid(InvalidInput):
    """The text or bytes are not a PieceCID v2 (FRC-0069)."""

    code = "invalid_piece_cid"
    advice = "A PieceCID v2 begins with bafkzcib."


class InvalidCursor(InvalidInput):
    """A paging cursor that this service did not issue, or not for this query."""

    code = "invalid_cursor"
    advice = "Follow the Link header of the previous page, or begin without a cursor."


class InputUnreadable(InvalidInput):
    """A file that was named does not exist or cannot be read."""

    code = "input_unreadable"
    advice = "Check the path and its permissions; '-' reads standard input."


class InvalidAudio(InvalidInput):
    """The input holds no audio, or cannot be decoded."""

    code = "invalid_audio"
    advice = "Give a file, or a pipe, that FFmpeg can decode and that has an audio track."


class ChunkTooSmall(InvalidInput):
    """Fewer bytes than Filecoin takes as a piece (127)."""

    code = "chunk_too_small"
    advice = "A piece holds at least 127 bytes; join this audio with the next chunk."


class ChunkTooLarge(InvalidInput):
    """More bytes than the configured limit."""

    code = "chunk_too_large"
    http_status = 413
    advice = "Cut the audio into shorter chunks, or raise VIBESFLOW_API_MAX_CHUNK_BYTES."


class PieceTooLarge(InvalidInput):
    """The piece is longer than this service serves."""

    code = "piece_too_large"
    http_status = 413
    advice = "Fetch it from a provider, or raise VIBESFLOW_READ_MAX_BYTES."


class RangeNotSatisfiable(InvalidInput):
    """The range begins behind the end of the piece.

    Attributes:
        size_bytes: length of the piece.
    """

    code = "range_not_satisfiable"
    http_status = 416
    advice = "The reply's Content-Range header has the length."

    def __init__(self, message: str, *, size_bytes: int) -> None:
        super().__init__(message)
        self.size_bytes = size_bytes


class FundingTooLarge(InvalidInput):
    """A deposit would exceed the ceiling that the settings put on one call; nothing was sent."""

    code = "funding_too_large"
    advice = "Ask for less, or raise VIBESFLOW_FUND_CEILING_USDFC."


class MethodNotAllowed(InvalidInput):
    """The address exists, but not for this method."""

    code = "method_not_allowed"
    http_status = 405
    advice = "See the Allow header of the reply, or docs/http.md."


class BodyTimeout(InvalidInput):
    """The body stopped coming."""

    code = "body_timeout"
    http_status = 408
    advice = "Send the chunk again; nothing of it was kept."


class Conflict(VibesflowError):
    """The request contradicts something that already stands."""

    code = "conflict"
    http_status = 409
    advice = "What stands first stays; ask for something else."


class ChunkConflict(Conflict):
    """The chunk id is known with other bytes."""

    code = "chunk_conflict"
    advice = "The first bytes under a chunk id stand; send new audio under a new chunk id."


class NotFound(VibesflowError):
    """What was asked for does not exist."""

    code = "not_found"
    http_status = 404
    advice = "Check the id or address."


class StreamNotFound(NotFound):
    """No stream has this id."""

    code = "stream_not_found"
    advice = "Check the id; a stream exists from its first accepted chunk on."


class UploadNotFound(NotFound):
    """No upload has this id."""

    code = "upload_not_found"
    advice = "Use the upload_id of the reply to POST /upload."


class PieceNotFound(NotFound):
    """No source holds this piece."""

    code = "piece_not_found"
    advice = "Check the PieceCID; a piece can be read some seconds after it was stored."


class RouteNotFound(NotFound):
    """No route has this address."""

    code = "route_not_found"
    advice = "docs/http.md lists every route."


class NothingToComplete(NotFound):
    """The stream has no chunk with a PieceCID."""

    code = "nothing_to_complete"
    http_status = 400
    advice = "Wait until a chunk is stored, or retry the failed ones."


class SettingsInvalid(VibesflowError):
    """Settings are missing or wrong; the message lists every fault."""

    code = "settings_invalid"
    advice = "See docs/configuration.md for every setting, its default and its meaning."


class WorkIncomplete(VibesflowError):
    """The work ran to its end and fell short of what was asked for."""

    code = "incomplete"
    advice = "`vibesflow status` names what is missing or failed; `vibesflow retry` tries it again."


class Overloaded(VibesflowError):
    """More comes in at once than this process can hold."""

    code = "overloaded"
    retry = RetryClass.RETRY
    http_status = 503
    advice = "Try again in a moment; nothing was acknowledged. Raw audio bodies have no such limit."


class DependencyDown(VibesflowError):
    """A service we depend on does not answer."""

    code = "dependency_down"
    retry = RetryClass.RETRY
    http_status = 503
    dependency: ClassVar[str] = "dependency"
    advice = "Try again; nothing was acknowledged."


class TemporalDown(DependencyDown):
    """The Temporal server does not answer."""

    code = "temporal_down"
    dependency = "temporal"


class TableDown(DependencyDown):
    """DynamoDB does not answer, or not in time."""

    code = "table_down"
    dependency = "table"


class TableThrottled(TableDown):
    """DynamoDB asks us to slow down, or another transaction is in the way."""

    code = "table_throttled"


class StagingDown(DependencyDown):
    """Staging cannot be read or written."""

    code = "staging_down"
    dependency = "staging"
    advice = "Check free space and permissions of the staging folder, or the bucket's reachability."


class ChainDown(DependencyDown):
    """No RPC endpoint of the chain answers."""

    code = "chain_down"
    dependency = "chain"
    advice = "Check VIBESFLOW_RPC_URLS; the work goes on by itself once an endpoint answers."


class ProviderDown(DependencyDown):
    """A storage provider does not answer, or answers 5xx."""

    code = "provider_down"
    dependency = "provider"


class ReadCacheDown(DependencyDown):
    """Pieces that were fetched cannot be kept on disk, so they cannot be checked and served."""

    code = "read_cache_down"
    dependency = "read cache"
    advice = "Check free space and permissions of VIBESFLOW_READ_CACHE_DIR."


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


class DevnetFault(VibesflowError):
    """The embedded world of `vibesflow dev` did not come up, or a part of it fell."""

    code = "devnet_fault"
    advice = "See the part's log in the data folder; `make install` sets up every part."


class PortInUse(DevnetFault):
    """Another program listens on a port that the world needs."""

    code = "port_in_use"
    advice = "Stop the other program, or let the world choose free ports: --ports auto."


class DataDirBusy(DevnetFault):
    """Another world keeps its state in this folder."""

    code = "data_dir_busy"
    advice = "Stop the other world, or give this one a folder of its own: --data-dir."


class PartNotStarted(DevnetFault):
    """A part of the world ended or does not answer; the message ends with its log."""

    code = "part_not_started"
    advice = "See the log; `make install` sets up every program that the world starts."


class FaultsNotTaken(DevnetFault):
    """This storage provider has no switches for faults."""

    code = "faults_not_taken"
    advice = "Name a provider of `vibesflow dev`, or start yours with --admin."


class ChainFault(VibesflowError):
    """The chain, or a transaction on it, stands in the way.

    Attributes:
        reason: the contract's name for it, such as ``InsufficientLockupFunds``; empty when no
            contract spoke, or it is not known.
    """

    code = "chain_fault"
    http_status = 502
    advice = "See the message; the chunk's bytes are kept until this is solved."

    def __init__(
        self, message: str, *, reason: str = "", retry_after_s: float | None = None
    ) -> None:
        super().__init__(message, retry_after_s=retry_after_s)
        self.reason = reason


class NotConfirmedYet(ChainFault):
    """The transaction was sent and has no receipt yet."""

    code = "not_confirmed_yet"
    retry = RetryClass.WAIT
    advice = "It is asked again; a confirmation takes about a minute."


class CommitUnknown(ChainFault):
    """An answer was lost: the transaction may or may not have been sent."""

    code = "commit_unknown"
    retry = RetryClass.RETRY
    advice = "The nonce is looked up on chain before anything is sent again."


class TransactionFailed(ChainFault):
    """The transaction landed and failed; it will never succeed under its hash."""

    code = "transaction_failed"
    retry = RetryClass.RETRY
    advice = "The nonce is unused; it is sent again with the same nonce."


class InsufficientFunds(ChainFault):
    """The payer has too little FIL or USDFC; the message says how much is missing."""

    code = "insufficient_funds"
    retry = RetryClass.WAIT
    advice = "Run `vibesflow fund`; what waits for the money goes on by itself."


class ApprovalMissing(ChainFault):
    """The payer has not allowed the storage service to spend that much in Filecoin Pay."""

    code = "approval_missing"
    retry = RetryClass.WAIT
    advice = "Run `vibesflow fund`; what waits for the approval goes on by itself."


class SessionKeyUnauthorized(ChainFault):
    """The payer has not authorized the session key, or only until now."""

    code = "session_key_unauthorized"
    retry = RetryClass.WAIT
    advice = "Run `vibesflow session-key create --for KEY` where the wallet's key is."


class ContractReverted(ChainFault):
    """A contract refuses the call; the message carries the decoded reason."""

    code = "contract_reverted"
    advice = "See the reason; docs/errors.md says what each one means."


def all_errors() -> tuple[type[VibesflowError], ...]:
    """Return every error class of the tree, the base first, in the order of definition."""
    found: list[type[VibesflowError]] = [VibesflowError]
    for cls in found:
        found.extend(cls.__subclasses__())
    return tuple(found)
