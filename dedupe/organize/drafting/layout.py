"""Where each photo shall stand: free names, found by looking at what is there."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from dedupe.errors import UsageError
from dedupe.names import safe
from dedupe.organize import naming
from dedupe.organize.files import checks
from dedupe.organize.files.place import Place
from dedupe.organize.plans.actions import Action
from dedupe.organize.protected import NOTHING, Protected
from dedupe.organize.steps import Step

if TYPE_CHECKING:
    from dedupe.photos.photo import Photo

# A folder and a name of ours, to find the photo's own name in: moving photos that were moved
# before must not pile up "1 1 1 IMG.jpg".
_OUR_FOLDER = re.compile(r"\d{3,} .", re.DOTALL)
_OUR_NAME = re.compile(r"\d+ (?=.)", re.DOTALL)

# Bytes that are left to a photo's name, however long the names of what belongs to it are; and
# how often another number is tried for names that somebody else has.
_LEAST, _TRIES = 64, 100


class Layout:
    """The folder that groups go into: who owns which name in it, now and once the plan is done.

    Reads the disk, changes nothing.

    Attributes:
        into: the real path of the folder.
        protected: nothing goes into these folders, and nothing in them goes.
        limit: bytes that a name may have there.
        wanted: what was made before and stays as it is.
        placed: everything that is to be made, or stays.
    """

    def __init__(
        self, into: Path, ours: Mapping[Path, str], protected: Protected = NOTHING
    ) -> None:
        """Take a look.

        Args:
            into: its real path; it need not exist yet.
            ours: what earlier runs made there and the journal vouches for: the text of each
                link, and "" for each folder.
            protected: as the attribute.
        """
        self.protected = protected
        ours = {path: text for path, text in ours.items() if not protected.holds(path)}
        self.into = into
        self.wanted: set[Path] = set()
        self.placed: set[Path] = set()
        self._links = {
            path: text
            for path, text in ours.items()
            if text and checks.link_text(Place.by_path(path)) == text
        }
        self._folders = {
            path
            for path, text in ours.items()
            if not text and path.is_dir() and not path.is_symlink()
        }
        self._taken: dict[Path, set[str]] = {}
        self.limit = naming.name_limit(into)

    def folder_for(self, wanted: str, homes: Sequence[Path] = ()) -> Path:
        """The folder of a group: `wanted`, or `wanted (2)` where somebody else has that name.

        A folder of ours is used again; above all `homes`, which hold photos of the group already.
        """
        named = (self.into / name for name in naming.folder_names(wanted))
        for folder in chain(homes, named):
            free = naming.clash_key(folder.name) not in self.names_in(self.into)
            open_ = folder not in self.placed and not self.protected.holds(folder)
            if open_ and (free or folder in self._folders or folder in homes):
                self.placed.add(folder)
                self.names_in(self.into).add(naming.clash_key(folder.name))
                return folder
        raise AssertionError("names never end")

    def target_for(
        self,
        photo: "Photo",
        prefix: str,
        folder: Path,
        action: Action,
        along: Sequence[Path] = (),
    ) -> tuple[Path, list[Path]]:
        """A place for a photo in the folder of its group that nobody else has.

        Args:
            photo: the photo.
            prefix: what its name there begins with.
            folder: of its group.
            action: what is done to it.
            along: what belongs to it and goes there with it; its names must be free as well.

        Returns:
            The place, and that of each of `along`.
        """
        taken = self.names_in(folder)
        own = self.own_name(photo.path)
        # what belongs to it may have a longer ending than the photo
        longer = [len(os.fsencode(each.name)) - len(os.fsencode(photo.path.name)) for each in along]
        limit = max(self.limit - max([0, *longer]), len(os.fsencode(prefix)) + _LEAST)
        for number, name in enumerate(naming.photo_names(prefix, own, limit), start=1):
            target = folder / name
            mark = f" ({number})" if number > 1 else ""
            beside = [self._beside(photo, target, each, prefix, mark) for each in along]
            if (
                target not in self.placed
                and os.path.lexists(target)
                and action.stands(photo, target)
            ):
                self.wanted.add(target)
                break
            names = {naming.clash_key(each.name) for each in (target, *beside)}
            if naming.clash_key(name) not in taken and (taken.isdisjoint(names) or number > _TRIES):
                break
        taken |= {naming.clash_key(each.name) for each in (target, *beside)}
        self.placed |= {target, *beside}
        return target, beside

    def _beside(self, photo: "Photo", target: Path, each: Path, prefix: str, mark: str) -> Path:
        """Where what belongs to a photo goes: beside its place, named like it."""
        name = naming.name_beside(photo.path.name, target.name, each.name)
        if name is None:  # `IMG.jpg(1).json` of `IMG(1).jpg`, `IMG_E1234.JPG` of `IMG_1234.HEIC`
            name = naming.joined(prefix, self.own_name(each), mark)
        return target.with_name(name)

    def own_name(self, path: Path) -> str:
        """The name of a photo without the rank that an earlier move gave it."""
        folder = path.parent
        if _OUR_FOLDER.match(folder.name) and Path(os.path.realpath(folder.parent)) == self.into:
            return _OUR_NAME.sub("", path.name, count=1)
        return path.name

    def tidying(self) -> Iterator[Step]:
        """Take away the links of an earlier run that are not wanted, then the folders they leave.

        Each link still says what we wrote.
        """
        going = {path: text for path, text in self._links.items() if self.is_unwanted(path)}
        for path, text in sorted(going.items()):
            yield Step(verb="unlink", source=path, target=path, link=text)
        emptied: set[Path] = set()
        for folder in sorted(self._folders - self.placed - {self.into}, reverse=True):
            held = {folder / name for name in listed(folder)}
            if self.into in folder.parents and held <= going.keys() | emptied:  # innermost first
                emptied.add(folder)
                yield Step(verb="rmdir", source=folder, target=folder)

    def is_unwanted(self, link: Path) -> bool:
        """Whether a link of ours has no place in the new layout."""
        return link not in self.wanted

    def names_in(self, folder: Path) -> set[str]:
        """Keys of the names in a folder that are not ours to take away."""
        if folder not in self._taken:
            names = listed(folder) if folder.is_dir() else []
            foreign = [name for name in names if folder / name not in self._links]
            self._taken[folder] = {naming.clash_key(name) for name in foreign}
        return self._taken[folder]


def missing_folders(into: Path) -> list[Path]:
    """`into` and those above it that do not exist, outermost first."""
    above = [into, *into.parents]
    return [folder for folder in reversed(above) if not os.path.lexists(folder)]


def listed(folder: Path) -> list[str]:
    """The names in a folder; UsageError where it cannot be read."""
    try:
        return [entry.name for entry in folder.iterdir()]
    except OSError as error:
        raise UsageError(f"{safe(folder)} cannot be read: {checks.said(error)}") from error
