"""The walk through folders: every file as a light entry, everything else with a reason."""

import errno
import os
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from operator import attrgetter
from pathlib import Path
from stat import S_ISDIR, S_ISLNK, S_ISREG
from typing import NamedTuple

from dedupe.errors import RootMissing
from dedupe.photos.exclude import RULES_FILE, Rules
from dedupe.photos.photo import PhotoFile, Skip

# Folders that are not a person's to sort, apart from all whose name begins with a dot (.git,
# .Trash-1000, .thumbnails, .picasaoriginals, .@__thumb). Names are compared in small letters:
# exFAT and NTFS keep no case.
_SYSTEM_FOLDERS = frozenset(
    {
        # deleted files: Windows (and XP), Synology, QNAP, network shares of a Mac
        *("$recycle.bin", "recycler", "recycled", "#recycle", "@recycle", "network trash folder"),
        # earlier states of the same files: Synology, QNAP, Time Machine
        *("#snapshot", "@recently-snapshot", "backups.backupdb"),
        # pieces that a disk check saved: Linux, Windows
        *("lost+found", "found.000"),
        "system volume information",  # Windows' own: restore points, the search index
        "@eadir",  # Synology: up to five thumbnails of every photo
        "__macosx",  # resource forks in a zip of a Mac: files named like photos that are none
        "node_modules",  # pictures of programs
    }
)
# What photo programs keep for themselves: a change inside breaks the library. Originals are
# among it, with copies in several sizes; named as a root, even these are scanned.
_LIBRARIES = (
    *(".photoslibrary", ".photolibrary", ".migratedphotolibrary"),  # Apple Photos, iPhoto
    *(".aplibrary", ".migratedaplibrary"),  # Aperture
    *(".lrdata", ".lrlibrary"),  # Lightroom: previews of a catalogue; Lightroom without Classic
)

_IS_SYSTEM = "is a hidden or system folder"
IS_LINK = "is a link; what it points to counts where it lies"
_IS_TWICE = "is a folder that was already walked under another name"
_by_name = attrgetter("name")


class Entry(NamedTuple):
    """A regular file as the walk found it: a PhotoFile with a plain text for its path.

    About 275 bytes with a path of 60 letters: a scan may hold 500,000 of them at once.

    Attributes:
        path: absolute, byte for byte as the system gave it (surrogateescape).
        size: in bytes.
        mtime_ns: time of the last change, in nanoseconds since 1970.
        device: number of the file system. With `inode` it tells hard links of one file.
        inode: number of the file on that file system.
    """

    path: str
    size: int
    mtime_ns: int
    device: int
    inode: int

    def file(self) -> PhotoFile:
        """The same with a Path, for those who read it."""
        return PhotoFile(
            path=Path(self.path),
            size=self.size,
            mtime_ns=self.mtime_ns,
            device=self.device,
            inode=self.inode,
        )


def walk(roots: Iterable[Path], exclude: Iterable[str] = ()) -> Iterator[Entry | Skip]:
    """Every file under `roots`, depth first and in the order of the bytes of its name.

    The files of a folder come before its inner folders. No photo is opened: a regular file
    comes as an Entry whatever it holds, everything else as a Skip, so that nothing is passed
    over in silence. No link is followed. A folder that can be reached twice (a bind mount)
    is walked once. What `exclude` or a .dedupeignore excludes is one Skip; an excluded
    folder is not entered.

    Args:
        roots: as `resolve_roots` gives them. A root is never excluded itself.
        exclude: rules as in .gitignore, relative to each root.

    Raises:
        RootMissing: a root cannot be listed at all.
        UsageError: `exclude` holds what is no rule; said at once, before the first entry.
    """
    return chain.from_iterable(found for _, found in walk_folders(roots, exclude))


def walk_folders(
    roots: Iterable[Path], exclude: Iterable[str] = ()
) -> Iterator[tuple[str, list[Entry | Skip]]]:
    """`walk`, folder by folder: for who knows whole folders again. Args and errors are the same.

    Yields:
        The path of a folder, and what is in it but for its inner folders, in order; for a
        root that is a file, its own path and the file alone.
    """
    return _walk(roots, Rules.of_options(exclude))


