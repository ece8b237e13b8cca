"""Why a contract said no: revert data, read into words a person understands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

from vibesflow.errors import (
    ApprovalMissing,
    ChainFault,
    ContractReverted,
    InsufficientFunds,
    RetryClass,
)

_ERRORS: tuple[tuple[str, str, str], ...] = (
    # name, arguments, what it means for us
    ("InvalidSignature", "address expected,address actual", "the signature is not the payer's"),
    ("ClientDataSetAlreadyRegistered", "uint256 nonce", "this nonce was used before"),
    (
        "InsufficientLockupFunds",
        "address payer,uint256 required,uint256 available",
        "deposit USDFC into Filecoin Pay",
    ),
    ("OperatorNotApproved", "address payer,address operator", "approve FWSS in Filecoin Pay"),
    (
        "InsufficientRateAllowance",
        "address payer,address operator,uint256 allowance,uint256 usage,uint256 required",
        "raise the rate allowance of FWSS in Filecoin Pay",
    ),
    (
        "InsufficientLockupAllowance",
        "address payer,address operator,uint256 allowance,uint256 usage,uint256 required",
        "raise the lockup allowance of FWSS in Filecoin Pay",
    ),
    (
        "InsufficientMaxLockupPeriod",
        "address payer,address operator,uint256 allowed,uint256 required",
        "raise the lockup period allowed to FWSS in Filecoin Pay",
    ),
    ("ProviderNotRegistered", "address provider", "the provider left the registry"),
    ("DataSetPaymentAlreadyTerminated", "uint256 dataSetId", "the data set is being ended"),
    ("InvalidDataSetId", "uint256 dataSetId", "there is no such data set"),
    ("TooManyMetadataKeys", "uint256 max,uint256 actual", "use fewer metadata keys"),
    (
        "MetadataKeyExceedsMaxLength",
        "uint256 index,uint256 max,uint256 length",
        "shorten the metadata key",
    ),
    (
        "MetadataValueExceedsMaxLength",
        "uint256 index,uint256 max,uint256 length",
        "shorten the metadata value",
    ),
    ("DuplicateMetadataKey", "uint256 dataSetId,string key", "give each metadata key once"),
    ("ExtraDataTooLarge", "uint256 actual,uint256 max", "add fewer pieces or metadata at once"),
    (
        "OperatorRateAllowanceExceeded",
        "uint256 allowed,uint256 attempted",
        "raise the rate allowance of FWSS in Filecoin Pay",
    ),
    (
        "OperatorLockupAllowanceExceeded",
        "uint256 allowed,uint256 attempted",
        "raise the lockup allowance of FWSS in Filecoin Pay",
    ),
    (
        "InsufficientUnlockedFunds",
        "uint256 available,uint256 required",
        "deposit USDFC into Filecoin Pay",
    ),
    (
        "LockupFixedIncreaseNotAllowedDueToInsufficientFunds",
        "address token,address payer,uint256 available,uint256 required",
        "deposit USDFC into Filecoin Pay",
    ),
    ("DataSetNotLive", "", "the data set was deleted"),
    ("DataSetNotFound", "", "there is no such data set"),
    ("CleanupDepositRequired", "", "the provider sent no clean-up deposit"),
    ("IndexedError", "uint256 index,string message", "a piece is malformed"),
    (
        "ERC20InsufficientBalance",
        "address sender,uint256 balance,uint256 needed",
        "the wallet holds too little USDFC",
    ),
    ("ERC2612ExpiredSignature", "uint256 deadline", "the permit came too late"),
    (
        "ERC2612InvalidSigner",
        "address signer,address owner",
        "the permit was used before, or is not the owner's",
    ),
    ("Error", "string message", ""),
    ("Panic", "uint256 code", "a bug in the contract"),
)


FUNDS_PAUSE_S: Final = 30.0
"""Money and approvals come from a person: asking again sooner would only be noise."""

_TOO_LITTLE_MONEY: Final = frozenset(
    {
        "InsufficientLockupFunds",
        "InsufficientUnlockedFunds",
        "LockupFixedIncreaseNotAllowedDueToInsufficientFunds",
        "ERC20InsufficientBalance",
    }
)
_TOO_LITTLE_APPROVED: Final = frozenset(
    {
        "OperatorNotApproved",
        "InsufficientRateAllowance",
        "InsufficientLockupAllowance",
        "InsufficientMaxLockupPeriod",
        "OperatorRateAllowanceExceeded",
        "OperatorLockupAllowanceExceeded",
    }
)


def _kind_of(name: str) -> type[ChainFault]:
    if name in _TOO_LITTLE_MONEY:
        return InsufficientFunds
    return ApprovalMissing if name in _TOO_LITTLE_APPROVED else ContractReverted


@dataclass(frozen=True, slots=True)
class KnownError:
    """A contract error that can be decoded."""

    name: str
    types: tuple[str, ...]
    labels: tuple[str, ...]
    meaning: str

    @property
    def selector(self) -> bytes:
        """First four bytes of its revert data."""
        return keccak(text=f"{self.name}({','.join(self.types)})")[:4]

    @property
    def code(self) -> str:
        """Code of the error that it is raised as."""
        return _kind_of(self.name).code


def _known(name: str, arguments: str, meaning: str) -> KnownError:
    pairs = [argument.split(" ") for argument in arguments.split(",") if argument]
    return KnownError(name, tuple(p[0] for p in pairs), tuple(p[1] for p in pairs), meaning)


KNOWN_ERRORS = {error.selector: error for error in (_known(*row) for row in _ERRORS)}


@dataclass(frozen=True, slots=True)
class Revert:
    """Decoded revert data.

    Attributes:
        name: the contract's name for it; empty when it is not known.
        args: its arguments, in order.
        text: all of it, for people.
    """

    name: str
    args: tuple[object, ...]
    text: str

    def as_error(self, context: str) -> ChainFault:
        """Return the error to raise; ``context`` says what was tried.

        What a person solves with money or an approval is `InsufficientFunds` or
        `ApprovalMissing`; everything else is `ContractReverted`.
        """
        kind = _kind_of(self.name)
        pause_s = FUNDS_PAUSE_S if kind.retry is RetryClass.WAIT else None
        return kind(f"{context}: {self.text}", reason=self.name, retry_after_s=pause_s)


def decode_revert(data: bytes) -> Revert:
    """Read revert data; what is not known is shown in hex."""
    known = KNOWN_ERRORS.get(data[:4])
    if known is None:
        return Revert("", (), f"reverted with 0x{data[:132].hex()}" if data else "reverted")
    try:
        args = decode(known.types, data[4:])
    except DecodingError:
        return Revert(known.name, (), _with_meaning(f"{known.name}(?)", known))
    words = ", ".join(f"{label}={arg}" for label, arg in zip(known.labels, args, strict=True))
    return Revert(known.name, args, _with_meaning(f"{known.name}({words})", known))


def _with_meaning(words: str, known: KnownError) -> str:
    return f"{words}: {known.meaning}" if known.meaning else words


_HEX = r"(0x(?:[0-9a-fA-F]{2})*)"
_REVERT_DATA = (
    re.compile(rf"vm error=\[{_HEX}\]"),
    re.compile(rf"revert reason=\[{_HEX}\]"),
    re.compile(rf"revert reason: {_HEX}"),
    re.compile(rf"(?:execution reverted|revert)[^\n]{{0,80}}?data: \"?{_HEX}"),
)
_CUSTOM_ERROR = re.compile(r"custom error (0x[0-9a-fA-F]{8})(?::\s*(?:0x)?([0-9a-fA-F]*))?")
_ERROR_TEXT = re.compile(r"(?:vm error|revert reason)=\[Error\(([^\n]*?)\)\]")


def find_revert(words: str) -> Revert | None:
    """Find revert data inside the words of a provider or node; None if there are none.

    Filecoin nodes write ``vm error=[0x...]`` or ``revert reason=[...]``, other nodes
    ``custom error 0x...``.
    """
    for pattern in _REVERT_DATA:
        if found := pattern.search(words):
            return decode_revert(bytes.fromhex(found[1][2:]))
    if custom := _CUSTOM_ERROR.search(words):
        tail = custom[2] or ""
        return decode_revert(bytes.fromhex(custom[1][2:] + tail[: len(tail) // 2 * 2]))
    if plain := _ERROR_TEXT.search(words):
        return Revert("Error", (plain[1],), f"Error(message={plain[1]})")
    return None
