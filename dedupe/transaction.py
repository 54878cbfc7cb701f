"""A transaction of SQLite that is whole or not at all, for the index and the journal alike."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All writes inside happen, or none: also under kill -9.

    Args:
        db: opened with `isolation_level=None`, so that Python begins none of its own.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    finally:
        # what went wrong before has the words to show
        with suppress(sqlite3.Error):
            if db.in_transaction:  # a full disk has rolled back already
                db.execute("ROLLBACK")