def _walk(roots: Iterable[Path], options: Rules) -> Iterator[tuple[str, list[Entry | Skip]]]:
    walked: set[tuple[int, int]] = set()
    for root in roots:
        path = os.fspath(root)
        try:
            top = root.lstat()
            if not S_ISDIR(top.st_mode):
                yield path, [_seen(path, top)]
                continue
            with os.scandir(root):
                pass
        except OSError as error:
            raise RootMissing(f"{root} cannot be read: {error.strerror}") from error
        # a stack, not recursion: real trees are deeper than Python's 1000 frames
        folders = [(path, options.below(path))]
        while folders:
            folder, rules = folders.pop()
            found, inner = _walk_one(folder, rules, walked)
            yield folder, found
            folders += reversed(inner)


def _walk_one(
    folder: str, rules: Rules, walked: set[tuple[int, int]]
) -> tuple[list[Entry | Skip], list[tuple[str, Rules]]]:
    """What lies in one folder, and its inner folders with the rules that hold there."""
    try:
        here = os.lstat(folder)
        if (here.st_dev, here.st_ino) in walked:
            return [Skip(Path(folder), _IS_TWICE, False)], []
        if not S_ISDIR(here.st_mode):  # replaced since its parent was listed
            return [_seen(folder, here)], []
        walked.add((here.st_dev, here.st_ino))
        with os.scandir(folder) as listing:
            entries = _sorted(listing)
    except OSError as error:
        reason = f"is a folder that cannot be listed: {_why(error)}"
        return [Skip(Path(folder), reason, True, passing=True)], []
    at = bisect_left(entries, RULES_FILE, key=_by_name)
    said: list[Skip] = []
    if at < len(entries) and entries[at].name == RULES_FILE:
        rules, said = rules.with_file(folder)
    found: list[Entry | Skip] = []
    inner: list[str] = []
    _look_at(entries[:at], rules, here.st_dev, found, inner)
    found += said
    _look_at(entries[at + len(said) :], rules, here.st_dev, found, inner)
    return found, [(path, rules) for path in inner]


def _sorted(listing: Iterable["os.DirEntry[str]"]) -> list["os.DirEntry[str]"]:
    """In the order of the bytes of the names."""
    entries = sorted(listing, key=_by_name)
    try:
        # code points sort as their UTF-8 does, but for bytes that are none: \udcff is 0xff
        "".join(map(_by_name, entries)).encode()
    except UnicodeEncodeError:
        entries.sort(key=lambda entry: os.fsencode(entry.name))
    return entries


def _look_at(
    entries: Sequence["os.DirEntry[str]"],
    rules: Rules,
    device: int,
    found: list[Entry | Skip],
    inner: list[str],
) -> None:
    """Sort entries of a folder on `device` into what is found there and inner folders."""
    excluded_by = rules.excluded_by if rules else None
    new = tuple.__new__
    for entry in entries:
        path = entry.path
        try:
            is_folder = entry.is_dir(follow_symlinks=False)
            if is_folder and is_system_folder(entry.name):
                found.append(Skip(Path(path), _IS_SYSTEM, False))
            elif excluded_by and (who := excluded_by(path, entry.name, is_folder)):
                what = "is a folder excluded by" if is_folder else "is excluded by"
                found.append(Skip(Path(path), f"{what} {who}", False))
            elif is_folder:
                inner.append(path)
            else:
                info = entry.stat(follow_symlinks=False)
                if S_ISREG(info.st_mode) and info.st_dev == device:
                    # half the time of Entry(...), 200,000 times; and one int object for the
                    # device of all files of a folder, 32 bytes of 340 less
                    columns = (path, info.st_size, info.st_mtime_ns, device, info.st_ino)
                    found.append(new(Entry, columns))
                else:
                    found.append(_seen(path, info))
        except OSError as error:
            reason = f"cannot be looked at: {_why(error)}"
            found.append(Skip(Path(path), reason, True, passing=True))


def _seen(path: str, info: os.stat_result) -> Entry | Skip:
    """What is no folder, as an entry or with a reason."""
    mode = info.st_mode
    if S_ISREG(mode):
        return Entry(path, info.st_size, info.st_mtime_ns, info.st_dev, info.st_ino)
    if S_ISLNK(mode):
        return Skip(Path(path), IS_LINK, False)
    # a pipe named .jpg would hang whoever opens it
    return Skip(Path(path), "is a pipe, socket or device, not a file", False)


def is_system_folder(name: str) -> bool:
    """Whether a folder of that name is passed over unless it is named as a root."""
    if name.startswith("."):
        return True
    name = name.lower()
    return name in _SYSTEM_FOLDERS or name.endswith(_LIBRARIES)


def _why(error: OSError) -> str:
    if error.errno == errno.ENAMETOOLONG:  # over 4095 bytes on Linux, 1023 on a Mac
        return "its path is too long for this system; move it to a shorter path"
    return error.strerror or str(error)
