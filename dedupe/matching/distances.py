"""Every pair of photos closer than a threshold, exactly, in blocks."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dedupe.encoders.device import full_float32, pick_device
from dedupe.matching.pruning import WORTH, shortened

if TYPE_CHECKING:
    import torch

# Pairs measured by subtraction at once: 128 x 1280 x 8 bytes are 1.3 MB and stay in the
# cache: 3 us a pair. Subtracting half from half precision took 13, mixed precisions 9.
_MEASURED_AT_ONCE = 128

# Where the projection lets more than one pair in so many through, the product of the whole
# vectors is quicker than measuring them: 19 ns a pair against 3 us.
_MANY = 200

# Rows measured against one query at once.
_ROWS_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class Pairs:
    """M pairs of rows, as parallel arrays, in the order of (a, b).

    Attributes:
        a: (M,) int64, the smaller row of each pair.
        b: (M,) int64, the larger row.
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
    rows: int = 2048,
) -> Pairs:
    """Find every pair of rows whose L2 distance is at most `threshold`.

    Exact: the answer depends neither on `rows` nor on the device. A matrix product on the
    device nominates pairs, with a slack that covers its rounding; each nominated pair is
    then measured by subtraction in float64 on the CPU, which decides. On a CPU a projection
    rules most pairs out before that (pruning.py), which loses none.

    Args:
        vectors: (N, D) float16 or float32, finite, their squared norms below 3.4e38.
        threshold: in seed units, 0 or more.
        device: "auto", "cpu", "cuda" or "mps"; it holds one copy of the vectors.
        rows: side of the square block of distances held at once (2048 is 16 MiB of
            float32; it was the fastest of 1024, 2048 and 4096 on a CPU).

    Returns:
        Each unordered pair once, no row paired with itself.

    Raises:
        ValueError: `vectors` is not 2-D, not finite or too large, or `threshold` is negative.
        DeviceMissing: the device is not on this machine.

    Block-wise exact search after faiss contrib/exhaustive_search.py (knn_ground_truth),
    upper triangle only.
    """
    if vectors.ndim != 2 or not np.isfinite(vectors).all():
        raise ValueError(f"vectors must be (N, D) and finite, got shape {vectors.shape}")
    if not threshold >= 0:
        raise ValueError(f"a threshold is 0 or more, got {threshold}")
    found = list(_measured(vectors, threshold, device, rows)) if len(vectors) > 1 else []
    if not found:
        nothing = np.empty(0, np.int64)
        return Pairs(nothing, nothing, np.empty(0, np.float32))
    a, b, distance = (np.concatenate(column) for column in zip(*found, strict=True))
    order = np.lexsort((b, a))
    return Pairs(a[order], b[order], distance[order].astype(np.float32))


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


_Found = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]


class _Room:
    """Memory for a block, used again for every block.

    Taken anew each time, 40 MB at a time, it left holes that what was found was put into, and
    the next block did not fit: 60,000 rows took 6 GB.
    """

    def __init__(self, rows: int, dim: int, device: "torch.device") -> None:
        import torch

        self.left = torch.empty((rows, dim), device=device)
        self.right = torch.empty((rows, dim), device=device)
        self.products = torch.empty(rows * rows, device=device)
        self.near = torch.empty(rows * rows, dtype=torch.bool, device=device)


def _measured(
    vectors: npt.NDArray[np.floating], threshold: float, device: str, rows: int
) -> Iterator[_Found]:
    """The pairs that are within the threshold, measured, block by block."""
    import torch

    # writable: torch warns of an array that is not, though nothing is written to it
    stored = torch.from_numpy(np.require(vectors, requirements=["C", "W"]))
    rows = min(rows, len(stored))
    place = torch.device("cpu")
    room = _Room(rows, vectors.shape[1], place)
    buffers = np.empty((2, _MEASURED_AT_ONCE, vectors.shape[1]))
    of_left = -1
    for first, second, pairs in _nominated(stored, threshold, device, rows):
        if not len(pairs):
            continue
        if first != of_left:
            left = _filled(room.left, stored[first : first + rows]).numpy()
            of_left = first
        right = left
        if first != second:
            right = _filled(room.right, stored[second : second + rows]).numpy()
        parts: list[_Found] = []
        for start in range(0, len(pairs), _MEASURED_AT_ONCE):
            a, b = pairs[start : start + _MEASURED_AT_ONCE].T
            one, other = buffers[:, : len(a)]
            one[:], other[:] = left[a], right[b]
            one -= other
            distance = np.sqrt(np.einsum("ij,ij->i", one, one))
            near = distance <= threshold
            parts.append((a[near] + first, b[near] + second, distance[near]))
        yield tuple(np.concatenate(column) for column in zip(*parts, strict=True))  # type: ignore[misc]


