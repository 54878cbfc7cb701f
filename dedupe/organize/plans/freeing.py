"""Plans that free space: of every set one photo stays, the others go or share its bytes.

What is trashed by a rule, or replaced, holds nothing that the photo that stays has not: every
byte, or, for the trash, every pixel. All that is weaker goes to the trash only where a person
said so for that very photo.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from pathlib import Path

from dedupe.names import safe
from dedupe.organize.files import checks
from dedupe.organize.files.place import Place
from dedupe.organize.files.replacing import is_replaced
from dedupe.organize.files.staying import obstacle
from dedupe.organize.files.trash import PRIVATE, Trash, Trashes
from dedupe.organize.plans.plan import Plan, told_left
from dedupe.organize.protected import Protected
from dedupe.organize.steps import Kept, Refusal, Step


@dataclass(frozen=True, slots=True)
class Freeing:
    """One way to free space. The name of each is also the verb of its steps.

    Attributes:
        done: what the user is told of the photos: "replaced by hard links".
        links: what a file system must have for it, or "" for the trash.
    """

    done: str
    links: str = ""


FREEING: dict[str, Freeing] = {
    "trash": Freeing("put into the trash"),
    "hardlink": Freeing("replaced by hard links", "hard links"),
    "reflink": Freeing("replaced by reflinks", "reflinks (files that share their contents)"),
    "symlink-same": Freeing("replaced by symbolic links", "symbolic links"),
}

SURE = ("same file", "same pixels")
"""What a photo must be to the one that stays for a rule to trash it."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A photo that no rule trashes, as it holds what the one that stays has not.

    Attributes:
        step: what is done if a person says so.
        relation: what the photo is to the one that stays: "same picture".
    """

    step: Step
    relation: str

    @property
    def refusal(self) -> Refusal:
        """Why it stays for now."""
        kept = safe(self.step.kept.file.path) if self.step.kept else "none"
        return Refusal(
            self.step.source, f"stays: to {kept} it is {article(self.relation)}, and may differ"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeingPlan(Plan):
    """What will be trashed or replaced. Pure data: nothing has changed yet.

    Attributes:
        action: a name in FREEING.
        into: the folder that all its photos are below.
        relations: of each of `photos`, by its path, what it is to the one that stays.
        doubts: what a person has to confirm, each by itself; none of it is done.
        unlike: how many photos of its sets have bytes of their own, and are not replaced.
    """

    relations: tuple[tuple[Path, str], ...] = ()
    doubts: tuple[Doubt, ...] = ()
    unlike: int = 0

    @property
    def takes_away(self) -> bool:
        """Whether a photo will no longer be where it was, as a file of its own."""
        return bool(self.photos)

    def __str__(self) -> str:
        return "\n".join(_told(self))


def ready(plan: Plan) -> Plan:
    """The plan with what is only known when it is done.

    Each photo gets its name in the trash, and its folders if they are missing; and the numbers
    that it and the one that stays have on the disk by now.
    """
    if not isinstance(plan, FreeingPlan):
        return plan
    steps = [_renumbered(step) for step in plan.photos]
    if plan.action != "trash":
        return replace(plan, steps=tuple(steps))
    trashes, now = Trashes(Protected(plan.protected)), datetime.now()
    made: dict[Path, Step] = {}
    placed, refusals = [], list(plan.refusals)
    for step in steps:
        try:
            trash = trashes.of(step.source)
        except OSError as error:
            trash = f"cannot be looked at: {checks.said(error)}"
        if not isinstance(trash, Trash):
            refusals.append(Refusal(step.source, trash))
            continue
        for folder in trash.missing():
            made[folder] = Step(verb="mkdir", source=folder, target=folder, mode=PRIVATE)
        target = trashes.name_in(trash, step.source)
        placed.append(replace(step, target=target, link=trash.says(step.source, now)))
    return replace(plan, steps=(*made.values(), *placed), refusals=tuple(refusals))


def folder_above(paths: Sequence[Path]) -> Path:
    """The folder that all of some photos are below."""
    if not paths:
        return Path(os.sep)
    try:
        return Path(os.path.commonpath([path.parent for path in paths]))
    except ValueError:  # two drives on Windows have nothing in common
        return paths[0].parent


def reason_against(step: Step) -> str | None:
    """Why a photo cannot go although another one of its set stays, or None; reads neither."""
    assert step.kept is not None
    try:
        return obstacle(step.verb, Place.by_path(step.source), Place.by_path(step.kept.file.path))
    except OSError as error:
        return f"cannot be looked at: {checks.said(error)}"


def stands(step: Step) -> bool:
    """Whether a photo is replaced already by what a step would replace it by."""
    assert step.kept is not None
    if step.verb == "hardlink":
        try:
            return os.path.samestat(os.lstat(step.source), os.lstat(step.kept.file.path))
        except OSError:
            return False
    return is_replaced(step)


def _renumbered(step: Step) -> Step:
    """A step with the numbers on the disk that its two files have now; it is checked later."""
    assert step.kept is not None
    device, inode = _numbers(step.source, step.device, step.inode)
    file = step.kept.file
    there = _numbers(file.path, file.device, file.inode)
    kept = Kept(replace(file, device=there[0], inode=there[1]), step.kept.content)
    return replace(step, device=device, inode=inode, kept=kept)


def _numbers(path: Path, device: int, inode: int) -> tuple[int, int]:
    try:
        found = os.lstat(path)
    except OSError:
        return device, inode
    return found.st_dev, found.st_ino


def article(relation: str) -> str:
    """What one photo is to another, as a noun: "the same picture"."""
    return f"{'a' if relation == 'look-alike' else 'the'} {relation}"


def _told(plan: FreeingPlan) -> Iterator[str]:
    """The lines of `str(plan)`."""
    count = f"{len(plan.photos):,} photo{'' if len(plan.photos) == 1 else 's'}"
    size = f"{sum(step.size for step in plan.photos):,} bytes"
    yield f"{count} ({size}) to be {FREEING[plan.action].done}, one of each set stays"
    if plan.standing:
        yield f"{plan.standing:,} replaced already"
    relations = dict(plan.relations)
    for kept, steps in groupby(plan.photos, key=lambda step: step.kept):
        yield f"\n  {safe(kept.file.path) if kept else ''}  stays"
        for step in steps:
            yield f"    {safe(step.source)}  {relations.get(step.source, '')}"
    yield from _told_doubts(plan)
    yield from told_left(plan)


def _told_doubts(plan: FreeingPlan) -> Iterator[str]:
    if plan.doubts:
        yield f"\nto be confirmed one by one: {len(plan.doubts):,}"
    for doubt in plan.doubts:
        yield f"  {safe(doubt.step.source)} {doubt.refusal.reason}"
    if plan.unlike:
        yield f"\nwith bytes of their own, left as they are: {plan.unlike:,}"
