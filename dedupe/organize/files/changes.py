"""All that is ever done to files: each change with its inverse, none overwrites anything.

| change        | inverse               |
|---------------|-----------------------|
| make_folder   | remove_empty_folder   |
| make_link     | remove_link           |
| move          | move                  |
| copy          | remove_copy           |

What a change must not touch it refuses (`Refused`, FileExistsError), with nothing changed. The
folders of every name are held open while it is looked at and changed (`place`), so that a folder
that is swapped for a link leads nowhere. A kill between any two lines leaves every photo whole
under its old or its new name; `put_back`, `discard_temp` and `discard_double` clear away what
else it may leave.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from dedupe.organize.files import checks
from dedupe.organize.files.copying import write_copy
from dedupe.organize.files.place import (
    TEMP_PREFIX,
    Place,
    Refused,
    aside_name,
    held,
    held_folder,
    random_temp_name,
)
from dedupe.organize.files.renaming import give_back, rename_to_free_name, sync, take_away, unlink
from dedupe.photos.photo import PhotoFile

# Folders


def make_folder(path: Path, mode: int = 0o777) -> None:
    """Make one folder, with `mode` less the umask; its parent must exist.

    Raises:
        FileExistsError: the name is taken; nothing was changed.
        Refused: a link is on the way; nothing was changed.
        OSError: the system does not allow it.
    """
    with held(path) as place:
        os.mkdir(place.name, mode, dir_fd=place.folder)


def remove_empty_folder(path: Path) -> None:
    """Remove a folder with nothing in it.

    Raises:
        Refused: it holds something, or there is something else; nothing was changed.
        OSError: nothing is there, or the system does not allow it; nothing was changed.
    """
    with held(path) as place:
        try:
            os.rmdir(place.name, dir_fd=place.folder)
        except NotADirectoryError as error:  # nor is a link
            raise Refused(path, "is no longer the folder that was made") from error
        except OSError as error:
            if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
                raise
            raise Refused(path, "stays, as there is something else in it") from error


def restore_folder_times(path: Path, *, atime_ns: int, mtime_ns: int, mode: int) -> None:
    """Give a folder the times and permissions it had.

    Raises:
        Refused: it is a link now, no folder, or not there; nothing was changed.
        OSError: the system does not allow it.
    """
    with held_folder(path) as folder:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode):
            raise Refused(path, "is no longer a folder")
        if found.st_mtime_ns != mtime_ns:
            os.utime(folder.name, ns=(atime_ns, mtime_ns), dir_fd=folder.folder)
        if stat.S_IMODE(found.st_mode) != mode:  # last: it may be one that lets nobody in
            os.chmod(folder.name, mode, dir_fd=folder.folder)


def sync_folders(paths: Iterable[Path]) -> None:
    """Make sure that the names in these folders survive a power cut, as far as the disk obeys.

    Raises:
        OSError: the disk failed. A file system that cannot sync folders is no failure.
    """
    for path in paths:
        # removed since, swapped for a link, or not readable
        with suppress(Refused, FileNotFoundError, PermissionError), held_folder(path) as folder:
            sync(folder)


# Links


def make_link(text: str, path: Path) -> None:
    """Make a symbolic link that says `text`.

    Raises:
        FileExistsError: the name is taken; nothing was changed.
        Refused: a link is on the way; nothing was changed.
        OSError: the file system has no links, or the system does not allow it.
    """
    with held(path) as place:
        os.symlink(text, place.name, dir_fd=place.folder)


def remove_link(path: Path, text: str, temp: str = "") -> None:
    """Remove a link, if it still says `text`.

    Args:
        path: of the link.
        text: what it says.
        temp: see `put_back`.

    Raises:
        Refused: there is something else; nothing was changed.
        OSError: the system does not allow it.
    """

    def reason(place: Place) -> str | None:
        same = checks.link_text(place) == text
        return None if same else "is no longer the link that was made"

    with held(path) as place:
        take_away(place, temp or random_temp_name(), reason)


# Photos


def refuse_if_changed(file: PhotoFile, content: bytes) -> None:
    """Look at a photo once more, right before something is made of it.

    Raises:
        Refused: it is gone, or not as it was.
    """
    with held(file.path) as place:
        _unchanged(place, file, content)


def move(source: PhotoFile, target: Path, content: bytes = b"", temp: str = "") -> PhotoFile:
    """Move a photo to a free name, on the same drive or to another one.

    The bytes and mtime stay; on the same drive so does everything else. Across drives the
    photo is copied, fsynced, read back and compared before the old name goes.

    Args:
        source: as it was when the move was planned.
        target: the new name.
        content: blake3 of its bytes, or b"" if unknown.
        temp: name for the unfinished copy across drives, see also `put_back`; a random one if
            left out.

    Returns:
        The file at its new place.

    Raises:
        Refused: the source changed, or a link is on the way; nothing was changed.
        FileExistsError: `target` is taken; nothing was changed.
        OSError: the system does not allow it. The source is still there.
    """
    temp = temp or random_temp_name()
    with held(source.path) as here, held(target) as there:
        now = _unchanged(here, source, content)
        changed = partial(checks.difference, file=now, content=content)
        remove = partial(take_away, temp=temp, reason=changed)
        with _looking_again(here, there, source, content):
            try:
                rename_to_free_name(here, there, remove)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                return _move_across(here, there, now, content, temp, remove)
        if reason := changed(there):  # a rename takes whatever has the name by then
            give_back(there, here, f"{reason}; its name")
            raise Refused(source.path, reason)
        return checks.seen(there)


def copy(source: PhotoFile, target: Path, content: bytes = b"", temp: str = "") -> PhotoFile:
    """Copy a photo to a free name, with mode, mtime and extended attributes.

    Args:
        source: as it was when the copy was planned.
        target: the new name.
        content: blake3 of its bytes, or b"" if unknown.
        temp: name for the unfinished copy; a random one if left out.

    Returns:
        The copy.

    Raises:
        Refused: the source changed, or a link is on the way; nothing was changed.
        FileExistsError: `target` is taken; nothing was changed.
        OSError: the system does not allow it, or the copy was read back different.
    """
    with held(source.path) as here, held(target) as there:
        now = _unchanged(here, source, content)
        with _looking_again(here, there, source, content):
            return _copy(here, there, now, content, temp or random_temp_name())


def remove_copy(made: PhotoFile, content: bytes, temp: str = "") -> None:
    """Remove a copy of ours, if it still holds the bytes that were written.

    Args:
        made: the copy.
        content: blake3 of the bytes that were written.
        temp: see `put_back`.

    Raises:
        Refused: it was edited or replaced; nothing was changed.
        OSError: it cannot be read, or the system does not allow it.
    """
    with held(made.path) as place:
        _remove_copy(place, made, content, temp or random_temp_name())


def restore_photo(
    path: Path, *, mtime_ns: int, mode: int, attributes: Iterable[tuple[str, bytes]] = ()
) -> None:
    """Give a photo back what a simpler file system forgot: exFAT has no modes and 10 ms clocks.

    Args:
        path: of the photo.
        mtime_ns: the time that it had.
        mode: the permissions, or 0 if they are not known.
        attributes: extended ones, by name; what it has of these names by now stays.

    Raises:
        Refused: a link is on the way; nothing was changed.
        OSError: the system does not allow it.
    """
    with suppress(FileNotFoundError), held(path) as place:  # who carried it off has it as it is
        found = place.lstat()
        kept = dict(checks.attributes(path))  # by path, as no system lists those in a folder
        lost = [(name, value) for name, value in attributes if name not in kept]
        same_mode = not mode or stat.S_IMODE(found.st_mode) == mode
        as_it_was = same_mode and found.st_mtime_ns == mtime_ns and not lost
        if as_it_was or not stat.S_ISREG(found.st_mode):
            return
        fd = os.open(place.name, checks.READ, dir_fd=place.folder)
        try:
            # by name both follow a link that took its place just now; Windows knows no other way
            by = fd if os.utime in os.supports_fd else place.name
            for name, value in lost if hasattr(os, "setxattr") else ():
                with suppress(OSError):  # system.* and trusted.* need rights
                    os.setxattr(fd, name, value)
            if not same_mode:
                os.chmod(by, mode)
            os.utime(by, ns=(found.st_atime_ns, mtime_ns))
        finally:
            os.close(fd)


# What a kill leaves behind


def discard_temp(path: Path) -> None:
    """Remove an unfinished copy of ours, if there is one.

    Raises:
        Refused: a link is on the way; nothing was changed.
        OSError: the system does not allow it.
    """
    with held(path) as place:
        _discard(place)


def discard_double(path: Path, kept: PhotoFile, content: bytes, temp: str = "") -> None:
    """Remove the second name or copy of a photo that an interrupted move left, or an empty file.

    Args:
        path: goes.
        kept: stays, and is read before anything goes unless `path` is the very same file.
        content: blake3 of its bytes.
        temp: see `put_back`.

    Raises:
        Refused: the two do not hold the same bytes; nothing was changed.
        OSError: one cannot be read, or the system does not allow it.
    """
    with held(kept.path) as stays, held(path) as place:
        double = checks.seen(place)
        # a second name of one file: its bytes stay as long as one name stays
        if not checks.one_file(stays, place):
            same = os.path.samestat(stays.lstat(), place.lstat())
            whole = checks.content_of(stays) == content
            spare = checks.is_empty_file(place) or checks.content_of(place) == content
            if same or not (whole and spare):
                raise Refused(path, "is not what an interrupted move leaves behind")
        changed = partial(checks.difference, file=double, content=content)
        take_away(place, temp or random_temp_name(), changed)


def put_back(path: Path, temp: str) -> None:
    """Give a file back the name that it had when a kill cut off its removal.

    Args:
        path: what it was called.
        temp: the name that was given to the step for its unfinished copy: the name for what is
            being removed is made of it.

    Raises:
        Refused: the name is taken by another file; nothing was changed.
        OSError: the system does not allow it.
    """
    with held(path) as place:
        aside = place.beside(aside_name(temp))
        if checks.one_file(aside, place):
            unlink(aside)
        elif aside.exists():
            give_back(aside, place)


# How a photo crosses to another drive


def _move_across(
    here: Place,
    there: Place,
    source: PhotoFile,
    content: bytes,
    temp: str,
    remove: Callable[[Place], None],
) -> PhotoFile:
    if here.lstat().st_nlink > 1:
        raise Refused(
            source.path,
            "has other names (hard links), from which a move to another drive would part it",
        )
    made = _copy(here, there, source, content, temp)
    try:
        remove(here)  # the copy took time: whoever edited the source meanwhile keeps his edit
    except (OSError, Refused) as problem:
        if here.exists():
            _remove_copy(there, made, content or checks.content_of(there), temp)
        elif isinstance(problem, Refused):  # it is gone: our copy is all there is
            return made
        raise
    sync(here.beside("."))
    return made


def _copy(here: Place, there: Place, source: PhotoFile, content: bytes, temp: str) -> PhotoFile:
    unfinished = there.beside(temp)
    try:
        write_copy(here, unfinished, content)
        _unchanged(here, source, content)
        rename_to_free_name(unfinished, there, unlink)
    finally:
        _discard(unfinished)
    sync(there.beside("."))
    return checks.seen(there)


def _remove_copy(place: Place, made: PhotoFile, content: bytes, temp: str) -> None:
    if not content or not checks.same_bytes(place, made, content):
        raise Refused(place.path, "is no longer the copy that was made")
    now = checks.seen(place)
    # the same numbers and time still leave room for an edit that put the time back
    if checks.content_of(place) != content:
        raise Refused(place.path, "was edited after it was copied")
    take_away(place, temp, partial(checks.difference, file=now, content=content))


def _unchanged(place: Place, file: PhotoFile, content: bytes) -> PhotoFile:
    """The photo as it is right now, or a refusal if it is not the one that was scanned."""
    now = file
    with suppress(OSError):  # `difference` has the words for that
        now = checks.seen(place)  # before, so that what comes after is told from it
    if reason := checks.difference(place, file, content):
        raise Refused(file.path, reason)
    return now


def _discard(place: Place) -> None:
    if place.path.name.startswith(TEMP_PREFIX):
        with suppress(FileNotFoundError):
            unlink(place)


@contextmanager
def _looking_again(here: Place, there: Place, source: PhotoFile, content: bytes) -> Iterator[None]:
    """Where a photo went or became a link in the last moment, say that and not what failed."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.ELOOP} and not there.exists():
            _unchanged(here, source, content)
        raise
