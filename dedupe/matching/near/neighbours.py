"""The nearest others of each photo, as far as they are worth a look: found once, and added to."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dedupe.matching.near.codes import Codes, codes_of, distinct, pairs_of

_NOBODY = -1


@dataclass(frozen=True, slots=True)
class Kept:
    """How many of a photo's nearest are kept: more of the near ones than of the far.

    Attributes:
        near: up to here `most` are kept.
        most: likewise.
        far: nothing beyond is kept.
        some: so many of the nearest are kept however far, up to `far`.
    """

    near: float
    most: int
    far: float
    some: int


class Neighbours:
    """Of each row its nearest others, nearest first; of equally near ones the first in order.

    What is in it depends on what pairs there are, and not on how they came: whoever adds all
    pairs of a row has its true nearest.

    Attributes:
        kept: how many of each.
        other: (N, kept.most) int32, rows, -1 behind the last.
        away: (N, kept.most) float32, how far they are, infinite behind the last.
    """

    def __init__(self, count: int, kept: Kept, order: npt.NDArray[np.int64]) -> None:
        """Nothing is near to anything.

        Args:
            count: N.
            kept: how many of each row's nearest.
            order: (N,) of each row its place among all, for those that are equally near.
        """
        self.kept = kept
        self.other = np.full((count, kept.most), _NOBODY, np.int32)
        self.away = np.full((count, kept.most), np.inf, np.float32)
        self._order = order

    def bounds(self, rows: npt.NDArray[np.int64] | None = None) -> npt.NDArray[np.float32]:
        """(N,) float32, or of some rows: what is farther than this is not kept any more."""
        away = self.away if rows is None else self.away[rows]
        kept = self.kept
        few = np.minimum(away[:, kept.some - 1], np.float32(kept.far))
        many = np.minimum(away[:, kept.most - 1], np.float32(kept.near))
        return np.maximum(few, many)

    def add(
        self,
        a: npt.NDArray[np.int64],
        b: npt.NDArray[np.int64],
        away: npt.NDArray[np.float32],
    ) -> None:
        """Take pairs of rows into account, each for both of its rows.

        One that comes several times counts at its smallest distance.
        """
        own, other = np.concatenate([a, b]), np.concatenate([b, a])
        away = np.concatenate([away, away])
        # of few pairs only their rows are looked at: 0.7 ms for all of 100,000
        near = away <= (self.bounds(own) if len(own) < len(self.other) else self.bounds()[own])
        if not near.any():
            return
        own, other, away = own[near], other[near], away[near]
        rows = np.unique(own)
        old_row, old_place = np.nonzero(self.other[rows] != _NOBODY)
        own = np.concatenate([rows[old_row], own])
        other = np.concatenate([self.other[rows][old_row, old_place].astype(np.int64), other])
        away = np.concatenate([self.away[rows][old_row, old_place], away])
        order = np.lexsort((away, other, own))
        own, other, away = own[order], other[order], away[order]
        new = np.ones(len(own), np.bool_)
        new[1:] = (own[1:] != own[:-1]) | (other[1:] != other[:-1])
        own, other, away = own[new], other[new], away[new]
        order = np.lexsort((self._order[other], away, own))
        own, other, away = own[order], other[order], away[order]
        place = _places(own)
        stays = place < np.where(away <= self.kept.near, self.kept.most, self.kept.some)
        stays &= away <= self.kept.far
        own, other, away, place = own[stays], other[stays], away[stays], place[stays]
        self.other[rows], self.away[rows] = _NOBODY, np.inf
        self.other[own, place], self.away[own, place] = other, away

    def recall(
        self,
        rows: npt.NDArray[np.int64],
        count: npt.NDArray[np.uint8],
        other: npt.NDArray[np.int64],
        away: npt.NDArray[np.float32],
    ) -> npt.NDArray[np.int64]:
        """Take over what was found of these rows before, while some of the others were not there.

        Args:
            rows: (R,) those it was found of, each once.
            count: (R,) how many others each had.
            other: their rows, one after the other; -1 for those that are gone.
            away: likewise.

        Returns:
            The rows of which not all neighbours are known: those that are new, and those that
            had a nearer one that is gone. Every pair of them must be added.
        """
        own = np.repeat(rows, count)
        there = other != _NOBODY
        # who had room left knew all that is near: the others only move up
        lost = np.unique(own[~there])
        full = rows[count >= self.kept.some]
        own, other, away = own[there], other[there], away[there]
        # rows come in the order of the file; their neighbours stay in theirs
        order = np.argsort(own, kind="stable")
        own, other, away = own[order], other[order], away[order]
        place = _places(own)
        self.other[own, place], self.away[own, place] = other, away
        complete = np.zeros(len(self.other), np.bool_)
        complete[rows] = True
        complete[np.intersect1d(lost, full)] = False
        return np.flatnonzero(~complete)

    def listed(
        self,
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """Of each row how many it has, and these: as `recall` takes them."""
        there = self.other != _NOBODY
        return there.sum(1).astype(np.uint8), self.other[there], self.away[there]

    def in_order(self, rows: npt.NDArray[np.int64]) -> "Neighbours":
        """The same, the rows in another order.

        Args:
            rows: (N,) each row once.
        """
        place = np.empty(len(rows), np.int32)
        place[rows] = np.arange(len(rows))
        ordered = Neighbours(len(rows), self.kept, self._order[rows])
        other = self.other[rows]
        ordered.other = np.where(other == _NOBODY, np.int32(_NOBODY), place[other])
        ordered.away = self.away[rows]
        return ordered

    def codes(self) -> Codes:
        """Codes of the pairs of which one is kept of the other; some come twice."""
        own, place = np.nonzero(self.other != _NOBODY)
        return codes_of(np.stack([own, self.other[own, place]], 1), len(self.other))

    def pairs(self) -> npt.NDArray[np.int64]:
        """(M, 2) int64, rows a < b, sorted: those of which one is kept of the other."""
        return pairs_of(distinct(self.codes()), len(self.other))


def _places(own: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Of sorted rows, how many of the same are before each."""
    starts = np.flatnonzero(np.diff(own, prepend=-1))
    return np.arange(len(own)) - np.repeat(starts, np.diff(np.append(starts, len(own))))
