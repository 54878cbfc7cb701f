"""Replaces a photo by a link to another one of the same bytes, and back. A part of files.py.

At any moment the name has the photo, or what took its place: the two are swapped in one go.
Where the system cannot swap, the photo first gets a name of ours, and for a moment its own name
has nothing; its bytes are also those of the photo that stays.

A step has three names of its own beside the photo, made of the one for its unfinished copy:

| name     | what it holds                                                        |
|----------|----------------------------------------------------------------------|
| `temp`   | what is not finished; it may always go                               |
| `-new`   | what is to take the photo's name; after the swap, what had that name |
| `-old`   | what had the photo's name, where the two could not be swapped        |
"""

import errno
import os
import stat
import sys
from collections.abc import Callable
from contextlib import suppress

from dedupe.names import safe
from dedupe.organize import checks
from dedupe.organize.copying import write_copy
from dedupe.organize.place import Place, Refused, aside_name, held, look
from dedupe.organize.renaming import (
    NEW_FILE,
    exchange,
    give_back,
    link_to,
    rename_to_free_name,
    set_aside,
    sync,
    unlink,
)
from dedupe.organize.staying import (
    held_kept,
    kept_of,
    obstacle,
    refuse_if_changed,
    refuse_unless_kept,
    same_contents,
)
from dedupe.organize.steps import Step
from dedupe.organize.system import share_contents
from dedupe.photos.photo import PhotoFile

# What a file system answers that has no such links, as opposed to not allowing this one.
_UNABLE = {errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOTTY, errno.EINVAL}
_NOT_THERE = "stays, as a link in its place would not lead to {}"
_NO_PRIVILEGE = 1314  # how Windows says that this user may make no symbolic links


class Unable(OSError):
    """The file system has no links of this kind."""


def new_name(temp: str) -> str:
    """What is called so that is to take a photo's name."""
    return f"{temp}-new"


def replace(step: Step, temp: str) -> PhotoFile | None:
    """Replace a photo by a link to the one that stays, or let it share that one's contents.

    Their bytes are compared one by one before, and once more when the photo has lost its name:
    whoever saved another file under that name in between gets it back.

    Args:
        step: hardlink, reflink or replace-by-symlink.
        temp: name for what is not finished.

    Returns:
        What has the photo's name now; None for a symbolic link.

    Raises:
        Refused: one of the two is not as it was, or they differ; nothing was changed.
        Unable: the file system has no such links; nothing was changed.
        OSError: the system does not allow it. `settle` says what stands.
    """
    with held(step.target) as place, held_kept(step) as stays:
        new = place.beside(new_name(temp))
        refuse_unless_kept(step, stays)
        now = refuse_if_changed(step, place)
        if reason := obstacle(step.verb, place, stays):
            raise Refused(step.source, reason)
        try:
            _make(step, place, stays, place.beside(temp))
            rename_to_free_name(place.beside(temp), new, unlink)
            # of a link, what it leads to; else what will have the name
            same = stays if step.verb == "replace-by-symlink" else new
            if not same_contents(place, same):
                raise Refused(step.source, f"has other bytes than {safe(stays.path)}")
        except (OSError, Refused):
            _drop(place.beside(temp), new)
            raise

        def wrong(gone: Place) -> str | None:
            if reason := checks.difference(gone, now, step.content):
                return reason
            refuse_unless_kept(step, stays, whole=False)
            same = stays if step.verb == "replace-by-symlink" else place
            return None if same_contents(gone, same) else "changed since: its bytes are others"

        _put(step, temp, place, wrong)
        return None if step.verb == "replace-by-symlink" else checks.seen(place)


def put_back(step: Step, temp: str) -> None:
    """Give a photo that was replaced back as a file of its own, with its time and permissions.

    Its bytes are copied, written through to the disk, read back and compared before what took
    its place goes.

    Args:
        step: as it was done.
        temp: name for the unfinished copy.

    Raises:
        Refused: what took its place was edited or replaced, or its bytes are not there any
            more; nothing was changed.
        OSError: the system does not allow it. `settle` says what stands.
    """
    with held(step.target) as place:
        if not place.exists():
            raise Refused(step.target, "is gone")
        if not _is_replaced(step, place):
            if not checks.same_bytes(place, step.file, step.content):
                raise Refused(step.target, "is no longer what it was replaced by")
            _dress(step, place)  # a kill struck when it had its name again
            return
        unfinished, new = place.beside(temp), place.beside(new_name(temp))
        found = place.lstat()
        try:
            if step.verb == "replace-by-symlink":
                with held_kept(step) as stays:
                    _copy(step, stays, unfinished)
            else:
                _copy(step, place, unfinished)
            _dress(step, unfinished)
            rename_to_free_name(unfinished, new, unlink)
        except (OSError, Refused):
            _drop(unfinished, new)
            raise

        def wrong(gone: Place) -> str | None:
            at = gone.lstat()
            same = os.path.samestat(at, found) and at.st_mtime_ns == found.st_mtime_ns
            return None if same else "is no longer what it was replaced by"

        _put(step, temp, place, wrong)


