"""Photos and their vectors, as the index remembers them."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import xxhash

from dedupe.encoders.registry import find_encoder
from dedupe.errors import IndexProblem
from dedupe.index.ignored import Ignored, known_ignored
from dedupe.index.place import default_index
from dedupe.index.store import EncoderRow, Index
from dedupe.photos.discover import each_absolute
from dedupe.photos.photo import Photo, Skip
from dedupe.uncollected import uncollected

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, kw_only=True)
class Library:
    """The photos of one or more folders, each with its vector.

    What every step from pairs to clusters asks of all photos is found once, and kept with it.

    Attributes:
        photos: N of them, sorted by path; hard links of one file are one photo.
        vectors: (N, D) float16, row by row; plain L2 between two rows is in seed units.
        encoder: who made the vectors.
        skips: what could not be read or was passed over, sorted by path.
        index: the file it was read from.
        ignored: which photos are said to be different, and which sets are not shown.
        read: what an index gave, and what that is known by; None where it gave nothing.
    """

    photos: tuple[Photo, ...]
    vectors: "npt.NDArray[np.float16]"
    encoder: EncoderRow
    skips: tuple[Skip, ...]
    index: Path
    ignored: Ignored = field(default_factory=Ignored)
    read: "Read | None" = field(default=None, repr=False, compare=False)

    @property
    def key(self) -> bytes:
        """16 bytes of all photos, their facts and vectors: answers are remembered by them.

        b"" where they are not, to the object, those that an index gave.
        """
        read = self.read
        if read is None or read.photos is not self.photos or read.vectors is not self.vectors:
            return b""
        return read.key

    @cached_property
    def places(self) -> Sequence[int]:
        """Of each row its place in the order of paths: ties end with the path."""
        count = len(self.photos)
        if self.key:  # an index gives them in that order; to sort 100,000 again takes 0.5 s
            return range(count)
        names = [os.fsencode(photo.path) for photo in self.photos]
        places = [0] * count
        for place, row in enumerate(sorted(range(count), key=names.__getitem__)):
            places[row] = place
        return places

    @cached_property
    def copies(self) -> Mapping[int, Sequence[int]]:
        """By the row of its first photo each content's rows, all in the order of paths."""
        contents: dict[bytes, list[int]] = {}
        with uncollected():
            for row in sorted(range(len(self.photos)), key=self.places.__getitem__):
                contents.setdefault(self.photos[row].content, []).append(row)
            return {rows[0]: rows for rows in contents.values()}

    @cached_property
    def first_rows(self) -> "npt.NDArray[np.int64]":
        """(C,) int64: of each content the row whose path is first, in the order of the rows."""
        import numpy as np

        return np.sort(np.fromiter(self.copies, np.int64, len(self.copies)))

    @cached_property
    def photo_keys(self) -> Sequence[bytes]:
        """Of each of `first_rows` 16 bytes of its content and its vector.

        No number of the index: SQLite gives those of forgotten photos to others, and a compaction
        moves rows. A photo that is encoded again, on another device, has another key.
        """
        import numpy as np

        key_of, photos, vectors = xxhash.xxh3_128_digest, self.photos, self.vectors
        size = vectors.shape[1] * vectors.itemsize
        # in pieces of one buffer: an array of each row took as long as the key itself
        held = np.ascontiguousarray(vectors).view(np.uint8).reshape(-1).data
        with uncollected():
            return [
                key_of(photos[row].content + held[size * row : size * row + size])
                for row in self.first_rows.tolist()
            ]


@dataclass(frozen=True, slots=True)
class Read:
    """Photos and vectors as an index gave them, in the order of their paths.

    Attributes:
        photos: those of the library.
        vectors: likewise.
        key: 16 bytes that are others where any of this is.
    """

    photos: tuple[Photo, ...]
    vectors: "npt.NDArray[np.float16]"
    key: bytes


