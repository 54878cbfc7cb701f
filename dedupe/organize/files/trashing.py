"""Puts a photo into the trash, with a file that says where it was.

The file about it is there before the photo is, as the specification asks, and its name reserves
that of the photo. The photo is renamed, never copied.
"""

import errno
import os
from contextlib import suppress
from functools import partial

from dedupe.organize.files import checks
from dedupe.organize.files.place import NoFolder, Place, Refused, aside_name, held
from dedupe.organize.files.renaming import (
    NEW_FILE,
    give_back,
    rename_to_free_name,
    sync,
    take_away,
    unlink,
)
from dedupe.organize.files.staying import held_kept, obstacle, refuse_if_changed, refuse_unless_kept
from dedupe.organize.files.trash import info_of
from dedupe.organize.steps import Step
from dedupe.photos.photo import PhotoFile


def put_into_trash(step: Step, temp: str) -> PhotoFile:
    """Put a photo into the trash, if the one that stays is there and both are as they were.

    Args:
        step: `target` is the name in the trash, `link` what the file about the photo says.
        temp: name for what is not finished.

    Returns:
        The photo in the trash.

    Raises:
        Refused: one of the two photos is not as it was; nothing was changed.
        FileExistsError: somebody has that name in the trash; nothing was changed.
        OSError: the system does not allow it. The photo is where it was.
    """
    with held(step.source) as here, held(step.target) as there, held_kept(step) as stays:
        refuse_unless_kept(step, stays)
        now = refuse_if_changed(step, here)
        if reason := obstacle("trash", here, stays):
            raise Refused(step.source, reason)
        if there.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(step.target))
        changed = partial(checks.difference, file=now, content=step.content)
        _tell(step, temp)
        try:
            try:
                rename_to_free_name(here, there, partial(take_away, temp=temp, reason=changed))
            except OSError as error:
                raise _refused(step, here, error) from error
            if reason := changed(there):  # a rename takes whatever has the name by then
                give_back(there, here, f"{reason}; its name")
                raise Refused(step.source, reason)
        except (OSError, Refused):
            with suppress(OSError, Refused):
                untell(step, temp)
            raise
        sync(there.beside("."))
        return checks.seen(there)


def untell(step: Step, temp: str) -> None:
    """Remove the file about a photo, if it is ours; nothing to remove is fine.

    Raises:
        OSError: the system does not allow it.
    """
    if not step.link:
        return

    def not_ours(place: Place) -> str | None:
        return None if _says(place, step.link) else "says something else"

    with suppress(NoFolder, Refused), held(info_of(step.target)) as info:
        if info.exists():
            take_away(info, temp, not_ours)


def clear_up(step: Step, temp: str) -> None:
    """Clear away what a kill left of the file about a photo.

    Raises:
        Refused, OSError: it cannot be reached.
    """
    if not step.link:
        return
    with suppress(NoFolder), held(info_of(step.target)) as info:
        with suppress(FileNotFoundError):
            unlink(info.beside(temp))
        aside = info.beside(aside_name(temp))
        if checks.one_file(aside, info):
            unlink(aside)
        elif aside.exists():
            give_back(aside, info)
        if checks.is_empty_file(info):  # a name that was reserved, and not yet renamed to
            unlink(info)


def _tell(step: Step, temp: str) -> None:
    """Write the file about a photo, whole before it gets its name, and bring it to the disk."""
    if not step.link:
        return
    with held(info_of(step.target)) as info:
        unfinished = info.beside(temp)
        try:
            fd = os.open(unfinished.name, NEW_FILE, 0o600, dir_fd=unfinished.folder)
            try:
                rest = memoryview(step.link.encode("ascii"))
                while rest:
                    rest = rest[os.write(fd, rest) :]
                os.fsync(fd)
            finally:
                os.close(fd)
            rename_to_free_name(unfinished, info, unlink)
        except OSError:
            with suppress(OSError):
                unlink(unfinished)
            raise
        sync(info.beside("."))


def _says(place: Place, text: str) -> bool:
    fd = os.open(place.name, checks.READ, dir_fd=place.folder)
    try:
        return os.read(fd, len(text) + 1) == text.encode("ascii")
    finally:
        os.close(fd)


def _refused(step: Step, here: Place, error: OSError) -> OSError | Refused:
    """What a rename that failed is about, where it is about the photo."""
    reason = checks.difference(here, step.file, step.content)
    # later on, when the photo has lost its name already, an error is one, whichever it is
    if error.errno == errno.EXDEV and reason is None:
        return Refused(step.source, "stays, as its trash is on another drive")
    gone = error.errno in {errno.ENOENT, errno.ELOOP} and reason is not None
    return Refused(step.source, reason or "") if gone else error
