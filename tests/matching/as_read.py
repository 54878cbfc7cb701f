"""Some photos of a library as an index would give them: what is remembered of them counts."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from dedupe.index.facts import facts_of, photo_keys
from dedupe.index.library import Library, Read
from dedupe.photos.photo import Photo


def as_read(library: Library, rows: Iterable[int] | None = None) -> Library:
    """Those at some rows; all facts of a photo and its file have a name.

    Args:
        library: sorted by path.
        rows: all if None.
    """
    chosen = sorted(range(len(library.photos)) if rows is None else set(rows))
    photos = tuple(library.photos[row] for row in chosen)
    vectors = np.ascontiguousarray(library.vectors[chosen])
    keys = photo_keys((photo.content for photo in photos), vectors, range(len(photos)))
    seals = np.array([_seals(photo) for photo in photos], np.int64).reshape(-1, 2)
    copies: dict[bytes, list[int]] = {}
    for row, photo in enumerate(photos):
        copies.setdefault(photo.content, []).append(row)
    read = Read(
        photos=photos,
        vectors=vectors,
        key=hashlib.md5(b"".join(keys) + seals.tobytes()).digest(),
        copies={its[0]: its for its in copies.values()},
        photo_keys=keys,
        facts=facts_of(seals),
        thumbnails=np.ones(len(photos), np.bool_),
    )
    return replace(library, photos=photos, vectors=vectors, read=read)


def _seals(photo: Photo) -> Sequence[int]:
    """As an index seals them: 32 bits of the file, and of all else."""
    others = replace(photo, file=replace(photo.file, path=photo.path.parent))
    return [
        int.from_bytes(hashlib.sha256(repr(each).encode()).digest()[:4])
        for each in (photo.file, replace(others, hard_links=()))
    ]
