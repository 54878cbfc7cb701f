"""Vector files without the rows that nothing uses any more."""

import os
import sqlite3
from array import array

from dedupe.index.opened import EncoderRow
from dedupe.index.reading import ReadIndex
from dedupe.index.seals import row_seal, vector_seal
from dedupe.index.vectors import Segment, VectorFile

# 10 MB of 1280 dimensions at a time
_ROWS = 4096


def compact(index: ReadIndex, db: sqlite3.Connection) -> bool:
    """Write every vector file of which more than half is unused into a new generation.

    All within the batch that is under way: until it is committed the old file counts, and
    a kill leaves a new one that nothing names. Rows keep their order.

    Args:
        index: locked, in a batch.
        db: its connection.

    Returns:
        Whether there are old files to remove once the batch is committed.

    Raises:
        IndexProblem: the disk is full.
        IndexDamaged: a vector that is still used was altered.
    """
    done = False
    for encoder in index.encoders():
        segments = index.segments(encoder)
        photos, rows = _in_use(index, encoder)
        if segments and segments[-1].first + segments[-1].rows > 2 * len(rows):
            _compact(index, db, encoder, segments, photos, rows)
            done = True
    return done


def put_segment(db: sqlite3.Connection, encoder: EncoderRow, segment: Segment) -> None:
    """Store that rows were appended to the vector file of an encoder."""
    db.execute(
        "INSERT INTO segments (encoder, first, rows, hash, seal) VALUES (?, ?, ?, ?, ?)",
        (encoder.id, *segment, row_seal(encoder.id, *segment)),
    )


def _in_use(index: ReadIndex, encoder: EncoderRow) -> "tuple[array[int], array[int]]":
    """Numbers of the photos that have a vector, and its rows, in the order of the rows."""
    by_photo = index.rows_by_photo(encoder)
    photos = sorted((n for n, row in enumerate(by_photo) if row >= 0), key=by_photo.__getitem__)
    return array("q", photos), array("q", (by_photo[photo] for photo in photos))


def _compact(
    index: ReadIndex,
    db: sqlite3.Connection,
    encoder: EncoderRow,
    segments: list[Segment],
    photos: "array[int]",
    rows: "array[int]",
) -> None:
    old = index.vector_file(encoder)
    generation = index.begin_generation(encoder)
    new = VectorFile(index.path, encoder.fingerprint, generation, encoder.dim)
    db.execute("DELETE FROM segments WHERE encoder = ?", (encoder.id,))
    if not rows:
        return
    try:
        handle = old.open()
    except FileNotFoundError as error:
        raise index.damaged(f"{old.path.name} is missing") from error
    try:
        for first in range(0, len(rows), _ROWS):
            vectors = old.read(handle, segments, rows[first : first + _ROWS])
            put_segment(db, encoder, new.append(first, vectors))
    finally:
        os.close(handle)
    db.executemany(
        "UPDATE vectors SET row = ?, seal = ? WHERE photo = ? AND encoder = ?",
        (
            (row, vector_seal(photo, encoder.id, row), photo, encoder.id)
            for row, photo in enumerate(photos)
        ),
    )
