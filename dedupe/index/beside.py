"""Files beside the index that are only caches: one for each encoder, put in place whole."""

import os
import re
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

import xxhash

from dedupe.errors import IndexProblem
from dedupe.index.lock import WriteLock

if TYPE_CHECKING:
    import numpy.typing as npt

Piece: TypeAlias = bytes | memoryview
"""Bytes of a file, which need not be copied to be written."""

_SEAL = struct.Struct("<Q")  # xxh3_64 of all before it


def beside(index: Path, fingerprint: str, kind: str) -> Path:
    """Where such a file lies: index.db.<fingerprint>.<kind>."""
    name = re.sub(r"[^\w-]", "_", fingerprint, flags=re.ASCII)[:100]
    return index.with_name(f"{index.name}.{name}.{kind}")


@contextmanager
def in_place_of(path: Path) -> Iterator[BinaryIO]:
    """A new file, in the place of the old one once all is written.

    Who reads the old one reads on; where it fails, the old one stays.

    Raises:
        OSError: it cannot be written.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(path)
    finally:  # gone already, unless it could not be written
        with suppress(OSError):
            part.unlink(missing_ok=True)


@contextmanager
def written_behind(file: BinaryIO, end: int) -> Iterator[None]:
    """More is written durably behind the end of what counts; where that fails, it is as it was.

    Args:
        file: open for reading and writing.
        end: where what counts ends; what a killed process left behind it goes.

    Raises:
        OSError: it cannot be written.
    """
    try:
        file.seek(end)
        yield
        file.truncate()
        file.flush()
        os.fsync(file.fileno())
    except OSError:
        with suppress(OSError):
            file.truncate(end)
        raise


@contextmanager
def written_alone(path: Path, lock: Path) -> Iterator[None]:
    """No other process writes such a file meanwhile; what the disk says is said in a sentence.

    Args:
        path: of the file.
        lock: what its writers lock.

    Raises:
        IndexProblem: another process is writing, or it cannot be written.
    """
    held = WriteLock(lock)
    held.acquire()
    try:
        yield
    except OSError as error:
        raise IndexProblem(
            f"{path} cannot be written: {error.strerror or error}",
            "check the free space and the rights of its folder",
        ) from error
    finally:
        held.release()


def write_sealed(path: Path, pieces: Iterable[Piece]) -> None:
    """Put data and their seal in the place of what was there.

    Args:
        path: of the file.
        pieces: one behind the other: joined first, 11 MB took five times as long.

    Raises:
        OSError: it cannot be written.
    """
    hasher = xxhash.xxh3_64()
    with in_place_of(path) as file:
        for piece in pieces:
            file.write(piece)
            hasher.update(piece)
        file.write(_SEAL.pack(hasher.intdigest()))


def as_bytes(numbers: "npt.ArrayLike", kind: str) -> memoryview:
    """Numbers as they are written, without a copy where they are of that kind and in one.

    Args:
        numbers: of any shape.
        kind: as numpy says it ("<i4").
    """
    import numpy as np

    return np.ascontiguousarray(numbers, kind).reshape(-1).view(np.uint8).data


def read_sealed(path: Path) -> memoryview:
    """What `write_sealed` was given, in one; nothing where it is gone, or not as it was written."""
    data = b""
    with suppress(OSError):
        data = path.read_bytes()
    body = memoryview(data)[: -_SEAL.size]
    seal = _SEAL.pack(xxhash.xxh3_64_intdigest(body))
    return body if seal == data[-_SEAL.size :] else memoryview(b"")
