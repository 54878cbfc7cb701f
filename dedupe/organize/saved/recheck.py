"""A plan that was saved, looked at again: what of it can still be done as it was meant?"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from dedupe.errors import PlanRefused
from dedupe.names import safe
from dedupe.organize.drafting.layout import missing_folders
from dedupe.organize.drafting.pointing import links_after, reason_to_stay
from dedupe.organize.files import checks
from dedupe.organize.files.place import Place
from dedupe.organize.files.staying import stays_as
from dedupe.organize.plans.actions import link_text_for
from dedupe.organize.plans.plan import ALONE, Plan, make_folder, refuse_as_folder
from dedupe.organize.protected import Protected
from dedupe.organize.steps import Kept, Refusal, Step


def recheck(plan: Plan, ours: Mapping[Path, str]) -> Plan:
    """The plan as it can be done now: every photo and every name is looked at once more.

    A photo that changed since is refused, as a new plan would refuse it; one that is in its
    place already needs no step; a name or folder that somebody else took meanwhile stays his.
    So a plan that was stopped half way can be applied again.

    Args:
        plan: as `read_plan` gives it.
        ours: what the journal says was made below its folder (`Journal.links_under`).

    Returns:
        A plan with the same photos or fewer, and a refusal for each that cannot be done.

    Raises:
        PlanRefused: its folder is reached through a link now, or its drive is away.
        UsageError: its folder is a file now, or is protected, or a protected folder is gone.
    """
    protected = Protected(plan.protected)
    refuse_if_elsewhere(plan.into, protected)
    seen = Seen(plan, ours, protected)
    tidying = list(seen.tidying())
    steps: list[Step] = []
    new = {step.target for step in plan.steps if step.verb == "mkdir"}
    for folder, each in groupby(plan.placed, key=lambda step: step.target.parent):
        steps += seen.a_set(folder, list(each), new=folder in new)
    above = missing_folders(plan.into) if steps else []
    refuse_if_away(plan.into, above, new)
    return replace(
        plan,
        steps=(*tidying, *map(make_folder, above), *steps),
        refusals=tuple(seen.refusals),
        standing=seen.standing,
    )


def refuse_if_elsewhere(into: Path, protected: Protected) -> None:
    """Refuse a folder that is reached through a link now, or cannot be the one of a plan.

    Raises:
        PlanRefused: there is a link on the way to it.
        UsageError: it is a file now, or protected.
    """
    if os.path.realpath(into) != os.fspath(into):
        raise PlanRefused(
            f"{safe(into)} is somewhere else by now: there is a link on the way to it",
            "nothing was done; make a new plan",
        )
    refuse_as_folder(into, protected)


def refuse_if_away(into: Path, missing: Sequence[Path], then: set[Path]) -> None:
    """A drive that is not plugged in must not be filled up as a folder of another one.

    Args:
        into: the folder of the plan.
        missing: it and those above it that are not there now.
        then: those that were not there when the plan was made.

    Raises:
        PlanRefused: one of the others is gone.
    """
    for folder in missing:
        if folder != into and folder not in then:
            raise PlanRefused(
                f"{safe(folder)} was there when the plan was made, and is not there now",
                "nothing was done; is its drive connected?",
            )


class Seen:
    """What was found so far of a plan that is looked at again.

    Attributes:
        refusals: what of it cannot be done, and why.
        standing: how many of its photos are in their place already.
        standing_in: the folders of what is in its place already.
    """

    def __init__(self, plan: Plan, ours: Mapping[Path, str], protected: Protected) -> None:
        self.refusals: list[Refusal] = []
        self.standing = 0
        self.standing_in: set[Path] = set()
        self._going: set[Path] = set()  # links and folders of ours that make room
        self._plan = plan
        self._ours = ours
        self._protected = protected
        self._links = links_after(plan.steps)

    def tidying(self) -> Iterator[Step]:
        """Links and folders that the journal knows as ours, and that are as we made them."""
        for step in self._plan.steps:
            if step.verb not in ("unlink", "rmdir") or not os.path.lexists(step.target):
                continue
            mine = self._ours.get(step.target) == step.link
            if not mine or self._protected.holds(step.target):
                self.refusals.append(Refusal(step.target, "is nothing that dedupe made"))
            elif self._as_made(step):
                self._going.add(step.target)
                yield step

    def _as_made(self, step: Step) -> bool:
        if step.verb == "unlink":
            return checks.link_text(Place.by_path(step.target)) == step.link
        return step.target.is_dir() and self._going.issuperset(step.target.iterdir())

    def a_set(self, folder: Path, steps: Sequence[Step], *, new: bool) -> list[Step]:
        """The steps of one set that can be done, its folder first where it must be made."""
        before = self.standing
        left, links = self.doable(steps)
        stood = self.standing - before
        photos = sum(step.is_photo for step in left)
        several = sum(step.is_photo for step in steps) > 1
        alone = several and photos + stood == 1
        reason = ALONE if alone else self.taken(folder, foreign=new and not stood)
        if reason is not None:
            self.refusals += [Refusal(step.source, reason) for step in left]
            return links
        steps = self.followed(left)
        if left and not os.path.lexists(folder):
            return [make_folder(folder), *steps, *links]
        return [*steps, *links]

    def doable(self, steps: Sequence[Step]) -> tuple[list[Step], list[Step]]:
        """Those of some steps that can be done, and the links to photos that are there already."""
        left: list[Step] = []
        links: list[Step] = []
        there: set[Path] = set()  # the places of photos that stand or will
        for step in steps:
            if _stands(step):
                self.standing += step.verb == self._plan.action
                self.standing_in.add(step.target.parent)
                links += self._re_pointed(step)
            elif reason := self._without_photo(step, there) or self._reason(step):
                self.refusals.append(Refusal(step.source, reason))
                continue
            else:
                left.append(step)
            there.add(step.target)
        return left, links

    def followed(self, steps: Sequence[Step]) -> list[Step]:
        """The steps, each with the links behind it that follow its photo."""
        return [each for step in steps for each in (step, *self._re_pointed(step))]

    def _re_pointed(self, move: Step) -> Iterator[Step]:
        """The links to a photo that can be re-pointed once it is moved."""
        for link in self._links.get(move.target, ()):
            if checks.link_text(Place.by_path(link.target)) == link.link:
                continue  # by an earlier run of the plan
            if reason := reason_to_stay(link, move, self._protected):
                self.refusals.append(Refusal(link.target, reason))
            else:
                yield link

    def _without_photo(self, step: Step, there: set[Path]) -> str | None:
        """Why what belongs to a photo stays: the photo is neither moved there nor there already."""
        if not step.goes_along or step.photo in there:
            return None
        if not step.moves and os.path.lexists(step.photo):
            return None
        return "stays with its photo"

    def _reason(self, step: Step) -> str | None:
        """Why a photo is not put where it should go, or None."""
        if reason := checks.difference(Place.by_path(step.source), step.file, step.content):
            return reason
        if step.moves and self._protected.holds(step.source):
            return "is in a protected folder"
        if step.moves and step.kept is not None and (reason := _gone(step.kept)):
            return stays_as(step.kept, reason)
        if os.path.lexists(step.target) and step.target not in self._going:
            return f"stays, as its new name {safe(step.target)} is taken by another file"
        if step.verb == "symlink" and link_text_for(step.source, step.target) != step.link:
            return "is reached another way by now: the link would not lead to it"
        return None

    def taken(self, folder: Path, *, foreign: bool = False) -> str | None:
        """Why nothing may be put into a folder, or None; with `foreign`, it must be ours."""
        where = f"stays, as its new folder {safe(folder)}"
        if self._protected.holds(folder):
            return f"{where} is protected"
        if not os.path.lexists(folder):
            return None
        if folder.is_symlink() or not folder.is_dir():
            return f"{where} is no folder"
        return f"{where} is another one" if foreign and folder not in self._ours else None


def _gone(kept: Kept) -> str | None:
    """Why the photo that is to stay is no longer there as it was, or None."""
    return checks.difference(Place.by_path(kept.file.path), kept.file, kept.content)


def _stands(step: Step) -> bool:
    """Whether the photo is in its place already, put there by an earlier run of the plan."""
    if step.verb == "symlink":
        return checks.link_text(Place.by_path(step.target)) == step.link
    try:
        there = checks.same_bytes(Place.by_path(step.target), step.file, step.content)
    except OSError:
        return False
    return there and (not step.moves or not os.path.lexists(step.source))
