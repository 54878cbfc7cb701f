"""How many photos folders share, at every level: counted by where copies lie, not pair by pair."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from dedupe.index.library import Library
from dedupe.matching.pairs.relations import same_pixels
from dedupe.matching.sets.groups import Group


class Tree:
    """The folders that photos lie in, by number, up to some roots.

    Attributes:
        paths: of each folder.
        parent: of each its parent, -1 where nothing above is told of.
    """

    def __init__(self, roots: Iterable[Path]) -> None:
        """No photo lies anywhere.

        Args:
            roots: those within another are no roots.
        """
        named = set(roots)
        self._roots = {each for each in named if not named.intersection(each.parents)}
        self._numbers: dict[Path, int] = {}
        self.paths: list[Path] = []
        self.parent: list[int] = []
        self.above = cache(self._above)

    def leaf(self, name: Path) -> int:
        """The number of the folder that a photo lies in."""
        return self._number(name.parent if name not in self._roots else name)

    def nested(self, one: int, other: int) -> bool:
        """Whether two folders are the same, or one is in the other."""
        return one in self.above(other) or other in self.above(one)

    def _number(self, folder: Path) -> int:
        if folder not in self._numbers:
            on_top = folder in self._roots or folder == folder.parent
            parent = -1 if on_top else self._number(folder.parent)
            self._numbers[folder] = len(self.paths)
            self.paths.append(folder)
            self.parent.append(parent)
        return self._numbers[folder]

    def _above(self, folder: int) -> frozenset[int]:
        """A folder and all that it is in."""
        found = {folder}
        while (folder := self.parent[folder]) >= 0:
            found.add(folder)
        return frozenset(found)


class Shared:
    """Of some photos, which may be copies of each other, how many each folder has of another.

    Attributes:
        within: by two folders, neither in the other, how many photos of the first have one like
            it in the second.
        elsewhere: by folder, how many of its photos have one like it outside of it.
    """

    def __init__(self, tree: Tree, leaves: Sequence[Sequence[int]], classes: Sequence[int]) -> None:
        """Count them.

        Args:
            tree: of all folders.
            leaves: of each photo the folders that it lies in.
            classes: of each photo a number; those of one number are like each other.
        """
        self.within: Counter[tuple[int, int]] = Counter()
        self.elsewhere: Counter[int] = Counter()
        of_class: dict[int, Counter[int]] = {}
        for number, each in zip(classes, leaves, strict=True):
            of_class.setdefault(number, Counter()).update(each)
        # most copies lie in the same few pairs of folders: each combination is looked at once
        alike: dict[tuple[int, ...], Counter[int]] = {}
        for counts in of_class.values():
            if len(counts) > 1:
                alike.setdefault(tuple(sorted(counts)), Counter()).update(counts)
        for folders, counts in alike.items():
            self._add(tree, folders, counts)

    def count(self, folder: int, within: int | None) -> int:
        """Of how many photos of a folder one like it is in another; outside of it if None."""
        return self.elsewhere[folder] if within is None else self.within[folder, within]

    def _add(self, tree: Tree, folders: Sequence[int], counts: Counter[int]) -> None:
        for leaf in folders:
            mine = tree.above(leaf)
            # who is above this leaf is no other folder, and who is below one of these is in it
            others = [tree.above(each) for each in folders if each != leaf]
            around: set[int] = set().union(*others) - mine
            for folder in mine:
                if any(folder not in each for each in others):
                    self.elsewhere[folder] += counts[leaf]
                for other in around:
                    if folder not in tree.above(other):
                        self.within[folder, other] += counts[leaf]


def exact_classes(library: Library) -> list[int]:
    """Of each photo a number that those of the same bytes or the same pixels share."""
    first: dict[bytes, int] = {}
    by_pixels: dict[bytes, int] = {}
    classes = []
    for row, photo in enumerate(library.photos):
        number = first.setdefault(photo.content, row)
        if number == row and same_pixels(photo, photo):
            number = first[photo.content] = by_pixels.setdefault(photo.pixel_hash, row)
        classes.append(number)
    return classes


def alike_classes(library: Library, groups: Iterable[Group], classes: Sequence[int]) -> list[int]:
    """Likewise, where those of one group share one, too.

    Args:
        library: that the groups are of.
        groups: of the same picture; each holds all photos of its contents.
        classes: as `exact_classes` gives them.
    """
    row_of = {photo.path: row for row, photo in enumerate(library.photos)}
    joined = list(range(len(classes)))
    for group in groups:
        rows = [row_of[photo.path] for photo in group.photos]
        for row in rows:
            joined[classes[row]] = classes[rows[0]]
    return [joined[number] for number in classes]


def folders_of(tree: Tree, library: Library) -> list[list[int]]:
    """Of every photo of a library the folder of each of its names."""
    return [
        [tree.leaf(name) for name in (photo.path, *photo.hard_links)] for photo in library.photos
    ]


def totals_of(tree: Tree, leaves: Iterable[Iterable[int]]) -> list[int]:
    """How many photos are in each folder and below it, each of their names for itself."""
    counts = Counter(leaf for each in leaves for leaf in each)
    totals = [0] * len(tree.paths)
    for leaf, count in counts.items():
        for folder in tree.above(leaf):
            totals[folder] += count
    return totals


def in_order(path: Path | None) -> bytes:
    """What paths are sorted by; nothing comes first."""
    return b"" if path is None else os.fsencode(path)
