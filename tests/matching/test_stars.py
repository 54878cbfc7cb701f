"""Sets around one photo each: never chained, and never torn apart by a newcomer."""

from hypothesis import given
from hypothesis import strategies as st

from dedupe.matching.stars import components, missing_links, neighbours, pair, stars

COUNT = 9
LINKS = st.sets(
    st.tuples(st.integers(0, COUNT - 1), st.integers(0, COUNT - 1))
    .filter(lambda ends: ends[0] != ends[1])
    .map(lambda ends: pair(*ends))
)
RANKS = st.permutations(range(COUNT)).map(lambda order: dict(enumerate(order)))
SINGLE = [(row,) for row in range(COUNT)]


@given(LINKS, RANKS)
def test_every_row_is_in_one_set_and_linked_to_its_best(
    links: set[tuple[int, int]], rank: dict[int, int]
) -> None:
    found = stars(SINGLE, links, rank)
    assert sorted(row for rows in found for row in rows) == list(range(COUNT))
    for best, *others in found:
        assert all(pair(best, other) in links for other in others)
        assert all(rank[best] < rank[other] for other in others)


@given(LINKS, RANKS)
def test_a_newcomer_that_is_worse_than_all_changes_no_set_but_the_one_it_joins(
    links: set[tuple[int, int]], rank: dict[int, int]
) -> None:
    worst = max(rank, key=lambda row: rank[row])
    with_it = stars(SINGLE, links, rank)
    without = stars([unit for unit in SINGLE if unit != (worst,)], links, rank)
    assert {tuple(row for row in rows if row != worst) for rows in with_it} - {()} == set(without)


@given(LINKS, LINKS, RANKS)
def test_a_unit_joins_whole_or_not_at_all(
    strong: set[tuple[int, int]], more: set[tuple[int, int]], rank: dict[int, int]
) -> None:
    units = stars(SINGLE, strong, rank)
    links = strong | more
    joined = stars(units, links, rank)
    for unit in units:
        assert sum(set(unit) <= set(rows) for rows in joined) == 1
    for best, *others in joined:
        assert all(pair(best, other) in links for other in others)


@given(LINKS, RANKS)
def test_what_nobody_looked_at_is_asked_for_until_all_is_known(
    links: set[tuple[int, int]], rank: dict[int, int]
) -> None:
    asked = {link for link in links if sum(link) % 2}
    while more := missing_links(asked & links, asked, rank):
        assert more.isdisjoint(asked)
        asked |= more
    for members in components(neighbours(asked & links)):
        best = min(members, key=lambda row: rank[row])
        assert all(pair(best, other) in asked for other in members if other != best)


def test_like_a_like_b_like_c_is_no_chain() -> None:
    rank = {0: 0, 1: 1, 2: 2}
    assert stars([(0,), (1,), (2,)], {(0, 1), (1, 2)}, rank) == [(0, 1), (2,)]
