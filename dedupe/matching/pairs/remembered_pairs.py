"""What pairs of a library were found to be, remembered as one answer beside the index."""

from collections.abc import Collection
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

COLUMNS = {
    **{"names": "<u8", "related": "<i8", "relations": "u1", "proved": "u1", "evidence": "u1"},
    **{"unseen": "<i8", "without": "<u8"},
}
"""Names of pairs that were asked about, in order; places of those that are related, and what they
are; of those that nobody could look at, and the photos that have no thumbnail."""

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
        self._place = self._unseen = np.empty(0, np.int64)
        self._without: _Names = np.empty(0, np.uint64)
        answer = self._file.read(self._key)
        if answer is not None:
            self._recall(answer)

    def _recall(self, answer: dict[str, npt.NDArray[np.generic]]) -> None:
        names, place = answer["names"].astype(np.uint64), answer["related"].astype(np.int64)
        evidence = answer["evidence"].astype(np.uint8)
        if len(evidence) % SIZE or not (names[1:] > names[:-1]).all():
            return
        unseen = answer["unseen"].astype(np.int64)
        for each in (place, unseen):
            if not ((each >= 0) & (each < len(names))).all() or not (np.diff(each) > 0).all():
                return
        # whose pairs they are is not known yet
        pairs = np.broadcast_to(np.arange(2), (len(place), 2))
        proved = answer["proved"].astype(np.bool_)
        relations = answer["relations"].astype(np.uint8)
        found = Related(pairs, relations, proved, evidence.reshape(-1, SIZE))
        if found.is_sound(2):
            self._names, self._place, self._related = names, place, found
            self._unseen, self._without = unseen, np.sort(answer["without"].astype(np.uint64))

    def known(
        self, pairs: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.bool_], Related, npt.NDArray[np.int64]]:
        """Which of some pairs are known, those of them that are related, and the rows that have no
        thumbnail, of pairs that could not be looked at for that.

        Args:
            pairs: in order, each once.
        """
        is_known = np.zeros(len(pairs), np.bool_)
        if not len(self._names) or not len(pairs):
            return is_known, none_related(), np.empty(0, np.int64)
        names = self._names_of(pairs)
        order = np.argsort(names)  # in order they are found in half the time
        place = np.searchsorted(self._names, names[order])
        place = np.minimum(place, len(self._names) - 1)
        there = self._names[place] == names[order]
        is_known[order] = there
        without = np.empty(0, np.int64)
        if len(self._unseen):  # as a rule there are none
            without = self._without_thumbnail(pairs[order[there]], place[there])
        number = np.full(len(self._names), -1)
        number[self._place] = np.arange(len(self._place))
        number = number[place[there]]
        asked = order[there][number >= 0]
        in_order = np.argsort(asked)
        asked, number = asked[in_order], number[number >= 0][in_order]
        found = self._related.at(number)
        known = Related(pairs[asked], found.relations, found.proved, found.evidence)
        return is_known, known, without

    def _without_thumbnail(
        self, pairs: npt.NDArray[np.int64], place: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int64]:
        """The rows that have none, of pairs at some places that nobody could look at."""
        is_unseen = np.zeros(len(self._names), np.bool_)
        is_unseen[self._unseen] = True
        in_unseen = np.zeros(len(self._facts), np.bool_)
        in_unseen[pairs[is_unseen[place]]] = True
        rows = np.flatnonzero(in_unseen)
        return rows[are_among(self._facts[rows], self._without)]

    def remember(
        self, pairs: npt.NDArray[np.int64], related: Related, without: Collection[int]
    ) -> None:
        """Put what is known of some pairs in the place of what there was.

        A few photos of one folder do not take the place of a whole library.

        Args:
            pairs: that were asked about, each once.
            related: those of them that are related.
            without: rows that have no thumbnail.
        """
        names = self._names_of(pairs)
        order = np.argsort(names)
        names = names[order]
        if 2 * len(names) < len(self._names) or np.array_equal(names, self._names):
            return
        its = self._names_of(related.pairs)
        in_order = np.argsort(its)
        found, place = related.at(in_order), np.searchsorted(names, its[in_order])
        has_none = np.zeros(len(self._facts), np.bool_)
        has_none[list(without)] = True
        # what is the same pixels is known without a look
        is_unseen = np.zeros(len(names), np.bool_)
        if without:  # few have
            is_unseen[:] = has_none[pairs[order]].any(1)
            is_unseen[place] = False
        with suppress(IndexProblem):  # then the index is asked next time
            self._file.write(
                self._key,
                {
                    "names": names,
                    "related": place,
                    "relations": found.relations,
                    "proved": found.proved,
                    "evidence": found.evidence.reshape(-1),
                    "unseen": np.flatnonzero(is_unseen),
                    "without": self._facts[has_none],
                },
            )

    def _names_of(self, pairs: npt.NDArray[np.int64]) -> _Names:
        one, other = self._facts[pairs.T]
        return names_of_pairs(np.minimum(one, other), np.maximum(one, other))
