"""The chain, or a transaction on it, stands in the way."""

from __future__ import annotations

from vibesflow.errors.base import RetryClass, VibesflowError


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
