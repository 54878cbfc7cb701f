"""Two pictures laid on each other, and how the windows of one correlate with the other's."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from dedupe.matching.pairs.geometry import area, corners, inverse, stretched
from dedupe.matching.points.features import Features

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

WINDOW = 15
"""Pixels of a side of the windows that are compared."""

_CORRELATED = 0.7  # from which on a window agrees
_TEXTURE = 25.0  # variance of grey values, below which a window has nothing to compare

_FILLED = 0.6  # of a window, within the overlap, for it to count

# Variance of grey values about the mean of 9 x 9 pixels, in both together, up to which there is a
# gradient alone: a vignette made windows of plain white walls that agreed with nothing.
_AROUND, _DETAIL = 9, 2.0

# Both are smoothed by so much before: noise, sharpening and the blocks of a poor JPEG agree in
# 0.3 to 0.9 of their windows without it and in 0.95 to 1 with it.
_SMOOTHED = 1.0

_NARROW = 40  # pixels of the shorter side, below which a picture is enlarged

PLAIN = 12
"""Grey values that a surface of one colour varies by."""


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

    left: Bytes
    right: Bytes
    mask: Mask
    of_first: float
    of_second: float
    scale: float


def lay(first: Features, second: Features, homography: npt.NDArray[np.float64]) -> Overlap | None:
    """Lay one picture on the other.

    The finer of the two is smoothed and carried to the coarser, so that neither has detail
    that the other cannot have. A picture that is narrower than 40 pixels is enlarged to them
    first: windows of 15 have no room in it.

    Args:
        first: one picture, mirrored already where it must be.
        second: the other.
        homography: (3, 3), carries pixels of the first to the second.

    Returns:
        None where they overlap by too few pixels to say anything.
    """
    import cv2

    scale = float(np.sqrt(area(corners(homography, first.size)) / first.area))
    from_, to = first, second
    if scale > 1:
        homography, from_, to = inverse(homography), second, first
    smaller = min(scale, 1 / scale)
    pixels, right = from_.rgb, to.rgb
    if smaller < 0.8:
        sigma = 0.5 * float(np.sqrt(1 / smaller**2 - 1))
        pixels = np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma), np.uint8)
    back, there = shared(from_, to, homography)
    if min(to.size) < _NARROW:
        grown = _NARROW / min(to.size)
        size = round(grown * to.size[0]), round(grown * to.size[1])
        right = np.asarray(cv2.resize(right, size, interpolation=cv2.INTER_CUBIC), np.uint8)
        homography = stretched(to.size, size) @ homography
    size = right.shape[1], right.shape[0]
    covered = np.full(from_.size[::-1], 255, np.uint8)
    if size != from_.size or not np.array_equal(homography, np.eye(3)):
        pixels = _moved(pixels, homography, size)
        covered = cv2.warpPerspective(covered, homography, size, flags=cv2.INTER_NEAREST)
    # bilinear values beside the edge are mixed with black
    mask = cv2.erode(covered, np.ones((5, 5), np.uint8), borderValue=0) > 0
    if np.count_nonzero(mask) < 4 * WINDOW**2:
        return None
    return Overlap(
        left=pixels,
        right=right,
        mask=mask,
        of_first=there if scale > 1 else back,
        of_second=back if scale > 1 else there,
        scale=scale,
    )


def shared(
    first: Features, second: Features, homography: npt.NDArray[np.float64]
) -> tuple[float, float]:
    """The share of each picture's area that the other one shows, too.

    Args:
        first: one picture.
        second: the other.
        homography: (3, 3), carries pixels of the first to the second.
    """
    import cv2

    there = corners(homography, first.size).astype(np.float32)
    frame = corners(np.eye(3), second.size).astype(np.float32)
    both, shape = cv2.intersectConvexConvex(there, frame)
    if both <= 0 or shape is None:
        return 0.0, 0.0
    inside = shape.reshape(-1, 2).astype(np.float64)
    back = np.column_stack([inside, np.ones(len(inside))]) @ np.linalg.inv(homography).T
    return (
        min(1.0, abs(area(back[:, :2] / back[:, 2:])) / first.area),
        min(1.0, float(both) / second.area),
    )


def _moved(pixels: Bytes, homography: npt.NDArray[np.float64], size: tuple[int, int]) -> Bytes:
    """(H, W, 3), carried to a picture of another size, black where nothing comes from."""
    import cv2

    # OpenCV carries four channels in half the time that it takes for three
    four = cv2.cvtColor(pixels, cv2.COLOR_RGB2RGBA)
    moved = cv2.warpPerspective(four, homography, size, flags=cv2.INTER_LINEAR)
    return np.asarray(cv2.cvtColor(moved, cv2.COLOR_RGBA2RGB), np.uint8)


@dataclass(frozen=True)
class Windows:
    """How the windows of 15 pixels around each pixel of an overlap correlate.

    Attributes:
        left: (H, W) float32, the smoothed grey values of the one.
        right: (H, W) float32, of the other.
        correlation: (H, W) float32, -1 to 1.
        variance: (H, W) float32, of the one that varies more; 0 outside the overlap.
        detailed: (H, W) bool, where one of them shows more than a gradient.
    """

    left: Floats
    right: Floats
    correlation: Floats
    variance: Floats
    detailed: Mask

    @cached_property
    def textured(self) -> Mask:
        """Where there is something to compare."""
        return (self.variance > _TEXTURE) & self.detailed

    @cached_property
    def textured_pixels(self) -> int:
        """How many windows have something to compare."""
        return int(np.count_nonzero(self.textured))

    def texture(self, mask: Mask) -> float:
        """Share of an overlap that has something to compare."""
        return self.textured_pixels / np.count_nonzero(mask)

    @cached_property
    def share(self) -> float:
        """Of the windows with texture, the share that agrees."""
        textured = self.textured_pixels
        return float(np.count_nonzero(self.agrees) / textured) if textured else 0.0

    @cached_property
    def agrees(self) -> Mask:
        """Where there is, and it correlates."""
        return self.textured & (self.correlation > _CORRELATED)

    def alone(self, mask: Mask) -> tuple["Windows", "Windows"]:
        """Each of the two by itself, with its own variance.

        Args:
            mask: where both are.
        """
        one, other = (
            Windows(each, each, *correlation(each, each, mask, mask, _FILLED), self.detailed)
            for each in (self.left, self.right)
        )
        return one, other


def windows(overlap: Overlap) -> Windows:
    """Compare an overlap window by window.

    Source: J. P. Lewis, "Fast Normalized Cross-Correlation" (1995).

    Windows around every second pixel alone, of 15 or 16 pixels, save a good millisecond a pair;
    but the share moved by up to 0.02, and made one picture of two look-alike products.
    """
    mask = overlap.mask
    left, right = _smooth_grey(overlap.left), _smooth_grey(overlap.right)
    here = _around(mask)
    seen, part = (left[here], right[here]), mask[here]
    correlated, variance = np.zeros((2, *mask.shape), np.float32)
    detailed = np.zeros(mask.shape, np.bool_)
    correlated[here], variance[here] = correlation(*seen, part, part, _FILLED)
    detailed[here] = _detailed(seen, part)
    return Windows(left, right, correlated, variance, detailed)


def _around(mask: Mask) -> tuple[slice, slice]:
    """The rows and columns that the windows of an overlap reach.

    Of 300 edits an eighth of the picture is beside them. What is found is the same to the last
    bit, as all that is summed is 0 outside the overlap.
    """
    y, x = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    down, across = (slice(max(0, each[0] - WINDOW), each[-1] + 1 + WINDOW) for each in (y, x))
    return down, across


def _detailed(pictures: Sequence[Floats], mask: Mask) -> Mask:
    """Where one shows more than a gradient: the sky's, or what a vignette makes of a plain wall."""
    import cv2

    weight = mask.astype(np.float32)
    around = np.maximum(cv2.blur(weight, (_AROUND, _AROUND)), 1e-3)
    energy = np.zeros_like(weight)
    for grey in pictures:
        beside = np.asarray(cv2.blur(grey * weight, (_AROUND, _AROUND)), np.float32)
        beside /= around
        np.subtract(grey, beside, out=beside)
        beside *= weight
        energy += np.square(beside, out=beside)
    counted = cv2.blur(weight, (WINDOW, WINDOW))
    return np.asarray(cv2.blur(energy, (WINDOW, WINDOW)) > _DETAIL * counted, np.bool_)


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

    full = np.full(other.size[::-1], 255, np.uint8)
    covered = cv2.warpPerspective(full, homography, picture.size, flags=cv2.INTER_NEAREST)
    return shown_beside(picture.grey, cv2.dilate(covered, np.ones((3, 3), np.uint8)) > 0)


