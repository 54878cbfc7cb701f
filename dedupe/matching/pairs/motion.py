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
    if np.count_nonzero(alike) < 200:
        return 0.0
    still = np.zeros((*mask.shape, 2), np.float32)
    # made anew each time: a small picture changes its settings for all that come after
    tracker = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    before, after = _evened(left, right, mask)
    # given no flow to begin with, OpenCV finds another one than from this
    flow = np.asarray(tracker.calc(before, after, still), np.float32)
    places = np.flatnonzero(alike)
    y, x = np.divmod(places[:: max(1, len(places) // 2000)], mask.shape[1])
    away = flow[y, x].astype(np.float64)
    u, v = 2 * x / mask.shape[1] - 1, 2 * y / mask.shape[0] - 1
    terms = np.stack([np.ones_like(u), u, v, u * v, u * u, v * v], 1)
    smooth = np.linalg.lstsq(terms, away, rcond=None)[0]
    return float(np.median(np.hypot(*(away - terms @ smooth).T)))


def _evened(left: Bytes, right: Bytes, mask: Mask) -> list[Bytes]:
    """Local contrast made even, so that toning is not taken for motion."""
    import cv2

    window = (31, 31)
    weight = mask.astype(np.float32)
    count = np.maximum(cv2.blur(weight, window), 1e-3)
    found = []
    # in place throughout: one array more leaves the cache
    of_mask = np.empty_like(weight)
    for grey in (left, right):
        even = grey.astype(np.float32)
        np.multiply(even, weight, out=of_mask)
        mean = np.asarray(cv2.blur(of_mask, window), np.float32)
        mean /= count
        of_mask *= even
        even -= mean
        spread = np.asarray(cv2.blur(of_mask, window), np.float32)
        spread /= count
        spread -= np.square(mean, out=mean)
        np.sqrt(np.maximum(spread, 0, out=spread), out=spread)
        spread += 6
        even *= 40
        even /= spread
        even *= weight
        even += 128
        found.append(np.clip(even, 0, 255, out=even).astype(np.uint8))
    return found
