from __future__ import annotations

from vibesflow.filecoin.chain import Chain
from vibesflow.filecoin.piece_ids import PieceIds


class Removed(Chain):
    """A data set whose pieces were all removed; ids go on counting."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    async def next_piece_id(self, data_set_id: int) -> int:
        return 5_000

    async def pieces_from(
        self, data_set_id: int, start: int, limit: int
    ) -> list[tuple[int, bytes]]:
        self.asked.append((start, limit))
        return []

    async def find_piece(self, data_set_id: int, cid: bytes) -> int | None:
        return None


async def test_a_search_ends_where_no_pieces_are_left() -> None:
    chain = Removed()
    assert await PieceIds(chain).recent(1, [b"x"]) == {}
    assert chain.asked == [(4_000, 250)]


async def test_what_is_nowhere_is_not_found() -> None:
    assert await PieceIds(Removed()).added(1, [b"x"], next_piece_id=5_000) == {}
