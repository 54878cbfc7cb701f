"""The edge file of an encoder: pairs of photos and their distances, remembered; only a cache."""

import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import xxhash

from dedupe.errors import IndexProblem
from dedupe.index.beside import beside, in_place_of, written_alone, written_behind
from dedupe.index.facts import places_of_keys

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

# Pairs that are remembered at most: 12 bytes each, 240 MB.
MOST_PAIRS = 20_000_000

# Segments in a file at most; with more it is written anew as one. A class of photos is a bit
# pattern of two bits for each (remembered.py), which then fits into 64 bits.
MOST_SEGMENTS = 12

_MAGIC = b"dedupeE1"
_HEAD = struct.Struct("<8sIIQd")  # magic, photos before, new photos, pairs, reach
_HASH = struct.Struct("<Q")
_KEY = 16
_EDGE = 12  # two int32, one float32

# Pairs read and checked at once. The table at the head of a segment has the first distance of
# each such block: what lies beyond a threshold is not read.
_BLOCK = 65_536


class EdgesDamaged(Exception):
    """What is remembered is not as it was written: compute it again."""


@dataclass(frozen=True, slots=True)
class Edges:
    """Pairs of remembered photos, nearest first.

    Attributes:
        a: (M,) int32 number of a photo: its place among the keys of the file.
        b: (M,) int32, that of the other.
        distance: (M,) float32, in seed units.
    """

    a: "npt.NDArray[np.int32]"
    b: "npt.NDArray[np.int32]"
    distance: "npt.NDArray[np.float32]"

    def __len__(self) -> int:
        return len(self.a)


@dataclass(frozen=True, slots=True)
class EdgeSegment:
    """What was compared in one go.

    Every photo of `left` was compared with every one of `right`, and all pairs up to `reach`
    are here. Photos that came later are in neither.

    Attributes:
        left: (n,) bool, by the number of a photo.
        right: (n,) bool.
        reach: in seed units.
        pairs: how many there are.
        table: of its blocks, (blocks,) records of `hash` and `first` distance.
        start: where its pairs begin in the file.
        seal: of all of this; the next segment builds on it.
    """

    left: "npt.NDArray[np.bool_]"
    right: "npt.NDArray[np.bool_]"
    reach: float
    pairs: int
    table: "npt.NDArray[np.void]" = field(repr=False)
    start: int
    seal: int

    @property
    def end(self) -> int:
        """Where the next segment begins."""
        return self.start + _EDGE * self.pairs


@dataclass(frozen=True)
class Remembered:
    """What an edge file says, but for the pairs themselves.

    Attributes:
        keys: of the photos it knows, 16 bytes each, one after the other in the order of their
            numbers.
        segments: in the order in which they were written.
    """

    keys: bytes = b""
    segments: tuple[EdgeSegment, ...] = ()

    @property
    def photos(self) -> int:
        """How many it knows."""
        return len(self.keys) // _KEY

    def numbers_of(self, keys: Sequence[bytes]) -> "npt.NDArray[np.int64]":
        """(N,) int64, the numbers of some photos by their keys; -1 of those it does not know."""
        import numpy as np

        joined = b"".join(keys)
        if joined == self.keys:  # all of a library, as it was when it was compared
            return np.arange(len(keys))
        return places_of_keys(self.keys, joined)

    @property
    def end(self) -> int:
        """Where the next segment belongs."""
        return self.segments[-1].end if self.segments else 0

    @property
    def seal(self) -> int:
        """Of the last segment; 0 where there is none."""
        return self.segments[-1].seal if self.segments else 0

    @property
    def pairs(self) -> int:
        """How many are in the file."""
        return sum(segment.pairs for segment in self.segments)


