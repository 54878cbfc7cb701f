"""The pixels of a stored thumbnail."""

import numpy as np
import numpy.typing as npt


def decoded(thumbnail: bytes) -> npt.NDArray[np.uint8]:
    """(H, W, 3) uint8 of a stored thumbnail.

    Raises:
        ValueError: it is no picture.
    """
    import cv2

    pixels = cv2.imdecode(np.frombuffer(thumbnail, np.uint8), cv2.IMREAD_COLOR_RGB)
    if pixels is None:
        raise ValueError("a thumbnail that is no picture")
    return np.asarray(pixels, np.uint8)
