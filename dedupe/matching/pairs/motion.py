"""How far things moved between two pictures that lie on each other."""

import numpy as np

from dedupe.matching.pairs.overlap import Bytes, Mask, Overlap, Windows

_CLEAR = 150.0  # variance from which on motion can be followed


def motion(overlap: Overlap, seen: Windows) -> float:
    """How far things moved between the two pictures, beside what turns and shifts the whole.

    Args:
        overlap: what `lay` gave.
        seen: what `windows` gave of it.

    Returns:
        The median over what has texture, in pixels of the thumbnail: 0.0 to 0.1 for an edit,
        0.05 to 0.6 within a burst (people, leaves, parallax). 0 where nothing can be tracked.

    Source: T. Kroeger et al., "Fast Optical Flow using Dense Inverse Search" (ECCV 2016), by
    OpenCV, on pictures whose local contrast was made even; a quadratic motion is taken out.
    """
    import cv2

    mask = overlap.mask
    left, right = (
        np.asarray(cv2.cvtColor(each, cv2.COLOR_RGB2GRAY), np.uint8)
        for each in (overlap.left, overlap.right)
    )
    # where there is little texture the flow follows noise: 3 pixels in a brightened photo
    alike = (seen.variance > _CLEAR) & (seen.correlation > 0.5)
    if alike.sum() < 200:
        return 0.0
    still = np.zeros((*mask.shape, 2), np.float32)
    # made anew each time: a small picture changes its settings for all that come after
    tracker = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    flow = np.asarray(tracker.calc(_evened(left, mask), _evened(right, mask), still), np.float32)
    y, x = np.nonzero(alike)
    few = slice(None, None, max(1, len(x) // 2000))
    y, x = y[few], x[few]
    away = flow[y, x].astype(np.float64)
    u, v = 2 * x / mask.shape[1] - 1, 2 * y / mask.shape[0] - 1
    terms = np.stack([np.ones_like(u), u, v, u * v, u * u, v * v], 1)
    smooth = np.linalg.lstsq(terms, away, rcond=None)[0]
    return float(np.median(np.hypot(*(away - terms @ smooth).T)))


def _evened(grey: Bytes, mask: Mask) -> Bytes:
    """Local contrast made even, so that toning is not taken for motion."""
    import cv2

    window = (31, 31)
    weight = mask.astype(np.float32)
    values = grey.astype(np.float32)
    count = np.maximum(cv2.blur(weight, window), 1e-3)
    mean = cv2.blur(values * weight, window) / count
    square = cv2.blur(values * values * weight, window) / count
    spread = np.sqrt(np.maximum(square - mean * mean, 0)) + 6
    even = np.clip(128 + 40 * (values - mean) / spread * weight, 0, 255)
    return np.asarray(even, np.uint8)
