"""The features of a library's photos, each found once: the latest in memory, the rest in a file."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

import numpy as np

from dedupe.index.store import Index
from dedupe.matching.crew import Crew
from dedupe.matching.points.features import Features, features_of
from dedupe.matching.within.field import Field
from dedupe.photos.photo import Photo

# Photos whose features are in memory: 66 kB each, 0.5 GB.
_HELD = 8192

# Width, height, number of points, words and fields; then points, codes and words; then of each
# field where it is, the length of its JPEG, that, and its features likewise.
_HEAD = np.dtype([("size", "<u2", 2), ("points", "<u2"), ("words", "<u2"), ("fields", "<u2")])
_FIELD = np.dtype([("place", "<f8", (3, 3)), ("size", "<u2", 2), ("jpeg", "<u4")])


class HeldFeatures:
    """Features by row, for as long as photos are verified.

    Where there are more than fit in memory, they lie in a file beside the index that has no
    name, or is gone with the process: 56 kB a photo, and as much for each of its fields. Where that
    cannot be written, they are found again.

    Attributes:
        without: rows that have no thumbnail.
    """

    def __init__(self, index: Path, photos: Sequence[Photo]) -> None:
        self._index = index
        self._photos = photos
        self._held: dict[int, Features] = {}
        self._file: IO[bytes] | None = None
        self._place: dict[int, tuple[int, int]] = {}
        self._end = 0
        self.without: set[int] = set()

    def close(self) -> None:
        """Let go of all."""
        self._held, self._place = {}, {}
        if self._file is not None:
            self._file.close()
            self._file = None

    def hold(self, rows: Sequence[int], crew: Crew) -> dict[int, Features]:
        """Have the features of some photos at hand.

        Args:
            rows: no more than fit in memory.
            crew: finds those that are new.

        Returns:
            By row, at least those that were asked for and have a thumbnail.

        Raises:
            IndexProblem: the index cannot be read.
            IndexDamaged: a thumbnail is not as it was written.
        """
        missing = [row for row in rows if row not in self._held and row not in self.without]
        if len(self._held) + len(missing) > _HELD:
            self._let_go(set(rows))
        with Index(self._index) as store:
            jpegs = store.thumbnails(self._photos[row].content for row in missing)
        self.without |= {row for row in missing if self._photos[row].content not in jpegs}
        jpeg = {row: jpegs[self._photos[row].content] for row in missing if row not in self.without}
        for row in jpeg.keys() & self._place.keys():
            self._held[row] = self._read(row, jpeg[row])
        new = [row for row in jpeg if row not in self._held]
        made = crew.map(features_of, [jpeg[row] for row in new])
        self._held |= dict(zip(new, made, strict=True))
        return self._held

    def _let_go(self, wanted: set[int]) -> None:
        """Keep only some in memory; the others in the file, from which they come back."""
        gone = [row for row in self._held if row not in wanted]
        with suppress(OSError):  # no room: then they are found again
            if self._file is None:
                self._file = tempfile.TemporaryFile(dir=self._index.parent)  # noqa: SIM115
            for row in gone:
                if row not in self._place:
                    self._write(row, self._held[row])
        for row in gone:
            del self._held[row]

    def _write(self, row: int, found: Features) -> None:
        assert self._file is not None
        record = b"".join(_packed(found))
        self._file.seek(self._end)
        self._file.write(record)
        self._place[row] = self._end, len(record)
        self._end += len(record)

    def _read(self, row: int, thumbnail: bytes) -> Features:
        assert self._file is not None
        place, length = self._place[row]
        self._file.seek(place)
        found, _ = _unpacked(self._file.read(length), 0, thumbnail)
        return found


def _packed(found: Features) -> Iterator[bytes]:
    """Features as bytes, but for the thumbnail."""
    yield np.array(
        (found.size, len(found.points), len(found.words), len(found.fields)), _HEAD
    ).tobytes()
    yield found.points.astype("<f4").tobytes()
    yield found.codes.tobytes()
    yield found.words.astype("<u8").tobytes()
    for field, shown in found.fields:
        yield np.array((field.place, field.size, len(shown.thumbnail)), _FIELD).tobytes()
        yield shown.thumbnail
        yield from _packed(shown)


def _unpacked(data: bytes, at: int, thumbnail: bytes) -> tuple[Features, int]:
    """What was packed from a place on, and where it ends."""
    head = np.frombuffer(data, _HEAD, 1, at)[0]
    at += _HEAD.itemsize
    count = int(head["points"])
    points = np.frombuffer(data, "<f4", 2 * count, at).reshape(count, 2)
    at += points.nbytes
    codes = np.frombuffer(data, "u1", 128 * count, at).reshape(count, 128)
    at += codes.nbytes
    words = np.frombuffer(data, "<u8", int(head["words"]), at)
    at += words.nbytes
    fields = []
    for _ in range(int(head["fields"])):
        its = np.frombuffer(data, _FIELD, 1, at)[0]
        at += _FIELD.itemsize
        jpeg = data[at : at + int(its["jpeg"])]
        shown, at = _unpacked(data, at + len(jpeg), jpeg)
        fields.append((Field(its["place"], _size(its)), shown))
    found = Features(thumbnail, _size(head), points, codes, fields=tuple(fields), words=words)
    return found, at


def _size(record: np.void) -> tuple[int, int]:
    wide, high = record["size"].tolist()
    return wide, high
