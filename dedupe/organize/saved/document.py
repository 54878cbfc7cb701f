"""A plan as a document of JSON and back: what no plan ever does is refused."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

from dedupe.names import exact_name, path_facts, safe
from dedupe.organize import naming
from dedupe.organize.drafting.pointing import links_after
from dedupe.organize.plans.actions import ACTIONS
from dedupe.organize.plans.freeing import FREEING
from dedupe.organize.plans.plan import Plan, make_folder
from dedupe.organize.steps import Refusal, Step

VERSION = 1
MOVE_VERSION = 2
"""Of plans that move photos: in version 1 they took each set, whole."""
_ABOUT = (
    "Delete steps or whole sets, change nothing else, then run `dedupe apply` on this file. "
    "Nothing was done yet."
)
SIGNED, UNSIGNED = 1 << 63, 1 << 64
_HASH = 64  # letters of a blake3
_T = TypeVar("_T")


class Flaw(Exception):
    """The document is no plan; half a sentence says where and why."""


def document_of(plan: Plan) -> dict[str, Any]:
    """A plan as what JSON can hold, each set with its steps, each path byte for byte."""
    made = {step.target for step in plan.steps if step.verb == "mkdir"}
    links = links_after(plan.steps)
    sets = [
        {
            **path_facts(folder.name, "folder"),
            "new": folder in made,
            "steps": [step_facts(step, links.get(step.target, ())) for step in steps],
        }
        for folder, steps in groupby(plan.placed, key=lambda step: step.target.parent)
    ]
    above = [folder for folder in (plan.into, *plan.into.parents) if folder in made]
    return {
        "dedupe_plan": VERSION,
        "about": _ABOUT,
        "action": plan.action,
        **path_facts(plan.into, "into"),
        "protected": [path_facts(folder) for folder in plan.protected],
        "new_folders": [path_facts(folder) for folder in reversed(above)],
        "tidy": tidying_facts(plan),
        "sets": sets,
        "standing": plan.standing,
        **left_facts(plan),
    }


def plan_of(top: "Part", action: str) -> Plan:
    """The plan that `document_of` was given, or what a person has left of it.

    Looks at no file. A set without steps is dropped, and so are folders that nothing needs.

    Args:
        top: the document, of which version, words and action were read.
        action: a name in ACTIONS.

    Raises:
        Flaw: it would do what no plan does.
    """
    into = top.path("into")
    protected = tuple(part.only_path() for part in top.parts("protected", "protected folder"))
    made = [part.only_path() for part in top.parts("new_folders", "new folder")]
    tidying = read_tidying(top, into)
    steps: list[Step] = []
    folders: set[str] = set()
    for part in top.parts("sets", "set"):
        folder = into / part.name("folder")
        if naming.clash_key(folder.name) in folders:
            raise Flaw(f"it has two sets for {safe(folder)}")
        folders.add(naming.clash_key(folder.name))
        steps += _set_steps(part, action, folder)
    standing = top.number("standing", 0, SIGNED)
    stays, refusals = read_left(top)
    refuse_what_no_plan_does(into, protected, [*tidying, *steps])
    refuse_unless_leading(made, into)
    any_placed = any(step.is_photo or step.goes_along for step in steps)
    above = [make_folder(folder) for folder in made if any_placed]
    return Plan(
        action=action,
        into=into,
        steps=(*tidying, *above, *steps),
        refusals=refusals,
        standing=standing,
        protected=protected,
        stays=stays,
    )


def head_of(document: object) -> "tuple[Part, str]":
    """A document of a version that is known, and the name of its action, which is known as well.

    Raises:
        Flaw: it is no plan, or of a newer version, or would move whole sets.
    """
    top = Part(document, "it")
    if not isinstance(document, dict) or "dedupe_plan" not in document:
        raise Flaw("it is no plan of dedupe")
    version = top.number("dedupe_plan", 1, SIGNED)
    if version > MOVE_VERSION:
        raise Flaw(f"it has version {version}, known is {MOVE_VERSION}: use the newer dedupe")
    top.text("about")
    action = top.text("action")
    if action not in (*ACTIONS, *FREEING):
        known = ", ".join((*ACTIONS, *FREEING))
        raise Flaw(f"it has the action {safe(action)!r}; known are {known}")
    moves = action in ACTIONS and ACTIONS[action].takes_away
    if moves and version < MOVE_VERSION:
        raise Flaw("it is of an older dedupe, and moves whole sets: now one photo of each stays")
    if version == MOVE_VERSION and not moves:
        raise Flaw(f"it has version {version}, and not an action of that version")
    return top, action


def step_facts(step: Step, links: Sequence[Step] = ()) -> dict[str, Any]:
    """A step that puts a file somewhere, with the links that follow it, as what JSON can hold."""
    facts: dict[str, Any] = {
        "verb": step.verb,
        **path_facts(step.source, "source"),
        **path_facts(step.target.name, "name"),
        "bytes": step.size,
        "modified_ns": step.mtime_ns,
        "device": step.device,
        "inode": step.inode,
        "content": step.content.hex(),
    }
    if step.goes_along:
        facts |= path_facts(step.link, "photo")
    if links:
        facts["links"] = [
            {
                **path_facts(link.target),
                **path_facts(link.was, "was"),
                **path_facts(link.link, "link"),
            }
            for link in links
        ]
    return {**facts, **path_facts(step.link, "link")} if step.verb == "symlink" else facts


def tidying_facts(plan: Plan) -> list[dict[str, Any]]:
    """The links and folders of an earlier run that go, as what JSON can hold."""
    return [
        {
            "verb": step.verb,
            **path_facts(step.target),
            **(path_facts(step.link, "link") if step.verb == "unlink" else {}),
        }
        for step in plan.steps
        if step.verb in ("unlink", "rmdir")
    ]


def read_tidying(top: "Part", into: Path) -> list[Step]:
    """The steps that `tidying_facts` was given; raises Flaw where they tidy elsewhere."""
    return [_tidying(part, into) for part in top.parts("tidy", "tidying step")]


def _set_steps(part: "Part", action: str, folder: Path) -> Iterator[Step]:
    new = part.flag("new")
    steps = [
        step for each in part.parts("steps", "step") for step in read_step(each, action, folder)
    ]
    part.end()
    if new and steps:
        yield make_folder(folder)
    yield from steps


def read_step(
    part: "Part", action: str, folder: Path, *, also: tuple[str, ...] = ()
) -> Iterator[Step]:
    """The step that `step_facts` was given, then those of its links.

    Args:
        part: the step.
        action: of the plan.
        folder: that its file goes to.
        also: verbs that the plan has beside that of the action.

    Raises:
        Flaw: it is none that such a plan has.
    """
    verb = part.text("verb")
    along = bool(verb) and verb == ACTIONS[action].along
    if verb not in (action, *also) and not along:
        raise Flaw(f"{part.where} has the verb {safe(verb)!r}, in a plan that is to {action}")
    step = Step(
        verb=verb,
        source=part.path("source"),
        target=folder / part.name("name"),
        size=part.number("bytes", 0, SIGNED),
        mtime_ns=part.number("modified_ns", -SIGNED, SIGNED),
        device=part.number("device", 0, UNSIGNED),
        inode=part.number("inode", 0, UNSIGNED),
        content=part.hash("content"),
        link=part.name("photo") if along else part.exact("link") if verb == "symlink" else "",
    )
    yield step
    if step.moves and part.has("links"):
        for each in part.parts("links", "link"):
            yield _link(each, step)
    part.end()
    if along and step.link == step.target.name:
        raise Flaw(f"{part.where} goes along with itself")


def _link(part: "Part", move: Step) -> Step:
    path, was, link = part.path("path"), part.exact("was"), part.exact("link")
    part.end()
    step = replace(move, verb="relink", source=path, target=path, was=was, link=link)
    if step.leads_to != move.target:
        raise Flaw(f"{part.where} would not lead to {safe(move.target)}")
    return step


def _tidying(part: "Part", into: Path) -> Step:
    verb = part.text("verb")
    if verb not in ("unlink", "rmdir"):
        raise Flaw(f"{part.where} has the verb {safe(verb)!r}, which is not for tidying")
    path = part.path("path")
    if into not in path.parents:
        raise Flaw(f"{part.where} is outside of {safe(into)}")
    link = part.exact("link") if verb == "unlink" else ""
    part.end()
    return Step(verb=verb, source=path, target=path, link=link)


def left_facts(plan: Plan) -> dict[str, Any]:
    """What a plan leaves where it is, as what JSON can hold: the end of every document."""
    return {
        "stays": [path_facts(path) for path in plan.stays],
        "refusals": [
            {**path_facts(refusal.path), "reason": refusal.reason} for refusal in plan.refusals
        ],
    }


def read_left(top: "Part") -> tuple[tuple[Path, ...], tuple[Refusal, ...]]:
    """What stays and what is refused, as `left_facts` was given them; nothing comes after it."""
    stays = tuple(part.only_path() for part in top.parts("stays", "photo that stays"))
    refusals = tuple(map(_refusal, top.parts("refusals", "refusal")))
    top.end()
    return stays, refusals


def _refusal(part: "Part") -> Refusal:
    refusal = Refusal(part.path("path"), part.text("reason"))
    part.end()
    return refusal


def refuse_unless_leading(made: list[Path], into: Path) -> None:
    """Refuse new folders that are not the folder of a plan and those right above it."""
    if made and made != [*reversed(into.parents), into][-len(made) :]:
        raise Flaw("the new folders do not lead to its folder")


def refuse_what_no_plan_does(into: Path, protected: tuple[Path, ...], steps: list[Step]) -> None:
    """What the form of the document leaves possible, and `make_plan` never does."""

    def is_protected(path: Path) -> bool:
        return any(folder == path or folder in path.parents for folder in protected)

    if is_protected(into):
        raise Flaw(f"its folder {safe(into)} is in a protected folder")
    made: set[tuple[Path, str]] = set()
    taken: set[Path] = set()
    for step in steps:
        if is_protected(step.target):
            raise Flaw(f"{safe(step.target)} is in a protected folder")
        name = (step.target.parent, naming.clash_key(step.target.name))
        if step.verb not in ("unlink", "rmdir", "relink"):
            if name in made:
                raise Flaw(f"it makes {safe(step.target)} twice")
            made.add(name)
        if step.moves or step.verb == "relink":
            if step.source in taken:
                raise Flaw(f"it takes {safe(step.source)} twice")
            if is_protected(step.source):
                raise Flaw(f"it takes {safe(step.source)} out of a protected folder")
            taken.add(step.source)


class Part:
    """An object of the document: gives its fields out checked, and knows what else it has."""

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, dict):
            raise Flaw(f"{where} is no object")
        self.where = where
        self._fields: Mapping[str, object] = value
        self._asked: set[str] = set()

    def end(self) -> None:
        """Refuse what was not asked for: it may be meant to change what is done."""
        for name in self._fields:
            if name not in self._asked:
                raise Flaw(f"{self.where} has a field {safe(name)!r}, which no plan has")

    def has(self, name: str) -> bool:
        """Whether there is such a field."""
        return name in self._fields

    def text(self, name: str) -> str:
        """A text; Flaw where it is none, as with all of these."""
        return self._typed(name, str, "text")

    def flag(self, name: str) -> bool:
        """True or false."""
        return self._typed(name, bool, "true or false")

    def number(self, name: str, least: int, below: int) -> int:
        """A whole number within bounds."""
        number = self._typed(name, int, "whole number")
        if isinstance(number, bool) or not least <= number < below:
            raise Flaw(f"{self.where} has a {name} that cannot be")
        return number

    def hash(self, name: str) -> bytes:
        """The bytes of a blake3."""
        text = self.text(name)
        if len(text) != _HASH or set(text) - set("0123456789abcdef"):
            raise Flaw(f"{self.where} has a {name} that is no hash")
        return bytes.fromhex(text)

    def parts(self, name: str, what: str) -> "list[Part]":
        """The objects of a list."""
        above = "" if self.where == "it" else f"{self.where}, "
        objects = enumerate(self._typed(name, list, "list"), start=1)
        return [Part(value, f"{above}{what} {number}") for number, value in objects]

    def part(self, name: str) -> "Part":
        """The object of a field."""
        self._asked.add(name)
        return Part(self._fields.get(name), f"{self.where}, {name},")

    def exact(self, name: str) -> str:
        """A text of any bytes but NUL."""
        self._asked |= {name, f"{name}_base64"}
        try:
            return exact_name(self._fields, name)
        except ValueError as error:
            raise Flaw(f"{self.where} has no {name} that can be read") from error

    def path(self, name: str) -> Path:
        """An absolute path, in the one form that it has."""
        text = self.exact(name)
        # normpath leaves two slashes at the beginning alone, which Path does as well
        if not os.path.isabs(text) or os.path.normpath(text) != text:  # noqa: PTH117
            raise Flaw(f"{self.where} has a {name} that is not absolute: {safe(text)}")
        return Path(text)

    def name(self, name: str) -> str:
        """The name of something in a folder, and of nothing elsewhere."""
        text = self.exact(name)
        if text in ("", ".", "..") or Path(text).name != text:
            raise Flaw(f"{self.where} leads out of its folder: {safe(text)}")
        return text

    def below(self, name: str) -> Path:
        """A path below some folder, in the one form that it has; `.` for that folder itself."""
        text = self.exact(name)
        if Path(text).is_absolute() or Path(text).parts[:1] == ("..",):
            raise Flaw(f"{self.where} leads out of its folder: {safe(text)}")
        if os.path.normpath(text) != text:
            raise Flaw(f"{self.where} has a {name} that is not in its one form: {safe(text)}")
        return Path(text)

    def only_path(self) -> Path:
        """The path of an object that has nothing else."""
        path = self.path("path")
        self.end()
        return path

    def _typed(self, name: str, kind: type[_T], what: str) -> _T:
        self._asked.add(name)
        value = self._fields.get(name)
        if not isinstance(value, kind):
            raise Flaw(f"{self.where} has no {name} that is a {what}")
        return value
