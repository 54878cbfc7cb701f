"""A saved plan that puts photos aside, looked at again: what of it can still be done?"""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from dedupe.organize.drafting.layout import missing_folders
from dedupe.organize.plans.aside import AsidePlan, bare_links
from dedupe.organize.plans.plan import make_folder
from dedupe.organize.plans.tree import refuse_as_aside
from dedupe.organize.protected import Protected
from dedupe.organize.saved.recheck import Seen, refuse_if_away, refuse_if_elsewhere
from dedupe.organize.steps import Refusal, Step


def recheck_aside(plan: AsidePlan, ours: Mapping[Path, str]) -> AsidePlan:
    """The plan as it can be done now: every photo, and the one that stays, is looked at again.

    Args:
        plan: as `read_plan` gives it.
        ours: what the journal says was made below its folder (`Journal.links_under`).

    Returns:
        A plan with the same photos or fewer, and a refusal for each that cannot go any more.

    Raises:
        PlanRefused: its folder is reached through a link now, or its drive is away.
        UsageError: its folder is a file now, or is protected, or a protected folder is gone.
    """
    protected = Protected(plan.protected)
    refuse_if_elsewhere(plan.into, protected)
    if plan.root is not None:
        refuse_as_aside(plan.root, plan.into)
    seen = Seen(plan, ours, protected)
    tidying = list(seen.tidying())
    made = {step.target for step in plan.steps if step.verb == "mkdir"}
    doable, links = seen.doable(plan.placed)
    # a folder of a set that somebody has made since is his; those of a tree are used
    own = made - seen.standing_in if plan.root is None else set()
    left: list[Step] = []
    for step in doable:
        folders = _folders(step, plan.into)
        reasons = (seen.taken(folder, foreign=folder in own) for folder in folders)
        reason = next(filter(None, reasons), None)
        if reason is None:
            left.append(step)
        elif step.moves:  # what would only be shown there stays anyway
            seen.refusals.append(Refusal(step.source, reason))
    bare = bare_links(left)
    left = [step for step in left if step.target not in bare]
    above = missing_folders(plan.into) if left else []
    refuse_if_away(plan.into, above, made)
    inside = sorted({folder for step in left for folder in _folders(step, plan.into)})
    missing = [folder for folder in inside if not os.path.lexists(folder)]
    known = {step.kept.file.path for step in left if step.is_photo and step.kept}
    return replace(
        plan,
        steps=(*tidying, *map(make_folder, [*above, *missing]), *seen.followed(left), *links),
        refusals=tuple(seen.refusals),
        standing=seen.standing,
        reasons=tuple(each for each in plan.reasons if each[0] in known),
    )


def _folders(step: Step, into: Path) -> list[Path]:
    """The folders below that of the plan which a file goes into, outermost first."""
    above = [folder for folder in step.target.parents if into in folder.parents]
    return above[::-1]
