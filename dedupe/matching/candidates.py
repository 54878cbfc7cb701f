"""Which pairs of photos are worth verifying: near by embedding, or alike by hash."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dedupe.matching.distances import Pairs
from dedupe.photos.photo import Photo

REACH = 22.0
"""Seed units up to which a pair is a candidate: one unrelated pair in 1,000 is nearer."""

ALIKE = 64
"""Bits of 256 by which two hashes may differ: different photos differ by 96 and more."""

# Candidates of one photo, the nearest: 43 edits of one photo are more than a person makes.
_EACH = 24

# Hashes of so few bits, or so many, are of pictures without any texture, and all the same.
_SAYS_NOTHING = 16

# Hashes compared at once: 2 MB of words, which stay in the cache.
_ROWS, _COLUMNS = 128, 2048

_NONE = bytes(32)

# Frequencies are counted from 1: a mirrored picture has those of odd number negated.
_ODD = np.arange(1, 17) % 2 == 1


def candidates(photos: Sequence[Photo], near: Pairs) -> npt.NDArray[np.int64]:
    """The pairs that are verified: a bounded number for each photo.

    Args:
        photos: N of them, no two of one content.
        near: their pairs up to `REACH`.

    Returns:
        (M, 2) int64, rows a < b, sorted: of each photo the 24 nearest by distance and the 24
        most alike by hash; a pair counts if it is among those of either photo.
    """
    hashed, bits = alike_hashes(photos)
    pairs = np.concatenate(
        [
            _nearest(np.stack([near.a, near.b], 1), near.distance),
            _nearest(hashed, bits.astype(np.float32)),
        ]
    )
    return np.unique(pairs, axis=0)


def alike_hashes(photos: Sequence[Photo]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Pairs of photos whose hashes are alike, turned and mirrored as may be.

    Args:
        photos: N of them; those without a hash, or with one that says nothing, have none.

    Returns:
        (M, 2) int64, rows a < b in order, and (M,) int64, by how many bits of 256 they
        differ in the best of the 8 ways to turn and mirror one of them, at most `ALIKE`.
    """
    known = [row for row, photo in enumerate(photos) if says_something(photo)]
    rows = np.array(known, np.int64)
    words = _words([photos[row].dct_hash for row in known])
    turned = _words([photos[row].dct_hash for row in known], transposed=True)
    pairs, bits = [np.empty((0, 2), np.int64)], [np.empty(0, np.int64)]
    for first in range(0, len(rows), _ROWS):
        for second in range(first, len(rows), _COLUMNS):
            there = slice(second, second + _COLUMNS)
            here = words[first : first + _ROWS, None]
            least = _fewest(here, words[None, there], turned[None, there])
            a, b = np.nonzero(least <= ALIKE)
            count = least[a, b].astype(np.int64)
            a, b = rows[a + first], rows[b + second]
            keep = a < b
            pairs.append(np.stack([a[keep], b[keep]], 1))
            bits.append(count[keep])
    found, count = np.concatenate(pairs), np.concatenate(bits)
    order = np.lexsort((found[:, 1], found[:, 0]))
    return found[order], count[order]


def hash_bits(photos: Sequence[Photo], pairs: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """By how many bits of 256 hashes differ, in the best of the 8 ways to turn and mirror.

    Args:
        photos: N of them.
        pairs: (M, 2) int64, rows.

    Returns:
        (M,) int64; 256 where one of the two has no hash, or one that says nothing.
    """
    heard = np.array([says_something(photo) for photo in photos], np.bool_)
    hashes = [
        photo.dct_hash if known else _NONE for photo, known in zip(photos, heard, strict=True)
    ]
    words, turned = _words(hashes), _words(hashes, transposed=True)
    a, b = pairs.T
    bits = _fewest(words[a], words[b], turned[b]).astype(np.int64)
    return np.where(heard[a] & heard[b], bits, 256)


def says_something(photo: Photo) -> bool:
    """Whether a photo has a hash, of a picture with some texture."""
    if not photo.dct_hash:
        return False
    ones = int.from_bytes(photo.dct_hash, "big").bit_count()
    return _SAYS_NOTHING <= ones <= 256 - _SAYS_NOTHING


def _words(hashes: list[bytes], *, transposed: bool = False) -> npt.NDArray[np.uint64]:
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
    left: npt.NDArray[np.uint64],
    right: npt.NDArray[np.uint64],
    turned: npt.NDArray[np.uint64],
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


def _nearest(
    pairs: npt.NDArray[np.int64], distance: npt.NDArray[np.float32]
) -> npt.NDArray[np.int64]:
    """Those pairs that are among the nearest of one of their photos; ties by the other's row."""
    if not len(pairs):
        return pairs
    own = np.concatenate([pairs[:, 0], pairs[:, 1]])
    other = np.concatenate([pairs[:, 1], pairs[:, 0]])
    order = np.lexsort((other, np.concatenate([distance, distance]), own))
    starts = np.flatnonzero(np.diff(own[order], prepend=-1))
    rank = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
    keep = np.zeros(len(pairs), np.bool_)
    keep[order[rank < _EACH] % len(pairs)] = True
    return pairs[keep]
