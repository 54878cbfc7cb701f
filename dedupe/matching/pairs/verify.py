"""What a pair of photos is to each other, by what their thumbnails show."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from dedupe.matching.pairs.agreed import GREY, SAME_THING, UPRIGHT, agrees_plainly, is_agreed
from dedupe.matching.pairs.agreement import Agreement, agreement
from dedupe.matching.pairs.bent import bend_between, bent, bent_more
from dedupe.matching.pairs.carried import carried_over
from dedupe.matching.pairs.evened import evened, unclipped
from dedupe.matching.pairs.evidence import Evidence
from dedupe.matching.pairs.geometry import (
    Alignment,
    align,
    corners,
    inverse,
    stretched,
    whole,
)
from dedupe.matching.pairs.laid import TRIED, laid_best
from dedupe.matching.pairs.motion import motion
from dedupe.matching.pairs.overlap import PLAIN, Overlap, Windows, news, shared, windows
from dedupe.matching.pairs.page import PHOTO, of_three_colours
from dedupe.matching.pairs.relations import (
    LEAST_SHOWN,
    hangs_on_motion,
    is_in_a_field,
    is_one_picture,
    is_related,
    may_be_bent,
)
from dedupe.matching.points.features import Features, halved, in_negative
from dedupe.matching.within.field import Field

# So near to the other's corners, of its length, come those of a whole picture where that is of few
# points, of a blurred or poor copy.
_NEARLY = 0.06

# Share of both pictures outside the other, below which it is not looked at what is there.
_OUTSIDE = 0.005

# At half their size so much of two pictures must agree, and by so many pixels may things have
# moved: 0.03 to 0.12 in blurred and poor copies.
_ROUGH_SHARE, _ROUGH_TEXTURE, _ROUGH_MOTION = 0.93, 0.5, 0.15

# At a quarter of it all of a noisy, blotchy or posterised copy agrees (0.96 to 1). So few pixels
# say enough of photos alone (three colours take less than PHOTO of one of the two), of which so
# many points fit at full size.
_POOR_SHARE, _POOR_POINTS = 0.97, 20

# Points from which on light alone may keep two pictures apart; so much must agree in one light, and
# by less may things have moved: 0.03 to 0.09 beneath vignettes.
_SURE, _LIT_SHARE, _LIT_MOTION = 80, 0.9, 0.1

# Where one was toned by so much, what became white or black may keep them apart, too; then all
# beside that must agree.
_GLARING, _UNCLIPPED_SHARE = 0.1, 0.97

# A picture in a frame takes more than this share of all; the frame has one colour, but for so much
# of it; and so many pixels around the picture are mixed of both, less one for both sides.
_MOST_OF_IT, _MARKS, _EDGE = 0.5, 0.01, 9


def examine(
    first: Features,
    second: Features,
    *,
    alike: bool = False,
    negative: bool = False,
    however_little: bool = False,
) -> Evidence | None:
    """Find how one picture lies on the other, and compare them there.

    Args:
        first: features of one photo.
        second: features of the other.
        alike: whether their hashes say that one whole picture may be the other, turned or
            mirrored: then that is tried too, where too few points match.
        negative: whether they say that one may be the negative of the other: then that is tried
            where they are not one picture as they are.
        however_little: tell all that they have in common also where that can relate nothing,
            which takes as long as to find that they agree.

    Returns:
        None where nothing says that both show the same, or too little to relate them whatever
        their clocks say (`is_related`).

    Each stage is gone through only where something hangs on it: of 966 pairs of real photos
    that were laid on each other, nothing came of 510.
    """
    alignment = align(first, second)
    found = _examine(first, second, alignment, alike=alike, however_little=however_little)
    # where they agree but for what seems to lie over one, that may be the other fields
    if found is not None and agrees_plainly(found) and is_one_picture(found):
        return found
    elsewhere = _in_negative(first, second) if negative else None
    if elsewhere is None:
        elsewhere = _in_a_field(first, second)
    if elsewhere is None and alignment is not None and may_be_bent(alignment.inliers, found):
        elsewhere = _bent(first, second, alignment)
    if elsewhere is None and (found is None or not is_agreed(found)):
        elsewhere = _roughly(first, second, alignment, alike=alike)
    if elsewhere is None and alignment is not None and found is not None:
        elsewhere = _in_one_light(first, second, alignment, found)
    return elsewhere or found


def _examine(
    first: Features,
    second: Features,
    alignment: Alignment | None,
    *,
    alike: bool = False,
    however_little: bool = False,
) -> Evidence | None:
    """`examine`, of both pictures as they are."""
    laid = laid_best(alignment, first, second, alike=alike)
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


def _in_negative(first: Features, second: Features) -> Evidence | None:
    """The first in negative on the second; None if that does not prove that it is one picture.

    Every gradient points the other way then, so that few points match as they are.
    """
    inverted = in_negative(first)
    told = _examine(inverted, second, align(inverted, second), alike=True)
    return replace(told, negative=True) if told is not None and is_one_picture(told) else None


def _bent(first: Features, second: Features, alignment: Alignment) -> Evidence | None:
    """One of two pictures on the other after one of them was bent; None where that is no better."""
    shown = first.mirrored if alignment.mirrored else first
    bend = bend_between(shown, second, alignment.homography)
    if bend is None:
        return None
    lying, other = (shown, second) if bend.side == 1 else (second, shown)
    back = bent(lying, other, bent_more(lying, other, bend))
    both = (back.features, second) if bend.side == 1 else (shown, back.features)
    told = _examine(*both, align(*both))
    if told is None or told.mirrored or not agrees_plainly(told):
        return None
    of_lying, of_other = (back.shown, back.hidden), (back.covered, back.bare)
    of_both = (of_lying, of_other) if bend.side == 1 else (of_other, of_lying)
    (of_first, hidden), (of_second, bare) = of_both
    found = replace(
        told,
        form="bent",
        mirrored=alignment.mirrored,
        of_first=min(told.of_first, of_first),
        of_second=min(told.of_second, of_second),
        news=(max(told.news[0], hidden), max(told.news[1], bare)),
        sizes=(first.size, second.size),
    )
    return found if is_one_picture(found) else None


def _roughly(
    first: Features, second: Features, alignment: Alignment | None, *, alike: bool
) -> Evidence | None:
    """One whole picture on the other, both at half or a quarter of their size; None if that does
    not prove it.

    A blurred, noisy or printed copy agrees in what is large, and no second shot lies on the first
    so exactly: of 1,628 pairs of shots of one scene none is whole.
    """
    if not (alike or _is_nearly_whole(alignment, first, second)):
        return None
    small = halved(first), halved(second)
    found = _at_a_size(small, first, second, _ROUGH_SHARE)
    if found is None and _may_be_poor(first, second, alignment):
        small = halved(small[0]), halved(small[1])
        found = _at_a_size(small, first, second, _POOR_SHARE)
    if found is None:
        return None
    # a small thing of another colour is gone, too
    fine = _examine(first, second, alignment, alike=True, however_little=True)
    return None if fine is None or fine.agreement.recoloured else found


def _may_be_poor(first: Features, second: Features, alignment: Alignment | None) -> bool:
    """Whether a quarter of their size can tell: of pages and screens only the layout is left."""
    if alignment is None or alignment.inliers < _POOR_POINTS:
        return False
    both = (each.rgb.reshape(-1, 3) for each in (first, second))
    return min(map(of_three_colours, both)) < PHOTO


def _at_a_size(
    small: tuple[Features, Features], first: Features, second: Features, least: float
) -> Evidence | None:
    """The evidence of two pictures made smaller, as that of both as they are; None where it does
    not prove that one whole is the other.

    Args:
        small: both.
        first: one of them as it is.
        second: the other.
        least: share of the texture that agrees.
    """
    told = _examine(*small, align(*small), alike=True, however_little=True)
    if told is None or told.form != "whole" or told.motion > _ROUGH_MOTION:
        return None
    agreed = told.agreement
    # of forms and receipts only the letters differ, which are gone; screens are mostly plain
    if max(agreed.chroma) < GREY or agreed.texture < _ROUGH_TEXTURE or agreed.share < least:
        return None
    back = inverse(stretched(second.size, small[1].size))
    found = replace(
        told,
        homography=back @ told.homography @ stretched(first.size, small[0].size),
        motion=told.motion * first.size[0] / small[0].size[0],
        sizes=(first.size, second.size),
    )
    return found if is_one_picture(found) else None


def _is_nearly_whole(alignment: Alignment | None, first: Features, second: Features) -> bool:
    """Whether an alignment that few points hold may be one whole picture on the other."""
    if alignment is None or alignment.inliers < TRIED:
        return False
    there, far = corners(alignment.homography, first.size), _NEARLY * max(second.size)
    wholes = whole(first.size, second.size)
    return any(np.abs(corners(each, first.size) - there).max() < far for each in wholes)


def _in_one_light(
    first: Features, second: Features, alignment: Alignment, found: Evidence
) -> Evidence | None:
    """The same evidence, both pictures in the same light; None if that does not prove it."""
    if found.form not in UPRIGHT or alignment.inliers < _SURE:
        return None
    # in one light all is changed a little, by which nothing seems to have another colour
    if found.agreement.recoloured:
        return None
    laid = laid_best(alignment, first, second, alike=False)
    if laid is None:
        return None
    for light, least in _lights(laid[1][1], found.agreement.tone):
        if light is None:
            continue
        seen = windows(light)
        agreed = replace(agreement(light, seen), tone=found.agreement.tone)
        told = replace(found, agreement=agreed, motion=motion(light, seen))
        is_still = agreed.share > least and told.motion < _LIT_MOTION
        if is_still and is_one_picture(told):
            return told
    return None


def _lights(both: Overlap, tone: float) -> Iterator[tuple[Overlap | None, float]]:
    """Two pictures in the same light, in every way that is tried, and how much must agree then."""
    yield evened(both), _LIT_SHARE
    yield evened(both, pale=True), _LIT_SHARE
    if tone > _GLARING and (plain := unclipped(both)) is not None:
        yield plain, _UNCLIPPED_SHARE
        yield evened(plain), _UNCLIPPED_SHARE


def _in_a_field(first: Features, second: Features) -> Evidence | None:
    """One of two pictures in a field of the other: that of most points; None if there is none."""
    best: Evidence | None = None
    for side, holder in ((1, first), (2, second)):
        for field, part in holder.fields:
            part = replace(part)  # looked at, it is larger: only for as long as this takes
            both = (part, second) if side == 1 else (first, part)
            alignment = align(*both)
            least = best.inliers + 1 if best else SAME_THING
            if alignment is None or alignment.inliers < least:
                continue
            # before anything is laid on anything: a logo that many pages have
            framed = _is_framed(holder, field)
            shown = shared(*both, alignment.homography)[2 - side]
            if shown < LEAST_SHOWN and not framed:
                continue
            found = _examine(*both, alignment)
            if found is None or not is_one_picture(found):
                continue
            told = carried_over(found, side, field, first, second)
            if told is not None and is_in_a_field(told, framed=framed):
                best = told
    return best


def _is_framed(holder: Features, field: Field) -> bool:
    """Whether a picture is nothing but what a field shows, in a plain frame."""
    import cv2

    if field.area < _MOST_OF_IT * holder.area:
        return False
    inside = np.full(field.size[::-1], 255, np.uint8)
    covered = cv2.warpPerspective(inside, field.place, holder.size, flags=cv2.INTER_NEAREST)
    beside = holder.grey[cv2.dilate(covered, np.ones((_EDGE, _EDGE), np.uint8)) == 0]
    if not len(beside):
        return False
    away = np.abs(beside.astype(np.int16) - np.median(beside)) > PLAIN
    return bool(np.count_nonzero(away) <= _MARKS * len(beside))


def _at_most(overlap: Overlap, seen: Windows) -> Agreement:
    """As much agreement as can still come of what is seen."""
    return Agreement(seen.texture(overlap.mask), seen.share, 1.0, 1.0, 0.0, (1.0, 1.0))
