"""What a session key may be allowed to sign: one permission for each message of FWSS."""

from __future__ import annotations

from enum import StrEnum

from eth_utils.crypto import keccak

from vibesflow.filecoin import signing


class Permission(StrEnum):
    """A message that a session key may sign."""

    CREATE_DATA_SET = "create-data-set"
    ADD_PIECES = "add-pieces"
    SCHEDULE_PIECE_REMOVALS = "schedule-piece-removals"
    TERMINATE_SERVICE = "terminate-service"

    @property
    def type_hash(self) -> bytes:
        """The message's EIP-712 type hash, by which the contracts name the permission."""
        return keccak(text=_TYPES[self])


_TYPES = {
    Permission.CREATE_DATA_SET: signing.CREATE_DATA_SET,
    Permission.ADD_PIECES: signing.ADD_PIECES,
    Permission.SCHEDULE_PIECE_REMOVALS: signing.SCHEDULE_PIECE_REMOVALS,
    Permission.TERMINATE_SERVICE: signing.TERMINATE_SERVICE,
}

UPLOADING = (Permission.CREATE_DATA_SET, Permission.ADD_PIECES)
"""What a worker needs that only adds."""
