"""Makes what takes the place of a photo, under a name of ours. Only replacing.py may use this."""

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from dedupe.names import safe
from dedupe.organize.files import checks
from dedupe.organize.files.copying import write_copy
from dedupe.organize.files.place import Place, Refused
from dedupe.organize.files.renaming import NEW_FILE, link_to
from dedupe.organize.files.system import share_contents
from dedupe.organize.steps import Step

# What a file system answers that has no such links, as opposed to not allowing this one.
_UNABLE = {errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOTTY, errno.EINVAL}
_NOT_THERE = "stays, as a link in its place would not lead to {}"
_NO_PRIVILEGE = 1314  # how Windows says that this user may make no symbolic links


class Unable(OSError):
    """The file system has no links of this kind."""


def make_substitute(step: Step, place: Place, stays: Place, unfinished: Place) -> None:
    """Make the link to the photo that stays, or the file that shares its contents.

    Args:
        step: hardlink, reflink or symlink-same.
        place: of the photo that is to be replaced; a reflink gets its time and permissions.
        stays: of the photo that stays.
        unfinished: must not exist. Whatever happens, removing it is left to the caller.

    Raises:
        Refused: the two are on two drives, or the link would not lead to the one that stays.
        Unable: the file system has no such links.
        OSError: the system does not allow it.
    """
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
        dress(step, unfinished, like=place)
    elif step.verb == "hardlink" and not checks.one_file(stays, unfinished):
        raise Refused(step.source, f"stays, as {safe(stays.path)} is another file by now")
    elif step.verb == "symlink-same" and not _leads_to(unfinished, stays):
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


def make_copy(step: Step, source: Place, unfinished: Place) -> None:
    """Copy the bytes of a photo that was replaced; raises as `write_copy` does.

    Refused is told of the photo that was replaced, whoever has its bytes now.
    """
    try:
        write_copy(source, unfinished, step.content)
    except FileNotFoundError as error:
        raise Refused(step.target, f"stays a link, as {safe(source.path)} is gone") from error
    except Refused as error:
        if error.path == step.target:
            raise
        reason = f"stays a link, as {safe(error.path)} {error.reason}"
        raise Refused(step.target, reason) from error


def dress(step: Step, place: Place, like: Place | None = None) -> None:
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
    for name in sorted(set(there) - set(wanted)):
        with _where_allowed(name):
            os.removexattr(fd, name)
    for name, value in wanted.items():
        with _where_allowed(name):
            os.setxattr(fd, name, value)


@contextmanager
def _where_allowed(name: str) -> Iterator[None]:
    """Attributes of the user's own must be as they were; system.* and trusted.* need rights."""
    try:
        yield
    except OSError as error:
        if name.startswith("user.") and error.errno not in _UNABLE:
            raise


def _leads_to(link: Place, stays: Place) -> bool:
    try:
        there = os.stat(link.name, dir_fd=link.folder)
    except OSError:
        return False
    return os.path.samestat(there, stays.lstat())
