"""Pictures made of several others: they must not join what they show."""

from collections.abc import Mapping, Sequence, Set

from dedupe.matching.pairs.edits import Asked, placements
from dedupe.matching.pairs.evidence import places_in
from dedupe.matching.pairs.related import Related
from dedupe.matching.pairs.relations import Relation
from dedupe.matching.sets.stars import Link, neighbours, pair
from dedupe.photos.photo import Photo

# Who fills so little of a picture, and was shrunk so much to fit in, is a part of it; who was
# cut from it fills as little, and was not shrunk.
_PART = 0.6
_SHRUNK = 0.8


def without_collages(photos: Sequence[Photo], related: Related) -> tuple[set[Link], set[int]]:
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
    links = related.links(Relation.SAME_PICTURE)
    near = neighbours(links)
    parts = _parts(photos, related)
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


def _parts(photos: Sequence[Photo], related: Related) -> dict[int, list[tuple[float, int]]]:
    """By row the photos that were shrunk to fit in, each behind the share that it fills, negated.

    Only where two fill unlike shares of each other, or one is in a field, evidence is unpacked:
    of 87,000 pairs of edits that was one in ten, and to ask each for itself took 5 s.
    """
    proved = related.at((related.relations == Relation.SAME_PICTURE) & related.proved)
    shares, field_in = places_in(proved.evidence)
    unlike = (shares.min(1) < _PART) & (shares.max(1) > _PART)
    fitted: list[tuple[int, int, float]] = []
    doubtful: list[tuple[int, int, float]] = []
    asked: list[Asked] = []
    for both, verdict in proved.at(unlike | (field_in > 0)).unpacked().items():
        found = verdict.evidence
        assert found is not None
        ordered = sorted(both, key=lambda row: photos[row].content)
        share = found.of_first, found.of_second
        for place, part in enumerate(ordered):
            whole, filled, kept = ordered[1 - place], share[1 - place], share[place]
            if found.field_in == 2 - place:
                fitted.append((whole, part, filled))
            elif not found.field_in and filled < _PART < kept:
                doubtful.append((whole, part, filled))
                asked.append((photos[part], photos[whole], found))
    for each, where in zip(doubtful, placements(asked), strict=True):
        if where.scale < _SHRUNK:
            fitted.append(each)
    parts: dict[int, list[tuple[float, int]]] = {}
    for whole, part, filled in fitted:
        parts.setdefault(whole, []).append((-filled, part))
    return parts
