"""A plan that puts photos aside as a document of JSON and back."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from dedupe.names import path_facts, safe
from dedupe.organize.drafting.pointing import links_after
from dedupe.organize.plans.aside import AsidePlan
from dedupe.organize.plans.plan import make_folder
from dedupe.organize.saved.document import (
    MOVE_VERSION,
    SIGNED,
    Flaw,
    Part,
    left_facts,
    read_left,
    read_step,
    read_tidying,
    refuse_unless_leading,
    refuse_what_no_plan_does,
    step_facts,
    tidying_facts,
)
from dedupe.organize.saved.freeing_document import kept_facts, read_kept
from dedupe.organize.steps import Kept, Step

_ABOUT = (
    "Of each set the photo that is kept stays where it is. Delete steps or whole sets, change "
    "nothing else, then run `dedupe apply` on this file. Nothing was done yet."
)


def aside_document_of(plan: AsidePlan) -> dict[str, Any]:
    """A plan as what JSON can hold, each set with the photo that stays and a step for each."""
    links = links_after(plan.steps)
    reasons = dict(plan.reasons)
    made = [step.target for step in plan.steps if step.verb == "mkdir"]
    tree = {} if plan.root is None else path_facts(plan.root, "tree")

    def facts(step: Step) -> dict[str, Any]:
        folder = step.target.parent.relative_to(plan.into)
        own = {"kept": kept_facts(step.kept)} if step.goes_along and step.kept else {}
        found = step_facts(step, links.get(step.target, ()))
        return {**found, **path_facts(folder, "folder"), **own}

    return {
        "dedupe_plan": MOVE_VERSION,
        "about": _ABOUT,
        "action": plan.action,
        **path_facts(plan.into, "into"),
        **tree,
        "protected": [path_facts(folder) for folder in plan.protected],
        "new_folders": [path_facts(folder) for folder in made],
        "tidy": tidying_facts(plan),
        "sets": [
            {
                "kept": kept_facts(kept),
                "why": reasons.get(kept.file.path, ""),
                "steps": [facts(step) for step in steps],
            }
            for kept, steps in plan.sets
        ],
        "standing": plan.standing,
        **left_facts(plan),
    }


def aside_plan_of(top: Part) -> AsidePlan:
    """The plan that `aside_document_of` was given, or what a person has left of it.

    Args:
        top: the document, of which version, words and action were read.

    Raises:
        Flaw: it would do what no plan does; above all, take a photo that is to stay.
    """
    into = top.path("into")
    root = top.path("tree") if top.has("tree") else None
    protected = tuple(part.only_path() for part in top.parts("protected", "protected folder"))
    made = [part.only_path() for part in top.parts("new_folders", "new folder")]
    tidying = read_tidying(top, into)
    steps: list[Step] = []
    reasons: dict[Path, str] = {}
    for part in top.parts("sets", "set"):
        kept = read_kept(part.part("kept"))
        if kept.file.path in reasons:
            raise Flaw(f"it has two sets that keep {safe(kept.file.path)}")
        reasons[kept.file.path] = part.text("why")
        for each in part.parts("steps", "step"):
            steps += _steps(each, into, kept, in_tree=root is not None)
        part.end()
    standing = top.number("standing", 0, SIGNED)
    stays, refusals = read_left(top)
    refuse_what_no_plan_does(into, protected, [*tidying, *steps])
    _refuse_unless_one_stays(into, set(reasons), steps)
    refuse_unless_leading([each for each in made if into not in each.parents], into)
    needed = {folder for step in steps if step.moves for folder in step.target.parents}
    known = {step.kept.file.path for step in steps if step.is_photo and step.kept}
    return AsidePlan(
        action="move",
        into=into,
        root=root,
        steps=(*tidying, *(make_folder(each) for each in made if each in needed), *steps),
        refusals=refusals,
        standing=standing,
        protected=protected,
        stays=stays,
        reasons=tuple((path, words) for path, words in reasons.items() if path in known),
    )


def _steps(part: Part, into: Path, kept: Kept, *, in_tree: bool) -> Iterator[Step]:
    """A step with its links; each photo of a set knows the one that stays."""
    folder = into / (part.below("folder") if in_tree else part.name("folder"))
    own = read_kept(part.part("kept")) if part.has("kept") else None
    steps = list(read_step(part, "move", folder, also=() if in_tree else ("symlink",)))
    if steps[0].is_photo and own is not None:
        raise Flaw(f"{part.where} keeps another photo than its set")
    for step in steps:
        yield replace(step, kept=kept if steps[0].is_photo else own)


def _refuse_unless_one_stays(into: Path, kept: set[Path], steps: list[Step]) -> None:
    kept = kept | {step.kept.file.path for step in steps if step.kept is not None}
    taken = {step.source for step in steps if step.moves}
    for step in steps:
        if step.moves and step.source in kept:
            raise Flaw(f"it takes {safe(step.source)}, which is to be kept: one of a set stays")
        if step.moves and into in step.source.parents:
            raise Flaw(f"it takes {safe(step.source)}, which is put aside already")
    for step in steps:
        if step.verb == "symlink" and step.source in taken:
            raise Flaw(f"it has a link to {safe(step.source)}, which does not stay")
    for path in kept:
        if into in path.parents:
            raise Flaw(f"it keeps {safe(path)}, which is not in its place, but put aside")