def _filled(buffer: "torch.Tensor", block: "torch.Tensor") -> "torch.Tensor":
    """A block in float32, in the first rows of a buffer."""
    return buffer[: len(block)].copy_(block)


def _nominated(
    vectors: "torch.Tensor", threshold: float, device: str, rows: int
) -> Iterator[tuple[int, int, npt.NDArray[np.int64]]]:
    """The pairs that the matrix product cannot rule out, block by block.

    Yields:
        The first row of the left and of the right block, and (M, 2) row numbers inside them.
    """
    import torch

    where = pick_device(device)
    stored = vectors.to(where)
    room = _Room(rows, stored.shape[1], where)
    with torch.inference_mode(), full_float32():
        starts = range(0, len(stored), rows)
        squares = torch.cat(
            [_filled(room.left, stored[i : i + rows]).square().sum(1) for i in starts]
        )
        largest = float(squares.max())
        limit = threshold * threshold * (1 + 2.0**-20) + product_slack(largest, stored.shape[1])
        pays = where.type == "cpu" and len(stored) >= WORTH
        short = shortened(stored, rows, threshold) if pays else None
        if short is not None:
            short_squares = short.vectors.square().sum(1)
            reach = threshold * (1 + 2.0**-20) + short.slack
            largest = float(short_squares.max())
            short_limit = reach * reach + product_slack(largest, short.vectors.shape[1])
        for first in starts:
            filled = False
            for second in range(first, len(stored), rows):
                here, there = slice(first, first + rows), slice(second, second + rows)
                if short is not None:
                    near = _near(
                        room, short.vectors[here], short.vectors[there],
                        short_squares[here], short_squares[there], short_limit,
                    )  # fmt: skip
                    if first == second:
                        near.triu_(diagonal=1)
                    if near.sum() * _MANY <= near.numel():
                        yield first, second, near.nonzero().numpy()
                        continue
                if not filled:
                    left, filled = _filled(room.left, stored[here]), True
                right = left if first == second else _filled(room.right, stored[there])
                near = _near(room, left, right, squares[here], squares[there], limit)
                if first == second:
                    near.triu_(diagonal=1)
                yield first, second, near.nonzero().cpu().numpy()


def product_slack(largest: float, dim: int) -> float:
    """By how much a squared distance by a float32 product may be off.

    Args:
        largest: squared norm of the longest vector.
        dim: length of the vectors.

    |x|^2 + |y|^2 - 2xy cancels: for vectors of norm 30 a true distance of 0.001 comes out as
    anything from 0 to 0.02. A float32 sum of D products is off by at most D x 2^-24 x |x| |y|
    (Higham, Accuracy and Stability, 3.1); there are four such sums, and adding them up rounds
    once more each. Where a product is too small for float32, it is off by up to 2^-126.

    Raises:
        ValueError: the sums are more than float32 holds.
    """
    if not math.isfinite(largest):
        raise ValueError("vectors are too large: a squared norm is more than float32 holds")
    return 4 * (dim + 4) * (largest * 2.0**-24 + 2.0**-126)


def _near(
    room: _Room,
    left: "torch.Tensor",
    right: "torch.Tensor",
    left_squares: "torch.Tensor",
    right_squares: "torch.Tensor",
    limit: float,
) -> "torch.Tensor":
    """(len(left), len(right)) bool: squared distance, as the product has it, within limit."""
    import torch

    shape = len(left), len(right)
    products = room.products[: shape[0] * shape[1]].view(shape)
    near = room.near[: shape[0] * shape[1]].view(shape)
    torch.mm(left, right.T, out=products)
    # |x|^2 + |y|^2 - 2xy <= limit, with the sums moved to where they cost one row each
    products.sub_(left_squares[:, None] / 2)
    return torch.ge(products, (right_squares - limit) / 2, out=near)
