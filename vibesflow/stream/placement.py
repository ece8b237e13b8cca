"""Where a piece is: the copies that were ordered, and which of them the chain has confirmed."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, Field

from vibesflow.stream.chunk import Compact


class Copy(Compact):
    """One piece in one data set at one provider.

    Attributes:
        base_url: where the provider serves pieces; the PieceCID follows.
        data_set_id, piece_id: where the chain put it; None until it is confirmed.
    """

    provider_id: int
    base_url: str
    data_set_id: int | None = None
    piece_id: int | None = None

    @property
    def is_confirmed(self) -> bool:
        """The chain has it."""
        return self.piece_id is not None


class ProviderName(Compact):
    """Who a provider is, for people: its name in the registry and its account."""

    provider_id: int
    name: str = ""
    address: str = ""


class StoredPiece(Compact):
    """A payload that at least one provider holds.

    Attributes:
        wanted: how many confirmed copies make it safe.
        copies: the first one is where the bytes went; the others are pulled from it.
        duration_ms: measured length of the audio, or 0.
        providers: who the copies are with; a stream keeps that once, not with each piece.
        order_id: the newest order of the copies that are not confirmed.
    """

    piece_cid: str
    wanted: int = 1
    copies: list[Copy] = Field(min_length=1)
    duration_ms: int = 0
    providers: list[ProviderName] = Field(default_factory=list)
    order_id: str = ""

    @property
    def first(self) -> Copy:
        """The copy that readers are sent to: the first confirmed one, else the first."""
        return next((copy for copy in self.copies if copy.is_confirmed), self.copies[0])

    @property
    def url(self) -> str:
        """Address under which a provider serves the piece."""
        return self.first.base_url + self.piece_cid

    @property
    def confirmed(self) -> int:
        """How many copies the chain has."""
        return sum(copy.is_confirmed for copy in self.copies)

    @property
    def is_safe(self) -> bool:
        """As many copies as wanted are confirmed, and none is under way that will be paid."""
        return self.wanted <= self.confirmed == len(self.copies)

    @property
    def lacks_copies(self) -> bool:
        """Fewer copies are under way than wanted."""
        return len(self.copies) < self.wanted

    def besides(self, copies: Iterable[Copy]) -> list[Copy]:
        """Those of the copies that are with providers which this piece does not name."""
        known = {copy.provider_id for copy in self.copies}
        return [copy for copy in copies if copy.provider_id not in known]

    def note_committed(
        self, provider_id: int, data_set_id: int, piece_id: int, *, base_url: str = ""
    ) -> None:
        """The chain has the copy at a provider.

        A copy that nobody here knows of is taken over if its address is told: somebody ordered
        it and died before saying so, or the provider did after all what it had refused.
        """
        known = next((copy for copy in self.copies if copy.provider_id == provider_id), None)
        if known is None and base_url:
            known = Copy(provider_id=provider_id, base_url=base_url)
            self.copies.append(known)
        if known is not None:
            known.data_set_id, known.piece_id = data_set_id, piece_id

    def take(self, confirmed: Copy) -> None:
        """Take over a confirmed copy that another view of the same piece knows."""
        self.copies = [c for c in self.copies if c.provider_id != confirmed.provider_id]
        self.copies.insert(0, confirmed)

    def without(self, provider_id: int, *, dropped: bool = False) -> StoredPiece | None:
        """Return the piece without its unconfirmed copy at a provider; None if that was all.

        Args:
            provider_id: who will not do.
            dropped: it held the bytes and has dropped them. If the others were to pull them from
                there, and none has them for sure, that was all.
        """
        left = [c for c in self.copies if c.is_confirmed or c.provider_id != provider_id]
        if dropped and self.first.provider_id == provider_id and not self.first.is_confirmed:
            return None
        return self.model_copy(update={"copies": left}) if left else None


MOST_PROVIDERS = 8
"""Providers whose names a stream keeps, the newest ones."""


class Providers(BaseModel):
    """The providers that a stream's pieces went to lately."""

    names: dict[int, ProviderName] = Field(default_factory=dict)

    def meet(self, piece: StoredPiece) -> None:
        """Take over the names that a piece brings along."""
        for each in piece.providers:
            self.names.pop(each.provider_id, None)
            self.names[each.provider_id] = each
        self.names = dict(list(self.names.items())[-MOST_PROVIDERS:])
        piece.providers = []
