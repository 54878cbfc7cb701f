"""Sets of what is proved, before anything is joined by its distance: no threshold decides them."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dedupe.index.indexed import contents, moments, photos_at
from dedupe.index.library import Library
from dedupe.index.rows import NEVER
from dedupe.matching.pairs.related import Related
from dedupe.matching.pairs.relations import Relation
from dedupe.matching.sets.asking import Wins
from dedupe.matching.sets.contents import Contents
from dedupe.matching.sets.joining import Unit, joined, same_pixels_as_best
from dedupe.matching.sets.stars import Link, pair, stars
from dedupe.photos.shots import partners

# What geometry proves, strongest first.
_VERIFIED = (Relation.SAME_PICTURE, Relation.SAME_MOMENT, Relation.SAME_SCENE)


@dataclass(frozen=True, slots=True)
class Proved:
    """The sets of a library, as far as they are proved.

    Attributes:
        units: disjoint, of all contents that anything proved links to others, also those that
            are alone nevertheless; the one that the others are verified against first.
        collages: contents that keep nobody.
        apart: pairs of contents that no set may hold.
        shots: contents that others of another shot are verified against, as of their moment or
            scene.
    """

    units: list[Unit]
    collages: Set[int]
    apart: Set[Link]
    shots: Set[int] = frozenset()


def proved_sets(
    contents: Contents,
    related: Related,
    equal: Sequence[Sequence[int]],
    apart: Set[Link],
    relation: Relation,
    wins: Wins,
) -> Proved:
    """Join from the strongest relation to the weakest, whole sets at a time.

    Args:
        contents: of the library.
        related: the verdicts by pairs of rows.
        equal: rows of the same pixels together.
        apart: pairs of rows that no set may hold.
        relation: the weakest that joins.
        wins: which photos are kept before all others.
    """
    photos, copies = contents.photos, contents.copies
    # most photos of a library are linked to none: only the others are ranked
    linked = set(related.pairs.reshape(-1).tolist()).union(*equal)
    ranks = contents.ranks(linked)
    chosen = {row for row in linked if any(wins(photos[each]) for each in copies[row])}
    units: list[Unit] = [(row,) for row in linked]
    units = stars(units, same_pixels_as_best(equal, ranks), ranks, apart)
    collages: Set[int] = frozenset()
    pictures = units
    for level in _VERIFIED:
        if level <= relation:
            units, found = joined(photos, units, related, level, ranks, chosen, apart)
            collages |= found
            pictures = units if level is Relation.SAME_PICTURE else pictures
    alone = {frozenset(unit) for unit in pictures}
    shots = frozenset(unit[0] for unit in units if frozenset(unit) not in alone)
    return Proved(units, collages, apart, shots)


def apart_of(library: Library) -> set[Link]:
    """The contents that no set may hold together: said to be different, or of one shot.

    A RAW is no duplicate of its JPEG, nor an edit of its photo: somebody wanted both.
    """
    photos = photos_at(library.photos, _of_one_second(moments(library.photos)))
    of_one_shot = {(photos[one].content, photos[other].content) for one, other in partners(photos)}
    apart = library.ignored.pairs | of_one_shot
    content = contents(library.photos) if apart else []
    row_of = {content[row]: row for row in library.copies} if apart else {}
    return {
        pair(row_of[one], row_of[other])
        for one, other in apart
        if one in row_of and other in row_of and one != other
    }


def _of_one_second(taken: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The places of photos that another one shares its second with: few, as a rule."""
    _, place, count = np.unique(taken // 1_000_000, return_inverse=True, return_counts=True)
    return np.flatnonzero((count[place] > 1) & (taken != NEVER))
