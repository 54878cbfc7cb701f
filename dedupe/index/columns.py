"""What an index says of all its photos, by columns: nothing is made of a row before it is asked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import getitem, itemgetter
from typing import TYPE_CHECKING, Any

from dedupe.index.rows import FILE_COLUMNS, PHOTO_COLUMNS, moment_of, time_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_FILE = tuple(column.strip() for column in FILE_COLUMNS.split(","))
_PHOTO = tuple(column.strip() for column in PHOTO_COLUMNS.split(","))

NAMES = (*_FILE, "file_seal", *_PHOTO, "photo_seal", "row")
"""Of a row: a file with its seal, what is known of its photo with its seal, and its vector."""

_RAW = ("path", "content", "pixel_hash", "dct_hash")
_TEXTS = ("format", "taken", "taken_from", "camera", "software")
_BYTES = (*_RAW, *_TEXTS)
_NUMBERS = (*(name for name in NAMES if name not in _BYTES), "moment")

STORED = {"numbers": "<i8", "ends": "<i8", **dict.fromkeys(_BYTES, "u1")}
"""The columns of `Columns` as they are remembered, and of which numbers."""

HASH = 32
"""Bytes of a hash."""

# Rows that are laid column by column at once.
_AT_ONCE = 4096

# Of a row's numbers, bytes and texts, one behind the other, those of the file and of the photo.
_OF_FILE, _OF_PHOTO = (
    itemgetter(*map((*_NUMBERS, *_BYTES).index, names)) for names in (_FILE, _PHOTO)
)


@dataclass(frozen=True, slots=True)
class Columns:
    """N rows of an index.

    Attributes:
        numbers: (N, K) int64, those columns that are numbers, and the moment of each.
        ends: (N + 1, B) int64, where each of the others ends among all of its column.
        data: those columns, each one behind the other; text in UTF-8.
    """

    numbers: "npt.NDArray[np.int64]"
    ends: "npt.NDArray[np.int64]"
    data: tuple[bytes, ...]

    def __len__(self) -> int:
        return len(self.numbers)

    def number(self, name: str) -> "npt.NDArray[np.int64]":
        """(N,) one of the columns that are numbers."""
        return self.numbers[:, _NUMBERS.index(name)]

    def each(self, name: str, rows: "npt.NDArray[np.int64]") -> list[bytes]:
        """One of the others, of some rows."""
        number = _BYTES.index(name)
        data, ends = self.data[number], self.ends[:, number]
        places = zip(ends[rows].tolist(), ends[rows + 1].tolist(), strict=True)
        return [data[start:end] for start, end in places]

    def hashes(self, name: str, rows: "npt.NDArray[np.int64]") -> "npt.NDArray[np.uint8]":
        """(M, 32) one of the columns that are hashes, of some rows; zeros where there is none."""
        import numpy as np

        number = _BYTES.index(name)
        data, ends = np.frombuffer(self.data[number], np.uint8), self.ends[:, number]
        if len(data) == HASH * len(self):
            return data.reshape(-1, HASH)[rows]
        found = np.zeros((len(rows), HASH), np.uint8)
        there = np.flatnonzero(ends[rows + 1] - ends[rows] == HASH)
        found[there] = data[ends[rows[there], None] + np.arange(HASH)]
        return found

    def at(self, row: int) -> tuple[Sequence[Any], Sequence[Any]]:
        """FILE_COLUMNS and PHOTO_COLUMNS of a row, as the index has them."""
        starts, ends = self.ends[row : row + 2].tolist()
        values: list[Any] = self.numbers[row].tolist()
        values += map(getitem, self.data, map(slice, starts, ends))
        values[-len(_TEXTS) :] = map(bytes.decode, values[-len(_TEXTS) :])
        return _OF_FILE(values), _OF_PHOTO(values)

    def stored(self) -> "Mapping[str, npt.ArrayLike]":
        """As `STORED` says."""
        import numpy as np

        data = (np.frombuffer(each, np.uint8) for each in self.data)
        return {
            "numbers": self.numbers.ravel(),
            "ends": self.ends.ravel(),
            **dict(zip(_BYTES, data, strict=True)),
        }


def columns_of(rows: Iterable[Sequence[Any]]) -> Columns:
    """Rows of `NAMES` as columns."""
    import numpy as np

    numbers = [np.empty((0, len(_NUMBERS)), np.int64)]
    lengths = [np.zeros((1, len(_BYTES)), np.int64)]
    pieces: dict[str, list[bytes]] = {name: [] for name in _BYTES}
    some: list[Sequence[Any]] = []

    def lay() -> None:
        of = dict(zip(NAMES, zip(*some, strict=True), strict=True))
        of["moment"] = tuple(moment_of(time_of(taken)) for taken in of["taken"])
        numbers.append(np.array([of[name] for name in _NUMBERS], np.int64).T)
        for name in _TEXTS:
            of[name] = tuple(text.encode() for text in of[name])
        lengths.append(np.array([list(map(len, of[name])) for name in _BYTES], np.int64).T)
        for name in _BYTES:
            pieces[name].append(b"".join(of[name]))
        some.clear()

    for row in rows:
        some.append(row)
        if len(some) == _AT_ONCE:
            lay()
    if some:
        lay()
    data = tuple(map(b"".join, pieces.values()))
    return Columns(np.concatenate(numbers), np.concatenate(lengths).cumsum(0), data)


def merged(
    known: Columns,
    new: Columns,
    places: "npt.NDArray[np.int64]",
    rows: "npt.NDArray[np.int64]",
) -> Columns:
    """Rows of two columns, in an order of their own.

    Args:
        known: most of them.
        new: the others.
        places: (N,) of each row where it is in the first, or behind the first in the second.
        rows: (N,) of each the row of its vector by now.
    """
    import numpy as np

    numbers = np.concatenate([known.numbers, new.numbers])[places]
    numbers[:, _NUMBERS.index("row")] = rows
    ends = np.concatenate([known.ends, known.ends[-1] + new.ends[1:]])
    lengths = np.diff(ends, axis=0)[places]
    # what follows each other stays together
    cuts = np.flatnonzero(np.diff(places) != 1) + 1
    first = places[np.concatenate([[0], cuts])] if len(places) else places
    after = places[np.append(cuts, len(places)) - 1] + 1 if len(places) else places
    data = []
    for number, (one, other) in enumerate(zip(known.data, new.data, strict=True)):
        both = one + other
        of = ends[:, number]
        runs = map(slice, of[first].tolist(), of[after].tolist())
        data.append(b"".join(map(both.__getitem__, runs)))
    lengths = np.concatenate([np.zeros((1, len(_BYTES)), np.int64), lengths])
    return Columns(numbers, lengths.cumsum(0), tuple(data))


def columns_from(stored: "Mapping[str, npt.NDArray[np.generic]]") -> Columns | None:
    """What `Columns.stored` gave; None where it cannot be that.

    The seal of a file tells of damage, not of who wrote it.
    """
    import numpy as np

    numbers, ends = stored["numbers"], stored["ends"]
    if len(numbers) % len(_NUMBERS) or len(ends) % len(_BYTES):
        return None
    # copies: what was read of the file is let go of
    numbers = numbers.astype(np.int64).reshape(-1, len(_NUMBERS))
    ends = ends.astype(np.int64).reshape(-1, len(_BYTES))
    data = tuple(stored[name].tobytes() for name in _BYTES)
    found = Columns(numbers, ends, data)
    if len(ends) != len(found) + 1 or ends[0].any() or (np.diff(ends, axis=0) < 0).any():
        return None
    return found if ends[-1].tolist() == list(map(len, data)) else None


def interleaved(one: Sequence[bytes], other: Sequence[bytes]) -> bytes:
    """The first of both, the second of both, and so on."""
    return b"".join(chain.from_iterable(zip(one, other, strict=True)))
