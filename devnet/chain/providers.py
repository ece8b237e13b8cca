"""Storage providers: in the registry, approved by the service, endorsed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from eth_account import Account
from eth_account.signers.local import LocalAccount

from devnet.chain.accounts import deployer, provider_account
from devnet.chain.contracts import MAX_PROVING_PERIOD_EPOCHS, Addresses
from devnet.chain.transactions import Chain, checksum

_FIL = 10**18
_REGISTRATION_FEE = 5 * _FIL
_LOW_BALANCE = 1_000 * _FIL
_PDP = 0
_ENDORSED = 2
_MIN_PIECE_BYTES = 127
_MAX_PIECE_BYTES = 1_065_353_216
_PRICE_PER_TIB_PER_DAY = 2_500_000_000_000_000_000 // 30


@dataclass(frozen=True)
class ProviderSpec:
    """A provider that the devnet shall have.

    Attributes:
        name: as the registry shows it.
        service_url: base address of its HTTP API.
        private_key: its key, 32 bytes in hex; it needs no FIL of its own.
        approved: the service lists it.
        endorsed: fit to be the first copy's provider.
        location: as in the registry's capability of that name.
        payee: who is paid; None is the provider itself.
    """

    name: str
    service_url: str
    private_key: str = field(repr=False)
    approved: bool = True
    endorsed: bool = True
    location: str = "C=XX;ST=Devnet;L=Loopback"
    payee: str | None = None

    @property
    def account(self) -> LocalAccount:
        """The provider's account."""
        account: LocalAccount = Account.from_key(self.private_key)
        return account


def numbered(number: int, service_url: str) -> ProviderSpec:
    """Return the devnet's provider of that number, from 1: all are approved, two are endorsed."""
    return ProviderSpec(
        name=f"provider-{number}",
        service_url=service_url,
        private_key=provider_account(number).private_key,
        endorsed=number <= _ENDORSED,
    )


def enlist(chain: Chain, places: Addresses, spec: ProviderSpec) -> int:
    """Register a provider, or bring it up to date; return its id.

    Raises:
        ContractReverted: a capability breaks the registry's limits.
        ChainDown: the node does not answer.
    """
    _provide_fil(chain, spec)
    provider_id = _register(chain, places, spec)
    if spec.approved:
        _approve(chain, places, provider_id)
    if spec.endorsed:
        _endorse(chain, places, provider_id)
    return provider_id


def capabilities(spec: ProviderSpec, usdfc: str) -> Mapping[str, bytes]:
    """Return what a PDP provider has to say about itself, encoded as the registry has it."""
    return {
        "serviceURL": spec.service_url.encode(),
        "minPieceSizeInBytes": _big_endian(_MIN_PIECE_BYTES),
        "maxPieceSizeInBytes": _big_endian(_MAX_PIECE_BYTES),
        "storagePricePerTibPerDay": _big_endian(_PRICE_PER_TIB_PER_DAY),
        "minProvingPeriodInEpochs": _big_endian(MAX_PROVING_PERIOD_EPOCHS),
        "location": spec.location.encode(),
        "paymentTokenAddress": bytes.fromhex(usdfc.removeprefix("0x")),
    }


def _register(chain: Chain, places: Addresses, spec: ProviderSpec) -> int:
    registry = chain.contract("ServiceProviderRegistry", places.registry)
    wanted = capabilities(spec, places.usdfc)
    keys, values = list(wanted), list(wanted.values())
    account = spec.account
    known = int(chain.read(registry.functions.getProviderIdByAddress(account.address)))
    if known == 0:
        payee = checksum(spec.payee or account.address)
        call = registry.functions.registerProvider(payee, spec.name, "", _PDP, keys, values)
        chain.send(account, call, _REGISTRATION_FEE)
        return int(chain.read(registry.functions.getProviderIdByAddress(account.address)))
    _, _, (_, old_keys, _), old_values = chain.read(
        registry.functions.getProviderWithProduct(known, _PDP)
    )
    if dict(zip(old_keys, old_values, strict=True)) != wanted:
        chain.send(account, registry.functions.updateProduct(_PDP, keys, values))
    return known


def _approve(chain: Chain, places: Addresses, provider_id: int) -> None:
    view = chain.contract("FilecoinWarmStorageServiceStateView", places.state_view)
    if not chain.read(view.functions.isProviderApproved(provider_id)):
        fwss = chain.contract("FilecoinWarmStorageService", places.fwss)
        chain.send(deployer().local, fwss.functions.addApprovedProvider(provider_id))


def _endorse(chain: Chain, places: Addresses, provider_id: int) -> None:
    endorsements = chain.contract("ProviderIdSet", places.endorsements)
    if not chain.read(endorsements.functions.containsProviderId(provider_id)):
        chain.send(deployer().local, endorsements.functions.addProviderId(provider_id))


def _provide_fil(chain: Chain, spec: ProviderSpec) -> None:
    address = checksum(spec.account.address)
    if chain.web3.eth.get_balance(address) < _LOW_BALANCE:
        chain.transfer(deployer().local, address, _LOW_BALANCE)


def _big_endian(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")
