"""Sets around one photo each: never chained, and never torn apart by a newcomer."""

from hypothesis import given
from hypothesis import strategies as st

from dedupe.matching.sets.stars import components, missing_links, neighbours, pair, stars

COUNT = 9
LINKS = st.sets(
    st.tuples(st.integers(0, COUNT - 1), st.integers(0, COUNT - 1))
    .filter(lambda ends: ends[0] != ends[1])
    .map(lambda ends: pair(*ends))
)
RANKS = st.permutations(range(COUNT)).map(lambda order: dict(enumerate(order)))
SINGLE = [(row,) for row in range(COUNT)]


@given(LINKS, RANKS)
def test_every_row_is_in_one_set_and_linked_to_its_first(
    links: set[tuple[int, int]], rank: dict[int, int]
) -> None:
    found = stars(SINGLE, links, rank)
    assert sorted(row for rows in found for row in rows) == list(range(COUNT))
    for first, *others in found:
        assert all(pair(first, other) in links for other in others)


@given(st.integers(2, COUNT), RANKS)
def test_where_all_are_linked_to_all_the_best_is_first(count: int, rank: dict[int, int]) -> None:
    links = {pair(one, other) for one in range(count) for other in range(one)}
    found = stars(SINGLE[:count], links, rank)
    assert found == [tuple(sorted(range(count), key=lambda row: rank[row]))]


@given(LINKS, LINKS, RANKS, st.permutations(SINGLE))
def test_newcomers_and_their_order_change_no_set_that_they_are_not_connected_to(
    links: set[tuple[int, int]],
    theirs: set[tuple[int, int]],
    rank: dict[int, int],
    order: list[tuple[int]],
) -> None:
    others = {pair(one + COUNT, other + COUNT) for one, other in theirs}
    ranks = rank | {row + COUNT: -place for row, place in rank.items()}
    units = [*order, *((row + COUNT,) for row in range(COUNT))]
    together = stars(units, links | others, ranks)
    assert set(stars(SINGLE, links, rank)) <= set(together)


@given(LINKS, LINKS, RANKS)
def test_a_unit_joins_whole_or_not_at_all(
    strong: set[tuple[int, int]], more: set[tuple[int, int]], rank: dict[int, int]
) -> None:
    units = stars(SINGLE, strong, rank)
    for links in (strong | more, more):  # what made the units may be known otherwise
        joined = stars(units, links, rank)
        assert sorted(row for rows in joined for row in rows) == list(range(COUNT))
        for unit in units:
            assert sum(set(unit) <= set(rows) for rows in joined) == 1
        for first, *others in joined:
            own = next(unit for unit in units if unit[0] == first)
            assert all(pair(first, other) in links for other in others if other not in own)


@given(LINKS, LINKS, RANKS, st.permutations(SINGLE))
def test_rows_that_are_apart_are_in_no_set_together_whoever_else_is_in_it(
    links: set[tuple[int, int]],
    apart: set[tuple[int, int]],
    rank: dict[int, int],
    order: list[tuple[int]],
) -> None:
    found = stars(order, links, rank, apart)
    assert sorted(row for rows in found for row in rows) == list(range(COUNT))
    for rows in found:
        assert not any(pair(a, b) in apart for a in rows for b in rows if a != b)
        assert all(pair(rows[0], other) in links for other in rows[1:])
    assert found == stars(SINGLE, links, rank, apart)
    assert stars(SINGLE, links, rank, apart - links - {*apart}) == stars(SINGLE, links, rank)


@given(LINKS, LINKS, LINKS, RANKS)
def test_units_that_hold_rows_that_are_apart_do_not_join(
    strong: set[tuple[int, int]],
    more: set[tuple[int, int]],
    apart: set[tuple[int, int]],
    rank: dict[int, int],
) -> None:
    units = stars(SINGLE, strong, rank, apart)
    joined = stars(units, strong | more, rank, apart)
    assert sorted(row for rows in joined for row in rows) == list(range(COUNT))
    for rows in joined:
        assert not any(pair(a, b) in apart for a in rows for b in rows if a != b)
    for unit in units:
        assert sum(set(unit) <= set(rows) for rows in joined) == 1


