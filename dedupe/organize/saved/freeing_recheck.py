"""A saved plan that frees space, looked at again: what of it can still be done as it was meant?"""

import os
from collections.abc import Set
from dataclasses import replace
from pathlib import Path

from dedupe.names import safe
from dedupe.organize.files import checks
from dedupe.organize.files.place import Place
from dedupe.organize.files.trash import refuse_without_trash
from dedupe.organize.plans.actions import link_text_for
from dedupe.organize.plans.freeing import FreeingPlan, reason_against, stands
from dedupe.organize.protected import Protected
from dedupe.organize.steps import Refusal, Step


def recheck_freeing(plan: FreeingPlan, trashed: Set[Path]) -> FreeingPlan:
    """The plan as it can be done now: every photo, and the one that stays, is looked at again.

    Args:
        plan: as `read_plan` gives it.
        trashed: where photos were that are in the trash now (`Journal.gone_from`).

    Returns:
        A plan with the same photos or fewer, and a refusal for each that cannot go any more.

    Raises:
        UsageError: a protected folder is gone, or the system has no trash.
    """
    if plan.action == "trash":
        refuse_without_trash()
    protected = Protected(plan.protected)
    steps: list[Step] = []
    refusals: list[Refusal] = []
    standing = 0
    for step in plan.photos:
        if _stands(step, trashed):
            standing += 1
        elif reason := _reason(step, protected):
            refusals.append(Refusal(step.source, reason))
        else:
            steps.append(step)
    return replace(plan, steps=tuple(steps), refusals=tuple(refusals), standing=standing)


def _stands(step: Step, trashed: Set[Path]) -> bool:
    if step.verb == "trash":
        return step.source in trashed and not os.path.lexists(step.source)
    return stands(step)


def _reason(step: Step, protected: Protected) -> str | None:
    """Why a photo does not go, or None."""
    assert step.kept is not None
    kept = step.kept.file.path
    if protected.holds(step.source):
        return "is in a protected folder"
    if reason := checks.difference(Place.by_path(step.source), step.file, step.content):
        return reason
    if reason := checks.difference(Place.by_path(kept), step.kept.file, step.kept.content):
        return f"stays, as {safe(kept)}, the one to keep, {reason}"
    if step.verb == "symlink-same" and link_text_for(kept, step.source) != step.link:
        return "is reached another way by now: the link would not lead to the one to keep"
    return reason_against(step)
