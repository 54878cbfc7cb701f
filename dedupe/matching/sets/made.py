"""What there is to say of each set: who is kept, what the others are to it, how wide it is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dedupe.matching.near.measure import farthest
from dedupe.matching.pairs.edits import Asked, named_edits
from dedupe.matching.pairs.evidence import Evidence
from dedupe.matching.pairs.related import Verdict
from dedupe.matching.pairs.relations import Relation, same_pixels
from dedupe.matching.sets.contents import Contents
from dedupe.matching.sets.joining import Unit
from dedupe.matching.sets.stars import Link, pair
from dedupe.photos.photo import Photo


@dataclass(frozen=True, slots=True)
class Member:
    """What one photo of a group is to the one that is kept.

    Attributes:
        relation: the strongest that is proved; look-alike where nothing but the distance
            relates them.
        edit: what was done to it, where it is the same picture: "cropped to 62 %"; else "".
    """

    relation: Relation
    edit: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """All that there is to say of one set.

    Attributes:
        rows: of its photos, sorted by path.
        kept: the row of the one to keep.
        members: of each of `rows`, what it is to that one; of that one itself the same file.
        spread: the largest L2 distance between two of them, in seed units.
    """

    rows: tuple[int, ...]
    kept: int
    members: tuple[Member, ...]
    spread: float


def made_of(
    units: Iterable[Unit],
    contents: Contents,
    related: Mapping[Link, Verdict],
    vectors: npt.NDArray[np.floating],
) -> list[Made]:
    """All that there is to say of some sets.

    Args:
        units: the row to keep first in each.
        contents: of the library.
        related: the verdicts by pairs of rows.
        vectors: (N, D) of the library, in seed units.
    """
    photos, copies = contents.photos, contents.copies
    kept: list[int] = []
    members: list[dict[int, Member]] = []
    edited: list[tuple[dict[int, Member], Sequence[int], Asked]] = []
    for best, *others in units:
        its = copies[best]
        kept.append(best if len(its) == 1 else contents.best_of(its))
        members.append(dict.fromkeys(its, Member(Relation.SAME_FILE)))
        for row in others:
            relation, evidence = _proved(photos, best, row, related)
            members[-1] |= dict.fromkeys(copies[row], Member(relation))
            if relation is Relation.SAME_PICTURE and evidence is not None:
                asked = photos[kept[-1]], photos[row], evidence
                edited.append((members[-1], copies[row], asked))
    # the words for all at once: one by one they were half of what a group costs
    words = named_edits([asked for *_, asked in edited])
    for (found, rows, _), edit in zip(edited, words, strict=True):
        found |= dict.fromkeys(rows, Member(Relation.SAME_PICTURE, edit))
    ordered = [sorted(found, key=contents.places.__getitem__) for found in members]
    spreads = farthest(vectors, ordered)
    return [
        Made(tuple(its), first, tuple(map(found.__getitem__, its)), spread)
        for its, first, found, spread in zip(ordered, kept, members, spreads, strict=True)
    ]


def _proved(
    photos: Sequence[Photo], best: int, row: int, related: Mapping[Link, Verdict]
) -> tuple[Relation, Evidence | None]:
    """What another content is to the best one, and by what it is proved."""
    if same_pixels(photos[best], photos[row]):
        return Relation.SAME_PIXELS, None
    verdict = related.get(pair(best, row))
    return (verdict.relation, verdict.evidence) if verdict else (Relation.LOOK_ALIKE, None)
