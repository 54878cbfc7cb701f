"""What is remembered of photos between runs, and how it changes."""

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dedupe.index.aside import set_aside as set_aside
from dedupe.index.compact import compact, put_segment
from dedupe.index.found import FoundIndex
from dedupe.index.opened import EncoderRow as EncoderRow
from dedupe.index.reading import reader
from dedupe.index.rows import (
    FILE_COLUMNS,
    PHOTO_COLUMNS,
    Seen,
    below,
    file_row,
    photo_row,
    signed,
    utf8,
)
from dedupe.index.rows import is_under as is_under
from dedupe.index.seals import file_seal, row_seal, thumbnail_seal, vector_seal
from dedupe.photos.photo import Photo, PhotoFile, Skip

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

# What is known of a content that no file has is kept so long: photos are moved to another drive,
# which is scanned next month.
KEPT_S = 90 * 24 * 3600

_PUT_FILE = (
    f"INSERT INTO files ({FILE_COLUMNS}, seal) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (path)"
    " DO UPDATE SET photo = excluded.photo, size = excluded.size, mtime_ns = excluded.mtime_ns,"
    " device = excluded.device, inode = excluded.inode, seal = excluded.seal"
)
_FACTS = [column.strip() for column in PHOTO_COLUMNS.split(",")] + ["seal"]
_PUT_PHOTO = (
    f"INSERT INTO photos (id, {', '.join(_FACTS)}) VALUES (?{', ?' * len(_FACTS)})"
    f" ON CONFLICT (id) DO UPDATE SET {', '.join(f'{each} = excluded.{each}' for each in _FACTS)}"
)
_PUT_VECTOR = (
    "INSERT INTO vectors (photo, encoder, row, seal) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (photo, encoder) DO UPDATE SET row = excluded.row, seal = excluded.seal"
)
_PUT_THUMBNAIL = (
    "INSERT INTO thumbnails (photo, jpeg, seal) VALUES (?, ?, ?)"
    " ON CONFLICT (photo) DO UPDATE SET jpeg = excluded.jpeg, seal = excluded.seal"
)
_PUT_VERDICT = (
    "INSERT INTO verdicts (method, first, second, evidence, seal) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (first, second) DO UPDATE SET method = excluded.method,"
    " evidence = excluded.evidence, seal = excluded.seal"
)
_PUT_SKIP = (
    "INSERT INTO skips (path, size, mtime_ns, reason, problem, reader, seal)"
    " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET size = excluded.size,"
    " mtime_ns = excluded.mtime_ns, reason = excluded.reason, problem = excluded.problem,"
    " reader = excluded.reader, seal = excluded.seal"
)


