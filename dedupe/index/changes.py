"""What lies below the roots, against what is remembered of it."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dedupe.errors import RootMissing
from dedupe.index.reading import FileRow
from dedupe.index.rows import signed
from dedupe.index.store import EncoderRow, Index, is_under
from dedupe.photos.photo import Skip
from dedupe.photos.walk import Entry, walk_folders
from dedupe.progress import Progress

# what os.fsencode does, at a third of its time: 200,000 times in a scan that finds nothing new
_PATHS = sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()


@dataclass(slots=True)
class Changes:
    """What a scan has to do, found without opening a file.

    Attributes:
        todo: new or changed files, or of a content without a vector of this encoder.
        unchanged: how many files need nothing.
        renumbered: unchanged but for their device or inode: a drive that was mounted again,
            a copy that was put back.
        passed_over: what is never opened: links, system folders, unreadable folders.
        unreadable: files that an earlier scan could not read and that are as they were.
        gone: photo files, remembered and no longer there.
    """

    todo: list[Entry] = field(default_factory=list)
    unchanged: int = 0
    renumbered: list[Entry] = field(default_factory=list)
    passed_over: list[Skip] = field(default_factory=list)
    unreadable: list[Skip] = field(default_factory=list)
    gone: set[bytes] = field(default_factory=set)


def find_changes(
    store: Index,
    encoder: EncoderRow,
    roots: Sequence[Path],
    exclude: Sequence[str],
    progress: Progress,
) -> Changes:
    """Walk through the roots and sort what is there into what is known and what is to do.

    Memory: about 470 bytes for each file that is remembered, 275 for each that is to be read.

    Args:
        store: the index.
        encoder: whose vectors count.
        roots: as `resolve_roots` gives them.
        exclude: gitignore patterns, relative to each root.
        progress: told how many files were seen.

    Raises:
        RootMissing: a root cannot be listed, or is empty although files of it are remembered.
    """
    known, without = store.files(encoder, roots)
    known_skips = store.known_skips(roots)
    changes = Changes()
    inhabited: set[Path] = set()
    root = Path()
    tops = {os.fspath(each): each for each in roots}
    for folder, contents in walk_folders(roots, exclude):
        # roots come one after the other, each beginning with itself; one may lie in another,
        # in a hidden folder of it
        root = tops.get(folder, root)
        files = _compare(contents, known, without, known_skips, store, changes)
        if files:
            inhabited.add(root)
            progress.advance(files)
    if known:
        unknown = unlisted(store, changes, roots)
        changes.gone = {
            path
            for path, was in known.items()
            if not (unknown and is_under(path, unknown)) and store.checked(was)
        }
    _refuse_empty_roots(roots, inhabited, changes)
    return changes


def _compare(
    contents: Sequence[Entry | Skip],
    known: dict[bytes, FileRow],
    without: set[bytes],
    known_skips: dict[bytes, tuple[int, int, Skip]],
    store: Index,
    changes: Changes,
) -> int:
    """Sort what is in one folder, and take it out of what is known; how many files it has."""
    skipped = 0
    for found in contents:
        # in the end there remains what is gone
        if isinstance(found, Skip):
            known.pop(os.fsencode(found.path), None)
            changes.passed_over.append(found)
            skipped += 1
            continue
        name, size, mtime_ns, device, inode = found
        path = name.encode(*_PATHS)
        was = known.pop(path, None)
        if was is not None and not (without and path in without):
            _, _, size_was, mtime_was, device_was, inode_was, _ = was
            if size_was == size and mtime_was == mtime_ns:
                changes.unchanged += 1
                if inode_was != inode or device_was != device:
                    store.checked(was)
                    if inode_was != signed(inode) or device_was != signed(device):
                        changes.renumbered.append(found)
                continue
            store.checked(was)
        skip = known_skips.get(path)
        if skip is not None and skip[:2] == (size, mtime_ns):
            changes.unreadable.append(skip[2])
        else:
            changes.todo.append(found)
    return len(contents) - skipped


def unlisted(store: Index, changes: Changes, roots: Sequence[Path]) -> list[Path]:
    """Folders below the roots of which this walk knows nothing."""
    passed_over = {skip.path for skip in changes.passed_over}
    failed = [skip.path for skip in changes.passed_over if skip.passing]
    # a hidden folder below these roots that was once scanned for itself, and is not now
    walked = frozenset(roots)
    hidden = [
        root
        for root in store.roots()
        if passed_over.intersection((root, *root.parents)) and root not in walked
    ]
    return failed + hidden


def _refuse_empty_roots(roots: Sequence[Path], inhabited: set[Path], changes: Changes) -> None:
    """A root without any file in it is a drive that is not there: no reason to forget.

    What lies in a folder that is there and was left out, by a rule or as a system folder, is
    not lost.
    """
    passed_over = [skip.path for skip in changes.passed_over if not skip.passing]
    for root in roots:
        # a hidden folder is passed over below another root, and walked where it is one itself
        left_out = [path for path in passed_over if not root.is_relative_to(path)]
        lost = sum(
            is_under(path, [root]) and not (left_out and is_under(path, left_out))
            for path in changes.gone
        )
        if lost and root not in inhabited:
            raise RootMissing(
                f"{root} is empty, but {lost} of its files are remembered",
                "is the drive connected? nothing was forgotten; if it is meant to be empty: "
                f"dedupe forget {root}",
            )
