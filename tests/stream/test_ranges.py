from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vibesflow.stream.ranges import Ranges


@given(st.lists(st.integers(0, 60)), st.integers(0, 70))
def test_it_is_a_set_of_numbers(numbers: list[int], last: int) -> None:
    ranges = Ranges()
    for number in numbers:
        ranges.add(number)
    wanted = set(numbers)
    assert [n for n in range(71) if n in ranges] == sorted(wanted)
    assert len(ranges) == len(wanted)
    assert ranges.highest == (max(wanted) if wanted else None)
    assert ranges.covers(last) == (set(range(last + 1)) <= wanted)
    missing = [n for first, end in ranges.gaps(last) for n in range(first, end + 1)]
    assert missing == [n for n in range(last + 1) if n not in wanted]


@given(st.lists(st.integers(0, 60)))
def test_its_spans_are_sorted_disjoint_and_as_few_as_can_be(numbers: list[int]) -> None:
    ranges = Ranges()
    for number in numbers:
        ranges.add(number)
    for (_, end), (first, _) in zip(ranges.spans, ranges.spans[1:], strict=False):
        assert first > end + 1
    assert Ranges.model_validate_json(ranges.model_dump_json()) == ranges
