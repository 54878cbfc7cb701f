"""How one picture lies best on another: whole on whole, upright, tilted, or by any homography."""

import numpy as np
import numpy.typing as npt

from dedupe.matching.pairs.geometry import Alignment, corners, tilted, upright, whole
from dedupe.matching.pairs.overlap import Overlap, Windows, lay, windows
from dedupe.matching.points.features import Features

# A whole picture lies on another where its corners come so near to the other's, of its length.
_WHOLE = 0.02

# Where a homography agrees by less than this more, the one of fewer numbers is taken.
_BETTER = 0.02

TRIED = 8
"""Points from which on an alignment is worth laying the pictures on each other: of different photos
at most 7 fit."""

_Found = tuple[str, Overlap, Windows, npt.NDArray[np.float64]]

# By whether the first was mirrored, and the homography, what was seen there.
_Tried = dict[tuple[bool, bytes], tuple[Overlap, Windows] | None]


def laid_best(
    alignment: Alignment | None, first: Features, second: Features, *, alike: bool
) -> tuple[Features, _Found] | None:
    """Lay one picture on another in all forms that may fit.

    Args:
        alignment: of the two.
        first: one picture.
        second: the other.
        alike: whether one whole picture may be the other, turned or mirrored, where points do not
            say so.

    Returns:
        The first, mirrored where it must be; and of how it lies best on the second the form, the
        overlap, its windows and the homography. None where they do not overlap.
    """
    best: _Found | None = None
    tried: _Tried = {}
    shown = first
    if alignment is not None and alignment.inliers >= TRIED:
        shown = first.mirrored if alignment.mirrored else first
        best = _best(_forms(alignment, shown, second), shown, second, tried)
    if alike and (best is None or best[2].share < 0.85):
        for turned in (first, first.mirrored):
            wholes = [("whole", each) for each in whole(first.size, second.size)]
            found = _best(wholes, turned, second, tried)
            if found and found[2].share > (best[2].share if best else 0.0):
                best, shown = found, turned
    return (shown, best) if best else None


def _forms(
    alignment: Alignment, shown: Features, second: Features
) -> list[tuple[str, npt.NDArray[np.float64]]]:
    """The homography and what it nearly is, the one of fewest numbers first."""
    forms = [("free", alignment.homography)]
    turned = tilted(alignment)
    if turned is not None:
        forms.insert(0, ("tilted", turned.homography))
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
