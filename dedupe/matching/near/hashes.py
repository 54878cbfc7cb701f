"""Which photos have hashes alike, turned and mirrored as may be, or in negative."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, cached_property

import numpy as np
import numpy.typing as npt

from dedupe.cores import cores
from dedupe.index.indexed import dct_hashes, photos_at
from dedupe.matching.near.measure import Found
from dedupe.photos.photo import Photo
from dedupe.progress import Progress, Silent

ALIKE = 64
"""Bits of 256 by which two hashes may differ: different photos differ by 96 and more."""

# Hashes of so few bits, or so many, are of pictures without any texture, and all the same.
_SAYS_NOTHING = 16

# Hashes compared at once: 1 MB of words, which stay in the cache, and work for every core where
# a hundred photos are new. 13 ns a pair on one core.
_ROWS, _COLUMNS = 32, 4096


_Words = npt.NDArray[np.uint64]


class Hashes:
    """Hashes of photos, or of parts of them, those left out that say nothing.

    Attributes:
        rows: (M,) int64, the row that each is of; several may be of one.
    """

    def __init__(self, rows: npt.NDArray[np.int64], hashes: npt.NDArray[np.uint8]) -> None:
        """As they come.

        Args:
            rows: N of them.
            hashes: (N, 32); 0 says nothing.
        """
        heard = _tell(hashes)
        self.rows = rows[heard]
        self._data = hashes[heard]

    @cached_property
    def words(self) -> _Words:
        """(M, 4): the bits, as `_words` lays them out; made when they are asked for."""
        return _words(self._data)

    @cached_property
    def turned(self) -> _Words:
        """Of the transposed hashes the words; made when they are asked for."""
        return _words(_transposed(self._data))

    def __len__(self) -> int:
        return len(self.rows)

    def of(self, rows: npt.NDArray[np.int64]) -> "Hashes":
        """Those of some rows."""
        asked = np.zeros(int(max(self.rows.max(initial=-1), rows.max(initial=-1))) + 1, np.bool_)
        asked[rows] = True
        here = asked[self.rows]
        return Hashes(self.rows[here], self._data[here])

    def codes(self) -> npt.NDArray[np.uint8]:
        """(M, 32): the bits, in an order in which turned and mirrored ones can be told apart."""
        return self.words.view(np.uint8).reshape(-1, 32)

    def ways(self) -> npt.NDArray[np.uint8]:
        """(9 M, 32): all in the first way to turn and mirror, in the second, ..., in negative."""
        none, all_ones = np.uint64(0), ~np.uint64(0)
        ways = [
            words ^ np.array([none, across, down, across ^ down])
            for words in (self.words, self.turned)
            for across in (none, all_ones)
            for down in (none, all_ones)
        ]
        ways.append(~self.words)
        return np.concatenate(ways).view(np.uint8).reshape(-1, 32)


def hashes_of(photos: Sequence[Photo], rows: Iterable[int]) -> Hashes:
    """The hashes of some photos, in the order of `rows`; one that is not there says nothing."""
    places = np.array(list(rows), np.int64)
    return Hashes(places, dct_hashes(photos_at(photos, places)))


def alike(
    left: Hashes, right: Hashes | None = None, *, progress: Progress | None = None
) -> Iterator[Found]:
    """Find the pairs of hashes that are alike, turned and mirrored as may be, or in negative.

    Args:
        left: some hashes.
        right: they are compared with these; with each other if None.
        progress: told how many of the left ones are done.

    Yields:
        The row of a left and of a right one, never the same, and (M,) float32, by how many
        bits of 256 they differ in the best of the 8 ways to turn and mirror one of them, or with
        one in negative, at most `ALIKE`; each pair of hashes once.
    """
    progress = progress or Silent()
    other = left if right is None else right
    turned = left.turned  # the left ones: they are few where many were compared before

    # as many for each core: of 100 rows one core had 64 and the other 36
    rounds = -(-len(left) // (_ROWS * cores()))
    rows = -(-len(left) // max(1, rounds * cores()))

    def compare(start: int) -> list[Found]:
        found = []
        here = slice(start, start + rows)
        for second in range(start if right is None else 0, len(other), _COLUMNS):
            there = slice(second, second + _COLUMNS)
            words = other.words[None, there], left.words[here, None]
            least = _fewest(*words, turned[here, None], negative=True)
            a, b = np.nonzero(least <= ALIKE)
            bits = least[a, b].astype(np.float32)
            a, b = a + start, b + second
            counts = left.rows[a] != other.rows[b]
            if right is None:
                counts &= a < b
            if counts.any():
                found.append((left.rows[a[counts]], other.rows[b[counts]], bits[counts]))
        return found

    progress.start("Comparing hashes", len(left))
    starts = range(0, len(left), max(1, rows))
    # numpy lets go of Python's lock while it counts bits
    with ThreadPoolExecutor(cores()) as pool:
        try:
            for start, found in zip(starts, pool.map(compare, starts), strict=True):
                yield from found
                progress.advance(min(rows, len(left) - start))
        finally:
            pool.shutdown(cancel_futures=True)


def hash_bits(photos: Sequence[Photo], pairs: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """By how many bits of 256 hashes differ, in the best of the 8 ways to turn and mirror.

    Args:
        photos: N of them.
        pairs: (M, 2) int64, rows.

    Returns:
        (M,) int64; 256 where one of the two has no hash, or one that says nothing.
    """
    if not len(pairs):
        return np.empty(0, np.int64)
    used, places = np.unique(pairs, return_inverse=True)
    a, b = places.reshape(-1, 2).T
    data = dct_hashes(photos_at(photos, used))
    heard, words, turned = _tell(data), _words(data), _words(_transposed(data))
    bits = _fewest(words[a], words[b], turned[b]).astype(np.int64)
    return np.where(heard[a] & heard[b], bits, 256)


def are_negatives(photos: Sequence[Photo], pairs: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which pairs have hashes alike once one of the two is in negative.

    In negative every frequency has the other sign, and so every bit of the hash is another one.
    Neither is turned or mirrored for that.

    Args:
        photos: N of them.
        pairs: (M, 2) int64, rows.

    Returns:
        (M,) bool.
    """
    if not len(pairs):
        return np.zeros(0, np.bool_)
    used, places = np.unique(pairs, return_inverse=True)
    a, b = places.reshape(-1, 2).T
    data = dct_hashes(photos_at(photos, used))
    heard = _tell(data)
    bits = np.bitwise_count(data[a] ^ data[b]).sum(1, dtype=np.int64)
    found: npt.NDArray[np.bool_] = heard[a] & heard[b] & (bits >= 256 - ALIKE)
    return found


