"""What will be done to which file: a plan, pure data, and its words."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dedupe.errors import UsageError
from dedupe.names import safe
from dedupe.organize.protected import Protected
from dedupe.organize.steps import Refusal, Step

ALONE = "is the only one left of its group"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What will be done to which file. Pure data: nothing has changed yet.

    Attributes:
        action: a name in ACTIONS; it is the verb of what is done to its photos.
        into: the real path of the folder that gets one folder for each group.
        steps: in the order in which they will be done.
        refusals: what will not be done, and why.
        standing: how many photos already are in their place, and need no step.
        protected: real paths of the folders in which nothing is changed.
        stays: the photos there that would be moved otherwise.
    """

    action: str
    into: Path
    steps: tuple[Step, ...]
    refusals: tuple[Refusal, ...] = ()
    standing: int = 0
    protected: tuple[Path, ...] = ()
    stays: tuple[Path, ...] = ()

    @property
    def photos(self) -> tuple[Step, ...]:
        """The steps that do to a photo what the plan is for."""
        return tuple(step for step in self.steps if step.verb == self.action)

    @property
    def along(self) -> tuple[Step, ...]:
        """The steps of what goes along with these photos."""
        return tuple(step for step in self.steps if step.goes_along)

    @property
    def placed(self) -> tuple[Step, ...]:
        """The steps that put anything into the folders of groups, in their order."""
        return tuple(step for step in self.steps if step.is_photo or step.goes_along)

    @property
    def links(self) -> tuple[Step, ...]:
        """The steps that re-point links of the user's to photos that are moved."""
        return tuple(step for step in self.steps if step.verb == "relink")

    @property
    def takes_away(self) -> bool:
        """Whether a photo will no longer be where it was."""
        return any(step.moves for step in self.steps)

    def __str__(self) -> str:
        return "\n".join(_told(self))


def refuse_as_folder(into: Path, protected: Protected) -> None:
    """Refuse what cannot be the folder for the groups.

    Raises:
        UsageError: it is a file, or below one, or in a protected folder.
    """
    if protected.holds(into):
        raise UsageError(
            f"{safe(into)} is in a protected folder, and nothing is put there",
            "name another folder with --into",
        )
    nearest = next(path for path in (into, *into.parents) if os.path.lexists(path))
    if not nearest.is_dir():
        raise UsageError(
            f"{safe(nearest)} is a file, not a folder", "name a folder to make or to use"
        )


def make_folder(folder: Path) -> Step:
    """The step that makes a folder."""
    return Step(verb="mkdir", source=folder, target=folder)


def _told(plan: Plan) -> Iterator[str]:
    """The lines of `str(plan)`."""
    folders = {step.target.parent for step in plan.placed}
    yield (
        f"{plan.action} {counted(plan)} into {count(len(folders), 'folder')} "
        f"below {safe(plan.into)}"
    )
    if plan.standing:
        yield f"{count(plan.standing, 'photo')} already in place"
    yield from told_removed(plan)
    folder = None
    for step in plan.placed:
        if step.target.parent != folder:
            folder = step.target.parent
            yield f"\n  {safe(folder.name)}/"
        yield told_step(step)
    yield from told_left(plan)


def counted(plan: Plan) -> str:
    """`2 photos and 1 companion`: what a plan is for."""
    along = f" and {count(len(plan.along), 'companion')}" if plan.along else ""
    return f"{count(len(plan.photos), 'photo')}{along}"


def told_removed(plan: Plan) -> Iterator[str]:
    """The line of what earlier runs made and is no longer wanted, if there is any."""
    if removed := sum(step.verb == "unlink" for step in plan.steps):
        yield f"{count(removed, 'link')} of an earlier run to remove"


def told_step(step: Step) -> str:
    """The line of a file that is put into the folder of its group."""
    indent = "      + " if step.goes_along else "    "
    return f"{indent}{safe(step.target.name)}  <-  {safe(step.source)}"


def told_left(plan: Plan) -> Iterator[str]:
    """The lines of what stays where it is: by protection, and for a reason each."""
    if plan.stays:
        yield f"\nleft where they are, protected: {count(len(plan.stays), 'photo')}"
    for path in plan.stays:
        yield f"  {safe(path)}"
    if plan.refusals:
        yield f"\nleft alone: {count(len(plan.refusals), 'file')}"
    for refusal in plan.refusals:
        yield f"  {safe(refusal.path)} {refusal.reason}"


def told_links(links: Sequence[Step]) -> Iterator[str]:
    """The lines of the links that follow their photos."""
    if links:
        yield f"\nre-pointed to the new places: {count(len(links), 'link')}"
    for step in links:
        yield f"  {safe(step.target)} -> {safe(step.link)}"


def count(number: int, thing: str) -> str:
    """`1 photo`, `1,200 photos`."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
