"""Finds photos that somebody moved on after an action, by their content."""

import os
import stat
from collections.abc import Collection, Iterator
from itertools import chain, islice
from pathlib import Path

from dedupe.names import safe
from dedupe.organize.files import checks
from dedupe.organize.files.place import TEMP_PREFIX, Place
from dedupe.organize.journal.records import Entry
from dedupe.photos.photo import PhotoFile

# Of a folder like a whole home: a minute from a slow disk, and then somebody should say where.
_MOST = 100_000


class Strays:
    """What lies below the folder of an action, to find photos in that are not in their place.

    Looks when it is first asked, and once: sizes come from the listing, and only files of the
    size of a photo are read.
    """

    def __init__(self, into: Path, known: Collection[Path]) -> None:
        """Remember where to look.

        Args:
            into: the folder that the action was for.
            known: photos and copies that are where some action has put them; they are no strays.
        """
        self._into = into
        self._known = known
        self._by_size: dict[int, list[Path]] | None = None
        self._all = True

    def find(self, entry: Entry) -> PhotoFile | None:
        """The photo of a step that is no longer where the step has put it, or None.

        Below the folder of the action it is known by its bytes alone. In the folder that it
        came from only the very same file is taken: another one there with the same bytes was
        there before, and is not ours to move.
        """
        there = (path for path in self._of_size(entry.step.size) if path not in self._known)
        for path in chain(there, _same_file_in(entry.step.source.parent, entry.made)):
            try:
                file = checks.seen(Place.by_path(path))
                if path != entry.step.target and _holds(file, entry):
                    return file
            except OSError:
                continue  # gone since it was listed, or not to be read: it cannot be told
        return None

    def where(self, entry: Entry) -> str:
        """Where it was looked for, in words that follow a reason."""
        first = "" if self._all else f"the first {_MOST:,} files "
        source = safe(entry.step.source.parent)
        return f"; it was looked for {first}below {safe(self._into)} and in {source}"

    def _of_size(self, size: int) -> list[Path]:
        if self._by_size is None:
            self._by_size = {}
            listed = list(islice(_files_below(self._into), _MOST + 1))
            self._all = len(listed) <= _MOST
            for path, bytes_ in listed[:_MOST]:
                self._by_size.setdefault(bytes_, []).append(path)
        return self._by_size.get(size, [])


def _holds(file: PhotoFile, entry: Entry) -> bool:
    step = entry.step
    return file.size == step.size and checks.content_of(Place.by_path(file.path)) == step.content


def _files_below(folder: Path) -> Iterator[tuple[Path, int]]:
    """Regular files with their sizes, in the order of their names; links are not followed."""
    for here, folders, names in os.walk(folder):
        folders.sort(key=os.fsencode)
        for name in sorted(names, key=os.fsencode):
            path = Path(here, name)
            try:
                found = os.lstat(path)
            except OSError:
                continue
            if stat.S_ISREG(found.st_mode) and not name.startswith(TEMP_PREFIX):
                yield path, found.st_size


def _same_file_in(folder: Path, photo: PhotoFile | None) -> Iterator[Path]:
    """The very same file under another name, in a folder itself."""
    if photo is None:
        return
    try:
        with os.scandir(folder) as entries:
            # the number of a file comes with the listing, its device does not
            same = [Path(each.path) for each in entries if each.inode() == photo.inode]
    except OSError:
        return
    for path in same:
        try:
            found = os.lstat(path)
        except OSError:
            continue  # gone since it was listed
        if stat.S_ISREG(found.st_mode) and found.st_dev == photo.device:
            yield path
