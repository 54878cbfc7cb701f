"""Which files lie under the folders a person named."""

import os
import stat
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path

from dedupe.errors import RootMissing
from dedupe.photos.photo import PhotoFile, Skip

# Folders that systems, NAS boxes and photo programs fill with thumbnails, versions and
# deleted files. Names are compared without case: exFAT and NTFS keep none.
_SYSTEM_FOLDERS = (
    "$recycle.bin", "system volume information", "lost+found", "@eadir", "#recycle",
    "*.photoslibrary", "*.aplibrary", "*.lrdata", "node_modules", "__macosx",
)  # fmt: skip


def absolute(path: Path | str) -> Path:
    """The one name a path has here: `~` and links resolved, whether it exists or not."""
    # os.path's expanduser leaves a photo called "~IMG_1.jpg" alone; Path's raises RuntimeError
    return Path(os.path.realpath(os.path.expanduser(path)))  # noqa: PTH111


def each_absolute(paths: Iterable[Path | str] | Path | str) -> list[Path]:
    """`absolute` of every path; a single one is itself, not the letters it is made of."""
    return [absolute(path) for path in ([paths] if isinstance(paths, (str, Path)) else paths)]


def resolve_roots(paths: Iterable[Path | str] | Path | str) -> tuple[Path, ...]:
    """Absolute folders (or files) to scan, sorted, none reached from another.

    One inside another is dropped, unless it is or lies in a hidden or system folder: named by
    the user, even that is scanned. A link that was named by the user is followed:
    `~/Photos -> /mnt/photos` is what they meant. Links below a root never are.

    Raises:
        RootMissing: one of them does not exist, or cannot be reached.
    """
    roots = each_absolute(paths)
    for root in roots:
        try:
            root.stat()
        except OSError as error:
            raise RootMissing(
                f"{root} is not there ({error.strerror})",
                "is the drive connected? what is remembered of it was kept",
            ) from error
    # sorted by parts, a folder comes before everything inside it
    outer: list[Path] = []
    for root in sorted(set(roots), key=lambda each: os.fsencode(each).split(b"/")):
        if not any(_reaches(each, root) for each in outer):
            outer.append(root)
    return tuple(outer)


def _reaches(outer: Path, root: Path) -> bool:
    """Whether a walk through `outer` comes to `root`."""
    if not root.is_relative_to(outer):
        return False
    inner = root.relative_to(outer).parts
    folders = inner if root.is_dir() else inner[:-1]
    return not any(map(_is_system_folder, folders))


def unchanged(file: PhotoFile) -> bool:
    """Whether a file still has the size and time that it was found with."""
    try:
        info = file.path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(info.st_mode) and (info.st_size, info.st_mtime_ns) == (
        file.size,
        file.mtime_ns,
    )


def discover(roots: Iterable[Path]) -> Iterator[PhotoFile | Skip]:
    """Every file under `roots`, depth first and in the order of the bytes of its name.

    Nothing is opened: a regular file comes as a PhotoFile whatever it holds, everything
    else as a Skip, so that nothing is passed over in silence. No link is followed. A
    folder that can be reached twice (a bind mount) is walked once.

    Args:
        roots: as `resolve_roots` gives them.

    Raises:
        RootMissing: a root cannot be listed at all.
    """
    walked: set[tuple[int, int]] = set()
    for root in roots:
        try:
            top = root.lstat()
            if not stat.S_ISDIR(top.st_mode):
                yield _file_or_skip(root, top)
                continue
            with os.scandir(root):
                pass
        except OSError as error:
            raise RootMissing(f"{root} cannot be read: {error.strerror}") from error
        # a stack, not recursion: real trees are deeper than Python's 1000 frames
        folders = [root]
        while folders:
            inner: list[Path] = []
            for found in _walk_one(folders.pop(), walked):
                if isinstance(found, Path):
                    inner.append(found)
                else:
                    yield found
            folders.extend(reversed(inner))


def _walk_one(folder: Path, walked: set[tuple[int, int]]) -> Iterator[PhotoFile | Skip | Path]:
    """The files of one folder, and its inner folders as bare paths."""
    try:
        here = folder.stat()
        if (here.st_dev, here.st_ino) in walked:
            yield Skip(folder, "is a folder that was already walked under another name", False)
            return
        walked.add((here.st_dev, here.st_ino))
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda entry: os.fsencode(entry.name))
    except OSError as error:
        yield Skip(
            folder, f"is a folder that cannot be listed: {error.strerror}", True, passing=True
        )
        return
    for entry in entries:
        path = Path(entry.path)
        try:
            if entry.is_dir(follow_symlinks=False):
                if _is_system_folder(entry.name):
                    yield Skip(path, "is a hidden or system folder", False)
                else:
                    yield path
            else:
                yield _file_or_skip(path, entry.stat(follow_symlinks=False))
        except OSError as error:
            yield Skip(path, f"cannot be looked at: {error.strerror}", True, passing=True)


def _is_system_folder(name: str) -> bool:
    return name.startswith(".") or any(fnmatch(name.lower(), each) for each in _SYSTEM_FOLDERS)


def _file_or_skip(path: Path, info: os.stat_result) -> PhotoFile | Skip:
    if stat.S_ISREG(info.st_mode):
        return PhotoFile.seen(path, info)
    if stat.S_ISLNK(info.st_mode):
        return Skip(path, "is a link; what it points to counts where it lies", False)
    # a pipe named .jpg would hang whoever opens it
    return Skip(path, "is a pipe, socket or device, not a file", False)