class Index(FoundIndex):
    """The SQLite file that remembers photos, and the vector files beside it.

    Use it as a context manager: `Index(path, create=True, lock=True)` to scan,
    `Index(path)` to read. What is written outside of a `batch` is a batch of its own.

    Raises:
        IndexProblem: missing (unless `create`), not ours, newer, or, with `lock`, in use by
            another scan.
        IndexDamaged: ours, and not as it was written.
    """

    def __init__(self, path: Path, *, create: bool = False, lock: bool = False) -> None:
        super().__init__(path, create=create, lock=lock)
        self._compacted = self._dropped = False
        # rows in each vector file by the encoder's number: under the lock nobody else appends
        self._ends: dict[int, int] = {}

    @contextmanager
    def batch(self) -> Iterator[None]:
        """All writes inside happen, or none: also under kill -9."""
        self._compacted = self._dropped = False
        with ExitStack() as unless_whole:
            unless_whole.callback(self._ends.clear)
            with super().batch():
                yield
            unless_whole.pop_all()
        if self._compacted:
            self.remove_old_vectors()
        if self._dropped:
            self._drop_features()

    def remember_photos(
        self,
        encoder: EncoderRow,
        photos: Sequence[Photo],
        vectors: "npt.NDArray[np.float32]",
        thumbnails: Sequence[bytes | None],
    ) -> None:
        """Store what is known of contents; where they lie is told by `remember_files`.

        What was known of a content before is replaced, but a thumbnail is not by None.

        Args:
            encoder: who made the vectors.
            photos: B of them.
            vectors: (B, dim) float32, seed units.
            thumbnails: B small JPEGs, or None.

        Raises:
            IndexProblem: the vectors cannot be written.
        """
        if not len(photos):
            return
        with self.whole():
            if encoder.id not in self._ends:
                segments = self.segments(encoder)
                self._ends[encoder.id] = segments[-1].first + segments[-1].rows if segments else 0
            first = self._ends[encoder.id]
            added = self.vector_file(encoder).append(first, vectors)
            put_segment(self._db, encoder, added)
            self._ends[encoder.id] += added.rows
            last = self.last_photo()
            rows = zip(photos, thumbnails, range(first, first + added.rows), strict=True)
            for photo, thumbnail, row in rows:
                known = self.find_content(photo.content)
                number = known[0] if known else last + 1
                last = max(last, number)
                has_one = thumbnail is not None or bool(known and known[-1])
                self._db.execute(_PUT_PHOTO, photo_row(number, photo, thumbnail=has_one))
                if thumbnail is not None:
                    seal = thumbnail_seal(number, thumbnail)
                    self._db.execute(_PUT_THUMBNAIL, (number, thumbnail, seal))
                seal = vector_seal(number, encoder.id, row)
                self._db.execute(_PUT_VECTOR, (number, encoder.id, row, seal))

    def remember_files(self, photos: Sequence[Photo]) -> None:
        """Store where photos lie whose contents are known."""
        with self.whole():
            for photo in photos:
                known = self.find_content(photo.content)
                if known is None:
                    raise self.damaged(f"the content of {photo.path} is not in it any more")
                row = file_row(photo.file, known[0])
                self._db.execute("DELETE FROM skips WHERE path = ?", row[:1])
                self._db.execute(_PUT_FILE, row)

    def remember_skip(self, skip: Skip, file: Seen | None = None) -> None:
        """Store that something was passed over, and why.

        Where `file` is given and the fault is lasting, only a change of it makes another
        scan try again. What was remembered of a photo at that path is kept while the
        fault may pass.
        """
        path = os.fsencode(skip.path)
        size, mtime_ns = (file.size, file.mtime_ns) if file and not skip.passing else (-1, -1)
        columns = (path, size, mtime_ns, utf8(skip.reason), int(skip.problem), reader())
        with self.whole():
            if not skip.passing:
                self._db.execute("DELETE FROM files WHERE path = ?", (path,))
            self._db.execute(_PUT_SKIP, (*columns, row_seal(*columns)))

    def remember_roots(self, roots: Iterable[Path]) -> None:
        """Store which folders were scanned."""
        rows = [(path, row_seal(path)) for path in map(os.fsencode, roots)]
        with self.whole():
            self._db.executemany("INSERT OR IGNORE INTO roots (path, seal) VALUES (?, ?)", rows)

    def forget_roots(self, roots: Sequence[Path]) -> None:
        """Drop the folders at or below `roots` from the list of those scanned."""
        is_below = below(roots)
        with self.whole():
            gone = [(path,) for path in map(os.fsencode, self.roots()) if is_below(path)]
            self._db.executemany("DELETE FROM roots WHERE path = ?", gone)

    def forget(self, files: Iterable[bytes], skips: Iterable[bytes]) -> None:
        """Drop files and skips by path; what is known of a content stays for now."""
        with self.whole():
            self._db.executemany("DELETE FROM files WHERE path = ?", ((path,) for path in files))
            self._db.executemany("DELETE FROM skips WHERE path = ?", ((path,) for path in skips))

    def renumber(self, files: Iterable[Seen]) -> None:
        """Store new device and inode numbers of files that are otherwise as they were."""
        with self.whole():
            for file in files:
                path = os.fsencode(file.path)
                if row := self._file(path):
                    row = (*row[:4], signed(file.device), signed(file.inode))
                    self._db.execute(_PUT_FILE, (*row, file_seal(*row)))

    def follow(self, moves: Iterable[tuple[Path, Path]]) -> None:
        """Photos were moved by us: remember them where they are now, in the order given."""
        with self.whole():
            for source, target in moves:
                old, new = os.fsencode(source), os.fsencode(target)
                if row := self._file(old):
                    self._db.execute("DELETE FROM files WHERE path = ?", (old,))
                    row = (new, *row[1:])
                    self._db.execute(_PUT_FILE, (*row, file_seal(*row)))

    def bring_back(self, files: Iterable[tuple[PhotoFile, bytes]]) -> None:
        """Photos were given back by us: remember them, with their contents if these are known."""
        with self.whole():
            for file, content in files:
                if known := self.find_content(content):
                    self._db.execute(_PUT_FILE, file_row(file, known[0]))

    def _file(self, path: bytes) -> "tuple[bytes, int, int, int, int, int] | None":
        query = f"SELECT {FILE_COLUMNS}, seal FROM files WHERE path = ?"
        row = self._db.execute(query, (path,)).fetchone()
        if row is None:
            return None
        with self.sealed("files"):
            if row[0] != path or file_seal(*row[:-1]) != row[-1]:
                raise self.altered("files")
        return tuple(row[:-1])

    def put_verdicts(
        self, method: str, rows: Sequence[tuple[object, ...]], unrelated: bytes, seal: int
    ) -> None:
        """Store rows of `verdicts` and one of `unrelated`, and drop those of other methods."""
        with self.whole():
            for table in ("verdicts", "unrelated"):
                self._db.execute(f"DELETE FROM {table} WHERE method <> ?", (method,))
            self._db.executemany(_PUT_VERDICT, rows)
            if unrelated:
                query = "INSERT INTO unrelated (method, pairs, seal) VALUES (?, ?, ?)"
                self._db.execute(query, (method, unrelated, seal))

    def put_looks(self, method: str, rows: Sequence[tuple[object, ...]]) -> None:
        """Store rows of `looked`, and drop those of other methods."""
        query = (
            "INSERT OR IGNORE INTO looked (method, asked, photo, beside, seen, seal)"
            " VALUES (?, ?, ?, ?, ?, ?)"
        )
        with self.whole():
            self._db.execute("DELETE FROM looked WHERE method <> ?", (method,))
            self._db.executemany(query, rows)

    def put_ignored(self, rows: Iterable[tuple[bytes, int]]) -> None:
        """Store decisions: contents, one behind the other, and whether they are apart."""
        query = "INSERT OR IGNORE INTO ignored (contents, apart, seal) VALUES (?, ?, ?)"
        with self.whole():
            self._db.executemany(query, ((*row, row_seal(*row)) for row in rows))

    def drop_ignored(self, rows: Iterable[tuple[bytes, int]]) -> None:
        """Drop decisions."""
        with self.whole():
            self._db.executemany("DELETE FROM ignored WHERE contents = ? AND apart = ?", rows)

    def drop_unused(self, *, at_once: bool = False) -> None:
        """Drop contents that no file has had for 90 days, with all that is remembered of them.

        Until then a photo that comes back, from another drive or under another name, is
        recognised. Vector files of which more than half is unused are written anew.

        Args:
            at_once: drop also those that some file had until now.
        """
        now = int(time.time())
        used = "EXISTS (SELECT 1 FROM files WHERE files.photo = photos.id)"
        with self.whole():
            self._db.execute(
                f"UPDATE photos SET unused_since = NULL WHERE unused_since IS NOT NULL AND {used}"
            )
            self._db.execute(
                f"UPDATE photos SET unused_since = ? WHERE unused_since IS NULL AND NOT {used}",
                (now,),
            )
            oldest = now if at_once else now - KEPT_S
            gone = self._db.execute("DELETE FROM photos WHERE unused_since <= ?", (oldest,))
            self._dropped = gone.rowcount > 0
            if compact(self, self._db):
                self._compacted = True
                self._ends.clear()

    def _drop_features(self) -> None:
        """Drop what was found in the thumbnails that were dropped (features.py)."""
        from dedupe.index.features import FeatureFile

        with closing(FeatureFile(self.path)) as features:
            features.forget_all_but([content for _, content in self.contents()])
