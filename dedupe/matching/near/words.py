"""Visual words of a library's photos: found once, remembered, and who has which of them."""

from collections.abc import Iterator, Sequence
from contextlib import suppress

import numpy as np
import numpy.typing as npt
import xxhash

from dedupe.errors import IndexProblem
from dedupe.index.facts import places_of_keys
from dedupe.index.words import MOST_SHELVES, NUMBER_BITS, Shelf, WordFile, Words
from dedupe.matching.crew import Crew
from dedupe.matching.points.held import HeldFeatures
from dedupe.matching.points.words import MARK_BITS, WORD_BITS
from dedupe.photos.version import DECODE_VERSION
from dedupe.progress import Progress

# Goes up with every change of how words are made.
_VERSION = 3

_KEY = 16

# Photos whose features are held at once.
_BATCH = 1024

_NUMBER = np.uint64((1 << NUMBER_BITS) - 1)

_Rows = npt.NDArray[np.int64]


def words_method() -> bytes:
    """16 bytes that stand for all that decides which words a photo has."""
    import cv2

    who = f"{_VERSION} {WORD_BITS} decode {DECODE_VERSION} opencv {cv2.__version__}"
    return xxhash.xxh3_128_digest(who.encode())


class WordsOfPhotos:
    """The words of some photos of a library, by their rows.

    Attributes:
        row_of: (numbers,) of each photo in the file its row; -1 of those that are not in the
            library.
    """

    def __init__(self, file: WordFile, keys: bytes) -> None:
        """Those that are remembered.

        Args:
            file: where they are.
            keys: 16 bytes of each photo of the library.
        """
        self._method = words_method()
        self._file = file
        self._keys = keys
        self._words = file.read(self._method)
        self.row_of = places_of_keys(keys, self._words.keys)

    @property
    def numbers(self) -> _Rows:
        """(N,) of each row its number in the file; -1 of those whose words are not known."""
        here = np.flatnonzero(self.row_of >= 0)
        found = np.full(len(self._keys) // _KEY, -1)
        found[self.row_of[here]] = here
        return found

    def numbers_of(self, keys: bytes) -> _Rows:
        """Of photos by their keys, which need not be in the library; -1 likewise."""
        return places_of_keys(self._words.keys, keys)

    def look_for(self, rows: _Rows, features: HeldFeatures, progress: Progress) -> None:
        """Find the words of those of some photos whose words are not known, and remember them.

        Args:
            rows: that have a thumbnail.
            features: of the library's photos.
            progress: told of every photo.

        Raises:
            IndexProblem: the index cannot be read.
            IndexDamaged: a thumbnail is not as it was written.
        """
        missing = rows[self.numbers[rows] < 0]
        if not len(missing):
            return
        progress.start("Looking for words", len(missing))
        found: list[npt.NDArray[np.uint64]] = []
        with Crew(len(missing)) as crew:
            for start in range(0, len(missing), _BATCH):
                some = missing[start : start + _BATCH].tolist()
                held = features.hold(some, crew)
                found += [held[row].words if row in held else _NOTHING for row in some]
                progress.advance(len(some))
        keys, shelf = some_keys(self._keys, missing), _shelf(found, self._words.photos)
        with suppress(IndexProblem):  # then they are found anew next time
            self._file.append(self._words, self._method, keys, shelf)
        self._words = self._words.and_also(keys, shelf)
        self.row_of = np.concatenate([self.row_of, missing])
        self._tidy()

    @property
    def all_shelves(self) -> Sequence[Shelf]:
        """The words of all photos that are remembered."""
        return self._words.shelves

    def shelves(self, here: npt.NDArray[np.bool_]) -> Sequence[Shelf]:
        """The words of some photos alone, by their numbers."""
        return self.all_shelves if here.all() else [_of(its, here) for its in self.all_shelves]

    def _tidy(self) -> None:
        """Write many shelves anew as one; without photos that are gone, if most are here."""
        words = self._words
        if len(words.shelves) <= MOST_SHELVES:
            return
        here = self.row_of >= 0
        stays = here if 2 * int(here.sum()) >= words.photos else np.ones(len(here), np.bool_)
        number = (np.cumsum(stays) - 1).astype(np.uint64)
        each = [_of(shelf, stays) for shelf in words.shelves]
        joined = np.concatenate([shelf.words for shelf in each])
        joined = (joined & ~_NUMBER) | number[numbers_in(joined)]
        order = np.argsort(joined, kind="stable")
        marks = np.concatenate([shelf.marks for shelf in each])[order]
        keys = some_keys(words.keys, np.flatnonzero(stays))
        one = Shelf(joined[order], marks, int(stays.sum()))
        with suppress(IndexProblem):
            self._file.append(Words(), self._method, keys, one)
        self._words = Words().and_also(keys, one)
        self.row_of = self.row_of[stays]


_NOTHING = np.empty(0, np.uint64)


def numbers_in(words: npt.NDArray[np.uint64]) -> _Rows:
    """The numbers of the photos that have them."""
    return (words & _NUMBER).astype(np.int64)


def without_numbers(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Words as they begin on every shelf, whoever has them."""
    return words & ~_NUMBER


def places_on(
    shelf: Shelf, words: npt.NDArray[np.uint64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where on a shelf each of some words begins, and how many photos have it.

    Args:
        shelf: of any photos.
        words: (Q,) `without_numbers`.
    """
    first = np.searchsorted(shelf.words, words)
    return first, np.searchsorted(shelf.words, words | _NUMBER, side="right") - first


def in_pieces(words: npt.NDArray[np.uint64], size: int = 1 << 20) -> Iterator[slice]:
    """Parts of a shelf that are looked at one after the other, one at least."""
    for start in range(0, max(1, len(words)), size):
        yield slice(start, start + size)


def with_any(
    shelves: Sequence[Shelf], wanted: npt.NDArray[np.bool_]
) -> Iterator[tuple[Shelf, slice]]:
    """The shelves on which any of some photos are, piece by piece.

    Args:
        shelves: all of them.
        wanted: (numbers,) which photos.
    """
    first = 0
    for shelf in shelves:
        if wanted[first : first + shelf.photos].any():
            for piece in in_pieces(shelf.words):
                yield shelf, piece
        first += shelf.photos


def _shelf(found: Sequence[npt.NDArray[np.uint64]], before: int) -> Shelf:
    """The words of some photos, which have the numbers from `before` on."""
    number = np.repeat(np.arange(before, before + len(found)), [len(its) for its in found])
    marked = np.concatenate(found)
    words = marked >> np.uint64(MARK_BITS) << np.uint64(NUMBER_BITS) | number.astype(np.uint64)
    order = np.argsort(words)
    return Shelf(words[order], marked[order].astype(np.uint16), len(found))


def _of(shelf: Shelf, stays: npt.NDArray[np.bool_]) -> Shelf:
    """The words of some of the photos of a shelf."""
    words, marks = [], []
    for piece in in_pieces(shelf.words):
        here = stays[numbers_in(shelf.words[piece])]
        words.append(shelf.words[piece][here])
        marks.append(shelf.marks[piece][here])
    return Shelf(np.concatenate(words), np.concatenate(marks), shelf.photos)


def some_keys(keys: bytes, rows: _Rows) -> bytes:
    """The keys of some photos, of 16 bytes each."""
    return np.frombuffer(keys, np.uint8).reshape(-1, _KEY)[rows].tobytes()
