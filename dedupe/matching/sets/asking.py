"""Pairs that nothing proposed, and on which it hangs who is in a set: asked until all are known."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from dedupe.index.library import Library
from dedupe.matching.pairs.examination import Examination
from dedupe.matching.pairs.related import Related
from dedupe.matching.pairs.relations import Relation
from dedupe.matching.sets.collages import without_collages
from dedupe.matching.sets.hubs import unasked_hubs
from dedupe.matching.sets.labels import hanging_together
from dedupe.matching.sets.stars import missing_links
from dedupe.photos.photo import Photo
from dedupe.uncollected import uncollected

Order = Callable[[Iterable[Photo]], Sequence[Photo]]
"""Sorts photos, the one to keep first: of two the same, whatever order and company they come in."""

Wins = Callable[[Photo], bool]
"""Whether a photo is to be kept before all others, however few are verified against it."""

_Rows = npt.NDArray[np.int64]


class Asking:
    """Has pairs of photos looked at, and what hangs on them.

    Attributes:
        asked: (M, 2) rows that were looked at, each once.
        related: those of them that are related.
    """

    def __init__(
        self,
        library: Library,
        photos: Sequence[Photo],
        examination: Examination,
        pairs: _Rows,
        alike: _Rows,
    ) -> None:
        """Look at some pairs.

        Args:
            library: whose photos they are.
            photos: those of its `first_rows`.
            examination: looks at pairs.
            pairs: rows of `photos`, in order, each once.
            alike: those of them that share words.
        """
        self._library = library
        self._photos = photos
        self._examination = examination
        self.asked = pairs
        self._alike = alike
        self.related = examination.related(pairs)

    def until_known(self, order: Order, wins: Wins) -> None:
        """Look at all that decides which photos are one picture.

        Args:
            order: which photo is to be kept, of those that as many others are linked to.
            wins: which photos are to be kept before all others.
        """
        self._around_kept(order, wins)
        count = len(self._photos)
        while len(more := unasked_hubs(self.related, self.asked, self._alike, count)):
            if self._ask(more):
                self._around_kept(order, wins)

    def _ask(self, pairs: _Rows) -> set[tuple[int, int]]:
        """Look at pairs that nobody looked at; those that are one picture."""
        found = self._examination.related(pairs)
        self.related = self.related.and_also(found)
        self.asked = np.concatenate([self.asked, pairs])
        return {pair for pair, each in found.items() if each.relation <= Relation.SAME_PICTURE}

    def _around_kept(self, order: Order, wins: Wins) -> None:
        """Look at the photos to keep with all that is linked to what they are linked to."""
        library, photos = self._library, self._photos
        crowd = _crowds(self.related, self.asked, len(photos))
        with uncollected():
            links, collages = without_collages(photos, _among(self.related, crowd))
            ordered = order(photos[row] for row in crowd)
            place = {photos[row].content: row for row in crowd}
            best_first = {place[photo.content]: rank for rank, photo in enumerate(ordered)}
            # of pairs of others it does not matter whether they were looked at
            is_crowd = np.zeros(len(photos), np.bool_)
            is_crowd[crowd] = True
            known = set(map(tuple, self.asked[is_crowd[self.asked].all(1)].tolist()))
            rows, copies = library.first_rows, library.copies
            chosen = {
                row for row in crowd if any(wins(library.photos[i]) for i in copies[int(rows[row])])
            }
        while more := missing_links(links, known, best_first, chosen=chosen - collages):
            links |= self._ask(np.array(sorted(more), np.int64))
            known |= more


def _crowds(related: Related, asked: _Rows, count: int) -> list[int]:
    """The rows that hang together by being one picture, and were not all looked at with each other.

    Where all were, nothing is missing, whoever is kept.

    Args:
        related: what is known of pairs of rows.
        asked: (M, 2) pairs that were looked at.
        count: rows.
    """
    a, b = related.pairs[related.relations <= Relation.SAME_PICTURE].T
    label = hanging_together(a, b, count)
    size = np.bincount(label, minlength=1)
    one, other = label[asked.T]
    inside = np.bincount(one[one == other], minlength=len(size))
    is_open = inside < size * (size - 1) // 2
    crowds: list[int] = np.flatnonzero(is_open[label]).tolist()
    return crowds


def _among(related: Related, rows: list[int]) -> Related:
    """The verdicts of pairs of some rows."""
    one, other = np.isin(related.pairs, rows).T
    return related.at(one & other)
