"""Whether one thing has another colour, and all else is the same: a shop's picture of a product."""

from typing import Any

import numpy as np
import numpy.typing as npt

from dedupe.matching.pairs.overlap import Mask, Overlap, Windows

_CELL = 8  # pixels of a side of what is compared, and has one colour

# Of the colours of two cells: as good as equal up to here, in every channel; some colour, not
# grey; another colour from here on, beside brightness; up to here, if it is not equal, it may be a
# filter's work, which changes all by a little.
_SAME, _COLOURFUL, _ANOTHER, _BETWEEN = 4, 24, 25, 25

# Of all cells: those that are the same and colourful, at least (a filter would have changed them);
# those in between, at most; those of another colour in pieces of 3 x 3 (lines are drawn over it),
# at least; and of these, those whose texture agrees. Of 187 pairs of a product in two colours, one
# photo retouched, 177 are so, and of 4,050 pairs of an edit and its photo 7: a red stripe or a disc
# of light through which all is seen (decision 14).
_KEPT, _FILTERED, _PIECE, _AGREES = 0.03, 0.3, 0.03, 0.85

# Where its edges do not agree, as a yellow thing is lighter than skin and a blue one darker, what
# is within them tells: what is one cell within, and two cells, agrees so much, and the latter is so
# much of all. What was laid over a picture took its texture away, or brought its own: of 503 edits
# that do not agree all over (letters, stickers, bars, another sky, a photo in a photo) none is so.
_WITHIN, _ONE_WITHIN, _TWO_WITHIN = 0.004, 0.6, 0.95

# What is seen through a veil of one colour: share of its variance that this leaves unexplained, at
# most, and by how much that colour may be beyond what there is.
_REST, _OFF = 0.2, 25

# Share of the change of colours over the picture that a cubic surface leaves unexplained, at most,
# if it is light that leaked in.
_STEEP = 0.15


def recoloured(overlap: Overlap, seen: Windows) -> float:
    """Look for a thing that has another colour while all else has the same.

    Args:
        overlap: what `lay` gave.
        seen: its windows.

    Returns:
        The share of the overlap that it takes; 0 where there is none, or it is the work of a
        filter, or of a veil over that part.
    """
    import cv2

    inside = _cells(overlap.mask.astype(np.float32)) > 0.99
    count = np.count_nonzero(inside)
    if not count:
        return 0.0
    left, right = (_cells(each).astype(np.int16) for each in (overlap.left, overlap.right))
    apart = np.abs(left - right).max(axis=2)
    colourful = np.minimum(np.ptp(left, axis=2), np.ptp(right, axis=2)) >= _COLOURFUL
    if np.count_nonzero((apart <= _SAME) & colourful & inside) < _KEPT * count:
        return 0.0
    if np.count_nonzero((apart > _SAME) & (apart <= _BETWEEN) & inside) > _FILTERED * count:
        return 0.0
    other = (_hue_apart(left, right) > _ANOTHER) & inside
    pieces = cv2.morphologyEx(other.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0
    share = np.count_nonzero(pieces) / count
    if _is_gradual((right - left)[inside], *np.nonzero(inside)):
        return 0.0
    agrees = _mostly(seen.agrees) | ~_mostly(seen.textured)
    if share < _PIECE or _is_veiled(*(each[pieces].astype(np.float64) for each in (left, right))):
        return 0.0
    if np.count_nonzero(agrees & pieces) >= _AGREES * np.count_nonzero(pieces):
        return share
    one, two = (cv2.erode(pieces.astype(np.uint8), np.ones((size, size))) > 0 for size in (3, 5))
    is_same = (
        np.count_nonzero(two) >= _WITHIN * count
        and np.count_nonzero(agrees & two) >= _TWO_WITHIN * np.count_nonzero(two)
        and np.count_nonzero(agrees & one) >= _ONE_WITHIN * np.count_nonzero(one)
    )
    return share if is_same else 0.0


def _is_veiled(left: npt.NDArray[np.float64], right: npt.NDArray[np.float64]) -> bool:
    """Whether one is the other seen through one colour: a shadow, a band behind a caption.

    Args:
        left: (N, 3) colours of cells.
        right: (N, 3), of the same.
    """
    for clear, veiled in ((left, right), (right, left)):
        middle, other = clear.mean(axis=0), veiled.mean(axis=0)
        away, seen = clear - middle, veiled - other
        through = float((away * seen).sum() / max((away * away).sum(), 1e-9))
        if not 0 < through < 1:
            continue
        rest = ((seen - through * away) ** 2).sum()
        veil = (other - through * middle) / (1 - through)
        is_colour = veil.min() >= -_OFF and veil.max() <= 255 + _OFF
        if is_colour and rest <= _REST * (seen * seen).sum():
            return True
    return False


def _is_gradual(
    change: npt.NDArray[np.int16], y: npt.NDArray[np.int64], x: npt.NDArray[np.int64]
) -> bool:
    """Whether colours change little by little over the picture, as where light leaks in.

    Args:
        change: (N, 3) of colours of cells.
        y: (N,) where they are.
        x: (N,) likewise.
    """
    u, v = 2 * x / max(1, x.max()) - 1, 2 * y / max(1, y.max()) - 1
    terms = np.stack([u**i * v**j for i in range(4) for j in range(4 - i)], 1)
    goal = change.astype(np.float64)
    rest = goal - terms @ np.linalg.lstsq(terms, goal, rcond=None)[0]
    return bool((rest**2).sum() <= _STEEP * ((goal - goal.mean(axis=0)) ** 2).sum())


def _cells(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    import cv2

    height, width = values.shape[:2]
    cells = max(1, width // _CELL), max(1, height // _CELL)
    return np.asarray(cv2.resize(values, cells, interpolation=cv2.INTER_AREA))


def _mostly(mask: Mask) -> Mask:
    return np.asarray(_cells(mask.astype(np.float32)) > 0.5, np.bool_)


def _hue_apart(
    left: npt.NDArray[np.int16], right: npt.NDArray[np.int16]
) -> npt.NDArray[np.float64]:
    """How far colours are apart beside their brightness: red to green, and both to blue."""
    red, green, blue = np.moveaxis((left - right).astype(np.float64), 2, 0)
    away: npt.NDArray[np.float64] = np.hypot(red - green, (red + green) / 2 - blue)
    return away
