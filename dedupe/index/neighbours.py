"""The neighbour file of an encoder: the nearest of each photo, remembered; only a cache."""

import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import xxhash

from dedupe.index.beside import (
    Piece,
    as_bytes,
    beside,
    read_sealed,
    write_sealed,
    written_alone,
)
from dedupe.index.facts import mixed

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_MAGIC = b"dedupeN6"
_HEAD = struct.Struct("<8s16sQQQd")  # magic, who found them, photos, dim, lists, recall
_COUNT = struct.Struct("<Q")
_KEY = 16
_PART = 32


_EXACT = -1.0  # a recall that was not measured

UNKNOWN = 255
"""Parts of a photo that nobody could look for."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """For each of N photos some others, nearest first, one after the other.

    Attributes:
        count: (N,) uint8, how many each has.
        other: (M,) int32, the place of the other photo among the keys.
        away: (M,) float32, how far it is.
    """

    count: "npt.NDArray[np.uint8]"
    other: "npt.NDArray[np.int32]"
    away: "npt.NDArray[np.float32]"


@dataclass(frozen=True, slots=True)
class Parts:
    """The hashes of some parts of each of N photos.

    Attributes:
        count: (N,) uint8, how many each has; UNKNOWN where it had no thumbnail to look at.
        hashes: (P, 32) uint8, photo by photo.
    """

    count: "npt.NDArray[np.uint8]"
    hashes: "npt.NDArray[np.uint8]"

    @property
    def rows(self) -> "npt.NDArray[np.int64]":
        """(P,) of each hash the photo."""
        return _rows(self.count)


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of N photos, and the photos that are nearest to each.

    Attributes:
        count: (N,) uint8, how many each has; UNKNOWN where nobody could look.
        vectors: (F, dim) float16, photo by photo.
        nearest: of each field; of one that was not compared yet UNKNOWN others.
    """

    count: "npt.NDArray[np.uint8]"
    vectors: "npt.NDArray[np.float16]"
    nearest: Nearest

    @property
    def rows(self) -> "npt.NDArray[np.int64]":
        """(F,) of each field the photo."""
        return _rows(self.count)


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """What is remembered of N photos.

    Attributes:
        keys: 16 bytes of each (`neighbour_keys`), one behind the other.
        parts: the hashes of their parts.
        fields: the vectors of their fields.
        lists: their neighbours, in several ways.
        recall: the share of the nearest that is in them; None if all were compared.
    """

    keys: bytes
    parts: Parts
    fields: Fields
    lists: list[Nearest]
    recall: float | None = None

    def __len__(self) -> int:
        return len(self.keys) // _KEY


class NeighbourFile:
    """index.db.<fingerprint>.neighbours: written whole, sealed, read whole.

    19 bytes a photo, 32 for each of its parts, 2.5 kB for each of its fields, and 8 for each of its
    neighbours. What is not as it was written is not there: losing it costs time, never an answer.
    Like the edge file it stands apart from the database, and its writers take a lock of their own.
    """

    def __init__(self, index: Path, fingerprint: str) -> None:
        self.path = beside(index, fingerprint, "neighbours")
        self._lock = index.with_name(f"{index.name}.neighbours")

    def read(self, method: str) -> Neighbourhood | None:
        """What `write` was given; None where another method, or a damaged disk, was there.

        Args:
            method: who found the neighbours.
        """
        body = read_sealed(self.path)
        if len(body) < _HEAD.size:
            return None
        magic, who, photos, dim, lists, recall = _HEAD.unpack_from(body)
        if magic != _MAGIC or who != _digest(method):
            return None
        try:
            return _unpacked(body, photos, dim, lists, None if recall == _EXACT else recall)
        except (ValueError, struct.error):  # sealed, and shorter than it says
            return None

    def write(self, method: str, found: Neighbourhood) -> None:
        """Put what was found in the place of what was there.

        Args:
            method: who found the neighbours.
            found: all that is to be remembered.

        Raises:
            IndexProblem: another process is writing, or it cannot be written.
        """
        counts = len(found), found.fields.vectors.shape[1], len(found.lists)
        recall = _EXACT if found.recall is None else found.recall
        pieces: list[Piece] = [_HEAD.pack(_MAGIC, _digest(method), *counts, recall), found.keys]
        pieces += [as_bytes(found.parts.count, "u1"), as_bytes(found.parts.hashes, "u1")]
        fields = found.fields
        pieces += [as_bytes(fields.count, "u1"), as_bytes(fields.vectors, "<f2")]
        for each in (fields.nearest, *found.lists):
            pieces += [_COUNT.pack(len(each.other)), as_bytes(each.count, "u1")]
            pieces += [as_bytes(each.other, "<i4"), as_bytes(each.away, "<f4")]
        with written_alone(self.path, self._lock):
            write_sealed(self.path, pieces)


def neighbour_keys(photo_keys: Sequence[bytes], hashes: "npt.NDArray[np.uint8]") -> bytes:
    """What photos are known by in a neighbour file: 16 bytes each, of all their neighbours rest on.

    Args:
        photo_keys: of their contents and vectors (`Library.photo_keys`).
        hashes: (N, 32) `dct_hashes`.
    """
    import numpy as np

    keys = np.frombuffer(b"".join(photo_keys), np.uint64).reshape(-1, 2)
    words = np.ascontiguousarray(hashes).view(np.uint64)
    for number in range(words.shape[1]):
        keys = mixed(keys + words[:, number, None])
    return keys.tobytes()


def _rows(count: "npt.NDArray[np.uint8]") -> "npt.NDArray[np.int64]":
    """Of each of what is counted the number of its count."""
    import numpy as np

    count = np.where(count == UNKNOWN, 0, count)
    return np.repeat(np.arange(len(count)), count)


def _unpacked(
    body: memoryview, photos: int, dim: int, lists: int, recall: float | None
) -> Neighbourhood:
    """What is in a sealed file."""
    import numpy as np

    at = _HEAD.size
    keys = bytes(body[at : at + _KEY * photos])
    at += _KEY * photos
    count = np.frombuffer(body, "u1", photos, at)
    at += photos
    size = _PART * int(count[count != UNKNOWN].sum(dtype=np.int64))
    parts = Parts(count, np.frombuffer(body, "u1", size, at).reshape(-1, _PART))
    at += size
    count = np.frombuffer(body, "u1", photos, at)
    many = len(_rows(count))
    vectors = np.frombuffer(body, "<f2", many * dim, at + photos).reshape(many, dim)
    at += photos + 2 * many * dim
    found = []
    for rows in (many, *[photos] * lists):
        pairs = _COUNT.unpack_from(body, at)[0]
        at += _COUNT.size
        each = np.frombuffer(body, "u1", rows, at)
        if each.sum(dtype=np.int64) != pairs:
            raise ValueError("as many as there are pairs")
        other = np.frombuffer(body, "<i4", pairs, at + rows)
        away = np.frombuffer(body, "<f4", pairs, at + rows + 4 * pairs)
        found.append(Nearest(each, other, away))
        at += rows + 8 * pairs
    fields = Fields(count, vectors, found[0])
    return Neighbourhood(keys, parts, fields, found[1:], recall)


def _digest(method: str) -> bytes:
    return xxhash.xxh3_128_digest(os.fsencode(method))
