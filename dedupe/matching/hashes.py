"""Which photos have hashes alike, turned and mirrored as may be."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from dedupe.matching.measure import Found
from dedupe.photos.photo import Photo
from dedupe.progress import Progress, Silent

ALIKE = 64
"""Bits of 256 by which two hashes may differ: different photos differ by 96 and more."""

# Hashes of so few bits, or so many, are of pictures without any texture, and all the same.
_SAYS_NOTHING = 16

# Hashes compared at once: 2 MB of words, which stay in the cache. 27 ns a pair on one core.
_ROWS, _COLUMNS = 128, 2048

_NONE = bytes(32)

# Frequencies are counted from 1: a mirrored picture has those of odd number negated.
_ODD = np.arange(1, 17) % 2 == 1

_Words = npt.NDArray[np.uint64]


def alike(
    photos: Sequence[Photo],
    *,
    lefts: npt.NDArray[np.int64] | None = None,
    progress: Progress | None = None,
) -> Iterator[Found]:
    """Find the pairs of photos whose hashes are alike, turned and mirrored as may be.

    Args:
        photos: N of them; those without a hash, or with one that says nothing, have none.
        lefts: rows that are compared with each other and with all others; all if None.
        progress: told how many of the left ones are done.

    Yields:
        Two rows, in no order, and (M,) float32, by how many bits of 256 they differ in the
        best of the 8 ways to turn and mirror one of them, at most `ALIKE`; each pair once.
    """
    progress = progress or Silent()
    known = np.array([says_something(photo) for photo in photos], np.bool_)
    first = np.zeros(len(photos), np.bool_)
    first[... if lefts is None else lefts] = True
    rows = np.concatenate([np.flatnonzero(first & known), np.flatnonzero(~first & known)])
    count = int((first & known).sum())
    hashes = [photos[row].dct_hash for row in rows.tolist()]
    words, turned = _words(hashes), _words(hashes, transposed=True)

    def compare(start: int) -> list[Found]:
        found = []
        here = slice(start, min(start + _ROWS, count))
        for second in range(start, len(rows), _COLUMNS):
            there = slice(second, second + _COLUMNS)
            least = _fewest(words[here, None], words[None, there], turned[None, there])
            a, b = np.nonzero(least <= ALIKE)
            bits = least[a, b].astype(np.float32)
            a, b = a + start, b + second
            once = a < b
            if once.any():
                found.append((rows[a[once]], rows[b[once]], bits[once]))
        return found

    progress.start("Comparing hashes", count)
    # numpy lets go of Python's lock while it counts bits
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        try:
            for start, found in zip(
                range(0, count, _ROWS), pool.map(compare, range(0, count, _ROWS)), strict=True
            ):
                yield from found
                progress.advance(min(_ROWS, count - start))
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
    some = [photos[row] for row in used.tolist()]
    heard = np.array([says_something(photo) for photo in some], np.bool_)
    hashes = [photo.dct_hash if known else _NONE for photo, known in zip(some, heard, strict=True)]
    words, turned = _words(hashes), _words(hashes, transposed=True)
    bits = _fewest(words[a], words[b], turned[b]).astype(np.int64)
    return np.where(heard[a] & heard[b], bits, 256)


def says_something(photo: Photo) -> bool:
    """Whether a photo has a hash, of a picture with some texture."""
    if not photo.dct_hash:
        return False
    ones = int.from_bytes(photo.dct_hash, "big").bit_count()
    return _SAYS_NOTHING <= ones <= 256 - _SAYS_NOTHING


def _words(hashes: list[bytes], *, transposed: bool = False) -> _Words:
    """(N, 4) uint64: the bits of even and odd rows and columns, each in a word.

    Mirroring negates the odd columns, turning upside down both: whole words. So one count of
    bits per word answers for four of the eight ways, and those of the transposed hash for
    the other four.
    """
    bits = np.unpackbits(np.frombuffer(b"".join(hashes), np.uint8)).reshape(-1, 16, 16)
    if transposed:
        bits = bits.transpose(0, 2, 1)
    parts = [bits[:, ys][:, :, xs] for ys in (~_ODD, _ODD) for xs in (~_ODD, _ODD)]
    packed = [np.packbits(part.reshape(len(part), 64), axis=1) for part in parts]
    return np.stack([each.view(np.uint64)[:, 0] for each in packed], 1)


def _fewest(
    left: _Words,
    right: _Words,
    turned: _Words,
) -> npt.NDArray[np.uint8]:
    """The fewest bits that differ over the eight ways, of words that are laid side by side.

    Args:
        left: (..., 4) uint64.
        right: (..., 4), of the other photos.
        turned: (..., 4), of the same, transposed.
    """
    least: npt.NDArray[np.uint8] | None = None
    for other in (right, turned):
        even, across, down, both = (
            np.bitwise_count(left[..., word] ^ other[..., word]).view(np.int8) for word in range(4)
        )
        # counts are 0 to 64 and, negated, 64 less them: about their middle, where negating
        # only changes the sign, all fits in 8 bits (the least of the four sums is never above 0)
        for each in (across, down, both):
            each -= 32
        plain, flipped = down + both, down - both
        best = np.minimum(across + plain, flipped - across)
        np.minimum(best, across - plain, out=best)
        np.minimum(best, -across - flipped, out=best)
        total = (even + best.astype(np.int16) + 96).astype(np.uint8)
        least = total if least is None else np.minimum(least, total)
    assert least is not None
    return least
