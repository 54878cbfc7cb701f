"""A plan that frees space as a document of JSON and back: of each set one photo stays."""

from pathlib import Path
from typing import Any

from dedupe.names import path_facts, safe
from dedupe.organize.plans.freeing import FREEING, SURE, Doubt, FreeingPlan
from dedupe.organize.saved.document import (
    SIGNED,
    UNSIGNED,
    VERSION,
    Flaw,
    Part,
    left_facts,
    read_left,
)
from dedupe.organize.steps import Kept, Step
from dedupe.photos.photo import PhotoFile

_ABOUT = (
    "Delete steps or whole sets. What may differ from the photo that is kept goes only where you "
    'change "confirmed" to true. Change nothing else, then run `dedupe apply` on this file. '
    "Nothing was done yet."
)
_WEAKER = ("same picture", "same moment", "same scene", "look-alike")


def freeing_document_of(plan: FreeingPlan) -> dict[str, Any]:
    """A plan as what JSON can hold, each set with the photo that stays and a step for each."""
    relations = dict(plan.relations)
    sets: dict[Kept, list[dict[str, Any]]] = {}
    for step in plan.photos:
        relation = relations[step.source]
        sure = {} if relation in SURE else {"confirmed": True}
        sets.setdefault(_kept(step), []).append({**_step_facts(step, relation), **sure})
    for doubt in plan.doubts:
        facts = {**_step_facts(doubt.step, doubt.relation), "confirmed": False}
        sets.setdefault(_kept(doubt.step), []).append(facts)
    return {
        "dedupe_plan": VERSION,
        "about": _ABOUT,
        "action": plan.action,
        **path_facts(plan.into, "into"),
        "protected": [path_facts(folder) for folder in plan.protected],
        "sets": [{"kept": kept_facts(kept), "steps": steps} for kept, steps in sets.items()],
        "standing": plan.standing,
        "unlike": plan.unlike,
        **left_facts(plan),
    }


def freeing_plan_of(top: Part, action: str) -> FreeingPlan:
    """The plan that `freeing_document_of` was given, or what a person has left and confirmed of it.

    Args:
        top: the document, of which version, words and action were read.
        action: a name in FREEING.

    Raises:
        Flaw: it would do what no plan does.
    """
    into = top.path("into")
    protected = tuple(part.only_path() for part in top.parts("protected", "protected folder"))
    found: list[tuple[Step, str, bool]] = []
    kept_paths: set[Path] = set()
    for part in top.parts("sets", "set"):
        kept = read_kept(part.part("kept"))
        if kept.file.path in kept_paths:
            raise Flaw(f"it has two sets that keep {safe(kept.file.path)}")
        kept_paths.add(kept.file.path)
        found += [_read_step(each, action, kept) for each in part.parts("steps", "step")]
        part.end()
    standing = top.number("standing", 0, SIGNED)
    unlike = top.number("unlike", 0, SIGNED)
    stays, refusals = read_left(top)
    _refuse_what_no_plan_does(into, protected, kept_paths, [step for step, *_ in found])
    return FreeingPlan(
        action=action,
        into=into,
        steps=tuple(step for step, _, sure in found if sure),
        refusals=refusals,
        standing=standing,
        unlike=unlike,
        protected=protected,
        stays=stays,
        relations=tuple((step.source, relation) for step, relation, sure in found if sure),
        doubts=tuple(Doubt(step, relation) for step, relation, sure in found if not sure),
    )


def _kept(step: Step) -> Kept:
    assert step.kept is not None
    return step.kept


def kept_facts(kept: Kept) -> dict[str, Any]:
    """The photo that stays, as what JSON can hold."""
    return {**path_facts(kept.file.path), **_file_facts(kept.file), "content": kept.content.hex()}


def _step_facts(step: Step, relation: str) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "verb": step.verb,
        **path_facts(step.source, "source"),
        **_file_facts(step.file),
        "content": step.content.hex(),
        "relation": relation,
    }
    return {**facts, **path_facts(step.link, "link")} if step.link else facts


def _file_facts(file: PhotoFile) -> dict[str, Any]:
    return {
        "bytes": file.size,
        "modified_ns": file.mtime_ns,
        "device": file.device,
        "inode": file.inode,
    }


def read_kept(part: Part) -> Kept:
    """The photo that `kept_facts` was given; raises Flaw where there is none."""
    kept = Kept(_file(part, part.path("path")), part.hash("content"))
    part.end()
    return kept


def _read_step(part: Part, action: str, kept: Kept) -> tuple[Step, str, bool]:
    """A step, what it is to the photo that stays, and whether it is to be done."""
    verb = part.text("verb")
    if verb != action:
        raise Flaw(f"{part.where} has the verb {safe(verb)!r}, in a plan that is to {action}")
    source = part.path("source")
    file = _file(part, source)
    step = Step(
        verb=verb,
        source=source,
        target=source,
        size=file.size,
        mtime_ns=file.mtime_ns,
        device=file.device,
        inode=file.inode,
        content=part.hash("content"),
        link=part.exact("link") if verb == "symlink-same" else "",
        kept=kept,
    )
    relation = part.text("relation")
    if relation not in (*SURE, *_WEAKER):
        raise Flaw(f"{part.where} has a relation {safe(relation)!r} that there is not")
    same_file = step.content == kept.content and step.size == kept.file.size
    if same_file != (relation == SURE[0]):
        raise Flaw(f"{part.where} is not the {safe(relation)} as the photo that is kept")
    if FREEING[action].links and not same_file:
        raise Flaw(f"{part.where} is to be replaced, and is not the same file")
    sure = relation in SURE or part.flag("confirmed")
    part.end()
    return step, relation, sure


def _file(part: Part, path: Path) -> PhotoFile:
    return PhotoFile(
        path=path,
        size=part.number("bytes", 0, SIGNED),
        mtime_ns=part.number("modified_ns", -SIGNED, SIGNED),
        device=part.number("device", 0, UNSIGNED),
        inode=part.number("inode", 0, UNSIGNED),
    )


def _refuse_what_no_plan_does(
    into: Path, protected: tuple[Path, ...], kept: set[Path], steps: list[Step]
) -> None:
    """Above all: what one set keeps, no other step may take."""
    taken: set[Path] = set()
    for step in steps:
        path = step.source
        if path in kept:
            raise Flaw(f"it takes {safe(path)}, which is to be kept: one photo of a set stays")
        if path in taken:
            raise Flaw(f"it takes {safe(path)} twice")
        taken.add(path)
        if into not in path.parents:
            raise Flaw(f"{safe(path)} is outside of {safe(into)}")
        if any(folder in path.parents for folder in protected):
            raise Flaw(f"it takes {safe(path)} out of a protected folder")
