"""Whether one smooth map of colours makes one picture of the other, and where it does not."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dedupe.matching.pairs.overlap import Bytes, Floats, Mask

STEP = 2
"""Every so many pixels in each direction are tested."""

_EXPLAINED = 20 / 255  # how far a colour may be off the one that the map gives
_FITTED_ON = 1000  # pixels that the colour map is fitted on

_Places = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Colours:
    """The colours of two pictures that lie on each other, at every second pixel.

    Attributes:
        mask: (h, w) bool, every second pixel of the overlap's.
        left: (3, N) float32, 0 to 1, means of 3 x 3 pixels where `mask` is, row by row.
        right: (3, N) float32, likewise.
        places: (2, N) float64, x and y from -1 to 1.
    """

    mask: Mask
    left: Floats
    right: Floats
    places: _Places


def colours_of(left: Bytes, right: Bytes, mask: Mask) -> Colours:
    """What the map of colours is fitted on and tested with.

    Args:
        left: (H, W, 3) uint8.
        right: (H, W, 3) uint8, what lies on it.
        mask: (H, W) bool, where both are.
    """
    import cv2

    tested = np.ascontiguousarray(mask[::STEP, ::STEP])
    y, x = np.nonzero(tested)
    height, width = tested.shape
    across, down = (2 * np.arange(side) / side - 1 for side in (width, height))

    def picked(pixels: Bytes) -> Floats:
        smooth = np.asarray(cv2.blur(pixels, (3, 3)), np.uint8)
        return np.divide(channels(smooth[::STEP, ::STEP], tested), 255, dtype=np.float32)

    return Colours(tested, picked(left), picked(right), np.stack([across[x], down[y]]))


def channels(pixels: Bytes, where: Mask) -> Bytes:
    """(3, N), the three channels of some pixels, each in one piece.

    Args:
        pixels: (H, W, 3) uint8, the three bytes of a pixel side by side.
        where: (H, W) bool.

    A pixel is taken as one item of three bytes: picked channel by channel, as numpy does, it
    took five times as long.
    """
    import cv2

    picked = pixels.view("V3")[..., 0][where].view(np.uint8).reshape(1, -1, 3)
    planes = np.empty((3, picked.shape[1]), np.uint8)
    if picked.size:
        cv2.split(picked, list(planes[:, None]))
    return planes


def unexplained(colours: Colours, *, back: bool = False) -> Mask:
    """Where no smooth map makes the colours of one of those of the other.

    Args:
        colours: of both.
        back: make the left one of the right one, instead of the right of the left.

    Returns:
        (h, w) bool, every second pixel.
    """
    from_, to = colours.left, colours.right
    if back:
        from_, to = to, from_
    # channel by channel, each in one piece: pixel by pixel all of this took twice as long
    terms = _terms(from_, *colours.places)
    few = slice(None, None, max(1, terms.shape[1] // _FITTED_ON))
    on, goal = (each[:, few].T.astype(np.float64) for each in (terms, to))
    weight = np.ones(len(on))
    for _ in range(5):
        weighted = on * weight[:, None]
        solved = np.linalg.solve(
            weighted.T @ on + 1e-6 * len(on) * np.eye(on.shape[1]), weighted.T @ goal
        )
        off = _farthest((on @ solved - goal).T)
        weight = 1 / (1 + (off / 0.04) ** 2) ** 2
    wrong = np.zeros_like(colours.mask)
    wrong[colours.mask] = _farthest(solved.T.astype(np.float32) @ terms - to) > _EXPLAINED
    return wrong


def _farthest(off: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """The largest of three channels; numpy's own maximum along a row takes ten times as long."""
    red, green, blue = np.abs(off)
    most: npt.NDArray[np.floating] = np.maximum(np.maximum(red, green), blue)
    return most


def _terms(rgb: Floats, x: _Places, y: _Places) -> Floats:
    """(14, N): channels, their squares, two products, and a gain that varies over the picture."""
    red, green, blue = rgb
    light = (red + green + blue) / 3
    terms = np.empty((14, rgb.shape[1]), np.float32)
    terms[0], terms[1:4], terms[9], terms[10] = 1, rgb, x, y
    np.square(rgb, out=terms[4:7])
    np.multiply(red, green, out=terms[7])
    np.multiply(green, blue, out=terms[8])
    for row, gain in ((11, x), (12, y), (13, x * x + y * y)):
        np.multiply(gain, light, out=terms[row], casting="same_kind")
    return terms
