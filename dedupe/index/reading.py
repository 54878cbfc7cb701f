"""Reading the index: what a scan asks of it, and what a library does. All of it is checked."""

import os
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cache
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dedupe.index.opened import EncoderRow, OpenIndex
from dedupe.index.rows import FILE_COLUMNS, PHOTO_COLUMNS, below
from dedupe.index.seals import VECTOR_SEAL, file_seal, photo_seal, row_seal, thumbnail_seal
from dedupe.index.vectors import Segment
from dedupe.photos.photo import Skip
from dedupe.uncollected import uncollected

if TYPE_CHECKING:
    pass

# Contents that are looked up one by one; to go through all of 100,000 takes 0.06 s.
_FEW = 4096

FileRow = tuple[bytes, int, int, int, int, int, int]  # FILE_COLUMNS and the seal
_seal_of = itemgetter(-1)


@cache
def reader() -> str:
    """Who reads photos here: one that could not be read is tried again when this changes."""
    from importlib.metadata import PackageNotFoundError, version  # 0.05 s to import

    from dedupe.photos.version import DECODE_VERSION

    def known(package: str) -> str:
        try:
            return version(package)
        except PackageNotFoundError:
            return "none"

    decoders = ("pillow", "pillow-heif", "rawpy", "pillow-jxl-plugin")
    return f"dedupe {DECODE_VERSION}, " + ", ".join(f"{each} {known(each)}" for each in decoders)


