"""The one data set per wallet, provider and metadata: found again, or named before it exists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from vibesflow.filecoin.chain import Chain
from vibesflow.filecoin.chain_views import DataSetDetails, DataSetView, NonceUse
from vibesflow.filecoin.metadata import (
    MAX_DATA_SET_KEYS,
    Metadata,
    check_metadata,
    keys_of,
    values_of,
)

_SETS_A_CALL: Final = 50
_GENERATIONS_A_CALL: Final = 8


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set that pieces can be added to.

    Attributes:
        data_set_id: number on chain.
        client_data_set_id: our own number of it, signed into every addition.
    """

    data_set_id: int
    client_data_set_id: int


@dataclass(frozen=True, slots=True)
class NewDataSet:
    """A data set that is to be created.

    Attributes:
        client_data_set_id: the number it will have; the chain takes it only once.
    """

    client_data_set_id: int


class DataSets:
    """The data sets of one payer that carry exactly one metadata map.

    Args:
        chain: where they are read.
        payer: who pays.
        metadata: all pairs of a set of ours, no more and no less.
        known: metadata by data set, which never change; may be shared between scopes, so that
            one with many data sets beside it need not read all of theirs.
    """

    def __init__(
        self,
        chain: Chain,
        payer: str,
        metadata: Metadata,
        *,
        known: dict[int, Mapping[str, str]] | None = None,
    ) -> None:
        check_metadata(metadata, max_keys=MAX_DATA_SET_KEYS)
        self._chain = chain
        self._payer = payer
        self._metadata = metadata
        self._known = {} if known is None else known

    async def find(self, provider_id: int) -> DataSet | NewDataSet:
        """Return the set to add to at a provider, or the name of the one to create.

        The name of a new set is derived from what makes it ours, so that two who create it at
        the same moment name it alike, and the chain refuses the second.
        """
        usable = await self._usable(await self._chain.data_sets_of(self._payer))
        if found := usable.get(provider_id):
            return found
        return await self._next_generation(provider_id)

    async def provider_ids(self) -> frozenset[int]:
        """Return the providers at which a set can be used again."""
        return frozenset(await self.usable())

    async def usable(self) -> dict[int, DataSet]:
        """Return the set that is added to, by provider."""
        return await self._usable(await self._chain.data_sets_of(self._payer))

    async def _next_generation(self, provider_id: int) -> DataSet | NewDataSet:
        """Walk the derived names until one is unused, or its set can be used.

        The second happens when a set was created between our two looks at the chain. Names of
        sets that were ended stay used for ever, hence the generations.
        """
        first = 0
        while True:
            generations = range(first, first + _GENERATIONS_A_CALL)
            names = [self._name(provider_id, generation) for generation in generations]
            uses = await self._chain.nonce_uses(self._payer, names)
            for name, use in zip(names, uses, strict=True):
                if use is None:
                    return NewDataSet(name)
                if found := await self._created_meanwhile(provider_id, use):
                    return found
            first += _GENERATIONS_A_CALL

    async def _created_meanwhile(self, provider_id: int, use: NonceUse) -> DataSet | None:
        usable = await self._usable([await self._chain.data_set(use.data_set_id)])
        return usable.get(provider_id)

    async def _usable(self, views: Sequence[DataSetView]) -> dict[int, DataSet]:
        """Pick the best usable set of each provider: one with pieces, then the oldest."""
        going_on = [view for view in views if view.data_set_id and not view.end_epoch]
        best: dict[int, tuple[tuple[bool, int], DataSet]] = {}
        for view, details in await self._with_details([v for v in going_on if self._may_be(v)]):
            rank = (details.leaf_count == 0, view.data_set_id)
            if self._is_ours(details) and rank < best.get(view.provider_id, (_WORST,))[0]:
                data_set = DataSet(view.data_set_id, view.client_data_set_id)
                best[view.provider_id] = (rank, data_set)
        return {provider_id: data_set for provider_id, (_, data_set) in best.items()}

    async def _with_details(
        self, views: Sequence[DataSetView]
    ) -> list[tuple[DataSetView, DataSetDetails]]:
        found: list[tuple[DataSetView, DataSetDetails]] = []
        for at in range(0, len(views), _SETS_A_CALL):
            page = views[at : at + _SETS_A_CALL]
            details = await self._chain.data_set_details([view.data_set_id for view in page])
            found.extend(zip(page, details, strict=True))
        self._known.update(
            {view.data_set_id: details.metadata for view, details in found if details.live}
        )
        return found

    def _may_be(self, view: DataSetView) -> bool:
        known = self._known.get(view.data_set_id)
        return known is None or known == dict(self._metadata)

    def _is_ours(self, details: DataSetDetails) -> bool:
        same_metadata: Mapping[str, str] = dict(self._metadata)
        return (
            details.live
            and details.listener == self._chain.network.fwss
            and details.metadata == same_metadata
        )

    def _name(self, provider_id: int, generation: int) -> int:
        pairs: Metadata = tuple(sorted(self._metadata))
        encoded = encode(
            ["uint256", "address", "uint256", "string[]", "string[]", "uint256"],
            [
                self._chain.network.chain_id,
                self._payer,
                provider_id,
                keys_of(pairs),
                values_of(pairs),
                generation,
            ],
        )
        return int.from_bytes(keccak(encoded), "big")


_WORST: Final = (True, 2**256)
