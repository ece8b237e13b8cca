"""EIP-712 messages signed with eth-account's own typed-data code, apart from the library's."""

from __future__ import annotations

from collections.abc import Sequence

from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount

Pairs = Sequence[tuple[str, str]]

_TYPES = {
    "MetadataEntry": "key:string value:string",
    "Cid": "data:bytes",
    "PieceMetadata": "pieceIndex:uint256 metadata:MetadataEntry[]",
    "CreateDataSet": "clientDataSetId:uint256 payee:address metadata:MetadataEntry[]",
    "AddPieces": "clientDataSetId:uint256 nonce:uint256 pieceData:Cid[] "
    "pieceMetadata:PieceMetadata[]",
    "SchedulePieceRemovals": "clientDataSetId:uint256 pieceIds:uint256[]",
    "TerminateService": "dataSetId:uint256",
}
_DOMAIN = "name:string version:string chainId:uint256 verifyingContract:address"
_USES = {
    "CreateDataSet": ("MetadataEntry",),
    "AddPieces": ("Cid", "MetadataEntry", "PieceMetadata"),
}


class Pen:
    """Signs for one service on one chain."""

    def __init__(self, chain_id: int, fwss: str) -> None:
        self._domain = {
            "name": "FilecoinWarmStorageService",
            "version": "1",
            "chainId": chain_id,
            "verifyingContract": fwss,
        }

    def create(self, key: LocalAccount, client_id: int, payee: str, metadata: Pairs) -> bytes:
        message = {"clientDataSetId": client_id, "payee": payee, "metadata": _entries(metadata)}
        return self._sign(key, "CreateDataSet", message)

    def add(
        self,
        key: LocalAccount,
        client_id: int,
        nonce: int,
        cids: Sequence[bytes],
        metadata: Sequence[Pairs],
    ) -> bytes:
        message = {
            "clientDataSetId": client_id,
            "nonce": nonce,
            "pieceData": [{"data": cid} for cid in cids],
            "pieceMetadata": [
                {"pieceIndex": index, "metadata": _entries(pairs)}
                for index, pairs in enumerate(metadata)
            ],
        }
        return self._sign(key, "AddPieces", message)

    def remove(self, key: LocalAccount, client_id: int, piece_ids: Sequence[int]) -> bytes:
        message = {"clientDataSetId": client_id, "pieceIds": list(piece_ids)}
        return self._sign(key, "SchedulePieceRemovals", message)

    def terminate(self, key: LocalAccount, data_set_id: int) -> bytes:
        return self._sign(key, "TerminateService", {"dataSetId": data_set_id})

    def _sign(self, key: LocalAccount, primary: str, message: dict[str, object]) -> bytes:
        types = {name: _fields(_TYPES[name]) for name in (primary, *_USES.get(primary, ()))}
        types["EIP712Domain"] = _fields(_DOMAIN)
        full = {
            "types": types,
            "primaryType": primary,
            "domain": self._domain,
            "message": message,
        }
        return bytes(key.sign_message(encode_typed_data(full_message=full)).signature)


def _entries(metadata: Pairs) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in metadata]


def _fields(text: str) -> list[dict[str, str]]:
    pairs = (word.split(":") for word in text.split())
    return [{"name": name, "type": kind} for name, kind in pairs]
