"""Which folders a person means, and which files lie under them."""

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from dedupe.errors import RootMissing
from dedupe.photos.exclude import Rules
from dedupe.photos.photo import PhotoFile, Skip
from dedupe.photos.walk import Entry, is_system_folder, walk


def absolute(path: Path | str) -> Path:
    """The one name a path has here: `~` and links resolved, whether it exists or not."""
    # os.path's expanduser leaves a photo called "~IMG_1.jpg" alone; Path's raises RuntimeError
    return Path(os.path.realpath(os.path.expanduser(path)))  # noqa: PTH111


def each_absolute(paths: Iterable[Path | str] | Path | str) -> list[Path]:
    """`absolute` of every path; a single one is itself, not the letters it is made of."""
    return [absolute(path) for path in ([paths] if isinstance(paths, (str, Path)) else paths)]


def resolve_roots(
    paths: Iterable[Path | str] | Path | str, exclude: Iterable[str] = ()
) -> tuple[Path, ...]:
    """Absolute folders (or files) to scan, sorted, none reached from another.

    One inside another is dropped, unless the walk of the other would pass it over: named by
    the user, even a hidden, system or excluded folder is scanned. A link that was named by
    the user is followed: `~/Photos -> /mnt/photos` is what they meant. Links below a root
    never are.

    Args:
        paths: one or more.
        exclude: the rules that `walk` will be given.

    Raises:
        RootMissing: one of them does not exist, or cannot be reached.
        UsageError: `exclude` holds what is no rule.
    """
    options = Rules.of_options(exclude)
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
        if not any(_reaches(each, root, options) for each in outer):
            outer.append(root)
    return tuple(outer)


def _reaches(outer: Path, root: Path, options: Rules) -> bool:
    """Whether a walk through `outer` comes to `root`."""
    if not root.is_relative_to(outer):
        return False
    folder = outer
    rules = options.below(os.fspath(outer))
    for name in root.relative_to(outer).parts:
        rules, _ = rules.with_file(os.fspath(folder))
        folder /= name
        is_folder = folder != root or root.is_dir()
        if is_folder and is_system_folder(name):
            return False
        if rules and rules.excluded_by(os.fspath(folder), name, is_folder):
            return False
    return True


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


def discover(roots: Iterable[Path], exclude: Iterable[str] = ()) -> Iterator[PhotoFile | Skip]:
    """What `walk` finds, each file as a PhotoFile. Args and errors are those of `walk`."""
    for found in walk(roots, exclude):
        yield found.file() if isinstance(found, Entry) else found