class ReadIndex(OpenIndex):
    """An index that answers questions. Every answer is as it was written, or an error.

    Where a table is read, all of it is: rows that damage made vanish are missed in its total.
    No answer rests on an SQLite index, which has no seals.
    """

    # -- what a scan asks -------------------------------------------------------------

    def known_contents(self, encoder: EncoderRow) -> set[bytes]:
        """The content hashes that have a vector of this encoder."""
        with self.snapshot(), self.sealed("photos"):
            rows = self.rows_by_photo(encoder)
            return {content for number, content, *_ in self.each_photo() if rows[number] >= 0}

    def files(
        self, encoder: EncoderRow, roots: Sequence[Path]
    ) -> tuple[dict[bytes, FileRow], set[bytes]]:
        """The photo files at or below `roots`, in one reading: 1 s of CPU for 1,000,000.

        None is missing, but the seals of single rows are not checked, which would take half
        of that again: where a row is the very same as what lies on the disk, that has
        checked it. Any other must go through `checked` before something rests on it.

        Returns:
            The rows by path, and the paths of those without a vector of this encoder.
        """
        is_below = below(roots)
        query = f"SELECT {FILE_COLUMNS}, seal FROM files NOT INDEXED"
        with self.snapshot(), self.sealed("files"), uncollected():
            rows = self.rows_by_photo(encoder)
            table = self._db.execute(query).fetchall()
            self.compare("files", len(table), sum(map(_seal_of, table)))
            known = {row[0]: row for row in table if is_below(row[0])}
            return known, {path for path, row in known.items() if rows[row[1]] < 0}

    def checked(self, row: FileRow) -> FileRow:
        """A row of `files`, as it was written.

        Raises:
            IndexDamaged: it is not.
        """
        with self.sealed("files"):
            if file_seal(*row[:-1]) != row[-1]:
                raise self.altered("files")
        return row

    def known_skips(self, roots: Sequence[Path]) -> dict[bytes, tuple[int, int, Skip]]:
        """Size, mtime_ns and reason by path of what this very reader could not read."""
        is_below = below(roots)
        return {
            path: (size, mtime_ns, Skip(Path(os.fsdecode(path)), reason, bool(problem)))
            for path, size, mtime_ns, reason, problem, who in self._each_skip()
            if is_below(path) and who == reader()
        }

    def files_under(self, roots: Sequence[Path]) -> set[bytes]:
        """The photo files at or below `roots`, of any encoder."""
        is_below = below(roots)
        return {path for path, *_ in self._each_file() if is_below(path)}

    def skips_under(self, roots: Sequence[Path]) -> set[bytes]:
        """What was passed over at or below `roots`."""
        is_below = below(roots)
        return {path for path, *_ in self._each_skip() if is_below(path)}

    # -- what a library asks ----------------------------------------------------------

    def roots(self) -> tuple[Path, ...]:
        """The folders that were scanned, sorted."""
        rows = self._each("roots", "path", row_seal)
        return tuple(Path(os.fsdecode(path)) for path in sorted(path for (path,) in rows))

    def skips(self, roots: Sequence[Path]) -> tuple[Skip, ...]:
        """What could not be read, sorted by path."""
        is_below = below(roots)
        found = [
            # without a size: every scan tries it again
            (path, Skip(Path(os.fsdecode(path)), reason, bool(problem), bool(problem and size < 0)))
            for path, size, _, reason, problem, _ in self._each_skip()
            if is_below(path)
        ]
        return tuple(skip for _, skip in sorted(found, key=lambda each: each[0]))

    def thumbnails(self, contents: Iterable[bytes]) -> dict[bytes, bytes]:
        """The thumbnails of these contents that there are: JPEG by content hash.

        Raises:
            IndexDamaged: one that was remembered is lost or altered.
        """
        wanted = set(contents)
        found = {}
        with self.snapshot():
            for content in sorted(wanted):
                row = self.find_content(content)
                if row is not None:
                    wanted.discard(content)
                    if row[-1]:
                        found[content] = self._thumbnail(row[0])
            if wanted:  # unknown, or the SQLite index over them is damaged: look at all
                for number, content, *_, thumbnail in self.each_photo():
                    if content in wanted and thumbnail:
                        found[content] = self._thumbnail(number)
        return found

    def _thumbnail(self, photo: int) -> bytes:
        query = "SELECT jpeg, seal FROM thumbnails WHERE photo = ?"
        jpeg, seal = self._db.execute(query, (photo,)).fetchone() or (None, None)
        if not isinstance(jpeg, bytes) or thumbnail_seal(photo, jpeg) != seal:
            raise self.altered("thumbnails")
        return jpeg

    # -- tables -----------------------------------------------------------------------

    def find_content(self, content: bytes) -> tuple[Any, ...] | None:
        """Number and PHOTO_COLUMNS of a content, or None where it is not known."""
        query = f"SELECT id, {PHOTO_COLUMNS}, seal FROM photos WHERE content = ?"
        row = self._db.execute(query, (content,)).fetchone()
        if row is None:
            return None
        with self.sealed("photos"):
            if row[1] != content or photo_seal(*row[:-1]) != row[-1]:
                raise self.altered("photos")
        return tuple(row[:-1])

    def whole_pixels(self, content: bytes) -> bytes:
        """The hash of every pixel of a content; b"" where it is not known."""
        names = ("id", *(column.strip() for column in PHOTO_COLUMNS.split(",")))
        facts = dict(zip(names, self.find_content(content) or (), strict=False))
        pixels: bytes = facts["pixel_hash"] if facts.get("reduced") == 1 else b""
        return pixels

    def last_photo(self) -> int:
        """The highest number of a photo, 0 where there is none. An altered one is not believed."""
        query = f"SELECT id, {PHOTO_COLUMNS}, seal FROM photos NOT INDEXED ORDER BY id DESC LIMIT 1"
        row = self._db.execute(query).fetchone()
        if row is None:
            return 0
        with self.sealed("photos"):
            if photo_seal(*row[:-1]) != row[-1]:
                raise self.altered("photos")
        return int(row[0])

    def segments(self, encoder: EncoderRow) -> list[Segment]:
        """What was appended to the vector file of an encoder, in its order."""
        found = []
        summed = 0
        query = "SELECT first, rows, hash, seal FROM segments WHERE encoder = ? ORDER BY first"
        with self.sealed("segments"):
            for *columns, seal in self._db.execute(query, (encoder.id,)):
                if row_seal(encoder.id, *columns) != seal:
                    raise self.altered("segments")
                found.append(Segment(*columns))
                summed += seal
        self.compare("segments", len(found), summed, encoder.id)
        return found

    def rows_by_photo(self, encoder: EncoderRow) -> "array[int]":
        """The row of the vector by the number of the photo, -1 where there is none.

        8 bytes a photo, where a dict takes 100.
        """
        # an altered row is left out by SQLite, and missed in the total
        sound = f"FROM vectors WHERE encoder = ? AND seal = {VECTOR_SEAL}"
        count, summed = self._db.execute(
            f"SELECT count(*), coalesce(sum(seal), 0) {sound}", (encoder.id,)
        ).fetchone()
        self.compare("vectors", count, summed, encoder.id)
        with self.sealed("vectors"):
            rows = array("q", [-1]) * (self.last_photo() + 1)
            for photo, row in self._db.execute(f"SELECT photo, row {sound}", (encoder.id,)):
                rows[photo] = row
        return rows

    def each_photo(self) -> Iterator[tuple[Any, ...]]:
        """Number and PHOTO_COLUMNS of every content."""
        return self._each("photos", f"id, {PHOTO_COLUMNS}", photo_seal)

    def each_verdict(
        self, method: str, among: Collection[int]
    ) -> Iterator[tuple[int, int, bytes, int]]:
        """Numbers of two photos, evidence and seal of every pair that `method` found related.

        Args:
            method: who verified.
            among: the numbers of both; where they are few, the others are not gone through.
        """
        query = "SELECT first, second, evidence, seal FROM verdicts WHERE method = ?"
        rows: Iterable[tuple[int, int, bytes, int]] = (
            self._db.execute(query, (method,))
            if len(among) > _FEW
            else chain.from_iterable(
                self._db.execute(f"{query} AND first = ?", (method, number)) for number in among
            )
        )
        wanted = frozenset(among)
        return (row for row in rows if row[0] in wanted and row[1] in wanted)

    def each_unrelated(self, method: str) -> Iterator[tuple[bytes, int]]:
        """Rows of `unrelated` of a method: pairs and seal."""
        yield from self._db.execute("SELECT pairs, seal FROM unrelated WHERE method = ?", (method,))

    def each_look(self, method: str) -> Iterator[tuple[str, int, int, bytes, int]]:
        """What was looked for, numbers of two photos, what was seen and seal of every look."""
        query = "SELECT asked, photo, beside, seen, seal FROM looked WHERE method = ?"
        yield from self._db.execute(query, (method,))

    def each_ignored(self) -> Iterator[tuple[Any, ...]]:
        """Contents, one behind the other, and whether they are apart, of every decision."""
        return self._each("ignored", "contents, apart", row_seal)

    def paths_of(self, contents: Iterable[bytes]) -> dict[bytes, tuple[Path, ...]]:
        """Where some contents lie, sorted; those that lie nowhere are left out."""
        wanted = set(contents)
        with self.snapshot():
            numbers = {photo: content for photo, content in self.contents() if content in wanted}
            found: dict[bytes, list[bytes]] = {}
            for path, photo, *_ in self._each_file():
                if photo in numbers:
                    found.setdefault(numbers[photo], []).append(path)
        return {
            content: tuple(Path(os.fsdecode(path)) for path in sorted(paths))
            for content, paths in found.items()
        }

    def numbers_of(self, contents: Collection[bytes]) -> dict[int, bytes]:
        """By number those of some contents that are known."""
        if len(contents) <= _FEW:
            found = ((self.find_content(each), each) for each in contents)
            return {row[0]: each for row, each in found if row is not None}
        wanted = set(contents)
        return {number: content for number, content in self.contents() if content in wanted}

    def contents(self) -> Iterator[tuple[int, bytes]]:
        """Number and content of every photo that is known."""
        yield from self._db.execute("SELECT id, content FROM photos NOT INDEXED")

    def _each_file(self) -> Iterator[tuple[Any, ...]]:
        return self._each("files", FILE_COLUMNS, file_seal)

    def _each_skip(self) -> Iterator[tuple[Any, ...]]:
        return self._each("skips", "path, size, mtime_ns, reason, problem, reader", row_seal)

    def _each(
        self, table: str, columns: str, seal_of: Callable[..., int]
    ) -> Iterator[tuple[Any, ...]]:
        """Every row of a table, each checked, and at its end that none is missing."""
        count = summed = 0
        with self.snapshot():
            for *row, seal in self._db.execute(f"SELECT {columns}, seal FROM {table} NOT INDEXED"):
                with self.sealed(table):
                    if seal_of(*row) != seal:
                        raise self.altered(table)
                count += 1
                summed += seal
                yield tuple(row)
            self.compare(table, count, summed)
