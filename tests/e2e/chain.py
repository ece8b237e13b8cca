"""The chain, looked at with web3 and the committed ABI alone."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from web3 import Web3

_ARTIFACTS = Path(__file__).parents[2] / "contracts" / "artifacts"
_PAGE = 100


def pieces_on_chain(rpc_url: str, devnet_info: Path, data_set_id: int) -> list[str]:
    """Return the CID of every live piece of a data set, as often as it is there."""
    contracts = json.loads(devnet_info.read_text())["info"]["contracts"]
    abi = json.loads((_ARTIFACTS / "PDPVerifier.json").read_text())["abi"]
    node = Web3(Web3.HTTPProvider(rpc_url))
    verifier = node.eth.contract(
        Web3.to_checksum_address(contracts["pdp_verifier_proxy_addr"]), abi=abi
    )
    found: list[str] = []
    while True:
        pieces, _, has_more = verifier.functions.getActivePieces(
            data_set_id, len(found), _PAGE
        ).call()
        found += [_text(piece[0]) for piece in pieces]
        if not has_more:
            return found


def _text(cid: bytes) -> str:
    return "b" + base64.b32encode(cid).decode().rstrip("=").lower()
