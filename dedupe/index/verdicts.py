"""What was found out about pairs of photos, remembered: a pair is verified once."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING
from zlib import crc32

from dedupe.index.reading import ReadIndex
from dedupe.index.seals import row_seal
from dedupe.index.store import Index

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Pair = tuple[bytes, bytes]
"""The content hashes of two photos, the smaller first."""

# Bytes of a content hash that stand for it in a pair of which there is nothing to say. Two of a
# million photos share them once in 37 million libraries.
_SHORT = 8

# Of these bits there is a table: 64 kB, which stay in the cache.
_GLANCE = 0xFFFF


def known_evidence(store: ReadIndex, method: str, contents: Collection[bytes]) -> dict[Pair, bytes]:
    """The evidence that is remembered of pairs among some photos.

    Args:
        store: an open index.
        method: who verified; what others found is not given.
        contents: of the photos.

    Returns:
        By pair, what `remember_evidence` was given. A row that a damaged disk changed is left
        out, and its pair is verified again.
    """
    found: dict[Pair, bytes] = {}
    with store.snapshot():
        numbers = store.numbers_of(contents)
        for first, second, evidence, seal in store.each_verdict(method, numbers):
            if row_seal(method, first, second, evidence) == seal:
                found[numbers[first], numbers[second]] = evidence
    return found


def known_unrelated(
    store: ReadIndex, method: str, contents: Collection[bytes]
) -> "npt.NDArray[np.int64]":
    """The pairs among some photos that nothing relates.

    Args:
        store: an open index.
        method: who verified; what others found is not given.
        contents: N of the photos.

    Returns:
        (M, 2) int64, places in `contents`. What a damaged disk changed is left out.
    """
    import numpy as np

    sound = [
        pairs for pairs, seal in store.each_unrelated(method) if _blob_seal(method, pairs) == seal
    ]
    short = np.frombuffer(b"".join(each[:_SHORT] for each in contents), "<u8")
    pairs = np.frombuffer(b"".join(sound), "<u8").reshape(-1, 2)
    if not len(short) or not len(pairs):
        return np.empty((0, 2), np.int64)
    # where few photos are asked about, most pairs are passed over by a glance at 16 of their bits
    seen = np.zeros(_GLANCE + 1, np.bool_)
    seen[short & _GLANCE] = True
    one, other = seen[pairs & _GLANCE].T
    pairs = pairs[one & other]
    order = np.argsort(short)
    places = np.minimum(np.searchsorted(short[order], pairs), len(short) - 1)
    here = (short[order][places] == pairs).all(1)
    found: npt.NDArray[np.int64] = order[places[here]]
    return found


def remember_evidence(
    store: Index, method: str, found: Mapping[Pair, bytes], unrelated: Collection[Pair]
) -> None:
    """Store what was found out about pairs, in one transaction.

    What other methods found is dropped. Evidence of a pair of which a photo is not known any
    more is passed over.

    Args:
        store: an index, locked.
        method: who verified.
        found: by pair, its evidence.
        unrelated: the pairs that have none.
    """
    with store.whole():
        numbers: dict[bytes, int | None] = {}
        for content in {each for pair in found for each in pair}:
            known = store.find_content(content)
            numbers[content] = known[0] if known else None
        rows = []
        for (one, other), evidence in found.items():
            first, second = numbers[one], numbers[other]
            if first is not None and second is not None:
                rows.append(
                    (method, first, second, evidence, row_seal(method, first, second, evidence))
                )
        short = b"".join(each[:_SHORT] for pair in unrelated for each in pair)
        store.put_verdicts(method, rows, short, _blob_seal(method, short))


def _blob_seal(method: str, pairs: bytes) -> int:
    """The seal of a row of `unrelated`: `row_seal` would write 16 kB out as text first."""
    return crc32(pairs, crc32(method.encode()))
