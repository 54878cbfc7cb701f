"""Plans that put the others of each set aside, in the folders that they were in; one stays."""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path, PurePath

from dedupe.errors import UsageError
from dedupe.names import safe
from dedupe.organize.plan import Plan, count, told_left, told_links
from dedupe.organize.steps import Kept, Step

# Of a drive or a share what a folder can be called: `C` of `C:`, `nas photos` of `\\nas\photos`.
_IN_A_DRIVE = re.compile(r"[^\\/:?]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class TreePlan(Plan):
    """Which photos are put aside, and in which folders. Pure data: nothing has changed yet.

    Each step of a photo names the one of its set that stays (`kept`).

    Attributes:
        into: the real path of the folder that gets the tree.
        standing: how many photos were put aside before, and need no step.
        root: the real path of the folder that the places below `into` are relative to.
        reasons: of each photo that stays, by its path, why: "12.2 MP > 3.1 MP, has GPS".
    """

    root: Path
    reasons: tuple[tuple[Path, str], ...] = ()

    @property
    def sets(self) -> Iterator[tuple[Kept, list[Step]]]:
        """Each photo that stays, and the steps of those that go, with what goes along."""
        kept: Kept | None = None
        known: list[tuple[Kept, Step]] = []
        for step in self.placed:
            kept = step.kept if step.is_photo else kept
            assert kept is not None
            known.append((kept, step))
        for each, steps in groupby(known, key=lambda pair: pair[0]):
            yield each, [step for _, step in steps]

    def __str__(self) -> str:
        return "\n".join(_told(self))


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


def refuse_as_tree(root: Path, into: Path) -> None:
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


def _told(plan: TreePlan) -> Iterator[str]:
    """The lines of `str(plan)`: the sets, then the folders as a tree."""
    photos, along = plan.photos, plan.along
    companions = f" and {count(len(along), 'companion')}" if along else ""
    yield f"move {count(len(photos), 'photo')}{companions}; one photo of each set stays"
    yield f"  from {safe(plan.root)}"
    yield f"  to the same folders below {safe(plan.into)}"
    if plan.standing:
        yield f"{count(plan.standing, 'photo')} put aside before"
    reasons = dict(plan.reasons)
    for kept, steps in plan.sets:
        reason = reasons.get(kept.file.path, "")
        why = f": {safe(reason)}" if reason else ""
        yield f"\n  {_shown(kept.file.path, plan.root)}  stays{why}"
        for step in steps:
            yield f"    {'  + ' if step.goes_along else ''}{_told_move(step, plan)}"
    if plan.placed:
        yield from _told_tree(plan)
    yield from told_links(plan.links)
    yield from told_left(plan)


def _told_move(step: Step, plan: TreePlan) -> str:
    """Where a file is, and where it goes if that is another place of the tree."""
    there = step.target.relative_to(plan.into)
    same = parts_below(plan.root, step.source) == there.parts
    return _shown(step.source, plan.root) + ("" if same else f"  ->  {safe(there)}")


def _shown(path: Path, root: Path) -> str:
    return safe(path.relative_to(root) if path.is_relative_to(root) else path)


def _told_tree(plan: TreePlan) -> Iterator[str]:
    """The folders below `into`, each indented below the one that it is in."""
    photos = Counter(step.target.relative_to(plan.into).parts[:-1] for step in plan.photos)
    yield f"\nfolders below {safe(plan.into)}"
    told: set[tuple[str, ...]] = {()}
    for folder in sorted(photos):
        for depth in range(len(folder) + 1):
            if folder[:depth] not in told:
                told.add(folder[:depth])
                known = photos[folder[:depth]]
                behind = f"  {count(known, 'photo')}" if known else ""
                yield f"{'  ' * depth}{safe(folder[depth - 1])}/{behind}"
        if not folder:
            yield f"  {count(photos[folder], 'photo')}"