def open_library(
    paths: Iterable[Path | str] | Path | str = (),
    *,
    index: Path | None = None,
    encoder: str | None = None,
) -> Library:
    """Read what earlier scans remembered. No photo is opened.

    Memory: 2 bytes per dimension and about 1 kB per photo, 3.5 kB in all for 1280
    dimensions; 1.8 GB for 500,000 photos.

    Args:
        paths: only photos at or below these; all that was ever scanned if empty.
        index: the index file; DEDUPE_INDEX or the one in the user's data folder if None.
        encoder: whose vectors; those of the last scan if None.

    Returns:
        The photos with their vectors, and what was passed over.

    Raises:
        UnknownName: there is no such encoder.
        IndexProblem: there is no index, it cannot be used, or nothing of `paths` or with
            `encoder` was scanned yet.
        IndexDamaged: what it says is not what was written.
    """
    index = index or default_index()
    if encoder is not None:
        find_encoder(encoder)
    folders = each_absolute(paths)
    with Index(index) as store:
        row = store.last_encoder(encoder)
        photos, vectors, key = store.photos(row, folders)
        skips = store.skips(folders)
        roots = store.roots()
        ignored = known_ignored(store)
    _refuse_unscanned(folders, roots)
    kept, rows = _one_per_inode(photos)
    vectors = vectors if len(rows) == len(vectors) else vectors[rows]
    read = Read(tuple(kept), vectors, key)
    return Library(
        photos=read.photos,
        vectors=vectors,
        encoder=row,
        skips=skips,
        index=index,
        ignored=ignored,
        read=read,
    )


def find_problems(
    paths: Iterable[Path | str] | Path | str = (),
    *,
    index: Path | None = None,
    everything: bool = False,
) -> tuple[Skip, ...]:
    """What the last scans could not read. No photo is opened.

    Args:
        paths: only what is at or below these; all that was ever scanned if empty.
        index: the index file; DEDUPE_INDEX or the one in the user's data folder if None.
        everything: also what was passed over for a good reason: videos, texts, links.

    Returns:
        Files and folders with their reasons, sorted by path.

    Raises:
        IndexProblem: there is no index, it cannot be used, or one of `paths` was not
            scanned yet.
    """
    folders = each_absolute(paths)
    with Index(index or default_index()) as store:
        skips = store.skips(folders)
        roots = store.roots()
    _refuse_unscanned(folders, roots)
    return tuple(skip for skip in skips if everything or skip.problem)


def scanned_roots(*, index: Path | None = None) -> tuple[Path, ...]:
    """The folders that were scanned, sorted.

    Raises:
        IndexProblem: there is no index, or it cannot be used.
    """
    with Index(index or default_index()) as store:
        return store.roots()


def _refuse_unscanned(folders: Iterable[Path], roots: Sequence[Path]) -> None:
    for folder in folders:
        if not any(folder.is_relative_to(root) or root.is_relative_to(folder) for root in roots):
            raise IndexProblem(f"{folder} was not scanned yet", f"run `dedupe scan {folder}` first")


def thumbnails(library: Library, photos: Iterable[Photo]) -> dict[bytes, bytes]:
    """Small pictures of some photos, as the scan made them. No photo is opened.

    Args:
        library: where the photos are of.
        photos: some of them.

    Returns:
        JPEG files of about 12 kB by the content hash of the photo; a photo that was scanned
        without thumbnails has none.

    Raises:
        IndexProblem: the index cannot be used any more.
        IndexDamaged: a thumbnail is not as it was written.
    """
    with Index(library.index) as store:
        return store.thumbnails(photo.content for photo in photos)


def _one_per_inode(photos: Sequence[Photo]) -> tuple[list[Photo], list[int]]:
    """Hard links of one file become one photo, under the first of their names."""
    first: dict[tuple[int, int, bytes], int] = {}
    others: dict[int, list[Path]] = {}
    rows: list[int] = []
    for row, photo in enumerate(photos):
        # the content too: inode numbers are made up by some network file systems
        # and 0 is what those say that have none
        key = (photo.file.device, photo.file.inode or -row, photo.content)
        if first.setdefault(key, row) == row:
            rows.append(row)
        else:
            others.setdefault(first[key], []).append(photo.path)
    kept = [
        replace(photos[row], hard_links=tuple(others[row])) if row in others else photos[row]
        for row in rows
    ]
    return kept, rows
