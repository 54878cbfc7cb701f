"""Vectors along the few directions in which those of a library vary most."""

import numpy as np
import numpy.typing as npt

# Rows that the directions are found in, and that are shortened at once: all of 100,000 in float32
# are 0.5 GB, which took a second to be had.
_FITTED, _AT_ONCE = 8192, 4096


def along_components(
    vectors: npt.NDArray[np.floating], few: int, order: npt.NDArray[np.int64] | None = None
) -> npt.NDArray[np.float32]:
    """Project vectors on their first principal components.

    Args:
        vectors: (N, D) float16 or float32, finite.
        few: how many components, at most.
        order: (N,) their rows in the order of the answer; as they are if None. Which rows the
            components are found in depends on it.

    Returns:
        (N, few) float32, or fewer where N or D is less.
    """
    from sklearn.decomposition import PCA

    order = np.arange(len(vectors)) if order is None else order
    some = vectors[order[:: -(-len(order) // _FITTED)]].astype(np.float32)
    fitted = PCA(min(few, *some.shape), svd_solver="covariance_eigh")
    with np.errstate(invalid="ignore"):  # where all are equal, nothing is explained
        fitted.fit(some)
    short = np.empty((len(order), fitted.n_components_), np.float32)
    for start in range(0, len(order), _AT_ONCE):
        rows = order[start : start + _AT_ONCE]
        short[start : start + _AT_ONCE] = fitted.transform(vectors[rows].astype(np.float32))
    return short
