"""All photos of an index with their vectors: read once, and again only after they change."""

import os
from array import array
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import compress
from operator import lt
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import xxhash

from dedupe.errors import IndexProblem
from dedupe.index.answers import AnswerFile, answer_key
from dedupe.index.columns import (
    NAMES,
    STORED,
    Columns,
    columns_from,
    columns_of,
    interleaved,
    merged,
)
from dedupe.index.facts import photo_keys
from dedupe.index.indexed import IndexedPhotos
from dedupe.index.opened import EncoderRow
from dedupe.index.reading import ReadIndex
from dedupe.index.rows import FILE_COLUMNS, PHOTO_COLUMNS, below
from dedupe.index.seals import file_seal, photo_seal
from dedupe.uncollected import uncollected

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

# a compaction may remove the file between two steps of a reader; it comes once a scan
_TRIES = 3

# Photos from which on their columns are remembered: 2,000 are read in 0.05 s.
WORTH = 2048

# Files that are new or changed, of so many, from which on all rows are read: one by one they take
# twice as long.
_OF_ALL = 4

# Goes up with every change of what is remembered.
_VERSION = 2

_COLUMNS = {**STORED, "keys": "u1", "state": "u1"}
_KEY = 16
_SEAL = FILE_COLUMNS.count(",") + 1  # where the seal of a file is in a row

_FACTS = ", ".join(f"photos.{column.strip()}" for column in PHOTO_COLUMNS.split(","))
_QUERY = (
    f"SELECT {FILE_COLUMNS}, files.seal, {_FACTS}, photos.seal FROM files NOT INDEXED"
    " LEFT JOIN photos ON photos.id = files.photo"
)


class Found(NamedTuple):
    """N photos, sorted by path, as an index remembers them.

    Attributes:
        photos: N of them.
        vectors: (N, dim) float16, row by row.
        key: 16 bytes that are others where any of this is.
        photo_keys: 16 bytes of each, of its content and its vector.
        seals: (N, 2) int64, of its file and of what is known of its content.
        thumbnails: (N,) bool, whether it has one.
    """

    photos: IndexedPhotos
    vectors: "npt.NDArray[np.float16]"
    key: bytes
    photo_keys: Sequence[bytes]
    seals: "npt.NDArray[np.int64]"
    thumbnails: "npt.NDArray[np.bool_]"


