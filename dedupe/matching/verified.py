"""The pairs of a library that were verified, each with what the two photos are to each other."""

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from dedupe.errors import IndexProblem
from dedupe.index.library import Library
from dedupe.index.store import Index
from dedupe.index.verdicts import Pair, known_evidence, remember_evidence
from dedupe.matching.candidates import ALIKE, REACH, candidates, hash_bits
from dedupe.matching.distances import Pairs
from dedupe.matching.evidence import packed, unpacked
from dedupe.matching.features import Features, features_of
from dedupe.matching.relations import Relation, relation_of, same_pixels
from dedupe.matching.remembered import near_pairs
from dedupe.matching.stars import missing_links
from dedupe.matching.verify import Evidence, examine
from dedupe.photos.photo import Photo
from dedupe.photos.version import DECODE_VERSION
from dedupe.progress import Progress, Silent

# Goes up with every change of what is found of a pair: then all are verified anew.
_VERSION = 1

# Photos whose features are held: 66 kB each, 0.5 GB.
_HELD = 8192

# Pairs between two writings to the index, so that Ctrl-C costs seconds.
_BATCH = 1024

Order = Callable[[Iterable[Photo]], Sequence[Photo]]
"""Sorts photos, the one to keep first, the same way whatever order they come in."""


def largest_first(photos: Iterable[Photo]) -> Sequence[Photo]:
    """Most pixels first, then what still has its capture time, then by path."""
    return sorted(
        photos, key=lambda photo: (-photo.pixels, photo.taken is None, os.fsencode(photo.path))
    )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What two photos are to each other, and why.

    Attributes:
        relation: the strongest that is proved.
        evidence: of the two in the order of their contents; None where it took none.
    """

    relation: Relation
    evidence: Evidence | None


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What is proved of the pairs of a library.

    Attributes:
        related: by two rows of `library.photos`, the smaller first, each the first by path of
            its content. Pairs that nothing but a distance relates are not in it.
        verified: how many pairs were compared by geometry.
        without_thumbnail: how many contents could not be, as they were scanned without.
    """

    related: dict[tuple[int, int], Verdict]
    verified: int
    without_thumbnail: int


def verify(
    library: Library,
    *,
    order: Order = largest_first,
    device: str = "auto",
    progress: Progress | None = None,
) -> Verdicts:
    """Verify the pairs of a library that may be the same picture, moment or scene.

    Which pairs those are is said in candidates.py; then, of what is found to be one picture,
    each photo against the one that most others are. What was verified once is remembered in
    the index; where that cannot be written, nothing is.

    The same library gives the same verdicts, whatever was verified before.

    Memory: 66 kB for each of up to 8,192 photos, and 100 bytes a pair.

    Args:
        library: as `scan` or `open_library` gives it.
        order: which photo is to be kept, of those that as many others are verified against.
        device: "auto", "cpu", "cuda" or "mps", for the distances.
        progress: told of every pair.

    Returns:
        What is proved, for `find_groups`.

    Raises:
        DeviceMissing: the device is not on this machine.
        IndexProblem: the index cannot be read.
        IndexDamaged: a thumbnail in it is not as it was written.
    """
    rows = first_of_each_content(library)
    photos = [library.photos[row] for row in rows]
    near = near_pairs(library, REACH, device=device, progress=progress)
    a, b = (np.searchsorted(rows, each) for each in (near.a, near.b))
    wanted = candidates(photos, Pairs(a, b, near.distance))
    work = _Work(library, photos, progress or Silent())
    work.verify(wanted)
    place = {photo.path: row for row, photo in enumerate(photos)}
    best_first = {place[photo.path]: rank for rank, photo in enumerate(order(photos))}
    asked = {(int(one), int(other)) for one, other in wanted}
    while True:
        more = missing_links(work.pictures(asked), asked, best_first)
        if not more:
            break
        asked |= more
        work.verify(np.array(sorted(more), np.int64))
    related = work.related(asked)
    return Verdicts(
        related={(int(rows[i]), int(rows[j])): verdict for (i, j), verdict in related.items()},
        verified=len(asked),
        without_thumbnail=len(work.without),
    )


def first_of_each_content(library: Library) -> npt.NDArray[np.int64]:
    """(N,) int64: of each content the row whose path is first, in the order of the rows."""
    first: dict[bytes, int] = {}
    photos = library.photos
    for row in sorted(range(len(photos)), key=lambda row: os.fsencode(photos[row].path)):
        first.setdefault(photos[row].content, row)
    return np.array(sorted(first.values()), np.int64)


def method() -> str:
    """Names all that changes evidence: how thumbnails are made, and how they are compared."""
    import cv2

    return f"{_VERSION} decode {DECODE_VERSION} opencv {cv2.__version__}"


