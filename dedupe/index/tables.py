"""The tables of the index, version 2, and the triggers that count them."""

from zlib import crc32

# A photo is its content: copies and moved files share one row and one vector. Paths and
# hashes are bytes, so that no name is too odd. The vectors lie in a file of their own
# (vectors.py). Every row has a seal (seals.py).
_TABLES = """
CREATE TABLE encoders (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    fingerprint TEXT NOT NULL UNIQUE,
    dim INTEGER NOT NULL,
    used INTEGER NOT NULL,           -- the highest is that of the last scan; 0: of none yet
    generation INTEGER NOT NULL,     -- of its vector file; no two files have the same
    seal INTEGER NOT NULL
);
CREATE TABLE photos (
    id INTEGER PRIMARY KEY,
    content BLOB NOT NULL UNIQUE,    -- blake3 of the bytes
    width INTEGER NOT NULL,          -- upright
    height INTEGER NOT NULL,
    format TEXT NOT NULL,
    taken TEXT NOT NULL,             -- ISO 8601, camera's wall clock; "" if unknown
    taken_from TEXT NOT NULL,
    camera TEXT NOT NULL,
    software TEXT NOT NULL,
    gps INTEGER NOT NULL,
    latitude INTEGER NOT NULL,       -- ten millionths of a degree; both 0 if unknown
    longitude INTEGER NOT NULL,
    orientation INTEGER NOT NULL,
    frames INTEGER NOT NULL,
    jpeg_quality INTEGER NOT NULL,   -- 0 if it is no JPEG
    pixel_hash BLOB NOT NULL,
    reduced INTEGER NOT NULL,
    dct_hash BLOB NOT NULL,
    thumbnail INTEGER NOT NULL,      -- 1 if there is one: without it a lost one is not missed
    seal INTEGER NOT NULL,
    unused_since INTEGER             -- seconds since 1970; NULL while a file has this content.
                                     -- Not sealed: at worst a photo is encoded once more
);
CREATE TABLE thumbnails (
    photo INTEGER PRIMARY KEY REFERENCES photos ON DELETE CASCADE,
    jpeg BLOB NOT NULL,
    seal INTEGER NOT NULL
);
CREATE TABLE segments (
    encoder INTEGER NOT NULL REFERENCES encoders,
    first INTEGER NOT NULL,          -- rows of the vector file that were written in one go
    rows INTEGER NOT NULL,
    hash INTEGER NOT NULL,           -- xxh3_64 of their bytes
    seal INTEGER NOT NULL,
    PRIMARY KEY (encoder, first)
) WITHOUT ROWID;
CREATE TABLE vectors (
    photo INTEGER NOT NULL REFERENCES photos ON DELETE CASCADE,
    encoder INTEGER NOT NULL REFERENCES encoders,
    row INTEGER NOT NULL,            -- in the vector file of the encoder
    seal INTEGER NOT NULL,
    PRIMARY KEY (photo, encoder)
) WITHOUT ROWID;
CREATE TABLE files (
    path BLOB PRIMARY KEY,
    photo INTEGER NOT NULL REFERENCES photos,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    device INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    seal INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX files_by_photo ON files (photo);
CREATE TABLE skips (
    path BLOB PRIMARY KEY,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    reason TEXT NOT NULL,
    problem INTEGER NOT NULL,
    reader TEXT NOT NULL,            -- who could not read it: another version tries again
    seal INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE roots (path BLOB PRIMARY KEY, seal INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE verdicts (
    method TEXT NOT NULL,            -- of verification, with its version
    first INTEGER NOT NULL REFERENCES photos ON DELETE CASCADE,
    second INTEGER NOT NULL REFERENCES photos ON DELETE CASCADE,
    evidence BLOB NOT NULL,          -- what relates the two
    seal INTEGER NOT NULL,           -- not in totals: a lost pair is verified once more
    PRIMARY KEY (first, second)
) WITHOUT ROWID;
CREATE INDEX verdicts_by_second ON verdicts (second);
CREATE TABLE unrelated (
    id INTEGER PRIMARY KEY,
    method TEXT NOT NULL,
    pairs BLOB NOT NULL,             -- 16 bytes each: the first 8 of both contents
    seal INTEGER NOT NULL
);
CREATE TABLE looked (
    method TEXT NOT NULL,            -- of looking, with its version
    asked TEXT NOT NULL,             -- what was looked for
    photo INTEGER NOT NULL REFERENCES photos ON DELETE CASCADE,
    beside INTEGER NOT NULL REFERENCES photos ON DELETE CASCADE,  -- itself where it is alone
    seen BLOB NOT NULL,              -- doubles; NaN: it cannot be told
    seal INTEGER NOT NULL,           -- not in totals: what is lost is looked at once more
    PRIMARY KEY (photo, beside, asked)
) WITHOUT ROWID;
CREATE INDEX looked_by_beside ON looked (beside);
CREATE TABLE ignored (
    contents BLOB NOT NULL,          -- of photos, 32 bytes each, in order; known here or not
    apart INTEGER NOT NULL,          -- 1: two that no set holds together; 0: a set not shown
    seal INTEGER NOT NULL,
    PRIMARY KEY (contents, apart)
) WITHOUT ROWID;
CREATE TABLE totals (
    name TEXT NOT NULL,              -- of a table
    part INTEGER NOT NULL,           -- an encoder's number, or 0 where a table is one
    rows INTEGER NOT NULL,
    sum INTEGER NOT NULL,            -- of the seals of the rows
    seal INTEGER NOT NULL,
    PRIMARY KEY (name, part)
) WITHOUT ROWID;
"""
_WHOLE = ("encoders", "photos", "thumbnails", "files", "skips", "roots", "ignored")
_BY_ENCODER = ("segments", "vectors")

