"""The vector file of an encoder: half-precision rows that are only ever appended."""

import os
import re
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import xxhash

from dedupe.errors import IndexProblem
from dedupe.index.aligned import aligned
from dedupe.index.schema import damaged

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_ENDING = ".vectors"


class Segment(NamedTuple):
    """Rows that were written in one go.

    Attributes:
        first: number of the first row.
        rows: how many.
        hash: xxh3_64 of their bytes, as SQLite's signed 64 bits. It takes 0.06 s for the
            2.5 GB of 1,000,000 vectors, where crc32 takes 0.7 s.
    """

    first: int
    rows: int
    hash: int


def vectors_beside(index: Path, fingerprint: str, generation: int) -> Path:
    """Where the vectors of an encoder lie: index.db.mobilenet_v2-0123456789abcdef.1.vectors."""
    # without a dot, so that those of index.db.damaged-1 are not taken for those of index.db
    name = re.sub(r"[^\w-]", "_", fingerprint, flags=re.ASCII)[:100]
    return index.with_name(f"{index.name}.{name}.{generation}{_ENDING}")


def each_beside(index: Path) -> Iterator[Path]:
    """Every vector file of an index, also those of earlier generations, sorted by name."""
    pattern = re.compile(re.escape(index.name) + r"\.[\w-]+\.\d+" + re.escape(_ENDING), re.ASCII)
    for path in sorted(index.parent.iterdir()):
        if pattern.fullmatch(path.name):
            yield path


class VectorFile:
    """Rows of `dim` little-endian float16 in seed units; which of them count, SQLite knows.

    Half precision: 2.5 kB a photo instead of 5, and at norm 30 a distance changes by less
    than 0.01 seed units. What was committed is never written again, so that a reader beside
    a scan sees what it saw at its start. Bytes behind the last committed row are of a scan
    that was killed, and the next append replaces them.
    """

    def __init__(self, index: Path, fingerprint: str, generation: int, dim: int) -> None:
        self.index = index
        self.path = vectors_beside(index, fingerprint, generation)
        self.dim = dim
        self.width = 2 * dim

    def append(self, first: int, vectors: "npt.NDArray[np.float32 | np.float16]") -> Segment:
        """Write rows durably behind the last committed one.

        Args:
            first: the number of rows that are committed, as SQLite says.
            vectors: (B, dim) float32 or float16, seed units.

        Returns:
            What must be committed for these rows to count.

        Raises:
            IndexProblem: the disk is full, or the file cannot be written.
            IndexDamaged: it is shorter than what is committed.
        """
        data = vectors.astype("<f2").tobytes()
        # a new file of this name may meet one that a killed scan or another index left behind
        flags = os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        flags |= os.O_CREAT | os.O_TRUNC if first == 0 else 0
        try:
            with os.fdopen(os.open(self.path, flags, 0o666), "r+b", buffering=0) as file:
                if os.fstat(file.fileno()).st_size < first * self.width:
                    raise damaged(self.index, f"{self.path.name} is too short")
                file.seek(first * self.width)
                left = memoryview(data)
                while left:
                    left = left[file.write(left) :]
                os.fsync(file.fileno())
            if first == 0:
                _sync_folder(self.path.parent)
        except FileNotFoundError as error:
            raise damaged(self.index, f"{self.path.name} is missing") from error
        except OSError as error:
            raise _unwritable(self.path, error) from error
        return Segment(first, len(vectors), _hash(data))

    def open(self) -> int:
        """A handle for `read`; who has one can read on after the file was compacted away.

        Raises:
            FileNotFoundError: it was compacted away, or is lost.
            IndexProblem: it cannot be read.
        """
        try:
            return os.open(self.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except FileNotFoundError:
            raise
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def read(
        self, handle: int, segments: Iterable[Segment], rows: "array[int]"
    ) -> "npt.NDArray[np.float16]":
        """Read rows, each segment once, checked, and straight into its place where it can be.

        Args:
            handle: from `open`.
            segments: what is committed, by `first`.
            rows: N row numbers in any order, also repeated.

        Returns:
            (N, dim) float16, in the order of `rows`.

        Raises:
            IndexDamaged: a row that is wanted is not as it was written.
        """
        import numpy as np

        wanted = np.frombuffer(rows, np.int64) if rows else np.empty(0, np.int64)
        vectors: npt.NDArray[np.float16] = aligned((len(wanted), self.dim), "<f2")
        # after a first scan rows come in the order of paths: no sorting, no copy
        rising = bool(np.all(wanted[1:] > wanted[:-1]))
        order = None if rising else np.argsort(wanted, kind="stable")
        ordered = wanted if order is None else wanted[order]
        known = list(segments)
        begins = np.searchsorted(ordered, [segment.first for segment in known]).tolist()
        ends = np.searchsorted(ordered, [each.first + each.rows for each in known]).tolist()
        found = 0
        for segment, begin, end in zip(known, begins, ends, strict=True):
            if begin == end:
                continue
            found += end - begin
            if order is None and end - begin == segment.rows:
                self._read_segment(handle, segment, vectors[begin:end])
                continue
            rows_of_it = aligned((segment.rows, self.dim), "<f2")
            self._read_segment(handle, segment, rows_of_it)
            place = slice(begin, end) if order is None else order[begin:end]
            vectors[place] = rows_of_it[ordered[begin:end] - segment.first]
        if found != len(wanted):
            raise damaged(self.index, "a vector is in no segment")
        return vectors

    def _read_segment(self, handle: int, segment: Segment, into: "npt.NDArray[np.float16]") -> None:
        data = memoryview(into).cast("B")  # type: ignore[arg-type]  # numpy for 3.11 hides it
        left = data
        at = segment.first * self.width
        try:
            while left:
                done = _read_at(handle, left, at)
                if not done:
                    raise damaged(self.index, f"{self.path.name} is too short")
                at += done
                left = left[done:]
        except OSError as error:
            raise _unwritable(self.path, error) from error
        if _hash(data) != segment.hash:
            raise damaged(self.index, f"a part of {self.path.name} was altered")


def _hash(data: bytes | memoryview) -> int:
    number = xxhash.xxh3_64_intdigest(data)
    return number - (1 << 64) if number >> 63 else number


def _read_at(handle: int, into: memoryview, at: int) -> int:
    if hasattr(os, "preadv"):
        return os.preadv(handle, [into], at)
    os.lseek(handle, at, os.SEEK_SET)  # Windows
    data = os.read(handle, min(len(into), 1 << 24))
    into[: len(data)] = data
    return len(data)


def _sync_folder(folder: Path) -> None:
    """So that a power cut does not lose the name of a file whose rows are committed."""
    if not hasattr(os, "O_DIRECTORY"):  # Windows keeps names without being asked
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unwritable(path: Path, error: OSError) -> IndexProblem:
    return IndexProblem(
        f"the vectors of the index in {path} cannot be written or read: {error.strerror or error}",
        "what was written before is kept; check the free space and the rights of its folder",
    )
