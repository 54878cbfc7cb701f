"""Pictures that stand on a plain ground: a photo in a chat, on a page, among an app's buttons."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

# Colours that may be the ground, the most frequent first; share of the picture that it takes at
# least; and by how much each channel may be off.
_GROUNDS, _LEAST_GROUND, _OFF = 2, 0.2, 10

# Colours are counted in 32 steps of each channel.
_STEP, _BINS = 8, 32

# Share of the picture that an inset takes, pixels of its shorter side, and share of its rectangle
# that is not ground: of 60 photos in screenshots of a chat 45 are found as such, with hashes like
# those of the photos themselves, and no other photo's (decision 15).
_SMALLEST, _LARGEST, _NARROWEST, _FILLED = 0.05, 0.9, 24, 0.8

# A bar beside a photo, which an app fits into its frame by it, has one grey: so many levels are
# next to it, of all but so many pixels of each line. What is between bars is an inset, too: of 52
# screenshots of two apps 9 were found without that, as the hash of photo and bars is another one.
_BAR, _OF_LINE = 16, 0.95

# Pixels of lines and letters that are no picture; and of the edge of one that are left out.
_LINE, _EDGE = 5, 2


def insets(pixels: npt.NDArray[np.uint8]) -> Iterator[npt.NDArray[np.uint8]]:
    """The rectangles of a picture that stand on one plain colour.

    Args:
        pixels: (H, W, 3) uint8.

    Yields:
        (h, w) uint8, grey, without the pixels of their edge; and of one with plain bars along
        its edges what is between them.
    """
    import cv2

    grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    seen = set()
    for plain in _grounds(pixels):
        shown = cv2.morphologyEx(255 - plain, cv2.MORPH_OPEN, np.ones((_LINE, _LINE), np.uint8))
        _, _, found, _ = cv2.connectedComponentsWithStats(shown)
        for left, top, width, height, filled in found[1:].tolist():
            share = width * height / plain.size
            is_picture = _SMALLEST <= share <= _LARGEST and min(width, height) >= _NARROWEST
            if not is_picture or filled < _FILLED * width * height:
                continue
            place = left + _EDGE, top + _EDGE, left + width - _EDGE, top + height - _EDGE
            if place not in seen:
                seen.add(place)
                inset = grey[place[1] : place[3], place[0] : place[2]]
                yield inset
                between = _between_bars(inset)
                if between.shape != inset.shape and min(between.shape) >= _NARROWEST:
                    yield between


def _between_bars(grey: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """What is left without the lines along each edge that have the grey of that edge."""
    for _ in range(4):
        level = np.median(grey[0])
        of_bar = (np.abs(grey - level) <= _BAR).mean(axis=1) >= _OF_LINE
        if of_bar.all():
            return grey[:0]
        grey = np.rot90(grey[int(of_bar.argmin()) :])
    return grey


def _grounds(pixels: npt.NDArray[np.uint8]) -> Iterator[npt.NDArray[np.uint8]]:
    """(H, W) uint8, 255 where a picture has one of its most frequent colours."""
    import cv2

    steps = pixels // _STEP
    codes = steps[..., 0].astype(np.uint16) * _BINS**2
    codes += steps[..., 1].astype(np.uint16) * _BINS
    codes += steps[..., 2]
    codes = codes.ravel()
    counts = np.bincount(codes, minlength=_BINS**3)
    for _ in range(_GROUNDS):
        code = int(counts.argmax())  # of equally frequent ones the first
        if not counts[code]:
            return
        counts[code] = 0
        middle = _middle(pixels.reshape(-1, 3)[np.flatnonzero(codes == code)])
        plain = np.asarray(cv2.inRange(pixels, middle - _OFF, middle + _OFF), np.uint8)
        if np.count_nonzero(plain) >= _LEAST_GROUND * plain.size:
            yield plain


def _middle(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """(3,) the median of (N, 3) pixels: counted, np.median took five times as long."""
    found = []
    for values in pixels.T:
        below = np.cumsum(np.bincount(values))
        low, high = np.searchsorted(below, [(len(values) + 1) // 2, len(values) // 2 + 1])
        found.append((low + high) / 2)
    return np.array(found)
