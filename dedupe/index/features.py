"""The feature file of an index: what was found in thumbnails, remembered; only a cache."""

import shutil
import sqlite3
import zlib
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import xxhash

from dedupe.transaction import transaction

MOST = 6 << 30
"""Bytes of the file, at most: of 100,000 photos. Then those that were found first go."""

# Of the disk so much stays free: a tenth, but no more than 20 GB.
_FREE, _FREE_BYTES = 0.1, 20 << 30

# Seconds for which another process that is writing is waited for.
_PATIENCE = 1.0

# Of one photo, unpacked; 54 kB as a rule, and as much for each of its fields.
_LONGEST = 1 << 24

_TABLE = """
CREATE TABLE IF NOT EXISTS features (
    id INTEGER PRIMARY KEY,          -- rising: what was found first goes first
    content BLOB NOT NULL UNIQUE,
    packed BLOB NOT NULL,
    seal BLOB NOT NULL               -- xxh3_64 of who found it, the thumbnail, and this
)
"""

_Answer = TypeVar("_Answer")


class FeatureFile:
    """index.db.features: SQLite, 56 kB a photo; of all encoders, as they share the thumbnails.

    What is damaged, of another thumbnail or found in another way is not there. Where the file
    cannot be used (locked, read-only, a full disk) nothing is remembered. Losing it costs 65 ms
    of CPU time a photo, never an answer. A thread of its own reads and writes.
    """

    def __init__(self, index: Path, method: bytes = b"") -> None:
        """Nothing is opened yet.

        Args:
            index: beside which it lies.
            method: who finds what is remembered here; not needed to forget it.
        """
        self.path = index.with_name(f"{index.name}.features")
        self._method = method
        self._thread: ThreadPoolExecutor | None = None
        self._db: sqlite3.Connection | None = None
        self._room = MOST

    def read(self, thumbnails: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
        """What is remembered of some photos.

        Args:
            thumbnails: JPEG by content hash.

        Returns:
            By content hash what `add` was given.
        """
        if self._thread is None and not self.path.is_file():
            return {}
        return self._in_thread().submit(self._usable, lambda: self._read(thumbnails), {}).result()

    def add(self, thumbnails: Mapping[bytes, bytes], found: Mapping[bytes, bytes]) -> None:
        """Remember what was found in some thumbnails; returns before it is written.

        Args:
            thumbnails: JPEG by content hash.
            found: by content hash.
        """
        if found:
            self._in_thread().submit(self._usable, lambda: self._add(thumbnails, found), None)

    def forget_all_but(self, contents: Collection[bytes]) -> None:
        """Drop what is remembered of other photos.

        Args:
            contents: the hashes of those that stay.
        """
        if self.path.is_file():
            stay = frozenset(contents)
            self._in_thread().submit(self._usable, lambda: self._forget(stay), None).result()

    def close(self) -> None:
        """Wait until all is written."""
        if self._thread is not None:
            self._thread.submit(self._close)
            self._thread.shutdown()
            self._thread = None

    def _in_thread(self) -> ThreadPoolExecutor:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1)
        return self._thread

    def _close(self) -> None:
        if self._db is not None:
            with suppress(sqlite3.Error):
                self._db.close()
            self._db = None

    def _usable(self, work: Callable[[], _Answer], otherwise: _Answer) -> _Answer:
        """What some work answers, unless the file cannot be used."""
        try:
            return work()
        except (sqlite3.OperationalError, OSError):  # locked, read-only, a full disk
            self._close()
        except sqlite3.DatabaseError:  # damaged: it is made anew
            self._close()
            for ending in ("", "-journal"):
                with suppress(OSError):
                    self.path.with_name(self.path.name + ending).unlink()
        return otherwise

    def _opened(self) -> sqlite3.Connection:
        if self._db is None:
            self._db = sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None)
            # a cache: after a power cut it may be damaged, and is made anew
            self._db.execute("PRAGMA synchronous = OFF")
            self._db.execute(_TABLE)
        return self._db

    def _read(self, thumbnails: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
        found = {}
        query = "SELECT packed, seal FROM features WHERE content = ?"
        for content, thumbnail in thumbnails.items():
            for packed, seal in self._opened().execute(query, (content,)).fetchall():
                if isinstance(packed, bytes) and seal == self._seal(thumbnail, packed):
                    with suppress(zlib.error):
                        found[content] = zlib.decompressobj(-15).decompress(packed, _LONGEST)
        return found

    def _add(self, thumbnails: Mapping[bytes, bytes], found: Mapping[bytes, bytes]) -> None:
        rows = []
        for content, data in found.items():
            packed = _packed(data)
            rows.append((content, packed, self._seal(thumbnails[content], packed)))
        size = sum(len(packed) for _, packed, _ in rows)
        disk = shutil.disk_usage(self.path.parent)
        spare = min(_FREE * disk.total, _FREE_BYTES)
        # in one run no more than fits: the first would go before anybody asks for them
        if size > self._room or disk.free - size < spare:
            return
        db = self._opened()
        with transaction(db):
            _make_room(db, size, len(rows))
            query = "INSERT OR REPLACE INTO features (content, packed, seal) VALUES (?, ?, ?)"
            db.executemany(query, rows)
        self._room -= size

    def _forget(self, stay: frozenset[bytes]) -> None:
        db = self._opened()
        known = (content for (content,) in db.execute("SELECT content FROM features").fetchall())
        gone = [(content,) for content in known if content not in stay]
        with transaction(db):
            db.executemany("DELETE FROM features WHERE content = ?", gone)

    def _seal(self, thumbnail: bytes, packed: bytes) -> bytes:
        seal = xxhash.xxh3_64(self._method)
        seal.update(thumbnail)
        seal.update(packed)
        return seal.digest()


def _packed(data: bytes) -> bytes:
    """Fewer bytes: 0.74 of them in 0.6 ms. Looking for repetitions took three times as long, and
    found none.
    """
    small = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_HUFFMAN_ONLY)
    return small.compress(data) + small.flush()


def _make_room(db: sqlite3.Connection, size: int, count: int) -> None:
    """Drop what was found first, until so many bytes more may be written."""

    def number(pragma: str) -> int:
        (value,) = db.execute(f"PRAGMA {pragma}").fetchone()
        return int(value)

    first = "DELETE FROM features WHERE id IN (SELECT id FROM features ORDER BY id LIMIT ?)"
    while (number("page_count") - number("freelist_count")) * number("page_size") + size > MOST:
        if not db.execute(first, (count,)).rowcount:
            return
