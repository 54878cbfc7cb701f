"""What a pair of photos is to each other, by what their thumbnails show."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from dedupe.matching.pairs.agreement import Agreement, agreement
from dedupe.matching.pairs.evidence import Evidence
from dedupe.matching.pairs.features import Features
from dedupe.matching.pairs.geometry import (
    Alignment,
    align,
    area,
    corners,
    inverse,
    swapped,
    upright,
    whole,
)
from dedupe.matching.pairs.motion import motion
from dedupe.matching.pairs.overlap import Overlap, Windows, lay, news, windows
from dedupe.matching.pairs.relations import (
    SAME_THING,
    hangs_on_motion,
    is_agreed,
    is_one_picture,
    is_related,
)
from dedupe.matching.within.field import Field

# A whole picture lies on another where its corners come so near to the other's, of its length.
_WHOLE = 0.02

# Where a homography agrees by less than this more, the one of fewer numbers is taken.
_BETTER = 0.02

# Share of both pictures outside the other, below which it is not looked at what is there.
_OUTSIDE = 0.005

# Points from which on an alignment is worth laying the pictures on each other: of different
# photos at most 7 fit.
_TRIED = 8


# Share of both frames that is in both, above which what agrees in a part of them is no field of a
# collage: two shots from one place, in which something moved beside a door.
_ONE_FRAME = 0.8

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
        however_little: tell all that they have in common also where that can relate nothing,
            which takes as long as to find that they agree.

    Returns:
        None where nothing says that both show the same, or too little to relate them whatever
        their clocks say (`is_related`).

    Each stage is gone through only where something hangs on it: of 966 pairs of real photos
    that were laid on each other, nothing came of 510.
    """
    found = _examine(first, second, alike=alike, however_little=however_little)
    if found is not None and is_one_picture(found):
        return found
    return _in_a_field(first, second) or found


def _examine(
    first: Features, second: Features, *, alike: bool = False, however_little: bool = False
) -> Evidence | None:
    """`examine`, of both pictures as they are."""
    alignment = align(first, second)
    laid = _laid(alignment, first, second, alike=alike)
    if laid is None:
        return None
    shown, (form, overlap, seen, homography) = laid
    found = Evidence(
        inliers=alignment.inliers if alignment else 0,
        homography=homography,
        mirrored=shown.flipped != first.flipped,
        form=form,
        agreement=_at_most(overlap, seen),
        of_first=overlap.of_first,
        of_second=overlap.of_second,
        news=(0.0, 0.0),
        motion=0.0,
        sizes=(first.size, second.size),
    )
    if however_little or is_related(found):
        found = replace(found, agreement=agreement(overlap, seen))
        # what lies outside, and what moved, can only tell two shots from one picture
        if however_little or is_agreed(found):
            if min(1 - overlap.of_first, 1 - overlap.of_second) > _OUTSIDE:
                found = replace(found, news=news(shown, second, homography))
            if however_little or hangs_on_motion(found):
                found = replace(found, motion=motion(overlap, seen))
    return found if however_little or is_related(found) else None


def _in_a_field(first: Features, second: Features) -> Evidence | None:
    """One of two pictures in a field of the other: that of most points; None if there is none."""
    best: Evidence | None = None
    for side, holder in ((1, first), (2, second)):
        for field, part in holder.fields:
            part = replace(part)  # looked at, it is larger: only for as long as this takes
            both = (part, second) if side == 1 else (first, part)
            found = _examine(*both)
            if found is None or (best is not None and found.inliers <= best.inliers):
                continue
            if found.inliers < SAME_THING or not is_one_picture(found):
                continue
            told = _of_whole(found, side, field, first, second)
            if _frames_in_common(told) <= _ONE_FRAME:
                best = told
    return best


def _of_whole(
    found: Evidence, side: int, field: Field, first: Features, second: Features
) -> Evidence:
    """The evidence of a field and a picture as that of the two whole pictures."""
    holder = first if side == 1 else second
    place = field.place
    if found.mirrored and side == 1:
        # all of it was swapped: what was left of the field is right of it
        mirror, of_field = (swapped(each.size) for each in (holder, field))
        place = mirror @ place @ of_field
    share = field.area / holder.area
    of_first, of_second = found.of_first, found.of_second
    news_first, news_second = found.news
    if side == 1:
        homography = found.homography @ inverse(place)
        of_first, news_first = share * of_first, share * news_first + 1 - share
    else:
        homography = place @ found.homography
        of_second, news_second = share * of_second, share * news_second + 1 - share
    return replace(
        found,
        homography=homography,
        form="upright" if field.is_upright and found.form != "free" else "free",
        of_first=of_first,
        of_second=of_second,
        news=(news_first, news_second),
        sizes=(first.size, second.size),
        field_in=side,
    )


def _frames_in_common(found: Evidence) -> float:
    """Share of both frames, laid on each other, that is in both."""
    import cv2

    one, other = found.sizes
    frames = (
        corners(found.homography, one).astype(np.float32),
        corners(np.eye(3), other).astype(np.float32),
    )
    both, _ = cv2.intersectConvexConvex(*frames)
    areas = (abs(area(each.astype(np.float64))) for each in frames)
    return float(both / (sum(areas) - both))


def _at_most(overlap: Overlap, seen: Windows) -> Agreement:
    """As much agreement as can still come of what is seen."""
    return Agreement(seen.texture(overlap.mask), seen.share, 1.0, 1.0, 0.0, (1.0, 1.0))


def _laid(
    alignment: Alignment | None, first: Features, second: Features, *, alike: bool
) -> tuple[Features, _Found] | None:
    """The first, mirrored where it must be, and how it lies best on the second."""
    best: _Found | None = None
    tried: _Tried = {}
    shown = first
    if alignment is not None and alignment.inliers >= _TRIED:
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
