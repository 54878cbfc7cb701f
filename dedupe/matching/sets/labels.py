"""Labels of rows, and the rows of each label."""

import numpy as np
import numpy.typing as npt


def several(labels: npt.NDArray[np.integer]) -> list[npt.NDArray[np.int64]]:
    """The places of each label that more than one has; below 0 there are none."""
    order = np.argsort(labels, kind="stable")
    order = order[labels[order] >= 0]
    found = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
    return [kind for kind in found if len(kind) > 1]
