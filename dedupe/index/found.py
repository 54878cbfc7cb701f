"""All photos of an index with their vectors: read once, and again only after they change."""

import os
from array import array
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import xxhash

from dedupe.errors import IndexProblem
from dedupe.index.answers import AnswerFile, answer_key
from dedupe.index.columns import NAMES, STORED, Columns, columns_from, columns_of, interleaved
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

# Goes up with every change of what is remembered.
_VERSION = 1

_COLUMNS = {**STORED, "keys": "u1"}
_KEY = 16
_SEAL = FILE_COLUMNS.count(",") + 1  # where the seal of a file is in a row


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

    Of 2,048 photos and more their columns are remembered in a file beside the index, by what
    tells that nothing changed: to read all rows, with their seals, takes five times as long.
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
                    columns = known.columns or self._columns(encoder)
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
        return answer_key((f"{_VERSION} {NAMES} {totals} {file.path.name} {encoder}".encode(),))

    def _columns(self, encoder: EncoderRow) -> Columns:
        """All rows that have a vector of an encoder, sorted by path."""
        with self.sealed("photos"), uncollected():
            return columns_of(self._each_row(encoder))

    def _each_row(self, encoder: EncoderRow) -> Iterator[Sequence[Any]]:
        """Every file with its photo and the row of its vector, by path, its seals checked."""
        count = summed = 0
        before: bytes | None = None
        rows = self.rows_by_photo(encoder)
        facts = ", ".join(f"photos.{column.strip()}" for column in PHOTO_COLUMNS.split(","))
        query = (
            f"SELECT {FILE_COLUMNS}, files.seal, {facts}, photos.seal FROM files NOT INDEXED"
            " LEFT JOIN photos ON photos.id = files.photo ORDER BY path"
        )
        for row in self._db.execute(query):
            seal, photo_is = row[_SEAL], row[-1]
            path, photo = row[:2]
            if photo_is is None:
                raise self.damaged("a file belongs to no photo")
            if (
                file_seal(*row[:_SEAL]) != seal
                or photo_seal(photo, *row[_SEAL + 1 : -1]) != photo_is
            ):
                raise self.altered("photos")
            if before is not None and path <= before:
                raise self.damaged("its files are not in order")
            before = path
            count += 1
            summed += seal
            if rows[photo] >= 0:
                yield (*row, rows[photo])
        self.compare("files", count, summed)


class _Known:
    """What is remembered of an index as it is.

    Attributes:
        columns: of all its photos; None where they are not known.
    """

    def __init__(self, index: FoundIndex, encoder: EncoderRow) -> None:
        self._file = AnswerFile(index.path, encoder.fingerprint, "columns", _COLUMNS, 1)
        self._state = index.state(encoder)
        self.columns: Columns | None = None
        self._keys = b""
        known = self._file.read(self._state)
        if known is not None and (columns := columns_from(known)) is not None:
            self.columns, self._keys = columns, known["keys"].tobytes()
            if len(self._keys) != _KEY * len(columns):
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
        joined = np.frombuffer(b"".join(all_keys), np.uint8)
        with suppress(IndexProblem):
            self._file.write(self._state, {**columns.stored(), "keys": joined})


def _rows_below(columns: Columns, roots: Sequence[Path]) -> "npt.NDArray[np.int64]":
    import numpy as np

    everyone = np.arange(len(columns))
    if not roots:
        return everyone
    is_wanted = map(below(roots), columns.each("path", everyone))
    return everyone[np.fromiter(is_wanted, np.bool_, len(everyone))]
