"""Which photos of some are worth laying on which of others: the nearest on the other side."""

import numpy as np
import numpy.typing as npt

from dedupe.encoders.encoder import SEED_THRESHOLD
from dedupe.index.library import Library
from dedupe.matching.near.codes import distinct
from dedupe.matching.near.distances import compared, refuse
from dedupe.matching.near.hashes import ALIKE, alike, hashes_of
from dedupe.matching.near.listing import REACH
from dedupe.matching.near.neighbours import Kept, Neighbours
from dedupe.matching.near.nominate import Reach
from dedupe.progress import Progress, Silent

_NEAREST = Kept(near=SEED_THRESHOLD, most=8, far=REACH, some=4)
_MOST_ALIKE = Kept(near=ALIKE, most=8, far=ALIKE, some=8)

_Rows = npt.NDArray[np.int64]


def nearest_across(
    library: Library,
    left: _Rows,
    right: _Rows,
    *,
    device: str = "auto",
    progress: Progress | None = None,
) -> tuple[_Rows, npt.NDArray[np.float32]]:
    """The photos on the right that each photo on the left may be a copy of.

    Of each its 8 nearest within 16 seed units, or its 4 nearest up to 22, and the 8 whose hashes
    are most alike; of equally near ones the first by content. No two photos of one side are
    compared, so that a card of 100 against a library of 500,000 costs 100 times 500,000. The
    answer does not depend on the device or on the order of the rows.

    Memory: the vectors once more, and 130 bytes a photo.

    Args:
        library: as `open_library` gives it.
        left: (L,) rows of the library, each of another content.
        right: (R,) likewise, none of them in `left`.
        device: "auto", "cpu", "cuda" or "mps".
        progress: told of every photo on the left.

    Returns:
        (M, 2) int64, a row of the left and one of the right, sorted; and (M,) float32, their
        distance in seed units, infinite where it is beyond 22 or beyond nearer ones.

    Raises:
        ValueError: vectors are not finite.
        DeviceMissing: the device is not on this machine.
    """
    both = np.concatenate([left, right])
    if not (len(left) and len(right)):
        return np.empty((0, 2), np.int64), np.empty(0, np.float32)
    contents = [library.photos[row].content for row in both.tolist()]
    rank = np.empty(len(both), np.int64)
    rank[sorted(range(len(both)), key=contents.__getitem__)] = np.arange(len(both))
    near, like = (Neighbours(len(both), kept, rank) for kept in (_NEAREST, _MOST_ALIKE))
    progress = progress or Silent()
    _by_vectors(near, library.vectors, both, len(left), device, progress)
    place = {row: number for number, row in enumerate(both.tolist())}
    hashes = (hashes_of(library.photos, rows.tolist()) for rows in (left, right))
    for a, b, bits in alike(*hashes, progress=progress):
        like.add(_places(a, place), _places(b, place), bits)
    away = _listed(near, len(left))
    pairs = sorted(
        (int(both[a]), int(both[b]), away.get((a, b), np.inf))
        for a, b in {*away, *_listed(like, len(left))}
    )
    found = np.array([pair[:2] for pair in pairs], np.int64).reshape(-1, 2)
    return found, np.array([pair[2] for pair in pairs], np.float32)


def _by_vectors(
    near: Neighbours,
    vectors: npt.NDArray[np.floating],
    both: _Rows,
    lefts: int,
    device: str,
    progress: Progress,
) -> None:
    """Add all pairs of a left and a right row that the left one keeps."""
    refuse(vectors, REACH)
    # by row of the library; what is on the right keeps nobody
    bounds = np.zeros(len(vectors), np.float32)
    bounds[both[:lefts]] = near.bounds(np.arange(lefts))
    progress.start("Comparing photos", lefts)
    for a, b, away in compared(
        vectors,
        Reach(REACH, rows=bounds),
        lefts=lefts,
        inside=False,
        order=both,
        device=device,
        progress=progress,
    ):
        kept = away <= bounds[both[a]]
        near.add(a[kept], b[kept], away[kept])
        touched = distinct(a[kept])
        bounds[both[touched]] = near.bounds(touched)


def _listed(neighbours: Neighbours, lefts: int) -> dict[tuple[int, int], float]:
    """How far the neighbours of the first rows are, by row and neighbour."""
    known = neighbours.listed()
    here = known.own < lefts
    pairs = zip(known.own[here].tolist(), known.other[here].tolist(), strict=True)
    return dict(zip(pairs, known.away[here].tolist(), strict=True))


def _places(rows: _Rows, place: dict[int, int]) -> _Rows:
    return np.array([place[row] for row in rows.tolist()], np.int64)
