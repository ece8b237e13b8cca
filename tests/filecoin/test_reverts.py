from __future__ import annotations

import pytest

from vibesflow.errors import ApprovalMissing, ContractReverted, InsufficientFunds, RetryClass
from vibesflow.filecoin.reverts import KNOWN_ERRORS, decode_revert, find_revert

SELECTORS = {
    "InvalidSignature": "42d750dc",
    "ClientDataSetAlreadyRegistered": "db94c961",
    "InsufficientLockupFunds": "dae03403",
    "OperatorNotApproved": "eef23db6",
    "InsufficientRateAllowance": "3a66032e",
    "InsufficientLockupAllowance": "dfca894c",
    "InsufficientMaxLockupPeriod": "591b6546",
    "ProviderNotRegistered": "232cb27a",
    "DataSetPaymentAlreadyTerminated": "211a40c0",
    "InvalidDataSetId": "cba16d8c",
    "TooManyMetadataKeys": "d516067a",
    "MetadataKeyExceedsMaxLength": "d307879f",
    "MetadataValueExceedsMaxLength": "9a16e82a",
    "DuplicateMetadataKey": "ca210722",
    "ExtraDataTooLarge": "a9255222",
    "OperatorRateAllowanceExceeded": "6c577bf9",
    "OperatorLockupAllowanceExceeded": "8dcd0606",
    "InsufficientUnlockedFunds": "e610210c",
    "LockupFixedIncreaseNotAllowedDueToInsufficientFunds": "249e1b0e",
    "DataSetNotLive": "5d946944",
    "DataSetNotFound": "9a83803e",
    "CleanupDepositRequired": "6cd8170b",
    "IndexedError": "c7b67cf3",
    "ERC20InsufficientBalance": "e450d38c",
    "ERC2612ExpiredSignature": "62791302",
    "ERC2612InvalidSigner": "4b800e46",
    "Error": "08c379a0",
    "Panic": "4e487b71",
}
WORD = 32 * 2


def _word(value: int) -> str:
    return f"{value:0{WORD}x}"


def test_every_known_error_has_its_selector() -> None:
    found = {error.name: selector.hex() for selector, error in KNOWN_ERRORS.items()}
    assert found == SELECTORS


def test_arguments_are_named() -> None:
    data = bytes.fromhex("dae03403" + _word(0x11) + _word(500) + _word(30))
    revert = decode_revert(data)
    assert revert.name == "InsufficientLockupFunds"
    assert revert.args == ("0x0000000000000000000000000000000000000011", 500, 30)
    assert "required=500, available=30" in revert.text
    assert "deposit USDFC" in revert.text


def test_a_string_is_read() -> None:
    data = bytes.fromhex("08c379a0" + _word(32) + _word(4) + b"nope".hex().ljust(WORD, "0"))
    assert decode_revert(data).text == "Error(message=nope)"


def test_broken_arguments_leave_the_name() -> None:
    revert = decode_revert(bytes.fromhex("dae0340300"))
    assert (revert.name, revert.args) == ("InsufficientLockupFunds", ())


@pytest.mark.parametrize(
    ("data", "text"), [(b"", "reverted"), (b"\xde\xad\xbe\xef\x01", "reverted with 0xdeadbeef01")]
)
def test_the_unknown_is_shown(data: bytes, text: str) -> None:
    revert = decode_revert(data)
    assert (revert.name, revert.text) == ("", text)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (f"chain: exit 33, vm error=[0xdb94c961{_word(1)}] [eid: 5]", "DB"),
        (f"revert reason=[0xdb94c961{_word(1)}]", "DB"),
        (f"execution reverted, data: 0xdb94c961{_word(1)}", "DB"),
        (f'execution reverted: nothing, data: "0xdb94c961{_word(1)}"', "DB"),
        (f"execution reverted: custom error 0xdb94c961: {_word(1)}", "DB"),
        (f"execution reverted: custom error 0xdb94c961:0x{_word(1)}", "DB"),
        ("custom error 0xdb94c961", "DB"),
        ("revert reason=[Error(not today)], vm error=[Error(not today)]", "Error"),
    ],
)
def test_reverts_are_found_in_words(words: str, name: str) -> None:
    revert = find_revert(words)
    assert revert is not None
    assert revert.name == ("ClientDataSetAlreadyRegistered" if name == "DB" else name)


@pytest.mark.parametrize(
    "words", ["", "connection refused", "vm error=[", "revert reason=[none]", "0xdb94c961"]
)
def test_other_words_are_no_revert(words: str) -> None:
    assert find_revert(words) is None


def test_a_revert_becomes_an_error_with_its_reason() -> None:
    error = decode_revert(bytes.fromhex("5d946944")).as_error("sp: add pieces")
    assert type(error) is ContractReverted
    assert (error.reason, error.retry, error.retry_after_s) == (
        "DataSetNotLive",
        RetryClass.FATAL,
        None,
    )
    assert error.message == "sp: add pieces: DataSetNotLive(): the data set was deleted"


@pytest.mark.parametrize(
    ("selector", "kind"),
    [
        ("dae03403", InsufficientFunds),
        ("e610210c", InsufficientFunds),
        ("249e1b0e", InsufficientFunds),
        ("e450d38c", InsufficientFunds),
        ("eef23db6", ApprovalMissing),
        ("3a66032e", ApprovalMissing),
        ("dfca894c", ApprovalMissing),
        ("591b6546", ApprovalMissing),
        ("6c577bf9", ApprovalMissing),
        ("8dcd0606", ApprovalMissing),
    ],
)
def test_what_money_or_an_approval_solves_waits_for_it(selector: str, kind: type) -> None:
    words = "".join(_word(number) for number in range(1, 6))
    error = decode_revert(bytes.fromhex(selector + words)).as_error("sp: add pieces")
    assert type(error) is kind
    assert (error.retry, error.retry_after_s) == (RetryClass.WAIT, 30)
    assert "vibesflow fund" in error.advice
    assert error.reason in error.message
    assert KNOWN_ERRORS[bytes.fromhex(selector)].code == error.code