class EdgeFile:
    """Segments of pairs, each sorted by distance, appended to a file beside the index.

    index.db.<fingerprint>.edges. Every segment is sealed, and so is every block of 65,536 pairs
    (xxh3_64); what a kill or a damaged disk left behind does not fit its seal and is not there.
    Losing it costs time, never an answer: so it stands apart from the database, and a damaged
    index that is set aside leaves it to the next one, whose photos have the same keys.

    Writers take a lock of their own, for as long as writing takes, so that a scan never waits
    for it nor the other way round; readers need none.
    """

    def __init__(self, index: Path, fingerprint: str) -> None:
        self.path = beside(index, fingerprint, "edges")
        self._lock = index.with_name(f"{index.name}.edges")

    def remembered(self) -> Remembered:
        """All segments up to the first that is not as it was written; none where it fails."""
        try:
            with self.path.open("rb") as file:
                return self._remembered(file)
        except OSError:
            return Remembered()

    def _remembered(self, file: BinaryIO) -> Remembered:
        size = os.fstat(file.fileno()).st_size
        known = b""
        segments: list[EdgeSegment] = []
        at = seal = 0
        while found := _segment(file, at, size, len(known) // _KEY, seal):
            keys, segment = found
            known += keys
            segments.append(segment)
            at, seal = segment.end, segment.seal
        return Remembered(known, tuple(segments))

    def read(self, known: Remembered, segments: Sequence[EdgeSegment], limit: float) -> Edges:
        """The pairs of some segments up to a distance, segment by segment.

        Args:
            known: from `remembered`.
            segments: some of its segments.
            limit: in seed units.

        Returns:
            Pairs of which a float32 distance is at most `limit`; one that is in two segments
            comes twice.

        Raises:
            EdgesDamaged: a block is not as it was written.
        """
        import numpy as np

        parts = [Edges(np.empty(0, "<i4"), np.empty(0, "<i4"), np.empty(0, "<f4"))]
        try:
            with self.path.open("rb") as file:
                for segment in segments:
                    parts.extend(_blocks(file, segment, limit, known.photos))
        except OSError as error:
            raise EdgesDamaged(f"{self.path.name} cannot be read") from error
        return joined(parts)

    def append(
        self,
        known: Remembered,
        keys: Sequence[bytes],
        left: "npt.NDArray[np.bool_]",
        right: "npt.NDArray[np.bool_]",
        reach: float,
        edges: Edges,
    ) -> Remembered:
        """Write one more segment durably behind the last.

        Args:
            known: what is in the file; an empty one begins it anew.
            keys: 16 bytes (`Library.photo_keys`) of each photo that it does not know yet; they get
                the next numbers.
            left: (n,) bool, n = all photos now: those compared with `right`.
            right: (n,) bool.
            reach: all pairs up to it are in `edges`.
            edges: in any order.

        Returns:
            What is in the file now.

        Raises:
            IndexProblem: another process is writing, or wrote since `known` was read; or it
                cannot be written: then it is as it was.
        """
        head, table, ordered = _sealed(known, keys, left, right, reach, edges)
        with written_alone(self.path, self._lock):
            if known.segments:
                if self.remembered().seal != known.seal:
                    raise IndexProblem(f"{self.path.name} was changed meanwhile", "try again")
                with self.path.open("r+b") as file, written_behind(file, known.end):
                    _write(file, head, ordered)
            else:
                with in_place_of(self.path) as new, written_behind(new, 0):
                    _write(new, head, ordered)
        segment = EdgeSegment(
            left=left,
            right=right,
            reach=reach,
            pairs=len(edges),
            table=table,
            start=known.end + len(head),
            seal=_HASH.unpack(head[-_HASH.size :])[0],
        )
        return Remembered(known.keys + b"".join(keys), (*known.segments, segment))


def joined(parts: Sequence[Edges]) -> Edges:
    """All pairs of one or more parts."""
    import numpy as np

    if len(parts) == 1:
        return parts[0]
    return Edges(
        np.concatenate([part.a for part in parts]),
        np.concatenate([part.b for part in parts]),
        np.concatenate([part.distance for part in parts]),
    )


def _segment(
    file: BinaryIO, at: int, size: int, before: int, seal: int
) -> tuple[bytes, EdgeSegment] | None:
    """The keys and the segment that begin at a place of the file, or None where none is sound."""
    import numpy as np

    file.seek(at)
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    magic, first, new, pairs, reach = _HEAD.unpack(head)
    count = first + new
    bits, blocks = -(-count // 8), -(-pairs // _BLOCK)
    length = _KEY * new + 2 * bits + _table_type().itemsize * blocks
    start = at + _HEAD.size + length + _HASH.size
    if magic != _MAGIC or first != before or start + _EDGE * pairs > size:
        return None
    body = file.read(length)
    sealed = _HASH.pack(xxhash.xxh3_64_intdigest(head + body, seed=seal))
    if file.read(_HASH.size) != sealed:
        return None
    flags = np.frombuffer(body, np.uint8, 2 * bits, _KEY * new).reshape(2, bits)
    left, right = np.unpackbits(flags, axis=1, count=count).astype(np.bool_)
    table = np.frombuffer(body, _table_type(), blocks, _KEY * new + 2 * bits)
    segment = EdgeSegment(
        left=left,
        right=right,
        reach=reach,
        pairs=pairs,
        table=table,
        start=start,
        seal=_HASH.unpack(sealed)[0],
    )
    return body[: _KEY * new], segment


def _table_type() -> "np.dtype[np.void]":
    import numpy as np

    return np.dtype([("hash", "<u8"), ("first", "<f4")])


def _blocks(file: BinaryIO, segment: EdgeSegment, limit: float, photos: int) -> Iterator[Edges]:
    """The blocks of a segment that begin within a distance, the last one cut."""
    import numpy as np

    wanted = int(np.searchsorted(segment.table["first"], limit, side="right"))
    for number in range(wanted):
        count = min(_BLOCK, segment.pairs - number * _BLOCK)
        file.seek(segment.start + number * _BLOCK * _EDGE)
        data = file.read(count * _EDGE)
        if xxhash.xxh3_64_intdigest(data) != segment.table["hash"][number]:
            raise EdgesDamaged(f"a part of {file.name} was altered")
        a, b = np.frombuffer(data, "<i4", 2 * count).reshape(2, count)
        distance = np.frombuffer(data, "<f4", count, 2 * 4 * count)
        if number == wanted - 1:
            count = int(np.searchsorted(distance, limit, side="right"))
        yield Edges(a[:count], b[:count], distance[:count])


def _sealed(
    known: Remembered,
    keys: Sequence[bytes],
    left: "npt.NDArray[np.bool_]",
    right: "npt.NDArray[np.bool_]",
    reach: float,
    edges: Edges,
) -> "tuple[bytes, npt.NDArray[np.void], Edges]":
    """The head of a new segment, its table, and its pairs in order."""
    import numpy as np

    order = np.argsort(edges.distance)
    ordered = Edges(edges.a[order], edges.b[order], edges.distance[order])
    starts = range(0, len(edges), _BLOCK)
    table = np.empty(len(starts), _table_type())
    table["first"] = ordered.distance[::_BLOCK]
    table["hash"] = [xxhash.xxh3_64_intdigest(_block(ordered, at)) for at in starts]
    head = b"".join(
        (
            _HEAD.pack(_MAGIC, known.photos, len(keys), len(edges), reach),
            *keys,
            np.packbits(left).tobytes(),
            np.packbits(right).tobytes(),
            table.tobytes(),
        )
    )
    seal = _HASH.pack(xxhash.xxh3_64_intdigest(head, seed=known.seal))
    return head + seal, table, ordered


def _block(edges: Edges, start: int) -> bytes:
    part = slice(start, start + _BLOCK)
    columns = edges.a[part].astype("<i4"), edges.b[part].astype("<i4")
    return b"".join(
        (*(column.tobytes() for column in columns), edges.distance[part].astype("<f4").tobytes())
    )


def _write(file: BinaryIO, head: bytes, edges: Edges) -> None:
    """A segment and its pairs, block by block."""
    file.write(head)
    for start in range(0, len(edges), _BLOCK):
        file.write(_block(edges, start))
