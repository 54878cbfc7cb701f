"""Which photos of a set could be its middle: those that all others are verified against as well."""

from collections.abc import Collection, Mapping, Sequence

from dedupe.matching.pairs.edits import placement
from dedupe.matching.pairs.related import Verdict
from dedupe.matching.pairs.relations import Relation, same_pixels
from dedupe.matching.sets.stars import Link, pair
from dedupe.photos.photo import Photo

# Who lies in another whole, fills so little of it, and was not shrunk to fit in, was cut from
# it; if what lies around is of one colour (less than this share of it is not), that is a frame.
_WHOLE, _FILLED, _SCALE, _NEWS = 0.97, 0.9, 0.9, 0.05


def possible_middles(
    photos: Sequence[Photo],
    unit: Sequence[int],
    related: Mapping[Link, Verdict],
    collages: Collection[int] = (),
) -> list[list[int]]:
    """The rows of a set that can be the one to keep, without breaking what the set promises.

    A row can be if every row that is verified against the first one is verified against it,
    too: what shows the same picture as the first one no weaker than the weakest of these, any
    other no weaker than against the first one itself. A photo that was cut from another one
    that can be is left out, and so are collages.

    Args:
        photos: that the rows are of.
        unit: the rows of a set, the one that the others are verified against first.
        related: the verdicts by pairs of rows.
        collages: rows that should keep nobody.

    Returns:
        Rows of one picture together; those of the first one's, which may be that alone, first.
    """
    first, *others = unit
    to_first = {row: relation(photos, first, row, related) for row in others}
    verified = [row for row in others if to_first[row] < Relation.LOOK_ALIKE]
    weakest = max((to_first[row] for row in verified), default=Relation.SAME_FILE)

    def holds(row: int) -> bool:
        same = to_first[row] <= Relation.SAME_PICTURE
        return all(
            relation(photos, row, other, related) <= (weakest if same else to_first[other])
            for other in verified
            if other != row
        )

    able = [first] + [row for row in verified if row not in collages and holds(row)]
    uncut = [
        row for row in able if not any(_is_cut_from(photos, row, it, related) for it in able)
    ] or [first]
    pictures: list[list[int]] = []
    for row in uncut:
        for picture in pictures:
            if relation(photos, picture[0], row, related) <= Relation.SAME_PICTURE:
                picture.append(row)
                break
        else:
            pictures.append([row])
    return pictures


def relation(
    photos: Sequence[Photo], one: int, other: int, related: Mapping[Link, Verdict]
) -> Relation:
    """What two rows of different content are proved to be to each other."""
    if same_pixels(photos[one], photos[other]):
        return Relation.SAME_PIXELS
    verdict = related.get(pair(one, other))
    return verdict.relation if verdict else Relation.LOOK_ALIKE


def _is_cut_from(
    photos: Sequence[Photo], row: int, other: int, related: Mapping[Link, Verdict]
) -> bool:
    """Whether one photo shows a part of another one, which shows more than a frame around it."""
    verdict = related.get(pair(row, other)) if row != other else None
    if verdict is None or verdict.evidence is None or verdict.relation > Relation.SAME_PICTURE:
        return False
    photo, whole, evidence = photos[row], photos[other], verdict.evidence
    straight = photo.content <= whole.content
    shares = evidence.of_first, evidence.of_second
    kept, filled = shares if straight else shares[::-1]
    if kept < _WHOLE or filled >= _FILLED or evidence.news[straight] <= _NEWS:
        return False
    return placement(photo, whole, evidence).scale >= _SCALE
