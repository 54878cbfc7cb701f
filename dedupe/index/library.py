"""Photos and their vectors, as the index remembers them."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from dedupe.encoders.registry import find_encoder
from dedupe.errors import IndexProblem
from dedupe.index.facts import facts_of, mixed, photo_keys
from dedupe.index.ignored import Ignored, known_ignored
from dedupe.index.indexed import IndexedPhotos, contents
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

    photos: Sequence[Photo]
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
    def fact_keys(self) -> "npt.NDArray[np.uint64]":
        """(C, 2) uint64: of each of `first_rows` all that is known of its content and its files.

        They are others where a photo was moved, copied, encoded again or read by another
        decoder. (0, 2) where `key` is b"".
        """
        import numpy as np

        if self.read is None or not self.key:
            return np.empty((0, 2), np.uint64)
        firsts, facts = self.first_rows, self.read.facts
        keys = np.frombuffer(b"".join(self.photo_keys), np.uint64).reshape(-1, 2)
        found = mixed(keys + facts[firsts])
        if len(firsts) < len(facts):
            each = [(its[0], other) for its in self.copied for other in its[1:]]
            own, copies = np.array(each, np.int64).T
            np.add.at(found, np.searchsorted(firsts, own), mixed(facts[copies]))
        return found

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
        if self.read is not None and self.key:
            return self.read.copies
        rows = sorted(range(len(self.photos)), key=self.places.__getitem__)
        return _by_content(self.photos, rows)

    @cached_property
    def copied(self) -> Sequence[Sequence[int]]:
        """Those of `copies` that are of several photos: few of all, as a rule."""
        return [its for its in self.copies.values() if len(its) > 1]

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
        rows = self.first_rows.tolist()
        if self.read is not None and self.key:
            return [self.read.photo_keys[row] for row in rows]
        return photo_keys((self.photos[row].content for row in rows), self.vectors, rows)


@dataclass(frozen=True, slots=True)
class Read:
    """Photos and vectors as an index gave them, in the order of their paths.

    Attributes:
        photos: those of the library.
        vectors: likewise.
        key: 16 bytes that are others where any of this is.
        copies: by the row of its first photo each content's rows.
        photo_keys: 16 bytes of each, of its content and its vector.
        facts: (N, 2) uint64, of each photo what is known of its content and its file.
        thumbnails: (N,) bool, whether it has one.
    """

    photos: Sequence[Photo]
    vectors: "npt.NDArray[np.float16]"
    key: bytes
    copies: Mapping[int, Sequence[int]]
    photo_keys: Sequence[bytes]
    facts: "npt.NDArray[np.uint64]"
    thumbnails: "npt.NDArray[np.bool_]"


def open_library(
    paths: Iterable[Path | str] | Path | str = (),
    *,
    index: Path | None = None,
    encoder: str | None = None,
) -> Library:
    """Read what earlier scans remembered. No photo is opened.

    Memory: 2 bytes per dimension and about 0.5 kB per photo, 3 kB in all for 1280
    dimensions, and 1 kB more for each photo that is asked for.

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
        found = store.photos(row, folders)
        skips = store.skips(folders)
        roots = store.roots()
        ignored = known_ignored(store)
    _refuse_unscanned(folders, roots)
    copies = _by_content(found.photos, range(len(found.photos)))
    links = _hard_links(found.photos, copies)
    photos, rows = _one_per_inode(found.photos, links)
    is_whole = not links
    read = Read(
        photos=photos,
        vectors=found.vectors if is_whole else found.vectors[rows],
        key=found.key,
        copies=copies if is_whole else _by_content(photos, range(len(photos))),
        photo_keys=found.photo_keys if is_whole else [found.photo_keys[row] for row in rows],
        facts=facts_of(found.seals, links)[rows],
        thumbnails=found.thumbnails[rows],
    )
    return Library(
        photos=read.photos,
        vectors=read.vectors,
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


def _by_content(photos: Sequence[Photo], rows: Iterable[int]) -> Mapping[int, Sequence[int]]:
    """By the first row of each content its rows, in the order of some rows."""
    content = contents(photos)
    found: dict[bytes, list[int]] = {}
    with uncollected():
        for row in rows:
            found.setdefault(content[row], []).append(row)
        return {its[0]: its for its in found.values()}


def _hard_links(
    photos: Sequence[Photo], copies: Mapping[int, Sequence[int]]
) -> list[Sequence[int]]:
    """The rows of the names of each file that has several."""
    found: dict[tuple[int, int, bytes], list[int]] = {}
    for rows in copies.values():
        for row in rows if len(rows) > 1 else ():
            # the content too: inode numbers are made up by some network file systems
            # and 0 is what those say that have none
            file = photos[row].file
            key = (file.device, file.inode or -row, photos[row].content)
            found.setdefault(key, []).append(row)
    return [rows for rows in found.values() if len(rows) > 1]


def _one_per_inode(
    photos: IndexedPhotos, links: Iterable[Sequence[int]]
) -> "tuple[IndexedPhotos, npt.NDArray[np.int64]]":
    """Hard links of one file become one photo, under the first of their names; and its row."""
    import numpy as np

    others = {first: rest for first, *rest in links}
    rows = np.delete(np.arange(len(photos)), [row for rest in others.values() for row in rest])
    if not others:
        return photos, rows
    names = {first: tuple(photos[other].path for other in rest) for first, rest in others.items()}
    return photos.with_names(rows, names), rows
