"""Whether one plane motion carries points of one picture to those of another, and which."""

import math
from dataclasses import dataclass, field, replace
from itertools import chain

import numpy as np
import numpy.typing as npt

from dedupe.matching.points.features import ONE, Features, Products

# A point's nearest descriptor must be nearer than this share of the second nearest.
_RATIO = 0.85

# How far a point may lie from where the homography puts it, in pixels of the thumbnail.
_OFF = 3.0

# Fewer matches are not tried: different photos have up to 12, of which at most 7 fit one plane.
_FEWEST = 8

# Points in one plane that prove that both pictures show some of the same: of 1,000 pairs of
# different photos, the 600 nearest by embedding among them, the most was 7.
INLIERS = 12

# A picture that another one is carried to must keep so much of its area.
_LEAST = 1 / 400

# By how much the sides of a whole picture may be stretched against each other.
_STRETCHED = 0.03

# With so many, the mirrored picture is not tried any more.
_PLENTY = 25


@dataclass(frozen=True, slots=True)
class Alignment:
    """How one picture lies on another.

    Attributes:
        homography: (3, 3) float64, carries pixels of the first, mirrored where `mirrored`
            says so, to pixels of the second.
        inliers: how many matched points it carries to within 3 pixels.
        mirrored: whether left and right of the first are swapped before.
        points: (2, M, 2) float32, the matched points that it was fitted on, in the first
            (mirrored) and in the second.
    """

    homography: npt.NDArray[np.float64]
    inliers: int
    mirrored: bool
    points: npt.NDArray[np.float32] = field(compare=False, repr=False)


def align(first: Features, second: Features) -> Alignment | None:
    """Find the homography that carries most matched points of one picture to another.

    Args:
        first: features of one photo.
        second: features of the other; the result is that of carrying `first` to it.

    Returns:
        None where too few points match. Twelve inliers and more (`INLIERS`) prove that both
        show some of the same; they do not yet say that they are the same picture.

    Mutual nearest neighbours with a ratio test; MAGSAC++ (D. Barath et al., CVPR 2020) by
    OpenCV, with its fixed seed: the same pair gives the same answer.
    """
    products = Products(first, second)
    straight = _fitted(first, second, products, mirrored=False)
    if straight is not None and straight.inliers >= _PLENTY:
        return straight
    mirrored = _fitted(first, second, products, mirrored=True)
    found = [each for each in (straight, mirrored) if each is not None]
    return max(found, key=lambda each: each.inliers, default=None)


