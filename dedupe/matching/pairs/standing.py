"""What is on the disk now of what was scanned: which files are there, unchanged, and separate."""

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from dedupe.errors import RootMissing
from dedupe.names import safe
from dedupe.photos.photo import Photo, Skip
from dedupe.photos.sniff import HEAD, sniff
from dedupe.photos.walk import Entry, walk

CHANGED = "changed since the scan; scan again"
GONE = "went since the scan; scan again"
UNKNOWN = "is not known; scan again"


@dataclass(frozen=True, slots=True)
class Below:
    """What lies below a folder at this moment.

    Attributes:
        files: every regular file, by path.
        faults: by path, why something may hold photos that nobody knows: a folder that cannot
            be listed, a file that came after the scan or could not be read by it.
        others: how many files, links and folders are no photos, or were left out.
        inodes: device and inode number of every file that has one.
    """

    files: Mapping[Path, Entry]
    faults: Mapping[Path, str]
    others: int
    inodes: frozenset[tuple[int, int]]


def look_below(folder: Path, known: Iterable[Path], skips: Iterable[Skip]) -> Below:
    """Walk a folder, and tell what its last scan knew from what it did not.

    Only of files that no scan knows the first bytes are read.

    Args:
        folder: absolute, links resolved; or a single photo.
        known: the photos below it that the scan knew.
        skips: what the scan could not read, or passed over.

    Raises:
        RootMissing: the folder is not there, or cannot be listed.
    """
    known, passed = set(known), {skip.path: skip for skip in skips}
    files: dict[Path, Entry] = {}
    faults = {skip.path: skip.reason for skip in passed.values() if skip.problem}
    others = 0
    for found in walk([folder]):
        path = Path(found.path)
        if isinstance(found, Entry):
            files[path] = found
            if path in known or path in faults:
                continue
        skip = found if isinstance(found, Skip) else passed.get(path) or _new(path, passed)
        if skip is None:
            faults[path] = UNKNOWN
        elif skip.problem:
            faults[path] = skip.reason
        else:
            others += 1
    inodes = frozenset((each.device, each.inode) for each in files.values() if each.inode)
    return Below(files, faults, others, inodes)


def _new(path: Path, passed: Mapping[Path, Skip]) -> Skip | None:
    """Why a file that came after the scan is no photo; None if it may well be one."""
    for folder in path.parents:
        if folder in passed and not passed[folder].problem:  # the scan was told to leave it out
            return passed[folder]
    try:
        with path.open("rb") as file:
            return sniff(path, file.read(HEAD))
    except OSError as error:
        return Skip(path, f"cannot be read: {error.strerror or error}", True, passing=True)


def state_of(photo: Photo, name: Path, below: Below) -> str:
    """Why a photo of the scan is not what lies at a path now; "" if it is.

    Args:
        photo: as the scan knew it.
        name: one of its names.
        below: what is there now.
    """
    if name in below.faults:
        return below.faults[name]
    found = below.files.get(name)
    if found is None:
        return GONE
    same = (found.size, found.mtime_ns) == (photo.file.size, photo.file.mtime_ns)
    return "" if same else CHANGED


def stands(photo: Photo, names: Iterable[Path], below: Below) -> tuple[Path | None, str]:
    """Where a photo of the scan still is, as a file that has no other name below a folder.

    Args:
        photo: as the scan knew it.
        names: those of its names that count.
        below: what lies below that folder.

    Returns:
        The first name that it stands under, and ""; or None, and why it does not, in words
        that follow "only".
    """
    why = "in a file that changed or went since the scan"
    for name in names:
        try:
            found = name.lstat()
        except OSError:
            continue
        there = (found.st_size, found.st_mtime_ns) == (photo.file.size, photo.file.mtime_ns)
        if not (stat.S_ISREG(found.st_mode) and there):
            continue
        if (found.st_dev, found.st_ino) in below.inodes:
            why = "the same file under another name"
            continue
        return name, ""
    return None, why


def refuse_missing(folders: Iterable[Path]) -> None:
    """Refuse folders that are not there now: a drive that is not connected holds no copy.

    Raises:
        RootMissing: one of them is not there.
    """
    for folder in folders:
        if not os.path.lexists(folder):
            raise RootMissing(
                f"{safe(folder)} is not there", "is the drive connected? nothing was looked at"
            )
