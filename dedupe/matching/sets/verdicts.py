"""What is proved of the pairs of a library, and how it is remembered as one answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dedupe.matching.near.codes import codes_of
from dedupe.matching.near.neighbours import Neighbours
from dedupe.matching.pairs.evidence import SIZE
from dedupe.matching.pairs.related import Related


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What is proved of the pairs of a library.

    Attributes:
        related: by two rows of `library.photos`, the smaller first, each the first by path of
            its content. Pairs that nothing but a distance relates are not in it.
        verified: how many pairs were compared by geometry.
        without_thumbnail: how many contents could not be, as they were scanned without.
        without_fields: in how many nobody could look for what is framed and for fields of collages
            by their vectors, as the encoder's weights are not here.
        recall: the share of the pairs worth verifying that was found, where faiss looked for
            them (approximate.py); None where all photos were compared.
        key: 16 bytes of all that this rests on, where it is remembered as one answer; else b"".
        near: of each of `library.first_rows` the nearest by distance (candidates.py), where they
            were looked for to find this; None where it was remembered.
    """

    related: Related
    verified: int
    without_thumbnail: int
    without_fields: int = 0
    recall: float | None = None
    key: bytes = field(default=b"", compare=False)
    near: Neighbours | None = field(default=None, compare=False, repr=False)


COLUMNS = {
    **{"pairs": "<i4", "relations": "u1", "proved": "u1", "evidence": "u1"},
    **{"counts": "<i8", "recall": "<f8"},
}
"""Of verdicts as they are remembered: what `verdicts_as_columns` gives."""


def verdicts_as_columns(verdicts: Verdicts) -> dict[str, npt.ArrayLike]:
    """All but the key and the nearest, for `verdicts_of`."""
    related = verdicts.related
    return {
        "pairs": related.pairs.reshape(-1),
        "relations": related.relations,
        "proved": related.proved,
        "evidence": related.evidence.reshape(-1),
        "counts": [verdicts.verified, verdicts.without_thumbnail, verdicts.without_fields],
        "recall": [] if verdicts.recall is None else [verdicts.recall],
    }


def verdicts_of(
    found: Mapping[str, npt.NDArray[np.generic]], firsts: npt.NDArray[np.int64], key: bytes
) -> Verdicts | None:
    """What `verdicts_as_columns` gave.

    Args:
        found: the columns.
        firsts: the rows of the contents of the library, in order.
        key: of the verdicts.

    Returns:
        None where these can be no verdicts of that library.
    """
    recall = found["recall"].tolist()
    counted = len(found["counts"]) == 3 and len(recall) <= 1 and all(0 <= r <= 1 for r in recall)
    if not counted or len(found["pairs"]) % 2 or len(found["evidence"]) % SIZE:
        return None
    related = Related(
        found["pairs"].astype(np.int64).reshape(-1, 2),
        found["relations"].astype(np.uint8),
        found["proved"].astype(np.bool_),
        found["evidence"].astype(np.uint8).reshape(-1, SIZE),
    )
    count = int(firsts.max(initial=-1)) + 1
    if not related.is_sound(count) or not np.isin(related.pairs, firsts).all():
        return None
    if not (np.diff(codes_of(related.pairs, count)) > 0).all():
        return None
    verified, without, unseen = found["counts"].tolist()
    return Verdicts(related, verified, without, unseen, recall[0] if recall else None, key)
