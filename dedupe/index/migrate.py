"""Bringing an index of an older version up to date; a copy of it is kept."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path
from typing import Any

from dedupe.errors import IndexProblem
from dedupe.index import schema
from dedupe.index.rows import FILE_COLUMNS, PHOTO_COLUMNS
from dedupe.index.seals import UNSEALABLE, file_seal, photo_seal, row_seal, vector_seal
from dedupe.index.tables import statements
from dedupe.index.vectors import VectorFile

_V1 = ("encoders", "photos", "vectors", "files", "skips", "roots")
# vectors in a segment: 2.5 MB of 1280 dimensions
_ROWS = 1024


def migrate(db: sqlite3.Connection, path: Path, version: int) -> None:
    """Turn an index of version 1 into one of VERSION, in one transaction.

    A kill leaves either the one or the other. Nothing is encoded again: vectors move from
    SQLite into a vector file. What version 1 did not know of a photo stays unknown until
    the photo is decoded again.

    Args:
        db: the connection, outside of a transaction.
        path: of the index; the copy will be `index.v1.db` beside `index.db`.
        version: of the index, 1.

    Raises:
        IndexProblem: the disk is full, or the copy cannot be written.
        IndexDamaged: the old index is not as it was written.
    """
    there = {name for kind, name, _ in schema.tables_of(db) if kind == "table"}
    if not there.issuperset(_V1):
        raise schema.damaged(path, "its tables are not those that dedupe made")
    _keep_a_copy(db, path, version)
    db.execute("PRAGMA foreign_keys = OFF")
    db.execute("PRAGMA legacy_alter_table = ON")  # leave the old references as they are
    renames = (f"ALTER TABLE {name} RENAME TO v1_{name};" for name in _V1)
    # a script, as Python commits before one: what follows belongs to its transaction
    db.executescript(
        "BEGIN IMMEDIATE; DROP INDEX vectors_by_photo; DROP INDEX files_by_photo;"
        f"{' '.join(renames)} {statements()}"
    )
    try:
        _copy(db, path)
        for name in _V1:
            db.execute(f"DROP TABLE v1_{name}")
        db.execute(f"PRAGMA user_version = {schema.VERSION}")
        db.execute("COMMIT")
    except BaseException as error:
        with suppress(sqlite3.Error):
            db.execute("ROLLBACK")
        if isinstance(error, UNSEALABLE):
            raise schema.damaged(path, "a row was altered") from error
        raise
    with suppress(sqlite3.OperationalError):  # a full disk: it stays large, and sound
        db.execute("VACUUM")


def _copy(db: sqlite3.Connection, path: Path) -> None:
    """Every row of the tables v1_*, with its seal."""
    encoders = db.execute("SELECT id, name, fingerprint, dim, used FROM v1_encoders").fetchall()
    for generation, encoder in enumerate(encoders, start=1):
        columns = (*encoder, generation)
        _put(db, "encoders", "id, name, fingerprint, dim, used, generation", *_sealed(columns))
    for number, content, width, height, kind, taken in db.execute(
        "SELECT id, content, width, height, format, taken FROM v1_photos"
    ):
        columns = (number, content, width, height, kind, taken or "", "", "", "")
        columns += (0, 0, 0, 1, 1, 0, b"", 1, b"", 0)
        _put(db, "photos", f"id, {PHOTO_COLUMNS}", columns, photo_seal(*columns))
    for generation, (number, _, fingerprint, dim, _) in enumerate(encoders, start=1):
        _copy_vectors(db, number, VectorFile(path, fingerprint, generation, dim))
    for row in db.execute(f"SELECT {FILE_COLUMNS} FROM v1_files"):
        _put(db, "files", FILE_COLUMNS, row, file_seal(*row))
    skips = "path, size, mtime_ns, reason, problem, reader"
    for row in db.execute(f"SELECT {skips} FROM v1_skips"):
        _put(db, "skips", skips, *_sealed(row))
    for row in db.execute("SELECT path FROM v1_roots"):
        _put(db, "roots", "path", *_sealed(row))


def _copy_vectors(db: sqlite3.Connection, encoder: int, file: VectorFile) -> None:
    import numpy as np

    query = "SELECT photo, vector FROM v1_vectors WHERE encoder = ? ORDER BY id"
    first = 0
    for rows in _some(db.execute(query, (encoder,))):
        flat = np.frombuffer(b"".join(vector for _, vector in rows), "<f2")
        segment = file.append(first, flat.reshape(len(rows), file.dim))
        _put(db, "segments", "encoder, first, rows, hash", *_sealed((encoder, *segment)))
        for row, (photo, _) in enumerate(rows, start=first):
            seal = vector_seal(photo, encoder, row)
            _put(db, "vectors", "photo, encoder, row", (photo, encoder, row), seal)
        first += len(rows)


def _some(rows: Iterator[tuple[int, bytes]]) -> Iterator[list[tuple[int, bytes]]]:
    while some := list(islice(rows, _ROWS)):
        yield some


def _sealed(columns: tuple[Any, ...]) -> tuple[tuple[Any, ...], int]:
    return columns, row_seal(*columns)


def _put(
    db: sqlite3.Connection, table: str, names: str, columns: tuple[Any, ...], seal: int
) -> None:
    marks = ", ?" * len(columns)
    db.execute(f"INSERT INTO {table} ({names}, seal) VALUES (?{marks})", (*columns, seal))


def _keep_a_copy(db: sqlite3.Connection, path: Path, version: int) -> None:
    """The old index as index.v1.db, or index.v1-2.db where that is taken."""
    part = path.with_name(f"{path.stem}.v{version}.db.part")
    try:
        part.unlink(missing_ok=True)  # of a migration that was killed
        try:
            with closing(sqlite3.connect(part)) as copy:
                db.backup(copy)
            with part.open("r+b") as file:
                os.fsync(file.fileno())
            part.rename(_free(path, version))
        finally:  # gone already, unless it could not be written
            part.unlink(missing_ok=True)
    except OSError as error:
        raise IndexProblem(
            f"the index {path} is of version {version}, and the copy that is made before it is "
            f"brought up to date cannot be written: {error.strerror or error}",
            "the index is as it was; check the free space and the rights of its folder",
        ) from error


def _free(path: Path, version: int) -> Path:
    """A name that nothing has; under the lock no other process takes it."""
    name, number = f"{path.stem}.v{version}.db", 1
    while os.path.lexists(path.with_name(name)):
        number += 1
        name = f"{path.stem}.v{version}-{number}.db"
    return path.with_name(name)
