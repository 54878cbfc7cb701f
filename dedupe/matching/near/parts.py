"""Pictures within a picture: the fields of a collage, what is in a frame or between two bars."""

from itertools import combinations

import numpy as np
import numpy.typing as npt

from dedupe.matching.within.decoded import decoded
from dedupe.matching.within.field import cut
from dedupe.matching.within.insets import insets
from dedupe.matching.within.medians import medians
from dedupe.photos.dct_hash import SIDE, dct_hashes

# A seam is a row or column where the picture changes this many times as much as elsewhere, over
# at least half of its length, or half as many times at a half or a third of a side: of 192
# collages with gaps the mid line had 8 and more, of other photos 5 in 100 have 4 there.
_STRONG = 6.0
_LIKELY, _NEAR = (1 / 3, 1 / 2, 2 / 3), 3

# Seams of each direction, the strongest: a grid of nine fields.
_SEAMS = 2

# Pixels across which a change is looked for, and that are cut off beside a seam.
_ACROSS, _BESIDE = 3, 2

# Pixels around a seam that are not another one.
_APART = 8

# Nearer to an edge than this share of a side there is no seam, and no part is smaller than that.
_EDGE, _LEAST = 0.12, 0.2

# Grey levels by which the pixels of a line differ at most, if it is of a margin.
_MARGIN = 24

# And how much of a side a margin takes at most.
_NARROW = 0.06

# What counts as no change at all, in grey levels, where most of a picture is plain.
_FLAT = 2.0


def hashes_within(thumbnail: bytes) -> bytes:
    """The hashes of the rectangles that the seams of a picture divide it into, and of its insets.

    Args:
        thumbnail: JPEG bytes, upright, about 320 pixels on its longer side.

    Returns:
        32 bytes each (`dct_hash`), one behind the other: of each rectangle between any two seams
        or edges, the whole picture left out, none of most photos, at most 35; then of the
        rectangles that stand on a plain ground (insets.py).

    Raises:
        ValueError: it is no picture.
    """
    import cv2

    pixels = decoded(thumbnail)
    grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    if min(grey.shape) < 4 * _APART:
        return b""
    height, width = grey.shape
    columns, rows = (_seams(each) for each in (grey, grey.T))
    small = []
    for left, right in combinations((0.0, *columns, float(width)), 2):
        for top, bottom in combinations((0.0, *rows, float(height)), 2):
            wide, high = right - left, bottom - top
            if (wide, high) == (width, height) or wide < _LEAST * width or high < _LEAST * height:
                continue
            field = _without_margins(
                grey[
                    round(top) + _BESIDE : round(bottom) - _BESIDE,
                    round(left) + _BESIDE : round(right) - _BESIDE,
                ]
            )
            if min(field.shape) < 4 * _APART:
                continue
            small.append(_small(np.asarray(field, np.uint8)))
    small += [_small(cut(grey, each)) for each in insets(pixels)]
    return dct_hashes(small).tobytes()


def _small(grey: npt.NDArray[np.uint8]) -> bytes:
    import cv2

    return cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA).tobytes()


def _without_margins(field: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """What is left without the plain lines along its edges: gaps and frames."""
    for _ in range(2):
        shown = np.flatnonzero(np.ptp(field, axis=1) > _MARGIN)
        first, last = (int(shown[0]), int(shown[-1]) + 1) if len(shown) else (0, len(field))
        narrow = _NARROW * len(field)
        # a wide one is sky or a wall
        first = first if first <= narrow else 0
        last = last if len(field) - last <= narrow else len(field)
        field = field[first:last].T
    return field


def _seams(grey: npt.NDArray[np.uint8]) -> list[float]:
    """The strongest vertical lines of a picture that are as good as straight through, in order."""
    import cv2

    beside = np.asarray(cv2.absdiff(grey[:, _ACROSS:], grey[:, :-_ACROSS]), np.uint8)
    change = medians(beside.T)
    in_order = np.sort(change)  # np.median took 0.14 ms
    usual = (in_order[(len(change) - 1) // 2] + in_order[len(change) // 2]) / 2
    strength = change / (usual + _FLAT)
    edge = int(_EDGE * grey.shape[1])
    for share in _LIKELY:
        place = round(share * grey.shape[1] - _ACROSS / 2)
        strength[place - _NEAR : place + _NEAR + 1] *= 2
    strength[:edge] = strength[len(strength) - edge :] = 0
    found: list[float] = []
    while len(found) < _SEAMS:
        place = int(strength.argmax())
        if strength[place] < _STRONG:
            break
        found.append(place + _ACROSS / 2)
        strength[max(0, place - _APART) : place + _APART + 1] = 0
    return sorted(found)
