"""A picture whose lines a lens, a program or a curled page bent: bent back to lie on another."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dedupe.matching.pairs.geometry import matches
from dedupe.matching.pairs.overlap import shown_beside
from dedupe.matching.points.features import Features, Products, features_of_pixels

# Points are looked at that lie so near to where a homography puts them, in pixels of the thumbnail;
# then those that lie so near to where what was fitted last puts them: its degree, and pixels.
_NEAR = 12.0
_FITS = ((2, 12.0), (3, 6.0), (3, 4.0), (3, 3.0))

# Most of them: the others may match by chance. What lies so near already is not bent, and it must
# lie so much nearer when it is bent back, as a share of how far it was off: 0.1 to 0.3 of bent
# photos.
_MOST, _FAR, _STRAIGHT, _NEARER = 0.75, 3.0, 0.2, 0.6

# Points that tell: of cubic surfaces, which have 20 numbers.
_FEWEST = 40

# Pixels around those that are shown that are shown, too.
_AROUND = 5

_Points = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bend:
    """How one of two pictures must be bent to lie on the other.

    Attributes:
        side: 1 for the first, 2 for the second.
        terms: (10, 2) float64, of cubic surfaces that carry points of the other picture to it,
            both from -1 to 1 along their longer sides.
    """

    side: int
    terms: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bent:
    """A picture that was bent to lie on another one.

    Attributes:
        features: of what lies on the other, in its frame; black where nothing does.
        shown: share of it that is there.
        hidden: share of it that is not, and not of one colour.
        covered: share of the other's frame that it lies on.
        bare: share of the other that it does not, and that is not of one colour.
    """

    features: Features
    shown: float
    hidden: float
    covered: float
    bare: float


def bend_between(
    first: Features, second: Features, homography: npt.NDArray[np.float64]
) -> Bend | None:
    """Look how one of two pictures must be bent to lie on the other.

    Args:
        first: a picture, mirrored already where it must be.
        second: another one.
        homography: (3, 3), carries some points of the first to those of the second.

    Returns:
        That by which matched points lie nearest to each other; None where it is not much nearer.

    Cubic surfaces are the first terms of what lenses do (D. C. Brown, "Decentering Distortion of
    Lenses", 1966), and follow a page or a mug as well.
    """
    from_, to = _matched(first, second)
    near = _off(homography, from_, to) < _NEAR
    if np.count_nonzero(near) < _FEWEST:
        return None
    before = _off_by(from_[near], to[near])
    if before <= _STRAIGHT:
        return None
    least, terms, side = min(
        (
            (*_fitted(from_, to, near, first.size, second.size), 1),
            (*_fitted(to, from_, near, second.size, first.size), 2),
        ),
        key=lambda each: each[0],
    )
    return Bend(side, terms) if least < _NEARER * before else None


def bent_more(picture: Features, other: Features, bend: Bend) -> Bend:
    """The same, by the points that match once it is bent: where lines bend most few did before."""
    own, there = _matched(bent(picture, other, bend).features, other)
    near = np.hypot(*(own - there).T) < _NEAR
    own = _back(_terms(_about(own, other.size), 3) @ bend.terms, picture.size)
    least, terms = _fitted(own, there, near, picture.size, other.size)
    return Bend(bend.side, terms) if np.isfinite(least) else bend


def bent(picture: Features, other: Features, bend: Bend) -> Bent:
    """A picture as it lies on another one.

    Args:
        picture: that of `bend.side`.
        other: the other one.
        bend: as `bend_between` gave it.
    """
    import cv2

    width, height = other.size
    y, x = np.mgrid[:height, :width].astype(np.float64)
    grid = np.stack([x.ravel(), y.ravel()], 1)
    there = _back(_terms(_about(grid, other.size), 3) @ bend.terms, picture.size)
    x, y = there.T.reshape(2, height, width).astype(np.float32)
    pixels = cv2.remap(picture.rgb, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    across, down = np.rint(x).astype(np.int64), np.rint(y).astype(np.int64)
    is_covered = (across >= 0) & (across < picture.size[0]) & (down >= 0) & (down < picture.size[1])
    is_shown = np.zeros(picture.grey.shape, np.uint8)
    is_shown[down[is_covered], across[is_covered]] = 1
    around = np.ones((_AROUND, _AROUND), np.uint8)
    is_shown = np.asarray(cv2.morphologyEx(is_shown, cv2.MORPH_CLOSE, around), np.uint8)
    return Bent(
        features=features_of_pixels(np.asarray(pixels, np.uint8)),
        shown=float(is_shown.mean()),
        hidden=shown_beside(picture.grey, cv2.dilate(is_shown, around) > 0),
        covered=float(is_covered.mean()),
        bare=shown_beside(other.grey, cv2.dilate(is_covered.astype(np.uint8), around) > 0),
    )


def _fitted(
    own: _Points,
    other: _Points,
    near: npt.NDArray[np.bool_],
    size: tuple[int, int],
    other_size: tuple[int, int],
) -> tuple[float, npt.NDArray[np.float64]]:
    """How far points are off the surfaces that carry those of the other picture, and these.

    Args:
        own: (M, 2) of the picture.
        other: (M, 2) of the other one.
        near: (M,) those to begin with.
        size: of the picture.
        other_size: of the other one.
    """
    goal, from_ = _about(own, size), _about(other, other_size)
    begun, terms, off = near, np.zeros((10, 2)), np.empty(0)
    for degree, within in _FITS:
        if np.count_nonzero(near) < _FEWEST:
            return np.inf, terms
        its = _terms(from_, degree)
        terms = np.zeros((10, 2))
        terms[: its.shape[1]] = np.linalg.lstsq(its[near], goal[near], rcond=None)[0]
        off = np.hypot(*(_back(its @ terms[: its.shape[1]], size) - own).T)
        near = off <= within
    return _most(off[begun | near]), terms


def _matched(first: Features, second: Features) -> tuple[_Points, _Points]:
    """(M, 2) points of each that match."""
    rows, columns = matches(Products(first, second).straight())
    return first.points[rows].astype(np.float64), second.points[columns].astype(np.float64)


def _terms(points: _Points, degree: int) -> _Points:
    """(M, 6 or 10) products of the coordinates."""
    x, y = points.T
    each = [np.ones_like(x), x, y, x * x, x * y, y * y]
    if degree > 2:
        each += [x**3, x * x * y, x * y * y, y**3]
    return np.stack(each, 1)


def _about(points: _Points, size: tuple[int, int]) -> _Points:
    """Pixels as numbers from -1 to 1 along the longer side."""
    return np.asarray((points - (np.array(size) - 1) / 2) / (max(size) / 2), np.float64)


def _back(points: _Points, size: tuple[int, int]) -> _Points:
    """The pixels again."""
    return np.asarray(points * (max(size) / 2) + (np.array(size) - 1) / 2, np.float64)


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
    return _most(off)


def _most(off: _Points) -> float:
    """The root of the mean square of most."""
    nearest = np.sort(off)[: int(_MOST * len(off))]
    return float(np.sqrt((nearest**2).mean()))


def _off(homography: npt.NDArray[np.float64], first: _Points, second: _Points) -> _Points:
    """(M,) pixels from where a homography carries points to where they are."""
    there = np.column_stack([first, np.ones(len(first))]) @ homography.T
    with np.errstate(divide="ignore", invalid="ignore"):
        away = np.hypot(*(there[:, :2] / there[:, 2:] - second).T)
    return np.asarray(np.nan_to_num(away, nan=np.inf, posinf=np.inf), np.float64)
