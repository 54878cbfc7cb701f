"""The nearest others of each photo, as far as they are worth a look: found once, and added to."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dedupe.index.neighbours import Nearest
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


@dataclass(frozen=True, slots=True)
class Listed:
    """Neighbours one behind the other: of a row nearest first, the rows in order.

    Attributes:
        own: (M,) int64, rows.
        other: (M,) int32, rows.
        away: (M,) float32, how far they are.
    """

    own: npt.NDArray[np.int64]
    other: npt.NDArray[np.int32]
    away: npt.NDArray[np.float32]


class Neighbours:
    """Of each row its nearest others, nearest first; of equally near ones the first in order.

    What is in it depends on what pairs there are, and not on how they came: whoever adds all
    pairs of a row has its true nearest.

    Rows that change are in tables with a place for each of their neighbours; what was recalled
    of the others stays one behind the other: of 100,000 photos most have few neighbours, and a
    hundred more change a few hundred rows.

    Attributes:
        kept: how many of each.
        counts: (N,) how many each has.
    """

    def __init__(self, count: int, kept: Kept, order: npt.NDArray[np.int64]) -> None:
        """Nothing is near to anything.

        Args:
            count: N.
            kept: how many of each row's nearest.
            order: (N,) of each row its place among all, for those that are equally near.
        """
        self.kept = kept
        self.counts = np.zeros(count, np.int64)
        self._order = order
        self._bounds = np.full(count, kept.far, np.float32)
        self._recalled = Listed(
            np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.float32)
        )
        self._starts = np.zeros(count, np.int64)
        # of each row its place in the tables, -1 for those that are not in them
        self._place = np.full(count, -1)
        self._used = 0
        self._other = np.empty((0, kept.most), np.int32)
        self._away = np.empty((0, kept.most), np.float32)

    def __len__(self) -> int:
        return len(self.counts)

    def bounds(self, rows: npt.NDArray[np.int64] | None = None) -> npt.NDArray[np.float32]:
        """(N,) float32, or of some rows: what is farther than this is not kept any more."""
        return self._bounds.copy() if rows is None else self._bounds[rows]

    def of(
        self, rows: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """(R, kept.most) neighbours of some rows, -1 behind the last; and how far, then infinite.

        Args:
            rows: (R,) each once.
        """
        place = self._in_tables(rows)
        return self._other[place], self._away[place]

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
        near = away <= self._bounds[own]
        if not near.any():
            return
        own, other, away = own[near], other[near], away[near]
        rows = distinct(own)
        place = self._in_tables(rows)
        old_row, old_place = np.nonzero(self._other[place] != _NOBODY)
        own = np.concatenate([rows[old_row], own])
        other = np.concatenate([self._other[place][old_row, old_place].astype(np.int64), other])
        away = np.concatenate([self._away[place][old_row, old_place], away])
        order = np.lexsort((away, other, own))
        own, other, away = own[order], other[order], away[order]
        new = np.ones(len(own), np.bool_)
        new[1:] = (own[1:] != own[:-1]) | (other[1:] != other[:-1])
        own, other, away = own[new], other[new], away[new]
        order = np.lexsort((self._order[other], away, own))
        own, other, away = own[order], other[order], away[order]
        column = _places(own)
        stays = column < np.where(away <= self.kept.near, self.kept.most, self.kept.some)
        stays &= away <= self.kept.far
        own, other, away, column = own[stays], other[stays], away[stays], column[stays]
        self._other[place], self._away[place] = _NOBODY, np.inf
        at = self._place[own]
        self._other[at, column], self._away[at, column] = other, away
        self._bounds[rows] = self._farthest(self._away[place])
        self.counts[rows] = (self._other[place] != _NOBODY).sum(1)

    def _farthest(self, away: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """(R,) the bounds of rows of tables."""
        kept = self.kept
        few = np.minimum(away[:, kept.some - 1], np.float32(kept.far))
        many = np.minimum(away[:, kept.most - 1], np.float32(kept.near))
        return np.maximum(few, many)

    def _in_tables(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The places of some rows in the tables, to which those are brought that are not there.

        Args:
            rows: each once.
        """
        new = rows[self._place[rows] < 0]
        if len(new):
            used = self._used + len(new)
            if used > len(self._other):
                # twice as many, so that rows are moved but a few times
                more = min(len(self), max(used, 2 * len(self._other))) - len(self._other)
                shape = more, self.kept.most
                self._other = np.concatenate([self._other, np.full(shape, _NOBODY, np.int32)])
                self._away = np.concatenate([self._away, np.full(shape, np.inf, np.float32)])
            self._place[new] = np.arange(self._used, used)
            self._used = used
            # from the first to the last that was recalled of each
            own = np.repeat(new, self.counts[new])
            column = _places(own)
            known = np.repeat(self._starts[new], self.counts[new]) + column
            at = self._place[own]
            self._other[at, column] = self._recalled.other[known]
            self._away[at, column] = self._recalled.away[known]
        return self._place[rows]

    def recall(
        self,
        rows: npt.NDArray[np.int64],
        count: npt.NDArray[np.integer],
        other: npt.NDArray[np.integer],
        away: npt.NDArray[np.float32],
    ) -> npt.NDArray[np.int64]:
        """Take over what was found of these rows before, while some of the others were not there.

        Nothing may have been added before.

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
        if (np.diff(own) < 0).any():
            order = np.argsort(own, kind="stable")
            own, other, away = own[order], other[order], away[order]
        self._take(Listed(own, other.astype(np.int32), away))
        complete = np.zeros(len(self), np.bool_)
        complete[rows] = True
        complete[np.intersect1d(lost, full)] = False
        return np.flatnonzero(~complete)

    def _take(self, listed: Listed) -> None:
        """Have these, and no others."""
        kept, away = self.kept, listed.away
        self._recalled = listed
        self.counts = np.bincount(listed.own, minlength=len(self))
        self._starts = np.cumsum(self.counts) - self.counts
        few = np.full(len(self), kept.far, np.float32)
        many = np.full(len(self), kept.near, np.float32)
        for bounds, most in ((few, kept.some), (many, kept.most)):
            full = np.flatnonzero(self.counts >= most)
            bounds[full] = np.minimum(bounds[full], away[self._starts[full] + most - 1])
        self._bounds = np.maximum(few, many)

    def listed(self) -> Listed:
        """All neighbours of all rows."""
        known = self._recalled
        stays = self._place[known.own] < 0
        moved = np.flatnonzero(self._place >= 0)
        other, away = self.of(moved)
        row, column = np.nonzero(other != _NOBODY)
        own = np.concatenate([known.own[stays], moved[row]])
        order = np.argsort(own, kind="stable")
        return Listed(
            own[order],
            np.concatenate([known.other[stays], other[row, column]])[order],
            np.concatenate([known.away[stays], away[row, column]])[order],
        )

    def in_order(self, rows: npt.NDArray[np.int64]) -> "Neighbours":
        """The same, the rows in another order.

        Args:
            rows: (N,) each row once.
        """
        place = np.empty(len(rows), np.int32)
        place[rows] = np.arange(len(rows))
        ordered = Neighbours(len(rows), self.kept, self._order[rows])
        known = self.listed()
        order = np.argsort(place[known.own], kind="stable")
        own, other = place[known.own[order]].astype(np.int64), place[known.other[order]]
        ordered._take(Listed(own, other, known.away[order]))
        return ordered

    def codes(self) -> Codes:
        """Codes of the pairs of which one is kept of the other; some come twice."""
        known = self.listed()
        return codes_of(np.stack([known.own, known.other], 1), len(self))

    def pairs(self) -> npt.NDArray[np.int64]:
        """(M, 2) int64, rows a < b, sorted: those of which one is kept of the other."""
        return pairs_of(distinct(self.codes()), len(self))


def recalled(
    neighbours: Neighbours,
    there: npt.NDArray[np.int64],
    nearest: Nearest,
    stays: npt.NDArray[np.bool_] | None = None,
) -> npt.NDArray[np.int64]:
    """Take over what is remembered (`Neighbours.recall`).

    Args:
        neighbours: in which there is nobody yet.
        there: (N,) of each photo that is remembered its row; -1 where it is gone.
        nearest: to each of these.
        stays: (N,) of which of them it still holds; of all, if it is not given.

    Returns:
        The rows that must be compared with all others.
    """
    here = there >= 0 if stays is None else (there >= 0) & stays
    each = np.repeat(here, nearest.count)
    return neighbours.recall(
        there[here], nearest.count[here], there[nearest.other[each]], nearest.away[each]
    )


def _places(own: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Of sorted rows, how many of the same are before each."""
    starts = np.flatnonzero(np.diff(own, prepend=-1))
    return np.arange(len(own)) - np.repeat(starts, np.diff(np.append(starts, len(own))))
