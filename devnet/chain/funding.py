"""Money for storage: USDFC in the payer's account, and the service's leave to spend it."""

from __future__ import annotations

import time

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount

from devnet.chain.accounts import deployer
from devnet.chain.contracts import Addresses
from devnet.chain.transactions import Chain, checksum

USDFC = 10**18
"""The smallest units of one USDFC."""
WITHOUT_LIMIT = 2**256 - 1
LOCKUP_PERIOD_EPOCHS = 86_400
_PERMIT_LIFE_S = 3_600
_LOW_FIL = 10**18
_FIL_GRANT = 100 * 10**18


def fund(chain: Chain, places: Addresses, private_key: str, deposit: int) -> None:
    """Fill a payer's account in Filecoin Pay up to ``deposit`` and approve the service.

    USDFC is minted, FIL for gas comes from the deployer, and one transaction with a permit
    deposits and approves, as a wallet on a real network would send it.

    Args:
        chain: the devnet.
        places: its contracts.
        private_key: the payer's, 32 bytes in hex.
        deposit: smallest units of USDFC that shall be available.

    Raises:
        ChainDown: the node does not answer.
    """
    account: LocalAccount = Account.from_key(private_key)
    _give_fil(chain, account.address)
    missing = max(0, deposit - _available(chain, places, account.address))
    if missing == 0 and _approved(chain, places, account.address):
        return
    mint(chain, places, account.address, missing)
    _deposit_and_approve(chain, places, account, missing)


def endow(chain: Chain, places: Addresses, owner: str, usdfc: int) -> None:
    """Give an account FIL for gas and USDFC in its wallet; nothing is deposited or approved.

    An account that has any USDFC, in its wallet or in Filecoin Pay, gets no more.

    Raises:
        ChainDown: the node does not answer.
    """
    _give_fil(chain, owner)
    pay = chain.contract("FilecoinPayV1", places.pay)
    token = chain.contract("MockUSDFC", places.usdfc)
    deposited, *_ = chain.read(pay.functions.accounts(places.usdfc, checksum(owner)))
    if deposited == 0 and chain.read(token.functions.balanceOf(checksum(owner))) == 0:
        mint(chain, places, owner, usdfc)


def mint(chain: Chain, places: Addresses, owner: str, usdfc: int) -> None:
    """Put new USDFC, in its smallest unit, into a wallet; raises as `fund` does."""
    token = chain.contract("MockUSDFC", places.usdfc)
    chain.send(deployer().local, token.functions.mint(checksum(owner), usdfc))


def _give_fil(chain: Chain, owner: str) -> None:
    if chain.web3.eth.get_balance(checksum(owner)) < _LOW_FIL:
        chain.transfer(deployer().local, owner, _FIL_GRANT)


def _deposit_and_approve(
    chain: Chain, places: Addresses, account: LocalAccount, amount: int
) -> None:
    deadline_s = int(time.time()) + _PERMIT_LIFE_S
    signature = account.sign_message(
        encode_typed_data(full_message=_permit(chain, places, account.address, amount, deadline_s))
    )
    pay = chain.contract("FilecoinPayV1", places.pay)
    call = pay.functions.depositWithPermitAndApproveOperator(
        places.usdfc,
        account.address,
        amount,
        deadline_s,
        signature.v,
        signature.r.to_bytes(32, "big"),
        signature.s.to_bytes(32, "big"),
        places.fwss,
        WITHOUT_LIMIT,
        WITHOUT_LIMIT,
        LOCKUP_PERIOD_EPOCHS,
    )
    chain.send(account, call)


def _permit(
    chain: Chain, places: Addresses, owner: str, amount: int, deadline_s: int
) -> dict[str, object]:
    token = chain.contract("MockUSDFC", places.usdfc)
    fields = {
        "EIP712Domain": "name:string version:string chainId:uint256 verifyingContract:address",
        "Permit": "owner:address spender:address value:uint256 nonce:uint256 deadline:uint256",
    }
    return {
        "primaryType": "Permit",
        "types": {name: _fields(text) for name, text in fields.items()},
        "domain": {
            "name": chain.read(token.functions.name()),
            "version": chain.read(token.functions.version()),
            "chainId": chain.web3.eth.chain_id,
            "verifyingContract": places.usdfc,
        },
        "message": {
            "owner": owner,
            "spender": places.pay,
            "value": amount,
            "nonce": chain.read(token.functions.nonces(owner)),
            "deadline": deadline_s,
        },
    }


def _fields(text: str) -> list[dict[str, str]]:
    pairs = (word.split(":") for word in text.split())
    return [{"name": name, "type": kind} for name, kind in pairs]


def _available(chain: Chain, places: Addresses, owner: str) -> int:
    pay = chain.contract("FilecoinPayV1", places.pay)
    _, _, available, _ = chain.read(
        pay.functions.getAccountInfoIfSettled(places.usdfc, checksum(owner))
    )
    return int(available)


def _approved(chain: Chain, places: Addresses, owner: str) -> bool:
    pay = chain.contract("FilecoinPayV1", places.pay)
    approved, rate, *_ = chain.read(
        pay.functions.operatorApprovals(places.usdfc, checksum(owner), places.fwss)
    )
    return bool(approved) and rate == WITHOUT_LIMIT
