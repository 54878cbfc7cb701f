"""Where photos go that are put aside: to a folder for each set, or to the folders of a tree."""

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dedupe.organize import naming
from dedupe.organize.drafting.layout import Layout, listed
from dedupe.organize.plans.actions import real
from dedupe.organize.plans.tree import parts_below
from dedupe.organize.protected import NOTHING, Protected

if TYPE_CHECKING:
    from dedupe.photos.photo import Photo


class AsideLayout(Layout, ABC):
    """A folder for the photos that go, while one of each set stays in its place.

    Attributes:
        shows_sets: whether names there say the rank of photos, and links show those that stay.
    """

    shows_sets: bool

    @abstractmethod
    def folders_for(self, wanted: str, members: "Sequence[Photo]") -> "Callable[[Photo], Path]":
        """What gives each photo of a set the folder that it goes to.

        Args:
            wanted: what a folder for the set is best called.
            members: the set.
        """

    def is_aside(self, photo: "Photo") -> bool:
        """Whether a photo is below the folder already: an earlier run has put it there."""
        return self.into in real(photo.path).parents


class SetLayout(AsideLayout):
    """A folder for each set, that shows the whole of it."""

    shows_sets = True

    def folders_for(self, wanted: str, members: "Sequence[Photo]") -> "Callable[[Photo], Path]":
        """The one folder of the set; where an earlier run has put photos of it, it goes on there.

        Args and what is returned are those of AsideLayout.
        """
        homes = [real(each.path).parent for each in members if self._is_ranked(each)]
        folder = self.folder_for(wanted, homes)
        return lambda photo: folder

    def is_unwanted(self, link: Path) -> bool:
        """Whether a link of ours has no place in the new layout.

        It has one among photos of a set that this plan is not about.
        """
        folder = link.parent
        is_shown = folder not in self.placed and bool(self.names_in(folder))
        return super().is_unwanted(link) and not is_shown

    def _is_ranked(self, photo: "Photo") -> bool:
        return self.own_name(photo.path) != photo.path.name


class TreeLayout(AsideLayout):
    """A folder in which photos have the folders that they come from."""

    shows_sets = False

    def __init__(self, into: Path, root: Path, protected: Protected = NOTHING) -> None:
        """Take a look.

        Args:
            into: the real path of the folder; it need not exist yet. What earlier runs made
                there is left as it is.
            root: the real path of the folder that places in it are relative to.
            protected: nothing goes into these folders.
        """
        super().__init__(into, {}, protected)
        self._root = root
        self._chosen: dict[tuple[Path, str], Path] = {}
        self._planned: dict[tuple[Path, str], Path] = {}
        self._there: dict[Path, list[str]] = {}

    def folders_for(self, wanted: str, members: "Sequence[Photo]") -> "Callable[[Photo], Path]":
        """The folder of each photo's own folder; args and what is returned as in AsideLayout.

        Two folders that differ in upper and lower case alone are one, as many drives cannot hold
        both. Where a name is taken by something else than a folder, it is `2019 (2)`.
        """
        return self._folder_of

    def _folder_of(self, photo: "Photo") -> Path:
        place = self.into
        for name in parts_below(self._root, real(photo.path).parent):
            key = (place, name)
            if key not in self._chosen:
                self._chosen[key] = self._folder_in(place, name)
            place = self._chosen[key]
        return place

    def _folder_in(self, place: Path, wanted: str) -> Path:
        taken = self.names_in(place)
        for name in naming.photo_names("", wanted, self.limit):
            folder = self._known_as(place, name)
            if folder is not None and self._may_have(folder):
                return folder
            key = naming.clash_key(name)
            if folder is None and key not in taken:
                taken.add(key)
                self._planned[place, key] = place / name
                return place / name
        raise AssertionError("names never end")

    def _known_as(self, place: Path, name: str) -> Path | None:
        """What has this name there, or one that differs in its case alone; now or in the plan."""
        if place not in self._there:
            self._there[place] = sorted(listed(place)) if place.is_dir() else []
        if name in self._there[place]:
            return place / name
        key = naming.clash_key(name)
        if (place, key) in self._planned:
            return self._planned[place, key]
        alike = (each for each in self._there[place] if naming.clash_key(each) == key)
        return next((place / each for each in alike), None)

    def _may_have(self, folder: Path) -> bool:
        if not os.path.lexists(folder):
            return True
        is_folder = folder.is_dir() and not folder.is_symlink()
        return is_folder and not self.protected.holds(folder)
