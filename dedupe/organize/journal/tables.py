"""The tables of the journal, version 4, and what older versions lack of them."""

import sqlite3
from pathlib import Path
from typing import Any

from dedupe.errors import JournalProblem
from dedupe.names import safe
from dedupe.transaction import transaction

_APPLICATION = 0x64656A6E  # "dejn"
_VERSION = 4
# Paths are the bytes of the system, names of any encoding. Device and inode are text: they may
# need 64 bits without a sign (Windows, ZFS), and SQLite's integers have one.
_SCHEMA = """
CREATE TABLE actions(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    token TEXT NOT NULL,
    action TEXT NOT NULL,
    into_path BLOB NOT NULL,
    started REAL NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'done', 'undoing', 'undone'))
);
CREATE TABLE steps(
    action INTEGER NOT NULL REFERENCES actions(id),
    seq INTEGER NOT NULL,
    verb TEXT NOT NULL,
    source BLOB NOT NULL,
    target BLOB NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    device TEXT NOT NULL,
    inode TEXT NOT NULL,
    content BLOB NOT NULL,
    link BLOB NOT NULL,
    mode INTEGER NOT NULL,
    was BLOB NOT NULL DEFAULT x'',
    state TEXT NOT NULL CHECK (state IN ('planned', 'intent', 'done', 'failed', 'undone')),
    reason TEXT NOT NULL DEFAULT '',
    made_mtime_ns INTEGER,
    made_device TEXT,
    made_inode TEXT,
    PRIMARY KEY (action, seq)
) WITHOUT ROWID;
CREATE TABLE attributes(
    action INTEGER NOT NULL REFERENCES actions(id),
    seq INTEGER NOT NULL,
    name BLOB NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (action, seq, name)
) WITHOUT ROWID;
CREATE TABLE kept(
    action INTEGER NOT NULL REFERENCES actions(id),
    seq INTEGER NOT NULL,
    path BLOB NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    device TEXT NOT NULL,
    inode TEXT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (action, seq)
) WITHOUT ROWID;
CREATE TABLE folders(
    action INTEGER NOT NULL REFERENCES actions(id),
    path BLOB NOT NULL,
    mode INTEGER NOT NULL,
    atime_ns INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    after_ns INTEGER,
    PRIMARY KEY (action, path)
) WITHOUT ROWID;
CREATE TABLE mounts(
    action INTEGER NOT NULL REFERENCES actions(id),
    path BLOB NOT NULL,
    PRIMARY KEY (action, path)
) WITHOUT ROWID;
CREATE TABLE probes(
    name TEXT PRIMARY KEY,
    path BLOB NOT NULL,
    mode INTEGER NOT NULL,
    atime_ns INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    mount BLOB NOT NULL DEFAULT x''
) WITHOUT ROWID;
"""
_STATEMENTS = _SCHEMA.split(";\n")


def open_tables(db: sqlite3.Connection, path: Path) -> None:
    """Make the tables of a new journal, bring an older one up to date, refuse any other file.

    Raises:
        JournalProblem: it is of a newer version, or something else altogether.
        sqlite3.Error: it is damaged.
    """

    def one(query: str) -> Any:
        return db.execute(query).fetchone()[0]

    application, version = one("PRAGMA application_id"), one("PRAGMA user_version")
    if one("SELECT count(*) FROM sqlite_master") == 0 and not application:
        # FULL with a write-ahead log is one fsync for each commit; FULL survives a power
        # cut, NORMAL may forget the last intents
        db.execute("PRAGMA journal_mode = WAL")
        with transaction(db):
            for statement in _STATEMENTS:
                db.execute(statement)
            db.execute(f"PRAGMA application_id = {_APPLICATION}")
            db.execute(f"PRAGMA user_version = {_VERSION}")
    elif application != _APPLICATION:
        raise JournalProblem(f"{safe(path)} is no journal of dedupe")
    elif version > _VERSION:
        raise JournalProblem(
            f"the journal {safe(path)} has version {version}, known is {_VERSION}",
            "use the newer dedupe that wrote it",
        )
    elif version < _VERSION:
        _bring_up_to_date(db)
    db.execute("PRAGMA synchronous = FULL")
    if (found := one("PRAGMA quick_check")) != "ok":
        raise sqlite3.DatabaseError(f"it is damaged ({found})")


def _bring_up_to_date(db: sqlite3.Connection) -> None:
    # 1 had no extended attributes, 2 no links of the user's and no photos that stay, 3 did not
    # know where drives are mounted
    with transaction(db):
        for statement in filter(str.strip, _STATEMENTS):
            db.execute(statement.replace("TABLE", "TABLE IF NOT EXISTS", 1))
        for table, column in (("steps", "was"), ("probes", "mount")):
            columns = {row[1] for row in db.execute(f"PRAGMA table_info({table})")}
            if column not in columns:
                db.execute(f"ALTER TABLE {table} ADD COLUMN {column} BLOB NOT NULL DEFAULT x''")
        db.execute(f"PRAGMA user_version = {_VERSION}")
