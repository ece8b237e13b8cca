"""A deployed devnet with its actors: payers who sign, providers who send."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from eth_abi.abi import encode
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak
from web3.contract import Contract
from web3.contract.contract import ContractFunction
from web3.exceptions import ContractLogicError
from web3.types import TxReceipt

from devnet.chain import rpc
from devnet.chain.contracts import Addresses
from devnet.chain.funding import fund
from devnet.chain.transactions import Chain
from tests.contracts.signatures import Pairs, Pen
from vibesflow.filecoin import piece_cid_of

FIL = 10**18
USDFC = 10**18
CLEANUP_DEPOSIT = FIL // 10


@dataclass(frozen=True)
class Deal:
    """What a payer signed for a new data set."""

    client_id: int
    nonce: int
    create: bytes
    add: bytes

    @property
    def both(self) -> bytes:
        return encode(["bytes", "bytes"], [self.create, self.add])


@dataclass(frozen=True)
class DataSet:
    id: int
    client_id: int
    receipt: TxReceipt


class Stage:
    """The contracts by short names, and the moves of the play."""

    def __init__(self, chain: Chain, places: Addresses, provider: LocalAccount, payee: str) -> None:
        self.chain = chain
        self.places = places
        self.provider = provider
        self.payee = payee
        self.usdfc = chain.contract("MockUSDFC", places.usdfc)
        self.pay = chain.contract("FilecoinPayV1", places.pay)
        self.fwss = chain.contract("FilecoinWarmStorageService", places.fwss)
        self.view = chain.contract("FilecoinWarmStorageServiceStateView", places.state_view)
        self.pdp = chain.contract("PDPVerifier", places.pdp_verifier)
        self.registry = chain.contract("ServiceProviderRegistry", places.registry)
        self.endorsements = chain.contract("ProviderIdSet", places.endorsements)
        self.sessions = chain.contract("SessionKeyRegistry", places.session_keys)
        self.multicall = chain.contract("Multicall3", places.multicall3)
        self.pen = Pen(chain.web3.eth.chain_id, places.fwss)

    def new_payer(self, deposit: int = 100 * USDFC) -> LocalAccount:
        account: LocalAccount = Account.create()
        fund(self.chain, self.places, account.key.to_0x_hex(), deposit)
        return account

    def fil_for(self, address: str, amount: int = 10 * FIL) -> None:
        rpc.call(self.chain.rpc_url, "anvil_setBalance", address, hex(amount))

    def mine(self, blocks: int) -> None:
        rpc.call(self.chain.rpc_url, "anvil_mine", hex(blocks))

    @property
    def epoch(self) -> int:
        return int(self.chain.web3.eth.block_number)

    def create_blob(
        self,
        payer: LocalAccount,
        *,
        client_id: int,
        metadata: Pairs = (),
        key: LocalAccount | None = None,
    ) -> bytes:
        signature = self.pen.create(key or payer, client_id, self.payee, metadata)
        return encode(
            ["address", "uint256", "string[]", "string[]", "bytes"],
            [payer.address, client_id, *_columns(metadata), signature],
        )

    def add_blob(
        self,
        key: LocalAccount,
        cids: Sequence[bytes],
        *,
        client_id: int,
        nonce: int,
        metadata: Sequence[Pairs] | None = None,
    ) -> bytes:
        pairs = [()] * len(cids) if metadata is None else metadata
        signature = self.pen.add(key, client_id, nonce, cids, pairs)
        keys, values = zip(*map(_columns, pairs), strict=True)
        return encode(
            ["uint256", "string[][]", "string[][]", "bytes"], [nonce, keys, values, signature]
        )

    def sign_deal(
        self,
        payer: LocalAccount,
        cids: Sequence[bytes],
        *,
        metadata: Pairs = (),
        piece_metadata: Sequence[Pairs] | None = None,
    ) -> Deal:
        client_id, nonce = random_uint(), random_uint()
        create = self.create_blob(payer, client_id=client_id, metadata=metadata)
        add = self.add_blob(payer, cids, client_id=client_id, nonce=nonce, metadata=piece_metadata)
        return Deal(client_id, nonce, create, add)

    def create_and_add(
        self,
        payer: LocalAccount,
        cids: Sequence[bytes],
        *,
        metadata: Pairs = (),
        piece_metadata: Sequence[Pairs] | None = None,
    ) -> DataSet:
        deal = self.sign_deal(payer, cids, metadata=metadata, piece_metadata=piece_metadata)
        call = self.new_set_call(cids, deal.both)
        receipt = self.chain.send(self.provider, call, CLEANUP_DEPOSIT)
        return DataSet(self._created(receipt), deal.client_id, receipt)

    def add(
        self,
        payer: LocalAccount,
        data_set: DataSet,
        cids: Sequence[bytes],
        metadata: Sequence[Pairs] | None = None,
    ) -> TxReceipt:
        blob = self.add_blob(
            payer, cids, client_id=data_set.client_id, nonce=random_uint(), metadata=metadata
        )
        return self.chain.send(self.provider, self.add_call(data_set.id, cids, blob))

    def remove(self, payer: LocalAccount, data_set: DataSet, piece_ids: list[int]) -> TxReceipt:
        call = self.removal_call(payer, data_set, piece_ids)
        return self.chain.send(self.provider, call)

    def removal_call(
        self, payer: LocalAccount, data_set: DataSet, piece_ids: list[int]
    ) -> ContractFunction:
        signature = self.pen.remove(payer, data_set.client_id, piece_ids)
        blob = encode(["bytes"], [signature])
        return self.pdp.functions.schedulePieceDeletions(data_set.id, piece_ids, blob)

    def new_set_call(self, cids: Sequence[bytes], blob: bytes) -> ContractFunction:
        return self.pdp.functions.addPieces(0, self.places.fwss, as_tuples(cids), blob)

    def add_call(self, set_id: int, cids: Sequence[bytes], blob: bytes) -> ContractFunction:
        return self.pdp.functions.addPieces(set_id, "0x" + "00" * 20, as_tuples(cids), blob)

    def selector(
        self, function: ContractFunction, sender: str | None = None, value: int = 0
    ) -> str:
        """First four bytes of the revert data, in hex."""
        with pytest.raises(ContractLogicError) as caught:
            function.call({"from": sender or self.provider.address, "value": value})
        return str(caught.value.data)[2:10]

    def account(self, owner: str) -> tuple[int, int, int, int]:
        """Funds, lockupCurrent, lockupRate, lockupLastSettledAt."""
        return tuple(self.chain.read(self.pay.functions.accounts(self.places.usdfc, owner)))

    def available(self, owner: str) -> int:
        info = self.pay.functions.getAccountInfoIfSettled(self.places.usdfc, owner)
        return int(self.chain.read(info)[2])

    def _created(self, receipt: TxReceipt) -> int:
        (event,) = logs_of(self.pdp, "DataSetCreated", receipt)
        return int(event["setId"])


def logs_of(contract: Contract, event: str, receipt: TxReceipt) -> list[dict]:
    """Arguments of the events of one name that this contract emitted."""
    topic = next(keccak(text=contract.events[event]().signature) for _ in (0,))
    return [
        contract.events[event]().process_log(log)["args"]
        for log in receipt["logs"]
        if log["address"] == contract.address and log["topics"][0] == topic
    ]


def random_uint() -> int:
    return secrets.randbits(256)


def some_cids(count: int, size: int = 127) -> list[bytes]:
    """CIDs of pieces that nobody has used before."""
    return [piece_cid_of(secrets.token_bytes(size)).to_bytes() for _ in range(count)]


def as_tuples(cids: Sequence[bytes]) -> list[tuple[bytes]]:
    return [(cid,) for cid in cids]


def _columns(pairs: Pairs) -> tuple[list[str], list[str]]:
    return [key for key, _ in pairs], [value for _, value in pairs]