def settle(step: Step, temp: str) -> bool:
    """Clear away what a change that was cut off left, in either direction.

    Returns:
        Whether the photo is replaced now.

    Raises:
        Refused: it cannot be told, or its folder is not there.
        OSError: it cannot be read.
    """
    with held(step.target) as place:
        _drop(place.beside(temp))
        for name in (aside_name(temp), new_name(temp)):
            spare = place.beside(name)
            if not spare.exists():
                continue
            if not place.exists():
                give_back(spare, place)
            elif _may_go(step, spare) and _has_bytes(step, place):
                unlink(spare)
            elif _may_go(step, place):
                # what somebody has saved at the last moment had the name
                _change_places(step, temp, spare, place)
            else:
                taken = f"is another file; what had its name before is called {safe(spare.path)}"
                raise Refused(place.path, taken)
        return place.exists() and _is_replaced(step, place)


def is_replaced(step: Step) -> bool:
    """Whether a photo is replaced already, so that no step is needed; a reflink never is."""
    return step.verb != "reflink" and look(step.target, lambda place: _is_replaced(step, place))


# Making what takes the photo's place


def _make(step: Step, place: Place, stays: Place, unfinished: Place) -> None:
    try:
        if step.verb == "hardlink":
            link_to(stays, unfinished)
        elif step.verb == "reflink":
            _share(stays, unfinished)
        else:
            os.symlink(step.link, unfinished.name, dir_fd=unfinished.folder)
    except OSError as error:
        if error.errno == errno.EXDEV:
            reason = f"is on another drive than {safe(stays.path)}"
            raise Refused(step.source, reason) from error
        if error.errno in _UNABLE or getattr(error, "winerror", None) == _NO_PRIVILEGE:
            raise Unable(error.errno, error.strerror, str(step.target)) from error
        raise
    if step.verb == "reflink":
        _dress(step, unfinished, like=place)
    elif step.verb == "hardlink" and not checks.one_file(stays, unfinished):
        raise Refused(step.source, f"stays, as {safe(stays.path)} is another file by now")
    elif step.verb == "replace-by-symlink" and not _leads_to(unfinished, stays):
        raise Refused(step.source, _NOT_THERE.format(safe(stays.path)))


def _share(stays: Place, unfinished: Place) -> None:
    reader = os.open(stays.name, checks.READ, dir_fd=stays.folder)
    try:
        writer = os.open(unfinished.name, NEW_FILE, 0o600, dir_fd=unfinished.folder)
        try:
            share_contents(reader, writer)
        finally:
            os.close(writer)
    finally:
        os.close(reader)


def _copy(step: Step, source: Place, unfinished: Place) -> None:
    try:
        write_copy(source, unfinished, step.content)
    except FileNotFoundError as error:
        raise Refused(step.target, f"stays a link, as {safe(source.path)} is gone") from error
    except Refused as error:
        if error.path == step.target:
            raise
        reason = f"stays a link, as {safe(error.path)} {error.reason}"
        raise Refused(step.target, reason) from error


def _dress(step: Step, place: Place, like: Place | None = None) -> None:
    """Give a file the time, permissions and attributes of the photo, written to the disk."""
    found = None if like is None else like.lstat()
    mode = step.mode if found is None else stat.S_IMODE(found.st_mode)
    mtime_ns = step.mtime_ns if found is None else found.st_mtime_ns
    wanted = dict(step.attributes if like is None else checks.attributes(like.path))
    fd = os.open(place.name, checks.READ, dir_fd=place.folder)
    try:
        by = fd if os.utime in os.supports_fd else place.name
        at = os.fstat(fd)
        if found is not None and (at.st_uid, at.st_gid) != (found.st_uid, found.st_gid):
            os.fchown(fd, found.st_uid, found.st_gid)
        _put_attributes(fd, wanted)
        if mode:
            os.chmod(by, mode)
        os.utime(by, ns=(at.st_atime_ns, mtime_ns))
        if sys.platform != "win32":  # there only what is open for writing can be synced
            os.fsync(fd)
    finally:
        os.close(fd)


