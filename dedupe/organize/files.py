"""The only module that changes files: each change with its inverse, none overwrites anything.

| change        | inverse               |
|---------------|-----------------------|
| make_folder   | remove_empty_folder   |
| make_link     | remove_link           |
| move          | move                  |
| copy          | remove_copy           |

What a change must not touch it refuses (`Refused`, FileExistsError), with nothing changed. A
kill between any two lines leaves every photo whole under its old or its new name;
`discard_temp` and `discard_double` clear away what else it may leave.
"""

import errno
import os
import secrets
import stat
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from blake3 import blake3

from dedupe.organize import checks
from dedupe.organize.checks import Refused as Refused
from dedupe.organize.system import exclusive_rename
from dedupe.photos.photo import PhotoFile

TEMP_PREFIX = ".dedupe-tmp-"

_CHUNK = 1 << 20
_WRITE = checks.READ | os.O_WRONLY | os.O_CREAT | os.O_EXCL
# What a file system answers that does not know how to do a thing, as opposed to not allowing it.
_UNKNOWN_TO_RENAME = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP}
_UNKNOWN_TO_LINK = {errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EMLINK, errno.EINVAL}


def temp_name(token: str, number: int) -> str:
    """Name of the unfinished copy of one step; with the action's random token it is ours alone."""
    return f"{TEMP_PREFIX}{token}-{number}"


# Folders


def make_folder(path: Path) -> None:
    """Make one folder; its parent must exist.

    Raises:
        FileExistsError: the name is taken; nothing was changed.
        OSError: the system does not allow it.
    """
    os.mkdir(path)


def remove_empty_folder(path: Path) -> None:
    """Remove a folder with nothing in it.

    Raises:
        OSError: it holds something, or the system does not allow it; nothing was changed.
    """
    os.rmdir(path)


def restore_folder_times(path: Path, *, atime_ns: int, mtime_ns: int, mode: int) -> None:
    """Give a folder the times and permissions it had.

    Raises:
        OSError: the system does not allow it.
    """
    found = path.stat()  # a scanned folder may be reached through a link
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, "is no longer a folder", str(path))
    if stat.S_IMODE(found.st_mode) != mode:
        os.chmod(path, mode)
    if found.st_mtime_ns != mtime_ns:
        os.utime(path, ns=(atime_ns, mtime_ns))


def sync_folders(paths: Iterable[Path]) -> None:
    """Make sure that the names in these folders survive a power cut, as far as the disk obeys.

    Raises:
        OSError: the disk failed. A file system that cannot sync folders is no failure.
    """
    for path in paths:
        with suppress(FileNotFoundError, PermissionError):  # removed since, or not readable
            _sync_folder(path)


# Links


def make_link(text: str, path: Path) -> None:
    """Make a symbolic link that says `text`.

    Raises:
        FileExistsError: the name is taken; nothing was changed.
        OSError: the file system has no links, or the system does not allow it.
    """
    os.symlink(text, path)


def remove_link(path: Path, text: str) -> None:
    """Remove a link, if it still says `text`.

    Raises:
        Refused: there is something else; nothing was changed.
        OSError: the system does not allow it.
    """
    if checks.link_text(path) != text:
        raise Refused(path, "is no longer the link that was made")
    os.unlink(path)


# Photos


