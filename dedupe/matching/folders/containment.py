"""Which folders are contained in which others: by what their photos share, the highest alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from dedupe.index.library import Library
from dedupe.matching.folders.shared import (
    Shared,
    Tree,
    alike_classes,
    exact_classes,
    folders_of,
    in_order,
    totals_of,
)
from dedupe.matching.sets.groups import Group

LEAST = 0.5
"""Share of a folder from which on it is told that it is in another one."""

# Fewer photos that are in another folder are not told: every photo that was ever copied would be.
_FEWEST = 2

# What is told of a folder holds for those in it as well, unless so much more of one is in the
# other; where the other has as much as this, it holds for all: most of what is in it is there.
_MORE, _MOST = 0.1, 0.8

_Pair = tuple[int, int | None]
"""A folder and another one, or None for all that is outside of it; by their numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Containment:
    """How much of one folder is in another.

    Attributes:
        folder: that is contained, more or less.
        within: that holds its photos; neither of the two is in the other. None for all that is
            outside of `folder`, where no single one holds as many.
        photos: how many are in `folder` and below it; hard links count as photos of their own.
        exact: of how many the same file, or the same pixels, are in `within`.
        alike: of how many the same picture is there, these included.
        only_here: of how many nothing of this is anywhere outside of `folder`.
        others: how many photos are in `within`; 0 where that is None.
        back: of how many of these the same picture is in `folder`.
    """

    folder: Path
    within: Path | None
    photos: int
    exact: int
    alike: int
    only_here: int
    others: int
    back: int


def find_containments(
    library: Library, groups: Iterable[Group], roots: Iterable[Path], *, least: float = LEAST
) -> list[Containment]:
    """Find the folders of which much is in another one, the highest of them alone.

    A photo is in another folder exactly where the same file or the same pixels are, and by look
    where a photo of its group is. A folder is told with the narrowest folder that holds as much
    of it as any around that does; where none holds 0.8 of it, and all others together hold a
    tenth more, that is told instead. What lies within a folder that is told is told again only
    where a tenth more of it is in the other, and less than 0.8 of the outer one is; so it is with
    what is told from the other side. Of two folders that hold each other's photos the one that is
    contained more is told.

    Time grows with the photos, and with the pairs of folders that share any.

    Args:
        library: as `open_library` gives it.
        groups: of the same picture, as `find_groups` gives them; none for bytes and pixels alone.
        roots: folders that nothing above is told of.
        least: share of a folder from which on it is told, above 0 and at most 1.

    Returns:
        The most contained first; of equal ones those of most photos, then by path.

    Raises:
        ValueError: `least` is no such share.
    """
    if not 0 < least <= 1:
        raise ValueError(f"a share is above 0 and at most 1, got {least}")
    tree = Tree(roots)
    leaves = folders_of(tree, library)
    classes = exact_classes(library)
    exact = Shared(tree, leaves, classes)
    alike = Shared(tree, leaves, alike_classes(library, groups, classes))
    choice = _Choice(tree, totals_of(tree, leaves), alike, least)
    found = [
        Containment(
            folder=tree.paths[folder],
            within=None if within is None else tree.paths[within],
            photos=choice.totals[folder],
            exact=exact.count(folder, within),
            alike=alike.count(folder, within),
            only_here=choice.totals[folder] - alike.elsewhere[folder],
            others=0 if within is None else choice.totals[within],
            back=0 if within is None else alike.within[within, folder],
        )
        for folder, within in choice.told()
    ]
    return sorted(
        found,
        key=lambda each: (
            *(-each.alike / each.photos, -each.exact / each.photos, -each.photos),
            *(in_order(each.folder), in_order(each.within)),
        ),
    )


