"""What is proved of pairs of photos, and how it is remembered as one answer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from dedupe.matching.near.neighbours import Neighbours
from dedupe.matching.pairs.evidence import SIZE, Evidence, each_unpacked, is_sound, packed
from dedupe.matching.pairs.relations import Relation
from dedupe.matching.sets.stars import Link


@dataclass(frozen=True, slots=True)
class Verdict:
    """What two photos are to each other, and why.

    Attributes:
        relation: the strongest that is proved.
        evidence: of the two in the order of their contents; None where it took none.
    """

    relation: Relation
    evidence: Evidence | None


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What is proved of the pairs of a library.

    Attributes:
        related: by two rows of `library.photos`, the smaller first, each the first by path of
            its content. Pairs that nothing but a distance relates are not in it.
        verified: how many pairs were compared by geometry.
        without_thumbnail: how many contents could not be, as they were scanned without.
        recall: the share of the pairs worth verifying that was found, where faiss looked for
            them (approximate.py); None where all photos were compared.
        key: 16 bytes of all that this rests on, where it is remembered as one answer; else b"".
        near: of each of `library.first_rows` the nearest by distance (candidates.py), where they
            were looked for to find this; None where it was remembered.
    """

    related: Mapping[Link, Verdict]
    verified: int
    without_thumbnail: int
    recall: float | None = None
    key: bytes = field(default=b"", compare=False)
    near: Neighbours | None = field(default=None, compare=False, repr=False)


COLUMNS = {
    "pairs": "<i4",
    "relations": "u1",
    "sizes": "<i4",
    "evidence": "u1",
    "counts": "<i8",
    "recall": "<f8",
}
"""Of verdicts as they are remembered: what `verdicts_as_columns` gives."""


def verdicts_as_columns(verdicts: Verdicts) -> dict[str, npt.ArrayLike]:
    """All but the key, for `verdicts_of`."""
    packs = [packed(verdict.evidence) for verdict in verdicts.related.values()]
    return {
        "pairs": [row for pair in verdicts.related for row in pair],
        "relations": [verdict.relation for verdict in verdicts.related.values()],
        "sizes": list(map(len, packs)),
        "evidence": np.frombuffer(b"".join(packs), np.uint8),
        "counts": [verdicts.verified, verdicts.without_thumbnail],
        "recall": [] if verdicts.recall is None else [verdicts.recall],
    }


def verdicts_of(
    found: Mapping[str, npt.NDArray[np.generic]], photos: int, key: bytes
) -> Verdicts | None:
    """What `verdicts_as_columns` gave; the pairs are unpacked when one is asked about.

    Args:
        found: the columns.
        photos: how many there are in the library.
        key: of the verdicts.

    Returns:
        None where these can be no verdicts of so many photos.
    """
    if not _are_sound(found, photos):
        return None
    verified, without = found["counts"].tolist()
    recall = found["recall"].tolist()
    return Verdicts(_Packed(found), verified, without, recall[0] if recall else None, key)


def _are_sound(found: Mapping[str, npt.NDArray[Any]], photos: int) -> bool:
    pairs, sizes, relations = found["pairs"], found["sizes"], found["relations"]
    if len(pairs) != 2 * len(sizes) or len(sizes) != len(relations):
        return False
    if len(found["counts"]) != 2 or len(found["recall"]) > 1:
        return False
    one, other = pairs.reshape(-1, 2).T
    return bool(
        ((found["recall"] >= 0) & (found["recall"] <= 1)).all()
        and ((one >= 0) & (one < other) & (other < photos)).all()
        and ((relations >= Relation.SAME_PIXELS) & (relations <= Relation.SAME_SCENE)).all()
        and np.isin(sizes, (0, SIZE)).all()
        and int(sizes.sum(dtype=np.int64)) == len(found["evidence"])
        and is_sound(found["evidence"].tobytes())
    )


class _Packed(Mapping[Link, Verdict]):
    """Verdicts that are unpacked when they are asked for: 0.1 s for all of 13,000."""

    def __init__(self, found: Mapping[str, npt.NDArray[Any]]) -> None:
        self._found = found

    @cached_property
    def _place(self) -> dict[Link, int]:
        pairs = map(tuple, self._found["pairs"].reshape(-1, 2).tolist())
        return {pair: place for place, pair in enumerate(pairs)}

    @cached_property
    def _ends(self) -> list[int]:
        return [0, *np.cumsum(self._found["sizes"]).tolist()]

    @cached_property
    def _known(self) -> dict[Link, Verdict]:
        return {}

    def __getitem__(self, link: Link) -> Verdict:
        if link not in self._known:
            place = self._place[link]
            start, end = self._ends[place : place + 2]
            (evidence,) = each_unpacked([self._found["evidence"][start:end].tobytes()])
            self._known[link] = Verdict(Relation(self._found["relations"][place]), evidence)
        return self._known[link]

    def __iter__(self) -> Iterator[Link]:
        return iter(self._place)

    def __len__(self) -> int:
        return len(self._place)
