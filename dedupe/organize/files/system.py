"""The calls that Python's os module lacks: rename to a free name alone, swap, share contents."""

import ctypes
import errno
import os
import sys
from collections.abc import Callable
from functools import cache

from dedupe.organize.files.place import Place

# Where no folder is held: paths are as seen from the working folder.
_AT_FDCWD = -2 if sys.platform == "darwin" else -100
_RENAME_NOREPLACE, _RENAME_EXCHANGE = 1, 2  # Linux 3.15
_RENAME_EXCL, _RENAME_SWAP = 4, 2  # macOS 10.12
_FICLONE = 0x40049409  # Linux 4.5, _IOW(0x94, 9, int)


@cache
def exclusive_rename() -> Callable[[Place, Place], None] | None:
    """Find the call of this system that renames and refuses a taken name.

    Returns:
        A function of old and new place that raises OSError: FileExistsError where the new name
        is taken, EINVAL or ENOTSUP where the file system cannot promise it. None where the
        system has no such call (a C library before glibc 2.28, other Unixes).
    """
    if sys.platform == "win32":
        # refuses by itself there; called in this room alone
        return lambda old, new: os.rename(old.name, new.name)  # noqa: TID251, PTH104
    return _with_flag(linux=_RENAME_NOREPLACE, mac=_RENAME_EXCL)


@cache
def exchanging_rename() -> Callable[[Place, Place], None] | None:
    """Find the call of this system that swaps two names in one go.

    Returns:
        A function of two places that raises OSError: FileNotFoundError where one is not there,
        EINVAL or ENOTSUP where the file system cannot do it. None where the system has no such
        call.
    """
    if sys.platform == "win32":
        return None
    return _with_flag(linux=_RENAME_EXCHANGE, mac=_RENAME_SWAP)


def _with_flag(*, linux: int, mac: int) -> Callable[[Place, Place], None] | None:
    library = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "darwin" and hasattr(library, "renameatx_np"):
        return _called(library.renameatx_np, mac)
    if hasattr(library, "renameat2"):
        return _called(library.renameat2, linux)
    return None


def share_contents(source: int, target: int) -> None:
    """Let an empty open file share the contents of another one (a reflink).

    Raises:
        OSError: EXDEV where they are on two drives; ENOTSUP, ENOTTY, EINVAL or ENOSYS where the
            file system or the system knows no such thing.
    """
    if sys.platform != "linux":
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))
    import fcntl  # not on Windows

    fcntl.ioctl(target, _FICLONE, source)


def _called(call: Callable[..., int], flag: int) -> Callable[[Place, Place], None]:
    """One of the two calls, which take the same: folder and name, folder and name, a flag."""

    def rename(old: Place, new: Place) -> None:
        if call(*_raw(old), *_raw(new), ctypes.c_uint(flag)) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(new.path))

    return rename


def _raw(place: Place) -> tuple[ctypes.c_int, ctypes.c_char_p]:
    folder = _AT_FDCWD if place.folder is None else place.folder
    return ctypes.c_int(folder), ctypes.c_char_p(os.fsencode(place.name))
