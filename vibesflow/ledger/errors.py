"""The one place that says what an answer of DynamoDB means."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from vibesflow.aws import AWS_FAILURES, AwsFailure, describe, error_code, is_unreachable
from vibesflow.errors import LedgerRejected, TableDown, TableThrottled

CONDITION_FAILED = "ConditionalCheckFailed"
"""As a reason in a cancelled transaction; as an error of a single write it ends in Exception."""

CROWDED_REASONS = frozenset(
    {
        "TransactionConflict",
        "ThrottlingError",
        "ProvisionedThroughputExceeded",
        "RequestLimitExceeded",
    }
)
"""Reasons of a cancelled transaction that pass by themselves."""

_THROTTLED = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "ReplicatedWriteConflictException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "Throttling",
        "TooManyRequestsException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
_SOMEBODY_MUST_ACT = frozenset(
    {
        "CredentialRetrievalError",
        "ExpiredTokenException",
        "InvalidSignatureException",
        "NoCredentialsError",
        "PartialCredentialsError",
        "RequestExpired",
        "ResourceInUseException",
        "ResourceNotFoundException",
        "UnrecognizedClientException",
        "WaiterError",
    }
)
_SLOWLY_S = 30.0


def translate(error: AwsFailure, doing: str) -> TableDown | TableThrottled | LedgerRejected:
    """Return the error of our tree that says what to do about one of boto3's.

    A missing table or an expired key is down rather than rejected: it heals without a change of
    ours, but not within a second, so it carries a long pause.
    """
    code = error_code(error)
    words = f"{doing}: {describe(error)}"
    if code in _THROTTLED:
        return TableThrottled(words)
    if code in _SOMEBODY_MUST_ACT:
        return TableDown(words, retry_after_s=_SLOWLY_S)
    if is_unreachable(error):
        return TableDown(words)
    return LedgerRejected(words)


@contextlib.contextmanager
def table_errors(doing: str) -> Iterator[None]:
    """Translate what boto3 raises inside; conditions that may fail are caught further in."""
    try:
        yield
    except AWS_FAILURES as error:
        raise translate(error, doing) from error
