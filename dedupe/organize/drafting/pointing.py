"""Links that lead to a photo that a plan moves, and what they are to say then. Changes nothing."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from dedupe.names import safe
from dedupe.organize.files import checks
from dedupe.organize.files.place import Place
from dedupe.organize.plans.actions import led_to, link_text_for, real
from dedupe.organize.plans.freeing import FreeingPlan
from dedupe.organize.plans.plan import Plan
from dedupe.organize.protected import Protected
from dedupe.organize.steps import Refusal, Step


def with_links(plan: Plan, links: Iterable[Path], protected: Protected) -> Plan:
    """The plan with a step for each link that would lead nowhere once its photo is moved.

    The step comes right after that of the photo. A link in a protected folder is refused, as
    nothing is changed there. A link to a folder, or to another link, leads where it did.

    Args:
        plan: without such steps.
        links: where links were seen; what is none any more is passed over.
        protected: folders in which nothing is changed.
    """
    moves = {step.source: step for step in plan.steps if step.moves}
    if not moves:
        return plan
    going = {step.target for step in plan.steps if step.verb == "unlink"}
    found: dict[Path, list[Step]] = {}
    refusals: list[Refusal] = []
    for link in sorted(set(map(real, links)) - going, key=os.fsencode):
        text = checks.link_text(Place.by_path(link))
        if text is None:
            continue
        move = moves.get(led_to(link, text))
        if move is None:
            continue
        if protected.holds(link):
            refusals.append(Refusal(link, stays_protected(move)))
        else:
            found.setdefault(move.source, []).append(relink(move, link, text))
    steps = [each for step in plan.steps for each in _followed(step, found)]
    return replace(plan, steps=tuple(steps), refusals=(*plan.refusals, *refusals))


def without_linked(plan: FreeingPlan, links: Iterable[Path]) -> FreeingPlan:
    """The plan less what a link leads to that would lead nowhere once it is in the trash.

    Args:
        plan: to trash; what is replaced keeps its name, and links to it lead on.
        links: where links were seen; what is none any more is passed over.
    """
    led: dict[Path, Path] = {}
    for link in sorted(set(map(real, links)), key=os.fsencode):
        if (text := checks.link_text(Place.by_path(link))) is not None:
            led.setdefault(led_to(link, text), link)
    refusals = [
        Refusal(step.source, f"stays, as a link leads to it: {safe(led[step.source])}")
        for step in plan.photos
        if step.source in led
    ]
    return replace(
        plan,
        steps=tuple(step for step in plan.steps if step.source not in led),
        doubts=tuple(doubt for doubt in plan.doubts if doubt.step.source not in led),
        relations=tuple(each for each in plan.relations if each[0] not in led),
        refusals=(*plan.refusals, *refusals),
    )


def relink(move: Step, link: Path, text: str) -> Step:
    """The step that re-points a link after a photo was moved."""
    return replace(
        move, verb="relink", source=link, target=link, was=text, link=new_text(move, link, text)
    )


def new_text(move: Step, link: Path, text: str) -> str:
    """What a link is to say that said `text`: absolute or relative, as it was."""
    return str(move.target) if Path(text).is_absolute() else link_text_for(move.target, link)


def stays_protected(move: Step) -> str:
    """Why a link is left alone that leads to a photo that goes."""
    return f"is in a protected folder, and will lead nowhere once {safe(move.source)} is moved"


def links_after(steps: Sequence[Step]) -> dict[Path, list[Step]]:
    """The links that are re-pointed, by the new place of the photo."""
    found: dict[Path, list[Step]] = {}
    for step in steps:
        if step.verb == "relink":
            found.setdefault(step.leads_to, []).append(step)
    return found


def reason_to_stay(link: Step, move: Step, protected: Protected) -> str | None:
    """Why a link of a saved plan is not re-pointed, or None.

    Args:
        link: the step of the plan.
        move: that of the photo.
        protected: folders in which nothing is changed.
    """
    text = checks.link_text(Place.by_path(link.target))
    if protected.holds(link.target):
        return stays_protected(move)
    if text is None:
        return "is no longer a link" if os.path.lexists(link.target) else "is gone"
    if text != link.was or led_to(link.target, text) != move.source:
        return f"leads elsewhere by now, to {safe(text)}"
    if real(link.target) != link.target or new_text(move, link.target, text) != link.link:
        return "is reached another way by now: it would not lead to the photo"
    return None


def _followed(step: Step, found: dict[Path, list[Step]]) -> Iterator[Step]:
    yield step
    if step.moves:
        yield from found.get(step.source, ())
