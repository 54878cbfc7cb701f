"""A drive that can do as little as a memory card, put on under a folder of a test."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from dedupe.organize.applying import probe
from dedupe.organize.files import changes, copying, relinking, renaming, trying
from dedupe.organize.files.place import Place

FORBIDDEN = frozenset('<>:"\\|?*')
COARSE_NS = 2_000_000_000


def put_simple_drive(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let everything below `folder` be on a drive of its own, as FAT would be.

    It has neither links of any kind nor a rename that refuses a taken name, keeps times to two
    seconds and no permissions, and does not take all names. Case is kept apart: the file system
    below is that of the machine.
    """
    drive = _Drive(folder)
    proxy = type(os)("os")
    proxy.__dict__.update(os.__dict__)
    for name in ("symlink", "link", "setxattr", "utime", "chmod", "fchmod", "open", "replace"):
        setattr(proxy, name, getattr(drive, name))
    proxy.__dict__["supports_fd"] = {*os.supports_fd, drive.utime}
    for module in (changes, renaming, copying, relinking, trying):
        patch.setattr(module, "os", proxy)
    for each in (renaming, trying):
        patch.setattr(each, "exclusive_rename", lambda: drive.exclusive_rename)
    patch.setattr(probe, "_device_of", drive.device_of)


class _Drive:
    """The calls as they are there; elsewhere they are the system's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        native = renaming.exclusive_rename()
        assert native is not None
        self.rename = native

    def holds(self, name: Any, folder: int | None = None) -> bool:
        if isinstance(name, int):
            path = Path(f"/proc/self/fd/{name}").readlink()
        else:
            path = Path(f"/proc/self/fd/{folder}").readlink() / name if folder else Path(name)
        return path.is_relative_to(self.folder)

    def device_of(self, folder: Path) -> int:
        return -1 if self.holds(folder) else folder.stat().st_dev

    def symlink(self, text: str, name: str, *, dir_fd: int | None = None) -> None:
        self._refuse(self.holds(name, dir_fd), errno.ENOSYS)
        os.symlink(text, name, dir_fd=dir_fd)

    def link(self, old: str, new: str, *, dst_dir_fd: int, **rest: Any) -> None:
        self._refuse(self.holds(new, dst_dir_fd), errno.EPERM)
        os.link(old, new, dst_dir_fd=dst_dir_fd, **rest)

    def setxattr(self, fd: int, name: str, value: bytes) -> None:
        self._refuse(self.holds(fd), errno.ENOTSUP)
        os.setxattr(fd, name, value)

    def utime(
        self, name: Any, *, ns: tuple[int, int], dir_fd: int | None = None, **rest: Any
    ) -> None:
        there = self.holds(name, dir_fd)
        mtime = ns[1] // COARSE_NS * COARSE_NS if there else ns[1]
        os.utime(name, ns=(ns[0], mtime), dir_fd=dir_fd, **rest)

    def chmod(self, name: Any, mode: int, *, dir_fd: int | None = None) -> None:
        if not self.holds(name, dir_fd):
            os.chmod(name, mode, dir_fd=dir_fd)

    fchmod = chmod

    def open(self, name: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        new = flags & os.O_CREAT and self.holds(name, dir_fd)
        self._refuse(bool(new and set(Path(name).name) & FORBIDDEN), errno.ENOENT)
        return os.open(name, flags, mode, dir_fd=dir_fd)

    def replace(self, old: str, new: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        self._refuse(self.holds(old, src_dir_fd) != self.holds(new, dst_dir_fd), errno.EXDEV)
        os.replace(old, new, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    def exclusive_rename(self, old: Place, new: Place) -> None:
        ends = [self.holds(place.name, place.folder) for place in (old, new)]
        self._refuse(any(ends), errno.EINVAL if all(ends) else errno.EXDEV)
        self.rename(old, new)

    @staticmethod
    def _refuse(asked: bool, number: int) -> None:
        if asked:
            raise OSError(number, os.strerror(number))
