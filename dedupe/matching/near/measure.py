"""The exact distances of nominated pairs: by subtraction, or by what is certain to equal it."""

import math
import warnings
from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import torch

# Pairs subtracted at once: 128 x 1280 x 8 bytes are 1.3 MB and stay in the cache. 2 us of CPU
# time a pair. Subtracting half from half precision took 4 times as long, mixed precisions 3.
_AT_ONCE = 128

# Rows of a group up to which every two are subtracted; of more, a product says which.
_FEW = 8

# Pairs in a block from which on products pay: 0.2 to 0.6 us a pair, on all cores, once the two
# sides are in float64 (0.4 to 10 ms each for 2048 x 1280).
_MANY = 16_384

Found = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float32]]


def subtracted(
    left: npt.NDArray[np.floating],
    right: npt.NDArray[np.floating],
    a: npt.NDArray[np.int64],
    b: npt.NDArray[np.int64],
) -> npt.NDArray[np.float64]:
    """The L2 distance of left[a] and right[b], pair by pair: what every distance here is.

    Args:
        left: (N, D) float16 or float32.
        right: (M, D) likewise; may be `left`.
        a: (P,) rows of `left`.
        b: (P,) rows of `right`.

    Returns:
        (P,) float64, the difference taken and summed up in float64.
    """
    buffers = np.empty((2, min(_AT_ONCE, len(a)), left.shape[1]))
    squares = np.empty(len(a))
    for start in range(0, len(a), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        one, other = buffers[:, : len(a[part])]
        one[:], other[:] = left[a[part]], right[b[part]]
        one -= other
        np.einsum("ij,ij->i", one, one, out=squares[part])
    return np.sqrt(squares)


def farthest(vectors: npt.NDArray[np.floating], groups: Sequence[Sequence[int]]) -> list[float]:
    """The largest L2 distance between any two rows of each group.

    Args:
        vectors: (N, D) float16 or float32.
        groups: rows, one or more each.

    Returns:
        Of each group, in seed units; 0 where its rows are equal.
    """
    found = [0.0] * len(groups)
    small = [number for number, rows in enumerate(groups) if 2 <= len(rows) <= _FEW]
    pairs = [(number, pair) for number in small for pair in combinations(groups[number], 2)]
    a, b = np.array([pair for _, pair in pairs], np.int64).reshape(-1, 2).T
    for (number, _), away in zip(pairs, subtracted(vectors, vectors, a, b).tolist(), strict=True):
        found[number] = max(found[number], away)
    for number, rows in enumerate(groups):
        if len(rows) > _FEW:
            found[number] = _farthest(vectors[rows])
    return found


def _farthest(vectors: npt.NDArray[np.floating]) -> float:
    """The largest distance between any two of many rows."""
    # np.unique along an axis took 18 ms for three rows
    different = {row.tobytes(): row for row in vectors}
    exact = np.stack(list(different.values())).astype(np.float64)
    squares = np.einsum("ij,ij->i", exact, exact)
    # the product nominates the farthest partner of each row, subtraction measures it
    partners = [(squares - 2 * (exact @ row)).argmax() for row in exact]
    return float(np.linalg.norm(exact - exact[partners], axis=1).max(initial=0.0))


class Measure:
    """Measures the pairs of one block of left rows with one block of right rows after the other."""

    def __init__(self, rows: int, dim: int) -> None:
        self._shape = rows, dim
        self._room: torch.Tensor | None = None  # of both sides in float64, 42 MB, once needed
        self._left: torch.Tensor
        self._left_squares: npt.NDArray[np.float64]
        self._filled = False

    def begin(self, left: "torch.Tensor") -> None:
        """From here on the left rows are these.

        Args:
            left: (B, D) float32, on the CPU.
        """
        self._left, self._filled = left, False

    def within(
        self, right: "torch.Tensor", pairs: npt.NDArray[np.int64], threshold: float
    ) -> Found:
        """The pairs that are within the threshold.

        Args:
            right: (C, D) float32, on the CPU.
            pairs: (2, M) rows of the left and of the right side, in the order of the left.
            threshold: in seed units.

        Returns:
            Left rows, right rows, and (M',) float32 distances: those of `subtracted`, to the
            last bit, whichever way they were come by.
        """
        a, b = pairs
        if len(a) >= _MANY:
            return self._by_products(right, a, b, threshold)
        away = subtracted(self._left.numpy(), right.numpy(), a, b)
        near = away <= threshold
        return a[near], b[near], away[near].astype(np.float32)

    def _by_products(
        self,
        right: "torch.Tensor",
        a: npt.NDArray[np.int64],
        b: npt.NDArray[np.int64],
        threshold: float,
    ) -> Found:
        """By |x|^2 + |y|^2 - 2xy in float64, where no rounding of it can matter.

        float32 products are exact in float64, and a sum of D of them is off by at most
        D x 2^-53 x |x| |y| (Higham, Accuracy and Stability, 3.1). So the result is off from
        the true square by at most (2D + 8) x 2^-53 x (|x|^2 + |y|^2), and what subtraction
        gives by (D + 4) x 2^-53 of it, which is no more than 2 (|x|^2 + |y|^2). Between the
        two ends of that the square that subtraction gives must lie. Where both ends are the
        same float32 distance, on the same side of the threshold, it is that; where not, it is
        subtracted: for vectors of norm 30 that was 44 of 1,000,000 pairs 20 apart, 1 in 9 of
        those 0.3 apart, all that were 0.1 apart.
        """
        left64, right64 = self._doubled(right)
        squares = self._left_squares[a]
        squares += _squares(right64)[b]
        slack = 4 * (left64.shape[1] + 16) * 2.0**-53 * squares
        squares -= 2 * _products(left64, right64, a, b)
        low = np.sqrt(np.maximum(squares - slack, 0))
        high = np.sqrt(squares + slack)
        away = high.astype(np.float32)
        near = high <= threshold
        doubtful = (low <= threshold) & (~near | (low.astype(np.float32) != away))
        if doubtful.any():
            exact = subtracted(self._left.numpy(), right.numpy(), a[doubtful], b[doubtful])
            away[doubtful] = exact
            near[doubtful] = exact <= threshold
        return a[near], b[near], away[near]

    def _doubled(self, right: "torch.Tensor") -> tuple["torch.Tensor", "torch.Tensor"]:
        """The left and the right rows in float64."""
        import torch

        if self._room is None:
            self._room = torch.empty((2, *self._shape), dtype=torch.float64)
        left_room, right_room = self._room
        if not self._filled:
            left_room[: len(self._left)].copy_(self._left)
            self._left_squares = _squares(left_room[: len(self._left)])
            self._filled = True
        right_room[: len(right)].copy_(right)
        return left_room[: len(self._left)], right_room[: len(right)]


def _squares(rows: "torch.Tensor") -> npt.NDArray[np.float64]:
    """(B,) squared norms of (B, D) float64."""
    import torch

    # By way of the root, which rounds three times more: on all cores, 0.4 ms for 2048 x 1280
    # where np.einsum took 1.0.
    squares: npt.NDArray[np.float64] = torch.linalg.vector_norm(rows, dim=1).square_().numpy()
    return squares


def _products(
    left: "torch.Tensor",
    right: "torch.Tensor",
    a: npt.NDArray[np.int64],
    b: npt.NDArray[np.int64],
) -> npt.NDArray[np.float64]:
    """left[a] times right[b], pair by pair, without copying the rows; `a` in rising order."""
    import torch

    begins = torch.from_numpy(np.searchsorted(a, np.arange(len(left) + 1)))
    columns = torch.from_numpy(np.ascontiguousarray(b))
    with warnings.catch_warnings():
        # torch calls all of its sparse matrices a beta
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support")
        wanted = torch.sparse_csr_tensor(
            begins,
            columns,
            torch.zeros(len(a), dtype=torch.float64),
            (len(left), len(right)),
            check_invariants=False,  # unsaid it is a warning; the pairs are of `nonzero`
        )
    product = torch.sparse.sampled_addmm(wanted, left, right.T, beta=0.0)
    values: npt.NDArray[np.float64] = product.values().numpy()
    return values


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
