"""Which pairs of photos are worth verifying: near by embedding, or alike by hash."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dedupe.encoders.encoder import SEED_THRESHOLD
from dedupe.errors import IndexProblem
from dedupe.index.library import Library, thumbnails
from dedupe.index.neighbours import Nearest, NeighbourFile, Neighbourhood, neighbour_key
from dedupe.matching.crew import Crew
from dedupe.matching.near.approximate import (
    alike_hashes,
    approximate_method,
    is_approximate,
    near_vectors,
)
from dedupe.matching.near.codes import distinct, pairs_of
from dedupe.matching.near.distances import compared, refuse
from dedupe.matching.near.hashes import ALIKE, Hashes, alike, hashes_of
from dedupe.matching.near.neighbours import Kept, Neighbours
from dedupe.matching.near.nominate import Reach
from dedupe.matching.near.parts import part_hashes
from dedupe.photos.photo import Photo
from dedupe.photos.version import DECODE_VERSION
from dedupe.progress import Progress, Silent

REACH = 22.0
"""Seed units up to which a pair is a candidate: one unrelated pair in 100 is nearer."""

NEAREST = Kept(near=SEED_THRESHOLD, most=24, far=REACH, some=8)
"""Of each photo, by distance: 43 edits of one photo are more than a person makes."""

MOST_ALIKE = Kept(near=ALIKE, most=24, far=ALIKE, some=24)
"""Of each photo, by bits of the hash."""

ALIKE_PARTS = Kept(near=ALIKE, most=8, far=ALIKE, some=8)
"""Of each photo, by bits of the hash of a part of it, or of what it is a part of."""

# Photos below which it is not worth a file: they are compared in a second.
_WORTH = 2048

# Bytes of a hash.
_PART = 32

# Thumbnails in memory at once.
_BATCH = 1024

# Photos that tell how many of the nearest faiss found: they are compared with all others.
_TELLING = 256

_Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Pairs of a library that are worth verifying.

    Attributes:
        pairs: (M, 2) int64, places in `library.first_rows`, a < b, sorted.
        recall: the share of the nearest that is among them, measured with 256 photos; None
            where every two photos were compared.
    """

    pairs: npt.NDArray[np.int64]
    recall: float | None


def candidates_method(photos: int) -> str:
    """Names all that decides who is near whom; the number goes up with what is not named.

    Args:
        photos: how many different ones there are.
    """
    import cv2

    lists = NEAREST, MOST_ALIKE, ALIKE_PARTS
    found_by = approximate_method(photos)
    return f"3 decode {DECODE_VERSION} opencv {cv2.__version__} {lists}{found_by}"


def candidates(
    library: Library,
    *,
    device: str = "auto",
    progress: Progress | None = None,
) -> Candidates:
    """The pairs of a library that are verified: a bounded number for each photo.

    Of each photo those within 16 seed units of it, at most the nearest 24, or the nearest 8 up
    to 22; the 24 whose hashes are most alike; and the 8 that are most like a part of it (a
    field of a collage, what is in a frame), or of which it is a part. A pair counts if it is
    among those of either photo; of equally near ones the first by content is taken.

    What was found once is remembered beside the index: only photos that are new to it, and
    those that lost a neighbour, are compared with all others. The answer is the same without.

    Where faiss is installed, of more than 200,000 photos most of these are found without
    comparing every two (approximate.py): all anew whenever a photo is new, so that the answer
    rests on the photos alone. How many were found is measured.

    Memory: the vectors once more, and 500 bytes a photo; with faiss up to 4 kB a photo.

    Args:
        library: as `scan` or `open_library` gives it.
        device: "auto", "cpu", "cuda" or "mps".
        progress: told of every photo that is compared.

    Raises:
        ValueError: vectors are not finite.
        DeviceMissing: the device is not on this machine.
        IndexDamaged: a thumbnail is not as it was written.
    """
    progress = progress or Silent()
    rows = library.first_rows
    photos = [library.photos[row] for row in rows.tolist()]
    vectors = library.vectors if len(rows) == len(library.photos) else library.vectors[rows]
    rank = np.empty(len(photos), np.int64)
    contents = [photo.content for photo in photos]
    by_content = np.array(sorted(range(len(photos)), key=contents.__getitem__), np.int64)
    rank[by_content] = np.arange(len(photos))
    lists = [Neighbours(len(photos), kept, rank) for kept in (NEAREST, MOST_ALIKE, ALIKE_PARTS)]
    new = [np.arange(len(photos))] * len(lists)
    parts: list[bytes | None] = [None] * len(photos)
    file: NeighbourFile | None = None
    known: Neighbourhood | None = None
    keys: list[bytes] = []
    method, approximately = candidates_method(len(photos)), is_approximate(len(photos))
    if len(photos) >= _WORTH and vectors.dtype == np.float16 and library.index.is_file():
        file = NeighbourFile(library.index, library.encoder.fingerprint)
        keys = [
            neighbour_key(key, photo.dct_hash)
            for key, photo in zip(library.photo_keys, photos, strict=True)
        ]
        known = file.read(method)
    if known:
        row_of = {key: row for row, key in enumerate(keys)}
        there = np.array([row_of.get(key, -1) for key in known.keys], np.int64)
        if not approximately or known.keys == keys:
            new = [
                _recalled(each, there, its) for each, its in zip(lists, known.lists, strict=True)
            ]
        for row, its_parts in zip(there.tolist(), known.parts, strict=True):
            if row >= 0:
                parts[row] = its_parts
    found = _look_for_parts(library, photos, parts, progress)
    new[2] = np.union1d(new[2], found)
    recall = known.recall if known else None
    if not approximately:
        _compare_vectors(lists[0], vectors, new[0], device, progress)
        _compare_hashes(lists[1], lists[2], photos, parts, new[1], new[2], progress)
    elif any(map(len, new)):
        recall = _approximated(lists, vectors, photos, parts, by_content, device, progress)
    is_current = known is not None and known.keys == keys and known.parts == parts
    # the file has one library: a few photos of one folder must not take its place
    is_most = known is None or 2 * len(keys) >= len(known.keys)
    if file is not None and is_most and not is_current:
        with suppress(IndexProblem):
            listed = [Nearest(*each.listed()) for each in lists]
            file.write(method, Neighbourhood(keys, parts, listed, recall))
    codes = distinct(np.concatenate([each.codes() for each in lists]))
    return Candidates(pairs_of(codes, len(photos)), recall)


