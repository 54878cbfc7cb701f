"""Answers about a whole library, remembered beside its index: the last few of a kind; a cache."""

import struct
from collections.abc import Iterable, Mapping
from itertools import islice
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

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Answer = dict[str, npt.NDArray[np.generic]]

_MAGIC = b"dedupeA1"
_HEAD = struct.Struct("<16sQ")  # of what it is, bytes


class AnswerFile:
    """index.db.<fingerprint>.<kind>: answers, each known by all that it rests on.

    Written whole, sealed, read whole. What is not as it was written is not there: losing it
    costs time, never an answer. Its writers take a lock of their own. The seal is no secret:
    whoever reads an answer looks whether it can be one.
    """

    def __init__(
        self, index: Path, fingerprint: str, kind: str, columns: Mapping[str, str], most: int
    ) -> None:
        """Nothing is read yet.

        Args:
            index: beside which it lies.
            fingerprint: of the encoder.
            kind: of the answers.
            columns: of an answer by name: of which numbers they are, as numpy says it ("<i4").
            most: how many answers are remembered.
        """
        self.path = beside(index, fingerprint, kind)
        self._columns = columns
        self._most = most
        self._lock = index.with_name(f"{index.name}.{kind}")

    def read(self, key: bytes) -> "Answer | None":
        """The columns that `write` was given for a key; None where it is not remembered."""
        answer = self._all().get(key)
        return None if answer is None else _unpacked(answer, self._columns)

    def write(self, key: bytes, answer: "Mapping[str, npt.ArrayLike]") -> None:
        """Remember one more; the oldest one is forgotten.

        Args:
            key: 16 bytes of all that it rests on (`answer_key`).
            answer: its columns, which come back as arrays of one dimension.

        Raises:
            IndexProblem: another process is writing, or it cannot be written.
        """
        with written_alone(self.path, self._lock):
            found: dict[bytes, list[Piece]] = {key: _packed(answer, self._columns)}
            if self._most > 1:
                found |= {each: [data] for each, data in self._all().items() if each != key}
            pieces: list[Piece] = [_MAGIC]
            for each, its in islice(found.items(), self._most):
                pieces += [_HEAD.pack(each, sum(map(len, its))), *its]
            write_sealed(self.path, pieces)

    def _all(self) -> dict[bytes, memoryview]:
        """All that is remembered, by key, the newest first."""
        body = read_sealed(self.path)
        if body[: len(_MAGIC)] != _MAGIC:
            return {}
        found = {}
        at = len(_MAGIC)
        while at + _HEAD.size <= len(body):
            key, count = _HEAD.unpack_from(body, at)
            at += _HEAD.size + count
            found[key] = body[at - count : at]
        return found


def answer_key(parts: Iterable[bytes]) -> bytes:
    """What an answer is known by: 16 bytes of all that it rests on, in order."""
    hasher = xxhash.xxh3_128()
    for part in parts:
        hasher.update(part)
    return hasher.digest()


def _packed(answer: "Mapping[str, npt.ArrayLike]", columns: Mapping[str, str]) -> list[Piece]:
    """The length of every column in bytes, then all of them."""
    parts = [as_bytes(answer[name], kind) for name, kind in columns.items()]
    return [struct.pack(f"<{len(parts)}Q", *map(len, parts)), *parts]


def _unpacked(data: memoryview, columns: Mapping[str, str]) -> "Answer | None":
    import numpy as np

    head = struct.Struct(f"<{len(columns)}Q")
    if len(data) < head.size:
        return None
    lengths = head.unpack_from(data)
    if head.size + sum(lengths) != len(data):
        return None
    found: Answer = {}
    at = head.size
    for (name, kind), length in zip(columns.items(), lengths, strict=True):
        if length % np.dtype(kind).itemsize:
            return None
        found[name] = np.frombuffer(data[at : at + length], kind)
        at += length
    return found
