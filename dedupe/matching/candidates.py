"""Which pairs of photos are worth verifying: near by embedding, or alike by hash."""

from collections.abc import Sequence
from contextlib import suppress

import numpy as np
import numpy.typing as npt

from dedupe.encoders.encoder import SEED_THRESHOLD
from dedupe.errors import IndexProblem
from dedupe.index.library import Library
from dedupe.index.neighbours import Nearest, NeighbourFile, neighbour_key
from dedupe.matching.distances import compared, refuse
from dedupe.matching.hashes import ALIKE, alike
from dedupe.matching.neighbours import Kept, Neighbours
from dedupe.matching.nominate import Reach
from dedupe.progress import Progress, Silent

REACH = 22.0
"""Seed units up to which a pair is a candidate: one unrelated pair in 100 is nearer."""

NEAREST = Kept(near=SEED_THRESHOLD, most=24, far=REACH, some=8)
"""Of each photo, by distance: 43 edits of one photo are more than a person makes."""

MOST_ALIKE = Kept(near=ALIKE, most=24, far=ALIKE, some=24)
"""Of each photo, by bits of the hash."""

# Goes up with every change of what the neighbour file is to hold.
_METHOD = f"1 {NEAREST} {MOST_ALIKE}"

# Photos below which it is not worth a file: they are compared in a second.
_WORTH = 2048


def candidates(
    library: Library,
    rows: npt.NDArray[np.int64],
    *,
    device: str = "auto",
    progress: Progress | None = None,
) -> npt.NDArray[np.int64]:
    """The pairs of a library that are verified: a bounded number for each photo.

    Of each photo those within 16 seed units of it, at most the nearest 24, or the nearest 8 up
    to 22; and the 24 whose hashes are most alike. A pair counts if it is among those of either
    photo; of equally near ones the first by content is taken.

    What was found once is remembered beside the index: only photos that are new to it, and
    those that lost a neighbour, are compared with all others. The answer is the same without.

    Memory: the vectors once more, and 400 bytes a photo.

    Args:
        library: as `scan` or `open_library` gives it.
        rows: (N,) one row of each content.
        device: "auto", "cpu", "cuda" or "mps".
        progress: told of every photo that is compared.

    Returns:
        (M, 2) int64, places in `rows`, a < b, sorted.

    Raises:
        ValueError: vectors are not finite.
        DeviceMissing: the device is not on this machine.
    """
    photos = [library.photos[row] for row in rows.tolist()]
    vectors = library.vectors if len(rows) == len(library.photos) else library.vectors[rows]
    rank = np.empty(len(photos), np.int64)
    rank[sorted(range(len(photos)), key=lambda row: photos[row].content)] = np.arange(len(photos))
    near, like = (Neighbours(len(photos), kept, rank) for kept in (NEAREST, MOST_ALIKE))
    new = [np.arange(len(photos))] * 2
    file: NeighbourFile | None = None
    if len(photos) >= _WORTH and vectors.dtype == np.float16 and library.index.is_file():
        file = NeighbourFile(library.index, library.encoder.fingerprint)
        keys = [
            neighbour_key(photo.content, vector, photo.dct_hash)
            for photo, vector in zip(photos, vectors, strict=True)
        ]
        known, found = file.read(_METHOD)
        if found:
            if known == keys:
                file = None  # as it is
            new = [
                _recalled(each, keys, known, its)
                for each, its in zip((near, like), found, strict=True)
            ]
    _compare_vectors(near, vectors, new[0], device, progress or Silent())
    for found_alike in alike(photos, lefts=new[1], progress=progress):
        like.add(*found_alike)
    if file is not None:
        with suppress(IndexProblem):
            file.write(_METHOD, keys, [Nearest(*each.listed()) for each in (near, like)])
    return np.unique(np.concatenate([near.pairs(), like.pairs()]), axis=0)


def _recalled(
    neighbours: Neighbours, keys: Sequence[bytes], known: Sequence[bytes], nearest: Nearest
) -> npt.NDArray[np.int64]:
    """Take over what is remembered; the rows that must be compared with all others."""
    row_of = {key: row for row, key in enumerate(keys)}
    rows = np.array([row_of.get(key, -1) for key in known], np.int64)
    here = rows >= 0
    each = np.repeat(here, nearest.count)
    return neighbours.recall(
        rows[here], nearest.count[here], rows[nearest.other[each]], nearest.away[each]
    )


def _compare_vectors(
    near: Neighbours,
    vectors: npt.NDArray[np.floating],
    new: npt.NDArray[np.int64],
    device: str,
    progress: Progress,
) -> None:
    """Add all pairs of some rows that any of the two keeps."""
    refuse(vectors, REACH)
    if not len(new):
        return
    is_new = np.zeros(len(vectors), np.bool_)
    is_new[new] = True
    order = np.concatenate([new, np.flatnonzero(~is_new)])
    # what nobody keeps any more is not measured: looked at anew for every block
    bounds = near.bounds()
    reach = Reach(REACH, rows=bounds)
    progress.start("Comparing photos", len(new))
    for a, b, away in compared(
        vectors, reach, lefts=len(new), order=order, device=device, progress=progress
    ):
        a, b = order[a], order[b]
        near.add(a, b, away)
        touched = np.unique(np.concatenate([a, b]))
        bounds[touched] = near.bounds(touched)
