"""Which photos may be in a field of another one: those nearest to it, looked at by itself."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dedupe.encoders.encode import BATCH, LoadedEncoder, load_encoder
from dedupe.encoders.identity import known_fingerprint
from dedupe.encoders.registry import find_encoder
from dedupe.errors import IndexProblem, UnknownName
from dedupe.index.library import Library, thumbnails
from dedupe.index.neighbours import UNKNOWN, Fields, Nearest
from dedupe.matching.crew import Crew
from dedupe.matching.near.codes import Codes, codes_of, distinct
from dedupe.matching.near.distances import compared
from dedupe.matching.near.neighbours import Kept, Neighbours
from dedupe.matching.near.nominate import Reach
from dedupe.matching.within.decoded import decoded
from dedupe.matching.within.field import cut
from dedupe.matching.within.fields import fields
from dedupe.photos.decode import Wants
from dedupe.photos.photo import Photo
from dedupe.photos.pixels import crop_pixels
from dedupe.progress import Progress

IN_FIELDS = Kept(near=24.0, most=4, far=24.0, some=4)
"""Of each field, by distance: of 124 fields of collages and film strips whose photo is among 10,500
117 have it, or an edit of it, among their four nearest; most are 12 to 20 seed units away."""

# Thumbnails in memory at once, of which each may have 16 fields of 150 kB: 0.3 GB. And photos that
# fields are compared with at once.
_BATCH, _BLOCK = 128, 16_384

_Rows = npt.NDArray[np.int64]


def squares_of_fields(task: tuple[bytes, Wants]) -> list[bytes]:
    """The fields of a picture as its encoder wants to look at them.

    Args:
        task: JPEG bytes, and what the encoder wants.

    Returns:
        crop * crop * 3 bytes of each, as `crop_pixels` gives them.

    Raises:
        ValueError: it is no picture.
    """
    from PIL import Image

    thumbnail, wants = task
    pixels = decoded(thumbnail)
    return [
        crop_pixels(Image.fromarray(cut(pixels, each)), wants, None, exact=False)
        for each in fields(pixels)
    ]


def nothing_known(photos: int, dim: int) -> Fields:
    """What is known of the fields of photos that nobody looked into."""
    return Fields(
        np.full(photos, UNKNOWN, np.uint8),
        np.empty((0, dim), np.float16),
        Nearest(np.empty(0, np.uint8), np.empty(0, np.int32), np.empty(0, np.float32)),
    )


def remembered(known: Fields, there: _Rows, photos: int) -> Fields:
    """What is remembered, of the photos that are here.

    Args:
        known: of the photos that were there.
        there: of each of these its row now; -1 where it is gone.
        photos: how many there are now.

    Returns:
        Of a field that lost one of its nearest, `other` is -1 there.
    """
    count = np.full(photos, UNKNOWN, np.uint8)
    count[there[there >= 0]] = known.count[there >= 0]
    own = there[known.rows]
    order = np.argsort(own, kind="stable")
    order = order[own[order] >= 0]
    many = known.nearest.count.astype(np.int64)
    starts, many = (np.cumsum(many) - many)[order], many[order]
    places = np.repeat(starts - (np.cumsum(many) - many), many) + np.arange(many.sum())
    nearest = Nearest(
        known.nearest.count[order],
        there[known.nearest.other[places]].astype(np.int32),
        known.nearest.away[places],
    )
    return Fields(count, known.vectors[order], nearest)


def look_into(
    library: Library,
    photos: Sequence[Photo],
    known: Fields,
    weights: Path | None,
    progress: Progress,
) -> tuple[Fields, int]:
    """Encode the fields of the photos of which that is not known, and that have a thumbnail.

    Args:
        library: whose encoder is used.
        photos: of it.
        known: of these.
        weights: the file that the library was scanned with, if it was not the published one.
        progress: told of every photo.

    Returns:
        `known`, and of these UNKNOWN near to each; and of how many photos it is still not known
        because the encoder's weights are not here.
    """
    rows = np.flatnonzero(known.count == UNKNOWN)
    if library.read is not None and library.key:  # to ask for each of 100,000 took a second
        rows = rows[library.read.thumbnails[library.first_rows[rows]]]
    if not len(rows):
        return known, 0
    if not is_encoder_here(library, weights):
        return known, len(rows)
    encoder = _Encoder(library, weights)
    progress.start("Looking for fields", len(rows))
    count = known.count.copy()
    vectors, own = [known.vectors], [known.rows]
    waiting: list[bytes] = []
    with Crew(len(rows)) as crew:
        for start in range(0, len(rows), _BATCH):
            some = rows[start : start + _BATCH].tolist()
            jpegs = thumbnails(library, (photos[row] for row in some))
            seen = [row for row in some if photos[row].content in jpegs]
            tasks = [(jpegs[photos[row].content], encoder.wants) for row in seen]
            squares = list(crew.map(squares_of_fields, tasks))
            count[seen] = [len(each) for each in squares]
            own.append(np.repeat(seen, count[seen]))
            waiting += [square for each in squares for square in each]
            # a forward of few costs as much as one of many
            whole = len(waiting) // BATCH * BATCH
            vectors.append(encoder.vectors(waiting[:whole]))
            waiting = waiting[whole:]
            progress.advance(len(some))
    vectors.append(encoder.vectors(waiting))
    order = np.argsort(np.concatenate(own), kind="stable")
    new = np.full(len(order) - len(known.vectors), UNKNOWN, np.uint8)
    # those that were known stay in their order, and have the same near to them
    counts = np.concatenate([known.nearest.count, new])[order]
    nearest = replace(known.nearest, count=counts)
    return Fields(count, np.concatenate(vectors)[order], nearest), 0


def is_encoder_here(library: Library, weights: Path | None = None) -> bool:
    """Whether this version has the encoder of a library, and these are its weights.

    Args:
        library: of any encoder.
        weights: a file of the user's instead of the published one.
    """
    try:
        entry = find_encoder(library.encoder.name)
    except UnknownName:
        return False
    return known_fingerprint(entry, weights) == library.encoder.fingerprint


def other_weights(library: Library) -> IndexProblem:
    """What is said to who gives weights that a library was not scanned with."""
    return IndexProblem(
        f"{library.index} was made with other weights or another version of {library.encoder.name}",
        "give the same --weights FILE as for the scan, or scan again",
    )


class _Encoder:
    """The encoder of a library, loaded when there is something to encode.

    On the CPU, whatever the device: what is nearest must not depend on it.
    """

    def __init__(self, library: Library, weights: Path | None) -> None:
        self._name = library.encoder.name
        self._dim = library.vectors.shape[1]
        self._weights = weights
        self._loaded: LoadedEncoder | None = None
        self.wants = Wants.of(find_encoder(self._name))

    def vectors(self, squares: Sequence[bytes]) -> npt.NDArray[np.float16]:
        """(F, dim) in seed units, rounded as the library's own are."""
        if not squares:
            return np.empty((0, self._dim), np.float16)
        if self._loaded is None:
            self._loaded = load_encoder(
                self._name, weights=self._weights, device="cpu", download=False
            )
        side, batch = self.wants.crop, self._loaded.batch
        pixels = np.frombuffer(b"".join(squares), np.uint8).reshape(-1, side, side, 3)
        parts = [
            self._loaded.encode(pixels[start : start + batch])
            for start in range(0, len(pixels), batch)
        ]
        return np.concatenate(parts).astype(np.float16)


