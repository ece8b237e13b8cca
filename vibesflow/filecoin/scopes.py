"""Which metadata a data set carries: our `source`, and the pairs of a commit's scope."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from vibesflow.errors import InvalidInput
from vibesflow.filecoin.cached import Cached
from vibesflow.filecoin.chain import Chain
from vibesflow.filecoin.data_sets import DataSets
from vibesflow.filecoin.keys import Signer
from vibesflow.filecoin.metadata import Metadata
from vibesflow.filecoin.permits import Permits

_PROVIDERS_LIFE_S: Final = 60.0

KEPT_SCOPES: Final = 256
"""How many scopes are remembered; one more is only made anew."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The data sets with one metadata map, one at each provider.

    Attributes:
        data_sets: finds them.
        permits: signs for them.
        with_data_set: the providers that hold one.
    """

    data_sets: DataSets
    permits: Permits
    with_data_set: Cached[frozenset[int]]

    async def provider_ids(self) -> frozenset[int]:
        """Return the providers at which a set can be used again; a minute old at most."""
        return await self.with_data_set.get()


class Scopes:
    """From the pairs of a scope to its data sets.

    Args:
        chain: where data sets are read.
        signer: who signs, for which payer.
        source: value of the pair `source` that every set of ours carries; empty for none.
    """

    def __init__(self, chain: Chain, signer: Signer, source: str) -> None:
        self._chain = chain
        self._signer = signer
        self._source = source
        self._known: dict[int, Mapping[str, str]] = {}
        self._held: OrderedDict[Metadata, Scope] = OrderedDict()

    def of(self, pairs: Metadata) -> Scope:
        """Return the scope whose sets carry our source and exactly these pairs, in any order.

        Raises:
            InvalidInput: the contract would not take the pairs.
        """
        metadata = metadata_of(self._source, pairs)
        scope = self._held.pop(metadata, None) or self._new(metadata)
        self._held[metadata] = scope
        if len(self._held) > KEPT_SCOPES:
            self._held.popitem(last=False)
        return scope

    def _new(self, metadata: Metadata) -> Scope:
        data_sets = DataSets(self._chain, self._signer.payer, metadata, known=self._known)
        return Scope(
            data_sets,
            Permits(self._signer, self._chain.network, metadata),
            Cached(data_sets.provider_ids, life_s=_PROVIDERS_LIFE_S),
        )


def metadata_of(source: str, pairs: Metadata) -> Metadata:
    """Return all pairs of a data set: its `source`, unless that is empty, and a scope's.

    Raises:
        InvalidInput: the scope names a source itself.
    """
    if not source:
        return tuple(sorted(pairs))
    if any(key == "source" for key, _ in pairs):
        raise InvalidInput("a scope cannot name another source")
    return (("source", source), *sorted(pairs))
