"""A picture whose lines a lens bent, or that a program straightened: bent back."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dedupe.matching.pairs.geometry import matches
from dedupe.matching.points.features import Features, features_of_pixels

# By how much a corner moves away from the middle, as a share of the way there. Lenses bend by 0.02
# to 0.1, filters by more.
_WEAKEST, _STRONGEST = -0.3, 0.6

# Points are looked at that lie so near to where a homography puts them, in pixels of the thumbnail,
# and of these such a share: the others may match by chance.
_NEAR, _FAR, _MOST = 12.0, 3.0, 0.75

# What lies so near already is not bent, and it must lie so much nearer when it is bent back, as a
# share of how far it was off: 0.1 to 0.3 of bent photos.
_STRAIGHT, _NEARER = 0.2, 0.6

# Points that tell.
_FEWEST = 40

_Points = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bend:
    """How one of two pictures must be bent to lie on the other.

    Attributes:
        side: 1 for the first, 2 for the second.
        strength: by how much its corners move from the middle, as a share of the way.
    """

    side: int
    strength: float


def bend_between(
    first: Features, second: Features, homography: npt.NDArray[np.float64]
) -> Bend | None:
    """Look how one of two pictures must be bent about its middle to lie on the other.

    Args:
        first: a picture, mirrored already where it must be.
        second: another one.
        homography: (3, 3), carries some points of the first to those of the second.

    Returns:
        That by which matched points lie nearest to each other; None where it is not much nearer.

    Source: the first term of the radial distortion of D. C. Brown, "Decentering Distortion of
    Lenses" (1966).
    """
    from scipy.optimize import minimize_scalar

    rows, columns = matches(first.descriptors, second.descriptors)
    from_, to = first.points[rows].astype(np.float64), second.points[columns].astype(np.float64)
    near = _off(homography, from_, to) < _NEAR
    if np.count_nonzero(near) < _FEWEST:
        return None
    points, sizes = (from_[near], to[near]), (first.size, second.size)

    def off(strength: float, side: int) -> float:
        moved = list(points)
        moved[side - 1] = _bent_points(points[side - 1], sizes[side - 1], strength)
        return _off_by(*moved)

    before = off(0.0, 1)
    if before <= _STRAIGHT:
        return None
    found = []
    for side in (1, 2):
        best = minimize_scalar(
            off, bounds=(_WEAKEST, _STRONGEST), args=(side,), options={"xatol": 1e-3}
        )
        found.append((float(best.fun), side, float(best.x)))
    least, side, strength = min(found)
    return Bend(side, strength) if least < _NEARER * before else None


def bent(picture: Features, strength: float) -> Features:
    """A picture bent about its middle, so that it fills its frame, and its features."""
    import cv2

    width, height = picture.size
    middle = np.array([width - 1, height - 1]) / 2
    y, x = np.mgrid[:height, :width]
    away = np.stack([x, y], 2) - middle
    radius = np.hypot(away[..., 0], away[..., 1]) / np.hypot(*middle)
    # where each point comes from: looked up, as the way back is no short formula
    from_ = np.linspace(0, 1.5, 1024)
    source = np.interp(radius, from_ * _stretch(from_, picture.size, strength), from_)
    back = middle + away * (source / np.maximum(radius, 1e-9))[..., None]
    x, y = back[..., 0].astype(np.float32), back[..., 1].astype(np.float32)
    pixels = cv2.remap(picture.rgb, x, y, cv2.INTER_LINEAR)
    return features_of_pixels(np.asarray(pixels, np.uint8))


def _bent_points(points: _Points, size: tuple[int, int], strength: float) -> _Points:
    """(M, 2), where points of a picture go."""
    middle = (np.array(size) - 1) / 2
    away = points - middle
    radius = np.hypot(*away.T) / np.hypot(*middle)
    return np.asarray(middle + away * _stretch(radius, size, strength)[:, None], np.float64)


def _stretch(radius: _Points, size: tuple[int, int], strength: float) -> _Points:
    """How much farther from the middle points go; the frame stays filled.

    Args:
        radius: from the middle, of the way to a corner.
        size: of the picture.
        strength: of the bend.
    """
    # what is nearest to the middle of all that lies on the frame, and what is farthest
    nearest = min(size) / np.hypot(*size)
    still = nearest if strength > 0 else 1.0
    stretched: _Points = (1 + strength * radius**2) / (1 + strength * still**2)
    return stretched


def _off_by(first: _Points, second: _Points) -> float:
    """How far most points are off a homography that was fitted on those that are not far off."""
    import cv2

    off = np.full(len(first), 0.0)
    for _ in range(3):
        near = off <= max(_FAR, float(np.median(off)))
        homography, _ = cv2.findHomography(first[near], second[near], 0)
        if homography is None:
            return _FAR
        off = _off(np.asarray(homography, np.float64), first, second)
    nearest = np.sort(off)[: int(_MOST * len(off))]
    return float(np.sqrt((nearest**2).mean()))


def _off(homography: npt.NDArray[np.float64], first: _Points, second: _Points) -> _Points:
    """(M,) pixels from where a homography carries points to where they are."""
    there = np.column_stack([first, np.ones(len(first))]) @ homography.T
    with np.errstate(divide="ignore", invalid="ignore"):
        away = np.hypot(*(there[:, :2] / there[:, 2:] - second).T)
    return np.asarray(np.nan_to_num(away, nan=np.inf, posinf=np.inf), np.float64)
