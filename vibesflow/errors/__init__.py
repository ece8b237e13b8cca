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
│   ├── ChunkConflict               same chunk id, other bytes: the first one stands
│   └── TablesOccupied              tables that are to be rebuilt hold other streams
├── NotFound (404)
│   ├── StreamNotFound  UploadNotFound  PieceNotFound  RouteNotFound
│   └── NothingToComplete (400)
├── Unauthorized (401)              nothing shown that lets anybody in
│   └── TicketInvalid  TicketExpired  TicketNotYetValid
├── Forbidden (403)                 known, and not allowed
│   └── TicketForAnother  TicketSpent
├── RateLimited (429)               too much of one creator; wait as told
├── SettingsInvalid                 a process refuses to start
│   ├── NetworkUnknown  KeyMalformed
│   └── WrongChain                  an RPC endpoint is of another chain than it should be
├── WorkIncomplete                  it ran, and fell short of what was asked for
├── Overloaded (503)                too much at once; try again
├── DependencyDown (503)            something we call does not answer; try again
│   ├── TemporalDown  TableDown  StagingDown  ChainDown  ProviderDown  ReadCacheDown
│   ├── PinningDown
│   └── TableThrottled
├── StagingFault
│   ├── StagedBytesMissing          parked: the bytes are gone
│   └── StagedBytesCorrupt          parked: the bytes are not what was acknowledged
├── PinningFault                    the second home of parked chunks will not do
│   └── PinningRefused  PinningLied
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

from vibesflow.errors.access import (
    Forbidden,
    RateLimited,
    TicketExpired,
    TicketForAnother,
    TicketInvalid,
    TicketNotYetValid,
    TicketSpent,
    Unauthorized,
)
from vibesflow.errors.base import (
    RetryClass,
    VibesflowError,
    all_errors,
)
from vibesflow.errors.chain import (
    ApprovalMissing,
    ChainFault,
    CommitUnknown,
    ContractReverted,
    InsufficientFunds,
    NotConfirmedYet,
    SessionKeyUnauthorized,
    TransactionFailed,
)
from vibesflow.errors.dependencies import (
    ChainDown,
    DependencyDown,
    PinningDown,
    ProviderDown,
    ReadCacheDown,
    StagingDown,
    TableDown,
    TableThrottled,
    TemporalDown,
)
from vibesflow.errors.devnet import (
    DataDirBusy,
    DevnetFault,
    FaultsNotTaken,
    PartNotStarted,
    PortInUse,
)
from vibesflow.errors.pinning import PinningFault, PinningLied, PinningRefused
from vibesflow.errors.process import (
    KeyMalformed,
    NetworkUnknown,
    Overloaded,
    SettingsInvalid,
    WorkIncomplete,
    WrongChain,
)
from vibesflow.errors.requests import (
    BodyTimeout,
    ChunkConflict,
    ChunkTooLarge,
    ChunkTooSmall,
    Conflict,
    FundingTooLarge,
    InputUnreadable,
    InvalidAudio,
    InvalidBody,
    InvalidChunkId,
    InvalidCursor,
    InvalidHeader,
    InvalidInput,
    InvalidPieceCid,
    InvalidRtaId,
    MethodNotAllowed,
    NotFound,
    NothingToComplete,
    PieceNotFound,
    PieceTooLarge,
    RangeNotSatisfiable,
    RouteNotFound,
    StreamNotFound,
    TablesOccupied,
    UploadNotFound,
)
from vibesflow.errors.storage import (
    LedgerFault,
    LedgerMoved,
    LedgerRejected,
    NoProvider,
    PieceNotReady,
    ProviderBusy,
    ProviderFault,
    ProviderLied,
    ProviderRefused,
    StagedBytesCorrupt,
    StagedBytesMissing,
    StagingFault,
    StreamClosed,
)

__all__ = [
    "ApprovalMissing",
    "BodyTimeout",
    "ChainDown",
    "ChainFault",
    "ChunkConflict",
    "ChunkTooLarge",
    "ChunkTooSmall",
    "CommitUnknown",
    "Conflict",
    "ContractReverted",
    "DataDirBusy",
    "DependencyDown",
    "DevnetFault",
    "FaultsNotTaken",
    "Forbidden",
    "FundingTooLarge",
    "InputUnreadable",
    "InsufficientFunds",
    "InvalidAudio",
    "InvalidBody",
    "InvalidChunkId",
    "InvalidCursor",
    "InvalidHeader",
    "InvalidInput",
    "InvalidPieceCid",
    "InvalidRtaId",
    "KeyMalformed",
    "LedgerFault",
    "LedgerMoved",
    "LedgerRejected",
    "MethodNotAllowed",
    "NetworkUnknown",
    "NoProvider",
    "NotConfirmedYet",
    "NotFound",
    "NothingToComplete",
    "Overloaded",
    "PartNotStarted",
    "PieceNotFound",
    "PieceNotReady",
    "PieceTooLarge",
    "PinningDown",
    "PinningFault",
    "PinningLied",
    "PinningRefused",
    "PortInUse",
    "ProviderBusy",
    "ProviderDown",
    "ProviderFault",
    "ProviderLied",
    "ProviderRefused",
    "RangeNotSatisfiable",
    "RateLimited",
    "ReadCacheDown",
    "RetryClass",
    "RouteNotFound",
    "SessionKeyUnauthorized",
    "SettingsInvalid",
    "StagedBytesCorrupt",
    "StagedBytesMissing",
    "StagingDown",
    "StagingFault",
    "StreamClosed",
    "StreamNotFound",
    "TableDown",
    "TableThrottled",
    "TablesOccupied",
    "TemporalDown",
    "TicketExpired",
    "TicketForAnother",
    "TicketInvalid",
    "TicketNotYetValid",
    "TicketSpent",
    "TransactionFailed",
    "Unauthorized",
    "UploadNotFound",
    "VibesflowError",
    "WorkIncomplete",
    "WrongChain",
    "all_errors",
]