def matches(
    alike: npt.NDArray[np.float32],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Descriptors that are each other's nearest, clearly so.

    Args:
        alike: (K, L) as `Products` gives it; it is changed meanwhile.

    Returns:
        Rows and columns, (M,) int64 each.
    """
    if min(alike.shape) < 2:
        nothing = np.empty(0, np.int64)
        return nothing, nothing
    every, nearest = np.arange(len(alike)), alike.argmax(1)
    best = alike[every, nearest]
    alike[every, nearest] = -1
    second_best = alike.max(1)
    alike[every, nearest] = best
    # of vectors of length 1 the squared distance is 2 - 2 x product
    rows = np.flatnonzero(1 - best / ONE < _RATIO**2 * (1 - second_best / ONE))
    columns = nearest[rows]
    # the other way only for those that are clear: of different photos few of 400 are
    mutual = alike[:, columns].argmax(0) == rows
    return rows[mutual], columns[mutual]


def _fitted(
    first: Features, second: Features, products: Products, *, mirrored: bool
) -> Alignment | None:
    import cv2

    rows, columns = matches(products.mirrored() if mirrored else products.straight())
    if len(rows) < _FEWEST:
        return None
    own = (first.mirrored_points if mirrored else first.points)[rows]
    fitted, inside = cv2.findHomography(
        own, second.points[columns], cv2.USAC_MAGSAC, _OFF, maxIters=2000, confidence=0.999
    )
    if fitted is None:
        return None
    homography = np.asarray(fitted, np.float64)
    if not is_a_view(homography, first.size):
        return None
    inside = inside.ravel().astype(bool)
    points = np.stack([own[inside], second.points[columns][inside]])
    return Alignment(homography, int(inside.sum()), mirrored, points)


def upright(alignment: Alignment) -> Alignment | None:
    """The same alignment by quarter turns, one scale and a shift alone, where that fits.

    A homography has eight numbers and drifts at the edges where few points hold it; a photo
    that was cropped, resized, turned or framed needs three.

    Returns:
        None where fewer than four in five of the points fit.
    """
    from_, to = alignment.points.astype(np.float64)
    about_from, about_to = from_ - from_.mean(0), to - to.mean(0)
    spread = float((about_from**2).sum())
    if not spread:
        return None
    best: npt.NDArray[np.float64] | None = None
    fits = 0
    for quarter in _QUARTERS:
        turned = about_from @ quarter.T
        scale = float((turned * about_to).sum()) / spread
        if scale <= 0:
            continue
        off = np.hypot(*(scale * turned - about_to).T)
        count = int((off <= _OFF).sum())
        if count > fits:
            # once more on those that fit
            near = off <= _OFF
            centre_from, centre_to = from_[near].mean(0), to[near].mean(0)
            turned = (from_[near] - centre_from) @ quarter.T
            scale = float((turned * (to[near] - centre_to)).sum() / max((turned**2).sum(), 1e-9))
            best, fits = _shifted(scale * quarter, centre_to - scale * quarter @ centre_from), count
    if best is None or fits < max(_FEWEST, 0.8 * alignment.inliers):
        return None
    return replace(alignment, homography=best)


def tilted(alignment: Alignment) -> Alignment | None:
    """The same alignment by one turn, one scale and a shift alone, where that fits.

    Four numbers, for a photo that was tilted, and then cropped, framed or written on.

    Returns:
        None where fewer than four in five of the points fit.
    """
    from_, to = (each.astype(np.float64) @ [1, 1j] for each in alignment.points)
    near = np.ones(len(from_), np.bool_)
    for _ in range(2):  # once more on those that fit
        about_from, about_to = from_[near] - from_[near].mean(), to[near] - to[near].mean()
        spread = float((np.abs(about_from) ** 2).sum())
        if not spread:
            return None
        turn = complex((about_from.conj() * about_to).sum()) / spread
        shift = complex(to[near].mean() - turn * from_[near].mean())
        near = np.abs(turn * from_ + shift - to) <= _OFF
        if near.sum() < max(_FEWEST, 0.8 * alignment.inliers):
            return None
    linear = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    return replace(alignment, homography=_shifted(linear, np.array([shift.real, shift.imag])))


def whole(size: tuple[int, int], other: tuple[int, int]) -> list[npt.NDArray[np.float64]]:
    """The four quarter turns that lay one whole picture on another, its sides stretched to fit.

    Args:
        size: width and height of the first.
        other: of the second.

    Returns:
        (3, 3) homographies for 0, 90, 180 and 270 degrees; one whose sides would be stretched
        by more than 3 % against each other, or what rounding makes of small ones, is left out.
    """
    found = []
    for quarter in _QUARTERS:
        turned = np.abs(quarter @ np.array(size, np.float64))
        stretch = np.array(other) / turned
        # sides of so few pixels were rounded when it was made smaller
        if abs(np.log(stretch[0] / stretch[1])) > max(_STRETCHED, 0.75 / min(*size, *other)):
            continue
        found.append(_about_middle(stretch[:, None] * quarter, size, other))
    return found


def swapped(size: tuple[int, int]) -> npt.NDArray[np.float64]:
    """(3, 3), carries the pixels of a picture to those of the same, left and right swapped."""
    return np.array([[-1.0, 0, size[0] - 1], [0, 1, 0], [0, 0, 1]])


def stretched(size: tuple[int, int], other: tuple[int, int]) -> npt.NDArray[np.float64]:
    """(3, 3), carries the pixels of a picture to those of the same in another size."""
    return _about_middle(np.diag(np.array(other) / np.array(size, np.float64)), size, other)


_QUARTERS = tuple(
    np.array(rows, np.float64)
    for rows in ([[1, 0], [0, 1]], [[0, -1], [1, 0]], [[-1, 0], [0, -1]], [[0, 1], [-1, 0]])
)


def _about_middle(
    linear: npt.NDArray[np.float64], size: tuple[int, int], other: tuple[int, int]
) -> npt.NDArray[np.float64]:
    """Carries the middle of one picture to that of another."""
    middle, middle_other = (np.array(size) - 1) / 2, (np.array(other) - 1) / 2
    return _shifted(linear, middle_other - linear @ middle)


def _shifted(
    linear: npt.NDArray[np.float64], shift: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    homography = np.eye(3)
    homography[:2, :2], homography[:2, 2] = linear, shift
    return homography


def corners(homography: npt.NDArray[np.float64], size: tuple[int, int]) -> npt.NDArray[np.float64]:
    """Where the four corners of a picture go, clockwise from the upper left.

    Args:
        homography: (3, 3).
        size: width and height of the picture.

    Returns:
        (4, 2) float64, x and y; not finite where a corner goes to the horizon.
    """
    width, height = size
    right, below = width - 0.5, height - 0.5
    edges = [[-0.5, -0.5, 1], [right, -0.5, 1], [right, below, 1], [-0.5, below, 1]]
    moved = np.array(edges) @ homography.T
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(moved[:, :2] / moved[:, 2:], np.float64)


def inverse(homography: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(3, 3), carries the other way."""
    return np.asarray(np.linalg.inv(homography), np.float64)


def is_a_view(homography: npt.NDArray[np.float64], size: tuple[int, int]) -> bool:
    """Whether a picture stays a picture: not folded, not turned over, not shrunk to a dot."""
    # number by number: as arrays of four they took 0.1 ms, a tenth of aligning two pictures
    (a, b, c), (d, e, f), (g, h, i) = homography.tolist()
    right, below = size[0] - 0.5, size[1] - 0.5
    there: list[tuple[float, float]] = []
    for x, y in ((-0.5, -0.5), (right, -0.5), (right, below), (-0.5, below)):
        far = g * x + h * y + i
        if not far or not math.isfinite(far):
            return False
        there.append(((a * x + b * y + c) / far, (d * x + e * y + f) / far))
    if not all(map(math.isfinite, chain.from_iterable(there))):
        return False
    following = [*there[1:], there[0]]
    sides = [(u - x, v - y) for (x, y), (u, v) in zip(there, following, strict=True)]
    turns = [x * v - y * u for (x, y), (u, v) in zip(sides, [*sides[1:], sides[0]], strict=True)]
    covered = sum(x * v - u * y for (x, y), (u, v) in zip(there, following, strict=True)) / 2
    # all corners turn the same way as before, and none is so flat that no photo of a photo is
    return min(turns) > 0.02 * covered and _LEAST < covered / (size[0] * size[1]) < 1 / _LEAST


def area(quadrangle: npt.NDArray[np.float64]) -> float:
    """Of corners, clockwise as a picture's are; negative if they turn the other way."""
    x, y = quadrangle.T
    following = [*range(1, len(x)), 0]  # np.roll takes ten times as long
    return float(np.sum(x * y[following] - y * x[following]) / 2)