# SQL has no CRC. The seal of a total is rows * _FACTOR + sum + what names it, so that a trigger
# can keep it by adding; 2**31 rows stay below 2**63.
_FACTOR = 1_000_003
_STEP = 7_919


def total_seal(name: str, part: int, rows: int, summed: int) -> int:
    """The seal of a row of `totals`."""
    return crc32(name.encode()) + part * _STEP + rows * _FACTOR + summed


def statements() -> str:
    """All that makes an empty index, as one script."""
    return "\n".join(
        [
            _TABLES,
            *(_first_total(name) for name in _WHOLE),
            *(_triggers(name, "0", "0") for name in _WHOLE),
            *(_triggers(name, "new.encoder", "old.encoder") for name in _BY_ENCODER),
            "CREATE TRIGGER encoders_new AFTER INSERT ON encoders BEGIN",
            *(_total_of_encoder(name) for name in _BY_ENCODER),
            "END;",
        ]
    )


def _first_total(name: str) -> str:
    return f"INSERT INTO totals VALUES ('{name}', 0, 0, 0, {total_seal(name, 0, 0, 0)});"


def _total_of_encoder(name: str) -> str:
    seal = f"{total_seal(name, 0, 0, 0)} + new.id * {_STEP}"
    return f"INSERT INTO totals VALUES ('{name}', new.id, 0, 0, {seal});"


def _triggers(name: str, new: str, old: str) -> str:
    def keep(when: str, rows: str, change: str, part: str) -> str:
        return (
            f"CREATE TRIGGER {name}_{when.split()[0].lower()} AFTER {when} ON {name} BEGIN"
            f" UPDATE totals SET rows = rows + {rows}, sum = sum + {change},"
            f" seal = seal + {rows} * {_FACTOR} + {change}"
            f" WHERE name = '{name}' AND part = {part}; END;"
        )

    return "\n".join(
        [
            keep("INSERT", "1", "new.seal", new),
            keep("DELETE", "(-1)", "(-old.seal)", old),
            keep("UPDATE OF seal", "0", "(new.seal - old.seal)", new),
        ]
    )
