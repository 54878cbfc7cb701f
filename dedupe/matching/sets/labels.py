"""Labels of rows, and the rows of each label; lists of rows in one, and cut again."""

from collections.abc import Iterable, Sequence, Sized
from itertools import chain
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from dedupe.index.indexed import photos_at
from dedupe.photos.photo import Photo

_Rows = npt.NDArray[np.int64]
_Number = TypeVar("_Number", bound=np.integer)


def hanging_together(one: _Rows, other: _Rows, count: int) -> npt.NDArray[np.int32]:
    """(count,) a label of each row, from 0 on: the same for those that pairs lead to each other.

    Args:
        one: (M,) rows of pairs.
        other: (M,) likewise.
        count: rows.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(one), np.bool_), (one, other)), (count, count))
    labels: npt.NDArray[np.int32] = connected_components(graph, directed=False)[1]
    return labels


def several(labels: npt.NDArray[np.integer]) -> list[_Rows]:
    """The places of each label that more than one has; below 0 there are none."""
    order = np.argsort(labels, kind="stable")
    order = order[labels[order] >= 0]
    starts = np.flatnonzero(np.diff(labels[order], prepend=-1))
    ends = np.append(starts[1:], len(order))
    many = ends - starts > 1
    return pieces(order, starts[many], ends[many])


def pieces(rows: npt.NDArray[_Number], starts: _Rows, ends: _Rows) -> list[npt.NDArray[_Number]]:
    """Parts of some rows, each from a place to another: np.split took five times as long."""
    cuts = zip(starts.tolist(), ends.tolist(), strict=True)
    return [rows[start:end] for start, end in cuts]


def in_one(lists: Sequence[Sequence[int]]) -> tuple[_Rows, _Rows]:
    """Lists of rows one behind the other, and how long each is."""
    rows = np.fromiter(chain.from_iterable(lists), np.int64)
    return rows, lengths_of(lists)


def photos_of_each(
    photos: Sequence[Photo], lists: Sequence[Sequence[int]]
) -> list[Sequence[Photo]]:
    """The photos of each of some lists of rows: they are taken at once, and then cut."""
    rows, sizes = in_one(lists)
    taken, ends = photos_at(photos, rows), np.cumsum(sizes)
    parts = zip((ends - sizes).tolist(), ends.tolist(), strict=True)
    return [taken[start:end] for start, end in parts]


def lengths_of(lists: Iterable[Sized]) -> _Rows:
    """How long each of some lists is."""
    return np.fromiter(map(len, lists), np.int64)
