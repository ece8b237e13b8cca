"""Sets of sequence numbers, small however many there are: high-water marks and gaps."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from pydantic import BaseModel, Field


class Ranges(BaseModel):
    """A set of non-negative integers as sorted, disjoint, inclusive spans."""

    spans: list[tuple[int, int]] = Field(default_factory=list)

    def __contains__(self, number: int) -> bool:
        return self._at(number) is not None

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self.spans)

    def add(self, number: int) -> None:
        """Put a number in, joining the spans that it touches."""
        if number in self:
            return
        first = last = number
        index = bisect_right(self.spans, (number, number))
        if index < len(self.spans) and self.spans[index][0] == number + 1:
            last = self.spans.pop(index)[1]
        if index > 0 and self.spans[index - 1][1] == number - 1:
            index -= 1
            first = self.spans.pop(index)[0]
        self.spans.insert(index, (first, last))

    @property
    def highest(self) -> int | None:
        """The largest number, or None."""
        return self.spans[-1][1] if self.spans else None

    def covers(self, last: int) -> bool:
        """Tell whether every number from 0 to ``last`` is in."""
        return bool(self.spans) and self.spans[0][0] == 0 and self.spans[0][1] >= last

    def gaps(self, last: int) -> Iterator[tuple[int, int]]:
        """Yield the inclusive spans of 0..``last`` that are not in."""
        expected = 0
        for first, end in self.spans:
            if first > last:
                break
            if first > expected:
                yield expected, first - 1
            expected = end + 1
        if expected <= last:
            yield expected, last

    def blur(self) -> tuple[int, int]:
        """Take the lowest gap for filled; return the last number of it and how many it had."""
        first, end = self.spans.pop(0)
        begin, last = self.spans[0]
        self.spans[0] = (first, last)
        return begin - 1, begin - end - 1

    def _at(self, number: int) -> int | None:
        index = bisect_right(self.spans, number, key=lambda span: span[0]) - 1
        return index if index >= 0 and self.spans[index][1] >= number else None
