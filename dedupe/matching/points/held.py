"""The features of a library's photos, each found once: in memory, in a file, or before this run."""

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from dedupe.index.store import Index
from dedupe.matching.crew import Crew
from dedupe.matching.points.features import Features, features_of
from dedupe.matching.points.packed import packed, unpacked
from dedupe.matching.points.remembered import RememberedFeatures
from dedupe.photos.photo import Photo

# Photos whose features are in memory: 66 kB each, 0.5 GB.
_HELD = 8192


class HeldFeatures:
    """Features by row, for as long as photos are verified.

    Where there are more than fit in memory, they lie in a file beside the index that has no
    name, or is gone with the process: 56 kB a photo, and as much for each of its fields. Where that
    cannot be written, they are found again. What was found in earlier runs is remembered
    (index/features.py): to find those of old photos that a new one is looked at with took most
    of the time.

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
        self._remembered = RememberedFeatures(index)
        self.without: set[int] = set()

    def close(self) -> None:
        """Let go of all; what was found is remembered."""
        self._remembered.close()
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
        self._recall({row: jpeg[row] for row in jpeg.keys() - self._held.keys()})
        new = {row: jpeg[row] for row in jpeg if row not in self._held}
        self._held |= zip(new, crew.map(features_of, list(new.values())), strict=True)
        self._remembered.remember({self._photos[row].content: self._held[row] for row in new})
        return self._held

    def _recall(self, jpeg: Mapping[int, bytes]) -> None:
        """Take what was found in earlier runs."""
        rows = {self._photos[row].content: row for row in jpeg}
        known = self._remembered.recall({content: jpeg[row] for content, row in rows.items()})
        self._held |= {rows[content]: found for content, found in known.items()}

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
        record = packed(found)
        self._file.seek(self._end)
        self._file.write(record)
        self._place[row] = self._end, len(record)
        self._end += len(record)

    def _read(self, row: int, thumbnail: bytes) -> Features:
        assert self._file is not None
        place, length = self._place[row]
        self._file.seek(place)
        return unpacked(self._file.read(length), thumbnail)