@dataclass(frozen=True, slots=True)
class _Choice:
    """Which pairs of folders are worth telling.

    Attributes:
        tree: of all folders.
        totals: photos in each folder and below it.
        alike: how many they share.
        least: share from which on a folder is told.
    """

    tree: Tree
    totals: list[int]
    alike: Shared
    least: float

    def told(self) -> list[_Pair]:
        """The pairs that are told: a folder, and another one or None for all that is outside."""
        tree = self.tree
        pairs = [
            (folder, within)
            for folder, counts in self._candidates().items()
            for within in self._holders(folder, counts)
        ]
        # the highest first; then those that share most photos
        pairs.sort(
            key=lambda pair: (
                *(len(tree.above(pair[0])), -self.alike.count(*pair)),
                *self._rank(*pair),
            )
        )
        told: set[_Pair] = set()
        by_folder: dict[int, list[_Pair]] = {}
        by_within: dict[int | None, list[_Pair]] = {}
        for folder, within in pairs:
            inside = (pair for each in tree.above(folder) for pair in by_folder.get(each, ()))
            if any(self._is_part(pair, folder, within) for pair in inside):
                continue
            around = (pair for each in tree.above(folder) for pair in by_within.get(each, ()))
            across = chain(around, by_within.get(None, ()), by_within.get(~folder, ()))
            if any(self._is_back(pair, folder, within) for pair in across):
                continue
            told.add((folder, within))
            by_folder.setdefault(folder, []).append((folder, within))
            by_within.setdefault(within, []).append((folder, within))
            # those that another folder is around of are found by its number turned over
            for each in () if within is None else tree.above(within) - {within}:
                by_within.setdefault(~each, []).append((folder, within))
        return [
            (folder, within)
            for folder, within in told
            if within is None
            or (within, folder) not in told
            or self._rank(folder, within) < self._rank(within, folder)
        ]

    def _candidates(self) -> dict[int, dict[int, int]]:
        """Of each folder of which enough is elsewhere, the folders that hold enough of it."""
        least = [max(_FEWEST, self.least * total) for total in self.totals]
        found: dict[int, dict[int, int]] = {
            folder: {} for folder, count in self.alike.elsewhere.items() if count >= least[folder]
        }
        for (folder, other), count in self.alike.within.items():
            if count >= least[folder]:
                found[folder][other] = count
        return found

    def _holders(self, folder: int, counts: dict[int, int]) -> list[int | None]:
        """Who holds a folder: single others, or all together where none of these does nearly."""
        most, total = max(counts.values(), default=0), self.totals[folder]
        if most < _MOST * total and self.alike.elsewhere[folder] > most + _MORE * total:
            return [None]
        return list(_narrowest(self.tree, counts))

    def _is_part(self, told: _Pair, folder: int, within: int | None) -> bool:
        """Whether a folder around this one is told to be in the same one, nearly as much."""
        outer, other = told
        same = other is None or within is None or self.tree.nested(other, within)
        return outer != folder and same and self._is_enough(told, folder, within)

    def _is_back(self, told: _Pair, folder: int, within: int | None) -> bool:
        """Whether these photos were told from the other side."""
        outer, other = told
        if within is None or not self.tree.nested(outer, within):
            return False
        if other is None and self.tree.nested(outer, folder):
            return False
        as_many = self.alike.count(*told) >= _MOST * self.alike.count(folder, within)
        return as_many and self._is_enough(told, folder, within)

    def _is_enough(self, told: _Pair, folder: int, within: int | None) -> bool:
        """Whether nothing is said by a pair that is not said by one that is told."""
        share = self._share(*told)
        return share >= _MOST or self._share(folder, within) < share + _MORE

    def _share(self, folder: int, within: int | None) -> float:
        return self.alike.count(folder, within) / self.totals[folder]

    def _rank(self, folder: int, within: int | None) -> tuple[float, int, bytes, bytes]:
        """The smallest is told first, and alone of two folders that are told of each other."""
        paths = self.tree.paths
        names = in_order(paths[folder]), in_order(None if within is None else paths[within])
        return -self._share(folder, within), self.totals[folder], *names


def _narrowest(tree: Tree, counts: dict[int, int]) -> list[int]:
    """Of folders that hold some of another, the highest; each as narrow as holds as much."""
    inner: dict[int, list[int]] = {}
    for each in counts:
        inner.setdefault(tree.parent[each], []).append(each)
    found = []
    for highest in counts:
        if tree.parent[highest] in counts:
            continue
        narrow: int | None = highest
        while narrow is not None:
            last = narrow
            same = [child for child in inner.get(last, []) if counts[child] == counts[last]]
            narrow = min(same, key=lambda child: in_order(tree.paths[child]), default=None)
        found.append(last)
    return found
