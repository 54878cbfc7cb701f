"""An index as dedupe 0.1 made it, written with the SQL of that time."""

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np

# the text of dedupe/index/schema.py of 0.1.0, without its comments
TABLES = """
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
DIM = 24


def content(number: int) -> bytes:
    return hashlib.sha256(str(number).encode()).digest()


def vector(number: int, encoder: int) -> "np.ndarray":
    return np.random.default_rng([number, encoder]).standard_normal(DIM).astype("<f2")


def make_old_index(index: Path, photos: int) -> None:
    """Two encoders, of which the first was used last; every tenth photo is there twice."""
    index.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(index, isolation_level=None)) as db:
        db.execute("PRAGMA page_size = 16384")
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(
            f"BEGIN IMMEDIATE; {TABLES} PRAGMA application_id = {0x64647570};"
            "PRAGMA user_version = 1; COMMIT; BEGIN;"
        )
        db.execute("INSERT INTO encoders VALUES (1, 'red', 'red-1', ?, 2)", (DIM,))
        db.execute("INSERT INTO encoders VALUES (2, 'blue', 'blue-1', ?, 1)", (DIM,))
        db.execute("INSERT INTO encoders VALUES (3, 'green', 'green-1', ?, 0)", (DIM,))
        for number in range(photos, 0, -1):
            taken = "2019-07-14T10:15:12.730000" if number % 2 else None
            row = (number, content(number), 4000, number, "JPEG", taken)
            db.execute("INSERT INTO photos VALUES (?, ?, ?, ?, ?, ?)", row)
            for encoder in (1, 2) if number % 3 else (1,):
                db.execute(
                    "INSERT INTO vectors (encoder, photo, vector) VALUES (?, ?, ?)",
                    (encoder, number, vector(number, encoder).tobytes()),
                )
            for name in (
                (f"{number:04}", f"{number:04}b") if number % 10 == 0 else (f"{number:04}",)
            ):
                path = f"/photos/{name}.jpg".encode() + b"\xff"
                row = (path, number, 4_000_000, -number, -1, -(1 << 63) + number)
                db.execute("INSERT INTO files VALUES (?, ?, ?, ?, ?, ?)", row)
        db.execute("INSERT INTO skips VALUES (?, 7, 8, 'is a vidéo', 0, 'old')", (b"/photos/a",))
        db.execute("INSERT INTO roots VALUES (?)", (b"/photos",))
        db.execute("COMMIT")