def test_of_two_that_are_apart_the_better_one_joins() -> None:
    rank = {0: 0, 1: 1, 2: 2, 3: 3}
    links = {(0, 1), (0, 2), (0, 3)}
    assert stars([(row,) for row in rank], links, rank, {(1, 2)}) == [(0, 1, 3), (2,)]


@given(LINKS, RANKS)
def test_whoever_is_two_steps_from_the_middle_of_a_family_is_looked_at_with_it(
    links: set[tuple[int, int]], rank: dict[int, int]
) -> None:
    asked = {link for link in links if sum(link) % 2}
    while more := missing_links(asked & links, asked, rank):
        assert more.isdisjoint(asked)
        asked |= more
    near = neighbours(asked & links)
    for family in components(near):
        first = min(family, key=lambda row: (-len(near[row]), rank[row]))
        around = {other for linked in near[first] for other in near[linked]} - {first}
        assert all(pair(first, other) in asked for other in around)


def test_who_may_be_linked_to_more_is_looked_at_with_all_of_the_set() -> None:
    """Row 0 is an edit of most pixels, which all were looked at with; row 1 the photo itself."""
    rank = {row: row for row in range(6)}
    links = {(0, 1), (0, 2), (0, 3), (0, 4), (1, 2), (1, 5)}
    asked = links | {(0, 5)}
    assert missing_links(links, asked, rank) == {(1, 3), (1, 4)}
    more = links | {(1, 3), (1, 4)}
    assert missing_links(more, asked | more, rank) == set()
    assert stars([(row,) for row in rank], more, rank) == [(1, 0, 2, 3, 4, 5)]
    # nor where they could not be more
    few = links - {(1, 2)}
    assert missing_links(few, asked | {(1, 2)}, rank) == set()


@given(LINKS, RANKS)
def test_asking_rivals_ends_and_leaves_no_row_linked_to_fewer(
    links: set[tuple[int, int]], rank: dict[int, int]
) -> None:
    """The largest set that is found holds as many as without it, or more."""
    asked = {link for link in links if sum(link) % 2}
    before = max(map(len, stars(SINGLE, asked & links, rank)))
    while more := missing_links(asked & links, asked, rank):
        asked |= more
    assert max(map(len, stars(SINGLE, asked & links, rank))) >= before


def test_like_a_like_b_like_c_is_no_chain() -> None:
    rank = {0: 0, 1: 1, 2: 2}
    assert stars([(0,), (1,), (2,), (3,)], {(0, 1), (1, 2), (2, 3)}, {**rank, 3: 3}) == [
        (1, 0, 2),
        (3,),
    ]
    assert stars([(0,), (1,)], {(0, 1)}, rank) == [(0, 1)]


@given(LINKS, RANKS, st.sets(st.integers(0, COUNT - 1)))
def test_a_chosen_row_is_in_the_middle_of_its_set_or_beside_another_chosen_one(
    links: set[tuple[int, int]], rank: dict[int, int], chosen: set[int]
) -> None:
    found = stars(SINGLE, links, rank, chosen=chosen)
    assert sorted(row for rows in found for row in rows) == list(range(COUNT))
    for first, *others in found:
        assert first in chosen or chosen.isdisjoint(others)
        assert all(pair(first, other) in links for other in others)
    assert stars(SINGLE, links, rank, chosen=set()) == stars(SINGLE, links, rank)


@given(LINKS, RANKS, st.sets(st.integers(0, COUNT - 1)))
def test_whoever_is_two_steps_from_a_chosen_row_is_looked_at_with_it(
    links: set[tuple[int, int]], rank: dict[int, int], chosen: set[int]
) -> None:
    asked: set[tuple[int, int]] = set(links)
    while more := missing_links(links, asked, rank, chosen=chosen):
        asked |= more
    near = neighbours(links)
    for family in components(near):
        first = min(family, key=lambda row: (row not in chosen, -len(near[row]), rank[row]))
        around = {other for linked in near[first] for other in near[linked]} - {first}
        assert all(pair(first, other) in asked for other in around)
