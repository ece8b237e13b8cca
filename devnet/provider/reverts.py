"""How a call can fail before anything is sent, in the words Filecoin nodes use."""

from __future__ import annotations

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError

_ERROR_SELECTOR = "0x08c379a0"


class ChainError(Exception):
    """The chain refuses a call, or does not answer; the text goes into the reply."""


class ChainUnreachable(ChainError):
    """No answer: whether something was sent is unknown."""


class Rejected(ChainError):
    """The node will not take the transaction."""


class Reverted(ChainError):
    """The contract refuses the call.

    Attributes:
        data: revert data, 0x and hex; "0x" if the contract gave none.
    """

    def __init__(self, data: str) -> None:
        self.data = data
        text = _error_text(data)
        super().__init__(
            "failed to estimate gas: message execution failed (exit=[33], "
            f"revert reason=[{data if text is None else f'Error({text})'}], vm error=[{data}])"
        )


def _error_text(data: str) -> str | None:
    if not data.startswith(_ERROR_SELECTOR):
        return None
    try:
        (text,) = decode(["string"], bytes.fromhex(data[len(_ERROR_SELECTOR) :]))
    except (DecodingError, ValueError):
        return None
    return str(text)
