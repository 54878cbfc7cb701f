"""The tables of the index, and opening them safely."""

import sqlite3
from pathlib import Path

from dedupe.errors import IndexProblem

APPLICATION_ID = 0x64647570  # "ddup": any other SQLite file is not ours to touch
VERSION = 1

# A photo is its content: copies and moved files share one row and one vector. Paths and
# hashes are bytes, so that no name is too odd. Vectors are half precision: 2.5 kB a photo
# instead of 5, and at norm 30 a distance changes by less than 0.01 seed units.
_TABLES = """
CREATE TABLE encoders (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    fingerprint TEXT NOT NULL UNIQUE,
    dim INTEGER NOT NULL,
    used INTEGER NOT NULL            -- the highest is that of the last scan; 0: of none yet
);
CREATE TABLE photos (
    id INTEGER PRIMARY KEY,
    content BLOB NOT NULL UNIQUE,    -- blake3 of the bytes
    width INTEGER NOT NULL,          -- upright
    height INTEGER NOT NULL,
    format TEXT NOT NULL,
    taken TEXT                       -- ISO 8601, camera's wall clock
);
CREATE TABLE vectors (
    id INTEGER PRIMARY KEY,
    encoder INTEGER NOT NULL REFERENCES encoders,
    photo INTEGER NOT NULL REFERENCES photos ON DELETE CASCADE,
    vector BLOB NOT NULL,            -- dim little-endian float16, in seed units
    UNIQUE (encoder, photo)
);
CREATE INDEX vectors_by_photo ON vectors (photo);
CREATE TABLE files (
    path BLOB PRIMARY KEY,
    photo INTEGER NOT NULL REFERENCES photos,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    device INTEGER NOT NULL,
    inode INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX files_by_photo ON files (photo);
CREATE TABLE skips (
    path BLOB PRIMARY KEY,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    reason TEXT NOT NULL,
    problem INTEGER NOT NULL,
    reader TEXT NOT NULL             -- who could not read it: another version tries again
) WITHOUT ROWID;
CREATE TABLE roots (path BLOB PRIMARY KEY) WITHOUT ROWID;
"""


def connect(path: Path, *, create: bool) -> sqlite3.Connection:
    """Open the index at `path`, making its tables where `create` says so.

    Raises:
        IndexProblem: no index of ours, of a newer version, damaged, or cannot be opened.
    """
    try:
        db = sqlite3.connect(path, isolation_level=None)
    except sqlite3.DatabaseError as error:
        raise damaged(path, error) from error
    try:
        if create and not db.execute("SELECT 1 FROM sqlite_master").fetchone():
            _create(db)
        _check(db, path)
        db.execute("PRAGMA foreign_keys = ON")
        # WAL with NORMAL survives kill -9 at any moment; a power cut may cost the last
        # batch, which the next scan encodes again
        db.execute("PRAGMA synchronous = NORMAL")
    except BaseException as error:
        db.close()
        if isinstance(error, sqlite3.DatabaseError):
            raise damaged(path, error) from error
        raise
    return db


def is_there(path: Path) -> bool:
    """Whether there is a file at `path`, or something that hides it from us."""
    try:
        return path.is_file()
    except OSError:
        return True


def damaged(path: Path, error: sqlite3.Error) -> IndexProblem:
    """The error for an index that SQLite cannot use."""
    if isinstance(error, sqlite3.OperationalError):  # full, locked, read-only, unreachable
        return IndexProblem(
            f"the index {path} cannot be written or read: {error}",
            "what was written before is kept; check the free space and the rights of its folder",
        )
    return IndexProblem(
        f"the index {path} cannot be used: {error}",
        "if it is yours and damaged, move it aside and scan again: it holds no photos, only what "
        "is known of them; otherwise name another file with --index or DEDUPE_INDEX",
    )


def _create(db: sqlite3.Connection) -> None:
    # 4 kB pages hold one vector each and waste 40 %; measured 391 MiB against 244 raw
    db.execute("PRAGMA page_size = 16384")
    db.execute("PRAGMA journal_mode = WAL")
    db.executescript(
        f"BEGIN IMMEDIATE; {_TABLES}"
        f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}; COMMIT;"
    )


def _check(db: sqlite3.Connection, path: Path) -> None:
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise IndexProblem(
            f"{path} is no index of dedupe", "name another file with --index or DEDUPE_INDEX"
        )
    if version > VERSION:
        raise IndexProblem(
            f"the index {path} was made by a newer dedupe (version {version}, this one "
            f"knows {VERSION})",
            "update dedupe, or name another file with --index",
        )
