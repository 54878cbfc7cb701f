"""What is known of a photo and its file in a few bytes: what rests on it is known by them."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import xxhash

from dedupe.uncollected import uncollected

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Numbers = npt.NDArray[np.uint64]

# Odd, and without a pattern: one for each of two numbers, so that they do not tell the same.
_ODD, _OTHER = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F


def photo_keys(
    contents: Iterable[bytes], vectors: "npt.NDArray[np.floating]", rows: Iterable[int]
) -> list[bytes]:
    """Of each of some photos 16 bytes of its content and its vector.

    Args:
        contents: of these photos.
        vectors: (N, D).
        rows: of each of them the row of its vector.
    """
    import numpy as np

    key_of = xxhash.xxh3_128_digest
    size = vectors.shape[1] * vectors.itemsize
    # in pieces of one buffer: an array of each row took as long as the key itself
    held = np.ascontiguousarray(vectors).view(np.uint8).reshape(-1).data
    with uncollected():
        return [
            key_of(content + held[size * row : size * row + size])
            for content, row in zip(contents, rows, strict=True)
        ]


def mixed(numbers: "Numbers") -> "Numbers":
    """(N, 2) uint64: numbers that any change of a bit changes by half of theirs.

    Their sums, of whatever order, can stand for sets: two sets of n have the same once in 2**128.

    Args:
        numbers: (N,) or (N, 2) uint64, one for both or one for each.

    The finaliser of SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number
    generators", 2014.
    """
    import numpy as np

    each = numbers if numbers.ndim == 2 else numbers[:, None]
    bits = each + np.array((_ODD, _OTHER), np.uint64)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def names_of_lists(
    numbers: "Numbers", rows: "npt.NDArray[np.int64]", sizes: "npt.NDArray[np.int64]"
) -> "Numbers":
    """(K, 2) uint64: a name of each of some lists, others in another order.

    Args:
        numbers: (N, 2) uint64, of what is in the lists.
        rows: of the numbers, list by list.
        sizes: (K,) how long each is, 1 at least.
    """
    import numpy as np

    if not len(sizes):
        return np.empty((0, 2), np.uint64)
    starts = np.cumsum(sizes) - sizes
    place = (np.arange(len(rows)) - np.repeat(starts, sizes)).astype(np.uint64)
    return np.add.reduceat(mixed(numbers[rows] + mixed(place)), starts, axis=0)


def facts_of(seals: "npt.NDArray[np.int64]", same_file: Sequence[Sequence[int]] = ()) -> "Numbers":
    """(N, 2) uint64: of each photo what is known of its content and of its file.

    Args:
        seals: (N, 2) of the file and of the photo, 32 bits each (seals.py).
        same_file: rows of hard links of one file; the first of each stands for all of them.
    """
    import numpy as np

    file, photo = seals.view(np.uint64).T
    facts = mixed(file << np.uint64(32) | photo)
    each = [(its[0], other) for its in same_file for other in its[1:]]
    first, others = np.array(each, np.int64).reshape(-1, 2).T
    np.add.at(facts, first, mixed(facts[others]))
    return facts


def names_of_pairs(one: "Numbers", other: "Numbers") -> "Numbers":
    """(N,) uint64: a number of two, which of them comes first making another one.

    Of numbers without a pattern: two of 400,000 pairs share theirs in one of 200 million libraries.
    """
    import numpy as np

    return one * np.uint64(_ODD) + other


def places_of_keys(known: bytes, wanted: bytes) -> "npt.NDArray[np.int64]":
    """`places_among` of keys of 16 bytes, one behind the other."""
    import numpy as np

    theirs, own = (np.frombuffer(each, "<u8").reshape(-1, 2) for each in (known, wanted))
    return places_among(theirs, own)


def places_among(known: "Numbers", wanted: "Numbers") -> "npt.NDArray[np.int64]":
    """(N,) int64: where each of some pairs of numbers is among others; -1 where it is not.

    Args:
        known: (K, 2) uint64, each once.
        wanted: (N, 2) uint64.
    """
    import numpy as np

    if not len(known):
        return np.full(len(wanted), -1)
    theirs, own = (names_of_pairs(*each.T) for each in (known, wanted))
    order = np.argsort(theirs)
    at = np.searchsorted(theirs[order], own)
    place = order[np.minimum(at, len(order) - 1)]
    found: npt.NDArray[np.int64] = np.where((known[place] == wanted).all(1), place, -1)
    return found
