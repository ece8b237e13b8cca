"""How much the data sets hold that a wish would be added to."""

from __future__ import annotations

from collections.abc import Callable

from vibesflow.filecoin.chain import Chain
from vibesflow.filecoin.data_sets import DataSet, DataSets
from vibesflow.filecoin.metadata import Metadata
from vibesflow.filecoin.payments.wishes import StorageWish

DataSetsOf = Callable[[Metadata], DataSets]
"""From the pairs of a scope to the payer's data sets with them."""


class Copies:
    """Looks the payer's data sets up.

    Args:
        chain: where they are read.
        data_sets_of: finds those of a scope.
    """

    def __init__(self, chain: Chain, data_sets_of: DataSetsOf) -> None:
        self._chain = chain
        self._data_sets_of = data_sets_of

    async def leaves(self, wish: StorageWish) -> list[int | None]:
        """Return for each copy the leaves of its data set; None if it has to be created."""
        found = await self._found(wish)
        ids = [data_set.data_set_id for data_set in found if data_set is not None]
        held = dict(zip(ids, await self._chain.data_set_details(ids), strict=True)) if ids else {}
        return [
            None if data_set is None else held[data_set.data_set_id].leaf_count
            for data_set in found
        ]

    async def _found(self, wish: StorageWish) -> list[DataSet | None]:
        data_sets = self._data_sets_of(wish.scope)
        provider_ids = wish.provider_ids or sorted(await data_sets.provider_ids())
        targets = [await data_sets.find(one) for one in provider_ids[: wish.copies]]
        missing = wish.copies - len(targets)
        return [t if isinstance(t, DataSet) else None for t in targets] + [None] * missing
