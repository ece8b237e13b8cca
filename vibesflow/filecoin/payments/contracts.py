"""The functions of Filecoin Pay, USDFC and their neighbours that payments need."""

from __future__ import annotations

from vibesflow.filecoin.abi import Function

_PERMIT = ("uint256", "uint8", "bytes32", "bytes32")
_ALLOWANCES = ("uint256", "uint256", "uint256")

# Filecoin Warm Storage Service
PAYMENTS_CONTRACT_ADDRESS = Function("paymentsContractAddress", (), ("address",))
USDFC_TOKEN_ADDRESS = Function("usdfcTokenAddress", (), ("address",))

# its StateView
GET_PRICE_LIST = Function(
    "getPriceList",
    (),
    (
        "(address,(uint256,uint256,uint256,uint256),"
        "(uint256,uint256,uint256,uint256,uint256),"
        "(uint256,uint256,uint256,uint256,uint256,uint256))",
    ),
)

# FilecoinPay
ACCOUNTS = Function("accounts", ("address", "address"), ("uint256",) * 4)
OPERATOR_APPROVALS = Function(
    "operatorApprovals", ("address", "address", "address"), ("bool", *("uint256",) * 5)
)
DEPOSIT_WITH_PERMIT = Function("depositWithPermit", ("address", "address", "uint256", *_PERMIT))
DEPOSIT_WITH_PERMIT_AND_APPROVE = Function(
    "depositWithPermitAndApproveOperator",
    ("address", "address", "uint256", *_PERMIT, "address", *_ALLOWANCES),
)
SET_OPERATOR_APPROVAL = Function(
    "setOperatorApproval", ("address", "address", "bool", *_ALLOWANCES)
)

# USDFC; strings are taken as bytes, which have the same form, because they may be no UTF-8
BALANCE_OF = Function("balanceOf", ("address",), ("uint256",))
NONCES = Function("nonces", ("address",), ("uint256",))
TOKEN_NAME = Function("name", (), ("bytes",))
TOKEN_VERSION = Function("version", (), ("bytes",))

# Multicall3
GET_BLOCK_NUMBER = Function("getBlockNumber", (), ("uint256",))
GET_ETH_BALANCE = Function("getEthBalance", ("address",), ("uint256",))
