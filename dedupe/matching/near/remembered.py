"""All near pairs of a library, of which those that were compared before are remembered."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dedupe.encoders.device import pick_device
from dedupe.encoders.encoder import SEED_THRESHOLD
from dedupe.errors import IndexProblem
from dedupe.index import edges as files
from dedupe.index.edges import EdgeFile, Edges, EdgesDamaged, EdgeSegment, Remembered
from dedupe.index.library import Library
from dedupe.index.store import Index
from dedupe.matching.near.distances import Pairs, compared, pairs_within, refuse
from dedupe.matching.near.measure import subtracted
from dedupe.matching.near.neighbours import Neighbours
from dedupe.matching.near.nominate import Reach
from dedupe.progress import Progress, Silent

# Up to which distance pairs are remembered, in seed units: a dog and a cat are 24.6 apart.
REACH = 24.0

# Contents from which on it pays: fewer are one block of the matrix product.
WORTH = 2048

# Contents up to which all within REACH is looked for at once: 1.2 million pairs of 20,000
# made-up vectors (14 MB).
_FEW = 20_000

# How far the pairs that are held may outgrow MOST_PAIRS before the farthest are let go.
_ROOM = 1.25


def near_pairs(
    library: Library,
    threshold: float,
    *,
    listed: Neighbours | None = None,
    device: str = "auto",
    progress: Progress | None = None,
) -> Pairs:
    """Find every pair of photos of a library whose distance is at most `threshold`.

    Exactly what `pairs_within` gives for the first photo, by path, of every content, to the last
    bit of the distances. What was compared once, with this or a larger threshold, is read from a
    file beside the index (edges.py); only photos that are new to it are compared, with all others,
    and up to 16 seed units only those of which `listed` does not tell all. Up to 20,000 contents
    all pairs within 24 seed units are looked for at once; for more, those within 16, or the
    threshold, and within 24 when a larger threshold is asked for later. Of more than 20 million
    pairs (240 MB) the nearest are remembered; a threshold beyond them, and one beyond 24, is
    computed each time.

    Where that file is damaged, or cannot be written, this takes longer, and that is all.

    Memory: the vectors once more, 25 million pairs while they are found (12 bytes each, as much
    again while they are sorted), and the answer.

    Args:
        library: as `scan` or `open_library` gives it.
        threshold: L2 in seed units, 0 or more.
        listed: of each of `library.first_rows` its nearest, of all, as `candidates` gives them.
        device: "auto", "cpu", "cuda" or "mps", where something must be compared.
        progress: told how many photos were compared.

    Returns:
        Rows of `library.photos`, one for each content; same contents are never paired.

    Raises:
        ValueError: `threshold` is negative, or vectors are not finite.
        DeviceMissing: the device is not on this machine.
    """
    rows = library.first_rows
    vectors = library.vectors if len(rows) == len(library.photos) else library.vectors[rows]
    remembers = len(rows) >= WORTH and vectors.dtype == np.float16 and library.index.is_file()
    if remembers and 0 <= threshold <= REACH:
        if device not in ("auto", "cpu"):
            pick_device(device)  # which refuses one that is not here
        progress = progress or Silent()
        pairs = _Asked(library, vectors, threshold, listed, device, progress).answer()
    else:
        pairs = pairs_within(vectors, threshold, device=device)
    return Pairs(rows[pairs.a], rows[pairs.b], pairs.distance)


@dataclass(frozen=True, slots=True)
class _Rectangle:
    """Photos to be compared: `left` with `right`, both rows; in `right` may be all of `left`."""

    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]


class _Asked:
    """One question to the edge file of a library."""

    def __init__(
        self,
        library: Library,
        vectors: npt.NDArray[np.float16],
        threshold: float,
        listed: Neighbours | None,
        device: str,
        progress: Progress,
    ) -> None:
        self.listed = listed
        self.library = library
        self.vectors = vectors
        self.threshold = threshold
        self.device = device
        self.progress = progress
        # float32 distances above it are surely beyond the threshold, below `_sure` within
        self.limit = _next(threshold, np.inf)
        self.keys = library.photo_keys
        self.file = EdgeFile(library.index, library.encoder.fingerprint)

    def answer(self) -> Pairs:
        known = self.file.remembered()
        while True:
            try:
                return self._answer(known)
            except EdgesDamaged:
                # damaged, or written anew by another process between two looks at it
                again = self.file.remembered()
                known = again if again.seal != known.seal else Remembered()

    def _answer(self, known: Remembered) -> Pairs:
        number = known.numbers_of(self.keys)
        covering = [each for each in known.segments if each.reach >= self.threshold]
        missing = list(_missing(number, covering))
        found = self._recalled(known, covering, number, self.limit)
        if missing:
            reach = Reach(self._aim(known, covering))
            new = self._compared(missing, reach)
            with suppress(IndexProblem):
                self._remember(known, covering, number, missing, reach.value, new)
            found = files.joined([found, _within(new, self.limit)])
        return self._checked(found)

    def _aim(self, known: Remembered, covering: list[EdgeSegment]) -> float:
        """Up to which distance what is missing is looked for."""
        if covering:
            return min(segment.reach for segment in covering)
        if known.segments or len(self.keys) <= _FEW:
            return REACH
        return max(self.threshold, SEED_THRESHOLD)

    # -- what is known ----------------------------------------------------------------

    def _recalled(
        self,
        known: Remembered,
        segments: list[EdgeSegment],
        number: npt.NDArray[np.int64],
        limit: float,
    ) -> Edges:
        """Remembered pairs of this library, by its rows; some may come twice."""
        edges = self.file.read(known, segments, limit) if segments else _no_edges()
        row_of = np.full(known.photos + 1, -1, np.int32)
        row_of[number] = np.arange(len(number))  # that of unknown ones, -1, lands at the end
        row_of[-1] = -1
        a, b = row_of[edges.a], row_of[edges.b]
        here = (a >= 0) & (b >= 0)
        return Edges(a[here], b[here], edges.distance[here])

    def _checked(self, found: Edges) -> Pairs:
        """Pairs in order, each once; where float32 cannot tell, measured again."""
        low, high = np.minimum(found.a, found.b), np.maximum(found.a, found.b)
        codes = low.astype(np.int64) * len(self.keys) + high
        order = np.argsort(codes)
        codes = codes[order]
        once = np.ones(len(codes), np.bool_)
        once[1:] = codes[1:] != codes[:-1]
        order, codes = order[once], codes[once]
        distance = found.distance[order]
        a, b = np.divmod(codes, max(1, len(self.keys)))
        near = np.ones(len(a), np.bool_)
        doubtful = np.flatnonzero(distance >= _next(self.threshold, -np.inf))
        away = subtracted(self.vectors, self.vectors, a[doubtful], b[doubtful])
        near[doubtful] = away <= self.threshold
        return Pairs(a[near], b[near], distance[near])

    # -- what is new ------------------------------------------------------------------

    def _compared(self, missing: list[_Rectangle], reach: Reach) -> Edges:
        """All pairs of the rectangles up to `reach`, which is lowered where they are too many."""
        kept = _Kept(reach, self.limit)
        if self.listed is not None and reach.value <= self.listed.kept.near:
            missing = list(_untold(missing, self.listed, kept))
        self.progress.start("Comparing photos", sum(len(each.left) for each in missing))
        for each in missing:
            inside = bool(np.isin(each.left[:1], each.right).any())
            others = np.setdiff1d(each.right, each.left, assume_unique=True)
            rows = np.concatenate([each.left, others])
            everyone = len(each.left) == len(self.vectors)
            refuse(self.vectors if everyone else self.vectors[each.left], self.threshold)
            blocks = compared(
                self.vectors,
                reach,
                lefts=len(each.left),
                inside=inside,
                order=None if everyone else rows,
                device=self.device,
                progress=self.progress,
            )
            for a, b, distance in blocks:
                kept.add(rows[a], rows[b], distance)
        return kept.edges()

    # -- what is remembered from now on -----------------------------------------------

    def _remember(
        self,
        known: Remembered,
        covering: list[EdgeSegment],
        number: npt.NDArray[np.int64],
        missing: list[_Rectangle],
        reach: float,
        new: Edges,
    ) -> None:
        """Write what was found into the file.

        Raises:
            IndexProblem: it cannot be written.
            EdgesDamaged: it is to be written anew, and what was in it is damaged.
        """
        room = len(known.segments) + 1 <= files.MOST_SEGMENTS
        room &= known.pairs + len(new) <= files.MOST_PAIRS
        if known.segments and room and len(missing) == 1 and (covering or not self._is_most(known)):
            fresh = np.flatnonzero(number < 0)
            number = number.copy()
            number[fresh] = known.photos + np.arange(len(fresh))
            sides = np.zeros((2, known.photos + len(fresh)), np.bool_)
            sides[0, number[missing[0].left]] = True
            sides[1, number[missing[0].right]] = True
            numbered = Edges(
                number[new.a].astype(np.int32), number[new.b].astype(np.int32), new.distance
            )
            keys = [self.keys[row] for row in fresh.tolist()]
            self.file.append(known, keys, sides[0], sides[1], reach, numbered)
        elif self._is_most(known):
            self._write_anew(known, covering, number, reach, new)

    def _write_anew(
        self,
        known: Remembered,
        covering: list[EdgeSegment],
        number: npt.NDArray[np.int64],
        reach: float,
        new: Edges,
    ) -> None:
        """All that is known of this library as the only segment, and nothing else."""
        edges = files.joined([self._recalled(known, covering, number, reach), new])
        if len(edges) > files.MOST_PAIRS:
            reach = min(reach, _reach_of(edges.distance))
            as_far = [each for each in known.segments if each.reach >= reach]
            if as_far and not list(_missing(number, as_far)):
                return
            edges = _within(edges, reach)
        everyone = np.ones(len(self.keys), np.bool_)
        self.file.append(Remembered(), self.keys, everyone, everyone, reach, edges)

    def _is_most(self, known: Remembered) -> bool:
        """Whether these photos are half of those that the file or the index knows, or more.

        A file that is written anew has only them: a few photos of one folder must not take the
        place of a whole library.
        """
        twice = 2 * len(self.keys)
        if twice >= known.photos:
            return True
        with Index(self.library.index) as store:
            return twice >= len(store.known_contents(self.library.encoder))


class _Kept:
    """Pairs as they are found; of too many the nearest."""

    def __init__(self, reach: Reach, least: float) -> None:
        self.reach = reach
        self._least = least  # what is asked for is kept, however much it is
        self._parts = [_no_edges()]
        self._count = 0

    def add(
        self,
        a: npt.NDArray[np.int64],
        b: npt.NDArray[np.int64],
        distance: npt.NDArray[np.float32],
    ) -> None:
        self._parts.append(Edges(a.astype(np.int32), b.astype(np.int32), distance))
        self._count += len(a)
        if self._count > _ROOM * files.MOST_PAIRS and self.reach.value > self._least:
            edges = self.edges()
            self.reach.value = max(_reach_of(edges.distance), self._least)
            self._parts = [_within(edges, self.reach.value)]
            self._count = len(self._parts[0])

    def edges(self) -> Edges:
        """All that was kept."""
        self._parts = [files.joined(self._parts)]
        return self._parts[0]


def _no_edges() -> Edges:
    return Edges(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float32))


def _within(edges: Edges, limit: float) -> Edges:
    near = edges.distance <= limit
    return Edges(edges.a[near], edges.b[near], edges.distance[near])


def _reach_of(distance: npt.NDArray[np.float32]) -> float:
    """The largest distance up to which there are no more than MOST_PAIRS of them."""
    first_beyond = np.partition(distance, files.MOST_PAIRS)[files.MOST_PAIRS]
    return float(np.nextafter(first_beyond, np.float32(-np.inf)))


def _next(threshold: float, towards: float) -> float:
    """The next float32 after a threshold as float32 has it."""
    return float(np.nextafter(np.float32(threshold), np.float32(towards)))


def _missing(number: npt.NDArray[np.int64], segments: list[EdgeSegment]) -> "list[_Rectangle]":
    """What of a library no segment has compared.

    Photos that are in the left and right sides of the same segments are one class; of every two
    classes all pairs were compared, or none is known to be.

    Args:
        number: (N,) of each photo in the file, -1 where it is in none.
        segments: that count.
    """
    code = np.zeros(len(number), np.int64)
    for bit, side in enumerate(side for each in segments for side in (each.left, each.right)):
        known = (number >= 0) & (number < len(side))
        code[known] |= side[number[known]].astype(np.int64) << bit
    classes = np.unique(code).tolist()
    found = []
    for place, one in enumerate(classes):
        others = [each for each in classes[place:] if not _met(one, each, len(segments))]
        if others:
            rows = np.flatnonzero(code == one), np.flatnonzero(np.isin(code, others))
            found.append(_Rectangle(*rows))
    return found


def _untold(missing: list[_Rectangle], listed: Neighbours, kept: _Kept) -> Iterator[_Rectangle]:
    """Keep what the nearest of each photo tell; what they do not.

    Whoever looked for candidates has compared all photos: a list that has room left has all that
    is within reach of its photo.
    """
    known = listed.listed()
    near = np.bincount(known.own[known.away <= listed.kept.near], minlength=len(listed))
    for each in missing:
        has_room = near[each.left] < listed.kept.most
        told, untold = each.left[has_room], each.left[~has_room]
        # what is on the right, but for whoever is compared with all
        counts, is_told = np.zeros((2, len(listed)), np.bool_)
        counts[each.right] = True
        counts[untold] = False
        is_told[told] = True
        # of two that are told each has the other in its list
        once = ~is_told[known.other] | (known.own < known.other)
        here = is_told[known.own] & counts[known.other] & once
        here &= known.away <= kept.reach.value
        kept.add(known.own[here], known.other[here].astype(np.int64), known.away[here])
        if len(untold):
            yield _Rectangle(untold, each.right)


def _met(one: int, other: int, segments: int) -> bool:
    """Whether some segment has one class on a side and the other on the other."""
    lefts = sum(1 << (2 * number) for number in range(segments))
    swapped = (other >> 1 & lefts) | ((other & lefts) << 1)
    return one & swapped != 0
