"""What pairs of a library were found to be, remembered as one answer beside the index."""

from contextlib import suppress

import numpy as np
import numpy.typing as npt

from dedupe.errors import IndexProblem
from dedupe.index.answers import AnswerFile, answer_key
from dedupe.index.facts import names_of_pairs
from dedupe.index.library import Library
from dedupe.matching.near.codes import are_among
from dedupe.matching.pairs.evidence import SIZE
from dedupe.matching.pairs.related import Related, none_related
from dedupe.matching.pairs.relations import RULES

COLUMNS = {"names": "<u8", "related": "<i8", "relations": "u1", "proved": "u1", "evidence": "u1"}
"""Names of pairs that were looked at, in order; places of those that are related, and what they
are."""

_Names = npt.NDArray[np.uint64]


class RememberedPairs:
    """Pairs by all that is known of their photos: only a cache.

    The index remembers each pair by its contents, for ever; to ask it about 350,000 pairs takes
    0.4 s, and what its evidence proves is worked out anew. Here is what the last answer rested on.

    Pairs are (M, 2) int64, rows of the photos, a < b.
    """

    def __init__(self, library: Library, method: str) -> None:
        """Read what there is.

        Args:
            library: from an index; its photos are those of `first_rows`.
            method: who looked at the pairs.
        """
        self._file = AnswerFile(library.index, library.encoder.fingerprint, "pairs", COLUMNS, 1)
        self._key = answer_key((f"{RULES} {method}".encode(),))
        self._facts = library.fact_keys[:, 0]
        self._names: _Names = np.empty(0, np.uint64)
        self._related = none_related()
        self._place = np.empty(0, np.int64)
        answer = self._file.read(self._key)
        if answer is not None:
            self._recall(answer)

    def _recall(self, answer: dict[str, npt.NDArray[np.generic]]) -> None:
        names, place = answer["names"].astype(np.uint64), answer["related"].astype(np.int64)
        evidence = answer["evidence"].astype(np.uint8)
        if len(evidence) % SIZE or not (names[1:] > names[:-1]).all():
            return
        if not ((place >= 0) & (place < len(names))).all() or not (np.diff(place) > 0).all():
            return
        # whose pairs they are is not known yet
        pairs = np.broadcast_to(np.arange(2), (len(place), 2))
        proved = answer["proved"].astype(np.bool_)
        relations = answer["relations"].astype(np.uint8)
        found = Related(pairs, relations, proved, evidence.reshape(-1, SIZE))
        if found.is_sound(2):
            self._names, self._place, self._related = names, place, found

    def known(self, pairs: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.bool_], Related]:
        """Which of some pairs were looked at, and those of them that are related.

        Args:
            pairs: in order, each once.
        """
        is_known = np.zeros(len(pairs), np.bool_)
        if not len(self._names) or not len(pairs):
            return is_known, none_related()
        names = self._names_of(pairs)
        order = np.argsort(names)  # in order they are found in half the time
        place = np.searchsorted(self._names, names[order])
        place = np.minimum(place, len(self._names) - 1)
        there = self._names[place] == names[order]
        is_known[order] = there
        number = np.full(len(self._names), -1)
        number[self._place] = np.arange(len(self._place))
        number = number[place[there]]
        asked = order[there][number >= 0]
        in_order = np.argsort(asked)
        asked, number = asked[in_order], number[number >= 0][in_order]
        found = self._related.at(number)
        return is_known, Related(pairs[asked], found.relations, found.proved, found.evidence)

    def remember(self, pairs: npt.NDArray[np.int64], related: Related) -> None:
        """Put what is known of some pairs in the place of what there was.

        A few photos of one folder do not take the place of a whole library.

        Args:
            pairs: that were looked at, each once.
            related: what is related, of these and others.
        """
        names = np.sort(self._names_of(pairs))
        if 2 * len(names) < len(self._names) or np.array_equal(names, self._names):
            return
        its = self._names_of(related.pairs)
        # what has no thumbnail was not looked at, and may be related nevertheless
        there = are_among(its, names)
        related, its = related.at(there), its[there]
        order = np.argsort(its)
        found = related.at(order)
        with suppress(IndexProblem):  # then the index is asked next time
            self._file.write(
                self._key,
                {
                    "names": names,
                    "related": np.searchsorted(names, its[order]),
                    "relations": found.relations,
                    "proved": found.proved,
                    "evidence": found.evidence.reshape(-1),
                },
            )

    def _names_of(self, pairs: npt.NDArray[np.int64]) -> _Names:
        one, other = self._facts[pairs.T]
        return names_of_pairs(np.minimum(one, other), np.maximum(one, other))
