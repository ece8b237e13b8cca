"""Wallets, quotes and fundings in words and as JSON; amounts are exact decimals of whole coins."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import JsonValue
from rich.console import RenderableType
from rich.table import Table

from vibesflow.filecoin import FundingPlan, Quote, WalletStatus
from vibesflow.filecoin.payments.approval import Approval
from vibesflow.filecoin.payments.units import EPOCHS_PER_DAY, in_coins

_ALMOST_NO_LIMIT = 2**128


def wallet_document(wallet: WalletStatus) -> dict[str, JsonValue]:
    """Return the JSON form, as ``docs/cli.md`` describes it."""
    balance = wallet.balance
    return {
        "network": wallet.network,
        "payer": wallet.payer,
        "epoch": balance.epoch,
        "fil": in_coins(wallet.fil),
        "usdfc_wallet": in_coins(wallet.usdfc),
        "funds": in_coins(balance.funds),
        "locked": in_coins(balance.locked),
        "available": in_coins(balance.available),
        "debt": in_coins(balance.debt),
        "rate_per_epoch": in_coins(balance.rate_per_epoch),
        "runway_epochs": balance.runway_epochs,
        "funded_until_epoch": balance.funded_until_epoch,
        "sufficient_funds": wallet.sufficient_funds,
        "approval": _approval_document(wallet),
        "ok": wallet.next_piece.ok,
        "reason": wallet.next_piece.reason or None,
    }


def wallet_view(wallet: WalletStatus) -> RenderableType:
    """Return the form for people."""
    balance, approval = wallet.balance, wallet.approval
    rows = [
        ("Payer", f"{wallet.payer} on {wallet.network}"),
        ("FIL", f"{in_coins(wallet.fil)} in the wallet, for gas"),
        ("USDFC", f"{in_coins(wallet.usdfc)} in the wallet"),
        ("Filecoin Pay", f"{in_coins(balance.funds)} USDFC"),
        ("  locked", f"{in_coins(balance.locked)} USDFC"),
        ("  available", f"{in_coins(balance.available)} USDFC"),
        ("  debt", f"{in_coins(balance.debt)} USDFC"),
        ("  runway", _runway_words(balance.runway_epochs)),
        ("Service", _approval_words(approval, wallet.service)),
    ]
    if approval.is_approved:
        rows += [
            ("  rate", _limit_words(approval.rate_usage, approval.rate_allowance, " an epoch")),
            ("  lockup", _limit_words(approval.lockup_usage, approval.lockup_allowance, "")),
        ]
    verdict = "[green]yes[/]" if wallet.next_piece.ok else f"[red]no[/]: {wallet.next_piece.reason}"
    return facts([*rows, ("Can pay more", verdict)])


def quote_document(quote: Quote) -> dict[str, JsonValue]:
    """Return the JSON form, as ``docs/cli.md`` describes it."""
    costs = quote.costs
    return {
        "copies": costs.copies,
        "new_data_sets": costs.new_data_sets,
        "pieces": costs.pieces,
        "rate_per_epoch": in_coins(costs.rate_per_epoch),
        "cost_per_month": in_coins(costs.cost_per_month),
        "rate_lockup": in_coins(costs.rate_lockup),
        "reserve_lockup": in_coins(costs.reserve_lockup),
        "cdn_lockup": in_coins(costs.cdn_lockup),
        "create_fees": in_coins(costs.create_fees),
        "add_fees": in_coins(costs.add_fees),
        "runway": in_coins(quote.runway),
        "debt": in_coins(quote.debt),
        "available": in_coins(quote.available),
        "buffer": in_coins(quote.buffer),
        "deposit": in_coins(quote.deposit),
    }


def quote_rows(quote: Quote) -> list[tuple[str, str]]:
    """Return the form for people, as rows of a table."""
    costs = quote.costs
    rows = [
        ("Copies", f"{costs.copies}, {costs.new_data_sets} in new data sets"),
        ("Storage", f"{in_coins(costs.cost_per_month)} USDFC a month"),
        ("  an epoch", f"{in_coins(costs.rate_per_epoch)} USDFC"),
        ("Paid once", f"{in_coins(costs.fees)} USDFC"),
        ("  create data sets", f"{in_coins(costs.create_fees)} USDFC"),
        ("  add pieces", f"{in_coins(costs.add_fees)} USDFC"),
        ("Locked", f"{in_coins(costs.lockup)} USDFC, yours until it is spent"),
        ("  storage", f"{in_coins(costs.rate_lockup)} USDFC"),
        ("  reserve for fees", f"{in_coins(costs.reserve_lockup)} USDFC"),
        ("  CDN", f"{in_coins(costs.cdn_lockup)} USDFC"),
        ("Runway", f"{in_coins(quote.runway)} USDFC"),
        ("Available now", f"{in_coins(quote.available)} USDFC"),
        ("Debt", f"{in_coins(quote.debt)} USDFC"),
        ("Deposit needed", f"[bold]{in_coins(quote.deposit)} USDFC[/]"),
    ]
    return [row for row in rows if row[1] != "0 USDFC" or not row[0].startswith("  ")]


def plan_document(plan: FundingPlan) -> dict[str, JsonValue]:
    """Return the JSON form, as ``docs/cli.md`` describes it."""
    return {
        "transaction": plan.transaction,
        "deposit": in_coins(plan.deposit),
        "approve": plan.approve,
        "available_before": in_coins(plan.available),
        "usdfc_wallet_before": in_coins(plan.usdfc),
    }


def plan_words(plan: FundingPlan) -> str:
    """Say in a sentence what a plan does."""
    deposit = f"deposit {in_coins(plan.deposit)} USDFC" if plan.deposit else ""
    approve = "approve the storage service without limit" if plan.approve else ""
    return " and ".join(filter(None, (deposit, approve))) or "nothing has to be sent"


def facts(rows: Sequence[tuple[str, str]]) -> Table:
    """Return rows of a name and what it is."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for what, text in rows:
        table.add_row(what, text)
    return table


def _approval_document(wallet: WalletStatus) -> dict[str, JsonValue]:
    approval = wallet.approval
    return {
        "service": wallet.service,
        "is_approved": approval.is_approved,
        "is_unlimited": wallet.is_unlimited,
        "rate_allowance": in_coins(approval.rate_allowance),
        "rate_usage": in_coins(approval.rate_usage),
        "lockup_allowance": in_coins(approval.lockup_allowance),
        "lockup_usage": in_coins(approval.lockup_usage),
        "max_lockup_period_epochs": approval.max_lockup_period_epochs,
    }


def _approval_words(approval: Approval, service: str) -> str:
    return f"{service} {'approved' if approval.is_approved else '[red]not approved[/]'}"


def _limit_words(used: int, allowed: int, unit: str) -> str:
    limit = "without limit" if allowed >= _ALMOST_NO_LIMIT else f"of {in_coins(allowed)} USDFC"
    return f"{in_coins(used)} USDFC used {limit}{unit}"


def _runway_words(epochs: int | None) -> str:
    if epochs is None:
        return "for ever: nothing is being paid"
    return f"{epochs:,} epochs, {epochs / EPOCHS_PER_DAY:,.1f} days"
