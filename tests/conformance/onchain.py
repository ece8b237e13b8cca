"""What the chain says, asked past the client that is tested."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from eth_utils.address import to_checksum_address

from tests.conformance.subject import Subject
from vibesflow.filecoin.abi import Function
from vibesflow.filecoin.piece_cid import PieceCid
from vibesflow.filecoin.reads import Reads
from vibesflow.filecoin.rpc import Rpc

_STRINGS: Final = ("string[]", "string[]")
_VIEW: Final = (
    "(uint256,uint256,uint256,address,address,address,"
    "uint256,uint256,uint256,uint256,uint96,uint96,uint256)"
)
GET_DATA_SET: Final = Function("getDataSet", ("uint256",), (_VIEW,))
GET_DATA_SET_METADATA: Final = Function("getAllDataSetMetadata", ("uint256",), _STRINGS)
GET_PIECE_METADATA: Final = Function("getAllPieceMetadata", ("uint256", "uint256"), _STRINGS)
GET_ACTIVE_PIECES: Final = Function(
    "getActivePiecesByCursor",
    ("uint256", "uint256", "uint256"),
    ("(bytes)[]", "uint256[]", "bool"),
)
GET_SCHEDULED_REMOVALS: Final = Function("getScheduledRemovals", ("uint256",), ("uint256[]",))
GET_BLOCK_NUMBER: Final = Function("getBlockNumber", (), ("uint256",))

_PIECES_A_CALL: Final = 100


@dataclass(frozen=True)
class DataSet:
    """What FWSS keeps of a data set."""

    payer: str
    payee: str
    service_provider: str
    client_data_set_id: int
    end_epoch: int
    provider_id: int
    data_set_id: int


class Onchain:
    """Reads the contracts at the addresses in the devnet's export."""

    def __init__(self, subject: Subject, rpc: Rpc) -> None:
        self.at = subject.info.info.contracts
        self.reads = Reads(rpc, self.at.multicall3_addr)

    async def data_set(self, data_set_id: int) -> DataSet:
        (view,) = await self.reads.one(self.at.fwss_state_view_addr, GET_DATA_SET, data_set_id)
        payer, payee, service_provider = map(to_checksum_address, view[3:6])
        return DataSet(payer, payee, service_provider, view[7], view[8], view[9], view[12])

    async def data_set_metadata(self, data_set_id: int) -> dict[str, str]:
        view = self.at.fwss_state_view_addr
        return _pairs(await self.reads.one(view, GET_DATA_SET_METADATA, data_set_id))

    async def piece_metadata(self, data_set_id: int, piece_id: int) -> dict[str, str]:
        view = self.at.fwss_state_view_addr
        return _pairs(await self.reads.one(view, GET_PIECE_METADATA, data_set_id, piece_id))

    async def pieces(self, data_set_id: int) -> dict[str, list[int]]:
        """Return the ids of the active pieces, by CID."""
        found: dict[str, list[int]] = {}
        start, more = 0, True
        while more:
            cids, ids, more = await self.reads.one(
                self.at.pdp_verifier_proxy_addr,
                GET_ACTIVE_PIECES,
                data_set_id,
                start,
                _PIECES_A_CALL,
            )
            for (cid,), piece_id in zip(cids, ids, strict=True):
                found.setdefault(PieceCid.from_bytes(cid).text, []).append(piece_id)
                start = piece_id + 1
        return found

    async def scheduled_removals(self, data_set_id: int) -> list[int]:
        verifier = self.at.pdp_verifier_proxy_addr
        (ids,) = await self.reads.one(verifier, GET_SCHEDULED_REMOVALS, data_set_id)
        return list(ids)

    async def block_number(self) -> int:
        (number,) = await self.reads.one(self.at.multicall3_addr, GET_BLOCK_NUMBER)
        return int(number)


@asynccontextmanager
async def open_onchain(subject: Subject) -> AsyncIterator[Onchain]:
    network = subject.network
    rpc = Rpc(network.rpc_urls, network.chain_id)
    try:
        yield Onchain(subject, rpc)
    finally:
        await rpc.close()


def _pairs(answer: tuple[list[str], list[str]]) -> dict[str, str]:
    keys, values = answer
    return dict(zip(keys, values, strict=True))
