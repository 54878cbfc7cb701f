"""The word file of an encoder: who has which visual word, remembered; only a cache."""

import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import xxhash

from dedupe.errors import IndexProblem
from dedupe.index.aligned import read_whole
from dedupe.index.beside import beside, in_place_of, written_alone, written_behind

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

MOST_SHELVES = 12
"""Shelves in a file at most; with more it is written anew as one."""

NUMBER_BITS = 28
"""Bits of the number of a photo behind a word of 36."""

_MAGIC = b"dedupeW1"
_HEAD = struct.Struct("<8s16sQQQ")  # magic, who found them, the seal before, photos, words
_SEAL = struct.Struct("<Q")
_KEY = 16


@dataclass(frozen=True, slots=True)
class Shelf:
    """The words of photos that were looked at in one go, in order.

    Attributes:
        words: (W,) uint64, `word << NUMBER_BITS | number of the photo`, ascending.
        marks: (W,) uint16, of each how its point is turned and how large it is.
        photos: how many they are: their numbers follow those of the shelf before.
    """

    words: "npt.NDArray[np.uint64]"
    marks: "npt.NDArray[np.uint16]"
    photos: int


@dataclass(frozen=True, slots=True)
class Words:
    """What a word file says.

    Attributes:
        keys: 16 bytes of each photo, in the order of their numbers.
        shelves: in the order in which they were written.
        end: where the next one belongs.
        seal: of the last one.
    """

    keys: bytes = b""
    shelves: tuple[Shelf, ...] = ()
    end: int = 0
    seal: int = 0

    @property
    def photos(self) -> int:
        """How many it knows."""
        return len(self.keys) // _KEY

    def and_also(self, keys: bytes, shelf: Shelf) -> "Words":
        """With some more photos, which have the next numbers, as yet in no file."""
        return Words(self.keys + keys, (*self.shelves, shelf), self.end, self.seal)


class WordFile:
    """index.db.<fingerprint>.words: shelves, each sealed, one behind the other.

    10 bytes a word and 16 a photo, 2.6 kB in all. A shelf that is not as it was written is not
    there, nor any behind it: losing it costs time, never an answer. Its writers take a lock of
    their own.
    """

    def __init__(self, index: Path, fingerprint: str) -> None:
        self.path = beside(index, fingerprint, "words")
        self._lock = index.with_name(f"{index.name}.words")

    def read(self, method: bytes) -> Words:
        """All shelves up to the first that is not sound.

        Args:
            method: 16 bytes, who found the words.
        """
        known = Words()
        with suppress(OSError):
            data = read_whole(self.path)
            while found := _shelf(data, known, method):
                known = found
        return known

    def append(self, known: Words, method: bytes, keys: bytes, shelf: Shelf) -> None:
        """Write one more shelf behind those that are there.

        Args:
            known: what is there; an empty one begins the file anew.
            method: who found the words.
            keys: of its photos.
            shelf: of these, which have the next numbers.

        Raises:
            IndexProblem: another process is writing, or wrote since `known` was read; or it
                cannot be written: then it is as it was.
        """
        head = _HEAD.pack(_MAGIC, method, known.seal, len(keys) // _KEY, len(shelf.words))
        parts = [head, keys, shelf.words.astype("<u8").tobytes()]
        parts.append(shelf.marks.astype("<u2").tobytes())
        parts.append(bytes(-2 * len(shelf.marks) % 8))
        with written_alone(self.path, self._lock):
            if not known.end:
                with in_place_of(self.path) as new, written_behind(new, 0):
                    _write(new, parts)
                return
            if self.read(method).seal != known.seal:
                raise IndexProblem(f"{self.path.name} was changed meanwhile", "try again")
            with self.path.open("r+b") as file, written_behind(file, known.end):
                _write(file, parts)


def _shelf(data: "npt.NDArray[np.uint8]", known: Words, method: bytes) -> Words | None:
    """What is known, and of the shelf behind it; None where none is sound."""
    start = known.end
    if len(data) < start + _HEAD.size:
        return None
    magic, who, before, photos, count = _HEAD.unpack(data[start : start + _HEAD.size].tobytes())
    at = start + _HEAD.size + _KEY * photos
    end = at + 10 * count + -2 * count % 8
    if (magic, who, before) != (_MAGIC, method, known.seal) or len(data) < end + _SEAL.size:
        return None
    seal = xxhash.xxh3_64_intdigest(data[start:end].data)
    if data[end : end + _SEAL.size].tobytes() != _SEAL.pack(seal):
        return None
    shelf = Shelf(
        data[at : at + 8 * count].view("<u8"),
        data[at + 8 * count : at + 10 * count].view("<u2"),
        photos,
    )
    keys = data[start + _HEAD.size : at].tobytes()
    return Words(known.keys + keys, (*known.shelves, shelf), end + _SEAL.size, seal)


def _write(file: BinaryIO, parts: list[bytes]) -> None:
    """A shelf and its seal."""
    seal = xxhash.xxh3_64()
    for part in parts:
        file.write(part)
        seal.update(part)
    file.write(_SEAL.pack(seal.intdigest()))
