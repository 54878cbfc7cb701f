"""Parts of a library around its densest photos, which the nearest of each photo tell."""

import numpy as np
import numpy.typing as npt

from dedupe.matching.sets.labels import several

# A part that is too large is cut where its links are longer than this share of the longest one
# that was allowed: some of its photos are near to very many others, as dark ones can be.
_SHORTER = 0.95

# Seed units below which links are not cut: those are the same photo very often.
_NOTHING = 1.0

_Rows = npt.NDArray[np.int64]


def around_peaks(
    density: npt.NDArray[np.floating],
    own: _Rows,
    other: npt.NDArray[np.integer],
    away: npt.NDArray[np.floating],
    *,
    longest: float,
    most: int,
) -> list[_Rows]:
    """Cut photos into parts, each around one that is denser than all that are near to it.

    Every photo goes with the nearest of its neighbours that is denser than itself, that one with
    its own, and so on up to a peak. Nothing is averaged over a part, and no number of parts is
    asked for: a photo more changes the parts that its neighbours are in, and no others.

    Args:
        density: (N,) the more, the nearer others are to it.
        own: (E,) rows, in order.
        other: (E,) of each of them a neighbour.
        away: (E,) how far that one is.
        longest: nobody goes with who is farther.
        most: rows of a part; a larger one is cut where its links are longest, and one without
            any length anyhow.

    Returns:
        The parts of two and more rows, each sorted, in the order of their first row. Of equally
        dense photos the first row is denser, and of equally near neighbours the first given
        counts.

    Mode seeking: Koontz, Narendra and Fukunaga, "A graph-theoretic approach to nonparametric
    cluster analysis", 1976; quick shift: Vedaldi and Soatto, 2008.
    """
    everyone = np.arange(len(density))
    place = np.empty(len(density), np.int64)
    place[np.argsort(-density, kind="stable")] = everyone
    above = (place[other] < place[own]) & (away <= longest)
    own, other, away = own[above], other[above], away[above]
    if not len(own):
        return []
    first = np.diff(own, prepend=-1) != 0
    starts = np.flatnonzero(first)
    least = np.minimum.reduceat(away, starts)
    nearest = np.flatnonzero(away == least[np.cumsum(first) - 1])
    nearest = nearest[np.diff(own[nearest], prepend=-1) != 0]
    up, length = everyone.copy(), np.zeros(len(density))
    up[own[nearest]], length[own[nearest]] = other[nearest], least
    while longest > _NOTHING and (of_large := _is_in_large(up, most)).any():
        longest *= _SHORTER
        cut = of_large & (length > longest)
        up[cut] = everyone[cut]
    parts = [
        piece
        for part in several(_peaks(up))
        for piece in (np.array_split(part, -(-len(part) // most)) if len(part) > most else [part])
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
