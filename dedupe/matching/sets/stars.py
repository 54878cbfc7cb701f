"""Sets around one photo each: every member is linked to it, and none is chained."""

from collections.abc import Collection, Iterable, Mapping

Link = tuple[int, int]
"""Two rows, the smaller first."""

# Rows of a set that are looked at with all of it, as they may be linked to more than its first.
_RIVALS = 3


def stars(
    units: Iterable[tuple[int, ...]],
    links: Collection[Link],
    rank: Mapping[int, int],
    apart: Collection[Link] = (),
    *,
    chosen: Collection[int] = frozenset(),
) -> list[tuple[int, ...]]:
    """Join units of rows around the rows that most others are linked to.

    The unit whose first row is linked to most rows that are in no set yet (the best of equal
    ones) takes every unit of which all rows are linked to that row; then the next one does.
    So a unit joins whole or not at all, each row is in one set, and a set holds nothing that
    is not linked to its first row. Rows that are not connected do not change each other's sets.

    Why not the best row at once: a framed or tilted copy has more pixels than its photo, and
    fewer copies can be verified against it. Of 1,720 edits 90 % were then in the set of their
    photo.

    Args:
        units: disjoint, the row that the others are linked to first in each.
        links: pairs of rows.
        rank: by row; the smallest is the best.
        apart: pairs of rows that no set may hold, whatever they are linked to; of two units
            that are apart the one of the better rank joins.
        chosen: rows that others are joined around first, however few they are.

    Returns:
        The units, joined or as they were, the row that the others are linked to first in each;
        in the order of their ranks.
    """
    barred = neighbours(apart)
    near = neighbours(set(links) - set(apart) if apart else links)
    units = list(units)
    # most photos of a library are linked to none
    sets: list[tuple[int, ...]] = [unit for unit in units if len(unit) == 1 and unit[0] not in near]
    by_first = {unit[0]: unit for unit in units if len(unit) > 1 or unit[0] in near}
    home = {row: unit[0] for unit in by_first.values() for row in unit}
    together = {
        first: {home[other] for row in unit for other in near.get(row, ()) if other in home}
        for first, unit in by_first.items()
    }
    for members in components(together):
        left = set(members)
        while left:
            free = {row for first in left for row in by_first[first]}
            first = min(
                left,
                key=lambda row: (row not in chosen, -len(near.get(row, set()) & free), rank[row]),
            )
            linked = near.get(first, set())
            joined = [other for other in left - {first} if linked.issuperset(by_first[other])]
            rows = list(by_first[first])
            left.remove(first)
            for other in sorted(joined, key=lambda row: rank[row]):
                if not any(barred.get(row, set()).intersection(rows) for row in by_first[other]):
                    rows += by_first[other]
                    left.remove(other)
            sets.append(tuple(rows))
    return sorted(sets, key=lambda rows: rank[rows[0]])


def missing_links(
    links: Collection[Link],
    asked: Collection[Link],
    rank: Mapping[int, int],
    *,
    chosen: Collection[int] = frozenset(),
) -> set[Link]:
    """Pairs that decide who is in a set and that nobody has looked at.

    The row that most are linked to should be looked at with each that one of these is linked
    to: two edits of one photo may be too far from each other to be told as such, and yet near
    to it. So should three others of its set at most of which each is linked to rows that it is not,
    and might be linked to more in all. Not with whoever is connected: what a few pictures share (a
    sticker, a field of a collage) can connect thousands, and each of them would be looked at with
    each.

    Args:
        links: pairs of rows.
        asked: pairs that were looked at, and are links or not.
        rank: by row; the smallest is the best.
        chosen: as it will be given to `stars`.

    Returns:
        Pairs not in `asked`; none once all is known.
    """
    known = frozenset(asked)
    near = neighbours(links)
    missing: set[Link] = set()
    for members in components(near):
        left = set(members)
        while len(left) > 1:
            first = min(
                left, key=lambda row: (row not in chosen, -len(near[row] & left), rank[row])
            )
            around = {other for linked in near[first] for other in near[linked]}
            unknown = {pair(first, other) for other in (around & left) - {first}} - known
            missing |= unknown
            if not unknown and (around & left) - near[first] - {first}:
                unknown = _of_rivals(first, near, left, known, rank, chosen)
                missing |= unknown
            if unknown:  # who is left for the next one depends on them
                break
            left -= near[first] | {first}
    return missing


def _of_rivals(
    first: int,
    near: Mapping[int, set[int]],
    left: Collection[int],
    known: frozenset[Link],
    rank: Mapping[int, int],
    chosen: Collection[int],
) -> set[Link]:
    """Pairs of the set around a row that may show that more are linked to another one of it.

    Who is not linked to that row, and is to another, may be lost by a few pairs that nobody
    looked at: an edit of many pixels has all its pairs looked at, and the photo that it was made
    of has not.
    """
    around = near[first].intersection(left)

    def place(row: int, more: int = 0) -> tuple[bool, int, int]:
        return row not in chosen, -len(near[row].intersection(left)) - more, rank[row]

    rivals = (row for row in around if near[row].intersection(left) - around - {first})
    for rival in sorted(rivals, key=place)[:_RIVALS]:
        unknown = {pair(rival, other) for other in around - {rival}} - known
        if unknown and place(rival, len(unknown)) < place(first):
            return unknown
    return set()


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
