"""Every pair of photos closer than a threshold, exactly, in blocks."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dedupe.encoders.device import full_float32, pick_device

if TYPE_CHECKING:
    import torch

# Pairs measured by subtraction at once: 128 x 1280 x 8 bytes are 1.3 MB and stay in the
# cache: 3 us a pair. Subtracting half from half precision took 13, mixed precisions 9.
_MEASURED_AT_ONCE = 128

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
    then measured by subtraction in float64 on the CPU, which decides.

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


def _measured(
    vectors: npt.NDArray[np.floating], threshold: float, device: str, rows: int
) -> Iterator[_Found]:
    for first, second, pairs in _nominated(vectors, threshold, device, rows):
        if not len(pairs):
            continue
        left = _float32(vectors[first : first + rows])
        right = left if first == second else _float32(vectors[second : second + rows])
        for start in range(0, len(pairs), _MEASURED_AT_ONCE):
            a, b = pairs[start : start + _MEASURED_AT_ONCE].T
            apart = left[a].astype(np.float64) - right[b].astype(np.float64)
            distance = np.sqrt(np.einsum("ij,ij->i", apart, apart))
            near = distance <= threshold
            yield a[near] + first, b[near] + second, distance[near]


def _float32(block: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """One block in single precision; torch does in vector instructions what numpy does not."""
    import torch

    whole: npt.NDArray[np.float32] = (
        torch.from_numpy(np.require(block, requirements=["C", "W"])).float().numpy()
    )
    return whole


def _nominated(
    vectors: npt.NDArray[np.floating], threshold: float, device: str, rows: int
) -> Iterator[tuple[int, int, npt.NDArray[np.int64]]]:
    """The pairs that the matrix product cannot rule out, block by block.

    Yields:
        The first row of the left and of the right block, and (M, 2) row numbers inside them.
    """
    import torch

    where = pick_device(device)
    # writable: torch warns of an array that is not, though nothing is written to it
    stored = torch.from_numpy(np.require(vectors, requirements=["C", "W"])).to(where)
    with torch.inference_mode(), full_float32():
        starts = range(0, len(stored), rows)
        squares = torch.cat([stored[i : i + rows].float().square().sum(1) for i in starts])
        # |x|^2 + |y|^2 - 2xy cancels: for vectors of norm 30 a true distance of 0.001 comes
        # out as anything from 0 to 0.02. A float32 sum of D products is off by at most
        # D x 2^-24 x |x| |y| (Higham, Accuracy and Stability, 3.1); there are four such sums,
        # and adding them up rounds once more each. Where a product is too small for float32,
        # it is off by up to 2^-126.
        largest = float(squares.max())
        if not math.isfinite(largest):
            raise ValueError("vectors are too large: a squared norm is more than float32 holds")
        slack = 4 * (vectors.shape[1] + 4) * (largest * 2.0**-24 + 2.0**-126)
        limit = threshold * threshold * (1 + 2.0**-20) + slack
        for first in starts:
            left = stored[first : first + rows].float()
            for second in range(first, len(stored), rows):
                right = stored[second : second + rows].float()
                near = _near(left, right, squares[first:], squares[second:], limit)
                if first == second:
                    near = near.triu(diagonal=1)
                yield first, second, near.nonzero().cpu().numpy()


def _near(
    left: "torch.Tensor",
    right: "torch.Tensor",
    left_squares: "torch.Tensor",
    right_squares: "torch.Tensor",
    limit: float,
) -> "torch.Tensor":
    """(len(left), len(right)) bool: squared distance, as the product has it, within limit."""
    # |x|^2 + |y|^2 - 2xy <= limit, with the sums moved to where they cost one row each
    product = left @ right.T
    bound = (right_squares[: len(right)] - limit) / 2
    return product >= (left_squares[: len(left), None] / 2 + bound)
