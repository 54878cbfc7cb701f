"""What is remembered of photos between runs."""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt
import PIL
from filelock import FileLock, Timeout

from dedupe.errors import IndexProblem
from dedupe.index import schema
from dedupe.photos.decode import DECODE_VERSION
from dedupe.photos.photo import Photo, PhotoFile, Skip

# a photo that could not be read is tried again when one of these changes
READER = f"dedupe {DECODE_VERSION}, pillow {PIL.__version__}, pillow-heif {version('pillow-heif')}"


@dataclass(frozen=True, slots=True)
class EncoderRow:
    """One encoder that has vectors in the index.

    Attributes:
        id: its number in the index.
        name: as in ENCODERS.
        fingerprint: of everything that changes its vectors.
        dim: length of its vectors.
    """

    id: int
    name: str
    fingerprint: str
    dim: int


class Index:
    """The SQLite file that remembers photos and vectors. Use it as a context manager.

    Raises:
        IndexProblem: missing (unless `create`), not ours, newer, damaged, or, with
            `lock`, in use by another scan.
    """

    def __init__(self, path: Path, *, create: bool = False, lock: bool = False) -> None:
        self.path = path
        if create:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise IndexProblem(
                    f"the folder of the index {path} cannot be made: {error.strerror}",
                    "name another place with --index or DEDUPE_INDEX",
                ) from error
        elif not schema.is_there(path):
            raise IndexProblem(f"there is no index at {path}", "run `dedupe scan FOLDER` first")
        self._lock = FileLock(f"{path}.lock") if lock else None
        if self._lock is not None:
            try:
                self._lock.acquire(timeout=0)
            except Timeout as error:
                raise IndexProblem(
                    f"another scan is writing to {path}", "wait for it, or name another --index"
                ) from error
            except OSError as error:
                raise IndexProblem(
                    f"the index {path} cannot be locked: {error.strerror}",
                    "name another place with --index or DEDUPE_INDEX",
                ) from error
        try:
            self._db = schema.connect(path, create=create)
        except BaseException:
            if self._lock is not None:
                self._lock.release()
            raise

    def __enter__(self) -> "Index":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._db.close()
        if self._lock is not None:
            self._lock.release()
        if isinstance(error, sqlite3.DatabaseError):
            raise schema.damaged(self.path, error) from error

    @contextmanager
    def batch(self) -> Iterator[None]:
        """All writes inside happen, or none: also under kill -9."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            # a full disk has rolled back already, and its own words are the ones to show
            with suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            raise

    # -- encoders ---------------------------------------------------------------------

    def encoder(self, name: str, fingerprint: str, dim: int) -> EncoderRow:
        """The row of an encoder, made where it is new."""
        self._db.execute(
            "INSERT OR IGNORE INTO encoders (name, fingerprint, dim, used) VALUES (?, ?, ?, 0)",
            (name, fingerprint, dim),
        )
        return self._encoder("WHERE fingerprint = ?", (fingerprint,))

    def use_encoder(self, encoder: EncoderRow) -> None:
        """Mark an encoder as that of the last scan: one that remembered something."""
        self._db.execute(
            "UPDATE encoders SET used = (SELECT max(used) + 1 FROM encoders) WHERE id = ?",
            (encoder.id,),
        )

    def last_encoder(self, name: str | None = None) -> EncoderRow:
        """The encoder of the last scan, or of the last scan with `name`.

        Raises:
            IndexProblem: there was none.
        """
        where, values = ("AND name = ?", (name,)) if name else ("", ())
        try:
            return self._encoder(f"WHERE used > 0 {where}", values)
        except LookupError:
            option = f" --encoder {name}" if name else ""
            raise IndexProblem(
                f"nothing was scanned{' with' if name else ''}{option} yet (index: {self.path})",
                f"run `dedupe scan FOLDER{option}` first",
            ) from None

    def _encoder(self, where: str, values: Sequence[str]) -> EncoderRow:
        query = f"SELECT id, name, fingerprint, dim FROM encoders {where} ORDER BY used DESC"
        row = self._db.execute(query, values).fetchone()
        if row is None:
            raise LookupError
        return EncoderRow(*row)

    # -- what a scan asks -------------------------------------------------------------

    def known_contents(self, encoder: EncoderRow) -> set[bytes]:
        """The content hashes that have a vector of this encoder."""
        query = "SELECT content FROM photos JOIN vectors ON photo = photos.id WHERE encoder = ?"
        return {content for (content,) in self._db.execute(query, (encoder.id,))}

    def known_files(
        self, encoder: EncoderRow, roots: Sequence[Path]
    ) -> dict[bytes, tuple[int, int, int, int]]:
        """Size, mtime_ns, device and inode by path of the files with a vector of this encoder."""
        rows = self._db.execute(
            "SELECT path, size, mtime_ns, device, inode"
            " FROM files JOIN vectors USING (photo) WHERE encoder = ?",
            (encoder.id,),
        )
        return {
            path: (size, mtime, _unsigned(device), _unsigned(inode))
            for path, size, mtime, device, inode in rows
            if is_under(path, roots)
        }

    def known_skips(self, roots: Sequence[Path]) -> dict[bytes, tuple[int, int, Skip]]:
        """Size, mtime_ns and reason by path of what this very reader could not read."""
        rows = self._db.execute(
            "SELECT path, size, mtime_ns, reason, problem FROM skips WHERE reader = ?", (READER,)
        )
        return {
            path: (size, mtime, Skip(Path(os.fsdecode(path)), reason, bool(problem)))
            for path, size, mtime, reason, problem in rows
            if is_under(path, roots)
        }

    def files_under(self, roots: Sequence[Path]) -> set[bytes]:
        """The photo files at or below `roots`, of any encoder."""
        rows = self._db.execute("SELECT path FROM files")
        return {path for (path,) in rows if is_under(path, roots)}

    def skips_under(self, roots: Sequence[Path]) -> set[bytes]:
        """What was passed over at or below `roots`."""
        rows = self._db.execute("SELECT path FROM skips")
        return {path for (path,) in rows if is_under(path, roots)}

    # -- what a scan writes -----------------------------------------------------------

    def remember_photo(
        self, photo: Photo, encoder: EncoderRow, vector: npt.NDArray[np.float32]
    ) -> None:
        """Store a photo and its vector ((dim,) float32, seed units)."""
        taken = photo.taken.isoformat() if photo.taken else None
        self._db.execute(
            "INSERT INTO photos (content, width, height, format, taken) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (content) DO UPDATE SET width = excluded.width,"
            " height = excluded.height, format = excluded.format, taken = excluded.taken",
            (photo.content, photo.width, photo.height, photo.format, taken),
        )
        self._db.execute(
            "INSERT OR REPLACE INTO vectors (encoder, photo, vector)"
            " VALUES (?, (SELECT id FROM photos WHERE content = ?), ?)",
            (encoder.id, photo.content, vector.astype("<f2").tobytes()),
        )
        self.remember_file(photo)

    def remember_file(self, photo: Photo) -> None:
        """Store where a photo lies whose content and vector are known."""
        file = photo.file
        path = os.fsencode(file.path)
        self._db.execute("DELETE FROM skips WHERE path = ?", (path,))
        self._db.execute(
            "INSERT OR REPLACE INTO files (path, photo, size, mtime_ns, device, inode)"
            " VALUES (?, (SELECT id FROM photos WHERE content = ?), ?, ?, ?, ?)",
            (
                path,
                photo.content,
                file.size,
                file.mtime_ns,
                _signed(file.device),
                _signed(file.inode),
            ),
        )

    def remember_skip(self, skip: Skip, file: PhotoFile | None = None) -> None:
        """Store that something was passed over, and why.

        Where `file` is given and the fault is lasting, only a change of it makes another
        scan try again. What was remembered of a photo at that path is kept while the
        fault may pass.
        """
        path = os.fsencode(skip.path)
        if not skip.passing:
            self._db.execute("DELETE FROM files WHERE path = ?", (path,))
        size, mtime_ns = (file.size, file.mtime_ns) if file and not skip.passing else (-1, -1)
        self._db.execute(
            "INSERT OR REPLACE INTO skips (path, size, mtime_ns, reason, problem, reader)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (path, size, mtime_ns, skip.reason, skip.problem, READER),
        )

    def remember_roots(self, roots: Iterable[Path]) -> None:
        """Store which folders were scanned."""
        rows = [(os.fsencode(root),) for root in roots]
        self._db.executemany("INSERT OR IGNORE INTO roots (path) VALUES (?)", rows)

    def forget_roots(self, roots: Sequence[Path]) -> None:
        """Drop the folders at or below `roots` from the list of those scanned."""
        gone = [(os.fsencode(r),) for r in self.roots() if is_under(os.fsencode(r), roots)]
        self._db.executemany("DELETE FROM roots WHERE path = ?", gone)

    def forget(self, files: Iterable[bytes], skips: Iterable[bytes]) -> None:
        """Drop files and skips by path; what is known of a content stays for now."""
        self._db.executemany("DELETE FROM files WHERE path = ?", [(path,) for path in files])
        self._db.executemany("DELETE FROM skips WHERE path = ?", [(path,) for path in skips])

    def renumber(self, files: Iterable[PhotoFile]) -> None:
        """Store new device and inode numbers of files that are otherwise as they were."""
        rows = [(_signed(f.device), _signed(f.inode), os.fsencode(f.path)) for f in files]
        self._db.executemany("UPDATE files SET device = ?, inode = ? WHERE path = ?", rows)

    def drop_unused(self) -> None:
        """Drop what is known of contents that no file has any more."""
        self._db.execute("DELETE FROM photos WHERE id NOT IN (SELECT photo FROM files)")

    def follow(self, moves: Iterable[tuple[Path, Path]]) -> None:
        """Photos were moved by us: remember them where they are now."""
        rows = [(os.fsencode(target), os.fsencode(source)) for source, target in moves]
        self._db.executemany("UPDATE OR REPLACE files SET path = ? WHERE path = ?", rows)

    # -- what a library asks ----------------------------------------------------------

    def roots(self) -> tuple[Path, ...]:
        """The folders that were scanned, sorted."""
        rows = self._db.execute("SELECT path FROM roots ORDER BY path")
        return tuple(Path(os.fsdecode(path)) for (path,) in rows)

    def skips(self, roots: Sequence[Path]) -> tuple[Skip, ...]:
        """What could not be read, sorted by path."""
        rows = self._db.execute("SELECT path, reason, problem FROM skips ORDER BY path")
        return tuple(
            Skip(Path(os.fsdecode(path)), reason, bool(problem))
            for path, reason, problem in rows
            if is_under(path, roots)
        )

    def photos(
        self, encoder: EncoderRow, roots: Sequence[Path]
    ) -> tuple[list[Photo], npt.NDArray[np.float16]]:
        """Every photo file with a vector of this encoder, sorted by path.

        Returns:
            N photos and their (N, dim) float16 vectors, row by row.
        """
        rows = self._db.execute(
            "SELECT path, size, mtime_ns, device, inode, content, width, height, format, taken,"
            " vectors.id FROM files JOIN photos ON photos.id = files.photo"
            " JOIN vectors ON vectors.photo = photos.id WHERE encoder = ? ORDER BY path",
            (encoder.id,),
        )
        photos: list[Photo] = []
        wanted: list[int] = []
        for path, size, mtime, device, inode, content, width, height, kind, taken, vector in rows:
            if not is_under(path, roots):
                continue
            file = PhotoFile(
                path=Path(os.fsdecode(path)),
                size=size,
                mtime_ns=mtime,
                device=_unsigned(device),
                inode=_unsigned(inode),
            )
            photos.append(
                Photo(
                    file=file,
                    content=content,
                    width=width,
                    height=height,
                    format=kind,
                    taken=datetime.fromisoformat(taken) if taken else None,
                )
            )
            wanted.append(vector)
        return photos, self._vectors(encoder, wanted)

    def _vectors(self, encoder: EncoderRow, wanted: Sequence[int]) -> npt.NDArray[np.float16]:
        """(len(wanted), dim) float16: read once in the order of the table, then spread."""
        ids = np.asarray(wanted, dtype=np.int64)
        order = np.argsort(ids, kind="stable")
        vectors = np.empty((len(ids), encoder.dim), np.float16)
        rows = self._db.execute(
            "SELECT id, vector FROM vectors WHERE encoder = ? ORDER BY id", (encoder.id,)
        )
        at = 0
        for number, blob in rows:
            while at < len(order) and ids[order[at]] == number:
                vectors[order[at]] = np.frombuffer(blob, "<f2", encoder.dim)
                at += 1
        return vectors


def is_under(path: bytes, roots: Sequence[Path]) -> bool:
    """Whether a path is one of `roots` or below one; true where there are none."""
    for root in map(os.fsencode, roots):
        if path == root or path.startswith(root.rstrip(b"/") + b"/"):
            return True
    return not roots


def _signed(number: int) -> int:
    """SQLite's integers are signed 64 bit; inode numbers of some systems are not."""
    return number - (1 << 64) if number >= 1 << 63 else number


def _unsigned(number: int) -> int:
    return number + (1 << 64) if number < 0 else number
