"""What was found out about pairs of photos, remembered: a pair is verified once."""

from collections.abc import Iterable, Mapping

from dedupe.index.reading import ReadIndex
from dedupe.index.seals import row_seal
from dedupe.index.store import Index

Pair = tuple[bytes, bytes]
"""The content hashes of two photos, the smaller first."""


def known_evidence(store: ReadIndex, method: str, contents: Iterable[bytes]) -> dict[Pair, bytes]:
    """All that is remembered of pairs among some photos.

    Args:
        store: an open index.
        method: who verified; what others found is not given.
        contents: of the photos.

    Returns:
        By pair, what `remember_evidence` was given: empty bytes where nothing relates the
        two. A row that a damaged disk changed is left out, and its pair is verified again.

    Raises:
        IndexDamaged: the index is not as it was written.
    """
    wanted = set(contents)
    found: dict[Pair, bytes] = {}
    with store.snapshot():
        numbers = {row[0]: row[1] for row in store.each_photo() if row[1] in wanted}
        for first, second, evidence, seal in store.each_verdict(method):
            pair = numbers.get(first), numbers.get(second)
            if pair[0] is None or pair[1] is None:
                continue
            if row_seal(method, first, second, evidence) == seal:
                found[pair[0], pair[1]] = evidence
    return found


def remember_evidence(store: Index, method: str, found: Mapping[Pair, bytes]) -> None:
    """Store what was found out about pairs, in one transaction.

    What other methods found is dropped. A pair of which a photo is not known any more is
    passed over.

    Args:
        store: an index, locked.
        method: who verified.
        found: by pair, its evidence; empty bytes where nothing relates the two.
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
        store.put_verdicts(method, rows)
