"""The rows nearest to some vectors and not to others: a product nominates, float64 decides."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dedupe.cores import cores
from dedupe.matching.near.distances import distances_to
from dedupe.matching.near.measure import product_slack

# Rows made float32 at once: half of 1024 is 2.6 MB. With 256 two threads were as slow as one, as
# they hand the interpreter to each other after every step; 4096 are too many for the cache.
_ROWS = 1024
# Fewer are not worth a thread.
_ROWS_OF_A_THREAD = 4096
# Reading 256 MB is most of the work then: more threads than this wait for memory.
_THREADS = 8
# Rows that are compared in full at first, or four times as many as are asked for: those whose half
# is nearest. The k-th of them bounds the answer.
_SURELY = 1024
# Rows whose distances are measured at once, in float64.
_MEASURED_AT_ONCE = 4096
# Covers that a measured distance is rounded to float32 (2^-24), twice.
_ROUNDING = 1 + 2.0**-20

_Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Nearest:
    """The M rows that were asked for, nearest first; equal distances in the order of rows.

    Attributes:
        rows: (M,) int64.
        distance: (M,) float32, to the nearest of the wanted vectors, in seed units.
        which: (M,) int64, the number of that vector; the first of several equally near.
    """

    rows: npt.NDArray[np.int64]
    distance: _Floats
    which: npt.NDArray[np.int64]


def nearest(
    vectors: npt.NDArray[np.floating],
    wanted: npt.NDArray[np.floating],
    unwanted: npt.NDArray[np.floating] | None = None,
    *,
    k: int | None = None,
    threshold: float | None = None,
) -> Nearest:
    """Rank rows by their distance to the nearest of some vectors.

    The answer is that of measuring every row by `distances_to`, to the last bit. A float32
    product nominates the rows that may be in it, with a slack that covers its rounding; only
    those are measured. Memory: 20 bytes a row, 2 MB a thread, and what is in the answer.

    Args:
        vectors: (N, D) float16 or float32, finite.
        wanted: (Q, D) of the same encoder, Q at least 1.
        unwanted: (P, D); a row counts only if it is nearer to one of `wanted` than to each of
            these. As near is not nearer: a copy of one of these never counts.
        k: how many rows at most; all if None.
        threshold: only rows up to this distance, in seed units; no limit if None.

    Raises:
        ValueError: a squared norm is more than float32 holds.
    """
    unwanted = wanted[:0] if unwanted is None else unwanted
    rows = _nominated(vectors, wanted, unwanted, k, np.inf if threshold is None else threshold)
    which, distance = _measured(vectors, rows, wanted)
    counts = np.ones(len(rows), np.bool_)
    if threshold is not None:
        counts &= distance.astype(np.float64) <= threshold  # 0.1 is not rounded to float32
    if len(unwanted):
        counts &= distance < _measured(vectors, rows, unwanted)[1]
    rows, which, distance = rows[counts], which[counts], distance[counts]
    order = np.argsort(distance, kind="stable")[:k]
    return Nearest(rows[order], distance[order], which[order])


def _nominated(
    vectors: npt.NDArray[np.floating],
    wanted: npt.NDArray[np.floating],
    unwanted: npt.NDArray[np.floating],
    k: int | None,
    threshold: float,
) -> npt.NDArray[np.int64]:
    """The rows that the product cannot rule out, rising."""
    if not len(vectors):
        return np.empty(0, np.int64)
    dim = vectors.shape[1]
    limit, rows = _near_by_half(vectors, wanted, unwanted, k, threshold * threshold)
    near, far, largest = _products(vectors, rows, wanted, unwanted)
    slack = product_slack(largest, dim)
    may = near - slack <= (far + slack) * _ROUNDING
    limit = min(limit, _reached(near, far, slack, k))
    may &= near - slack <= limit * _ROUNDING
    return np.flatnonzero(may) if rows is None else rows[may]


def _near_by_half(
    vectors: npt.NDArray[np.floating],
    wanted: npt.NDArray[np.floating],
    unwanted: npt.NDArray[np.floating],
    k: int | None,
    limit: float,
) -> tuple[float, npt.NDArray[np.int64] | None]:
    """Rule rows out by the first half of their numbers, whose distance is never the larger one.

    Of most rows the other half is then not even read: the 20 nearest of 100,000 are about 17
    seed units away (290 squared), the half of most others is above that.

    Returns:
        A squared distance that none of the answer exceeds, and the rows that may be within
        it, rising; None where these are all.
    """
    count, dim = vectors.shape
    some = count if k is None else max(_SURELY, 4 * k)
    if some >= count and limit == np.inf:
        return limit, None
    half = (dim + 1) // 2
    least, _, largest = _products(vectors[:, :half], None, wanted[:, :half], wanted[:0, :half])
    if some < count:
        promising = np.sort(np.argpartition(least, some)[:some])
        near, far, longest = _products(vectors, promising, wanted, unwanted)
        limit = min(limit, _reached(near, far, product_slack(longest, dim), k))
    rows = np.flatnonzero(least - product_slack(largest, half) <= limit * _ROUNDING)
    return limit, None if len(rows) == count else rows


def _reached(near: _Floats, far: _Floats, slack: float, k: int | None) -> float:
    """A squared distance that k of some rows are surely within; infinite where fewer are known."""
    surely = near[(near + slack) * _ROUNDING < far - slack]
    if k is None or len(surely) < k:
        return np.inf
    return float(np.partition(surely, k - 1)[k - 1]) + slack


def _products(
    vectors: npt.NDArray[np.floating],
    rows: npt.NDArray[np.int64] | None,
    wanted: npt.NDArray[np.floating],
    unwanted: npt.NDArray[np.floating],
) -> tuple[_Floats, _Floats, float]:
    """Squared distances of some rows by |x|^2 + |q|^2 - 2xq: what is added last is |x|^2.

    Args:
        vectors: (N, D).
        rows: (M,) of them; None for all.
        wanted: (Q, D).
        unwanted: (P, D).

    Returns:
        (M,) to the nearest of `wanted`, (M,) to the nearest of `unwanted` (infinite where there
        is none), and the largest squared norm of all.
    """
    count = len(vectors) if rows is None else len(rows)
    near, far = np.empty(count, np.float32), np.full(count, np.inf, np.float32)
    each = np.concatenate([wanted, unwanted]).astype(np.float32)
    squares = np.einsum("ij,ij->i", each, each)
    split = len(wanted)

    def part(begin: int, end: int) -> float:
        largest = 0.0
        for start, block in _blocks(vectors, rows, begin, end):
            here = slice(start, start + len(block))
            norms = _dots(block, block[:, :, None])
            away = np.stack([_dots(block, query[:, None]) for query in each], axis=1)
            away *= -2
            away += squares
            away += norms[:, None]
            away[:, :split].min(axis=1, out=near[here])
            if split < len(each):
                away[:, split:].min(axis=1, out=far[here])
            largest = max(largest, float(norms.max()))
        return largest

    threads = max(1, min(cores(), _THREADS, count // _ROWS_OF_A_THREAD))
    cuts = [count * number // threads for number in range(threads + 1)]
    with ThreadPoolExecutor(threads) as pool:
        largest = max(pool.map(part, cuts[:-1], cuts[1:]))
    return near, far, max(largest, float(squares.max()))


def _dots(rows: _Floats, others: _Floats) -> _Floats:
    """(B,) the product of each row with another one each, or with the same.

    As B products of two vectors, which OpenBLAS does not divide among threads of its own: those
    wait for each other while ours compute, and a search took seconds now and then.
    """
    return (rows[:, None] @ others)[:, 0, 0]


def _blocks(
    vectors: npt.NDArray[np.floating], rows: npt.NDArray[np.int64] | None, begin: int, end: int
) -> Iterator[tuple[int, _Floats]]:
    """Some rows after the other in float32, each time with the number of the first."""
    room = np.empty((_ROWS, vectors.shape[1]), np.float32)
    for start in range(begin, end, _ROWS):
        here = slice(start, min(start + _ROWS, end))
        some = vectors[here] if rows is None else vectors[rows[here]]
        block = room[: len(some)]
        if some.dtype == np.float16:
            _widen(some, block)
        else:
            block[:] = some
        yield start, block


def _widen(half: npt.NDArray[np.floating], into: _Floats) -> None:
    """Finite float16 to float32, exactly, by moving its bits to where float32 has them.

    numpy converts one number after the other where it was not built for this very processor:
    350 ms for 100,000 x 1280, this 90. torch takes 50, and a second and more to import.
    """
    bits = into.view(np.int32)
    np.copyto(bits, half.view(np.int16))
    # the sign was copied into all that is above; exponent and fraction go to bits 27 to 13
    np.left_shift(bits, 13, out=bits)
    np.bitwise_and(bits, _KEPT, out=bits)
    # float16 counts exponents from 15, float32 from 127; subnormals come out right as well
    np.multiply(into, _REBIASED, out=into)


_KEPT = np.array(0x8FFFE000, np.uint32).view(np.int32)
_REBIASED = np.float32(2.0**112)


def _measured(
    vectors: npt.NDArray[np.floating],
    rows: npt.NDArray[np.int64],
    queries: npt.NDArray[np.floating],
) -> tuple[npt.NDArray[np.int64], _Floats]:
    """For each of `rows` the number of the nearest query and the distance to it."""
    which, distance = np.zeros(len(rows), np.int64), np.empty(len(rows), np.float32)
    for start in range(0, len(rows), _MEASURED_AT_ONCE):
        here = slice(start, start + _MEASURED_AT_ONCE)
        some = vectors[rows[here]]
        away = np.stack([distances_to(some, query) for query in queries])
        which[here] = away.argmin(axis=0)
        distance[here] = away.min(axis=0)
    return which, distance