def _tell(hashes: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Which of (N, 32) bytes are of a picture with some texture."""
    ones = np.bitwise_count(hashes).sum(1, dtype=np.int64)
    told: npt.NDArray[np.bool_] = (ones >= _SAYS_NOTHING) & (ones <= 256 - _SAYS_NOTHING)
    return told


def _words(hashes: npt.NDArray[np.uint8]) -> _Words:
    """(N, 4) uint64, of (N, 32) bytes: the bits of even and odd rows and columns, each in a word.

    Mirroring negates the odd columns, turning upside down both: whole words. So one count of
    bits per word answers for four of the eight ways, and those of the transposed hash for
    the other four.
    """
    rows = np.ascontiguousarray(hashes).view(np.uint16)
    parts = np.empty((len(rows), 2, 2, 8), np.uint8)
    # frequencies are counted from 1, so the first of each two is odd: from even to odd
    for column, every_other in enumerate(_every_other()):
        parts[:, :, column] = every_other[rows].reshape(-1, 8, 2)[:, :, ::-1].swapaxes(1, 2)
    return parts.view(np.uint64).reshape(-1, 4)


@cache
def _every_other() -> npt.NDArray[np.uint8]:
    """(2, 65536): of 16 bits the second, the fourth, ..., and the first, the third, ..."""
    bits = np.unpackbits(np.arange(1 << 16, dtype=np.uint16).view(np.uint8)).reshape(-1, 8, 2)
    return np.packbits(bits[:, :, ::-1].transpose(2, 0, 1), axis=2)[:, :, 0]


def _transposed(hashes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """(N, 32) bytes of 16 x 16 bits, rows and columns exchanged."""
    bits = np.unpackbits(hashes).reshape(-1, 16, 16).swapaxes(1, 2)
    return np.packbits(bits, axis=2).reshape(-1, 32)


def _fewest(
    left: _Words,
    right: _Words,
    turned: _Words,
    *,
    negative: bool = False,
) -> npt.NDArray[np.uint8]:
    """The fewest bits that differ over the eight ways, of words that are laid side by side.

    Args:
        left: (..., 4) uint64.
        right: (..., 4), of the other photos.
        turned: (..., 4), of the same, transposed.
        negative: whether all of them may differ, neither turned nor mirrored, as well.
    """
    least: npt.NDArray[np.int16] | None = None
    for other in (right, turned):
        even, across, down, both = (
            np.bitwise_count(left[..., word] ^ other[..., word]).view(np.int8) for word in range(4)
        )
        # counts are 0 to 64 and, negated, 64 less them: about their middle, where negating
        # only changes the sign, all fits in 8 bits (the least of the four sums is never above 0)
        for each in (across, down, both):
            each -= 32
        plain, flipped = down + both, down - both
        as_they_are = across + plain
        best = np.minimum(as_they_are, flipped - across)
        np.minimum(best, across - plain, out=best)
        np.minimum(best, -across - flipped, out=best)
        total = even + best.astype(np.int16)
        if negative and least is None:
            np.minimum(total, 64 - as_they_are.astype(np.int16) - even, out=total)
        least = total if least is None else np.minimum(least, total, out=least)
    assert least is not None
    return (least + 96).astype(np.uint8)
