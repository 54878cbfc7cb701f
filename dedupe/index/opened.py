"""An open index: its lock, its transactions, its counts, and the encoders it knows."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from dedupe.errors import IndexDamaged, IndexProblem
from dedupe.index import aside, schema
from dedupe.index.lock import WriteLock
from dedupe.index.seals import UNSEALABLE, row_seal
from dedupe.index.tables import total_seal
from dedupe.index.vectors import VectorFile, each_beside, vectors_beside
from dedupe.transaction import transaction

# another process that migrates the index is done by then; it copies 1,000,000 photos a minute
_MIGRATING_S = 60.0
_Encoder = tuple[int, str, str, int, int, int]  # id, name, fingerprint, dim, used, generation


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


class OpenIndex:
    """The connection to an index. Use it as a context manager.

    An index of an older version is migrated first, under the lock.

    Raises:
        IndexProblem: missing (unless `create`), not ours, newer, or, with `lock`, in use by
            another scan.
        IndexDamaged: ours, and not as it was written.
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
        self._lock = WriteLock(path)
        with ExitStack() as unless_opened:
            unless_opened.callback(self._lock.release)
            if lock:
                self._lock.acquire()
                aside.refuse_noted(path)
            self._db, version = schema.connect(path, create=create)
            if version < schema.VERSION:
                self._db.close()
                self._migrate(locked=lock)
            if lock:
                with self._told():
                    self.remove_old_vectors()
            unless_opened.pop_all()

    def _migrate(self, *, locked: bool) -> None:
        from dedupe.index.migrate import migrate

        if not locked:
            self._lock.acquire(wait=_MIGRATING_S)
        self._db, version = schema.connect(self.path, create=False)
        if version < schema.VERSION:  # and no other process was quicker
            try:
                with self._told():
                    migrate(self._db, self.path, version)
            finally:
                self._db.close()
            self._db, _ = schema.connect(self.path, create=False)
        if not locked:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._db.close()
        self._lock.release()
        problem = error
        if isinstance(error, sqlite3.DatabaseError):
            problem = schema.unusable(self.path, error)
        if isinstance(problem, IndexDamaged):
            aside.note_damage(self.path)
        if problem is not None and problem is not error:
            raise problem from error

    # -- transactions -----------------------------------------------------------------

    @contextmanager
    def batch(self) -> Iterator[None]:
        """All writes inside happen, or none: also under kill -9."""
        with transaction(self._db):
            yield

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """All reading inside sees one state, whatever a scan writes meanwhile."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN")
        try:
            yield
        finally:
            with suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")

    @contextmanager
    def whole(self) -> Iterator[None]:
        """A batch of its own, or a part of the one that is under way."""
        if self._db.in_transaction:
            yield
        else:
            with self.batch():
                yield

    # -- damage -----------------------------------------------------------------------

    def damaged(self, what: str) -> IndexDamaged:
        """The error for something that is not as it was written."""
        return schema.damaged(self.path, what)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Where nobody has entered yet: the words of SQLite become a sentence."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise schema.unusable(self.path, error) from error

    @contextmanager
    def sealed(self, table: str) -> Iterator[None]:
        """What comes out of an altered row in here is said as damage to `table`."""
        try:
            yield
        except UNSEALABLE as error:
            raise self.altered(table) from error

    def altered(self, table: str) -> IndexDamaged:
        """The error for a row that does not fit its seal."""
        return self.damaged(f"a row of its {table} was altered")

    def compare(self, table: str, rows: int, summed: int, part: int = 0) -> None:
        """Check that a reading of all of a table met every row of it.

        Args:
            table: its name.
            rows: how many were read.
            summed: their seals added up.
            part: the encoder's number, for `segments` and `vectors`.

        Raises:
            IndexDamaged: rows are missing, or the count of them is damaged.
        """
        query = "SELECT rows, sum, seal FROM totals WHERE name = ? AND part = ?"
        total = self._db.execute(query, (table, part)).fetchone()
        if total != (rows, summed, total_seal(table, part, rows, summed)):
            raise self.damaged(f"not all of its {table} are there")

    # -- encoders ---------------------------------------------------------------------

    def encoder(self, name: str, fingerprint: str, dim: int) -> EncoderRow:
        """The row of an encoder, made where it is new."""
        with self.whole():
            rows = self._encoders()
            for row in rows:
                if row[2] == fingerprint:
                    return EncoderRow(*row[:4])
            number = max((row[0] for row in rows), default=0) + 1
            generation = max((row[5] for row in rows), default=0) + 1
            columns = (number, name, fingerprint, dim, 0, generation)
            self._db.execute(
                "INSERT INTO encoders (id, name, fingerprint, dim, used, generation, seal)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (*columns, row_seal(*columns)),
            )
        return EncoderRow(number, name, fingerprint, dim)

    def use_encoder(self, encoder: EncoderRow) -> None:
        """Mark an encoder as that of the last scan: one that remembered something."""
        with self.whole():
            rows = self._encoders()
            last = max((row[4] for row in rows), default=0)
            self._change_encoder(rows, encoder, used=last + 1)

    def last_encoder(self, name: str | None = None) -> EncoderRow:
        """The encoder of the last scan, or of the last scan with `name`.

        Raises:
            IndexProblem: there was none.
        """
        with self.snapshot():
            rows = [row for row in self._encoders() if row[4] and name in (None, row[1])]
        if not rows:
            option = f" --encoder {name}" if name else ""
            raise IndexProblem(
                f"nothing was scanned{' with' if name else ''}{option} yet (index: {self.path})",
                f"run `dedupe scan FOLDER{option}` first",
            )
        return EncoderRow(*max(rows, key=lambda row: row[4])[:4])

    def encoders(self) -> list[EncoderRow]:
        """Every encoder that ever made vectors here."""
        return [EncoderRow(*row[:4]) for row in self._encoders()]

    def begin_generation(self, encoder: EncoderRow) -> int:
        """From here on the vectors of an encoder are in a file of a new number."""
        rows = self._encoders()
        generation = max(row[5] for row in rows) + 1
        self._change_encoder(rows, encoder, generation=generation)
        return generation

    def _encoders(self) -> list[_Encoder]:
        """Id, name, fingerprint, dim, used and generation of every encoder."""
        found = []
        summed = 0
        query = (
            "SELECT id, name, fingerprint, dim, used, generation, seal FROM encoders NOT INDEXED"
        )
        with self.sealed("encoders"):
            for *columns, seal in self._db.execute(query):
                if row_seal(*columns) != seal:
                    raise self.altered("encoders")
                found.append(tuple(columns))
                summed += seal
        self.compare("encoders", len(found), summed)
        return found

    def _change_encoder(
        self,
        rows: Sequence[_Encoder],
        encoder: EncoderRow,
        *,
        used: int | None = None,
        generation: int | None = None,
    ) -> None:
        row = self._row_of(rows, encoder)
        used, generation = used or row[4], generation or row[5]
        self._db.execute(
            "UPDATE encoders SET used = ?, generation = ?, seal = ? WHERE id = ?",
            (used, generation, row_seal(*row[:4], used, generation), encoder.id),
        )

    def vector_file(self, encoder: EncoderRow) -> VectorFile:
        """The file with the vectors of an encoder, as of this snapshot."""
        generation = self._row_of(self._encoders(), encoder)[5]
        return VectorFile(self.path, encoder.fingerprint, generation, encoder.dim)

    def _row_of(self, rows: Sequence[_Encoder], encoder: EncoderRow) -> _Encoder:
        for row in rows:
            if row[:4] == (encoder.id, encoder.name, encoder.fingerprint, encoder.dim):
                return row
        raise self.damaged(f"encoder {encoder.name} is not in it any more")

    def remove_old_vectors(self) -> None:
        """Remove vector files that were compacted into another, once that is durable.

        A kill may come before that, or before the other was committed, so a scan begins with
        this, too: with the lock nobody is writing a file that is not named yet.
        """
        with self.snapshot():
            rows = self._encoders()
        current = {vectors_beside(self.path, row[2], row[5]) for row in rows}
        old = [path for path in each_beside(self.path) if path not in current]
        if not old:
            return
        # what is in the database itself was synced; what is only in the -wal may not be
        _, written, copied = self._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        for path in old if written == copied else ():
            with suppress(OSError):  # Windows: a reader has it open; another scan removes it
                path.unlink()
