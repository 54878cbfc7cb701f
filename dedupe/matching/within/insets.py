"""Pictures that stand on a plain ground: a photo in a chat, on a page, among an app's buttons."""

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from dedupe.matching.within.field import Field, cut, tilted_field, upright_field
from dedupe.matching.within.medians import medians

# Colours that may be the ground, the most frequent first; share of the picture that it takes at
# least; and by how much each channel may be off.
_GROUNDS, _LEAST_GROUND, _OFF = 2, 0.2, 10

# Colours are counted in 32 steps of each channel.
_STEP, _BINS = 8, 32

# Steps around that of the ground in which all of it lies.
_AROUND = -(-_OFF // _STEP)

# Share of the picture that an inset takes, pixels of its shorter side, and share of its rectangle
# that is not ground: of 60 photos in screenshots of a chat 45 are found as such, with hashes like
# those of the photos themselves, and no other photo's (decision 15).
_SMALLEST, _LARGEST, _NARROWEST, _FILLED = 0.05, 0.9, 24, 0.8

# A bar beside a photo, which an app fits into its frame by it, has one grey: so many levels are
# next to it, of all but so many pixels of each line. What is between bars is an inset, too: of 52
# screenshots of two apps 9 were found without that, as the hash of photo and bars is another one.
_BAR, _OF_LINE = 16, 0.95

# Share of the tightest line around it that a rectangle takes, turned or not: a photo of a polaroid
# that lies askew on a table.
_STRAIGHT = 0.97

# Pixels of lines and letters that are no picture; and of the edge of one that are left out.
_LINE, _EDGE = 5, 2


def insets(pixels: npt.NDArray[np.uint8]) -> Iterator[Field]:
    """The rectangles of a picture that stand on one plain colour.

    Args:
        pixels: (H, W, 3) uint8.

    Yields:
        Each without the pixels of its edge, upright or tilted; and of one with plain bars along
        its edges what is between them.
    """
    import cv2

    grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    yield from _framed(grey)
    seen = set()
    for plain in _grounds(pixels):
        shown = cv2.morphologyEx(255 - plain, cv2.MORPH_OPEN, np.ones((_LINE, _LINE), np.uint8))
        _, labels, found, _ = cv2.connectedComponentsWithStats(shown)
        for number, row in enumerate(found.tolist()):
            left, top, width, height, filled = row
            share = width * height / plain.size
            is_picture = _SMALLEST <= share <= _LARGEST and min(width, height) >= _NARROWEST
            if not number or not is_picture or tuple(row) in seen:
                continue
            seen.add(tuple(row))
            part = labels[top : top + height, left : left + width] == number
            tilted = _tilted(part, filled, (left, top))
            if tilted is not None:
                yield tilted
                continue
            if filled < _FILLED * width * height:
                continue
            field = upright_field(left + _EDGE, top + _EDGE, width - 2 * _EDGE, height - 2 * _EDGE)
            yield field
            across, down, wide, high = _between_bars(cut(grey, field))
            if (wide, high) != field.size and min(wide, high) >= _NARROWEST:
                yield upright_field(left + _EDGE + across, top + _EDGE + down, wide, high)


def _framed(grey: npt.NDArray[np.uint8]) -> Iterator[Field]:
    """What a picture shows without the plain bars along its edges, if two opposite ones have any.

    A frame may be too narrow to be a ground: a wider one is.
    """
    left, top, width, height = _between_bars(grey)
    right, below = grey.shape[1] - left - width, grey.shape[0] - top - height
    wide, high = width - 2 * _EDGE, height - 2 * _EDGE
    both = max(min(left, right), min(top, below)) >= _EDGE
    if both and min(wide, high) >= _NARROWEST and wide * high >= (1 - _LEAST_GROUND) * grey.size:
        yield upright_field(left + _EDGE, top + _EDGE, wide, high)


def _tilted(part: npt.NDArray[np.bool_], filled: int, corner: tuple[int, int]) -> Field | None:
    """What shows in a picture as a rectangle that is turned a little; None if it is not."""
    import cv2

    outlines = cv2.findContours(
        part.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE, offset=corner
    )[0]
    hull = cv2.convexHull(max(outlines, key=cv2.contourArea))
    area = cv2.contourArea(hull)
    # what is nearly upright is cut out to the pixel
    if area >= _STRAIGHT * (part.shape[0] - 1) * (part.shape[1] - 1):
        return None
    (across, down), (wide, high), degrees = cv2.minAreaRect(hull)
    if area < _STRAIGHT * wide * high or filled < _FILLED * area:
        return None
    quarters = round(degrees / 90)  # OpenCV counts from any side
    degrees -= 90 * quarters
    if quarters % 2:
        wide, high = high, wide
    size = round(wide) - 2 * _EDGE, round(high) - 2 * _EDGE
    return tilted_field((across, down), degrees, size) if min(size) >= _NARROWEST else None


def _between_bars(grey: npt.NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """Left, top, width and height of what is left without the lines of each edge's own grey."""
    across, down, height, width = 0, 0, *grey.shape
    for edge in range(4):
        lines = _lines_of(grey, float(medians(grey[:1])[0]))
        if lines == len(grey):
            return 0, 0, 0, 0
        # turned to the left each time: the upper edge, the right one, the lower, the left
        if edge % 2:
            across, width = across + lines * (edge == 3), width - lines
        else:
            down, height = down + lines * (edge == 0), height - lines
        grey = grey[lines:].T[::-1]
    return across, down, width, height


def _lines_of(grey: npt.NDArray[np.uint8], level: float) -> int:
    """How many lines there are from the first on of one grey."""
    import cv2

    ends = math.ceil(level - _BAR), math.floor(level + _BAR)
    enough = _OF_LINE * grey.shape[1]
    # of most pictures the first is none
    if np.count_nonzero(cv2.inRange(grey[:1], *ends)) < enough:
        return 0
    of_bar = np.count_nonzero(cv2.inRange(grey, *ends), axis=1) >= enough
    return len(grey) if of_bar.all() else int(of_bar.argmin())


def _grounds(pixels: npt.NDArray[np.uint8]) -> Iterator[npt.NDArray[np.uint8]]:
    """(H, W) uint8, 255 where a picture has one of its most frequent colours."""
    import cv2

    least = _LEAST_GROUND * pixels[..., 0].size
    # 5 bits of each channel in one number, the first one's highest: cv2.calcHist took twice as long
    codes = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR555).view(np.uint16).reshape(-1)
    counts = np.bincount(codes, minlength=_BINS**3).reshape(_BINS, _BINS, _BINS)
    left = counts.copy()
    for _ in range(_GROUNDS):
        number = left.argmax()  # of equally frequent ones the first
        code = np.unravel_index(number, left.shape)
        if not left[code]:
            return
        left[code] = 0
        # most pictures have no ground, which is seen before its colour is looked for
        around = tuple(slice(max(0, each - _AROUND), each + _AROUND + 1) for each in code)
        if counts[around].sum() < least:
            continue
        middle = _middle(pixels.reshape(-1, 3)[np.flatnonzero(codes == number)])
        plain = np.asarray(cv2.inRange(pixels, middle - _OFF, middle + _OFF), np.uint8)
        if np.count_nonzero(plain) >= least:
            yield plain


def _middle(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """(3,) the median of (N, 3) pixels: counted, np.median took five times as long."""
    found = []
    for values in pixels.T:
        below = np.cumsum(np.bincount(values))
        low, high = np.searchsorted(below, [(len(values) + 1) // 2, len(values) // 2 + 1])
        found.append((low + high) / 2)
    return np.array(found)
