"""Photos that may be of a set, by their scene or a part: looked at with whom most are linked to."""

import numpy as np
import numpy.typing as npt

from dedupe.matching.near.codes import are_among, codes_of, distinct, pairs_of
from dedupe.matching.pairs.related import Related
from dedupe.matching.pairs.relations import Relation

_Rows = npt.NDArray[np.int64]


def unasked_hubs(related: Related, asked: _Rows, alike: _Rows, count: int) -> _Rows:
    """Pairs of a photo and of the hub of another that shows the same scene, or shares words.

    Two edits of one photo may be told as its scene alone, or not even that: a photo of a screen,
    and a print with something laid over it. So whoever shows the scene of a photo in a set, or
    something that is in it, is looked at with the photo that most of these are linked to, where it
    has fewer links itself.

    Args:
        related: the verdicts of `asked`.
        asked: (M, 2) rows.
        alike: (L, 2) rows, who shares words with whom.
        count: above all rows.

    Returns:
        (N, 2) rows a < b, sorted, none of them in `asked`.
    """
    same = related.pairs[related.relations <= Relation.SAME_PICTURE]
    scene = np.concatenate([related.pairs[related.relations > Relation.SAME_PICTURE], alike])
    if not (len(same) and len(scene)):
        return np.empty((0, 2), np.int64)
    links = np.bincount(same.ravel(), minlength=count)
    hub = _hubs(same, links)
    one, other = np.concatenate([scene, scene[:, ::-1]]).T
    there = hub[other]
    worth = (there != other) & (there != one) & (links[one] < links[there])
    codes = distinct(codes_of(np.stack([one[worth], there[worth]], 1), count))
    known = distinct(codes_of(asked, count))
    return pairs_of(codes[~are_among(codes, known)], count)


def _hubs(same: _Rows, links: _Rows) -> _Rows:
    """Of each row the one of most links, of itself and those it is linked to; then the first."""
    everyone = np.arange(len(links))
    own = np.concatenate([everyone, *same.T])
    other = np.concatenate([everyone, *same.T[::-1]])
    order = np.lexsort((other, -links[other], own))
    first = np.flatnonzero(np.diff(own[order], prepend=-1))
    hubs: _Rows = other[order[first]]
    return hubs
