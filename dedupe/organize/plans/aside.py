"""Plans that put photos aside: one of each set stays in its place, the others go."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from dedupe.names import safe
from dedupe.organize.plans.plan import (
    Plan,
    count,
    counted,
    told_left,
    told_links,
    told_removed,
    told_step,
)
from dedupe.organize.plans.tree import parts_below
from dedupe.organize.steps import Kept, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class AsidePlan(Plan):
    """Which photos are put aside, and in which folders. Pure data: nothing has changed yet.

    Each step of a photo names the one of its set that stays (`kept`). Where each set gets a
    folder of its own, there are also links in it, to show the photos that stay.

    Attributes:
        into: the real path of the folder that gets the photos.
        standing: how many photos were put aside before, and need no step.
        root: where photos keep their folders, the real path of what these are relative to; None
            where each set gets a folder of its own.
        reasons: of each photo that stays, by its path, why: "12.2 MP > 3.1 MP, has GPS".
    """

    root: Path | None
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

    @property
    def promise(self) -> str:
        """What is said before photos are moved."""
        stays = "one photo of each set stays where it is"
        if self.root is not None:
            return f"{stays}, the others keep their folders"
        shown = any(step.verb == "symlink" for step in self.steps)
        return f"{stays}, and a link shows it among the others" if shown else stays

    def __str__(self) -> str:
        return "\n".join(_told(self))


def bare_links(steps: Iterable[Step]) -> set[Path]:
    """Links to photos that stay, in folders that would be made for nothing but them."""
    steps = tuple(steps)
    filled = {step.target.parent for step in steps if step.moves}
    return {
        step.target
        for step in steps
        if step.verb == "symlink"
        and step.target.parent not in filled
        and not step.target.parent.is_dir()
    }


def _told(plan: AsidePlan) -> Iterator[str]:
    """The lines of `str(plan)`: the sets, and the folders of a tree."""
    yield f"move {counted(plan)}; one photo of each set stays"
    if plan.root is None:
        folders = count(len({step.target.parent for step in plan.placed}), "folder")
        yield f"  into {folders} below {safe(plan.into)}"
    else:
        yield f"  from {safe(plan.root)}"
        yield f"  to the same folders below {safe(plan.into)}"
    if plan.standing:
        yield f"{count(plan.standing, 'photo')} put aside before"
    yield from told_removed(plan)
    yield from _told_sets(plan) if plan.root is None else _told_tree(plan, plan.root)
    yield from told_links(plan.links)
    yield from told_left(plan)


def _told_sets(plan: AsidePlan) -> Iterator[str]:
    """The folders, each with the photos that stay, shown by a link, and those that go."""
    reasons = dict(plan.reasons)
    folder = None
    for kept, steps in plan.sets:
        if steps[0].target.parent != folder:
            folder = steps[0].target.parent
            yield f"\n  {safe(folder.name)}/"
        if kept.file.path not in {step.source for step in steps}:  # its link is there already
            yield f"    {safe(kept.file.path)}"
            yield f"      {_stays(kept.file.path, reasons)}"
        for step in steps:
            if step.verb == "symlink":
                yield f"    {safe(step.target.name)}  ->  {safe(step.source)}"
                yield f"      {_stays(step.source, reasons)}"
            else:
                yield told_step(step)


def _told_tree(plan: AsidePlan, root: Path) -> Iterator[str]:
    """The sets, then the folders below `into`, each indented below the one that it is in."""
    reasons = dict(plan.reasons)
    for kept, steps in plan.sets:
        path = kept.file.path
        yield f"\n  {_shown(path, root)}  {_stays(path, reasons)}"
        for step in steps:
            there = step.target.relative_to(plan.into)
            same = parts_below(root, step.source) == there.parts
            moved = _shown(step.source, root) + ("" if same else f"  ->  {safe(there)}")
            yield f"    {'  + ' if step.goes_along else ''}{moved}"
    photos = Counter(step.target.relative_to(plan.into).parts[:-1] for step in plan.photos)
    if plan.placed:
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


def _stays(path: Path, reasons: dict[Path, str]) -> str:
    """That a photo stays, and why if that is known."""
    reason = reasons.get(path, "")
    return f"stays: {safe(reason)}" if reason else "stays"


def _shown(path: Path, root: Path) -> str:
    return safe(path.relative_to(root) if path.is_relative_to(root) else path)
