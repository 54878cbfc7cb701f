"""The rectangle in which two pictures agree, where they lie on each other in more: a field.

A collage shows a photo cut to its field. Laid on it, the whole photo reaches into those beside.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from dedupe.matching.pairs.overlap import WINDOW, Overlap, Windows
from dedupe.matching.pairs.page import is_page

# Windows that agree outweigh so many that do not: one in ten may be wrong within a field.
_AGAINST = 9

# Windows over the edge of a field do not agree: it reaches so much further, but for a pixel that
# is mixed of both.
_EDGE = WINDOW // 2 - 1

# Share of the overlap from which on the rectangle is all of it, and below which it is nothing.
_ALL, _LEAST = 0.97, 0.3


def field(overlap: Overlap, seen: Windows) -> Overlap | None:
    """Cut an overlap down to the upright rectangle in which all agrees.

    Args:
        overlap: what `lay` gave, of pictures that lie upright on each other.
        seen: its windows.

    Returns:
        The overlap of that rectangle alone; None where there is none, or it is all of it, or a
        page: two screens of one app share what is around their pictures.
    """
    value = seen.agrees.astype(np.int64) - _AGAINST * (seen.textured & ~seen.agrees)
    height, width = value.shape
    rows, columns = slice(0, height), slice(0, width)
    for _ in range(2):
        columns = _best(value[rows].sum(axis=0))
        rows = _best(value[:, columns].sum(axis=1))
    rows, columns = _grown(rows, height), _grown(columns, width)
    within = np.zeros_like(overlap.mask)
    within[rows, columns] = overlap.mask[rows, columns]
    share = np.count_nonzero(within) / np.count_nonzero(overlap.mask)
    if not _LEAST <= share <= _ALL or is_page(overlap.right[within]):
        return None
    return replace(
        overlap,
        mask=within,
        of_first=share * overlap.of_first,
        of_second=share * overlap.of_second,
    )


def _best(values: npt.NDArray[np.int64]) -> slice:
    """The run of numbers of the largest sum, the first of equal ones."""
    sums = np.concatenate([[0], np.cumsum(values)])
    least = np.minimum.accumulate(sums[:-1])
    end = int((sums[1:] - least).argmax())
    return slice(int(sums[: end + 1].argmin()), end + 1)


def _grown(run: slice, most: int) -> slice:
    """As far as the edges that it was cut at."""
    return slice(max(0, run.start - _EDGE), min(most, run.stop + _EDGE))
