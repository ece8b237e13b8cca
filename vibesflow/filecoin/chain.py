"""Typed reads of the contracts. ABI tuples come in here and do not go further."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

from eth_utils.address import to_checksum_address

from vibesflow.errors import NotConfirmedYet
from vibesflow.filecoin import abi
from vibesflow.filecoin.cached import Cached
from vibesflow.filecoin.chain_views import (
    Addresses,
    DataSetDetails,
    DataSetHealth,
    DataSetView,
    NonceUse,
    RegisteredProvider,
)
from vibesflow.filecoin.networks import Network
from vibesflow.filecoin.reads import Call, Reads
from vibesflow.filecoin.rpc import Rpc

_ADDRESSES_LIFE_S: Final = 3600.0
_PDP_PRODUCT: Final = 0
_PROVIDERS_A_PAGE: Final = 50
_IDS_A_PAGE: Final = 100
_LOW_128: Final = (1 << 128) - 1

_Row = TypeVar("_Row")


class Chain:
    """Reads the storage contracts of one network.

    Every method may raise `ChainDown`, and `ContractReverted` where a contract refuses.
    """

    def __init__(self, rpc: Rpc, network: Network) -> None:
        self._reads = Reads(rpc, network.multicall3)
        self.network = network
        self._addresses = Cached(self._read_addresses, life_s=_ADDRESSES_LIFE_S)

    async def session_key_registry(self) -> str:
        """Return the address of the contract that keeps session keys."""
        return (await self._addresses.get()).session_keys

    async def authorization_expiries(
        self, payer: str, key: str, permissions: Sequence[bytes]
    ) -> list[int]:
        """Read until when a key may sign what, in Unix seconds; 0 if never, or not any more."""
        registry = await self.session_key_registry()
        calls: list[Call] = [
            (registry, abi.AUTHORIZATION_EXPIRY, (payer, key, permission))
            for permission in permissions
        ]
        return [int(answer[0]) for answer in await self._reads.all(calls)]

    async def scheduled_removals(self, data_set_id: int) -> frozenset[int]:
        """Read which pieces of a data set go at its next proving period."""
        verifier = (await self._addresses.get()).pdp_verifier
        (ids,) = await self._reads.one(verifier, abi.GET_SCHEDULED_REMOVALS, data_set_id)
        return frozenset(ids)

    async def providers(self) -> list[RegisteredProvider]:
        """Read all providers with an active PDP product, in the registry's order."""
        registry = (await self._addresses.get()).registry
        found: list[RegisteredProvider] = []
        more = True
        while more:
            (page,) = await self._reads.one(
                registry,
                abi.GET_PROVIDERS_BY_PRODUCT_TYPE,
                _PDP_PRODUCT,
                True,
                len(found),
                _PROVIDERS_A_PAGE,
            )
            found.extend(_provider(entry) for entry in page[0])
            more = bool(page[1]) and bool(page[0])
        return found

    async def approved_provider_ids(self) -> frozenset[int]:
        """Read the providers that FWSS approves."""
        state_view = (await self._addresses.get()).state_view

        async def page(offset: int) -> Sequence[int]:
            args = (offset, _IDS_A_PAGE)
            ids: Sequence[int] = _only(
                await self._reads.one(state_view, abi.GET_APPROVED_PROVIDERS, *args)
            )
            return ids

        return frozenset(await _all_pages(page))

    async def endorsed_provider_ids(self) -> frozenset[int]:
        """Read the providers that are endorsed."""
        (ids,) = await self._reads.one(self.network.endorsements, abi.GET_PROVIDER_IDS)
        return frozenset(ids)

    async def nonce_uses(self, payer: str, nonces: Sequence[int]) -> list[NonceUse | None]:
        """Read where each nonce went; None for one that is unused."""
        state_view = (await self._addresses.get()).state_view
        answers = await self._reads.all(
            [(state_view, abi.CLIENT_NONCES, (payer, nonce)) for nonce in nonces]
        )
        return [_nonce_use(answer[0]) for answer in answers]

    async def data_sets_of(self, payer: str) -> list[DataSetView]:
        """Read all data sets that the account pays or paid."""
        state_view = (await self._addresses.get()).state_view

        async def page(offset: int) -> Sequence[DataSetView]:
            args = (payer, offset, _IDS_A_PAGE)
            views = _only(await self._reads.one(state_view, abi.GET_CLIENT_DATA_SETS, *args))
            return [_data_set(view) for view in views]

        return await _all_pages(page)

    async def data_set(self, data_set_id: int) -> DataSetView:
        """Read one data set that was created.

        Raises:
            NotConfirmedYet: the node that answers is behind and has not seen it.
        """
        at = await self._addresses.get()
        (view,), (next_id,) = await self._reads.all(
            [
                (at.state_view, abi.GET_DATA_SET, (data_set_id,)),
                (at.pdp_verifier, abi.GET_NEXT_DATA_SET_ID, ()),
            ]
        )
        if data_set_id >= next_id:
            raise NotConfirmedYet(f"the RPC endpoint has not seen data set {data_set_id}")
        return _data_set(view)

    async def data_set_details(self, data_set_ids: Sequence[int]) -> list[DataSetDetails]:
        """Read what decides about reuse; a set that was deleted comes out as not live."""
        at = await self._addresses.get()
        calls: list[Call] = []
        for data_set_id in data_set_ids:
            calls += [
                (at.pdp_verifier, abi.DATA_SET_LIVE, (data_set_id,)),
                (at.pdp_verifier, abi.GET_DATA_SET_LISTENER, (data_set_id,)),
                (at.state_view, abi.GET_ALL_DATA_SET_METADATA, (data_set_id,)),
                (at.pdp_verifier, abi.GET_DATA_SET_LEAF_COUNT, (data_set_id,)),
            ]
        answers = await self._reads.many(calls)
        return [_details(answers[row : row + 4]) for row in range(0, len(answers), 4)]

    async def data_set_health(self, data_set_ids: Sequence[int]) -> list[DataSetHealth]:
        """Read how data sets stand; one that was deleted, or never was, is not live."""
        at = await self._addresses.get()
        calls: list[Call] = [(self.network.multicall3, abi.GET_BLOCK_NUMBER, ())]
        for data_set_id in data_set_ids:
            calls += [
                (at.pdp_verifier, abi.DATA_SET_LIVE, (data_set_id,)),
                (at.state_view, abi.GET_DATA_SET, (data_set_id,)),
                (at.state_view, abi.PROVING_DEADLINE, (data_set_id,)),
                (at.state_view, abi.PROVEN_THIS_PERIOD, (data_set_id,)),
            ]
        epoch, *answers = await self._reads.many(calls)
        now = int(epoch[0]) if epoch else 0
        return [_health(answers[row : row + 4], now) for row in range(0, len(answers), 4)]

    async def piece_cids(self, data_set_id: int, piece_ids: Sequence[int]) -> list[bytes]:
        """Read the binary CIDs of pieces of a live data set; empty for one that is gone."""
        verifier = (await self._addresses.get()).pdp_verifier
        calls: list[Call] = [
            (verifier, abi.GET_PIECE_CID, (data_set_id, piece_id)) for piece_id in piece_ids
        ]
        return [bytes(answer[0][0]) if answer else b"" for answer in await self._reads.many(calls)]

    async def next_piece_id(self, data_set_id: int) -> int:
        """Read the id that the next piece of the data set will get."""
        verifier = (await self._addresses.get()).pdp_verifier
        (next_id,) = await self._reads.one(verifier, abi.GET_NEXT_PIECE_ID, data_set_id)
        return int(next_id)

    async def pieces_from(
        self, data_set_id: int, start: int, limit: int
    ) -> list[tuple[int, bytes]]:
        """Read ids and binary CIDs of up to ``limit`` pieces, from an id on."""
        verifier = (await self._addresses.get()).pdp_verifier
        cids, ids, _ = await self._reads.one(
            verifier, abi.GET_ACTIVE_PIECES_BY_CURSOR, data_set_id, start, limit
        )
        return [(piece_id, bytes(cid[0])) for piece_id, cid in zip(ids, cids, strict=True)]

    async def piece_metadata(
        self, data_set_id: int, piece_ids: Sequence[int]
    ) -> list[dict[str, str]]:
        """Read all pairs of pieces in one request, aligned with the ids."""
        state_view = (await self._addresses.get()).state_view
        calls: list[Call] = [
            (state_view, abi.GET_ALL_PIECE_METADATA, (data_set_id, piece_id))
            for piece_id in piece_ids
        ]
        return [
            dict(zip(map(_text, keys), map(_text, values), strict=True))
            for keys, values in await self._reads.all(calls)
        ]

    async def pieces_held(self, data_set_id: int, piece_ids: Sequence[int]) -> frozenset[int]:
        """Read which of these pieces the data set holds."""
        verifier = (await self._addresses.get()).pdp_verifier
        calls: list[Call] = [
            (verifier, abi.GET_ACTIVE_PIECES_BY_CURSOR, (data_set_id, piece_id, 1))
            for piece_id in piece_ids
        ]
        nearest = [ids[0] for _, ids, _ in await self._reads.all(calls) if ids]
        return frozenset(nearest) & frozenset(piece_ids)

    async def find_piece(self, data_set_id: int, cid: bytes) -> int | None:
        """Search a whole data set for a piece; costly in large ones."""
        verifier = (await self._addresses.get()).pdp_verifier
        (ids,) = await self._reads.one(
            verifier, abi.FIND_PIECE_IDS_BY_CID, data_set_id, (cid,), 0, 1
        )
        return int(ids[0]) if ids else None

    async def _read_addresses(self) -> Addresses:
        fwss = self.network.fwss
        answers = await self._reads.all(
            [
                (fwss, abi.VIEW_CONTRACT_ADDRESS, ()),
                (fwss, abi.PDP_VERIFIER_ADDRESS, ()),
                (fwss, abi.SERVICE_PROVIDER_REGISTRY, ()),
                (fwss, abi.SESSION_KEY_REGISTRY, ()),
            ]
        )
        return Addresses(*(to_checksum_address(answer[0]) for answer in answers))


