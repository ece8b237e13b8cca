"""The log entries by which the contracts tell what happened."""

from __future__ import annotations

from vibesflow.filecoin.abi import Event

# PDPVerifier; the pieces event changed its form with version 3.5.0
PDP_DATA_SET_CREATED = Event("DataSetCreated(uint256,address)")
PIECES_ADDED = Event("PiecesAdded(uint256,uint256[],(bytes)[])")
PIECES_ADDED_V2 = Event("PiecesAddedV2(uint256,uint256,(bytes32,bytes32)[])")
PIECES_REMOVED = Event("PiecesRemoved(uint256,uint256[])")

# Filecoin Warm Storage Service; PieceAdded is the same in all versions
FWSS_DATA_SET_CREATED = Event(
    "DataSetCreated(uint256,uint256,uint256,uint256,uint256,address,address,address,string[],string[])"
)
PIECE_ADDED = Event("PieceAdded(uint256,uint256,(bytes),string[],string[])")
PDP_PAYMENT_TERMINATED = Event("PDPPaymentTerminated(uint256,uint256,uint256)")
SERVICE_TERMINATED = Event("ServiceTerminated(address,uint256,uint256,uint256,uint256)")

# FilecoinPay
DEPOSIT_RECORDED = Event("DepositRecorded(address,address,address,uint256)")
OPERATOR_APPROVAL_UPDATED = Event(
    "OperatorApprovalUpdated(address,address,address,bool,uint256,uint256,uint256)"
)
RAIL_CREATED = Event("RailCreated(uint256,address,address,address,address,address,address,uint256)")

# SessionKeyRegistry
AUTHORIZATIONS_UPDATED = Event("AuthorizationsUpdated(address,address,uint256,bytes32[],string)")
