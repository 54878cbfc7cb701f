"""How far apart photos are that have nothing to do with each other: counted, not estimated."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dedupe.encoders.device import full_float32, pick_device
from dedupe.photos.photo import Photo

if TYPE_CHECKING:
    import torch

_Rows = npt.NDArray[np.int64]

# Distances are counted in steps of 1/16 seed unit: every threshold that is asked about is one.
STEPS = 16
_LARGEST = 64  # seed units; nothing is farther apart, and if it were, it would be counted here

_BLOCK = 2048

# The same picture, by its DCT hash: different photos were never below 96 bits (1,000 pairs),
# re-saved, resized and re-coloured ones at 64 or below.
_SAME_BITS = 64


@dataclass(frozen=True, slots=True)
class Apart:
    """Distances of pairs of photos that should be unrelated.

    Attributes:
        pairs: how many were counted.
        by: what tells the two photos of a pair apart: "day" (of capture) or "folder".
        photos: how many photos the pairs are of.
        same: how many pairs were left out because their DCT hashes say that it is one picture.
        steps: (n,) int64, pairs by distance: element k counts those farther apart than
            (k - 1) / STEPS seed units and at most k / STEPS.
    """

    pairs: int
    by: str
    photos: int
    same: int
    steps: npt.NDArray[np.int64]

    def within(self, threshold: float) -> int:
        """How many pairs are at most `threshold` apart, a multiple of 1 / STEPS."""
        return int(self.steps[: round(threshold * STEPS) + 1].sum())

    def quantile(self, share: float) -> float | None:
        """The distance below which `share` of the pairs lie, to the step above.

        None where there are too few to tell: fewer than one pair would lie there.
        """
        wanted = share * self.pairs
        if wanted < 1:
            return None
        return float(np.searchsorted(np.cumsum(self.steps), wanted)) / STEPS


def distances_apart(
    photos: Sequence[Photo], vectors: npt.NDArray[np.floating], device: str = "auto"
) -> Apart:
    """Count the distances of all pairs of photos of different days.

    The day is that of the camera's clock. Photos without one are left out where enough have
    one: a copy that a messenger sent lost its time, and it is not unrelated to its original.
    Where fewer than half have one, all take part and those of different folders are paired.
    That two photos of a pair are related all the same (one room, two days) is left in: it is
    one pair in thousands of most libraries, and a threshold has to cope with it.

    Distances are a matrix product's, in float32: off by 2e-4 at most in 10,000 pairs from 0.5
    seed units on.

    Args:
        photos: N of different contents.
        vectors: (N, D), in seed units.
        device: where the product is made.
    """
    names, by = _occasions(photos)
    rows = np.flatnonzero(names >= 0)
    steps = np.zeros(_LARGEST * STEPS + 1, np.int64)
    same = 0
    if len(rows) > 1:
        same = _count(
            vectors[rows].astype(np.float32),
            names[rows],
            _signs([photos[row] for row in rows.tolist()]),
            steps,
            device,
        )
    return Apart(int(steps.sum()), by, len(rows), same, steps)


def _occasions(photos: Sequence[Photo]) -> tuple[_Rows, str]:
    """A number for each photo's day or folder, -1 for what takes no part; and which it is."""
    dated = [photo.taken for photo in photos]
    days = {taken.date() for taken in dated if taken}
    if len(days) > 1 and sum(taken is not None for taken in dated) * 2 >= len(photos):
        return np.array([taken.toordinal() if taken else -1 for taken in dated], np.int64), "day"
    folders: dict[bytes, int] = {}
    names = [os.fsencode(photo.path.parent) for photo in photos]
    return np.array([folders.setdefault(name, len(folders)) for name in names], np.int64), "folder"


def _signs(photos: Sequence[Photo]) -> npt.NDArray[np.float32]:
    """(N, 256) +1 and -1, the bits of the DCT hashes; 0 where there is none."""
    signs = np.zeros((len(photos), 256), np.float32)
    for row, photo in enumerate(photos):
        if photo.dct_hash:
            signs[row] = np.unpackbits(np.frombuffer(photo.dct_hash, np.uint8)) * 2.0 - 1
    return signs


def _count(
    vectors: npt.NDArray[np.float32],
    names: _Rows,
    signs: npt.NDArray[np.float32],
    steps: npt.NDArray[np.int64],
    device: str,
) -> int:
    """Add the pairs to `steps`; how many were one picture."""
    import torch

    where = pick_device(device)
    left_out = 0
    with torch.inference_mode(), full_float32():
        rows = torch.from_numpy(vectors).to(where)
        kinds = torch.from_numpy(names).to(where)
        bits = torch.from_numpy(signs).to(where)
        squares = rows.square().sum(1)
        for first in range(0, len(rows), _BLOCK):
            for second in range(first, len(rows), _BLOCK):
                here, there = slice(first, first + _BLOCK), slice(second, second + _BLOCK)
                apart = kinds[here, None] != kinds[there]
                if first == second:
                    apart.triu_(diagonal=1)
                # equal bits less unequal ones: 256 - 2 x the bits that differ
                same = (bits[here] @ bits[there].T) >= 256 - 2 * _SAME_BITS
                left_out += int((same & apart).sum())
                found = squares[here, None] + squares[there] - 2 * (rows[here] @ rows[there].T)
                found = found[apart & ~same]
                _add(steps, found)
    return left_out


def _add(steps: npt.NDArray[np.int64], squared: "torch.Tensor") -> None:
    """Count squared distances by their step."""
    at = squared.clamp_(min=0).sqrt_().mul_(STEPS).ceil_().clamp_(max=len(steps) - 1)
    steps += at.long().bincount(minlength=len(steps)).cpu().numpy()
