"""The contract functions that are read, as fragments of their public ABIs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode, encode
from eth_utils.crypto import keccak


@dataclass(frozen=True, slots=True)
class Function:
    """One contract function.

    Attributes:
        name: as in the contract.
        takes: ABI types of the arguments.
        gives: ABI types of the results.
    """

    name: str
    takes: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()

    @property
    def signature(self) -> str:
        """The canonical signature, such as ``getDataSet(uint256)``."""
        return f"{self.name}({','.join(self.takes)})"

    @property
    def selector(self) -> bytes:
        """First four bytes of call data."""
        return keccak(text=self.signature)[:4]

    def encode(self, *args: object) -> bytes:
        """Return call data."""
        return self.selector + encode(self.takes, args)

    def decode(self, data: bytes) -> tuple[Any, ...]:
        """Read the results; raises eth_abi's `DecodingError` if they are no such types."""
        return decode(self.gives, data)


@dataclass(frozen=True, slots=True)
class Event:
    """One contract event.

    Attributes:
        signature: canonical signature.
    """

    signature: str

    @property
    def topic0(self) -> bytes:
        """First topic of its log entries."""
        return keccak(text=self.signature)


_CID = "(bytes)"
# strings that strangers wrote are taken as bytes, which have the same form: they may be no UTF-8
_PROVIDER_INFO = "(address,address,bytes,bytes,bool)"
_PRODUCT = "(uint8,bytes[],bool)"
_PROVIDER_WITH_PRODUCT = f"(uint256,{_PROVIDER_INFO},{_PRODUCT},bytes[])"
_DATA_SET_VIEW = (
    "(uint256,uint256,uint256,address,address,address,"
    "uint256,uint256,uint256,uint256,uint96,uint96,uint256)"
)

# Filecoin Warm Storage Service, the one address that is configured
VIEW_CONTRACT_ADDRESS = Function("viewContractAddress", (), ("address",))
PDP_VERIFIER_ADDRESS = Function("pdpVerifierAddress", (), ("address",))
SERVICE_PROVIDER_REGISTRY = Function("serviceProviderRegistry", (), ("address",))
SESSION_KEY_REGISTRY = Function("sessionKeyRegistry", (), ("address",))
TERMINATE_SERVICE = Function("terminateService", ("uint256",))

# its StateView
CLIENT_NONCES = Function("clientNonces", ("address", "uint256"), ("uint256",))
GET_CLIENT_DATA_SETS = Function(
    "getClientDataSets", ("address", "uint256", "uint256"), (f"{_DATA_SET_VIEW}[]",)
)
GET_DATA_SET = Function("getDataSet", ("uint256",), (_DATA_SET_VIEW,))
GET_ALL_DATA_SET_METADATA = Function("getAllDataSetMetadata", ("uint256",), ("bytes[]", "bytes[]"))
GET_ALL_PIECE_METADATA = Function(
    "getAllPieceMetadata", ("uint256", "uint256"), ("bytes[]", "bytes[]")
)
GET_APPROVED_PROVIDERS = Function("getApprovedProviders", ("uint256", "uint256"), ("uint256[]",))
PROVING_DEADLINE = Function("provingDeadline", ("uint256",), ("uint256",))
PROVEN_THIS_PERIOD = Function("provenThisPeriod", ("uint256",), ("bool",))

# PDPVerifier
DATA_SET_LIVE = Function("dataSetLive", ("uint256",), ("bool",))
GET_DATA_SET_LISTENER = Function("getDataSetListener", ("uint256",), ("address",))
GET_DATA_SET_LEAF_COUNT = Function("getDataSetLeafCount", ("uint256",), ("uint256",))
GET_NEXT_DATA_SET_ID = Function("getNextDataSetId", (), ("uint64",))
GET_NEXT_PIECE_ID = Function("getNextPieceId", ("uint256",), ("uint256",))
GET_ACTIVE_PIECES_BY_CURSOR = Function(
    "getActivePiecesByCursor",
    ("uint256", "uint256", "uint256"),
    (f"{_CID}[]", "uint256[]", "bool"),
)
FIND_PIECE_IDS_BY_CID = Function(
    "findPieceIdsByCid", ("uint256", _CID, "uint256", "uint256"), ("uint256[]",)
)

GET_PIECE_CID = Function("getPieceCid", ("uint256", "uint256"), (_CID,))
GET_SCHEDULED_REMOVALS = Function("getScheduledRemovals", ("uint256",), ("uint256[]",))

# SessionKeyRegistry
AUTHORIZATION_EXPIRY = Function(
    "authorizationExpiry", ("address", "address", "bytes32"), ("uint256",)
)
LOGIN = Function("login", ("address", "uint256", "bytes32[]", "string"))
REVOKE = Function("revoke", ("address", "bytes32[]", "string"))

# ServiceProviderRegistry
GET_PROVIDERS_BY_PRODUCT_TYPE = Function(
    "getProvidersByProductType",
    ("uint8", "bool", "uint256", "uint256"),
    (f"({_PROVIDER_WITH_PRODUCT}[],bool)",),
)

# Endorsements
GET_PROVIDER_IDS = Function("getProviderIds", (), ("uint256[]",))

# Multicall3
AGGREGATE3 = Function("aggregate3", ("(address,bool,bytes)[]",), ("(bool,bytes)[]",))
GET_BLOCK_NUMBER = Function("getBlockNumber", (), ("uint256",))
