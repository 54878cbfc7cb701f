"""Which pairs of photos are worth verifying: near by embedding, alike by hash, or in parts."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dedupe.errors import IndexProblem
from dedupe.index.facts import names_of_pairs, places_of_keys
from dedupe.index.indexed import content_hashes, contents, dct_hashes, photos_at
from dedupe.index.library import Library, thumbnails
from dedupe.index.neighbours import (
    UNKNOWN,
    Nearest,
    NeighbourFile,
    Neighbourhood,
    Parts,
    neighbour_keys,
)
from dedupe.index.words import WordFile
from dedupe.matching.crew import Crew
from dedupe.matching.near import in_fields
from dedupe.matching.near.approximate import approximate_method, is_approximate
from dedupe.matching.near.codes import distinct, pairs_of
from dedupe.matching.near.distances import are_finite
from dedupe.matching.near.listing import (
    ALIKE_PARTS,
    MOST_ALIKE,
    NEAREST,
    all_but,
    approximate,
    approximate_vectors,
    compare_hashes,
    compare_vectors,
    with_parts,
)
from dedupe.matching.near.neighbours import Kept, Neighbours, recalled
from dedupe.matching.near.parts import hashes_within
from dedupe.matching.near.sharing import SHARED_WORDS, compare_words
from dedupe.matching.near.words import WordsOfPhotos
from dedupe.matching.points.held import HeldFeatures
from dedupe.photos.photo import Photo
from dedupe.photos.version import DECODE_VERSION
from dedupe.progress import Progress, Silent

# Photos below which it is not worth a file, if they have no fields: they are compared in a second.
_WORTH = 2048

# Thumbnails in memory at once.
_BATCH = 1024

_Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Pairs of a library that are worth verifying.

    Attributes:
        pairs: (M, 2) int64, places in `library.first_rows`, a < b, sorted.
        alike: (L, 2) likewise, those of them that share visual words.
        recall: the share of the nearest that is among them, measured with 256 photos; None
            where every two photos were compared.
        without_fields: how many photos have a thumbnail, and nobody could look for fields in it:
            the weights of the encoder are not here.
        near: of each photo its nearest by distance (`NEAREST`), by places in
            `library.first_rows`.
    """

    pairs: npt.NDArray[np.int64]
    alike: npt.NDArray[np.int64]
    recall: float | None
    without_fields: int
    near: Neighbours


def candidates_method(photos: int) -> str:
    """Names all that decides who is near whom; the number goes up with what is not named.

    Args:
        photos: how many different ones there are.
    """
    import cv2

    lists = NEAREST, MOST_ALIKE, ALIKE_PARTS, SHARED_WORDS, in_fields.IN_FIELDS
    found_by = approximate_method(photos)
    return f"10 decode {DECODE_VERSION} opencv {cv2.__version__} {lists}{found_by}"


