from __future__ import annotations

import hashlib

import pytest

from tests.filecoin import signing_vectors as known
from vibesflow.filecoin.extra_data import (
    add_extra_data,
    create_and_add_extra_data,
    create_extra_data,
    signature_extra_data,
)
from vibesflow.filecoin.networks import CALIBRATION
from vibesflow.filecoin.permits import Permits

CREATE = create_extra_data(
    known.SIGNER_ADDRESS,
    known.CLIENT_DATA_SET_ID,
    known.METADATA,
    bytes.fromhex(known.CREATE_SIGNATURE),
)
ADD = add_extra_data(known.NONCE, known.PIECES, bytes.fromhex(known.ADD_SIGNATURE))


def _signed(digest: str) -> bytes:
    return signature_extra_data(known.SIGNER.sign_digest(bytes.fromhex(digest)))


@pytest.mark.parametrize(
    ("blob", "size", "sha256"),
    [
        (CREATE, 704, "06b24c334b77cbd58788e918ce6ab215df2ac71c26062b72a6e7250e8a196050"),
        (ADD, 768, "3b85b944f2c9d0972ed8b4490d6791fe342328b78274fc122310a9e64db528ac"),
        (
            create_and_add_extra_data(CREATE, ADD),
            1600,
            "816218be00dbcc7f24dac575eb6ece3c068bb92b0b973bf361b74318afde366b",
        ),
        (
            _signed(known.REMOVALS_DIGEST),
            160,
            "786f353c354892f25ea359070540570f71a90e33dfe878d91ecdfbed534fa185",
        ),
        (
            _signed(known.TERMINATE_DIGEST),
            160,
            "cc71e57cd9b2659c87b8e06425717c20e32969c18de6ee0aef7857867669a78d",
        ),
    ],
    ids=["create", "add", "create-and-add", "removals", "terminate"],
)
def test_every_blob(blob: bytes, size: int, sha256: str) -> None:
    assert (len(blob), hashlib.sha256(blob).hexdigest()) == (size, sha256)


def test_permits_are_these_blobs_signed() -> None:
    permits = Permits(known.SIGNER, CALIBRATION, known.METADATA)
    assert permits.payer == known.SIGNER_ADDRESS
    assert permits.add(known.CLIENT_DATA_SET_ID, known.NONCE, known.PIECES) == ADD
    assert permits.create_and_add(
        known.CLIENT_DATA_SET_ID, known.PAYEE, known.NONCE, known.PIECES
    ) == create_and_add_extra_data(CREATE, ADD)
