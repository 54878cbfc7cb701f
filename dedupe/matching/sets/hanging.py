"""What hangs together by anything that is proved, and names for it by all that decides its sets."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from dedupe.index.facts import mixed, names_of_lists
from dedupe.index.indexed import contents
from dedupe.index.library import Library
from dedupe.matching.pairs.related import Related
from dedupe.matching.pairs.relations import Relation
from dedupe.matching.sets.joining import Joint
from dedupe.matching.sets.labels import hanging_together, in_one, lengths_of

# Where a relation would stand: of two that are said to be different, and of a collage.
_APART, _COLLAGE = 255, 256

_Rows = npt.NDArray[np.int64]
_Names = npt.NDArray[np.uint64]


class Naming:
    """Names for contents that are taken together: those of one name make the same sets.

    A name is of what is known of the photos and files, of the verdicts among them, and of which of
    them are said to be different.
    """

    def __init__(self, library: Library, related: Related) -> None:
        """Nothing is named yet.

        Args:
            library: as an index gave it, so that what is known of its photos has a name.
            related: the verdicts by pairs of rows.
        """
        self.library = library
        self.related = related
        self._facts = library.fact_keys
        self.one, self.other = self.places(related.pairs).T
        self._apart = _said_different(library)

    def places(self, rows: npt.NDArray[np.integer]) -> _Rows:
        """Where rows of contents are in `Library.first_rows`."""
        return np.searchsorted(self.library.first_rows, rows).astype(np.int64)

    def names(self, number: _Rows, count: int) -> _Names:
        """(K, 2) uint64: of each of K parts its name.

        Args:
            number: (C,) of each of `Library.first_rows` its part, -1 where it is in none.
            count: K.
        """
        facts, found = self._facts, np.zeros((count, 2), np.uint64)
        inside = np.flatnonzero(number >= 0)
        np.add.at(found, number[inside], mixed(facts[inside]))
        kinds = self.related.relations.astype(np.uint64)
        apart = np.full(len(self._apart), _APART, np.uint64)
        for one, other, kind in (
            (self.one, self.other, kinds),
            (*self._apart.T, apart),
        ):
            here = (number[one] >= 0) & (number[one] == number[other])
            one, other = one[here], other[here]
            both = facts[one] + facts[other]
            np.add.at(found, number[one], mixed(both + kind[here, None]))
        return found

    def names_of_sets(self, joints: Sequence[Joint], collages: Set[int]) -> _Names:
        """(K, 2) uint64: likewise, of sets of units, by which rows are a unit, in which order.

        Args:
            joints: disjoint, of rows.
            collages: rows that keep nobody.
        """
        facts, number = self._facts, np.full(len(self._facts), -1)
        home = np.repeat(np.arange(len(joints)), lengths_of(joints))
        rows, sizes = in_one(list(chain.from_iterable(joints)))
        rows = self.places(rows)
        number[rows] = np.repeat(home, sizes)
        found = self.names(number, len(joints))
        np.add.at(found, home, mixed(names_of_lists(facts, rows, sizes)))
        made_of_others = self.places(np.array(sorted(collages), np.int64))
        made_of_others = made_of_others[number[made_of_others] >= 0]
        marks = mixed(facts[made_of_others] + np.uint64(_COLLAGE))
        np.add.at(found, number[made_of_others], marks)
        return found


def _said_different(library: Library) -> _Rows:
    """(P, 2) places in `Library.first_rows` of contents that are said to be different."""
    ignored = library.ignored.pairs
    wanted = {content for pair in ignored for content in pair}
    content = contents(library.photos) if wanted else []
    place = {
        content[row]: place
        for place, row in enumerate(library.first_rows.tolist() if wanted else ())
        if content[row] in wanted
    }
    pairs = [(place[a], place[b]) for a, b in ignored if a in place and b in place and a != b]
    return np.array(pairs, np.int64).reshape(-1, 2)


@dataclass(frozen=True, slots=True)
class Hanging:
    """The contents that anything but a distance links to others, in parts.

    No set holds contents of two parts, unless a distance joins them.

    Attributes:
        rows: (P,) of the contents, part by part, in each by path.
        sizes: (K,) how many each part has.
        names: (K, 2) uint64, of the parts.
    """

    rows: _Rows
    sizes: _Rows
    names: _Names

    def of_parts(self, chosen: npt.NDArray[np.bool_]) -> _Rows:
        """The rows of some parts.

        Args:
            chosen: (K,) which.
        """
        return self.rows[np.repeat(chosen, self.sizes)]


def hanging(naming: Naming, equal: Sequence[Sequence[int]], relation: Relation) -> Hanging:
    """The parts of a library, by all links that can make a set.

    Args:
        naming: of its contents.
        equal: rows of the same pixels together.
        relation: the weakest that makes a set.
    """
    firsts = naming.library.first_rows
    makes = naming.related.relations <= relation
    same = np.array([(its[0], other) for its in equal for other in its[1:]], np.int64)
    same = naming.places(same.reshape(-1, 2))
    a = np.concatenate([naming.one[makes], same[:, 0]])
    b = np.concatenate([naming.other[makes], same[:, 1]])
    label = hanging_together(a, b, len(firsts))
    contents = np.unique(np.concatenate([a, b]))
    _, part, sizes = np.unique(label[contents], return_inverse=True, return_counts=True)
    number = np.full(len(firsts), -1)
    number[contents] = part
    rows = firsts[contents]
    order = np.lexsort((np.asarray(naming.library.places)[rows], part))
    return Hanging(rows[order], sizes, naming.names(number, len(sizes)))
