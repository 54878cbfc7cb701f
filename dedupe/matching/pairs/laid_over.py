"""What agrees beneath text, a stamp or a sticker that was laid over a picture."""

from dataclasses import dataclass, replace

import numpy as np

from dedupe.matching.pairs.motion import motion
from dedupe.matching.pairs.overlap import Mask, Overlap, Windows, correlation
from dedupe.matching.pairs.page import PAGE, PHOTO, of_three_colours

# Pixels around what the map of colours does not explain that are left out as well: strokes of a
# watermark reach so far. Beneath four of them 0.89 to 0.94 agreed with 3, and 0.97 to 1 with 9.
_AROUND = 9

# What is not explained, with the gaps between its parts, is another picture in the same frame or
# app where next to none of the texture in there agrees (_NOTHING), and it takes more than _LARGE of
# the overlap, or has more than _MUCH of its texture and is _FULL. Within watermarks 0.07 and more
# agrees but for those on a plain wall, and letters fill 0.4 of it at most; pictures fill 0.6 and
# more. Of 40 stickers two, on plain shirts, are taken for a picture by that; 3,180 pairs of
# screenshots of 160 pictures in one app are all told apart, of which 15 were not.
_NOTHING, _LARGE, _MUCH, _FULL = 0.065, 0.2, 0.25, 0.5

# But where all around is a photo (three colours take less than PHOTO) that is most of the overlap,
# and what lies over it has few colours in one of the two alone, it is a banner or large letters: in
# the 11 pairs that were told apart for these three colours take 0.32 to 0.69 there, twice and more
# what they take of the other picture.
_MOSTLY, _PLAINLY, _TWICE = 0.55, 0.3, 1.8

# On a page or screen it is another picture, too, where it disagrees in one piece of _PIECE of the
# overlap and more, and neither of the two is plain there (three colours take less than _SHOWS): all
# of 146 pairs of screenshots of two apps with different photos in them, which take less than
# _LARGE; and of 153 pairs of an edit and its photo on such a ground 7, all of one emoji over the
# picture of one page (decision 14).
_PIECE, _SHOWS = 0.05, 0.85

# A piece is wider than so many pixels.
_WIDER = 7

# Gaps up to this share of the longer side are within; parts below that share are specks.
_GAP, _SPECK = 0.12, 0.01

# Nor is it another picture where one of the two shows next to nothing in there: letters on a sky.
# Of the texture in there the plainer had up to 0.19 beneath four captions; of 4,870 pairs of two
# shots or photos none comes to be asked.
_EMPTY = 0.2

# It is another page of one form where each shows something in _BOTH_WAYS of all texture where the
# other is plain, with less than _NONE_OF_IT of its variance, and _DIFFERS of it disagrees: what was
# laid over a picture adds to it, or takes away. Of two pages of a calendar 0.10, and 0.55
# disagrees; of 124 edits 0.03 at most, but for five avatars and black bars, where 0.31 disagrees.
_NONE_OF_IT, _BOTH_WAYS, _DIFFERS = 0.1, 0.06, 0.4

# On what is like a page (three colours take more than _PAGE_LIKE of the rest of both) either is
# enough, and less: of 280 pairs of slides, charts, letters and months of one template 63 were one
# picture, and of 160 one is (with 0.35 yet); 40 of 224 stamps, marks and bars over them are lost.
_PAGE_LIKE, _ON_A_PAGE, _OF_A_PAGE = 0.8, 0.02, 0.22

# Pixels by which all else moved, from which on it is another shot: 0.01 to 0.06 beneath what was
# laid over; 0.07 to 0.5 between two shots from one place, and photos of a focus series.
_STILL = 0.06

# Share of the windows that agree, below which nothing rests on it; likewise share of the overlap
# that is clear and has texture, and its share of all texture: of 223 watermarks two have less than
# 0.3 of it, one person's face before two walls 0.15.
_AGREES, _TEXTURE, _CLEAR = 0.8, 0.1, 0.3

# Letters and watermarks have texture of their own, so that less of all is left. Where all that is
# left agrees and has not moved at all, so much of the plainer picture's own is enough: of 4,870
# pairs of two shots or photos that was 0.18 at most, or it moved by more; of 15 edits 0.25 at
# least.
_ALL_OF_IT, _OF_ITS_OWN, _AT_REST = 0.97, 0.22, 0.03


@dataclass(frozen=True, slots=True)
class Beneath:
    """A picture beneath what lies over it.

    Attributes:
        share: of its textured windows, the share that correlates.
        clear: (H, W) bool, where nothing lies over it.
    """

    share: float
    clear: Mask


