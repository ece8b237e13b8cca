"""Reading what went wrong in an activity."""

from __future__ import annotations

from temporalio.exceptions import ActivityError, ApplicationError

from vibesflow.errors import (
    ChunkTooLarge,
    ChunkTooSmall,
    InvalidInput,
    PieceTooLarge,
    StagedBytesCorrupt,
    StagedBytesMissing,
)

_HOPELESS = {
    kind.code
    for kind in (
        InvalidInput,
        ChunkTooSmall,
        ChunkTooLarge,
        PieceTooLarge,
        StagedBytesMissing,
        StagedBytesCorrupt,
    )
}


def is_hopeless(error: ActivityError) -> bool:
    """Tell whether the bytes themselves are wrong: no provider and no second home will do."""
    return type_of(error) in _HOPELESS


def type_of(error: ActivityError) -> str | None:
    """Return the code (`VibesflowError.code`) that the activity failed with, if it had one."""
    cause = error.cause
    return cause.type if isinstance(cause, ApplicationError) else None


def reason_of(error: ActivityError) -> str:
    """Return why the activity failed, in one line that a person can read."""
    cause: BaseException = error
    while cause.__cause__ is not None and not isinstance(cause, ApplicationError):
        cause = cause.__cause__
    message = cause.message if isinstance(cause, ApplicationError) else str(cause)
    return (message or type(cause).__name__)[:1_000]