def move(source: PhotoFile, target: Path, content: bytes = b"", temp: str = "") -> PhotoFile:
    """Move a photo to a free name, on the same drive or to another one.

    The bytes and mtime stay; on the same drive so does everything else. Across drives the
    photo is copied, fsynced, read back and compared before the old name goes.

    Args:
        source: as it was when the move was planned.
        target: the new name.
        content: blake3 of its bytes, or b"" if unknown.
        temp: name for the unfinished copy across drives; a random one if left out.

    Returns:
        The file at its new place.

    Raises:
        Refused: the source changed; nothing was changed.
        FileExistsError: `target` is taken; nothing was changed.
        OSError: the system does not allow it. The source is still there.
    """
    _refuse_if_changed(source, content)
    try:
        _rename_to_free_name(source.path, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _move_across(source, target, content, temp)
    return checks.seen(target)


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
        Refused: the source changed; nothing was changed.
        FileExistsError: `target` is taken; nothing was changed.
        OSError: the system does not allow it, or the copy was read back different.
    """
    _refuse_if_changed(source, content)
    unfinished = target.parent / (temp or temp_name(secrets.token_hex(8), 0))
    try:
        _write_copy(source, unfinished, content)
        _rename_to_free_name(unfinished, target)
    finally:
        discard_temp(unfinished)
    _sync_folder(target.parent)
    return checks.seen(target)


def remove_copy(made: PhotoFile, content: bytes) -> None:
    """Remove a copy of ours, if it still holds the bytes that were written.

    Raises:
        Refused: it was edited or replaced; nothing was changed.
        OSError: it cannot be read, or the system does not allow it.
    """
    if not content or not checks.same_bytes(made.path, made, content):
        raise Refused(made.path, "is no longer the copy that was made")
    # the same numbers and time still leave room for an edit that put the time back
    if checks.content_of(made.path) != content:
        raise Refused(made.path, "was edited after it was copied")
    os.unlink(made.path)


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
        OSError: the system does not allow it.
    """
    found = os.lstat(path)
    if not stat.S_ISREG(found.st_mode):
        return
    kept = dict(checks.attributes(path))
    for name, value in attributes:
        if name not in kept and hasattr(os, "setxattr"):
            with suppress(OSError):  # system.* and trusted.* need rights
                os.setxattr(path, name, value, follow_symlinks=False)
    if mode and stat.S_IMODE(found.st_mode) != mode:
        os.chmod(path, mode)
    if found.st_mtime_ns != mtime_ns:
        os.utime(path, ns=(found.st_atime_ns, mtime_ns))


# What a kill leaves behind


def discard_temp(path: Path) -> None:
    """Remove an unfinished copy of ours, if there is one.

    Raises:
        OSError: the system does not allow it.
    """
    if path.name.startswith(TEMP_PREFIX):
        with suppress(FileNotFoundError, NotADirectoryError):
            os.unlink(path)


def discard_double(path: Path, kept: PhotoFile, content: bytes) -> None:
    """Remove the second name or copy of a photo that an interrupted move left, or an empty file.

    Args:
        path: goes.
        kept: stays, and is read before anything goes unless `path` is the very same file.
        content: blake3 of its bytes.

    Raises:
        Refused: the two do not hold the same bytes; nothing was changed.
        OSError: one cannot be read, or the system does not allow it.
    """
    here, other = os.lstat(kept.path), os.lstat(path)
    # a second name of one file: its bytes stay as long as one name stays
    one_file = os.path.samestat(here, other) and here.st_nlink > 1
    if not one_file:
        whole = checks.content_of(kept.path) == content
        spare = checks.is_empty_file(path) or checks.content_of(path) == content
        if not (whole and spare and not os.path.samestat(here, other)):
            raise Refused(path, "is not what an interrupted move leaves behind")
    os.unlink(path)


# How a name is taken that nobody else has


def _rename_to_free_name(source: Path, target: Path) -> None:
    """Rename within one file system, refusing a taken name: os.rename would replace it.

    Three ways, as no file system has them all: exFAT has neither of the first two.
    """
    rename = exclusive_rename()
    if rename is not None:
        try:
            return rename(source, target)
        except OSError as error:
            if error.errno not in _UNKNOWN_TO_RENAME:
                raise
    try:
        return _link_then_unlink(source, target)
    except OSError as error:
        if error.errno not in _UNKNOWN_TO_LINK:
            raise
    return _reserve_then_rename(source, target)


def _link_then_unlink(source: Path, target: Path) -> None:
    """A kill between the two leaves both names of one file; link refuses a taken name."""
    os.link(source, target, follow_symlinks=False)
    _sync_folder(target.parent)
    try:
        os.unlink(source)
    except OSError:
        # a read-only folder may be linked from, but not unlinked from
        with suppress(OSError):
            os.unlink(target)
        raise


def _reserve_then_rename(source: Path, target: Path) -> None:
    """Take the name with an empty file of ours, then rename over that and nothing else."""
    fd = os.open(target, _WRITE, 0o600)
    ours = os.fstat(fd)
    os.close(fd)
    now = os.lstat(target)
    if not os.path.samestat(ours, now) or now.st_size:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    try:
        os.replace(source, target)
    except OSError:
        if checks.is_empty_file(target) and os.path.samestat(ours, os.lstat(target)):
            os.unlink(target)
        raise


# How a photo crosses to another drive


def _move_across(source: PhotoFile, target: Path, content: bytes, temp: str) -> None:
    if os.lstat(source.path).st_nlink > 1:
        raise Refused(
            source.path,
            "has other names (hard links), from which a move to another drive would part it",
        )
    made = copy(source, target, content, temp)
    try:
        # the copy took time: whoever edited the source meanwhile keeps his edit
        _refuse_if_changed(source, content)
        os.unlink(source.path)
    except (OSError, Refused):
        if os.path.lexists(source.path):
            remove_copy(made, content or checks.content_of(target))
        raise
    _sync_folder(source.path.parent)


def _write_copy(source: PhotoFile, unfinished: Path, content: bytes) -> None:
    """Copy, fsync, read back, compare; `unfinished` must not exist."""
    hasher = blake3()
    reader = os.open(source.path, checks.READ)
    try:
        opened = os.fstat(reader)
        if not stat.S_ISREG(opened.st_mode):
            raise Refused(source.path, "is no longer a regular file")
        writer = os.open(unfinished, _WRITE, 0o600)
        try:
            while chunk := os.read(reader, _CHUNK):
                hasher.update(chunk)
                _write_all(writer, chunk)
            _copy_attributes(reader, writer, opened)
            os.fsync(writer)
        finally:
            os.close(writer)
    finally:
        os.close(reader)
    if os.utime not in os.supports_fd:  # Windows: by name, once it is closed
        os.utime(unfinished, ns=(opened.st_atime_ns, opened.st_mtime_ns))
    if content and hasher.digest() != content:
        raise Refused(source.path, "changed since: its bytes are others, its size and time are not")
    if checks.content_of(unfinished) != hasher.digest():
        raise OSError(errno.EIO, "the copy was read back different", str(unfinished))
    _refuse_if_changed(source, content)


def _write_all(fd: int, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:  # a disk that is nearly full may take a part of it
        rest = rest[os.write(fd, rest) :]


def _copy_attributes(reader: int, writer: int, found: os.stat_result) -> None:
    """Owner, attributes, mode and times, as far as the file system there knows them."""
    if hasattr(os, "listxattr"):
        with suppress(OSError):
            for name in os.listxattr(reader):
                with suppress(OSError):  # system.* and security.* need rights, exFAT has none
                    os.setxattr(writer, name, os.getxattr(reader, name))
    if hasattr(os, "fchown"):
        new = os.fstat(writer)
        if (new.st_uid, new.st_gid) != (found.st_uid, found.st_gid):
            with suppress(OSError):  # only root may give files away
                os.fchown(writer, found.st_uid, found.st_gid)
    if hasattr(os, "fchmod"):
        with suppress(OSError):  # some mounts refuse it
            os.fchmod(writer, stat.S_IMODE(found.st_mode))
    if os.utime in os.supports_fd:
        os.utime(writer, ns=(found.st_atime_ns, found.st_mtime_ns))


def _sync_folder(path: Path) -> None:
    if sys.platform == "win32":  # folders cannot be opened there
        return
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP, errno.EBADF}:
            raise
    finally:
        os.close(fd)


def _refuse_if_changed(file: PhotoFile, content: bytes) -> None:
    if reason := checks.difference(file, content):
        raise Refused(file.path, reason)
