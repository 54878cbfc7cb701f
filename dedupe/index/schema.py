"""Opening the index safely: ours, whole, of this version, or refused with a sentence."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from typing import Any

from dedupe.errors import IndexDamaged, IndexProblem
from dedupe.index.tables import statements

APPLICATION_ID = 0x64647570  # "ddup": any other SQLite file is not ours to touch
VERSION = 2

# What SQLite says when the file is not as it was written. A constraint can fail only where a
# row that should be found is not. The rest (full, locked, read-only, unreachable) is no damage.
_DAMAGE = {
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_FORMAT,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_TOOBIG,
    sqlite3.SQLITE_RANGE,
}
_SHORT_READ = 522  # SQLITE_IOERR_SHORT_READ: the file ends too soon
_AT_APPLICATION_ID = 68  # of the 100 bytes that every SQLite file begins with


def connect(path: Path, *, create: bool) -> tuple[sqlite3.Connection, int]:
    """Open the index at `path`, making its tables where `create` says so.

    Returns:
        The connection, and the version of the tables: VERSION, or an older one that must be
        migrated before anything else.

    Raises:
        IndexProblem: no index of ours, of a newer version, or cannot be opened.
        IndexDamaged: ours, and not as it was written.
    """
    try:
        db = sqlite3.connect(path, isolation_level=None)
    except sqlite3.DatabaseError as error:
        raise unusable(path, error) from error
    try:
        # a page whose cells overlap is refused before anything is read from it
        db.execute("PRAGMA cell_size_check = ON")
        if _is_empty(db):
            if not create:
                raise IndexProblem(
                    f"the index {path} is empty", "run `dedupe scan FOLDER`: it fills it"
                )
            _create(db)
        version = _checked_version(db, path)
        db.execute("PRAGMA foreign_keys = ON")
        # the totals are kept by triggers, which REPLACE would otherwise pass by
        db.execute("PRAGMA recursive_triggers = ON")
        # WAL with NORMAL survives kill -9 at any moment; a power cut may cost the last
        # batch, which the next scan encodes again
        db.execute("PRAGMA synchronous = NORMAL")
    except BaseException as error:
        db.close()
        # SQLite quotes a damaged schema in its message, whose bytes may be no text at all
        if isinstance(error, (sqlite3.DatabaseError, UnicodeDecodeError)):
            raise unusable(path, error, opening=True) from error
        raise
    return db, version


def legible_rows(path: Path, query: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a damaged index up to where it cannot be read on; nothing in it is changed.

    Whoever asks checks their seals.
    """
    with (
        suppress(sqlite3.Error),
        closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db,
    ):
        yield from db.execute(query)


def is_there(path: Path) -> bool:
    """Whether there is a file at `path`, or something that hides it from us."""
    try:
        return path.is_file()
    except OSError:
        return True


def is_ours(path: Path) -> bool:
    """Whether the first bytes of a file say that dedupe made it, damaged or not.

    Raises:
        IndexProblem: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except OSError as error:
        raise IndexProblem(
            f"the index {path} cannot be read: {error.strerror}", "nothing was changed"
        ) from error
    ours = APPLICATION_ID.to_bytes(4, "big")
    return head[_AT_APPLICATION_ID : _AT_APPLICATION_ID + 4] == ours


def damaged(path: Path, what: str) -> IndexDamaged:
    """The error for an index of ours that is not as it was written.

    Args:
        path: of the index.
        what: half a sentence: "a row of its files was altered".
    """
    return IndexDamaged(
        f"the index {path} is damaged: {what}",
        "run `dedupe scan FOLDER` on each of your folders: the first sets the damaged index aside "
        "and makes it anew; it holds no photos, only what is known of them",
    )


def unusable(
    path: Path, error: sqlite3.Error | UnicodeDecodeError, *, opening: bool = False
) -> IndexProblem:
    """The error for an index that SQLite cannot use.

    Args:
        path: of the index.
        error: what SQLite says.
        opening: before its tables were compared, where SQL that fails is damage to them.
    """
    if isinstance(error, UnicodeDecodeError):
        error = sqlite3.DatabaseError("malformed database schema")
    code = getattr(error, "sqlite_errorcode", None)  # none: a text that is no UTF-8
    in_schema = opening and code == sqlite3.SQLITE_ERROR
    if code is None or code & 0xFF in _DAMAGE or code == _SHORT_READ or in_schema:
        if path.is_file() and is_ours(path):
            return damaged(path, str(error))
        return IndexProblem(
            f"the index {path} cannot be used: {error}",
            "if it is yours and damaged, move it aside and scan again: it holds no photos, only "
            "what is known of them; otherwise name another file with --index or DEDUPE_INDEX",
        )
    return IndexProblem(
        f"the index {path} cannot be written or read: {error}",
        "what was written before is kept; check the free space and the rights of its folder",
    )


def _is_empty(db: sqlite3.Connection) -> bool:
    """Whether nothing was ever written, or a kill came before the tables were there."""
    (pages,) = db.execute("PRAGMA page_count").fetchone()
    (application,) = db.execute("PRAGMA application_id").fetchone()
    return (
        pages <= 1 and not application and not db.execute("SELECT 1 FROM sqlite_master").fetchone()
    )


def _create(db: sqlite3.Connection) -> None:
    # 12 kB thumbnails fit one to a page; 4 kB pages would chain four
    db.execute("PRAGMA page_size = 16384")
    db.execute("PRAGMA journal_mode = WAL")
    db.executescript(
        f"BEGIN IMMEDIATE; {statements()}"
        f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}; COMMIT;"
    )


def _checked_version(db: sqlite3.Connection, path: Path) -> int:
    (application,) = db.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION_ID:
        raise IndexProblem(
            f"{path} is no index of dedupe", "name another file with --index or DEDUPE_INDEX"
        )
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise IndexProblem(
            f"the index {path} was made by a newer dedupe (version {version}, this one "
            f"knows {VERSION})",
            "update dedupe, or name another file with --index",
        )
    # a trigger that counts wrongly, a table that begins at the root of another
    if version < 1 or (version == VERSION and tables_of(db) != _expected()):
        raise damaged(path, "its tables are not those that dedupe made")
    return version


def tables_of(db: sqlite3.Connection) -> list[tuple[str, str, str | None]]:
    """Type, name and SQL of all that is in a database, sorted by name."""
    rows = db.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
    return sorted(rows, key=lambda row: str(row[1]))


@cache
def _expected() -> list[tuple[str, str, str | None]]:
    db = sqlite3.connect(":memory:")
    try:
        db.executescript(statements())
        return tables_of(db)
    finally:
        db.close()
