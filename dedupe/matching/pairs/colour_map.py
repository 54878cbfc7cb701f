"""Whether one smooth map of colours makes one picture of the other, and where it does not."""

import numpy as np
import numpy.typing as npt

from dedupe.matching.pairs.overlap import Bytes, Floats, Mask

STEP = 2
"""Every so many pixels in each direction are tested."""

_EXPLAINED = 20 / 255  # how far a colour may be off the one that the map gives
_FITTED_ON = 1000  # pixels that the colour map is fitted on


def unexplained(left: Bytes, right: Bytes, mask: Mask) -> Mask:
    """Where no smooth map makes the colours of one of those of the other; every second pixel."""
    import cv2

    tested = mask[::STEP, ::STEP]
    y, x = np.nonzero(tested)
    # channel by channel, each in one piece: pixel by pixel all of this took twice as long
    from_, to = (
        np.ascontiguousarray(cv2.blur(each, (3, 3))[::STEP, ::STEP][tested].T) / np.float32(255)
        for each in (left, right)
    )
    terms = _terms(from_, 2 * x / tested.shape[1] - 1, 2 * y / tested.shape[0] - 1)
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
    wrong = np.zeros_like(tested)
    wrong[tested] = _farthest(solved.T.astype(np.float32) @ terms - to) > _EXPLAINED
    return wrong


def _farthest(off: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """The largest of three channels; numpy's own maximum along a row takes ten times as long."""
    red, green, blue = np.abs(off)
    most: npt.NDArray[np.floating] = np.maximum(np.maximum(red, green), blue)
    return most


def _terms(rgb: Floats, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> Floats:
    """(14, N): channels, their squares, two products, and a gain that varies over the picture."""
    red, green, blue = rgb
    light = (red + green + blue) / 3
    rows = [np.ones_like(light), red, green, blue, red**2, green**2, blue**2]
    rows += [red * green, green * blue, x, y, x * light, y * light, (x * x + y * y) * light]
    return np.array(rows, np.float32)
