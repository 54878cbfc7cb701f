"""Drives that an action needs: is one away, even though the folder it is mounted at is left?

A folder in which a drive is mounted stays when the drive is unmounted, empty, on the drive
below. All that was on the drive then looks deleted. So the journal keeps where drives were
mounted; the numbers of drives are of no use for that, as they change from mount to mount.
"""

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path

from dedupe.names import safe
from dedupe.organize.journal.records import Entry
from dedupe.organize.steps import Step

_FOLDERS_AND_LINKS = frozenset({"mkdir", "rmdir", "unlink"})


def mounts_of(steps: Iterable[Step]) -> set[Path]:
    """The folders in which the drives are mounted that some steps need.

    The drive of the system is none of them, as it is always there.

    Raises:
        OSError: a drive has failed.
    """
    folders = {path.parent for step in steps for path in _needed(step, back=False)}
    known: dict[Path, int | None] = {}
    return {top for folder in folders if (top := _mount_of(folder, known)) is not None}


def mount_of(folder: Path) -> Path | None:
    """The folder in which the drive of `folder` is mounted, None for that of the system.

    Raises:
        OSError: the drive has failed.
    """
    return _mount_of(folder, {})


def is_mounted(top: Path) -> bool:
    """Whether a drive is mounted in a folder; True where that cannot be told."""
    try:
        return _device_of(top) != _device_of(top.parent)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:  # it is there and broken: what is done there will say so
        return True


def away(mounts: Iterable[Path], entries: Sequence[Entry]) -> frozenset[Path]:
    """Those of the folders whose drives are not there.

    Args:
        mounts: where the drives of an action were mounted when it was begun.
        entries: of the action. Where one of its files is in the folder all the same, somebody has
            brought the contents of the drive there: it needs no drive any more.
    """
    return frozenset(
        top for top in mounts if not is_mounted(top) and not _was_replaced(top, entries)
    )


def drive_for(step: Step, gone: Collection[Path], *, back: bool) -> Path | None:
    """Which of the drives that are away a step needs, None where it needs none of them.

    Args:
        step: the step.
        gone: as `away` gives them.
        back: whether it is to be taken back; else it is to be done, or looked at.
    """
    needed = list(_needed(step, back=back)) if gone else []
    return next((top for top in sorted(gone) if any(top in path.parents for path in needed)), None)


def is_below(folder: Path, gone: Collection[Path]) -> bool:
    """Whether a folder is that of a drive which is away, or below it."""
    return any(folder == top or top in folder.parents for top in gone)


def waits(top: Path) -> str:
    """Why something is left for another time, half a sentence that follows its path."""
    return f"waits, as the drive of {safe(top)} is not there"


def _needed(step: Step, *, back: bool) -> Iterator[Path]:
    yield step.target
    if not back or step.moves or step.verb == "trash":
        yield step.source
    if not back and step.kept is not None:
        yield step.kept.file.path


def _mount_of(folder: Path, known: dict[Path, int | None]) -> Path | None:
    def device(path: Path) -> int | None:
        if path not in known:
            known[path] = None
            with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
                known[path] = _device_of(path)
        return known[path]

    while folder != folder.parent:
        here, above = device(folder), device(folder.parent)
        if None not in (here, above) and here != above:
            return folder
        folder = folder.parent
    return None


def _was_replaced(top: Path, entries: Sequence[Entry]) -> bool:
    """Whether what was on a drive is in the folder itself by now."""
    steps = [entry.step for entry in entries if entry.step.verb not in _FOLDERS_AND_LINKS]
    put = [step.target for step in steps if top in step.target.parents]
    came = [step.source for step in steps if top in step.source.parents]
    if any(map(os.path.lexists, chain(put, came))):
        return True
    # of a drive that photos were only taken from, their folders are left
    return not put and any(_is_left(folder, top) for folder in {path.parent for path in came})


def _is_left(folder: Path, top: Path) -> bool:
    try:
        return any(folder.iterdir()) if folder == top else folder.is_dir()
    except OSError:
        return False


def _device_of(folder: Path) -> int:
    # with a dot, so that what is mounted when it is needed is mounted by this
    return os.stat(os.path.join(folder, ".")).st_dev  # noqa: PTH116, PTH118 - a Path drops the dot