def shown_beside(grey: Bytes, covered: Mask) -> float:
    """Share of a picture that lies beside what is covered, and is not of one colour."""
    values = grey[~covered].astype(np.int16)
    if not len(values):
        return 0.0
    away = np.abs(values - np.median(values)) > PLAIN
    return float(away.sum() / grey.size)


def _smooth_grey(rgb: Bytes) -> Floats:
    import cv2

    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), _SMOOTHED), np.float32)


def correlation(
    left: Floats, right: Floats, counted: Mask, mask: Mask, filled: float
) -> tuple[Floats, Floats]:
    """The correlation of the windows around each pixel, and the variance of the livelier one.

    Of a window only `counted` pixels count, and it counts if they are `filled` of it.
    """
    import cv2

    weight = counted.astype(np.float32)

    def summed(values: Floats) -> Floats:
        return np.asarray(
            cv2.boxFilter(
                values, -1, (WINDOW, WINDOW), normalize=False, borderType=cv2.BORDER_CONSTANT
            ),
            np.float32,
        )

    # whole numbers: summed as such, in half the time
    count = np.asarray(
        cv2.boxFilter(
            counted.view(np.uint8), cv2.CV_32F, (WINDOW, WINDOW),
            normalize=False, borderType=cv2.BORDER_CONSTANT,
        ),
        np.float32,
    )  # fmt: skip
    inside = (count >= filled * WINDOW**2) & mask
    np.maximum(count, 1, out=count)
    # in place throughout: one array more leaves the cache, and took as long as what it holds
    left, right = _about_middle(left, counted, weight), _about_middle(right, counted, weight)
    both, of_left, of_right = summed(left * right), summed(left * left), summed(right * right)
    mean_left, mean_right = summed(left), summed(right)
    for each in (both, of_left, of_right, mean_left, mean_right):
        each /= count
    both -= mean_left * mean_right
    of_left -= np.square(mean_left, out=mean_left)
    of_right -= np.square(mean_right, out=mean_right)
    np.maximum(of_left, 0, out=of_left)
    np.maximum(of_right, 0, out=of_right)
    variance = np.maximum(of_left, of_right)
    variance *= inside
    of_left *= of_right
    of_left += np.float32(1e-3)
    both /= np.sqrt(of_left, out=of_left)
    return both, variance


def _about_middle(grey: Floats, counted: Mask, weight: Floats) -> Floats:
    """Less the mean of what counts, 0 elsewhere: squares of small numbers lose nothing."""
    if not counted.any():
        return grey
    about: Floats = grey - (grey if counted.all() else grey[counted]).mean()
    about *= weight
    return about
