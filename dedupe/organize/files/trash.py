"""The trash of the system: where it is for a photo, and what it says there. Changes nothing.

Linux and BSD: the Trash specification of freedesktop.org, version 1.0. Photos on the drive of
the home folder go to its trash, others to one at the top of their own drive, so that no photo is
ever copied to be trashed. macOS: `~/.Trash`, for the drive that it is on.
"""

import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from dedupe.errors import UsageError
from dedupe.names import safe
from dedupe.organize import naming
from dedupe.organize.files.place import Place, look
from dedupe.organize.protected import Protected

_INFO = ".trashinfo"
PRIVATE = 0o700
"""Permissions of the folders of a trash: the specification lets nobody else look into it."""


@dataclass(frozen=True, slots=True)
class Trash:
    """A trash folder.

    Attributes:
        root: holds all of it; it need not exist.
        files: the folder that gets the photos.
        info: the folder that gets a file about each of them, or None where there is none.
        top: what paths are written relative to; None where they are absolute.
    """

    root: Path
    files: Path
    info: Path | None
    top: Path | None

    def missing(self) -> list[Path]:
        """Its folders that are not there, and those above it, outermost first."""
        folders = [self.files] if self.info is None else [self.info, self.files]
        above = [folder for folder in (self.root, *self.root.parents) if not _is_there(folder)]
        return above[::-1] + [each for each in folders if each != self.root and not _is_there(each)]

    def says(self, photo: Path, now: datetime) -> str:
        """What the file about a photo says: where it was, and when it was trashed."""
        if self.info is None:
            return ""
        path = photo if self.top is None else photo.relative_to(self.top)
        when = f"{now:%Y-%m-%dT%H:%M:%S}"
        return f"[Trash Info]\nPath={quote(os.fsencode(path), safe='/')}\nDeletionDate={when}\n"


def info_of(trashed: Path) -> Path:
    """The file about a photo that is in a trash with such files."""
    return trashed.parent.parent / "info" / (trashed.name + _INFO)


def refuse_without_trash() -> None:
    """Refuse where the system has no trash that an action could be taken back from.

    Raises:
        UsageError: on Windows.
    """
    if sys.platform == "win32":
        raise UsageError(
            "on Windows photos cannot be put into the trash: it cannot be taken back from there",
            "nothing was done; --move brings them together in a folder instead",
        )


class Trashes:
    """The trash of each drive, and free names in it."""

    def __init__(self, protected: Protected) -> None:
        self._protected = protected
        self._of_drive: dict[int, Trash | str] = {}
        self._taken: dict[Path, set[str]] = {}

    def of(self, photo: Path) -> Trash | str:
        """The trash that a photo goes to, or why it cannot go to one.

        Args:
            photo: its real path.

        Raises:
            OSError: it cannot be looked at.
        """
        drive = os.lstat(photo).st_dev
        if drive not in self._of_drive:
            self._of_drive[drive] = self._found(photo.parent, drive)
        trash = self._of_drive[drive]
        if isinstance(trash, Trash) and trash.root in photo.parents:
            return "is in the trash already"
        return trash

    def name_in(self, trash: Trash, photo: Path) -> Path:
        """A name for a photo in its trash that nothing there has, and nothing planned."""
        taken = self._names(trash)
        limit = naming.name_limit(trash.files) - len(_INFO)
        free = (
            name
            for name in naming.photo_names("", photo.name, limit)
            if naming.clash_key(name) not in taken
        )
        name = next(free)
        taken.add(naming.clash_key(name))
        return trash.files / name

    def _found(self, folder: Path, drive: int) -> Trash | str:
        home = _of_home()
        if _nearest(home.root).stat().st_dev == drive:
            trash: Trash | None = home
        else:
            trash = None if sys.platform == "darwin" else _at_top_of(_top(folder, drive), drive)
        if trash is None:
            return "stays, as its drive has no trash and none can be made there"
        if self._protected.holds(trash.root):
            return f"stays, as the trash {safe(trash.root)} is in a protected folder"
        return trash

    def _names(self, trash: Trash) -> set[str]:
        if trash.files not in self._taken:
            names = {naming.clash_key(name) for name in _listed(trash.files)}
            if trash.info is not None:
                told = (each.removesuffix(_INFO) for each in _listed(trash.info))
                names |= {naming.clash_key(name) for name in told}
            self._taken[trash.files] = names
        return self._taken[trash.files]


def _of_home() -> Trash:
    if sys.platform == "darwin":
        root = Path(os.path.realpath(Path.home())) / ".Trash"
        return Trash(root, root, None, None)
    data = os.environ.get("XDG_DATA_HOME", "")
    base = Path(data) if os.path.isabs(data) else Path.home() / ".local" / "share"  # noqa: PTH117
    root = Path(os.path.realpath(base / "Trash"))  # some have a link there
    return Trash(root, root / "files", root / "info", None)


def _at_top_of(top: Path, drive: int) -> Trash | None:
    """One of the two trash folders that a drive may have at its top."""
    if sys.platform == "win32":
        return None
    user = os.getuid()
    shared = top / ".Trash"
    roots = []
    # as the specification has it: no link, and one in which nobody can remove another's files
    if _is_own_folder(shared, drive) and shared.lstat().st_mode & stat.S_ISVTX:
        roots.append(shared / str(user))
    roots.append(top / f".Trash-{user}")
    for root in roots:
        if _is_there(root):
            usable = _is_own_folder(root, drive) and root.lstat().st_uid == user
        else:
            usable = os.access(root.parent, os.W_OK | os.X_OK)
        if usable:
            return Trash(root, root / "files", root / "info", top)
    return None


def _top(folder: Path, drive: int) -> Path:
    """The folder that a drive is mounted at."""
    while folder != folder.parent and folder.parent.stat().st_dev == drive:
        folder = folder.parent
    return folder


def _nearest(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def _is_own_folder(path: Path, drive: int) -> bool:
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_dev == drive


def _is_there(path: Path) -> bool:
    return look(path, Place.exists)


def _listed(folder: Path) -> Iterator[str]:
    try:
        yield from (entry.name for entry in os.scandir(folder))
    except OSError:
        return
