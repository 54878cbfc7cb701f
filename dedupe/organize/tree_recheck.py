"""A saved plan that puts photos aside, looked at again: what of it can still be done?"""

import os
from dataclasses import replace
from pathlib import Path

from dedupe.organize.layout import missing_folders
from dedupe.organize.plan import make_folder
from dedupe.organize.protected import Protected
from dedupe.organize.recheck import Seen, refuse_if_away, refuse_if_elsewhere
from dedupe.organize.steps import Refusal, Step
from dedupe.organize.tree import TreePlan, refuse_as_tree


def recheck_tree(plan: TreePlan) -> TreePlan:
    """The plan as it can be done now: every photo, and the one that stays, is looked at again.

    Args:
        plan: as `read_plan` gives it.

    Returns:
        A plan with the same photos or fewer, and a refusal for each that cannot go any more.

    Raises:
        PlanRefused: its folder is reached through a link now, or its drive is away.
        UsageError: its folder is a file now, or is protected, or a protected folder is gone.
    """
    protected = Protected(plan.protected)
    refuse_if_elsewhere(plan.into, protected)
    refuse_as_tree(plan.root, plan.into)
    seen = Seen(plan, {}, protected)
    doable, links = seen.doable(plan.placed)
    left: list[Step] = []
    for step in doable:
        reasons = (seen.taken(folder) for folder in _folders(step, plan.into))
        if reason := next(filter(None, reasons), None):
            seen.refusals.append(Refusal(step.source, reason))
        else:
            left.append(step)
    above = missing_folders(plan.into) if left else []
    refuse_if_away(plan.into, above, {step.target for step in plan.steps if step.verb == "mkdir"})
    inside = sorted({folder for step in left for folder in _folders(step, plan.into)})
    missing = [folder for folder in inside if not os.path.lexists(folder)]
    known = {step.kept.file.path for step in left if step.is_photo and step.kept}
    return replace(
        plan,
        steps=(*map(make_folder, [*above, *missing]), *seen.followed(left), *links),
        refusals=tuple(seen.refusals),
        standing=seen.standing,
        reasons=tuple(each for each in plan.reasons if each[0] in known),
    )


def _folders(step: Step, into: Path) -> list[Path]:
    """The folders below that of the plan which a file goes into, outermost first."""
    above = [folder for folder in step.target.parents if into in folder.parents]
    return above[::-1]
