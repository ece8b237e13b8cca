"""Signatures and blobs that independent implementations agree on, byte for byte."""

from __future__ import annotations

from tests.filecoin.piece_vectors import ramp, zeros
from vibesflow.filecoin import PieceToAdd, Signer, piece_cid_of
from vibesflow.filecoin.networks import CALIBRATION
from vibesflow.filecoin.signing import warm_storage_domain

SIGNER = Signer(b"\x01" * 32)
SIGNER_ADDRESS = "0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1"
PAYEE = "0x2222222222222222222222222222222222222222"
CLIENT_DATA_SET_ID = 7
NONCE = 9
METADATA = (("source", "my-app"), ("withCDN", ""))
PIECES = (
    PieceToAdd(piece_cid_of(zeros(127)).text, (("name", "a"),)),
    PieceToAdd(piece_cid_of(ramp(128)).text),
)
DOMAIN = warm_storage_domain(CALIBRATION.chain_id, CALIBRATION.fwss)
USDFC = "0xb3042734b608a1B16e9e86B374A3f3e389B4cDf0"
FILECOIN_PAY = "0x09a0fDc2723fAd1A7b8e3e00eE5DF73841df55a0"

CREATE_DIGEST = "fd535b714f0cc8ef0aa62a5118915295de588e823a67d2c542a3efab5ca20ca1"
CREATE_SIGNATURE = (
    "f00b21d88a780c569475ee1cb76c43a7703a39162b22be70f81af8e7395107e7"
    "44f3674e4d7efba77548ae89b7d559abe222506b89420c5ab6a21eef55c7ee5e1c"
)
ADD_DIGEST = "e9054ab37a38907755bcf534b40a5cc9194d7aac3913679ecdbea7bc196999a7"
ADD_SIGNATURE = (
    "95b9f012cce6c329284f647fa4b63c0a8d22ce208dea7cc338373fbc64e4bf6c"
    "6a983d5a34d1540cb7d1175b4f4f21909b96bcd41859513bf345efa095e383de1b"
)
REMOVALS_DIGEST = "8363c34b38d31b980e194c0789dd47956a8933693a2601478a636df566717cd3"
TERMINATE_DIGEST = "30713356b4bb249d7df415fb18f8e5a66794f6e389bcb5c496e43125beefda8f"
PERMIT_DIGEST = "4eaf55fbd3902e53edc7a77ff551d2997d6d4be431bf592c1c91c739ca99a961"

TYPE_HASHES = {
    "CREATE_DATA_SET": "25ebf20299107c91b4624d5bac3a16d32cabf0db23b450ee09ab7732983b1dc9",
    "ADD_PIECES": "954bdc254591a7eab1b73f03842464d9283a08352772737094d710a4428fd183",
    "SCHEDULE_PIECE_REMOVALS": "5415701e313bb627e755b16924727217bb356574fe20e7061442c200b0822b22",
    "TERMINATE_SERVICE": "522bd88a11de1cdc6574394dde7a21ae488ff13e16e7408d0ea721dd8479dffc",
}