def beneath(overlap: Overlap, seen: Windows, wrong: Mask) -> Beneath | None:
    """Look at the rest where something may have been laid over one of two pictures.

    Args:
        overlap: the two.
        seen: their windows.
        wrong: where the colours of one do not explain those of the other, every second pixel
            (`colour_map.unexplained`).

    Returns:
        None where that is no overlay: too much in one piece, the rest does not agree, or it
        moved: two pictures in one frame or app, two shots.
    """
    import cv2

    mask = overlap.mask
    large = cv2.resize(wrong.astype(np.uint8), mask.shape[::-1], interpolation=cv2.INTER_NEAREST)
    over = cv2.dilate(large, np.ones((_AROUND, _AROUND), np.uint8)) > 0
    clear = mask & ~over
    correlated = correlation(seen.left, seen.right, clear, mask, 0.3)
    found = Windows(seen.left, seen.right, *correlated, seen.detailed)
    share, texture = found.share, np.count_nonzero(found.textured & clear)
    if share < _AGREES or texture < _TEXTURE * np.count_nonzero(mask):
        return None
    hardly = texture < _CLEAR * seen.textured_pixels
    if hardly and share < _ALL_OF_IT:
        return None
    alone = seen.alone(mask)
    if hardly and texture < _OF_ITS_OWN * min(each.textured_pixels for each in alone):
        return None
    within = _within(over)
    is_another = _is_another(large > 0, found.agrees & clear, seen.textured, mask, within)
    if is_another and share >= _ALL_OF_IT:
        is_another = not _is_empty(within, seen, alone)
    few = [of_three_colours(each[clear]) for each in (overlap.left, overlap.right)]
    on_a_photo = max(few) < PHOTO and np.count_nonzero(clear) >= _MOSTLY * np.count_nonzero(mask)
    # nor is it another page: what covers a part of a photo has an edge where that may be plain, and
    # hides what is not
    is_another = is_another or _are_two_pages(seen, alone, like_a_page=min(few) > _PAGE_LIKE)
    if is_another and not (on_a_photo and _is_plain(overlap, (large > 0) & within)):
        return None
    if min(few) > PAGE and _are_two_pictures(overlap, seen):
        return None
    # as if nothing were there: filled with one grey in both, what is darker around it in one seemed
    # to move by 0.11 to 0.82 pixels beside letters, now by 0.03 to 0.08
    inside = np.where(clear, found.variance, 0).astype(np.float32)
    moved = motion(replace(overlap, mask=clear), replace(found, variance=inside))
    return None if moved > (_AT_REST if hardly else _STILL) else Beneath(share, clear)


def _is_another(wrong: Mask, agrees: Mask, textured: Mask, mask: Mask, within: Mask) -> bool:
    """Whether another picture lies in the same frame."""
    texture = np.count_nonzero(textured & within)
    if np.count_nonzero(agrees & within) >= _NOTHING * texture:
        return False
    inside = np.count_nonzero(within)
    is_full = np.count_nonzero(wrong & within) > _FULL * inside
    much = texture > _MUCH * np.count_nonzero(textured)
    return bool(inside > _LARGE * np.count_nonzero(mask) or (much and is_full))


def _is_plain(overlap: Overlap, over: Mask) -> bool:
    """Whether one of the two alone has few colours there: letters, a band."""
    there = [of_three_colours(each[over]) for each in (overlap.left, overlap.right)]
    return max(there) > max(_PLAINLY, _TWICE * min(there))


def _are_two_pictures(overlap: Overlap, seen: Windows) -> bool:
    """Whether there are two pictures on one page or screen."""
    import cv2

    apart = cv2.morphologyEx(
        (seen.textured & ~seen.agrees).astype(np.uint8),
        cv2.MORPH_OPEN,
        np.ones((_WIDER, _WIDER), np.uint8),
    )
    _, label, found, _ = cv2.connectedComponentsWithStats(apart)
    sizes = found[1:, cv2.CC_STAT_AREA]
    if sizes.max(initial=0) < _PIECE * np.count_nonzero(overlap.mask):
        return False
    piece = label == 1 + sizes.argmax()
    both = overlap.left, overlap.right
    return max(of_three_colours(each[piece]) for each in both) < _SHOWS


def _is_empty(within: Mask, seen: Windows, alone: tuple[Windows, Windows]) -> bool:
    """Whether one of the two shows next to nothing there."""
    least = min(np.count_nonzero(each.textured & within) for each in alone)
    return bool(least < _EMPTY * np.count_nonzero(seen.textured & within))


def _are_two_pages(seen: Windows, alone: tuple[Windows, Windows], *, like_a_page: bool) -> bool:
    """Whether each shows something where the other is plain: other entries in one form."""
    differs = 1 - seen.share
    if differs < _DIFFERS and not like_a_page:
        return False
    one, other = (each.variance for each in alone)
    apart = seen.textured & ~seen.agrees
    more = apart & (other < _NONE_OF_IT * one), apart & (one < _NONE_OF_IT * other)
    both_ways = min(map(np.count_nonzero, more)) / seen.textured_pixels
    if like_a_page:
        return bool(differs > _OF_A_PAGE or both_ways > _ON_A_PAGE)
    return bool(both_ways > _BOTH_WAYS)


def _within(over: Mask) -> Mask:
    """What lies over a picture, with what is between its parts: around each the tightest line."""
    import cv2

    side = round(_GAP * max(over.shape)) | 1
    merged = cv2.morphologyEx(
        over.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((side, side), np.uint8)
    )
    within = np.zeros_like(merged)
    for outline in cv2.findContours(merged, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]:
        if cv2.contourArea(outline) > _SPECK * over.size:
            cv2.fillConvexPoly(within, cv2.convexHull(outline), 1)
    return within > 0