class FoundIndex(ReadIndex):
    """An index that gives its photos. Every one is as it was written, or an error.

    Of 2,048 photos and more their columns are remembered in a file beside the index, with what
    tells whether anything changed since: to read all rows, with their seals, takes five times as
    long. After a change the seals alone are read, and the rows that have others.
    """

    def photos(self, encoder: EncoderRow, roots: Sequence[Path]) -> Found:
        """Every photo file with a vector of this encoder, sorted by path.

        Raises:
            IndexDamaged: a photo or a vector is not as it was written.
        """
        import numpy as np

        for _ in range(_TRIES):
            with self.snapshot():
                segments = self.segments(encoder)
                if not segments:
                    self.rows_by_photo(encoder)  # none, or damage
                    nobody = IndexedPhotos(columns_of(()), np.empty(0, np.int64))
                    vectors = np.empty((0, encoder.dim), np.float16)
                    seals = np.empty((0, 2), np.int64)
                    return Found(nobody, vectors, b"", [], seals, np.empty(0, np.bool_))
                file = self.vector_file(encoder)
                try:
                    handle = file.open()
                except FileNotFoundError:
                    continue
                try:
                    known = _Known(self, encoder)
                    columns = known.columns or self._columns(encoder, known.before)
                    rows = _rows_below(columns, roots)
                    wanted = array("q", columns.number("row")[rows].tobytes())
                    vectors = file.read(handle, segments, wanted)
                finally:
                    os.close(handle)
            photos = IndexedPhotos(columns, rows)
            keys = known.keys_at(rows) or photo_keys(
                photos.each("content"), vectors, range(len(rows))
            )
            known.remember(columns, keys)
            seals = np.stack(
                [columns.number(name)[rows] for name in ("file_seal", "photo_seal")], axis=1
            )
            said = xxhash.xxh3_128(interleaved(photos.each("path"), photos.each("content")))
            said.update(seals.tobytes())
            said.update(encoder.fingerprint.encode())
            said.update(b"".join(keys))
            small = columns.number("thumbnail")[rows] != 0
            return Found(photos, vectors, said.digest(), keys, seals, small)
        raise self.damaged(f"{file.path.name} is missing")

    def state(self, encoder: EncoderRow) -> bytes:
        """16 bytes that are others once a photo, a file, or a vector of an encoder is.

        By the totals that triggers keep of every table: of two states with as many rows, the
        sums of their seals are the same once in 2**32.
        """
        query = "SELECT * FROM totals WHERE (name, part) IN (VALUES (?, 0), (?, 0), (?, ?), (?, ?))"
        tables = "files", "photos", "vectors", encoder.id, "segments", encoder.id
        totals = sorted(self._db.execute(query, tables).fetchall())
        file = self.vector_file(encoder)
        return answer_key((f"{totals} {file.path.name}".encode(),))

    def _columns(self, encoder: EncoderRow, before: Columns | None) -> Columns:
        """All rows that have a vector of an encoder, sorted by path.

        Args:
            encoder: whose.
            before: what they were, if that is known.
        """
        with self.sealed("photos"), uncollected():
            rows = self.rows_by_photo(encoder)
            found = self._since(before, rows) if before else None
            return columns_of(self._each_row(rows)) if found is None else found

    def _since(self, before: Columns, rows: "array[int]") -> Columns | None:
        """Likewise, of rows that have the seals they had what they said; None of too many others.

        Args:
            before: some rows, as they were.
            rows: by the number of a photo the row of its vector, -1 where there is none.
        """
        import numpy as np

        paths, row, now = self._each_seal(rows)
        there = before.each("path", np.arange(len(before)))
        place = dict(zip(there, range(len(there)), strict=True))
        at = np.array([place.get(path, -1) for path in paths], np.int64)
        is_new = at < 0
        for name, its in now.items():
            is_new |= before.number(name)[at] != its
        new = np.flatnonzero(is_new)
        if _OF_ALL * len(new) > len(paths):
            return None
        fresh = columns_of(self._row(paths[each], rows) for each in new.tolist())
        at[new] = len(before) + np.arange(len(new))
        return merged(before, fresh, at, row)

    def _each_seal(
        self, rows: "array[int]"
    ) -> "tuple[list[bytes], npt.NDArray[np.int64], dict[str, npt.NDArray[np.int64]]]":
        """Of every file that has a vector its path, in order, the row of that, and its seals."""
        import numpy as np

        table = self._db.execute("SELECT path, photo, seal FROM files NOT INDEXED ORDER BY path")
        files = table.fetchall()
        paths = [path for path, *_ in files]
        self._in_order(paths)
        photo, seal = np.array([each[1:] for each in files], np.int64).reshape(-1, 2).T
        self.compare("files", len(paths), int(seal.sum()))
        row = np.frombuffer(rows, np.int64)[photo]
        sealed = self._db.execute("SELECT id, seal FROM photos NOT INDEXED").fetchall()
        number, photo_is = np.array(sealed, np.int64).reshape(-1, 2).T
        of_photo = np.full(len(rows), -1)
        of_photo[number] = photo_is
        here = row >= 0
        seals = {"photo": photo, "file_seal": seal, "photo_seal": of_photo[photo]}
        return (
            list(compress(paths, here.tolist())),
            row[here],
            {name: its[here] for name, its in seals.items()},
        )

    def _row(self, path: bytes, rows: "array[int]") -> Sequence[Any]:
        """The row of one file, its seals checked."""
        row = self._db.execute(f"{_QUERY} WHERE path = ?", (path,)).fetchone()
        if row is None:
            raise self.damaged("a file is not where it should be")
        self._check(row)
        return (*row, rows[row[1]])

    def _each_row(self, rows: "array[int]") -> Iterator[Sequence[Any]]:
        """Every file with its photo and the row of its vector, by path, its seals checked."""
        count = summed = 0
        before: bytes | None = None
        for row in self._db.execute(f"{_QUERY} ORDER BY path"):
            self._check(row)
            path, photo = row[:2]
            if before is not None:
                self._in_order((before, path))
            before = path
            count += 1
            summed += row[_SEAL]
            if rows[photo] >= 0:
                yield (*row, rows[photo])
        self.compare("files", count, summed)

    def _check(self, row: Sequence[Any]) -> None:
        """Refuse a row that is not as it was written."""
        seal, photo_is = row[_SEAL], row[-1]
        if photo_is is None:
            raise self.damaged("a file belongs to no photo")
        if file_seal(*row[:_SEAL]) != seal or photo_seal(row[1], *row[_SEAL + 1 : -1]) != photo_is:
            raise self.altered("photos")

    def _in_order(self, paths: Sequence[bytes]) -> None:
        if not all(map(lt, paths, paths[1:])):
            raise self.damaged("its files are not in order")


class _Known:
    """What is remembered of an index.

    Attributes:
        columns: of all its photos; None where they are not known as they are.
        before: as they were when that was last looked at; None where it is not known.
    """

    def __init__(self, index: FoundIndex, encoder: EncoderRow) -> None:
        self._file = AnswerFile(index.path, encoder.fingerprint, "columns", _COLUMNS, 1)
        self._key = answer_key((f"{_VERSION} {NAMES} {encoder}".encode(),))
        self._state = index.state(encoder)
        self.columns: Columns | None = None
        self._keys = b""
        known = self._file.read(self._key)
        self.before = columns_from(known) if known is not None else None
        if known is not None and known["state"].tobytes() == self._state:
            self.columns, self._keys = self.before, known["keys"].tobytes()
            if self.columns is None or len(self._keys) != _KEY * len(self.columns):
                self._keys = b""

    def keys_at(self, rows: "npt.NDArray[np.int64]") -> list[bytes]:
        """The `photo_keys` of some rows; none where they are not known."""
        keys = self._keys
        return [keys[_KEY * row : _KEY * row + _KEY] for row in rows.tolist()] if keys else []

    def remember(self, columns: Columns, keys: Sequence[bytes]) -> None:
        """Write what is not known yet; where that cannot be, all rows are read next time.

        Args:
            columns: of all photos.
            keys: `photo_keys` of those that were asked for: worth it where these are all.
        """
        import numpy as np

        all_keys = keys if len(keys) == len(columns) else ()
        is_new = self.columns is None or (all_keys and not self._keys)
        if len(columns) < WORTH or not is_new:
            return
        joined, state = (np.frombuffer(b"".join(of), np.uint8) for of in (all_keys, (self._state,)))
        with suppress(IndexProblem):
            self._file.write(self._key, {**columns.stored(), "keys": joined, "state": state})


def _rows_below(columns: Columns, roots: Sequence[Path]) -> "npt.NDArray[np.int64]":
    import numpy as np

    everyone = np.arange(len(columns))
    if not roots:
        return everyone
    is_wanted = map(below(roots), columns.each("path", everyone))
    return everyone[np.fromiter(is_wanted, np.bool_, len(everyone))]
