"""What agrees beneath text, a stamp or a sticker that was laid over a picture."""

from dataclasses import dataclass, replace

import numpy as np

from dedupe.matching.pairs.motion import motion
from dedupe.matching.pairs.overlap import Mask, Overlap, Windows, correlation
from dedupe.matching.pairs.page import is_page, of_three_colours

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

# But where all around is a photo (three colours take less than _PHOTO) that is most of the overlap,
# and what lies over it has few colours in one of the two alone, it is a banner or large letters: in
# the 11 pairs that were told apart for these three colours take 0.32 to 0.69 there, twice and more
# what they take of the other picture.
_MOSTLY, _PHOTO, _PLAINLY, _TWICE = 0.55, 0.5, 0.3, 1.8

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

# Pixels by which all else moved, from which on it is another shot: 0.01 to 0.06 beneath what was
# laid over; 0.07 to 0.5 between two shots from one place, and photos of a focus series.
_STILL = 0.06

# Share of the windows that agree, below which nothing rests on it; likewise share of the overlap
# that is clear and has texture, and its share of all texture: of 223 watermarks two have less than
# 0.3 of it, one person's face before two walls 0.15.
_AGREES, _TEXTURE, _CLEAR = 0.8, 0.1, 0.3


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
    if share < _AGREES or texture < _least_texture(mask, seen):
        return None
    within = _within(over)
    is_another = _is_another(large > 0, found.agrees & clear, seen.textured, mask, within)
    if is_another and not _is_on_a_photo(overlap, clear, (large > 0) & within):
        return None
    if _is_on_a_page(overlap, seen, clear):
        return None
    # as if nothing were there: filled with one grey in both, what is darker around it in one seemed
    # to move by 0.11 to 0.82 pixels beside letters, now by 0.03 to 0.08
    inside = np.where(clear, found.variance, 0).astype(np.float32)
    if motion(replace(overlap, mask=clear), replace(found, variance=inside)) > _STILL:
        return None
    return Beneath(share, clear)


def _least_texture(mask: Mask, seen: Windows) -> float:
    """Pixels that must be clear and have texture."""
    return max(_TEXTURE * np.count_nonzero(mask), _CLEAR * seen.textured_pixels)


def _is_another(wrong: Mask, agrees: Mask, textured: Mask, mask: Mask, within: Mask) -> bool:
    """Whether another picture lies in the same frame."""
    texture = np.count_nonzero(textured & within)
    if np.count_nonzero(agrees & within) >= _NOTHING * texture:
        return False
    inside = np.count_nonzero(within)
    is_full = np.count_nonzero(wrong & within) > _FULL * inside
    much = texture > _MUCH * np.count_nonzero(textured)
    return bool(inside > _LARGE * np.count_nonzero(mask) or (much and is_full))


def _is_on_a_photo(overlap: Overlap, clear: Mask, over: Mask) -> bool:
    """Whether one of the two has letters or a band over most of a photo that both show."""
    if np.count_nonzero(clear) < _MOSTLY * np.count_nonzero(overlap.mask):
        return False
    both = overlap.left, overlap.right
    beside, there = ([of_three_colours(each[part]) for each in both] for part in (clear, over))
    return max(beside) < _PHOTO and max(there) > max(_PLAINLY, _TWICE * min(there))


def _is_on_a_page(overlap: Overlap, seen: Windows, clear: Mask) -> bool:
    """Whether the rest is a page or a screen, on which there are two pictures."""
    import cv2

    both = overlap.left, overlap.right
    if not all(is_page(each[clear]) for each in both):
        return False
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
    return max(of_three_colours(each[piece]) for each in both) < _SHOWS


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
