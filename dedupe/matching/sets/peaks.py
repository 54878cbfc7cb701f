"""Parts of a library around its densest photos, which the nearest of each photo tell."""

import numpy as np
import numpy.typing as npt

from dedupe.matching.sets.labels import several

_NOBODY = -1

# A part that is too large is cut where its links are longer than this share of the longest one
# that was allowed: some of its photos are near to very many others, as dark ones can be.
_SHORTER = 0.95

# Seed units below which links are not cut: those are the same photo very often.
_NOTHING = 1.0

_Rows = npt.NDArray[np.int64]


def around_peaks(
    other: npt.NDArray[np.integer],
    away: npt.NDArray[np.floating],
    density: npt.NDArray[np.floating],
    *,
    longest: float,
    most: int,
) -> list[_Rows]:
    """Cut photos into parts, each around one that is denser than all that are near to it.

    Every photo goes with the nearest of its neighbours that is denser than itself, that one with
    its own, and so on up to a peak. Nothing is averaged over a part, and no number of parts is
    asked for: a photo more changes the parts that its neighbours are in, and no others.

    Args:
        other: (N, K) of each row its neighbours, -1 where there is none.
        away: (N, K) how far they are; no matter what where there is none.
        density: (N,) the more, the nearer others are to it.
        longest: nobody goes with who is farther.
        most: rows of a part; a larger one is cut where its links are longest, and one without
            any length anyhow.

    Returns:
        The parts of two and more rows, each sorted, in the order of their first row. Of equally
        dense photos the first row is denser, and of equally near neighbours the first column
        counts.

    Mode seeking: Koontz, Narendra and Fukunaga, "A graph-theoretic approach to nonparametric
    cluster analysis", 1976; quick shift: Vedaldi and Soatto, 2008.
    """
    if not other.size:
        return []
    own = np.arange(len(other))
    place = np.empty(len(other), np.int64)
    place[np.argsort(-density, kind="stable")] = own
    above = (other != _NOBODY) & (place[other] < place[:, None])
    length = np.where(above, away, np.inf)
    nearest = length.argmin(1)
    length = length[own, nearest]
    up = np.where(length <= longest, other[own, nearest], own).astype(np.int64)
    while longest > _NOTHING and (of_large := _is_in_large(up, most)).any():
        longest *= _SHORTER
        cut = of_large & (length > longest)
        up[cut] = own[cut]
    parts = [
        piece
        for part in several(_peaks(up))
        for piece in np.array_split(part, -(-len(part) // most))
    ]
    return sorted((part for part in parts if len(part) > 1), key=lambda part: int(part[0]))


def _peaks(up: _Rows) -> _Rows:
    """Of each row the one that it comes to in the end."""
    while not np.array_equal(higher := up[up], up):
        up = higher
    return up


def _is_in_large(up: _Rows, most: int) -> npt.NDArray[np.bool_]:
    """(N,) bool: which rows are in parts of more than so many."""
    peak = _peaks(up)
    large: npt.NDArray[np.bool_] = np.bincount(peak, minlength=len(up))[peak] > most
    return large
