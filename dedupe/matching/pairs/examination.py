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
from dedupe.matching.near.codes import Codes, are_among, codes_of, distinct, pairs_of
from dedupe.matching.near.hashes import ALIKE, hash_bits
from dedupe.matching.pairs.evidence import Evidence, each_unpacked, packed
from dedupe.matching.pairs.features import Features
from dedupe.matching.pairs.held import HeldFeatures
from dedupe.matching.pairs.relations import Relation, relation_of, same_pixels
from dedupe.matching.pairs.verify import examine
from dedupe.photos.photo import Photo
from dedupe.photos.version import DECODE_VERSION
from dedupe.progress import Progress
from dedupe.uncollected import uncollected

# Goes up with every change of what is found of a pair: then all are verified anew.
_VERSION = 3

# Pairs between two writings to the index, so that Ctrl-C costs seconds.
_BATCH = 1024


def method() -> str:
    """Names all that changes evidence: how thumbnails are made, and how they are compared."""
    import cv2

    return f"{_VERSION} decode {DECODE_VERSION} opencv {cv2.__version__}"


_Task = tuple[Features, Features, bool]


def _look(task: _Task) -> bytes:
    """The evidence of a pair, packed."""
    import cv2

    cv2.setNumThreads(1)  # pairs are looked at side by side
    first, second, alike = task
    # looked at, they are larger: only for as long as this takes
    return packed(examine(replace(first), replace(second), alike=alike))


class Examination:
    """Verifies pairs of some photos, and remembers what it found in their index.

    Pairs are (M, 2) int64, places in the list of photos, a < b. To be used in a `with`.
    """

    def __init__(self, library: Library, photos: Sequence[Photo], progress: Progress) -> None:
        """Read what is remembered.

        Args:
            library: where the photos are of.
            photos: of different contents.
            progress: told of every pair.

        Raises:
            IndexProblem: the index cannot be read.
        """
        self._index = library.index
        self._photos = photos
        self._progress = progress
        self._method = method()
        self._features = HeldFeatures(library.index, photos)
        with uncollected():
            self._recall(library, photos)

    def _recall(self, library: Library, photos: Sequence[Photo]) -> None:
        contents = [photo.content for photo in photos]
        rows = {content: row for row, content in enumerate(contents)}
        with Index(library.index) as store:
            known = known_evidence(store, self._method, rows)
            unrelated = known_unrelated(store, self._method, contents)
        self._found = {
            (min(rows[one], rows[other]), max(rows[one], rows[other])): evidence
            for (one, other), evidence in known.items()
        }
        pairs = np.array(list(self._found), np.int64).reshape(-1, 2)
        # of each pair that was looked at one number, in order
        self._looked = distinct(np.concatenate([self._codes(pairs), self._codes(unrelated)]))
        first: dict[bytes, int] = {}
        self._pixels = np.array(
            [
                first.setdefault(photo.pixel_hash, row) if same_pixels(photo, photo) else -1 - row
                for row, photo in enumerate(photos)
            ],
            np.int64,
        )

    def __enter__(self) -> "Examination":
        return self

    def __exit__(self, *_: object) -> None:
        self._features.close()

    @property
    def without(self) -> set[int]:
        """Those of the photos that were to be looked at and have no thumbnail."""
        return self._features.without

    def verify(self, pairs: npt.NDArray[np.int64]) -> None:
        """Look at all of some pairs that were not looked at before."""
        from threadpoolctl import threadpool_limits

        known = self._same_pixels(pairs) | are_among(self._codes(pairs), self._looked)
        pairs = pairs[~known]
        alike = (hash_bits(self._photos, pairs) <= ALIKE).tolist()
        self._progress.start("Verifying pairs", len(pairs))
        # each pair is one thread's: BLAS would only start more
        with threadpool_limits(1, user_api="blas"), Crew(len(pairs)) as crew:
            for start in range(0, len(pairs), _BATCH):
                part = slice(start, start + _BATCH)
                self._verify_batch(pairs[part], alike[part], crew)
        if len(pairs):
            self._looked = distinct(np.concatenate([self._looked, self._codes(pairs)]))

    def _verify_batch(
        self, pairs: npt.NDArray[np.int64], alike: Sequence[bool], crew: Crew
    ) -> None:
        held = self._features.hold(np.unique(pairs).tolist(), crew)
        found = dict.fromkeys(map(tuple, pairs.tolist()), b"")
        tasks: dict[tuple[int, int], _Task] = {}
        for (i, j), is_alike in zip(found, alike, strict=True):
            if i not in self.without and j not in self.without:
                first, second = (held[each] for each in self._in_order(i, j))
                tasks[i, j] = first, second, is_alike
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

    def _remember(self, found: dict[tuple[int, int], bytes]) -> None:
        pairs: dict[Pair, bytes] = {}
        for (i, j), evidence in found.items():
            if not self.without.intersection((i, j)):
                one, other = (self._photos[row].content for row in self._in_order(i, j))
                pairs[one, other] = evidence
        related = {pair: evidence for pair, evidence in pairs.items() if evidence}
        unrelated = [pair for pair, evidence in pairs.items() if not evidence]
        # a scan is writing, or the disk is full or read-only: then it is found anew next time
        with suppress(IndexProblem), Index(self._index, lock=True) as store, store.batch():
            remember_evidence(store, self._method, related, unrelated)

    def related(
        self, pairs: npt.NDArray[np.int64]
    ) -> dict[tuple[int, int], tuple[Relation, Evidence | None]]:
        """Those of some pairs that are related: how, and by what."""
        found = np.array(list(self._found), np.int64).reshape(-1, 2)
        seen = are_among(self._codes(pairs), distinct(self._codes(found)))
        seen |= self._same_pixels(pairs)
        related: dict[tuple[int, int], tuple[Relation, Evidence | None]] = {}
        asked = pairs_of(distinct(self._codes(pairs[seen])), len(self._photos)).tolist()
        known = each_unpacked(self._found.get((i, j), b"") for i, j in asked)
        for (i, j), evidence in zip(asked, known, strict=True):
            first, second = (self._photos[row] for row in self._in_order(i, j))
            relation = relation_of(first, second, evidence)
            if relation is not None:
                related[i, j] = relation, evidence
        return related

    def _codes(self, pairs: npt.NDArray[np.int64]) -> Codes:
        return codes_of(pairs, len(self._photos))

    def _same_pixels(self, pairs: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """(M,) bool: of which pairs every pixel is the same, which their hashes say."""
        same: npt.NDArray[np.bool_] = self._pixels[pairs[:, 0]] == self._pixels[pairs[:, 1]]
        return same
