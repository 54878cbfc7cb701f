"""Looks at files without changing any: is this still the photo that was scanned?"""

import os
import stat
from contextlib import suppress
from pathlib import Path

from blake3 import blake3

from dedupe.organize.files.place import Place
from dedupe.photos.photo import PhotoFile

_CHUNK = 1 << 20  # 1 MiB: larger reads were not faster
# The steps of simple clocks: exFAT 10 ms, through FUSE and on HFS+ 1 s, FAT 2 s.
CLOCKS_NS = (10_000_000, 1_000_000_000, 2_000_000_000)
# FAT keeps the time of the wall. Where the zone changes, all its times are off by as much: zones
# differ by quarters of an hour, and by 26 hours at most.
_QUARTER_NS, _ZONES_NS = 900 * 10**9, 26 * 3600 * 10**9
_OTHER_TIME = "changed since: its time is another one"
# Not to wait for ever at a pipe that took the place of a photo, nor to follow a link there.
# Windows has neither flag, but there a file is opened as text unless told otherwise.
READ = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


def content_of(place: Place) -> bytes:
    """Blake3 of the bytes of a regular file (32 bytes).

    Raises:
        OSError: it cannot be read, or is a link (where the system can tell).
    """
    hasher = blake3()
    fd = os.open(place.name, READ, dir_fd=place.folder)
    try:
        # after a copy was written and fsynced, this makes the read come from the disk and not
        # from memory, which would only prove that memory is fine
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        while chunk := os.read(fd, _CHUNK):
            hasher.update(chunk)
    finally:
        os.close(fd)
    return hasher.digest()


def seen(place: Place) -> PhotoFile:
    """The file at a place as it is now; a link is not followed.

    Raises:
        OSError: nothing is there, or it cannot be looked at.
    """
    return PhotoFile.seen(place.path, place.lstat())


def difference(place: Place, file: PhotoFile, content: bytes) -> str | None:
    """Say in what a file is no longer as it was, or None where it is the same.

    Type, size, mtime, device and inode are compared. Inode and device alone may change with
    the file untouched: a re-mounted drive, SMB and FUSE shares hand out new numbers (jdupes
    issues 103 and 160). So where only they differ, the bytes are read and decide; likewise
    where the time is the same but for what a simple file system makes of it (`is_coarse`).

    Args:
        place: where it is now.
        file: as it was; its own path does not matter.
        content: blake3 of its bytes then, or b"" if unknown: then new numbers are a difference.

    Returns:
        Half a sentence that follows the path, or None.
    """
    try:
        found = place.lstat()
    except FileNotFoundError:
        return "is gone"
    except OSError as error:
        return f"cannot be looked at: {said(error)}"
    if stat.S_ISLNK(found.st_mode):
        return "has been replaced by a link"
    if not stat.S_ISREG(found.st_mode):
        return "is no longer a regular file"
    if found.st_size != file.size:
        return f"changed since: it had {file.size:,} bytes, it has {found.st_size:,}"
    if found.st_mtime_ns != file.mtime_ns:
        same = is_coarse(found.st_mtime_ns, file.mtime_ns, zones=True)
        return None if same and _has_content(place, content) else _OTHER_TIME
    if (found.st_dev, found.st_ino) == (file.device, file.inode):
        return None
    return None if _has_content(place, content) else "has been replaced by another file"


def is_coarse(now_ns: int, then_ns: int, *, zones: bool = False) -> bool:
    """Whether a time is what a simple clock makes of an earlier one.

    A system may keep the exact time in memory until the drive is connected again.

    Args:
        now_ns: nanoseconds since 1970.
        then_ns: likewise.
        zones: whether the hour may be another one, as on FAT after the zone has changed. Many
            times are the same then: only for whoever looks at the bytes as well.
    """
    off = now_ns - then_ns
    if zones and abs(off) < _ZONES_NS:
        off -= round(off / _QUARTER_NS) * _QUARTER_NS
    return any(now_ns % step == 0 and abs(off) < step for step in CLOCKS_NS)


def same_bytes(place: Place, file: PhotoFile, content: bytes) -> bool:
    """Whether a place holds the bytes of `file`, be it the file itself or a whole copy of it.

    Args:
        place: nothing may be there; a link is never the same.
        file: as it was; its own path does not matter.
        content: blake3 of its bytes.

    Raises:
        OSError: it is there, but cannot be read.
    """
    try:
        found = place.lstat()
    except FileNotFoundError:
        return False
    if not stat.S_ISREG(found.st_mode) or found.st_size != file.size:
        return False
    number = (found.st_dev, found.st_ino, found.st_mtime_ns)
    return number == (file.device, file.inode, file.mtime_ns) or content_of(place) == content


def is_empty_file(place: Place) -> bool:
    """Whether a place holds a regular file of 0 bytes."""
    try:
        found = place.lstat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size == 0


def one_file(place: Place, other: Place) -> bool:
    """Whether two places are two names of one file: removing one loses nothing.

    Raises:
        OSError: it cannot be told. Where one of them is not there, they are not.
    """
    try:
        here, there = place.lstat(), other.lstat()
    except FileNotFoundError:
        return False
    # where numbers of files mean nothing, there are no hard links either
    return os.path.samestat(here, there) and here.st_nlink > 1


def link_text(place: Place) -> str | None:
    """What the link at a place says, or None where there is no link."""
    try:
        return os.readlink(place.name, dir_fd=place.folder)
    except OSError:
        return None


def mode_of(path: Path) -> int:
    """The permissions of a photo; 0, which no photo that could be read has, if it is gone."""
    try:
        return stat.S_IMODE(os.lstat(path).st_mode)
    except OSError:
        return 0


def attributes(path: Path) -> tuple[tuple[str, bytes], ...]:
    """The extended attributes of a file by name, where the system has them.

    Labels that the system gives by itself (`security.*`) are left out: on some systems every
    file has one, and only root may set them.
    """
    if not hasattr(os, "listxattr"):  # a Mac has them, but Python does not know them there
        return ()
    found = []
    with suppress(OSError):
        for name in sorted(os.listxattr(path, follow_symlinks=False)):
            with suppress(OSError):
                if not name.startswith("security."):
                    found.append((name, os.getxattr(path, name, follow_symlinks=False)))
    return tuple(found)


def said(error: OSError) -> str:
    """The system's words for an error, without number and path."""
    return (error.strerror or str(error)).lower()


def _has_content(place: Place, content: bytes) -> bool:
    try:
        return bool(content) and content_of(place) == content
    except OSError:
        return False