async def _all_pages(page: Callable[[int], Awaitable[Sequence[_Row]]]) -> list[_Row]:
    rows: list[_Row] = []
    while True:
        found = await page(len(rows))
        rows.extend(found)
        if len(found) < _IDS_A_PAGE:
            return rows


def _only(results: tuple[Any, ...]) -> Any:
    return results[0]


def _provider(entry: tuple[Any, ...]) -> RegisteredProvider:
    provider_id, info, product, values = entry
    return RegisteredProvider(
        provider_id=provider_id,
        address=to_checksum_address(info[0]),
        payee=to_checksum_address(info[1]),
        name=_text(info[2]),
        capabilities=dict(zip(map(_text, product[1]), values, strict=False)),
    )


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _nonce_use(word: int) -> NonceUse | None:
    return NonceUse(word & _LOW_128, word >> 128) if word else None


def _data_set(view: tuple[Any, ...]) -> DataSetView:
    return DataSetView(
        data_set_id=view[12] if view[0] else 0,
        client_data_set_id=view[7],
        provider_id=view[9],
        end_epoch=view[8],
    )


def _details(answers: Sequence[tuple[Any, ...] | None]) -> DataSetDetails:
    live, listener, metadata, leaf_count = answers
    keys, values = metadata or ((), ())
    return DataSetDetails(
        live=bool(live and live[0]),
        listener=to_checksum_address(listener[0]) if listener else "",
        metadata=dict(zip(map(_text, keys), map(_text, values), strict=True)),
        leaf_count=leaf_count[0] if leaf_count else 0,
    )


def _health(answers: Sequence[tuple[Any, ...] | None], now_epoch: int) -> DataSetHealth:
    live, view, deadline, proven = answers
    due_epoch = deadline[0] if deadline else 0
    is_due = due_epoch > 0 and not (proven and proven[0])
    return DataSetHealth(
        live=bool(live and live[0]),
        end_epoch=_data_set(view[0]).end_epoch if view else 0,
        overdue_epochs=max(0, now_epoch - due_epoch) if is_due else 0,
    )
