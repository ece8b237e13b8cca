"""The chain, looked at with web3 and the committed ABI alone."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from web3 import Web3
from web3.contract import Contract

_ARTIFACTS = Path(__file__).parents[2] / "contracts" / "artifacts"
_PAGE = 100


def pieces_on_chain(rpc_url: str, devnet_info: Path) -> dict[int, list[str]]:
    """Return the CID of every live piece of every data set, as often as it is there."""
    verifier = _verifier(rpc_url, devnet_info)
    data_sets = range(1, verifier.functions.getNextDataSetId().call())
    return {number: _pieces(verifier, number) for number in data_sets}


def copies_on_chain(pieces: dict[int, list[str]], cid: str) -> list[int]:
    """Return how often each data set that holds the piece does."""
    return [count for held in pieces.values() if (count := held.count(cid))]


def _verifier(rpc_url: str, devnet_info: Path) -> Contract:
    contracts = json.loads(devnet_info.read_text())["info"]["contracts"]
    abi = json.loads((_ARTIFACTS / "PDPVerifier.json").read_text())["abi"]
    address = Web3.to_checksum_address(contracts["pdp_verifier_proxy_addr"])
    return Web3(Web3.HTTPProvider(rpc_url)).eth.contract(address, abi=abi)


def _pieces(verifier: Contract, data_set_id: int) -> list[str]:
    found: list[str] = []
    has_more = True
    while has_more:
        page = verifier.functions.getActivePieces(data_set_id, len(found), _PAGE).call()
        pieces, _, has_more = page
        found += [_text(piece[0]) for piece in pieces]
    return found


def _text(cid: bytes) -> str:
    return "b" + base64.b32encode(cid).decode().rstrip("=").lower()
