"""Lists of the nearest filled: each photo compared with all others, or most of them found."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dedupe.encoders.encoder import SEED_THRESHOLD
from dedupe.index.neighbours import Parts
from dedupe.matching.near.approximate import alike_hashes, near_vectors
from dedupe.matching.near.codes import distinct
from dedupe.matching.near.distances import compared, refuse
from dedupe.matching.near.hashes import ALIKE, Hashes, alike, hashes_of
from dedupe.matching.near.neighbours import Kept, Neighbours
from dedupe.matching.near.nominate import Reach
from dedupe.photos.photo import Photo
from dedupe.progress import Progress

REACH = 22.0
"""Seed units up to which a pair is a candidate: one unrelated pair in 100 is nearer."""

NEAREST = Kept(near=SEED_THRESHOLD, most=24, far=REACH, some=8)
"""Of each photo, by distance: 43 edits of one photo are more than a person makes."""

MOST_ALIKE = Kept(near=ALIKE, most=24, far=ALIKE, some=24)
"""Of each photo, by bits of the hash."""

ALIKE_PARTS = Kept(near=ALIKE, most=8, far=ALIKE, some=8)
"""Of each photo, by bits of the hash of a part of it, or of what it is a part of."""

# Photos that tell how many of the nearest faiss found: they are compared with all others.
_TELLING = 256

_Rows = npt.NDArray[np.int64]


def compare_hashes(
    like: Neighbours,
    within: Neighbours,
    photos: Sequence[Photo],
    parts: Parts,
    new: _Rows,
    new_within: _Rows,
    progress: Progress,
) -> None:
    """Add the pairs of some rows with all others: whole by whole, and part by whole."""
    if not len(new) + len(new_within):
        return
    wholes = hashes_of(photos, range(len(photos)))
    if len(new):
        for right in (None, wholes.of(all_but(len(photos), new))):
            for pairs in alike(wholes.of(new), right, progress=progress):
                like.add(*pairs)
    if len(new_within):
        before = all_but(len(photos), new_within)
        for left, right in (
            (_hashes_of(parts, new_within), wholes),
            (_hashes_of(parts, before), wholes.of(new_within)),
        ):
            for pairs in alike(left, right, progress=progress):
                within.add(*pairs)


def all_but(count: int, rows: _Rows) -> _Rows:
    """All rows but some."""
    stays = np.ones(count, np.bool_)
    stays[rows] = False
    return np.flatnonzero(stays)


def with_parts(parts: Parts, rows: _Rows, more: Parts) -> Parts:
    """The parts of photos, with those of some of which they were not known.

    Args:
        parts: of all photos.
        rows: of each of some others its row; -1 where it is not here.
        more: of these.
    """
    here = rows >= 0
    count = parts.count.copy()
    count[rows[here]] = more.count[here]
    own = np.concatenate([parts.rows, rows[more.rows]])
    order = np.argsort(own, kind="stable")
    order = order[own[order] >= 0]
    return Parts(count, np.concatenate([parts.hashes, more.hashes])[order])


def _hashes_of(parts: Parts, rows: _Rows) -> Hashes:
    """Of some rows, in their order, the hashes of their parts."""
    place = np.full(len(parts.count), -1)
    place[rows] = np.arange(len(rows))
    own = parts.rows
    order = np.argsort(place[own], kind="stable")
    order = order[place[own[order]] >= 0]
    return Hashes(own[order], parts.hashes[order])


def approximate(
    lists: Sequence[Neighbours],
    vectors: npt.NDArray[np.floating],
    photos: Sequence[Photo],
    parts: Parts,
    by_content: _Rows,
    device: str,
    progress: Progress,
) -> float:
    """Add most of the pairs that any of two photos keeps; the share of them that was found."""
    near, like, within = lists
    before = [approximate_vectors(near, vectors, by_content, device, progress)]
    wholes = hashes_of(photos, by_content.tolist())
    progress.start("Looking for hashes alike", 0)
    for pairs in alike_hashes(wholes, wholes, like.kept.most):
        like.add(*pairs)
    for pairs in alike_hashes(_hashes_of(parts, by_content), wholes, within.kept.most):
        within.add(*pairs)
    # now some of them with all others, whatever faiss found
    some = _telling(by_content)
    before += [each.of(some)[0] for each in (like, within)]
    compare_hashes(like, within, photos, parts, some, some, progress)
    was_found = there = 0
    for each, listed in zip(lists, before, strict=True):
        for now, own in zip(each.of(some)[0].tolist(), listed.tolist(), strict=True):
            nearest = {other for other in now if other >= 0}
            there += len(nearest)
            was_found += len(nearest.intersection(own))
    return was_found / there if there else 1.0


def approximate_vectors(
    near: Neighbours,
    vectors: npt.NDArray[np.floating],
    by_content: _Rows,
    device: str,
    progress: Progress,
) -> npt.NDArray[np.int32]:
    """Add most pairs of vectors, and all of some rows; what was found of these rows before."""
    refuse(vectors, REACH)
    progress.start("Looking for near photos", 0)
    for pairs in near_vectors(vectors, by_content, REACH):
        near.add(*pairs)
    some = _telling(by_content)
    found, _ = near.of(some)
    compare_vectors(near, vectors, some, device, progress)
    return found


def _telling(by_content: _Rows) -> _Rows:
    return by_content[:: -(-len(by_content) // _TELLING)]


def compare_vectors(
    near: Neighbours,
    vectors: npt.NDArray[np.floating],
    new: npt.NDArray[np.int64],
    device: str,
    progress: Progress,
) -> None:
    """Add all pairs of some rows that any of the two keeps."""
    if not len(new):
        return
    refuse(vectors[new], REACH)  # the others were compared before
    order = np.concatenate([new, all_but(len(vectors), new)])
    # what nobody keeps any more is not measured: looked at anew for every block
    bounds = near.bounds()
    reach = Reach(REACH, rows=bounds)
    progress.start("Comparing photos", len(new))
    for a, b, away in compared(
        vectors, reach, lefts=len(new), order=order, device=device, progress=progress
    ):
        a, b = order[a], order[b]
        near.add(a, b, away)
        touched = distinct(np.concatenate([a, b]))
        bounds[touched] = near.bounds(touched)
