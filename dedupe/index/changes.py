"""What lies below the roots, against what is remembered of it."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dedupe.errors import RootMissing
from dedupe.index.rows import signed
from dedupe.index.store import EncoderRow, Index, is_under
from dedupe.photos.photo import Skip
from dedupe.photos.walk import Entry, walk
from dedupe.progress import Progress

_TOLD = 1000  # files between two words to the progress: each costs as much as looking at one


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

    Memory: about 350 bytes for each file that is remembered or to be read.

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
    upcoming = iter(roots)
    seen, below = 0, ""
    for found in walk(roots, exclude):
        path = os.fsencode(found.path)
        # what is met is taken out: in the end there remains what is gone
        was = known.pop(path, None)
        if isinstance(found, Skip):
            changes.passed_over.append(found)
            continue
        if not (below and found.path.startswith(below)):
            below = _enter(found.path, upcoming, inhabited)
        seen += 1
        if seen % _TOLD == 0:
            progress.advance(_TOLD)
        if was is not None and not (without and path in without):
            _, _, size, mtime_ns, device, inode, _ = was
            if size == found.size and mtime_ns == found.mtime_ns:
                changes.unchanged += 1
                if inode != found.inode or device != found.device:
                    store.checked(was)
                    if inode != signed(found.inode) or device != signed(found.device):
                        changes.renumbered.append(found)
                continue
            store.checked(was)
        skip = known_skips.get(path) if known_skips else None
        if skip is not None and skip[:2] == (found.size, found.mtime_ns):
            changes.unreadable.append(skip[2])
        else:
            changes.todo.append(found)
    progress.advance(seen % _TOLD)
    if known:
        unknown = unlisted(store, changes)
        changes.gone = {
            path
            for path, was in known.items()
            if not (unknown and is_under(path, unknown)) and store.checked(was)
        }
    _refuse_empty_roots(roots, inhabited, changes)
    return changes


def _enter(path: str, upcoming: Iterator[Path], inhabited: set[Path]) -> str:
    """Go on to the root that a file lies below; what the paths of its other files begin with.

    Roots are walked one after the other, so that a file is asked for its root only once in
    each, not 200,000 times.
    """
    for root in upcoming:
        below = os.fspath(root).rstrip("/") + "/"
        if path == os.fspath(root) or path.startswith(below):
            inhabited.add(root)
            return below
    raise AssertionError(f"{path} is below no root")


def unlisted(store: Index, changes: Changes) -> list[Path]:
    """Folders below the roots of which this walk knows nothing."""
    passed_over = {skip.path for skip in changes.passed_over}
    failed = [skip.path for skip in changes.passed_over if skip.passing]
    # a hidden folder below these roots that was once scanned for itself
    hidden = [r for r in store.roots() if passed_over.intersection((r, *r.parents))]
    return failed + hidden


def _refuse_empty_roots(roots: Sequence[Path], inhabited: set[Path], changes: Changes) -> None:
    """A root without any file in it is a drive that is not there: no reason to forget.

    What lies in a folder that is there and was left out, by a rule or as a system folder, is
    not lost.
    """
    left_out = [skip.path for skip in changes.passed_over if not skip.passing]
    for root in roots:
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
