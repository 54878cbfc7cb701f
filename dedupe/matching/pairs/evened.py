"""Two pictures in the same light: what a vignette darkened, mist made pale, or light clipped."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from dedupe.matching.pairs.overlap import Bytes, Floats, Overlap

# Pixels of the thumbnail over which light changes.
_OVER = 10.0

# By how much a part is made lighter, at most, and grey levels, at least, that are left of it.
_LIGHTER, _DARK = 6.0, 10.0

# Share of the overlap that must be left to be seen.
_LEFT = 0.5

# Levels at which nothing can be told any more, and pixels around them that were mixed with what is
# beside; share of the overlap that is clipped so, at least, and is not, at least.
_BLACK, _WHITE, _MIXED = 5, 250, 7
_CLIPPED, _STAYS = 0.03, 0.2


def evened(overlap: Overlap, *, pale: bool = False) -> Overlap | None:
    """Two pictures that lie on each other, the darker of both made as light as the other, place by
    place; without what is black in one of them.

    All channels by one factor, so that no colour becomes another.

    Args:
        overlap: what `lay` gave.
        pale: the paler one made as dark as the other instead, without what is white: a vignette
            that ends in white darkens the negative.

    Returns:
        None where half of it and more is black, or white.
    """
    if pale:
        light = evened(_negative(overlap))
        return light and _negative(light)
    inside = overlap.mask.astype(np.float32)
    weight = np.maximum(_spread(inside), 1e-3)
    left, right = (_light(each, inside) / weight for each in (overlap.left, overlap.right))
    least, most = np.minimum(left, right), np.maximum(left, right)
    mask = overlap.mask & (least >= _DARK) & (most <= _LIGHTER * least)
    if np.count_nonzero(mask) < _LEFT * np.count_nonzero(overlap.mask):
        return None
    return replace(
        overlap,
        left=_lighter(overlap.left, right / np.maximum(left, 1)),
        right=_lighter(overlap.right, left / np.maximum(right, 1)),
        mask=mask,
    )


def unclipped(overlap: Overlap) -> Overlap | None:
    """Two pictures that lie on each other, without what is white or black in one of them.

    Made twice as bright, a photo agrees in 0.5 to 0.97 of its texture, and seems to move by 0.16 to
    0.58 pixels beside what became white; without that it agrees in all, and moves by 0.05 to 0.12.

    Args:
        overlap: what `lay` gave.

    Returns:
        None where that is next to nothing, or nearly all.
    """
    import cv2

    lost = np.zeros(overlap.mask.shape, np.bool_)
    for picture in (overlap.left, overlap.right):
        lost |= (picture.min(axis=2) >= _WHITE) | (picture.max(axis=2) <= _BLACK)
    lost = cv2.dilate(lost.astype(np.uint8), np.ones((_MIXED, _MIXED), np.uint8)) > 0
    mask = overlap.mask & ~lost
    stays, count = np.count_nonzero(mask), np.count_nonzero(overlap.mask)
    is_some = _STAYS * count <= stays <= (1 - _CLIPPED) * count
    return replace(overlap, mask=mask) if is_some else None


def _negative(overlap: Overlap) -> Overlap:
    return replace(overlap, left=255 - overlap.left, right=255 - overlap.right)


def _light(pixels: Bytes, inside: Floats) -> Floats:
    import cv2

    return _spread(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32) * inside)


def _spread(values: Floats) -> Floats:
    import cv2

    return np.asarray(cv2.GaussianBlur(values, (0, 0), _OVER), np.float32)


def _lighter(pixels: Bytes, factor: npt.NDArray[np.floating]) -> Bytes:
    grown = pixels * np.clip(factor, 1, _LIGHTER)[..., None]
    return np.asarray(np.minimum(grown, 255), np.uint8)
