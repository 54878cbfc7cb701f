"""Plans in files of their own: written once, never over anything, and read with distrust."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dedupe.errors import PlanRefused, UsageError
from dedupe.names import safe
from dedupe.organize.files.checks import said
from dedupe.organize.plans.actions import ACTIONS
from dedupe.organize.plans.aside import AsidePlan
from dedupe.organize.plans.freeing import FREEING, FreeingPlan
from dedupe.organize.plans.plan import Plan
from dedupe.organize.protected import Protected
from dedupe.organize.saved.aside_document import aside_document_of, aside_plan_of
from dedupe.organize.saved.document import Flaw, document_of, head_of, plan_of
from dedupe.organize.saved.freeing_document import freeing_document_of, freeing_plan_of

_HINT = "nothing was done; save it anew with `dedupe group --save-plan`"


def refuse_as_plan_file(path: Path, protected: Protected) -> None:
    """Refuse a place where no plan can be saved, before anything is worked out.

    Raises:
        UsageError: there is a file already, or no folder for it, or a protected one.
    """
    if os.path.lexists(path):
        raise UsageError(
            f"{safe(path)} is there already, and is not overwritten", "name a new file"
        )
    if not path.parent.is_dir():
        raise UsageError(
            f"the plan cannot be saved as {safe(path)}: there is no such folder",
            "nothing was done; make the folder first",
        )
    if protected.holds(Path(os.path.realpath(path))):
        raise UsageError(
            f"{safe(path)} is in a protected folder, and nothing is put there",
            "name a file elsewhere",
        )


def save_plan(plan: Plan, path: Path | str) -> None:
    """Write a plan to a new file, for a person to read and for `load_plan`.

    It is JSON, a line for each step; docs/scripting.md describes it. Whoever deletes steps or
    whole sets from it has a plan that does that much less; in a plan to trash photos, what is
    not confirmed by a rule is done where a person has confirmed it.

    Args:
        plan: as `make_plan` gives it.
        path: of the file; nothing may be there.

    Raises:
        UsageError: the name is taken, or the file cannot be written.
    """
    path = Path(path)
    refuse_as_plan_file(path, Protected(plan.protected))
    try:
        with path.open("x", encoding="utf-8", newline="\n") as out:
            out.write("".join(_lines(document_for(plan))))
    except OSError as error:
        raise UsageError(
            f"the plan cannot be saved as {safe(path)}: {said(error)}", "nothing was done"
        ) from error


def read_plan(path: Path | str) -> Plan:
    """Read what `save_plan` has written, as it stands there. Looks at no photo.

    Args:
        path: of the file.

    Returns:
        The plan that was saved, less what was deleted from the file.

    Raises:
        PlanRefused: it cannot be read, is damaged, of a newer version, or would do what no
            plan does.
    """
    path = Path(path)
    try:
        return plan_from(_parsed(path.read_bytes()))
    except OSError as error:
        raise PlanRefused(f"the plan {safe(path)} cannot be read: {said(error)}") from error
    except Flaw as flaw:
        raise PlanRefused(f"the plan {safe(path)} is refused: {flaw}", _HINT) from flaw


def document_for(plan: Plan) -> dict[str, Any]:
    """A plan of any kind as what JSON can hold."""
    if isinstance(plan, FreeingPlan):
        return freeing_document_of(plan)
    return aside_document_of(plan) if isinstance(plan, AsidePlan) else document_of(plan)


def plan_from(document: object) -> Plan:
    """The plan of any kind that a document holds; raises Flaw where that is none."""
    top, action = head_of(document)
    if action in FREEING:
        return freeing_plan_of(top, action)
    return aside_plan_of(top) if ACTIONS[action].takes_away else plan_of(top, action)


def _parsed(data: bytes) -> object:
    try:
        return json.loads(data.decode("utf-8-sig"), object_pairs_hook=_once)
    except UnicodeDecodeError as error:
        raise Flaw("it is no text") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Flaw(f"it is no JSON ({where}: {error.msg.lower()})") from error
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits, 5,000 brackets
        raise Flaw("it is no JSON of ours") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; of two fields of one name it cannot be told which is meant."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise Flaw("one of its objects has two fields of one name")
    return fields


def _lines(document: dict[str, Any]) -> Iterator[str]:
    """The document as JSON, with a line for each step, so that one can be deleted."""
    yield "{\n"
    last = len(document) - 1
    for number, (name, value) in enumerate(document.items()):
        comma = "," if number < last else ""
        yield f'  "{name}": {_value(name, value)}{comma}\n'
    yield "}\n"


def _value(name: str, value: Any) -> str:
    if name == "sets" and value:
        return "[\n" + ",\n".join(map(_set, value)) + "\n  ]"
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(f"    {_shown(each)}" for each in value) + "\n  ]"
    return _shown(value)


def _set(facts: dict[str, Any]) -> str:
    head = {name: value for name, value in facts.items() if name != "steps"}
    steps = ",\n".join(f"      {_shown(step)}" for step in facts["steps"])
    return f'    {_shown(head)[:-1]}, "steps": [\n{steps}\n    ]}}'


def _shown(value: Any) -> str:
    """JSON in one line: letters as they are, and nothing that acts on a terminal."""
    text = json.dumps(value, ensure_ascii=False)
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in text)