def with_nearest(
    found: Fields,
    vectors: npt.NDArray[np.floating],
    order: _Rows,
    new: _Rows,
    device: str,
    progress: Progress,
) -> Fields:
    """The same fields with the photos that are nearest to each, but the one that it is in.

    Args:
        found: what is known of them.
        vectors: (N, dim) of the photos.
        order: (N,) of each photo its place among all, for those that are equally near.
        new: photos that no field was compared with.
        device: "auto", "cpu", "cuda" or "mps".
        progress: told of every field that is compared.
    """
    photos, count = len(vectors), len(found.vectors)
    # a row for each photo, which keeps nobody, and one for each field
    rank = np.concatenate([order, np.arange(photos, photos + count)])
    near = Neighbours(photos + count, IN_FIELDS, rank)
    known = np.flatnonzero(found.nearest.count != UNKNOWN)
    lists = found.nearest.count[known], found.nearest.other, found.nearest.away
    unknown = near.recall(photos + known, *lists) - photos
    unknown = unknown[unknown >= 0]
    complete = np.setdiff1d(known, unknown)
    _add(near, found, unknown, vectors, np.arange(photos), device, progress)
    _add(near, found, complete, vectors, new, device, progress)
    listed = near.listed()
    here = listed.own >= photos
    counts = np.bincount(listed.own[here] - photos, minlength=count).astype(np.uint8)
    return Fields(
        found.count, found.vectors, Nearest(counts, listed.other[here], listed.away[here])
    )


def _add(
    near: Neighbours,
    found: Fields,
    some: _Rows,
    vectors: npt.NDArray[np.floating],
    photos: _Rows,
    device: str,
    progress: Progress,
) -> None:
    """Add all pairs of some fields and some photos that the field keeps."""
    if not (len(some) and len(photos)):
        return
    first, own = len(vectors), found.rows[some]
    # one room for fields and photos: to join them anew for each block took half of the time
    room = np.empty((len(some) + min(_BLOCK, len(photos)), vectors.shape[1]), vectors.dtype)
    room[: len(some)] = found.vectors[some]
    everyone = len(photos) == len(vectors)
    progress.start("Comparing fields", len(some) * -(-len(photos) // _BLOCK))
    for start in range(0, len(photos), _BLOCK):
        block = photos[start : start + _BLOCK]
        both = room[: len(some) + len(block)]
        both[len(some) :] = vectors[start : start + _BLOCK] if everyone else vectors[block]
        bounds = np.zeros(len(both), np.float32)
        bounds[: len(some)] = near.bounds(first + some)
        for a, b, away in compared(
            both,
            Reach(IN_FIELDS.far, rows=bounds),
            lefts=len(some),
            inside=False,
            device=device,
            progress=progress,
        ):
            others = block[b - len(some)]
            kept = (away <= bounds[a]) & (others != own[a])
            near.add(first + some[a[kept]], others[kept], away[kept])
            touched = distinct(a[kept])
            bounds[touched] = near.bounds(first + some[touched])


def codes(found: Fields, photos: int) -> Codes:
    """Codes of the pairs of a photo and one that is near to a field of it; some come twice."""
    own = np.repeat(found.rows, found.nearest.count)  # of which none is unknown any more
    return codes_of(np.stack([own, found.nearest.other], 1), photos)
