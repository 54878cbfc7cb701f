"""How a name is taken that nobody else has, and how one goes. For this room alone.

Both must hold while somebody else works in the same folders: between a look at a name and what
is then done to it, another file may get that name.
"""

import errno
import os
import sys
from collections.abc import Callable

from dedupe.names import safe
from dedupe.organize.files import checks
from dedupe.organize.files.place import Place, Refused, aside_name
from dedupe.organize.files.system import exchanging_rename, exclusive_rename

# Makes a file, or is refused where anything has that name, be it a link to nowhere.
NEW_FILE = checks.READ | os.O_WRONLY | os.O_CREAT | os.O_EXCL

# What a file system answers that does not know how to do a thing, as opposed to not allowing it.
_UNKNOWN_TO_RENAME = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP}
_UNKNOWN_TO_LINK = {errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EMLINK, errno.EINVAL}


def unlink(place: Place) -> None:
    """Remove a name that is ours alone, as nobody else knows it.

    Raises:
        OSError: nothing is there, or the system does not allow it.
    """
    os.unlink(place.name, dir_fd=place.folder)


def take_away(place: Place, temp: str, reason: Callable[[Place], str | None]) -> None:
    """Remove a name, if what has it is still what is to be removed.

    Between a look and an unlink somebody may save another file under that name, and unlink would
    take it. So the file first gets a name that nobody else knows, is looked at there, and gets
    its own name back if it is not the one.

    Args:
        place: goes.
        temp: of the step: the name that nobody else knows is made of it.
        reason: says why what is in a place must stay, or None.

    Raises:
        Refused: it must stay; nothing was changed.
        OSError: the system does not allow it. It may be left under the other name.
    """
    if why := reason(place):
        raise Refused(place.path, why)
    aside = place.beside(aside_name(temp))
    if aside.exists():  # it could not be given back the last time
        why = f"stays, as what had its name before is still called {safe(aside.path)}"
        raise Refused(place.path, why)
    set_aside(place, aside)
    if why := reason(aside):
        give_back(aside, place, f"{why}; its name")
        raise Refused(place.path, why)
    unlink(aside)


def set_aside(place: Place, aside: Place) -> None:
    """Give whatever has a name a free name of ours, which nobody else knows.

    Raises:
        OSError: nothing is there, or the system does not allow it.
    """
    os.replace(place.name, aside.name, src_dir_fd=place.folder, dst_dir_fd=aside.folder)


def exchange(one: Place, other: Place) -> bool:
    """Swap two names in one go, so that each has something at any moment.

    Returns:
        False where the system or the file system knows no such thing; nothing was changed.

    Raises:
        OSError: one is not there, or the system does not allow it; nothing was changed.
    """
    swap = exchanging_rename()
    if swap is None:
        return False
    try:
        swap(one, other)
    except OSError as error:
        if error.errno not in _UNKNOWN_TO_RENAME:
            raise
        return False
    return True


def link_to(source: Place, target: Place) -> None:
    """Give a file a second name, which must be free.

    Raises:
        FileExistsError: `target` is taken; nothing was changed.
        OSError: EXDEV where they are on two drives, or the system does not allow it.
    """
    os.link(
        source.name,
        target.name,
        src_dir_fd=source.folder,
        dst_dir_fd=target.folder,
        follow_symlinks=False,
    )


def give_back(found: Place, home: Place, words: str = "") -> None:
    """Give a file the name back that it had.

    Args:
        found: where it is.
        home: what it was called.
        words: what a refusal begins with.

    Raises:
        Refused: the name is taken by another file; nothing was changed.
        OSError: the system does not allow it. A file that is gone has no name to be given.
    """
    try:
        rename_to_free_name(found, home, unlink)
    except FileNotFoundError:
        if found.exists():
            raise
    except FileExistsError as error:
        taken = f"is taken by another file, so what had it is now called {safe(found.path)}"
        raise Refused(home.path, f"{words} {taken}".strip()) from error


def rename_to_free_name(source: Place, target: Place, remove: Callable[[Place], None]) -> None:
    """Rename within one file system, refusing a taken name: os.rename would replace it.

    Three ways, as no file system has them all: exFAT has neither of the first two, and there
    a file is replaced that takes the name in the moment before the last call.

    Args:
        source: goes, whatever it is by now: whoever calls looks at `target` afterwards.
        target: the free name.
        remove: takes the old name away where there are two for a moment.

    Raises:
        FileExistsError: `target` is taken; nothing was changed.
        OSError: EXDEV where they are on two drives, or the system does not allow it.
        Refused: `remove` refused.
    """
    rename = exclusive_rename()
    if rename is not None:
        try:
            return rename(source, target)
        except OSError as error:
            if error.errno not in _UNKNOWN_TO_RENAME:
                raise
    try:
        link_to(source, target)
    except OSError as error:
        if error.errno not in _UNKNOWN_TO_LINK:
            raise
        return _reserve_then_rename(source, target)
    return _remove_linked(source, target, remove)


def sync(folder: Place) -> None:
    """Bring the names in a folder to disk.

    Raises:
        OSError: the disk failed, or the folder may not be read.
    """
    if sys.platform == "win32":  # folders cannot be opened there
        return
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    fd = os.open(folder.name, flags, dir_fd=folder.folder)
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP, errno.EBADF}:
            raise
    finally:
        os.close(fd)


def _remove_linked(source: Place, target: Place, remove: Callable[[Place], None]) -> None:
    """Leave a file that has two names the new one; if that fails, the old one alone.

    A kill before this ends leaves both. Link has refused a taken name.
    """
    try:
        sync(target.beside("."))
        remove(source)
    except (OSError, Refused) as error:
        # a read-only folder may be linked from, but not unlinked from
        if checks.one_file(source, target):
            unlink(target)
        elif isinstance(error, Refused):
            if not source.exists():  # somebody else removed the old name
                return
            # the last name of what was there must stay
            why = f"{error.reason}; as it was, it is now called {safe(target.path)}"
            raise Refused(source.path, why) from error
        raise


def _reserve_then_rename(source: Place, target: Place) -> None:
    """Take the name with an empty file of ours, then rename over that and nothing else."""
    fd = os.open(target.name, NEW_FILE, 0o600, dir_fd=target.folder)
    ours = os.fstat(fd)
    os.close(fd)
    now = target.lstat()
    if not os.path.samestat(ours, now) or now.st_size:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target.path))
    try:
        os.replace(source.name, target.name, src_dir_fd=source.folder, dst_dir_fd=target.folder)
    except OSError:
        if checks.is_empty_file(target) and os.path.samestat(ours, target.lstat()):
            unlink(target)
        raise