def candidates(
    library: Library,
    *,
    features: HeldFeatures | None = None,
    weights: Path | None = None,
    device: str = "auto",
    progress: Progress | None = None,
) -> Candidates:
    """The pairs of a library that are verified: a bounded number for each photo.

    Of each photo those within 16 seed units of it, at most the nearest 24, or the nearest 8 up
    to 22; the 24 whose hashes are most alike, as negatives, too; the 8 that are most like a part of
    it (a field of a collage, what is in a frame), or of which it is a part; the 4 that share most
    visual words with it (sharing.py); and the 4 nearest to each of its fields, encoded by itself. A
    pair counts if it is among those of either photo; of equally near ones the first by content is
    taken.

    What was found once is remembered beside the index: only photos that are new to it, and
    those that lost a neighbour, are compared with all others. The answer is the same without.

    Where faiss is installed, of more than 200,000 photos most of these are found without
    comparing every two (approximate.py): all anew whenever a photo is new, so that the answer
    rests on the photos alone. How many were found is measured.

    Memory: the vectors once more, 500 bytes a photo, 2.6 kB for its words while some are
    compared, and 2.5 kB for each field; with faiss up to 4 kB a photo.

    Args:
        library: as `scan` or `open_library` gives it.
        features: of `library.first_rows`, for who needs them afterwards.
        weights: the file that it was scanned with, if it was not the published one.
        device: "auto", "cpu", "cuda" or "mps".
        progress: told of every photo that is compared.

    Raises:
        ValueError: vectors are not finite.
        DeviceMissing: the device is not on this machine.
        IndexDamaged: a thumbnail is not as it was written.
    """
    progress = progress or Silent()
    asked = _Asked(library)
    photos, keys = asked.photos, asked.keys
    shared = asked.nobody(SHARED_WORDS)
    lists = [*(asked.nobody(kept) for kept in (NEAREST, MOST_ALIKE, ALIKE_PARTS)), shared]
    new = [np.arange(len(photos))] * 3
    parts = Parts(np.full(len(photos), UNKNOWN, np.uint8), np.empty((0, 32), np.uint8))
    fields, unmet = in_fields.nothing_known(*asked.vectors.shape), np.arange(len(photos))
    approximately = is_approximate(len(photos))
    known = asked.known()
    is_same = known is not None and known.keys == keys
    words = asked.words(ahead=not is_same)
    there = asked.rows_of(known) if known else np.empty(0, np.int64)
    if known:
        if not approximately or is_same:
            new = [
                recalled(each, there, its)
                for each, its in zip(lists[:3], known.lists[:3], strict=True)
            ]
        parts = with_parts(parts, there, known.parts)
        fields = in_fields.remembered(known.fields, there, len(photos))
        unmet = all_but(len(photos), there[there >= 0])
    before = parts.count, fields.count
    parts, found = _look_inside(library, photos, parts, progress)
    new[2] = distinct(np.concatenate([new[2], found]))
    recall = known.recall if known else None
    if not approximately:
        compare_vectors(lists[0], asked.vectors, new[0], device, progress)
        compare_hashes(lists[1], lists[2], photos, parts, new[1], new[2], progress)
    elif any(map(len, new)):
        recall = approximate(
            lists[:3], asked.vectors, photos, parts, asked.by_content, device, progress
        )
    if known and is_same and np.array_equal(before[0], parts.count):
        recalled(shared, there, known.lists[-1])
    elif words is not None:
        held = features or HeldFeatures(library.index, photos)
        try:
            its = words()
            its.look_for(np.flatnonzero(parts.count != UNKNOWN), held, progress)
        finally:
            if features is None:
                held.close()
        compare_words(shared, its, known, there, asked.rank, progress)
    fields, without = in_fields.look_into(library, photos, fields, weights, progress)
    fields = in_fields.with_nearest(fields, asked.vectors, asked.rank, unmet, device, progress)
    is_current = is_same and all(map(np.array_equal, before, (parts.count, fields.count)))
    # the file has one library: a few photos of one folder must not take its place
    is_most = known is None or 2 * len(photos) >= len(known)
    # to load an encoder for some fields takes longer than all else that a few photos need
    is_worth = len(photos) >= _WORTH or len(fields.vectors) > 0
    if asked.file is not None and is_most and is_worth and not is_current:
        with suppress(IndexProblem):
            listed = [_as_remembered(each) for each in lists]
            asked.file.write(asked.method, Neighbourhood(keys, parts, fields, listed, recall))
    codes = [each.codes() for each in lists] + [in_fields.codes(fields, len(photos))]
    pairs = pairs_of(distinct(np.concatenate(codes)), len(photos))
    return Candidates(pairs, shared.pairs(), recall, without, lists[0])


def nearest_lists(
    library: Library, *, device: str = "auto", progress: Progress | None = None
) -> Neighbours:
    """Of each photo its nearest by distance, as `candidates` has them.

    It is asked where there is an index, beside which it remembers all that it finds; without
    one only vectors are compared.

    Args:
        library: as `scan` or `open_library` gives it.
        device: "auto", "cpu", "cuda" or "mps".
        progress: told of every photo that is compared.

    Raises:
        ValueError: vectors are not finite.
        DeviceMissing: the device is not on this machine.
        IndexDamaged: a thumbnail is not as it was written.
    """
    if library.index.is_file():
        return candidates(library, device=device, progress=progress).near
    asked, progress = _Asked(library), progress or Silent()
    near = asked.nobody(NEAREST)
    everyone = np.arange(len(asked.photos))
    if is_approximate(len(everyone)):
        approximate_vectors(near, asked.vectors, asked.by_content, device, progress)
    else:
        compare_vectors(near, asked.vectors, everyone, device, progress)
    return near


