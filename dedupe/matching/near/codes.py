"""Pairs of rows as one number each, which sort and compare quickly."""

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.int64]


def codes_of(pairs: npt.NDArray[np.int64], count: int) -> Codes:
    """One number of each pair, whichever of its two rows comes first.

    Args:
        pairs: (M, 2) rows.
        count: above all rows, at most 3 billion.

    Returns:
        (M,) that sort as the pairs do.
    """
    low, high = np.minimum(*pairs.T), np.maximum(*pairs.T)
    codes: Codes = low * count + high
    return codes


def pairs_of(codes: Codes, count: int) -> npt.NDArray[np.int64]:
    """(M, 2) rows a < b: what `codes_of` was given."""
    return np.stack(np.divmod(codes, max(1, count)), 1)


def distinct(codes: Codes) -> Codes:
    """The codes in order, each once.

    np.unique goes through a hash table since numpy 2.3, which took 4 times as long.
    """
    ordered = np.sort(codes)
    first = np.ones(len(ordered), np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]


def are_among(
    codes: npt.NDArray[np.integer], others: npt.NDArray[np.integer]
) -> npt.NDArray[np.bool_]:
    """(M,) bool: which numbers are among some others of their kind, which are in order."""
    if not len(others):
        return np.zeros(len(codes), np.bool_)
    places = np.minimum(np.searchsorted(others, codes), len(others) - 1)
    found: npt.NDArray[np.bool_] = others[places] == codes
    return found
