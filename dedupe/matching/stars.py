"""Sets around one photo each: every member is linked to the one that is kept, never chained."""

from collections.abc import Collection, Iterable, Mapping

Link = tuple[int, int]
"""Two rows, the smaller first."""


def stars(
    units: Iterable[tuple[int, ...]], links: Collection[Link], rank: Mapping[int, int]
) -> list[tuple[int, ...]]:
    """Join units of rows around the best of them.

    The best unit that is in no set yet takes every unit of which all rows are linked to its
    own best row; then the next best does. So a unit joins whole or not at all, each row is in
    one set, and a set holds nothing that is not linked to its best row. A unit that is added
    to a library later changes no set whose best row is better than its own.

    Args:
        units: disjoint, the best row of each first.
        links: pairs of rows.
        rank: by row; the smallest is the best.

    Returns:
        The units, joined or as they were, the best row of each first.
    """
    near = neighbours(links)
    by_best = {unit[0]: unit for unit in units}
    home = {row: unit[0] for unit in by_best.values() for row in unit}
    sets = []
    taken: set[int] = set()
    for best in sorted(by_best, key=lambda row: rank[row]):
        if best in taken:
            continue
        taken.add(best)
        rows = list(by_best[best])
        linked = near.get(best, set())
        for other in sorted(
            {home[row] for row in linked if row in home}, key=lambda row: rank[row]
        ):
            if other not in taken and linked.issuperset(by_best[other]):
                taken.add(other)
                rows += by_best[other]
        sets.append(tuple(rows))
    return sets


def missing_links(
    links: Collection[Link], asked: Collection[Link], rank: Mapping[int, int]
) -> set[Link]:
    """Pairs that decide who is in a set and that nobody has looked at.

    Of rows that are connected, the best should be linked to each of the others: two edits of
    one photo may be too far from each other to be told as such, and yet near to it.

    Args:
        links: pairs of rows.
        asked: pairs that were looked at, and are links or not.
        rank: by row; the smallest is the best.

    Returns:
        Pairs not in `asked`; none once all is known.
    """
    near = neighbours(links)
    missing: set[Link] = set()
    for members in components(near):
        rest = sorted(members, key=lambda row: rank[row])
        while len(rest) > 1:
            best, *others = rest
            unknown = {pair(best, other) for other in others} - set(asked)
            missing |= unknown
            if unknown:  # who is left for the next best depends on them
                break
            rest = [other for other in others if other not in near[best]]
    return missing


def neighbours(links: Iterable[Link]) -> dict[int, set[int]]:
    """By row, the rows that it is linked to."""
    near: dict[int, set[int]] = {}
    for one, other in links:
        near.setdefault(one, set()).add(other)
        near.setdefault(other, set()).add(one)
    return near


def components(near: Mapping[int, Collection[int]]) -> list[list[int]]:
    """The connected rows, each component and all of them in order."""
    found = []
    seen: set[int] = set()
    for start in sorted(near):
        if start in seen:
            continue
        seen.add(start)
        members, ahead = [start], [start]
        while ahead:
            new = set(near[ahead.pop()]) - seen
            seen |= new
            members += new
            ahead += new
        found.append(sorted(members))
    return found


def pair(one: int, other: int) -> Link:
    """Two rows in order."""
    return (one, other) if one < other else (other, one)
