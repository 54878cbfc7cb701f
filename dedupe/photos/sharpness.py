"""How sharp a photo is where it is sharpest."""

import cv2
import numpy as np

from dedupe.photos.photo import PhotoFile, Skip
from dedupe.photos.read import read_picture

# All photos are measured at one size, as a person compares them on a screen: the long side in
# pixels. At a thumbnail's 320 a shaken photo looks as sharp as a still one.
_SIDE = 1600
_ACROSS = 8  # parts in a row, and rows of them
_SHARPEST = 4  # of 64 parts count: what is meant to be sharp is seldom everywhere


def read_sharpness(file: PhotoFile) -> float | None:
    """Measure how sharp a photo is where it is sharpest.

    The variance of the Laplacian after a blur of one pixel, which takes the noise of the dark
    away; the mean of the four parts of 64 that have most. Enlarged photos gain nothing, as
    all are measured at a long side of 1,600 pixels.

    Args:
        file: as the scan found it.

    Returns:
        A number that is larger the sharper it is; None where the photo cannot be read.
    """
    picture = read_picture(file, _SIDE)
    if isinstance(picture, Skip):
        return None
    grey = np.asarray(picture.convert("L"))
    scale = _SIDE / max(grey.shape)
    if scale > 1:
        grey = np.asarray(cv2.resize(grey, None, fx=scale, fy=scale))
    smooth = cv2.GaussianBlur(grey, (0, 0), 1.0)
    edges = np.asarray(cv2.Laplacian(smooth, cv2.CV_32F))
    rows = np.array_split(edges, _ACROSS)
    parts = [part for row in rows for part in np.array_split(row, _ACROSS, axis=1)]
    variances = sorted(float(part.var()) for part in parts if part.size)
    return float(np.mean(variances[-_SHARPEST:]))
