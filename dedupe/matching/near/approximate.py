"""The nearest of very many photos without comparing every two: by faiss, which misses a few."""

from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from math import isqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from dedupe.cores import cores
from dedupe.matching.crew import alone
from dedupe.matching.near.components import along_components
from dedupe.matching.near.hashes import ALIKE, Hashes
from dedupe.matching.near.measure import Found, subtracted

ABOVE = 200_000
"""Photos above which candidates are approximate where faiss is installed."""

# Principal components that vectors are shortened to: of 9,822 photos the nearest by 64 were 0.991
# of the nearest, by 128 0.994, in the same cells.
_COMPONENTS = 128

# Photos of which the shorter vectors say that they are nearest: 0.991 with 32, 0.994 with 64.
_NEAREST = 64

# Cells are twice the root of the photos; so many are looked into for each photo, or twice as many,
# ..., until of what is nearest to so many photos this share is found, up to a quarter of them.
_CELLS = 16
_TRIED, _ENOUGH = 256, 0.99

_Looked = tuple[int, float]  # cells at first, and the share that is enough

# Rows from which the centre of a cell is found, and the least: faiss asks for 39.
_TO_A_CELL = 64

_ROWS = 16_384  # looked for at once

# A distance of fewer components is never larger, but for its rounding to half precision.
_ROUNDING = 1.01

_Rows = npt.NDArray[np.int64]


def is_approximate(photos: int) -> bool:
    """Whether the nearest of so many photos are looked for by faiss."""
    return photos > ABOVE and _faiss() != ""


def approximate_method(photos: int) -> str:
    """Names all that decides what is found of so many photos; "" where every two are compared."""
    if not is_approximate(photos):
        return ""
    numbers = _COMPONENTS, _NEAREST, _CELLS, _TRIED, _ENOUGH, _TO_A_CELL
    return f" faiss {_faiss()} {numbers}"


def _faiss() -> str:
    """Its version; "" where it is not installed."""
    try:
        return version("faiss-cpu")
    except PackageNotFoundError:
        return ""


def near_vectors(vectors: npt.NDArray[np.floating], order: _Rows, reach: float) -> Iterator[Found]:
    """Find most of the nearest of each photo.

    An inverted file (Sivic and Zisserman, Video Google, 2003; faiss IndexIVFScalarQuantizer) of
    vectors shortened to their principal components; what it finds is measured by subtraction.

    Args:
        vectors: (N, D) float16 or float32, finite.
        order: (N,) their rows in an order that depends on nothing but the photos; what is found
            depends on it.
        reach: nothing farther is found, in seed units.

    Yields:
        Rows a and b, and their true distances; some pairs come twice.
    """
    short = along_components(vectors, _COMPONENTS, order)
    for a, b, _ in _alone(_nearest_vectors, short, (reach * _ROUNDING) ** 2):
        a, b = order[a[a != b]], order[b[a != b]]
        away = subtracted(vectors, vectors, a, b)
        near = away <= reach
        yield a[near], b[near], away[near].astype(np.float32)


def alike_hashes(left: Hashes, right: Hashes, most: int) -> Iterator[Found]:
    """Find most of the hashes that are most alike, turned and mirrored as may be, or in negative.

    Each of the 8 ways to turn and mirror a left one, and its negative, is looked for in an inverted
    file of the right ones (faiss IndexBinaryIVF), by the bits that differ, which are exact.

    Args:
        left: some hashes, in an order that depends on nothing but the photos.
        right: likewise; may be the same.
        most: how many are looked for, of each left one and way.

    Yields:
        As `hashes.alike` does; some pairs come twice.
    """
    if not len(left) or not len(right):
        return
    for a, b, bits in _alone(_most_alike, right.codes(), left.ways(), most + 1):
        own, other = left.rows[a % len(left)], right.rows[b]
        counts = own != other
        yield own[counts], other[counts], bits[counts]


def _alone(search: Callable[..., list[Found]], *parts: Any) -> Iterator[Found]:
    """What a search finds, in a process of its own.

    faiss and torch each bring a library of threads; macOS ends a process that has both.
    """
    yield from alone(search, *parts, (_CELLS, _ENOUGH), cores())


def _nearest_vectors(
    short: npt.NDArray[np.float32], limit: float, looked: _Looked, threads: int
) -> list[Found]:
    """The places of each vector and of those nearest to it, itself among them."""
    import faiss

    count, dim = short.shape
    cells = _cells(count)
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatL2(dim), dim, cells, faiss.ScalarQuantizer.QT_fp16
    )
    index.cp.min_points_per_centroid, index.cp.max_points_per_centroid = 1, _TO_A_CELL
    faiss.omp_set_num_threads(1)  # then sums, and so the cells, are the same on any number
    index.train(short)
    faiss.omp_set_num_threads(threads)
    index.add(short)
    some = short[:: -(-count // _TRIED)]
    _look_into(index, some, faiss.knn(some, short, _NEAREST + 1), limit, looked)
    return _found(index, short, _NEAREST + 1, limit)


def _most_alike(
    codes: npt.NDArray[np.uint8],
    wanted: npt.NDArray[np.uint8],
    most: int,
    looked: _Looked,
    threads: int,
) -> list[Found]:
    """The places of each that is wanted and of the codes most alike, and by how many bits."""
    import faiss

    count, size = codes.shape
    cells = _cells(count)
    index = faiss.IndexBinaryIVF(faiss.IndexBinaryFlat(8 * size), 8 * size, cells)
    index.cp.min_points_per_centroid, index.cp.max_points_per_centroid = 1, _TO_A_CELL
    faiss.omp_set_num_threads(1)
    index.train(codes)
    faiss.omp_set_num_threads(threads)
    index.add(codes)
    some = np.ascontiguousarray(wanted[:: -(-len(wanted) // _TRIED)])
    _look_into(index, some, faiss.knn_hamming(some, codes, most), ALIKE, looked)
    return _found(index, wanted, most, ALIKE)


def _cells(count: int) -> int:
    return max(1, min(2 * isqrt(count), count // _TO_A_CELL))


def _look_into(
    index: Any,
    some: npt.NDArray[Any],
    nearest: tuple[npt.NDArray[Any], npt.NDArray[np.int64]],
    limit: float,
    looked: _Looked,
) -> None:
    """Let an index look into as many cells as it takes to find most of what is nearest to some."""
    away, places = nearest
    wanted = [set(its[near].tolist()) for its, near in zip(places, away <= limit, strict=True)]
    index.nprobe, enough = min(index.nlist, looked[0]), looked[1]
    while index.nprobe <= index.nlist // 8:
        found = index.search(some, places.shape[1])[1].tolist()
        share = sum(len(its.intersection(row)) for its, row in zip(wanted, found, strict=True))
        if share >= enough * sum(map(len, wanted)):
            return
        index.nprobe *= 2


def _found(index: Any, wanted: npt.NDArray[Any], most: int, limit: float) -> list[Found]:
    """What an index has near to each that is wanted, up to a limit: little of all it looked at."""
    found = []
    for start in range(0, len(wanted), _ROWS):
        away, places = index.search(wanted[start : start + _ROWS], most)
        a, place = np.nonzero((places >= 0) & (away <= limit))
        found.append((a + start, places[a, place], away[a, place].astype(np.float32)))
    return found
