"""The features of a library's photos, each found once: the latest in memory, the rest in a file."""

import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

import numpy as np

from dedupe.index.store import Index
from dedupe.matching.crew import Crew
from dedupe.matching.pairs.features import POINTS, Features, features_of
from dedupe.photos.photo import Photo

# Photos whose features are in memory: 66 kB each, 0.5 GB.
_HELD = 8192

# Width, height and number of points; then points and codes.
_HEAD = np.dtype([("size", "<u2", 2), ("points", "<u2")])
_RECORD = _HEAD.itemsize + POINTS * (8 + 128)


class HeldFeatures:
    """Features by row, for as long as photos are verified.

    Where there are more than fit in memory, they lie in a file beside the index that has no
    name, or is gone with the process: 54 kB a photo. Where that cannot be written, they are
    found again.

    Attributes:
        without: rows that have no thumbnail.
    """

    def __init__(self, index: Path, photos: Sequence[Photo]) -> None:
        self._index = index
        self._photos = photos
        self._held: dict[int, Features] = {}
        self._file: IO[bytes] | None = None
        self._place: dict[int, int] = {}
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
        head = np.array((found.size, len(found.points)), _HEAD)
        record = head.tobytes() + found.points.astype("<f4").tobytes() + found.codes.tobytes()
        place = _RECORD * len(self._place)
        self._file.seek(place)
        self._file.write(record.ljust(_RECORD, b"\0"))
        self._place[row] = place

    def _read(self, row: int, thumbnail: bytes) -> Features:
        assert self._file is not None
        self._file.seek(self._place[row])
        data = self._file.read(_RECORD)
        head = np.frombuffer(data, _HEAD, 1)[0]
        count = int(head["points"])
        points = np.frombuffer(data, "<f4", 2 * count, _HEAD.itemsize).reshape(count, 2)
        codes = np.frombuffer(data, "u1", 128 * count, _HEAD.itemsize + 8 * count)
        size = int(head["size"][0]), int(head["size"][1])
        return Features(thumbnail, size, points, codes.reshape(count, 128))
