"""How far two pictures that lie on each other agree: in texture, in colour, in motion."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dedupe.matching.features import Features
from dedupe.matching.geometry import area, corners, inverse

if TYPE_CHECKING:
    pass

_Floats = npt.NDArray[np.float32]
_Bytes = npt.NDArray[np.uint8]
_Mask = npt.NDArray[np.bool_]

_WINDOW = 15  # pixels, of the windows that are compared
_CORRELATED = 0.7  # from which on a window agrees
_TEXTURE = 25.0  # variance of grey values, below which a window has nothing to compare

_CLEAR = 150.0  # variance from which on motion can be followed

# Both are smoothed by so much before: noise, sharpening and the blocks of a poor JPEG agree in
# 0.3 to 0.9 of their windows without it and in 0.95 to 1 with it.
_SMOOTHED = 1.0

_PLAIN = 12  # grey values that a surface of one colour varies by

_EXPLAINED = 20 / 255  # how far a colour may be off the one that the map gives
_FITTED_ON = 1000  # pixels that the colour map is fitted on
_EASY = 0.02  # share that one direction may leave unexplained for the other not to be tried
_ALL_OVER = 0.97  # share from which on nothing lies over a picture
_STEP = 2  # every so many pixels in each direction are tested


@dataclass(frozen=True, slots=True)
class Overlap:
    """One picture laid on another.

    Attributes:
        left: (H, W, 3) uint8, the finer of the two, smoothed and carried to the other.
        right: (H, W, 3) uint8, the coarser one.
        mask: (H, W) bool, where both are.
        of_first: share of the first picture's area that the second shows too, 0 to 1.
        of_second: share of the second's area that the first shows too.
        scale: pixels of the second per pixel of the first, along a line.
    """

    left: _Bytes
    right: _Bytes
    mask: _Mask
    of_first: float
    of_second: float
    scale: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """What two aligned pictures have in common where they overlap.

    Attributes:
        texture: share of the overlap that has any texture to compare.
        share: share of the textured windows of 15 pixels that correlate by more than 0.7.
        colour: share of the overlap whose colour one smooth map of colours explains.
        beneath: as `share`, of what the map of colours explains alone: high where something
            was laid over the same picture.
        tone: mean difference of the colours, 0 to 1: how much was toned.
        chroma: mean colourfulness of the first and of the second, 0 (grey) to 1.
    """

    texture: float
    share: float
    colour: float
    beneath: float
    tone: float
    chroma: tuple[float, float]


def lay(first: Features, second: Features, homography: npt.NDArray[np.float64]) -> Overlap | None:
    """Lay one picture on the other.

    The finer of the two is smoothed and carried to the coarser, so that neither has detail
    that the other cannot have.

    Args:
        first: one picture, mirrored already where it must be.
        second: the other.
        homography: (3, 3), carries pixels of the first to the second.

    Returns:
        None where they overlap by too few pixels to say anything.
    """
    import cv2

    scale = float(np.sqrt(area(corners(homography, first.size)) / (first.grey.size)))
    from_, to = first, second
    if scale > 1:
        homography, from_, to = inverse(homography), second, first
    smaller = min(scale, 1 / scale)
    pixels = from_.rgb
    if smaller < 0.8:
        sigma = 0.5 * float(np.sqrt(1 / smaller**2 - 1))
        pixels = np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma), np.uint8)
    moved = cv2.warpPerspective(pixels, homography, to.size, flags=cv2.INTER_LINEAR)
    full = np.full(from_.grey.shape, 255, np.uint8)
    covered = cv2.warpPerspective(full, homography, to.size, flags=cv2.INTER_NEAREST)
    # bilinear values beside the edge are mixed with black
    mask = cv2.erode(covered, np.ones((5, 5), np.uint8), borderValue=0) > 0
    if mask.sum() < 4 * _WINDOW**2:
        return None
    there, back = _covered(from_, to, homography)
    return Overlap(
        left=np.asarray(moved, np.uint8),
        right=to.rgb,
        mask=mask,
        of_first=there if scale > 1 else back,
        of_second=back if scale > 1 else there,
        scale=scale,
    )


@dataclass(frozen=True, slots=True)
class Windows:
    """How the windows of 15 pixels around each pixel of an overlap correlate.

    Attributes:
        left: (H, W) float32, the smoothed grey values of the one.
        right: (H, W) float32, of the other.
        correlation: (H, W) float32, -1 to 1.
        variance: (H, W) float32, of the one that varies more; 0 outside the overlap.
    """

    left: _Floats
    right: _Floats
    correlation: _Floats
    variance: _Floats

    @property
    def textured(self) -> _Mask:
        """Where there is something to compare."""
        return self.variance > _TEXTURE

    @property
    def share(self) -> float:
        """Of the windows with texture, the share that agrees."""
        agrees = self.correlation[self.textured] > _CORRELATED
        return float(agrees.mean()) if len(agrees) else 0.0


def windows(overlap: Overlap) -> Windows:
    """Compare an overlap window by window.

    Source: J. P. Lewis, "Fast Normalized Cross-Correlation" (1995).
    """
    left, right = _smooth_grey(overlap.left), _smooth_grey(overlap.right)
    return Windows(left, right, *_correlation(left, right, overlap.mask, overlap.mask, 0.6))


def agreement(overlap: Overlap, seen: Windows) -> Agreement:
    """Compare two pictures that lie on each other.

    Args:
        overlap: what `lay` gave.
        seen: what `windows` gave of it.

    The map of colours is ours: each channel by the other's three, their squares and two
    products, its brightness varying slowly over the picture (a vignette); fitted with weights
    that fall with the error, so that what lies over the picture does not count. It must
    explain one picture by the other, whichever way is easier: grey can be had from colours,
    and not the other way round.
    """
    mask = overlap.mask
    share = seen.share
    count = max(1, int(mask[::_STEP, ::_STEP].sum()))
    wrong = _unexplained(overlap.left, overlap.right, mask)
    if wrong.sum() > _EASY * count:
        other = _unexplained(overlap.right, overlap.left, mask)
        wrong = min(wrong, other, key=lambda each: int(each.sum()))
    few = slice(None, None, 2 * _STEP)
    from_, to = (each[few, few][mask[few, few]] for each in (overlap.left, overlap.right))
    chroma = _chroma(from_), _chroma(to)
    return Agreement(
        texture=float(seen.textured.sum() / mask.sum()),
        share=share,
        colour=1 - float(wrong.sum() / count),
        # what agrees all over has nothing laid over it
        beneath=share if share > _ALL_OVER else _beneath(seen, mask, wrong),
        tone=float(np.abs(from_.astype(np.float32) - to).mean() / 255) if len(to) else 0.0,
        chroma=(chroma[1], chroma[0]) if overlap.scale > 1 else chroma,
    )


def _chroma(pixels: _Bytes) -> float:
    """Mean difference of the largest and the smallest channel, 0 to 1."""
    if not len(pixels):
        return 0.0
    red, green, blue = pixels.T
    most, least = (pick(pick(red, green), blue) for pick in (np.maximum, np.minimum))
    return float((most - least).mean() / 255)


def _beneath(seen: Windows, mask: _Mask, wrong: _Mask) -> float:
    """The share that agrees of what the map of colours explains."""
    import cv2

    large = cv2.resize(wrong.astype(np.uint8), mask.shape[::-1], interpolation=cv2.INTER_NEAREST)
    clear = mask & (cv2.dilate(large, np.ones((3, 3), np.uint8)) == 0)
    found = _correlation(seen.left, seen.right, clear, mask, 0.3)
    return Windows(seen.left, seen.right, *found).share


def motion(overlap: Overlap, seen: Windows) -> float:
    """How far things moved between the two pictures, beside what turns and shifts the whole.

    Args:
        overlap: what `lay` gave.
        seen: what `windows` gave of it.

    Returns:
        The median over what has texture, in pixels of the thumbnail: 0.0 to 0.1 for an edit,
        0.05 to 0.6 within a burst (people, leaves, parallax). 0 where nothing can be tracked.

    Source: T. Kroeger et al., "Fast Optical Flow using Dense Inverse Search" (ECCV 2016), by
    OpenCV, on pictures whose local contrast was made even; a quadratic motion is taken out.
    """
    import cv2

    mask = overlap.mask
    left, right = (
        np.asarray(cv2.cvtColor(each, cv2.COLOR_RGB2GRAY), np.uint8)
        for each in (overlap.left, overlap.right)
    )
    # where there is little texture the flow follows noise: 3 pixels in a brightened photo
    alike = (seen.variance > _CLEAR) & (seen.correlation > 0.5)
    if alike.sum() < 200:
        return 0.0
    still = np.zeros((*mask.shape, 2), np.float32)
    # made anew each time: a small picture changes its settings for all that come after
    tracker = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    flow = np.asarray(tracker.calc(_evened(left, mask), _evened(right, mask), still), np.float32)
    y, x = np.nonzero(alike)
    few = slice(None, None, max(1, len(x) // 2000))
    y, x = y[few], x[few]
    away = flow[y, x].astype(np.float64)
    u, v = 2 * x / mask.shape[1] - 1, 2 * y / mask.shape[0] - 1
    terms = np.stack([np.ones_like(u), u, v, u * v, u * u, v * v], 1)
    smooth = np.linalg.lstsq(terms, away, rcond=None)[0]
    return float(np.median(np.hypot(*(away - terms @ smooth).T)))


def news(
    first: Features, second: Features, homography: npt.NDArray[np.float64]
) -> tuple[float, float]:
    """What each picture shows that lies outside the other.

    Args:
        first: one picture, mirrored already where it must be.
        second: the other.
        homography: (3, 3), carries pixels of the first to the second.

    Returns:
        Share of the first's area, and of the second's, that is outside the other and not
        of one colour: black corners of a turned picture and frames show nothing.
    """
    return _shown_beside(first, second, inverse(homography)), _shown_beside(
        second, first, homography
    )


def _shown_beside(picture: Features, other: Features, homography: npt.NDArray[np.float64]) -> float:
    """Share of a picture outside the other, which `homography` carries to it."""
    import cv2

    full = np.full(other.grey.shape, 255, np.uint8)
    covered = cv2.warpPerspective(full, homography, picture.size, flags=cv2.INTER_NEAREST)
    beside = cv2.dilate(covered, np.ones((3, 3), np.uint8)) == 0
    values = picture.grey[beside].astype(np.int16)
    if not len(values):
        return 0.0
    away = np.abs(values - np.median(values)) > _PLAIN
    return float(away.sum() / picture.grey.size)


def _covered(
    from_: Features, to: Features, homography: npt.NDArray[np.float64]
) -> tuple[float, float]:
    """The share of `to` that `from_` covers, and the share of `from_` that lies inside it."""
    import cv2

    there = corners(homography, from_.size).astype(np.float32)
    frame = corners(np.eye(3), to.size).astype(np.float32)
    both, shape = cv2.intersectConvexConvex(there, frame)
    if both <= 0 or shape is None:
        return 0.0, 0.0
    inside = shape.reshape(-1, 2).astype(np.float64)
    back = np.column_stack([inside, np.ones(len(inside))]) @ np.linalg.inv(homography).T
    return (
        min(1.0, float(both) / to.grey.size),
        min(1.0, abs(area(back[:, :2] / back[:, 2:])) / from_.grey.size),
    )


def _smooth_grey(rgb: _Bytes) -> _Floats:
    import cv2

    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), _SMOOTHED), np.float32)


def _correlation(
    left: _Floats, right: _Floats, counted: _Mask, mask: _Mask, filled: float
) -> tuple[_Floats, _Floats]:
    """The correlation of the windows around each pixel, and the variance of the livelier one.

    Of a window only `counted` pixels count, and it counts if they are `filled` of it.
    """
    import cv2

    weight = counted.astype(np.float32)

    def summed(values: _Floats) -> _Floats:
        return np.asarray(
            cv2.boxFilter(
                values, -1, (_WINDOW, _WINDOW), normalize=False, borderType=cv2.BORDER_CONSTANT
            ),
            np.float32,
        )

    count = summed(weight)
    inside = (count >= filled * _WINDOW**2) & mask
    count = np.maximum(count, 1)
    # about their middles: squares of small numbers lose nothing in float32
    left = (left - left[counted].mean()) * weight if counted.any() else left
    right = (right - right[counted].mean()) * weight if counted.any() else right
    mean_left, mean_right = summed(left) / count, summed(right) / count
    of_left = np.maximum(summed(left * left) / count - mean_left**2, 0)
    of_right = np.maximum(summed(right * right) / count - mean_right**2, 0)
    both = summed(left * right) / count - mean_left * mean_right
    correlation = both / np.sqrt(of_left * of_right + 1e-3)
    variance = np.where(inside, np.maximum(of_left, of_right), 0)
    return correlation.astype(np.float32), variance.astype(np.float32)


def _unexplained(left: _Bytes, right: _Bytes, mask: _Mask) -> _Mask:
    """Where no smooth map makes the colours of one of those of the other; every second pixel."""
    import cv2

    tested = mask[::_STEP, ::_STEP]
    y, x = np.nonzero(tested)
    from_ = np.asarray(cv2.blur(left, (3, 3)), np.float32)[::_STEP, ::_STEP][y, x] / np.float32(255)
    to = np.asarray(cv2.blur(right, (3, 3)), np.float32)[::_STEP, ::_STEP][y, x] / 255
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


def _terms(rgb: _Floats, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> _Floats:
    """Channels, their squares, two products, and a gain that varies over the picture."""
    red, green, blue = rgb.T
    light = (red + green + blue) / 3
    columns = [np.ones_like(light), red, green, blue, red**2, green**2, blue**2]
    columns += [red * green, green * blue, x, y, x * light, y * light, (x * x + y * y) * light]
    return np.stack(columns, 1).astype(np.float32)


def _evened(grey: _Bytes, mask: _Mask) -> _Bytes:
    """Local contrast made even, so that toning is not taken for motion."""
    import cv2

    window = (31, 31)
    weight = mask.astype(np.float32)
    values = grey.astype(np.float32)
    count = np.maximum(cv2.blur(weight, window), 1e-3)
    mean = cv2.blur(values * weight, window) / count
    square = cv2.blur(values * values * weight, window) / count
    spread = np.sqrt(np.maximum(square - mean * mean, 0)) + 6
    even = np.clip(128 + 40 * (values - mean) / spread * weight, 0, 255)
    return np.asarray(even, np.uint8)
