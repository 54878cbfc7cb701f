"""What happens to features before distances are taken: a dict of functions."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Features = npt.NDArray[np.float64]


def none(features: Features) -> Features:
    """Leave them as they are: the seed's plain L2 distance."""
    return features


def l2(features: Features) -> Features:
    """Bring each row to length 1, so that only its direction counts."""
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    # a row of zeros has no direction and stays a row of zeros instead of becoming NaN
    return features / np.where(lengths > 0, lengths, 1.0)


def hellinger(features: Features) -> Features:
    """Take the square root of features that are never negative, then bring rows to length 1.

    A few strong features no longer outweigh hundreds of weak ones: with
    efficientnet_lite0 the share of edited copies found at one false pair in 100,000
    rose from 0.80 raw and 0.94 by length alone to 0.95 (2,220 edits of 60 photos).

    Source: R. Arandjelovic, A. Zisserman, "Three things everyone should know to improve
    object retrieval", CVPR 2012, section 2.
    """
    return l2(np.sqrt(features))


# name -> function of (B, dim) float64 features that gives as many. In float64 on the
# CPU, so that device and batch cannot differ here; it is a thousandth of the network.
NORMALISE: dict[str, Callable[[Features], Features]] = {
    "none": none,
    "l2": l2,
    "hellinger": hellinger,
}
