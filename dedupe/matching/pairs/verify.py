"""What a pair of photos is to each other, by what their thumbnails show."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dedupe.matching.pairs.agreement import Agreement, agreement
from dedupe.matching.pairs.features import Features
from dedupe.matching.pairs.geometry import Alignment, align, corners, upright, whole
from dedupe.matching.pairs.motion import motion
from dedupe.matching.pairs.overlap import Overlap, Windows, lay, news, windows

FORMS = ("whole", "upright", "free")
"""What lays one picture on another: the whole on the whole; quarter turns, one scale and a
shift; or any homography."""

# A whole picture lies on another where its corners come so near to the other's, of its length.
_WHOLE = 0.02

# Where a homography agrees by less than this more, the one of fewer numbers is taken.
_BETTER = 0.02

# Share of the windows that agree, up to which nothing can relate two pictures (relations.py).
_LITTLE = 0.3

# Share of both pictures outside the other, below which it is not looked at what is there.
_OUTSIDE = 0.005

# Points from which on an alignment is worth laying the pictures on each other: of different
# photos at most 7 fit.
_TRIED = 8


@dataclass(frozen=True, slots=True)
class Evidence:
    """What geometry and agreement say of two photos.

    Attributes:
        inliers: points that one homography carries from the first to the second.
        homography: (3, 3) float64, in pixels of the thumbnails.
        mirrored: whether the first is mirrored before.
        form: one of FORMS.
        agreement: of their overlap.
        of_first: share of the first picture's area that the second shows too.
        of_second: share of the second's area that the first shows too.
        news: share of each picture that shows something that lies outside the other; 0 where
            that is too little to look at.
        motion: pixels that things moved by, median; 0 if the pictures do not agree at all.
        sizes: width and height of both thumbnails.
    """

    inliers: int
    homography: npt.NDArray[np.float64]
    mirrored: bool
    form: str
    agreement: Agreement
    of_first: float
    of_second: float
    news: tuple[float, float]
    motion: float
    sizes: tuple[tuple[int, int], tuple[int, int]]


_Found = tuple[str, Overlap, Windows, npt.NDArray[np.float64]]

# By whether the first was mirrored, and the homography, what was seen there.
_Tried = dict[tuple[bool, bytes], tuple[Overlap, Windows] | None]


def examine(
    first: Features, second: Features, *, alike: bool = False, however_little: bool = False
) -> Evidence | None:
    """Find how one picture lies on the other, and compare them there.

    Args:
        first: features of one photo.
        second: features of the other.
        alike: whether their hashes say that one whole picture may be the other, turned or
            mirrored: then that is tried too, where too few points match.
        however_little: tell what they have in common also where that can relate nothing,
            which takes as long as to find that they agree.

    Returns:
        None where nothing says that both show the same.
    """
    alignment = align(first, second)
    best: _Found | None = None
    tried: _Tried = {}
    shown = first
    if alignment is not None and alignment.inliers >= _TRIED:
        shown = first.mirrored if alignment.mirrored else first
        best = _best(_forms(alignment, shown, second), shown, second, tried)
    mirrored = alignment is not None and alignment.mirrored
    if alike and (best is None or best[2].share < 0.85):
        for flip in (False, True):
            turned = first.mirrored if flip else first
            wholes = [("whole", each) for each in whole(first.size, second.size)]
            found = _best(wholes, turned, second, tried)
            if found and found[2].share > (best[2].share if best else 0.0):
                best, mirrored, shown = found, flip, turned
    if best is None:
        return None
    form, overlap, seen, homography = best
    if seen.share <= _LITTLE and not however_little:
        return None
    agreed = agreement(overlap, seen)
    outside = min(1 - overlap.of_first, 1 - overlap.of_second)
    return Evidence(
        inliers=alignment.inliers if alignment else 0,
        homography=homography,
        mirrored=mirrored,
        form=form,
        agreement=agreed,
        of_first=overlap.of_first,
        of_second=overlap.of_second,
        news=news(shown, second, homography) if outside > _OUTSIDE else (0.0, 0.0),
        motion=motion(overlap, seen) if max(agreed.share, agreed.beneath) > 0.6 else 0.0,
        sizes=(first.size, second.size),
    )


def _forms(
    alignment: Alignment, shown: Features, second: Features
) -> list[tuple[str, npt.NDArray[np.float64]]]:
    """The homography and what it nearly is, the one of fewest numbers first."""
    forms = [("free", alignment.homography)]
    simple = upright(alignment)
    if simple is not None:
        forms.insert(0, ("upright", simple.homography))
        there = corners(simple.homography, shown.size)
        for each in whole(shown.size, second.size):
            if np.abs(corners(each, shown.size) - there).max() < _WHOLE * max(second.size):
                forms.insert(0, ("whole", each))
    return forms


def _best(
    forms: list[tuple[str, npt.NDArray[np.float64]]],
    shown: Features,
    second: Features,
    tried: _Tried,
) -> _Found | None:
    """The form that agrees most, the first of nearly equal ones, and what was seen in it."""
    best: _Found | None = None
    for form, homography in forms:
        way = shown.flipped, homography.tobytes()
        if way not in tried:
            laid = lay(shown, second, homography)
            tried[way] = (laid, windows(laid)) if laid else None
        there = tried[way]
        if there is None:
            continue
        overlap, seen = there
        if best is None or seen.share > best[2].share + _BETTER:
            best = form, overlap, seen, homography
        # nothing can agree by so much more
        if best[2].share + _BETTER >= 1:
            break
    return best
