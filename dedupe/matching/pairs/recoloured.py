"""Whether one thing has another colour, and all else is the same: a shop's picture of a product."""

from typing import Any

import numpy as np
import numpy.typing as npt

from dedupe.matching.pairs.overlap import Bytes, Mask, Overlap, Windows

_Cells = npt.NDArray[np.int16]

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

# A thing of black, grey or white, or of a paler colour, is told by its outline. What was laid over
# a picture has its edge in one of the two, and a garment that was dyed has it in both: pieces that
# wide differ by more than _BETWEEN, and are so much of all; of their outline so much lies beside
# what is the same, up to so many levels, and of that so much is an edge of so many levels in each;
# and so much of their texture agrees. So are 11 of 21 pairs of a product in two colours that were
# one picture by all the rest, where 0.75 of the outline is beside what is the same, 0.83 of it an
# edge in both, and 0.79 agrees; of 1,066 pairs of an edit and its photo none that has all the rest
# has more than 0.63 beside what is the same (decision 14).
_WIDE, _DYED, _BESIDE, _BOTH, _TEXTURED = 5, 0.04, 0.7, 0.8, 0.75
_NEAR, _EDGE, _ACROSS = 6, 20, 4

# Where edges are in more than this share of a picture, one along an outline says nothing: along a
# veil over a street are as many as elsewhere.
_ELSEWHERE = 0.4

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
    inside = _cells(overlap.mask.astype(np.float32)) > 0.99
    count = np.count_nonzero(inside)
    if not count:
        return 0.0
    left, right = (_cells(each).astype(np.int16) for each in (overlap.left, overlap.right))
    apart = np.abs(left - right).max(axis=2)
    colourful = np.minimum(np.ptp(left, axis=2), np.ptp(right, axis=2)) >= _COLOURFUL
    if np.count_nonzero((apart <= _SAME) & colourful & inside) < _KEPT * count:
        return 0.0
    if share := _of_another_hue(left, right, inside, seen):
        return share
    differs = np.count_nonzero((apart > _BETWEEN) & inside) >= _DYED / 2 * count
    return _dyed(overlap, seen) if differs else 0.0


def _of_another_hue(left: _Cells, right: _Cells, inside: Mask, seen: Windows) -> float:
    """The share of the overlap that a thing takes which is of another colour beside brightness."""
    import cv2

    count = np.count_nonzero(inside)
    apart = np.abs(left - right).max(axis=2)
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


def _dyed(overlap: Overlap, seen: Windows) -> float:
    """The share of the overlap that a thing takes whose outline both show, in two colours; or 0."""
    import cv2

    mask = overlap.mask
    blurred = [
        np.asarray(cv2.blur(each, (3, 3)), np.uint8) for each in (overlap.left, overlap.right)
    ]
    apart: Bytes = np.asarray(cv2.absdiff(*blurred), np.uint8).max(axis=2)
    differs = ((apart > _BETWEEN) & mask).astype(np.uint8)
    pieces = cv2.morphologyEx(differs, cv2.MORPH_OPEN, np.ones((_WIDE, _WIDE), np.uint8))
    share = int(np.count_nonzero(pieces)) / max(1, int(np.count_nonzero(mask)))
    if share < _DYED:
        return 0.0
    textured = seen.textured & (pieces > 0)
    if np.count_nonzero(textured & seen.agrees) < _TEXTURED * np.count_nonzero(textured):
        return 0.0
    within = cv2.erode(mask.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    outline = (pieces > 0) & (cv2.erode(pieces, np.ones((3, 3), np.uint8)) == 0) & within
    same = ((apart <= _NEAR) & mask).astype(np.uint8)
    beside = outline & (cv2.dilate(same, np.ones((7, 7), np.uint8)) > 0)
    count = np.count_nonzero(beside)
    if count < max(1, _BESIDE * np.count_nonzero(outline)):
        return 0.0
    for edges in map(_edges, blurred):
        everywhere = np.count_nonzero(edges & mask) > _ELSEWHERE * np.count_nonzero(mask)
        if everywhere or np.count_nonzero(edges & beside) < _BOTH * count:
            return 0.0
    return share


def _edges(picture: Bytes) -> Mask:
    """(H, W) bool: where colours change from one side to the other, or two pixels beside it."""
    import cv2

    change = np.zeros(picture.shape[:2], np.uint8)
    half = _ACROSS // 2
    for across, there in ((picture, change), (picture.swapaxes(0, 1), change.T)):
        step = np.asarray(cv2.absdiff(across[:, _ACROSS:], across[:, :-_ACROSS])).max(axis=2)
        np.maximum(there[:, half:-half], step, out=there[:, half:-half])
    return np.asarray(cv2.dilate(change, np.ones((5, 5), np.uint8)) > _EDGE, np.bool_)


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
