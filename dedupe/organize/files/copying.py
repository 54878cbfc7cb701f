"""Writes a copy of a photo that is whole before it gets its name. For this room alone."""

import errno
import os
import stat
from contextlib import suppress

from blake3 import blake3

from dedupe.organize.files import checks
from dedupe.organize.files.place import Place, Refused
from dedupe.organize.files.renaming import NEW_FILE

_CHUNK = 1 << 20


def write_copy(source: Place, unfinished: Place, content: bytes) -> None:
    """Copy, fsync, read back, compare: bytes, mode, mtime and extended attributes.

    Args:
        source: the photo.
        unfinished: must not exist. Whatever happens, removing it is left to the caller.
        content: blake3 of the photo's bytes, or b"" if unknown.

    Raises:
        Refused: the photo is no regular file, or holds other bytes.
        OSError: the system does not allow it, or the copy was read back different.
    """
    hasher = blake3()
    reader = os.open(source.name, checks.READ, dir_fd=source.folder)
    try:
        opened = os.fstat(reader)
        if not stat.S_ISREG(opened.st_mode):
            raise Refused(source.path, "is no longer a regular file")
        writer = os.open(unfinished.name, NEW_FILE, 0o600, dir_fd=unfinished.folder)
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
        os.utime(unfinished.name, ns=(opened.st_atime_ns, opened.st_mtime_ns))
    if content and hasher.digest() != content:
        raise Refused(source.path, "changed since: its bytes are others, its size and time are not")
    if checks.content_of(unfinished) != hasher.digest():
        raise OSError(errno.EIO, "the copy was read back different", str(unfinished.path))


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
