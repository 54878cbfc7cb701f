"""The one call that Python's os module lacks: rename, but refuse a taken name."""

import ctypes
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

_AT_FDCWD = -100  # Linux: paths are as seen from the working folder
_RENAME_NOREPLACE = 1  # Linux 3.15
_RENAME_EXCL = 4  # macOS 10.12


@cache
def exclusive_rename() -> Callable[[Path, Path], None] | None:
    """Find the call of this system that renames and refuses a taken name.

    Returns:
        A function of old and new path that raises OSError: FileExistsError where the new name
        is taken, EINVAL or ENOTSUP where the file system cannot promise it. None where the
        system has no such call (a C library before glibc 2.28, other Unixes).
    """
    if sys.platform == "win32":
        return os.rename  # noqa: TID251 - refuses by itself there; called by files.py alone
    library = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "darwin" and hasattr(library, "renamex_np"):

        def renamex_np(old: Path, new: Path) -> None:
            _check(library.renamex_np(_raw(old), _raw(new), ctypes.c_uint(_RENAME_EXCL)), new)

        return renamex_np
    if hasattr(library, "renameat2"):

        def renameat2(old: Path, new: Path) -> None:
            here, flag = ctypes.c_int(_AT_FDCWD), ctypes.c_uint(_RENAME_NOREPLACE)
            _check(library.renameat2(here, _raw(old), here, _raw(new), flag), new)

        return renameat2
    return None


def _raw(path: Path) -> ctypes.c_char_p:
    return ctypes.c_char_p(os.fsencode(path))


def _check(answer: int, path: Path) -> None:
    if answer != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(path))
