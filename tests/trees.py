"""Trees of files out of a dict, and back: tests of file operations are dict in, dict out."""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from blake3 import blake3

from dedupe.photos.photo import Photo, PhotoFile

if TYPE_CHECKING:
    from dedupe.matching.sets.groups import Group


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link, in a tree that is made or read."""

    text: str


Content = bytes | Link | None
"""Of a file, of a link, or None for a folder."""


def make_files(root: Path, tree: Mapping[str, Content]) -> None:
    """Make files, links and folders (None); each gets an old time of its own, to be lost."""
    for name, content in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Link):
            path.symlink_to(content.text)
        elif content is None:
            path.mkdir(exist_ok=True)
        else:
            path.write_bytes(content)
    below = [path for path in walk(root) if not path.is_symlink()]
    for number, path in enumerate([*below, root]):
        time = 1_500_000_000_123_456_789 + number * 1_000_000_007
        os.utime(path, ns=(time, time))


def walk(root: Path) -> list[Path]:
    """Everything below a folder, innermost first."""
    found = []
    for folder, folders, names in os.walk(root, topdown=False):
        found += [Path(folder, name) for name in [*names, *folders]]
    return found


def read_tree(root: Path, *, times: bool = True) -> dict[str, object]:
    """Everything about a tree that undo must restore: names, kinds, bytes, modes, mtimes."""
    tree: dict[str, object] = {}
    for path in [*walk(root), root]:
        found = os.lstat(path)
        name = os.path.relpath(path, root)
        when = found.st_mtime_ns if times else 0
        if stat.S_ISLNK(found.st_mode):
            # byte for byte; a link's own time cannot be kept
            tree[name] = Link(os.readlink(path))  # noqa: PTH115
        elif stat.S_ISDIR(found.st_mode):
            tree[name] = ("folder", stat.S_IMODE(found.st_mode), when)
        else:
            tree[name] = (path.read_bytes(), stat.S_IMODE(found.st_mode), when)
    return tree


def contents(root: Path) -> dict[str, Content]:
    """Names and bytes only, without the folders that hold something."""
    return {
        name: value[0] if isinstance(value, tuple) and value[0] != "folder" else value
        for name, value in read_tree(root, times=False).items()
        if not (isinstance(value, tuple) and value[0] == "folder")
    }


def photo(path: Path, **known: object) -> Photo:
    """A photo of a file that need not be an image."""
    found = os.lstat(path)
    facts: dict[str, object] = {"width": 4000, "height": 3000, "format": "JPEG", "taken": None}
    return Photo(
        file=PhotoFile(
            path=path,
            size=found.st_size,
            mtime_ns=found.st_mtime_ns,
            device=found.st_dev,
            inode=found.st_ino,
        ),
        content=blake3(path.read_bytes()).digest(),
        **{**facts, **known},  # type: ignore[arg-type]
    )


def group(*photos: Photo | Path) -> "Group":
    """A group of photos, sorted by path."""
    import numpy as np  # not in the crash driver, which forks: 40 MB and threads

    from dedupe.matching.pairs.relations import Relation
    from dedupe.matching.sets.groups import Group
    from dedupe.matching.sets.made import Member

    members = [one if isinstance(one, Photo) else photo(one) for one in photos]
    members.sort(key=lambda one: os.fsencode(one.path))
    return Group(
        photos=tuple(members),
        spread=1.0,
        all_vectors=np.zeros((len(members), 4), np.float32),
        kept_place=0,
        members=(Member(Relation.LOOK_ALIKE),) * len(members),
    )


def imagined(path: str = "/p/a.jpg", **known: object) -> Photo:
    """A photo of no file at all, for what only looks at facts."""
    size = known.pop("size", 1000)
    facts: dict[str, object] = {"width": 4000, "height": 3000, "format": "JPEG", "taken": None}
    return Photo(
        file=PhotoFile(path=Path(path), size=size, mtime_ns=0, device=0, inode=0),  # type: ignore[arg-type]
        content=b"",
        **{**facts, **known},  # type: ignore[arg-type]
    )


NOON = datetime(2019, 7, 14, 12, 0, 0)
