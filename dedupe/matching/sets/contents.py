"""The contents of a library: its photos, with copies of one file together."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from dedupe.index.library import Library
from dedupe.matching.sets.asking import Order
from dedupe.matching.sets.verified import largest_first
from dedupe.photos.photo import Photo


@dataclass(frozen=True, slots=True)
class Contents:
    """What every step from verdicts to sets asks of the photos of a library.

    A content is known by its row: that of its first photo by path.

    Attributes:
        photos: of the library.
        places: of each row its place in the order of paths: ties end with the path.
        copies: of each content its rows, in the order of their paths; all in that order.
        copied: those of them that are of several photos.
        order: sorts photos, the one to keep first.
    """

    photos: Sequence[Photo]
    places: Sequence[int]
    copies: Mapping[int, Sequence[int]]
    copied: Sequence[Sequence[int]]
    order: Order

    def ranks(self, rows: Collection[int]) -> dict[int, int]:
        """By row how good its content is, the best is 0: its best copy stands for it."""
        ranks: dict[int, int] = {}
        row_of = {self.photos[row].content: row for row in rows}
        asked = [self.photos[each] for row in rows for each in self.copies[row]]
        for place, photo in enumerate(self.order(asked)):
            ranks.setdefault(row_of[photo.content], place)
        return ranks

    def best_of(self, rows: Iterable[int]) -> int:
        """The row of the photo to keep, of copies of one content."""
        its = {self.photos[row].path: row for row in rows}
        return its[self.order(self.photos[row] for row in its.values())[0].path]


def contents_of(library: Library, order: Order = largest_first) -> Contents:
    """The contents of a library.

    Args:
        library: in any order of its photos.
        order: sorts photos, the one to keep first.
    """
    return Contents(library.photos, library.places, library.copies, library.copied, order)
