"""What one call of `fund` does: decided from what the payer has, encoded, with its permit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vibesflow.errors import FundingTooLarge, InsufficientFunds
from vibesflow.filecoin import signing
from vibesflow.filecoin.keys import Signer
from vibesflow.filecoin.payments import contracts
from vibesflow.filecoin.payments.approval import WITHOUT_LIMIT
from vibesflow.filecoin.payments.prices import PriceList
from vibesflow.filecoin.payments.reader import PayAddresses, Purse
from vibesflow.filecoin.payments.units import in_coins
from vibesflow.filecoin.reverts import FUNDS_PAUSE_S
from vibesflow.filecoin.transactions import Receipt
from vibesflow.filecoin.typed_data import Domain

PERMIT_LIFE_S: Final = 3_600


@dataclass(frozen=True, slots=True)
class FundingPlan:
    """What has to be sent.

    Attributes:
        deposit: smallest units of USDFC that go from the wallet into Filecoin Pay.
        approve: the storage service is approved, without limit.
        available: what is available in Filecoin Pay beforehand.
        usdfc: what the wallet holds beforehand.
    """

    deposit: int
    approve: bool
    available: int
    usdfc: int

    @property
    def transaction(self) -> str | None:
        """The contract function that does it; None if nothing has to be sent."""
        if self.deposit:
            call = contracts.DEPOSIT_WITH_PERMIT_AND_APPROVE
            return (call if self.approve else contracts.DEPOSIT_WITH_PERMIT).name
        return contracts.SET_OPERATOR_APPROVAL.name if self.approve else None

    def require_within(self, ceiling: int) -> None:
        """Refuse a plan that may not, or cannot, be carried out.

        Raises:
            FundingTooLarge: it exceeds the ceiling, in smallest units of USDFC.
            InsufficientFunds: the wallet holds too little USDFC.
        """
        if self.deposit > ceiling:
            raise FundingTooLarge(
                f"a deposit of {in_coins(self.deposit)} USDFC exceeds the ceiling of"
                f" {in_coins(ceiling)} USDFC for one call; nothing was sent"
            )
        if self.deposit > self.usdfc:
            raise InsufficientFunds(
                f"the wallet holds {in_coins(self.usdfc)} USDFC, and"
                f" {in_coins(self.deposit - self.usdfc)} more are needed for a deposit of"
                f" {in_coins(self.deposit)} USDFC",
                retry_after_s=FUNDS_PAUSE_S,
            )


@dataclass(frozen=True, slots=True)
class Funding:
    """What became of a call of `fund`.

    Attributes:
        plan: what was to be sent.
        receipt: of the transaction; None if nothing was sent.
    """

    plan: FundingPlan
    receipt: Receipt | None


@dataclass(frozen=True, slots=True)
class PayCall:
    """Encodes the one call of Filecoin Pay that carries out a plan.

    Attributes:
        at: the contracts.
        service: the FWSS contract, which is approved.
        token: what permits are signed for.
        prices: for the lockup period that is approved.
    """

    at: PayAddresses
    service: str
    token: Domain
    prices: PriceList

    def encode(self, plan: FundingPlan, purse: Purse, signer: Signer, now_s: int) -> bytes:
        """Return call data; a permit in it is good once, and only after what ``purse`` shows."""
        allowances = (WITHOUT_LIMIT, WITHOUT_LIMIT, self.prices.lockup_period_epochs)
        usdfc = self.at.usdfc
        if not plan.deposit:
            call = contracts.SET_OPERATOR_APPROVAL
            return call.encode(usdfc, self.service, True, *allowances)
        permit = self._permit(plan, purse, signer, now_s + PERMIT_LIFE_S)
        deposit = (usdfc, purse.payer, plan.deposit, *permit)
        if not plan.approve:
            return contracts.DEPOSIT_WITH_PERMIT.encode(*deposit)
        call = contracts.DEPOSIT_WITH_PERMIT_AND_APPROVE
        return call.encode(*deposit, self.service, *allowances)

    def _permit(
        self, plan: FundingPlan, purse: Purse, signer: Signer, deadline_s: int
    ) -> tuple[int, int, bytes, bytes]:
        digest = signing.permit_digest(
            self.token,
            owner=purse.payer,
            spender=self.at.pay,
            value=plan.deposit,
            nonce=purse.permit_nonce,
            deadline_s=deadline_s,
        )
        signature = signer.sign_digest(digest)
        return deadline_s, signature[64], signature[:32], signature[32:64]
