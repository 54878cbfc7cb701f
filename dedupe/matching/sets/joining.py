"""Units of photos joined to larger ones: by what is proved, then by distance."""

from collections.abc import Iterable, Mapping, Sequence, Set

import numpy as np
import numpy.typing as npt

from dedupe.index.indexed import pixel_hashes
from dedupe.matching.near.distances import Pairs
from dedupe.matching.pairs.related import Related
from dedupe.matching.pairs.relations import Relation, same_pixels
from dedupe.matching.sets.collages import without_collages
from dedupe.matching.sets.labels import in_one
from dedupe.matching.sets.linkage import complete_linkage
from dedupe.matching.sets.stars import Link, pair, stars
from dedupe.photos.photo import Photo

Unit = tuple[int, ...]
"""Rows that are one set so far, the one that the others are verified against first."""

Joint = tuple[Unit, ...]
"""Units that a distance makes one set; most are of one."""


def of_same_pixels(photos: Sequence[Photo], rows: Iterable[int]) -> list[list[int]]:
    """Rows with the same pixels together, by their hashes; those that share theirs with nobody
    are left out.

    Args:
        photos: that the rows are of.
        rows: of different contents.
    """
    found: dict[bytes, list[int]] = {}
    some = np.fromiter(rows, np.int64)
    begins = pixel_hashes(photos).view(np.uint64)[some, 0]  # few begin alike and go on otherwise
    _, place, count = np.unique(begins, return_inverse=True, return_counts=True)
    for row in some[(count[place] > 1) & (begins != 0)].tolist():
        found.setdefault(photos[row].pixel_hash, []).append(row)
    several = (its for its in found.values() if len(its) > 1)
    sure = ([row for row in its if same_pixels(photos[row], photos[row])] for its in several)
    return [its for its in sure if len(its) > 1]


def same_pixels_as_best(equal: Iterable[Sequence[int]], ranks: Mapping[int, int]) -> set[Link]:
    """The best of all rows of the same pixels with each of the others.

    Args:
        equal: as `of_same_pixels` gives them.
        ranks: by row; the smallest is the best.
    """
    links: set[Link] = set()
    for rows in equal:
        best = min(rows, key=ranks.__getitem__)
        links |= {pair(best, row) for row in rows if row != best}
    return links


def joined(
    photos: Sequence[Photo],
    units: list[Unit],
    related: Related,
    level: Relation,
    ranks: Mapping[int, int],
    chosen: set[int],
    apart: Set[Link],
) -> tuple[list[Unit], Set[int]]:
    """Units around the best ones, by what is proved to be of `level` and stronger; collages.

    Args:
        photos: that the rows are of.
        units: disjoint.
        related: the verdicts by pairs of rows.
        level: the weakest relation that joins.
        ranks: by row; the smallest is the best.
        chosen: rows that others are joined around first.
        apart: pairs of rows that no unit may hold.
    """
    collages: Set[int] = frozenset()
    if level is Relation.SAME_PICTURE:
        links, collages = without_collages(photos, related)
        # a collage may be a member, and keeps nobody
        ranks = {row: rank + len(ranks) * (row in collages) for row, rank in ranks.items()}
        chosen = chosen - collages
    else:
        links = related.links(level)
    return stars(units, links, ranks, apart, chosen=chosen), collages


def near(
    units: Sequence[Unit], places: Sequence[int], pairs: Pairs, shots: Set[int] = frozenset()
) -> list[Joint]:
    """Units of which every two photos are pairs, together; the others alone.

    Two units of several shots each are not joined: of two bursts that look alike one would be
    shown as look-alikes of a photo of the other, and no more as what it is proved to be.

    Args:
        units: disjoint; every row of `pairs` is in one.
        places: of each row, in the order of paths.
        pairs: of rows that are within the threshold.
        shots: the first rows of the units of several shots.

    Returns:
        All units, each once; those of a joint in the order of their first path.
    """
    if not units:
        return []
    # units by number, in the order of their first path: ties end with the path
    rows, sizes = in_one(units)
    first = np.minimum.reduceat(np.asarray(places)[rows], np.cumsum(sizes) - sizes)
    order = np.argsort(first)
    number = np.argsort(order)
    home = np.zeros(len(places), np.int64)
    home[rows] = np.repeat(number, sizes)
    units = [units[each] for each in order.tolist()]
    several = np.isin([unit[0] for unit in units], list(shots))
    linked = complete_linkage(_whole(pairs, home, sizes[order], several))
    found = [tuple(map(units.__getitem__, cluster.tolist())) for cluster in linked]
    alone = np.ones(len(units), np.bool_)
    alone[np.concatenate([np.empty(0, np.int64), *linked])] = False
    return found + [(units[each],) for each in np.flatnonzero(alone).tolist()]


def as_unit(joint: Joint, ranks: Mapping[int, int]) -> Unit:
    """The rows of a joint, those of its best unit first.

    Args:
        joint: one unit or more.
        ranks: of their first rows; the smallest is the best.
    """
    together = sorted(joint, key=lambda unit: ranks[unit[0]]) if len(joint) > 1 else joint
    return tuple(row for unit in together for row in unit)


def without(pairs: Pairs, apart: Set[Link]) -> Pairs:
    """Pairs but for some: of their units not every two are pairs, so they are not joined.

    Args:
        pairs: of rows.
        apart: those to leave out.
    """
    if not apart:
        return pairs
    # one number for each pair: rows are below 2**31
    barred = np.array([one << 32 | other for one, other in apart], np.int64)
    here = ~np.isin(pairs.a << 32 | pairs.b, barred)
    return Pairs(pairs.a[here], pairs.b[here], pairs.distance[here])


def _whole(
    pairs: Pairs,
    home: npt.NDArray[np.int64],
    sizes: npt.NDArray[np.int64],
    several: npt.NDArray[np.bool_],
) -> Pairs:
    """Pairs of units of which all members are pairs, at the distance of the farthest two.

    Args:
        pairs: of rows.
        home: of each row its unit.
        sizes: of each unit how many rows it has.
        several: of each unit whether it is of several shots, and so not joined with another such.
    """
    a, b = home[pairs.a], home[pairs.b]
    apart = (a != b) & ~(several[a] & several[b])
    a, b, distance = np.minimum(a, b)[apart], np.maximum(a, b)[apart], pairs.distance[apart]
    order = np.lexsort((b, a))
    a, b, distance = a[order], b[order], distance[order]
    new = np.ones(len(a), np.bool_)
    new[1:] = (np.diff(a) != 0) | (np.diff(b) != 0)
    starts = np.flatnonzero(new)
    counts = np.diff(np.append(starts, len(a)))
    farthest = np.maximum.reduceat(distance, starts) if len(starts) else distance
    a, b = a[starts], b[starts]
    full = counts == sizes[a] * sizes[b]
    return Pairs(a[full], b[full], farthest[full])
