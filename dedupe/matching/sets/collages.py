"""Pictures made of several others: they must not join what they show."""

from collections.abc import Mapping, Sequence, Set

from dedupe.matching.pairs.carried import holder_of_field
from dedupe.matching.pairs.edits import placement
from dedupe.matching.pairs.related import Verdict
from dedupe.matching.pairs.relations import Relation
from dedupe.matching.sets.stars import Link, neighbours, pair
from dedupe.photos.photo import Photo

# Who fills so little of a picture, and was shrunk so much to fit in, is a part of it; who was
# cut from it fills as little, and was not shrunk.
_PART = 0.6
_SHRUNK = 0.8


def without_collages(
    photos: Sequence[Photo], related: Mapping[Link, Verdict]
) -> tuple[set[Link], set[int]]:
    """The pairs that are one picture, each collage linked to one of its parts alone.

    A collage of two photos is verified against both, and would make one set of them. Two collages
    of which most fields are the same, or two screens of one app, are one picture with something
    over it, as far as can be seen; where each shows a photo that the other does not, they are not.

    Args:
        photos: that the rows are of.
        related: the verdicts by pairs of rows.

    Returns:
        The pairs, and the rows of the collages: none of them should be the one to keep.
    """
    links = {each for each, verdict in related.items() if verdict.relation <= Relation.SAME_PICTURE}
    near = neighbours(links)
    parts: dict[int, list[tuple[float, int]]] = {}
    for (one, other), verdict in related.items():
        if verdict.relation is Relation.SAME_PICTURE:
            for part, whole in ((one, other), (other, one)):
                filled = _filled(photos, part, whole, verdict)
                if filled is not None:
                    parts.setdefault(whole, []).append((-filled, part))
    collages = set()
    for whole, of_it in sorted(parts.items()):
        # the photo of which most others are parts as well: not a picture that shares two of them
        others = {part for _, part in of_it}
        best = min(of_it, key=lambda each: (-len(near[each[1]] & others), *each))[1]
        if all(part == best or part in near[best] for _, part in of_it):
            shown = {each: {part for _, part in parts[each]} for each in near[whole] & parts.keys()}
            rivals = _showing_others(whole, others, shown, near)
            if rivals:
                collages.add(whole)
                links -= {pair(whole, other) for other in rivals}
            continue
        collages.add(whole)
        links -= {
            pair(whole, other) for other in near[whole] if other != best and other not in near[best]
        }
    return links, collages


def _showing_others(
    whole: int, own: set[int], shown: Mapping[int, Set[int]], near: Mapping[int, Set[int]]
) -> set[int]:
    """Of pictures linked to one those that show a photo it does not show, and not that of it.

    Args:
        whole: a row.
        own: the photo in it, with edits.
        shown: by pictures that it is linked to, what these show.
        near: by row all that it is linked to.
    """
    around = own.union(*(near[part] for part in own))
    return {
        each
        for each, its in shown.items()
        if each not in around and not its & around and not its & near[whole]
    }


def _filled(photos: Sequence[Photo], part: int, whole: int, verdict: Verdict) -> float | None:
    """The share of `whole` that `part` fills, if it was shrunk to fit in."""
    photo, other = photos[part], photos[whole]
    if verdict.evidence is None:
        return None
    shares = verdict.evidence.of_first, verdict.evidence.of_second
    kept, filled = shares if photo.content < other.content else shares[::-1]
    if holder := holder_of_field(photo, other, verdict.evidence):
        return filled if holder is other else None
    if filled >= _PART or kept <= _PART:
        return None
    return filled if placement(photo, other, verdict.evidence).scale < _SHRUNK else None
