"""Asks, acts, and says what was done: for every command that carries out a plan."""

import os
import shlex
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dedupe.cli import options
from dedupe.cli.talk import ask, say, say_left
from dedupe.errors import UsageError
from dedupe.names import safe
from dedupe.organize.plans.aside import AsidePlan
from dedupe.organize.plans.freeing import FREEING, FreeingPlan, article
from dedupe.reports.words import counted, shown_bytes, shown_path

if TYPE_CHECKING:
    from dedupe.organize.plans.plan import Plan
    from dedupe.organize.steps import Step

DONE = {
    **{"symlink": "linked", "copy": "copied", "move": "moved"},
    **{name: freeing.done for name, freeing in FREEING.items()},
}


def refuse_without_a_person(action: str, *, yes: bool) -> None:
    """Refuse to take photos away where nobody can be asked and nobody has said yes.

    Raises:
        UsageError: there is no terminal to ask at.
    """
    if not yes and not sys.stdin.isatty():
        raise UsageError(
            f"photos are not {DONE[action]} without a yes, and there is nobody to ask here",
            "nothing was done; add --yes, or --dry-run to see the plan",
        )


def agreed(steps: "Sequence[Step]", action: str, into: Path, *, yes: bool, links: int = 0) -> bool:
    """Whether a person wants these photos moved, trashed or replaced: asked with count and bytes.

    Raises:
        UsageError: there is nobody to ask.
    """
    refuse_without_a_person(action, yes=yes)
    if action in FREEING:
        return yes or ask(f"{_told(steps)} to be {DONE[action]}: go on?")
    also = f", and re-point {counted(links, 'link')} to them" if links else ""
    return yes or ask(f"Move {_told(steps)} to {shown_path(into)}{also}?")


def _told(steps: "Sequence[Step]") -> str:
    """Photos, what goes along, and their bytes: "2 photos with 1 companion (3 MB)"."""
    size = shown_bytes(sum(step.size for step in steps))
    photos = sum(not step.goes_along for step in steps)
    return f"{counted(photos, 'photo')}{with_companions(len(steps) - photos)} ({size})"


def with_companions(count: int) -> str:
    """What is said behind a number of photos of what goes along with them; "" of none."""
    return f" with {counted(count, 'companion')}" if count else ""


def carry_out(plan: "Plan", *, yes: bool, index: Path | None, doubts: bool = False) -> int:
    """Do what a plan says, ask first where it takes photos away; the exit code.

    With `doubts` it is said what no rule takes, and how a person can.
    """
    from dedupe.cli.progress import RichProgress
    from dedupe.organize.act import apply, probe

    if plan.takes_away:
        refuse_without_a_person(plan.action, yes=yes)
    probed = probe(plan, index=index)
    plan = probed.plan
    for note in probed.notes:
        say(note)
    if isinstance(plan, AsidePlan) and plan.photos:
        say(plan.promise)
    going, links = (*plan.photos, *plan.along), len(plan.links)
    if plan.takes_away and not agreed(going, plan.action, plan.into, yes=yes, links=links):
        say(f"nothing was {DONE[plan.action]}")
        return 1
    with RichProgress() as progress:
        receipt = apply(plan, index=index, progress=progress, probed=True)
    done = f"{counted(receipt.done, 'photo')}{with_companions(receipt.along)}"
    if isinstance(plan, FreeingPlan):
        size = f" ({shown_bytes(receipt.bytes)})" if receipt.done else ""
        standing = f", {plan.standing:,} before" if plan.standing else ""
        say(f"{done}{size} {DONE[plan.action]}{standing}")
    else:
        standing = f", {plan.standing:,} already there" if plan.standing else ""
        say(f"{done} {DONE[plan.action]} into {shown_path(plan.into)}{standing}")
    if receipt.links:
        say(f"{counted(receipt.links, 'link')} to moved photos re-pointed")
    say_stays(plan)
    if receipt.action:
        command = options.again("dedupe undo", index)
        say(f"{command} takes it back (action {receipt.action})")
    if doubts and isinstance(plan, FreeingPlan):
        _say_doubts(plan, index)
    return say_left(receipt.left)


def _say_doubts(plan: FreeingPlan, index: Path | None) -> None:
    """Say how many photos hold what no other one does, and stay; how a person can trash them."""
    if plan.unlike:
        verb = "has" if plan.unlike == 1 else "have"
        say(f"{counted(plan.unlike, 'photo')} in these sets {verb} other bytes: left as before")
    if plan.doubts:
        kinds = Counter(article(doubt.relation) for doubt in plan.doubts)
        words = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())
        say(f"{counted(len(plan.doubts), 'photo')} may differ from what stays, and stay: {words}")
        named, saved = options.again("dedupe trash PHOTO...", index), "--save-plan FILE"
        say(f"{named} trashes what you name; {saved} writes a plan to confirm one by one")


def say_stays(plan: "Plan") -> None:
    """Say how many photos stay where they are, as a person wished."""
    if plan.stays:
        verb = "stays" if len(plan.stays) == 1 else "stay"
        say(f"{counted(len(plan.stays), 'protected photo')} {verb} in place")


def write_plan(plan: "Plan", file: Path, *, index: Path | None) -> int:
    """Write a plan to a file, and say how to go on from there; the exit code."""
    from dedupe.organize.saved.plan_file import save_plan

    save_plan(plan, file)
    where = shown_path(file)
    told = _told((*plan.photos, *plan.along))
    say(f"the plan to {plan.action} {told} is in {where}; nothing was done yet")
    if isinstance(plan, FreeingPlan) and plan.doubts:
        more = counted(len(plan.doubts), "more photo")
        say(f'{more} may differ from what stays: "confirmed": true in it lets one go')
    say_stays(plan)
    command = options.again(f"dedupe apply {safe(shlex.quote(os.fspath(file)))}", index)
    say(f"next:  {command}")
    return say_left(plan.refusals)