def _recalled(neighbours: Neighbours, rows: _Rows, nearest: Nearest) -> _Rows:
    """Take over what is remembered; the rows that must be compared with all others."""
    here = rows >= 0
    each = np.repeat(here, nearest.count)
    return neighbours.recall(
        rows[here], nearest.count[here], rows[nearest.other[each]], nearest.away[each]
    )


def _look_for_parts(
    library: Library, photos: Sequence[Photo], parts: list[bytes | None], progress: Progress
) -> _Rows:
    """Fill in the parts of photos of which they are not known; the rows that have any."""
    rows = [row for row, its in enumerate(parts) if its is None]
    progress.start("Looking for parts", len(rows))
    with Crew(len(rows)) as crew:
        for start in range(0, len(rows), _BATCH):
            some = rows[start : start + _BATCH]
            jpegs = thumbnails(library, (photos[row] for row in some))
            seen = [row for row in some if photos[row].content in jpegs]
            hashes = crew.map(part_hashes, [jpegs[photos[row].content] for row in seen])
            for row, its in zip(seen, hashes, strict=True):
                parts[row] = its
            progress.advance(len(some))
    return np.array([row for row in rows if parts[row]], np.int64)


def _compare_hashes(
    like: Neighbours,
    within: Neighbours,
    photos: Sequence[Photo],
    parts: Sequence[bytes | None],
    new: _Rows,
    new_within: _Rows,
    progress: Progress,
) -> None:
    """Add the pairs of some rows with all others: whole by whole, and part by whole."""
    everyone = np.arange(len(photos))
    if not len(new) + len(new_within):
        return
    wholes = hashes_of(photos, everyone.tolist())
    if len(new):
        for right in (None, wholes.of(np.setdiff1d(everyone, new))):
            for pairs in alike(wholes.of(new), right, progress=progress):
                like.add(*pairs)
    if len(new_within):
        before = np.setdiff1d(everyone, new_within)
        for left, right in (
            (_hashes_of_parts(parts, new_within), wholes),
            (_hashes_of_parts(parts, before), wholes.of(new_within)),
        ):
            for pairs in alike(left, right, progress=progress):
                within.add(*pairs)


def _hashes_of_parts(parts: Sequence[bytes | None], rows: _Rows) -> Hashes:
    """Of some rows the hashes of their parts."""
    each = [
        (row, its[start : start + _PART])
        for row in rows.tolist()
        if (its := parts[row])
        for start in range(0, len(its), _PART)
    ]
    return Hashes((row for row, _ in each), (part for _, part in each))


def _approximated(
    lists: Sequence[Neighbours],
    vectors: npt.NDArray[np.floating],
    photos: Sequence[Photo],
    parts: Sequence[bytes | None],
    by_content: _Rows,
    device: str,
    progress: Progress,
) -> float:
    """Add most of the pairs that any of two photos keeps; the share of them that was found."""
    refuse(vectors, REACH)
    near, like, within = lists
    wholes = hashes_of(photos, by_content.tolist())
    progress.start("Looking for near photos", 0)
    for pairs in near_vectors(vectors, by_content, REACH):
        near.add(*pairs)
    progress.start("Looking for hashes alike", 0)
    for pairs in alike_hashes(wholes, wholes, like.kept.most):
        like.add(*pairs)
    for pairs in alike_hashes(_hashes_of_parts(parts, by_content), wholes, within.kept.most):
        within.add(*pairs)
    # now some of them with all others, whatever faiss found
    some = by_content[:: -(-len(by_content) // _TELLING)]
    before = [each.other[some] for each in lists]
    _compare_vectors(near, vectors, some, device, progress)
    _compare_hashes(like, within, photos, parts, some, some, progress)
    was_found = there = 0
    for each, listed in zip(lists, before, strict=True):
        for row, own in zip(some.tolist(), listed.tolist(), strict=True):
            nearest = {other for other in each.other[row].tolist() if other >= 0}
            there += len(nearest)
            was_found += len(nearest.intersection(own))
    return was_found / there if there else 1.0


def _compare_vectors(
    near: Neighbours,
    vectors: npt.NDArray[np.floating],
    new: npt.NDArray[np.int64],
    device: str,
    progress: Progress,
) -> None:
    """Add all pairs of some rows that any of the two keeps."""
    if not len(new):
        return
    refuse(vectors[new], REACH)  # the others were compared before
    is_new = np.zeros(len(vectors), np.bool_)
    is_new[new] = True
    order = np.concatenate([new, np.flatnonzero(~is_new)])
    # what nobody keeps any more is not measured: looked at anew for every block
    bounds = near.bounds()
    reach = Reach(REACH, rows=bounds)
    progress.start("Comparing photos", len(new))
    for a, b, away in compared(
        vectors, reach, lefts=len(new), order=order, device=device, progress=progress
    ):
        a, b = order[a], order[b]
        near.add(a, b, away)
        touched = np.unique(np.concatenate([a, b]))
        bounds[touched] = near.bounds(touched)
