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
    from_ = np.asarray(cv2.blur(left, (3, 3)), np.float32)[::STEP, ::STEP][y, x] / np.float32(255)
    to = np.asarray(cv2.blur(right, (3, 3)), np.float32)[::STEP, ::STEP][y, x] / 255
    terms = _terms(from_, 2 * x / tested.shape[1] - 1, 2 * y / tested.shape[0] - 1)
    few = slice(None, None, max(1, len(terms) // _FITTED_ON))
    on, goal = terms[few].astype(np.float64), to[few].astype(np.float64)
    weight = np.ones(len(on))
    for _ in range(5):
        weighted = on * weight[:, None]
        solved = np.linalg.solve(
            weighted.T @ on + 1e-6 * len(on) * np.eye(on.shape[1]), weighted.T @ goal
        )
        off = _farthest(on @ solved - goal)
        weight = 1 / (1 + (off / 0.04) ** 2) ** 2
    wrong = np.zeros_like(tested)
    wrong[y, x] = _farthest(terms @ solved.astype(np.float32) - to) > _EXPLAINED
    return wrong


def _farthest(off: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """The largest of three channels; numpy's own maximum along a row takes ten times as long."""
    red, green, blue = np.abs(off).T
    most: npt.NDArray[np.floating] = np.maximum(np.maximum(red, green), blue)
    return most


def _terms(rgb: Floats, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> Floats:
    """Channels, their squares, two products, and a gain that varies over the picture."""
    red, green, blue = rgb.T
    light = (red + green + blue) / 3
    columns = [np.ones_like(light), red, green, blue, red**2, green**2, blue**2]
    columns += [red * green, green * blue, x, y, x * light, y * light, (x * x + y * y) * light]
    return np.stack(columns, 1).astype(np.float32)