def _put_attributes(fd: int, wanted: dict[str, bytes]) -> None:
    """Let a file have these extended attributes and no others, as far as the system allows it."""
    if not hasattr(os, "listxattr"):
        return
    there = [name for name in os.listxattr(fd) if not name.startswith("security.")]
    if there or wanted:
        os.chmod(fd, 0o600)  # those of a file that may not be written to cannot be changed
    for name in set(there) - set(wanted):
        with suppress(OSError):  # system.* and trusted.* need rights
            os.removexattr(fd, name)
    for name, value in wanted.items():
        with suppress(OSError):
            os.setxattr(fd, name, value)


# Giving it the photo's name


def _put(step: Step, temp: str, place: Place, wrong: Callable[[Place], str | None]) -> None:
    """Give what is new the photo's name, and remove what had it if nothing is wrong with that."""
    new = place.beside(new_name(temp))
    try:
        old = new if exchange(new, place) else _change_in_turn(new, place, aside_name(temp))
    except (OSError, Refused) as error:
        _drop(new)
        if isinstance(error, FileNotFoundError) and not place.exists():
            raise Refused(step.source, "is gone") from error
        raise
    try:
        reason = wrong(old)
    except Refused as error:
        reason = error.reason
    if reason is not None:
        _change_places(step, temp, old, place)
        raise Refused(step.source, reason)
    sync(place.beside("."))  # what is new survives a power cut before the old one goes
    unlink(old)


def _change_in_turn(new: Place, place: Place, aside: str) -> Place:
    old = place.beside(aside)
    set_aside(place, old)
    try:
        rename_to_free_name(new, place, unlink)
    except OSError:
        give_back(old, place)
        raise
    return old


def _change_places(step: Step, temp: str, old: Place, place: Place) -> None:
    """Give what had a name that name back, and drop what took its place.

    Raises:
        Refused: by now somebody else has saved yet another file there.
    """
    if place.exists():
        if exchange(old, place):
            ours, swapped = old, True
        else:
            names = {new_name(temp), aside_name(temp)} - {old.path.name}
            ours, swapped = place.beside(names.pop()), False
            set_aside(place, ours)
        if not _may_go(step, ours):
            if swapped:
                exchange(old, place)
            else:
                give_back(ours, place)
            taken = f"is another file; what had its name before is called {safe(old.path)}"
            raise Refused(place.path, taken)
        unlink(ours)
        if swapped:
            return
    give_back(old, place)


def _drop(*places: Place) -> None:
    """Remove what is of no use to anybody, under names that nobody else knows."""
    for place in places:
        with suppress(FileNotFoundError):
            unlink(place)


# What has a name


def _is_replaced(step: Step, place: Place) -> bool:
    if step.verb == "replace-by-symlink":
        return checks.link_text(place) == step.link
    found = place.lstat() if place.exists() else None
    if found is None or not stat.S_ISREG(found.st_mode):
        return False
    if step.verb == "hardlink":
        return found.st_ino == kept_of(step).file.inode
    return found.st_ino != step.inode and checks.content_of(place) == step.content


def _may_go(step: Step, place: Place) -> bool:
    """Whether what is there is nobody's but ours: a link, or a file of the photo's bytes."""
    if (text := checks.link_text(place)) is not None:
        return text == step.link
    found = place.lstat()
    if not stat.S_ISREG(found.st_mode):
        return False
    if step.verb == "hardlink" and _names_of_kept(step, place):
        return True
    return checks.content_of(place) == step.content


def _names_of_kept(step: Step, place: Place) -> bool:
    return look(kept_of(step).file.path, lambda stays: checks.one_file(stays, place))


def _has_bytes(step: Step, place: Place) -> bool:
    """Whether the photo's bytes are there under its own name, or where its link leads."""
    if checks.link_text(place) is None:
        return checks.same_bytes(place, step.file, step.content)
    return look(
        kept_of(step).file.path,
        lambda stays: checks.same_bytes(stays, kept_of(step).file, step.content),
    )


def _leads_to(link: Place, stays: Place) -> bool:
    try:
        there = os.stat(link.name, dir_fd=link.folder)
    except OSError:
        return False
    return os.path.samestat(there, stays.lstat())
