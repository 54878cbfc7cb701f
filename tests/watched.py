"""Sees every call that could change a file: for what promises only to look."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_CHANGES = (
    "mkdir rmdir remove rename link symlink chmod chown chflags utime truncate setxattr removexattr"
).split()
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

_roots: list[Path] = []
_seen: list[str] = []


@contextmanager
def watched(*roots: Path) -> Iterator[list[str]]:
    """The changes below these folders, and all in a folder that is held open.

    Python tells of each such call before it is made. What a C library does by itself shows in the
    times of change, which the system keeps and nobody can set (`changed`).
    """
    if not _installed:
        sys.addaudithook(_hook)  # for good: hooks cannot be taken out
        _installed.append(True)
    _roots[:], _seen[:] = [Path(os.path.realpath(root)) for root in roots], []
    before = _changed(_roots)
    found: list[str] = []
    try:
        yield found
    finally:
        found += _seen
        after = _changed(_roots)
        _roots.clear()
        known = before.keys() | after.keys()
        found += [f"changed {path}" for path in known if before.get(path) != after.get(path)]


_installed: list[bool] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _roots:
        return
    if event == "open":
        path, _, flags = arguments
        if not isinstance(flags, int) or not flags & _WRITES or isinstance(path, int):
            return
    elif event.removeprefix("os.") not in _CHANGES:
        return
    both = arguments[: 2 if event in {"os.rename", "os.link", "os.symlink"} else 1]
    names = [each for each in both if isinstance(each, (str, bytes, os.PathLike))]
    if any(_concerns(os.fsdecode(name)) for name in names):
        _seen.append(f"{event} {names}")


def _concerns(name: str) -> bool:
    """A bare name may be in a folder that is held open, so it counts wherever that is."""
    if "/" not in name:
        return True
    path = Path(name).absolute()
    return any(path == root or root in path.parents for root in _roots)


def _changed(roots: list[Path]) -> dict[str, int]:
    """When each file and folder was last changed in any way, for those that are there."""
    below = [path for root in roots if root.exists() for path in [root, *root.rglob("*")]]
    return {str(path): path.lstat().st_ctime_ns for path in below}
