"""Local features of a photo: points that are found again in an edit of it."""

import threading
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dedupe.matching.points.words import words_of
from dedupe.matching.within.decoded import decoded
from dedupe.matching.within.field import Field, cut
from dedupe.matching.within.fields import fields

if TYPE_CHECKING:
    import cv2

# Points per thumbnail of 320 pixels. With 400, each of 40 kinds of edits keeps 12 and more that
# fit one plane, but for photos made smaller than 100 pixels.
POINTS = 400
"""Points of a photo, at most."""

# How strong a point must be; OpenCV has 0.04 unless told. A galaxy on a dark sky had 6 points and
# has 227; the strongest come first as before. Of 1,200 and 1,320 edits 17 and 3 more were one
# picture with their photos; of 7,000 pairs of photos that had fewer than 120 points, no two were.
_CONTRAST = 0.01

# A smaller picture is enlarged to so many pixels: below, few points are found at all.
_SMALLEST = 240

# Root-normalised SIFT has no number above 0.5, so that a byte holds 1/512 of it.
_UNIT = 512

# Quality of the small JPEGs that fields are kept as, and what was bent.
_QUALITY = 95

# Pictures that stay decoded: pairs of one photo come one after the other. 15 MB a process.
_LATELY = 64

# Of a mirrored picture the descriptors are the same numbers in another order: the rows of their
# 4 x 4 cells upside down (OpenCV's rows run across the direction of the point), each of the 8
# directions reflected. No second extraction is needed.
_MIRRORED = np.array(
    [((3 - row) * 4 + column) * 8 + (8 - way) % 8 for row in range(4) for column in range(4)
     for way in range(8)]
)  # fmt: skip

# So mirroring exchanges numbers two by two: the first of each two, and then the second.
_TWO_BY_TWO = np.concatenate([np.flatnonzero(np.arange(128) < _MIRRORED),
                              _MIRRORED[np.arange(128) < _MIRRORED]])  # fmt: skip

ONE = np.float32(2 * _UNIT**2)
"""What `Products` give of a descriptor with itself."""


