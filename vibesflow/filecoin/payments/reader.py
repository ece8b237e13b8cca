"""Reads what payments need to know, each in one request, so that figures fit together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from eth_utils.address import to_checksum_address

from vibesflow.filecoin import abi
from vibesflow.filecoin.cached import Cached
from vibesflow.filecoin.networks import Network
from vibesflow.filecoin.payments import contracts
from vibesflow.filecoin.payments.account import Balance, PayAccount
from vibesflow.filecoin.payments.approval import Approval
from vibesflow.filecoin.payments.prices import PriceList
from vibesflow.filecoin.reads import Reads
from vibesflow.filecoin.typed_data import Domain

_ADDRESSES_LIFE_S: Final = 3_600.0
PRICES_LIFE_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class PayAddresses:
    """Contracts that FWSS names.

    Attributes:
        pay: Filecoin Pay.
        usdfc: the token that is paid with.
        state_view: read side of FWSS.
    """

    pay: str
    usdfc: str
    state_view: str


@dataclass(frozen=True, slots=True)
class Purse:
    """All that one payer has, at one block.

    Attributes:
        payer: the account, in checksum form.
        epoch: the block.
        fil: attoFIL in the wallet.
        usdfc: smallest units of USDFC in the wallet.
        account: the account in Filecoin Pay, as it was settled last.
        approval: what the storage service may do with it.
        permit_nonce: number of the next permit, which makes a permit good for one time only.
    """

    payer: str
    epoch: int
    fil: int
    usdfc: int
    account: PayAccount
    approval: Approval
    permit_nonce: int

    @property
    def balance(self) -> Balance:
        """The account in Filecoin Pay at this block."""
        return self.account.at(self.epoch)


class PurseReader:
    """Reads prices and purses. Every method may raise `ChainDown` and `ChainFault`."""

    def __init__(self, reads: Reads, network: Network) -> None:
        self._reads = reads
        self.network = network
        self._addresses = Cached(self._read_addresses, life_s=_ADDRESSES_LIFE_S)
        self._prices = Cached(self._read_prices, life_s=PRICES_LIFE_S)
        self._token = Cached(self._read_token, life_s=_ADDRESSES_LIFE_S)

    async def addresses(self) -> PayAddresses:
        """Return the contracts; an hour old at most."""
        return await self._addresses.get()

    async def prices(self) -> PriceList:
        """Return the price list; ten minutes old at most."""
        return await self._prices.get()

    async def token(self) -> Domain:
        """Return what USDFC permits are signed for, with the token's own name and version."""
        return await self._token.get()

    async def purse(self, payer: str) -> Purse:
        """Read all that a payer has."""
        at = await self.addresses()
        multicall3 = self.network.multicall3
        service = (at.usdfc, payer, self.network.fwss)
        epoch, fil, usdfc, account, approval, nonce = await self._reads.all(
            [
                (multicall3, contracts.GET_BLOCK_NUMBER, ()),
                (multicall3, contracts.GET_ETH_BALANCE, (payer,)),
                (at.usdfc, contracts.BALANCE_OF, (payer,)),
                (at.pay, contracts.ACCOUNTS, (at.usdfc, payer)),
                (at.pay, contracts.OPERATOR_APPROVALS, service),
                (at.usdfc, contracts.NONCES, (payer,)),
            ]
        )
        return Purse(
            payer=to_checksum_address(payer),
            epoch=epoch[0],
            fil=fil[0],
            usdfc=usdfc[0],
            account=PayAccount(*account),
            approval=Approval(*approval),
            permit_nonce=nonce[0],
        )

    async def _read_addresses(self) -> PayAddresses:
        fwss = self.network.fwss
        answers = await self._reads.all(
            [
                (fwss, contracts.PAYMENTS_CONTRACT_ADDRESS, ()),
                (fwss, contracts.USDFC_TOKEN_ADDRESS, ()),
                (fwss, abi.VIEW_CONTRACT_ADDRESS, ()),
            ]
        )
        return PayAddresses(*(to_checksum_address(answer[0]) for answer in answers))

    async def _read_prices(self) -> PriceList:
        state_view = (await self.addresses()).state_view
        (listed,) = await self._reads.one(state_view, contracts.GET_PRICE_LIST)
        token, rates, fees, lockups = listed
        return PriceList(to_checksum_address(token), *rates, *fees, *lockups)

    async def _read_token(self) -> Domain:
        usdfc = (await self.addresses()).usdfc
        name, version = await self._reads.all(
            [(usdfc, contracts.TOKEN_NAME, ()), (usdfc, contracts.TOKEN_VERSION, ())]
        )
        return Domain(name[0].decode(), version[0].decode(), self.network.chain_id, usdfc)