class _Work:
    """Verifies pairs, each once, and remembers what it found."""

    def __init__(self, library: Library, photos: Sequence[Photo], progress: Progress) -> None:
        self._index = library.index
        self._photos = photos
        self._progress = progress
        self._method = method()
        self._held: dict[int, Features] = {}
        self._found: dict[tuple[int, int], bytes] = {}
        self.without: set[int] = set()
        rows = {photo.content: row for row, photo in enumerate(photos)}
        with Index(library.index) as store:
            known = known_evidence(store, self._method, rows)
        for (one, other), evidence in known.items():
            i, j = rows[one], rows[other]
            self._found[min(i, j), max(i, j)] = evidence

    def verify(self, pairs: npt.NDArray[np.int64]) -> None:
        """Find the evidence of all pairs, (M, 2) rows a < b, that is not known yet."""
        from threadpoolctl import threadpool_limits

        new = [
            row
            for row, (i, j) in enumerate(pairs.tolist())
            if (i, j) not in self._found and not same_pixels(self._photos[i], self._photos[j])
        ]
        pairs = pairs[new]
        alike = hash_bits(self._photos, pairs) <= ALIKE
        self._progress.start("Verifying pairs", len(pairs))
        # each pair is one thread's: BLAS would only start more
        with (
            threadpool_limits(1, user_api="blas"),
            ThreadPoolExecutor(os.cpu_count()) as pool,
        ):
            try:
                for start in range(0, len(pairs), _BATCH):
                    part = slice(start, start + _BATCH)
                    self._verify_batch(pairs[part], alike[part], pool)
            finally:  # after Ctrl-C nobody waits for the pairs that were handed out
                pool.shutdown(cancel_futures=True)

    def _verify_batch(
        self, pairs: npt.NDArray[np.int64], alike: npt.NDArray[np.bool_], pool: ThreadPoolExecutor
    ) -> None:
        self._hold(np.unique(pairs).tolist(), pool)

        def look(one: int, other: int, alike: bool) -> bytes:
            if one in self.without or other in self.without:
                return b""
            # looked at, they are larger: only for as long as this takes
            pair = [replace(self._held[each]) for each in self._in_order(one, other)]
            return packed(examine(*pair, alike=alike))

        ends = pairs[:, 0].tolist(), pairs[:, 1].tolist()
        found: dict[tuple[int, int], bytes] = {}
        for i, j, evidence in zip(*ends, pool.map(look, *ends, alike.tolist()), strict=True):
            found[i, j] = evidence
            self._progress.advance()
        self._found |= found
        self._remember(found)

    def _hold(self, rows: Sequence[int], pool: ThreadPoolExecutor) -> None:
        """Have the features of some photos at hand."""
        missing = [row for row in rows if row not in self._held and row not in self.without]
        if len(self._held) + len(missing) > _HELD:
            wanted = set(rows)
            self._held = {row: each for row, each in self._held.items() if row in wanted}
        with Index(self._index) as store:
            jpegs = store.thumbnails(self._photos[row].content for row in missing)
        self.without |= {row for row in missing if self._photos[row].content not in jpegs}
        there = [row for row in missing if row not in self.without]
        made = pool.map(features_of, (jpegs[self._photos[row].content] for row in there))
        self._held |= dict(zip(there, made, strict=True))

    def _in_order(self, one: int, other: int) -> tuple[int, int]:
        """By content: evidence is of one direction, and does not depend on where files lie."""
        if self._photos[one].content < self._photos[other].content:
            return one, other
        return other, one

    def _remember(self, found: dict[tuple[int, int], bytes]) -> None:
        pairs: dict[Pair, bytes] = {}
        for (i, j), evidence in found.items():
            if not self.without.intersection((i, j)):
                one, other = (self._photos[row].content for row in self._in_order(i, j))
                pairs[one, other] = evidence
        # a scan is writing, or the disk is full or read-only: then it is found anew next time
        with suppress(IndexProblem), Index(self._index, lock=True) as store, store.batch():
            remember_evidence(store, self._method, pairs)

    def related(self, pairs: Collection[tuple[int, int]]) -> dict[tuple[int, int], Verdict]:
        """The verdicts of those of some pairs that are related."""
        verdicts: dict[tuple[int, int], Verdict] = {}
        for pair in sorted(pairs):
            evidence = unpacked(self._found.get(pair, b""))
            first, second = (self._photos[row] for row in self._in_order(*pair))
            relation = relation_of(first, second, evidence)
            if relation is not None:
                verdicts[pair] = Verdict(relation, evidence)
        return verdicts

    def pictures(self, pairs: Collection[tuple[int, int]]) -> list[tuple[int, int]]:
        """Those of some pairs that are one picture."""
        related = self.related(pairs)
        return [pair for pair, each in related.items() if each.relation <= Relation.SAME_PICTURE]
