"""Pairs of photos looked at, each once, and what was found remembered."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from dedupe.errors import IndexProblem
from dedupe.index.library import Library
from dedupe.index.store import Index
from dedupe.index.verdicts import Pair, known_evidence, known_unrelated, remember_evidence
from dedupe.matching.crew import Crew
from dedupe.matching.near.codes import Codes, are_among, codes_of, distinct
from dedupe.matching.near.hashes import ALIKE, are_negatives, hash_bits
from dedupe.matching.pairs.evidence import each_unpacked, packed
from dedupe.matching.pairs.related import Related
from dedupe.matching.pairs.relations import Relation, relation_of, same_pixels
from dedupe.matching.pairs.remembered_pairs import RememberedPairs
from dedupe.matching.pairs.verify import examine
from dedupe.matching.points.features import Features
from dedupe.matching.points.held import HeldFeatures
from dedupe.photos.photo import Photo
from dedupe.photos.version import DECODE_VERSION
from dedupe.progress import Progress
from dedupe.uncollected import uncollected

# Goes up with every change of what is found of a pair: then all are verified anew.
_VERSION = 12

# Pairs between two writings to the index, so that Ctrl-C costs seconds.
_BATCH = 1024


def method() -> str:
    """Names all that changes evidence: how thumbnails are made, and how they are compared."""
    import cv2

    return f"{_VERSION} decode {DECODE_VERSION} opencv {cv2.__version__}"


_Pair = tuple[int, int]
_Task = tuple[Features, Features, bool, bool]


def _look(task: _Task) -> bytes:
    """The evidence of a pair, packed."""
    import cv2

    cv2.setNumThreads(1)  # pairs are looked at side by side
    first, second, alike, negative = task
    # looked at, they are larger: only for as long as this takes
    return packed(examine(replace(first), replace(second), alike=alike, negative=negative))


class Examination:
    """Verifies pairs of some photos, and remembers what it found in their index.

    Pairs are (M, 2) int64, places in the list of photos, a < b. To be used in a `with`.

    Attributes:
        features: of the photos.
    """

    def __init__(
        self,
        library: Library,
        photos: Sequence[Photo],
        progress: Progress,
        memory: RememberedPairs | None = None,
    ) -> None:
        """Nothing is read yet.

        Args:
            library: where the photos are of.
            photos: of different contents.
            progress: told of every pair.
            memory: of the pairs of these photos, where there is one.
        """
        self._index = library.index
        self._photos = photos
        self._progress = progress
        self._memory = memory
        self._method = method()
        self.features = HeldFeatures(library.index, photos)
        self._found: dict[_Pair, bytes] = {}
        self._known_without: set[int] = set()
        # of each pair that was looked at one number, in order
        self._looked = np.empty(0, np.int64)

    def __enter__(self) -> "Examination":
        return self

    def __exit__(self, *_: object) -> None:
        self.features.close()

    @property
    def without(self) -> set[int]:
        """Those of the photos that were to be looked at and have no thumbnail."""
        return self.features.without | self._known_without

    def related(self, pairs: npt.NDArray[np.int64]) -> Related:
        """Look at all of some pairs that were not looked at before; those that are related.

        Args:
            pairs: in order, each once.

        Raises:
            IndexProblem: the index cannot be read.
            IndexDamaged: a thumbnail in it is not as it was written.
        """
        if self._memory is None:
            return self._told(pairs)
        is_known, known, without = self._memory.known(pairs)
        self._known_without.update(without.tolist())
        new = pairs[~is_known]
        return known.and_also(self._told(new)) if len(new) else known

    def _told(self, pairs: npt.NDArray[np.int64]) -> Related:
        """What some pairs are that are not in the memory."""
        same = self._same_pixels(pairs)
        others = pairs[~same]
        with uncollected():
            self._recall(others)
        self._verify(others[~are_among(self._codes(others), self._looked)])
        with uncollected():
            found = np.array(list(self._found), np.int64).reshape(-1, 2)
            seen = same | are_among(self._codes(pairs), distinct(self._codes(found)))
            asked: list[_Pair] = [(i, j) for i, j in pairs[seen].tolist()]
            packs = [self._found.get(pair, b"") for pair in asked]
            related: dict[_Pair, tuple[Relation, bytes]] = {}
            for (i, j), pack, evidence in zip(asked, packs, each_unpacked(packs), strict=True):
                first, second = (self._photos[row] for row in self._in_order(i, j))
                relation = relation_of(first, second, evidence)
                if relation is not None:
                    related[i, j] = relation, pack
            return Related.of(related)

    def _recall(self, pairs: npt.NDArray[np.int64]) -> None:
        """Take in what the index remembers of these."""
        rows = np.unique(pairs).tolist()
        contents = [self._photos[row].content for row in rows]
        place = dict(zip(contents, rows, strict=True))
        with Index(self._index) as store:
            known = known_evidence(store, self._method, contents)
            unrelated = known_unrelated(store, self._method, contents)
        found = [
            (min(place[one], place[other]), max(place[one], place[other])) for one, other in known
        ]
        self._found |= zip(found, known.values(), strict=True)
        others = np.array(rows, np.int64)[unrelated]
        both = np.concatenate([np.array(found, np.int64).reshape(-1, 2), others])
        self._looked = distinct(np.concatenate([self._looked, self._codes(both)]))

    def _verify(self, pairs: npt.NDArray[np.int64]) -> None:
        """Look at some pairs."""
        if not len(pairs):
            return
        alike = hash_bits(self._photos, pairs) <= ALIKE
        told = list(zip(alike.tolist(), are_negatives(self._photos, pairs).tolist(), strict=True))
        self._progress.start("Verifying pairs", len(pairs))
        with Crew(len(pairs)) as crew:
            for start in range(0, len(pairs), _BATCH):
                part = slice(start, start + _BATCH)
                self._verify_batch(pairs[part], told[part], crew)
        self._looked = distinct(np.concatenate([self._looked, self._codes(pairs)]))

    def _verify_batch(
        self, pairs: npt.NDArray[np.int64], told: Sequence[tuple[bool, bool]], crew: Crew
    ) -> None:
        """Look at some at once, of which hashes told whether they are alike, or in negative."""
        held = self.features.hold(np.unique(pairs).tolist(), crew)
        without = self.without
        found = dict.fromkeys(map(tuple, pairs.tolist()), b"")
        tasks: dict[_Pair, _Task] = {}
        for (i, j), by_hashes in zip(found, told, strict=True):
            if i not in without and j not in without:
                first, second = (held[each] for each in self._in_order(i, j))
                tasks[i, j] = first, second, *by_hashes
        self._progress.advance(len(found) - len(tasks))
        for pair, evidence in zip(tasks, crew.map(_look, list(tasks.values())), strict=True):
            found[pair] = evidence
            self._progress.advance()
        self._found |= {pair: evidence for pair, evidence in found.items() if evidence}
        self._remember(found)

    def _in_order(self, one: int, other: int) -> tuple[int, int]:
        """By content: evidence is of one direction, and does not depend on where files lie."""
        if self._photos[one].content < self._photos[other].content:
            return one, other
        return other, one

    def _remember(self, found: dict[_Pair, bytes]) -> None:
        pairs: dict[Pair, bytes] = {}
        without = self.without
        for (i, j), evidence in found.items():
            if not without.intersection((i, j)):
                one, other = (self._photos[row].content for row in self._in_order(i, j))
                pairs[one, other] = evidence
        related = {pair: evidence for pair, evidence in pairs.items() if evidence}
        unrelated = [pair for pair, evidence in pairs.items() if not evidence]
        # a scan is writing, or the disk is full or read-only: then it is found anew next time
        with suppress(IndexProblem), Index(self._index, lock=True) as store, store.batch():
            remember_evidence(store, self._method, related, unrelated)

    def _codes(self, pairs: npt.NDArray[np.int64]) -> Codes:
        return codes_of(pairs, len(self._photos))

    def _same_pixels(self, pairs: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """(M,) bool: of which pairs every pixel is the same, which their hashes say."""
        rows, place = np.unique(pairs, return_inverse=True)
        first: dict[bytes, int] = {}
        pixels = []
        for row in rows.tolist():
            photo = self._photos[row]
            told = same_pixels(photo, photo)
            pixels.append(first.setdefault(photo.pixel_hash, row) if told else -1 - row)
        one, other = np.array(pixels, np.int64)[place.reshape(-1, 2)].T
        same: npt.NDArray[np.bool_] = one == other
        return same
