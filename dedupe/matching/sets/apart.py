"""How far apart photos are as kinds: by look, less where they share time and place."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from dedupe.index.indexed import degrees, moments, photos_at
from dedupe.index.rows import NEVER
from dedupe.matching.sets.cluster_names import EARTH_KM, places
from dedupe.photos.photo import Photo

NEARER = 6.0
"""Two photos of one hour, not known to be of two places, count as so much nearer. Unrelated photos
are 29 apart (median): these stay above the 22 of a kind (clusters.py), so that what was taken
together brings together only what also looks related."""

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
    together = Together(photos)
    for a, b in together.of_one_day():
        less = np.maximum(away[a, b] - together.nearer(a, b), 0)
        away[a, b] = away[b, a] = less


class Together:
    """When and where photos were taken, and by how much that brings them nearer to each other."""

    def __init__(self, photos: Sequence[Photo]) -> None:
        """Look at all of them.

        Args:
            photos: N of them, in an order that settles ties.
        """
        taken = moments(photos)
        rows = np.flatnonzero(taken != NEVER)
        seconds = taken[rows] / 1e6
        order = np.argsort(seconds, kind="stable")
        self._rows, self._seconds = rows[order], seconds[order]
        self._place = np.full(len(photos), -1)
        self._place[self._rows] = np.arange(len(rows))
        # few know where they are, as a rule
        located = rows[~np.isnan(degrees(photos)[rows, 0])]
        self._points = np.full((len(rows), 3), np.nan)
        self._points[self._place[located]] = places(photos_at(photos, located))

    def known(self) -> _Floats:
        """(N, 4): of each photo, all of which are dated, when and where."""
        found = np.empty((len(self._rows), 4))
        found[self._rows, 0] = self._seconds
        found[self._rows, 1:] = self._points
        return found

    def nearer(self, a: _Rows, b: _Rows) -> _Floats:
        """Seed units by which photos count as nearer to each other than they look.

        Args:
            a: (M,) rows.
            b: (M,) likewise.
        """
        less = np.zeros(len(a))
        i, j = self._place[a], self._place[b]
        both = np.flatnonzero((i >= 0) & (j >= 0))
        share = _share(
            np.abs(self._seconds[i[both]] - self._seconds[j[both]]), _TOGETHER_S, _APART_S
        )
        of_one_day = share > 0  # few are
        both, share = both[of_one_day], share[of_one_day]
        # a straight line through the Earth, which at 5 km is as long as the way on it; not by
        # a product: of the squares of small distances it would leave nothing
        lines = np.sqrt(((self._points[i[both]] - self._points[j[both]]) ** 2).sum(1))
        near = _share(EARTH_KM * lines, _TOGETHER_KM, _APART_KM)
        less[both] = NEARER * share * np.nan_to_num(near, nan=1)
        return less

    def of_one_day(self) -> Iterator[tuple[_Rows, _Rows]]:
        """The pairs that are less than a day apart, some at once: few of all pairs of a library."""
        count = len(self._seconds)
        if count < 2:
            return
        ends = np.searchsorted(self._seconds, self._seconds + _APART_S)
        counts = ends - np.arange(count) - 1
        before = np.cumsum(counts) - counts
        cuts = np.flatnonzero(np.diff(before // _AT_ONCE)) + 1
        for part in np.split(np.arange(count), cuts):
            own = np.repeat(part, counts[part])
            place = np.arange(len(own)) - np.repeat(before[part] - before[part[:1]], counts[part])
            yield self._rows[own], self._rows[own + 1 + place]

    def following(self, step: int) -> tuple[_Rows, _Rows]:
        """Each photo, and the one taken so many after it, if that is less than a day later."""
        near = self._seconds[step:] - self._seconds[:-step] < _APART_S
        return self._rows[:-step][near], self._rows[step:][near]


def _share(apart: _Floats, whole: float, none: float) -> _Floats:
    """1 up to `whole`, falling to 0 at `none`; nan stays nan."""
    return np.clip((none - apart) / (none - whole), 0, 1)
