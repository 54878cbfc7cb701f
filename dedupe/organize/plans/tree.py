"""The folders that photos were in, kept where they are put aside: what they are relative to."""

import os
import re
from collections.abc import Iterable
from pathlib import Path, PurePath

from dedupe.errors import UsageError
from dedupe.names import safe

# Of a drive or a share what a folder can be called: `C` of `C:`, `nas photos` of `\\nas\photos`.
_IN_A_DRIVE = re.compile(r"[^\\/:?]+")


def common_folder(folders: Iterable[Path], into: Path) -> Path:
    """The folder that all of these are below, which a tree of their photos is relative to.

    It is asked of folders that were named or scanned, not of photos: photos come and go, and a
    second run has to find the tree of the first.

    Args:
        folders: absolute; a file stands for its folder. What is in `into` does not count, as
            that was put there by an earlier run.
        into: the folder for the tree.

    Returns:
        Its real path; `/` where they are on several drives, and `into` where all are in it.
    """
    place = os.path.realpath(into)
    real = [Path(os.path.realpath(folder)) for folder in folders]
    counting = [
        os.fspath(path.parent if path.is_file() else path)
        for path in real
        if Path(place) not in (path, *path.parents)
    ]
    if not counting:
        return Path(place)
    try:
        return Path(os.path.commonpath(counting))
    except ValueError:  # two drives on Windows have nothing in common
        return Path(os.sep)


def refuse_tree(action: str | None, *, clusters: bool = False) -> None:
    """Refuse to keep the folders of photos in what does not move them.

    Raises:
        UsageError: the action is not "move", or clusters are wanted.
    """
    if action != "move" or clusters:
        raise UsageError(
            "a tree is for photos that are moved: one of each set stays, the others go aside",
            "it goes with --move alone, as in `dedupe group --move --tree --into ~/Aside`",
        )


def refuse_as_aside(root: Path, into: Path) -> None:
    """Refuse a folder for the tree that the photos themselves are in.

    Raises:
        UsageError: all of them would be in their place already.
    """
    if into == root or into in root.parents:
        raise UsageError(
            f"the photos are in {safe(into)} themselves, so that none could be put aside there",
            "name another folder with --into",
        )


def parts_below(root: PurePath, folder: PurePath) -> tuple[str, ...]:
    """The names of the folders that lead from `root` to `folder`.

    Of a folder elsewhere all of them, on Windows behind the letter of its drive.
    """
    if folder.is_relative_to(root):
        return folder.relative_to(root).parts
    drive = " ".join(_IN_A_DRIVE.findall(folder.drive))
    return (*([drive] if drive else []), *folder.parts[1:])
