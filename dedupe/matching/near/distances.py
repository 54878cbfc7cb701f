"""Every pair of photos closer than a threshold, exactly, in blocks."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dedupe.encoders.device import pick_device
from dedupe.matching.near.measure import Found, Measure, subtracted
from dedupe.matching.near.nominate import Reach, Room, Rows, nominated
from dedupe.progress import Progress, Silent

# Side of a block. On a card every block is some calls and a wait, whatever its size: the larger,
# the less of them, in 0.4 GB. By reckoning: there was no card to measure on.
_ROWS, _CARD_ROWS = 2048, 8192

# So few pairs of a block are measured without bringing all of its rows into float32 first.
_SINGLE = 1_000

Found32 = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.float32]]

# Rows measured against one query at once.
_ROWS_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class Pairs:
    """M pairs of rows, as parallel arrays, in the order of (a, b).

    Attributes:
        a: (M,) int64, the smaller row of each pair, or the row of the first of two sets.
        b: (M,) int64, the larger row, or that of the second set.
        distance: (M,) float32, L2 in seed units.
    """

    a: npt.NDArray[np.int64]
    b: npt.NDArray[np.int64]
    distance: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.a)


def pairs_within(
    vectors: npt.NDArray[np.floating],
    threshold: float,
    *,
    device: str = "auto",
    rows: int | None = None,
) -> Pairs:
    """Find every pair of rows whose L2 distance is at most `threshold`.

    Exact: the answer depends neither on `rows` nor on the device. A matrix product on the
    device nominates pairs, with a slack that covers its rounding; each nominated pair is
    then measured in float64 on the CPU, which decides: by subtraction, or by what is certain
    to give the same (measure.py). On a CPU a projection rules most pairs out before that
    (pruning.py), which loses none.

    Args:
        vectors: (N, D) float16 or float32, finite, their squared norms below 3.4e38.
        threshold: in seed units, 0 or more.
        device: "auto", "cpu", "cuda" or "mps"; it holds one copy of the vectors.
        rows: side of the square block of distances held at once. If None 2048 (16 MiB of
            float32; it was the fastest of 1024, 2048 and 4096 on a CPU), and 8192 with CUDA.

    Returns:
        Each unordered pair once, no row paired with itself.

    Raises:
        ValueError: `vectors` is not 2-D, not finite or too large, or `threshold` is negative.
        DeviceMissing: the device is not on this machine.

    Block-wise exact search after faiss contrib/exhaustive_search.py (knn_ground_truth),
    upper triangle only.
    """
    refuse(vectors, threshold)
    reach = Reach(threshold)
    return _sorted(compared(vectors, reach, device=device, rows=rows, lefts=len(vectors)))


def pairs_between(
    vectors_a: npt.NDArray[np.floating],
    vectors_b: npt.NDArray[np.floating],
    threshold: float,
    *,
    device: str = "auto",
    rows: int | None = None,
) -> Pairs:
    """Find every pair of a row of one set and a row of another within `threshold`.

    As exact as `pairs_within`, and to the last bit the same distances. No two rows of one set
    are compared. Both sets are copied once, into one.

    Args:
        vectors_a: (N, D) float16 or float32, finite, their squared norms below 3.4e38.
        vectors_b: (M, D) likewise.
        threshold: in seed units, 0 or more.
        device: "auto", "cpu", "cuda" or "mps".
        rows: side of the block of distances held at once; as there if None.

    Returns:
        `a` are rows of `vectors_a`, `b` of `vectors_b`.

    Raises:
        ValueError: a set is not 2-D, not finite or too large, they are not of one D, or
            `threshold` is negative.
        DeviceMissing: the device is not on this machine.
    """
    for vectors in (vectors_a, vectors_b):
        refuse(vectors, threshold)
    if vectors_a.shape[1] != vectors_b.shape[1]:
        raise ValueError(
            f"vectors must be of one D, got shapes {vectors_a.shape} and {vectors_b.shape}"
        )
    lefts = len(vectors_a) if len(vectors_b) else 0
    both = np.concatenate([vectors_a, vectors_b])
    reach = Reach(threshold)
    pairs = _sorted(compared(both, reach, device=device, rows=rows, lefts=lefts, inside=False))
    return Pairs(pairs.a, pairs.b - len(vectors_a), pairs.distance)


def refuse(vectors: npt.NDArray[np.floating], threshold: float) -> None:
    """Refuse what cannot be compared.

    Raises:
        ValueError: `vectors` is not 2-D or not finite, or `threshold` is negative.
    """
    if vectors.ndim != 2 or not are_finite(vectors):
        raise ValueError(f"vectors must be (N, D) and finite, got shape {vectors.shape}")
    if not threshold >= 0:
        raise ValueError(f"a threshold is 0 or more, got {threshold}")


def are_finite(vectors: npt.NDArray[np.floating]) -> bool:
    """Whether every number is."""
    import torch

    if not vectors.size:
        return True
    # NaN is smaller and larger than all. For 20,000 x 1280 float16 1.5 ms, np.isfinite took 36.
    writable = np.require(vectors, requirements=["C", "W"])
    return all(math.isfinite(end) for end in torch.from_numpy(writable).aminmax())


def _sorted(found: Iterable[Found]) -> Pairs:
    """What was found in blocks, in the order of (a, b).

    Args:
        found: from left to right and then from top to bottom, each block in the order of (a, b).
    """
    strips: list[Found32] = []
    blocks: list[Found32] = []  # that lie beside each other
    for a, b, distance in found:
        if not len(a):
            continue
        # A block that lies not right of the one before lies below it. Two that lie below and to
        # the right may go into one strip: their order is the same.
        if blocks and b[0] < blocks[-1][1][0]:
            strips.append(_side_by_side(blocks))
            blocks = []
        # half the memory while they are collected
        blocks.append((a.astype(np.int32), b.astype(np.int32), distance))
    if blocks:
        strips.append(_side_by_side(blocks))
    nothing = np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float32)
    a32, b32, distances = zip(*(strips or [nothing]), strict=True)
    return Pairs(
        np.concatenate(a32, dtype=np.int64),
        np.concatenate(b32, dtype=np.int64),
        np.concatenate(distances),
    )


def _side_by_side(blocks: list[Found32]) -> Found32:
    """The pairs of blocks that lie beside each other, in the order of (a, b)."""
    a, b, distance = (np.concatenate(column) for column in zip(*blocks, strict=True))
    # b rises from block to block. Of 3.3 million pairs these sorts took 0.03 s, one of all by a
    # and b 0.3 s.
    order = np.argsort(a, kind="stable")
    return a[order], b[order], distance[order]


def distances_to(
    vectors: npt.NDArray[np.floating], query: npt.NDArray[np.floating]
) -> npt.NDArray[np.float32]:
    """The L2 distance of every row to one vector.

    Args:
        vectors: (N, D) float16 or float32.
        query: (D,) of the same encoder.

    Returns:
        (N,) float32, in seed units, measured by subtraction in float64.
    """
    exact = query.astype(np.float64)
    parts = [
        np.linalg.norm(vectors[start : start + _ROWS_AT_ONCE].astype(np.float64) - exact, axis=1)
        for start in range(0, len(vectors), _ROWS_AT_ONCE)
    ]
    return np.concatenate([np.empty(0), *parts]).astype(np.float32)


def compared(
    vectors: npt.NDArray[np.floating],
    reach: Reach,
    *,
    lefts: int,
    inside: bool = True,
    order: npt.NDArray[np.int64] | None = None,
    device: str = "auto",
    rows: int | None = None,
    progress: Progress | None = None,
) -> Iterator[Found]:
    """Compare the first rows with all others, and find what is within reach, block by block.

    What `pairs_within` and `pairs_between` rest on, for who keeps not all that is found.

    Args:
        vectors: (N, D) float16 or float32, finite.
        reach: looked at anew for every block.
        lefts: how many of the rows, from the first on, are compared.
        inside: whether with one another, too, and not only with the rows behind them.
        order: (M,) rows of `vectors`; "first" and "behind" are meant in this order, and the
            rows in the answer are places in it. As they are if None.
        device: "auto", "cpu", "cuda" or "mps"; it holds one copy of the vectors.
        rows: side of the square block of distances held at once; as there if None.
        progress: told how many of the first rows are done.

    Yields:
        Rows a < b, each pair once, and their distances.

    Raises:
        ValueError: the vectors are too large.
        DeviceMissing: the device is not on this machine.
    """
    import torch

    # writable: torch warns of an array that is not, though nothing is written to it
    source = Rows(
        torch.from_numpy(np.require(vectors, requirements=["C", "W"])),
        None if order is None else torch.from_numpy(order),
    )
    if not lefts or len(source) < 2:
        return
    progress = progress or Silent()
    where = pick_device(device)
    rows = min(rows or (_CARD_ROWS if where.type == "cuda" else _ROWS), len(source))
    room = Room(rows, vectors.shape[1], torch.device("cpu"))
    measure = Measure(rows, vectors.shape[1])
    before: slice | None = None
    for here, there, pairs in nominated(source, reach, order, where, rows, lefts, inside):
        if before is not None and before != here:
            progress.advance(before.stop - before.start)
        if before != here:
            before, left = here, None
        count = pairs.shape[1]
        if not count:
            continue
        if count <= _SINGLE:
            starts = np.array([[here.start], [there.start]])
            yield _single(vectors, pairs + starts, order, reach.value)
            continue
        if left is None:
            left = source.fill(room.left, here)
            measure.begin(left)
        right = left if here == there else source.fill(room.right, there)
        a, b, distance = measure.within(right, pairs, reach.value)
        if len(a):
            yield a + here.start, b + there.start, distance
    if before is not None:
        progress.advance(before.stop - before.start)


def _single(
    vectors: npt.NDArray[np.floating],
    pairs: npt.NDArray[np.int64],
    order: npt.NDArray[np.int64] | None,
    threshold: float,
) -> Found:
    """The pairs that are within the threshold, of a few: only their rows are looked at."""
    a, b = pairs
    rows_a, rows_b = (a, b) if order is None else (order[a], order[b])
    away = subtracted(vectors, vectors, rows_a, rows_b)
    near = away <= threshold
    return a[near], b[near], away[near].astype(np.float32)