@dataclass(frozen=True)
class Features:
    """A small picture of a photo with its local features: 66 kB, more once it is looked at.

    And as much for each of its fields, which one photo in six has, with screenshots and collages.

    Attributes:
        thumbnail: JPEG bytes, upright, 320 pixels on the longer side.
        size: width and height of the thumbnail.
        points: (K, 2) float32, x and y in pixels of the thumbnail, K at most 400.
        codes: (K, 128) uint8, root-normalised SIFT in units of 1/512.
        flipped: whether left and right of the thumbnail are swapped.
        fields: what may be pictures of their own in it, each as such; none of a mirrored one.
        words: (W,) uint64, its visual words (words.py); none of a mirrored one.
    """

    thumbnail: bytes
    size: tuple[int, int]
    points: npt.NDArray[np.float32]
    codes: npt.NDArray[np.uint8]
    flipped: bool = False
    fields: tuple[tuple[Field, "Features"], ...] = ()
    words: npt.NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, np.uint64))

    @property
    def area(self) -> int:
        """Pixels of the thumbnail."""
        return self.size[0] * self.size[1]

    @cached_property
    def rgb(self) -> npt.NDArray[np.uint8]:
        """(H, W, 3) uint8."""
        pixels = _decoded_lately(self.thumbnail)
        return np.ascontiguousarray(pixels[:, ::-1]) if self.flipped else pixels

    @cached_property
    def grey(self) -> npt.NDArray[np.uint8]:
        """(H, W) uint8."""
        import cv2

        return np.asarray(cv2.cvtColor(self.rgb, cv2.COLOR_RGB2GRAY), np.uint8)

    @cached_property
    def halves(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """(K, 64) float32, whole numbers: sums and differences of what mirroring exchanges."""
        ordered = self.codes[:, _TWO_BY_TWO].astype(np.float32)
        one, other = ordered[:, :64], ordered[:, 64:]
        return one + other, one - other

    @cached_property
    def mirrored_points(self) -> npt.NDArray[np.float32]:
        """(K, 2) float32, where the points are once left and right are swapped."""
        points = self.points.copy()
        points[:, 0] = self.size[0] - 1 - points[:, 0]
        return points

    @cached_property
    def mirrored(self) -> "Features":
        """The same picture, left and right swapped."""
        codes = self.codes[:, _MIRRORED]
        return Features(self.thumbnail, self.size, self.mirrored_points, codes, not self.flipped)


class Products:
    """How much each descriptor of one picture is like each of another, mirrored and not.

    With the sums s and the differences d of the numbers that mirroring exchanges, twice the
    product of two descriptors is s s' + d d', and once one of them is mirrored s s' - d d': so both
    take the multiplications of one. All are whole numbers below 2**24, which float32 adds up
    without rounding, in any order.
    """

    def __init__(self, first: Features, second: Features) -> None:
        """Multiply.

        Args:
            first: K points.
            second: L points.
        """
        sums, differences = zip(first.halves, second.halves, strict=True)
        self._even = sums[0] @ sums[1].T
        self._odd = differences[0] @ differences[1].T

    def straight(self) -> npt.NDArray[np.float32]:
        """(K, L) float32, up to `ONE`."""
        return self._even + self._odd

    def mirrored(self) -> npt.NDArray[np.float32]:
        """(K, L) float32, likewise, left and right of the first swapped."""
        return self._even - self._odd


def halved(picture: Features) -> Features:
    """A picture at half its size: what noise, dots and blur did to it is gone."""
    import cv2

    width, height = (max(1, round(side / 2)) for side in picture.size)
    pixels = cv2.resize(picture.rgb, (width, height), interpolation=cv2.INTER_AREA)
    return features_of_pixels(np.asarray(pixels, np.uint8))


def in_negative(picture: Features) -> Features:
    """A picture with every brightness and colour inverted."""
    return features_of_pixels(np.invert(picture.rgb))


def features_of(thumbnail: bytes) -> Features:
    """Find the local features of a small picture.

    Args:
        thumbnail: JPEG bytes, upright, about 320 pixels on its longer side.

    Returns:
        The same features for the same bytes, whatever was done before.

    Raises:
        ValueError: it is no picture.

    Source: D. Lowe, "Distinctive Image Features from Scale-Invariant Keypoints" (2004), by
    OpenCV; square roots of R. Arandjelović and A. Zisserman, "Three things everyone should
    know to improve object retrieval" (2012).
    """

    pixels = decoded(thumbnail)
    within = []
    for place in fields(pixels):
        within.append((place, features_of_pixels(cut(pixels, place))))
    return replace(_features_of(thumbnail, pixels), fields=tuple(within))


def features_of_pixels(pixels: npt.NDArray[np.uint8]) -> Features:
    """Features of what was made of a small picture; of no fields in it.

    Args:
        pixels: (H, W, 3) uint8.
    """
    import cv2

    swapped = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    _, jpeg = cv2.imencode(".jpg", swapped, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return _features_of(jpeg.tobytes(), pixels)


def _features_of(thumbnail: bytes, pixels: npt.NDArray[np.uint8]) -> Features:
    """Of a picture itself, and not of its fields."""
    import cv2

    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    size = grey.shape[1], grey.shape[0]
    enlarged = max(1.0, _SMALLEST / max(size))
    if enlarged > 1:
        grey = cv2.resize(grey, None, fx=enlarged, fy=enlarged, interpolation=cv2.INTER_CUBIC)
    found, raw = _sift().detectAndCompute(grey, None)
    points = np.array([point.pt for point in found], np.float32).reshape(-1, 2)[:POINTS]
    # where pixel centres lie: enlarging moves them by half a pixel
    points = (points + 0.5) / np.float32(enlarged) - 0.5
    if raw is None:
        return Features(thumbnail, size, points, np.empty((0, 128), np.uint8))
    # points of equal strength may make a few more than were asked for
    roots = np.sqrt(raw[:POINTS] / np.maximum(raw[:POINTS].sum(1, keepdims=True), 1e-9))
    codes = np.minimum(np.rint(roots * _UNIT), 255).astype(np.uint8)
    its = [(point.size / enlarged, point.angle, point.response) for point in found[:POINTS]]
    words = words_of(codes, *np.array(its, np.float32).T)
    return Features(thumbnail, size, points.astype(np.float32), codes, words=words)


@lru_cache(_LATELY)
def _decoded_lately(thumbnail: bytes) -> npt.NDArray[np.uint8]:
    pixels = decoded(thumbnail)
    pixels.flags.writeable = False
    return pixels


_of_thread = threading.local()


def _sift() -> "cv2.SIFT":
    """One for each thread: nobody promises that one may serve two."""
    import cv2

    if not hasattr(_of_thread, "sift"):
        # photos are looked at side by side: OpenCV's own threads would only wait for each other
        cv2.setNumThreads(1)
        _of_thread.sift = cv2.SIFT.create(nfeatures=POINTS, contrastThreshold=_CONTRAST)
    sift: cv2.SIFT = _of_thread.sift
    return sift
