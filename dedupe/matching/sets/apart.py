"""How far apart photos are as kinds: by look, less where they share time and place."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt

from dedupe.matching.sets.cluster_names import EARTH_KM, places
from dedupe.photos.photo import Photo

# Two photos of one hour, not known to be of two places, count as so much nearer. Unrelated
# photos are 29 apart (median): these stay above the 22 of a kind (clusters.py), so that what was
# taken together brings together only what also looks related.
_TOGETHER = 6.0
_TOGETHER_S = 3600.0  # of one hour: in full
_APART_S = 24 * 3600.0  # a day later: not at all
_TOGETHER_KM = 0.5  # likewise: a few streets
_APART_KM = 5.0  # and another village

# Pairs of one day that are looked at together: 8 MB a column.
_AT_ONCE = 1_000_000

_Floats = npt.NDArray[np.float64]
_Rows = npt.NDArray[np.int64]


def apart(vectors: npt.NDArray[np.floating], photos: Sequence[Photo]) -> _Floats:
    """(N, N) distances in seed units, less where two photos share time and place.

    Args:
        vectors: (N, D) float16 or float32, in seed units.
        photos: whose they are.
    """
    exact = vectors.astype(np.float64)
    squares = np.einsum("ij,ij->i", exact, exact)
    away: _Floats = exact @ exact.T
    # in place: for 4,000 photos each copy is 128 MB
    away *= -2
    away += squares
    away += squares[:, None]
    np.maximum(away, 0, out=away)
    np.sqrt(away, out=away)
    np.fill_diagonal(away, 0)
    _bring_together(away, photos)
    return away


def _bring_together(away: _Floats, photos: Sequence[Photo]) -> None:
    """Make (N, N) distances smaller where two photos share time and place."""
    start = datetime(1970, 1, 1)
    known = [row for row, photo in enumerate(photos) if photo.taken]
    if len(known) < 2:
        return
    dated = [photos[row] for row in known]
    seconds = np.array([(photo.taken - start).total_seconds() for photo in dated if photo.taken])
    points = places(dated)
    for i, j in _of_one_day(seconds):
        share = _share(np.abs(seconds[i] - seconds[j]), _TOGETHER_S, _APART_S)
        # a straight line through the Earth, which at 5 km is as long as the way on it; not by
        # a product: of the squares of small distances it would leave nothing
        lines = np.sqrt(((points[i] - points[j]) ** 2).sum(1))
        near = _share(EARTH_KM * lines, _TOGETHER_KM, _APART_KM)
        a, b = np.array(known, np.int64)[np.stack([i, j])]
        less = np.maximum(away[a, b] - _TOGETHER * share * np.nan_to_num(near, nan=1), 0)
        away[a, b] = away[b, a] = less


def _of_one_day(seconds: _Floats) -> Iterator[tuple[_Rows, _Rows]]:
    """The pairs that are less than a day apart, some at once: few of all pairs of a library."""
    order = np.argsort(seconds, kind="stable")
    ends = np.searchsorted(seconds[order], seconds[order] + _APART_S)
    counts = ends - np.arange(len(order)) - 1
    before = np.cumsum(counts) - counts
    for part in np.split(np.arange(len(order)), np.flatnonzero(np.diff(before // _AT_ONCE)) + 1):
        own = np.repeat(part, counts[part])
        place = np.arange(len(own)) - np.repeat(before[part] - before[part[:1]], counts[part])
        yield order[own], order[own + 1 + place]


def _share(apart: _Floats, whole: float, none: float) -> _Floats:
    """1 up to `whole`, falling to 0 at `none`; nan stays nan."""
    return np.clip((none - apart) / (none - whole), 0, 1)
