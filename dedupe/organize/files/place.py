"""Where a file lies: its folder, held open, and its name there. Changes nothing.

A path says the way to a file, and whoever swaps a folder on that way for a link leads the next
look at that path elsewhere. So the way is walked once, without following a link, and everything
is then looked at and changed in the folder that was found, whatever its path means by then.
"""

import errno
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dedupe.names import safe

TEMP_PREFIX = ".dedupe-tmp-"

# Windows has no such handles: there every call walks the path anew, through links if need be.
_WITH_FOLDERS = "open stat readlink link symlink rename unlink mkdir rmdir utime chmod".split()
_HANDLES = {getattr(os, name) for name in _WITH_FOLDERS} <= os.supports_dir_fd
# O_PATH needs no right to list a folder, only the one to go through it; macOS has no such thing.
_FOLDER = (
    getattr(os, "O_PATH", os.O_RDONLY)
    | getattr(os, "O_DIRECTORY", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
)
# What systems answer where a folder was asked for, and is a link or a file.
_NO_FOLDER = {errno.ENOTDIR, errno.ELOOP, errno.EMLINK}


class Refused(Exception):
    """A change was not made, because what is on disk is not what it was meant for.

    Attributes:
        path: of the file that was left alone.
        reason: half a sentence that follows the path.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} {reason}")
        self.path = path
        self.reason = reason


class NoFolder(Refused):
    """The folder of a file is not there."""


@dataclass(frozen=True, slots=True)
class Place:
    """A name in a folder that is held open; nothing need be there.

    System calls take the two together: `os.unlink(place.name, dir_fd=place.folder)`.

    Attributes:
        path: the way to it, for messages.
        name: its name in the folder; the whole path where `folder` is None.
        folder: the open folder; None where every call walks the path anew: on Windows, and
            while planning.
    """

    path: Path
    name: str
    folder: int | None

    @classmethod
    def by_path(cls, path: Path) -> "Place":
        """A place whose folder is not held: good for looking, to change it `held` is needed."""
        return cls(path, str(path), None)

    def beside(self, name: str) -> "Place":
        """Another name in the same folder; "." is the folder itself."""
        path = self.path.parent / name
        return Place(path, str(path) if self.folder is None else name, self.folder)

    def lstat(self) -> os.stat_result:
        """What is there, without following it if it is a link.

        Raises:
            OSError: nothing is there, or it cannot be looked at.
        """
        return os.stat(self.name, dir_fd=self.folder, follow_symlinks=False)

    def exists(self) -> bool:
        """Whether anything is there, be it a link to nowhere.

        Raises:
            OSError: it cannot be told.
        """
        try:
            self.lstat()
        except FileNotFoundError:
            return False
        return True

    def is_folder(self) -> bool:
        """Whether a folder is there, and no link to one; raises as `exists` does."""
        return self.exists() and stat.S_ISDIR(self.lstat().st_mode)


@contextmanager
def held(path: Path) -> Iterator[Place]:
    """Hold the folder of `path` open, reached through folders alone.

    Args:
        path: a real, absolute one: no folder on the way was a link when it was made.

    Raises:
        NoFolder: a folder on the way is not there.
        Refused: a folder on the way is a link now, no folder at all, or may not be entered.
        OSError: the disk failed.
    """
    if not _HANDLES:
        yield Place.by_path(path)
        return
    folder = _reached(path.parent, path)
    try:
        yield Place(path, path.name or ".", folder)
    finally:
        os.close(folder)


@contextmanager
def held_folder(path: Path) -> Iterator[Place]:
    """Hold a folder itself open; raises as `held` does."""
    if not _HANDLES:
        yield Place.by_path(path)
        return
    folder = _reached(path, path)
    try:
        yield Place(path, ".", folder)
    finally:
        os.close(folder)


def temp_name(token: str, number: int) -> str:
    """Name of the unfinished copy of one step; with the action's random token it is ours alone."""
    return f"{TEMP_PREFIX}{token}-{number}"


def random_temp_name() -> str:
    """Such a name for a change that belongs to no action."""
    return temp_name(secrets.token_hex(8), 0)


def aside_name(temp: str) -> str:
    """What something is called while a step removes it, made of the name of its unfinished copy."""
    return f"{temp}-old"


def look(path: Path, question: Callable[[Place], bool]) -> bool:
    """Ask something about a place; where its folder is not there the answer is no.

    Raises:
        Refused, OSError: as `held`, and what the question raises.
    """
    try:
        with held(path) as place:
            return question(place)
    except NoFolder:
        return False


def _reached(folder: Path, path: Path) -> int:
    """An open folder, for the sake of `path`: part by part, as only the last one can be refused."""
    if not folder.is_absolute():
        raise ValueError(f"{folder} is not absolute")
    here = os.open(folder.anchor, _FOLDER)
    for depth, part in enumerate(folder.parts[1:], start=2):
        try:
            further = os.open(part, _FOLDER, dir_fd=here)
        except OSError as error:
            at = safe(Path(*folder.parts[:depth]))
            if isinstance(error, FileNotFoundError):
                raise NoFolder(path, f"has no folder, as {at} is not there") from error
            if isinstance(error, PermissionError):
                raise Refused(path, f"cannot be reached, as {at} may not be entered") from error
            if error.errno in _NO_FOLDER:
                if _is_link(part, here):
                    reason = f"is reached through a link that was not there: {at}"
                else:
                    reason = f"cannot be reached, as {at} is no folder"
                raise Refused(path, reason) from error
            raise
        finally:
            os.close(here)
        here = further
    return here


def _is_link(part: str, folder: int) -> bool:
    try:
        return stat.S_ISLNK(os.stat(part, dir_fd=folder, follow_symlinks=False).st_mode)
    except OSError:  # gone meanwhile
        return False
