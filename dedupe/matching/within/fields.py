"""What may be pictures of their own in a picture: it shows itself where they end."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from dedupe.matching.within.field import Field, upright_field
from dedupe.matching.within.insets import insets
from dedupe.matching.within.medians import medians

# A picture is cut apart at a row or column where it changes so many times as much as at most
# others, and by more than so many grey levels over so much of its length; less strongly where it
# does so over nearly all of it: of 359 collages and film strips 98 in 100 are, of 1,127 photos 6 in
# 100 (most at the edge of a wall or door).
_SEAMS = ((4.0, 0.85), (3.0, 0.92))
_CHANGED = 10

# What counts as no change at all, in grey levels, where most of a picture is plain.
_FLAT = 2.0

# Pixels across which a change is looked for, by which the place may be off, and that are cut off
# beside it.
_ACROSS, _OFF, _BESIDE = 3, 2, 2

# Nearer to an edge than this share of a side, or so many pixels, nothing is cut.
_EDGE, _NEAREST = 0.12, 14

# A field has at least this share of the picture, and so many pixels along each side.
_LEAST, _SIDE = 0.02, 40

# Grey levels by which the pixels of a line differ at most, if it is of a margin; and how much of a
# side a margin takes at most: a wider one is sky or a wall.
_MARGIN, _NARROW = 24, 0.12

# Fields of one picture, the largest; and the share of both that two have in common, from which on
# they are one.
_MOST, _SAME = 16, 0.9


def fields(pixels: npt.NDArray[np.uint8]) -> list[Field]:
    """The rectangles that a picture seems to be put together of, and its insets.

    Cut in two where it is as good as straight through (a collage, with gaps or without), and each
    part again; every part counts, as what is cut in a photo of a door is one photo still.

    Args:
        pixels: (H, W, 3) uint8, about 320 pixels on its longer side.

    Returns:
        The largest first, at most 16; none of most photos.
    """
    import cv2

    grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    found = [*_cut_apart(grey, 0, 0, _LEAST * grey.size), *insets(pixels)]
    found.sort(key=lambda each: (-each.area, *each.place[:2, 2].tolist()))
    kept: list[Field] = []
    for each in found:
        if not any(_in_common(each, other) > _SAME for other in kept):
            kept.append(each)
    return kept[:_MOST]


def _cut_apart(grey: npt.NDArray[np.uint8], left: int, top: int, least: float) -> Iterator[Field]:
    """The parts of a picture, and theirs, without the margins beside them."""
    across, down = _seam(grey), _seam(np.ascontiguousarray(grey.T))
    if across is None and down is None:
        return
    if down is None or (across is not None and across >= down):
        assert across is not None
        before, behind = _beside(across[1])
        halves = [(grey[:, before], left, top), (grey[:, behind], left + behind.start, top)]
    else:
        before, behind = _beside(down[1])
        halves = [(grey[before], left, top), (grey[behind], left, top + behind.start)]
    for half, x, y in halves:
        rows, columns = _shown(half), _shown(half.T)
        part = half[rows, columns]
        if min(part.shape) >= _SIDE and part.size >= least:
            height, width = part.shape
            x, y = x + columns.start, y + rows.start
            yield upright_field(x, y, width, height)
            yield from _cut_apart(np.ascontiguousarray(part), x, y, least)


def _beside(place: float) -> tuple[slice, slice]:
    """What is before a seam and what behind it."""
    return slice(0, round(place) - _BESIDE), slice(round(place) + _BESIDE, None)


def _seam(grey: npt.NDArray[np.uint8]) -> tuple[float, float] | None:
    """How strong the strongest column is where a picture changes straight through, and where."""
    import cv2

    width = grey.shape[1]
    edge = max(round(_EDGE * width), _NEAREST)
    if width - _ACROSS <= 2 * edge:
        return None
    change = np.asarray(cv2.absdiff(grey[:, _ACROSS:], grey[:, :-_ACROSS]), np.uint8)
    middle = medians(change.T)
    strength = middle / (np.median(middle) + _FLAT)
    strength[:edge] = strength[len(strength) - edge :] = 0
    place = int(strength.argmax())
    around = change[:, max(0, place - _OFF) : place + _OFF + 1] > _CHANGED
    through = around.mean(axis=0).max()
    if not any(strength[place] >= strong and through >= much for strong, much in _SEAMS):
        return None
    return float(strength[place]), place + _ACROSS / 2


def _shown(lines: npt.NDArray[np.uint8]) -> slice:
    """The lines of a picture without the plain ones along its edges: gaps and frames."""
    if not lines.size:
        return slice(0, 0)
    shown = np.flatnonzero(np.ptp(lines, axis=1) > _MARGIN)
    if not len(shown):
        return slice(0, 0)
    first, end, narrow = int(shown[0]), int(shown[-1]) + 1, _NARROW * len(lines)
    return slice(first if first <= narrow else 0, end if len(lines) - end <= narrow else len(lines))


def _in_common(one: Field, other: Field) -> float:
    """Share of both that is in both, as if they were upright."""
    sides = [
        min(a + a_size, b + b_size) - max(a, b)
        for a, a_size, b, b_size in zip(
            one.place[:2, 2], one.size, other.place[:2, 2], other.size, strict=True
        )
    ]
    both = float(max(sides[0], 0) * max(sides[1], 0))
    return both / (one.area + other.area - both)