class _Asked:
    """A library that is asked about: its different photos, and where lists of them are."""

    def __init__(self, library: Library) -> None:
        rows = library.first_rows
        self.photos = photos_at(library.photos, rows)
        is_whole = len(rows) == len(library.photos)
        self.vectors = library.vectors if is_whole else library.vectors[rows]
        self.by_content = _in_order(self.photos)
        self.rank = np.empty(len(self.by_content), np.int64)
        self.rank[self.by_content] = np.arange(len(self.by_content))
        self.method = candidates_method(len(rows))
        self.file: NeighbourFile | None = None
        self._word_file: WordFile | None = None
        self.keys = b""
        if len(rows) and self.vectors.dtype == np.float16 and library.index.is_file():
            self.file = NeighbourFile(library.index, library.encoder.fingerprint)
            self._word_file = WordFile(library.index, library.encoder.fingerprint)
            self.keys = neighbour_keys(library.photo_keys, dct_hashes(self.photos))

    def nobody(self, kept: Kept) -> Neighbours:
        """Lists in which there is nobody yet."""
        return Neighbours(len(self.rank), kept, self.rank)

    def known(self) -> Neighbourhood | None:
        """What is remembered of this or another library."""
        known = self.file.read(self.method) if self.file is not None else None
        kept = NEAREST, MOST_ALIKE, ALIKE_PARTS, SHARED_WORDS
        dim = self.vectors.shape[1]
        return known if known is not None and _can_be(known, dim, kept) else None

    def words(self, *, ahead: bool) -> Callable[[], WordsOfPhotos] | None:
        """What gives the words of the photos; None where nothing is remembered.

        Args:
            ahead: reading them begins at once, beside what is done until they are asked for.
        """
        if self._word_file is None:
            return None
        read = partial(WordsOfPhotos, self._word_file, self.keys)
        if not ahead:
            return read
        reader = ThreadPoolExecutor(1)
        try:
            return reader.submit(read).result
        finally:
            reader.shutdown(wait=False)

    def rows_of(self, known: Neighbourhood) -> _Rows:
        """The rows of what is remembered; -1 where it is not here any more."""
        if known.keys == self.keys:
            return np.arange(len(self.photos))
        return places_of_keys(self.keys, known.keys)


def _in_order(photos: Sequence[Photo]) -> _Rows:
    """The places of photos of different contents in the order of these."""
    # the first 8 bytes tell nearly always; of 100,000 all 32 take three times as long
    first = content_hashes(photos).view(">u8")[:, 0].astype(np.uint64)
    order = np.argsort(first)
    if (first > 0).all() and (np.diff(first[order]) > 0).all():
        return order
    whole = contents(photos)
    return np.array(sorted(range(len(whole)), key=whole.__getitem__), np.int64)


def _can_be(known: Neighbourhood, dim: int, kept: Sequence[Kept]) -> bool:
    """Whether lists can be what was written: the seal tells of damage, not of who wrote them."""
    names = np.sort(names_of_pairs(*np.frombuffer(known.keys, np.uint64).reshape(-1, 2).T))
    fields, of_field = known.fields, in_fields.IN_FIELDS
    return (
        len(known.lists) == len(kept)
        and bool((names[1:] > names[:-1]).all())
        and fields.vectors.shape[1] == dim
        and are_finite(fields.vectors)
        and all(
            int(its.count.max(initial=0)) <= most.most
            and bool(((its.other >= 0) & (its.other < len(known))).all())
            and bool((its.away >= 0).all())
            for its, most in zip((fields.nearest, *known.lists), (of_field, *kept), strict=True)
        )
    )


def _as_remembered(neighbours: Neighbours) -> Nearest:
    known = neighbours.listed()
    return Nearest(neighbours.counts.astype(np.uint8), known.other, known.away)


def _look_inside(
    library: Library, photos: Sequence[Photo], parts: Parts, progress: Progress
) -> tuple[Parts, _Rows]:
    """The parts of photos, with those of which they were not known; the rows that have any."""
    unknown = np.flatnonzero(parts.count == UNKNOWN)
    if library.read is not None and library.key:  # to ask for each of 100,000 took a second
        unknown = unknown[library.read.thumbnails[library.first_rows[unknown]]]
    rows = unknown.tolist()
    progress.start("Looking for parts", len(rows))
    found: dict[int, bytes] = {}
    with Crew(len(rows)) as crew:
        for start in range(0, len(rows), _BATCH):
            some = rows[start : start + _BATCH]
            jpegs = thumbnails(library, (photos[row] for row in some))
            seen = [row for row in some if photos[row].content in jpegs]
            hashes = crew.map(hashes_within, [jpegs[photos[row].content] for row in seen])
            found |= zip(seen, hashes, strict=True)
            progress.advance(len(some))
    looked = np.array(list(found), np.int64)
    more = _parts(list(found.values()))
    return with_parts(parts, looked, more), looked[more.count > 0]


def _parts(hashes: Sequence[bytes]) -> Parts:
    """Of each of some photos its hashes."""
    count = np.array([len(its) // 32 for its in hashes], np.uint8)
    return Parts(count, np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, 32))
