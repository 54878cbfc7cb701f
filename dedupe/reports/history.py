"""The actions of the past: a calm list for people, one JSON document for programs."""

import json
from collections.abc import Callable, Sequence
from typing import Any, TextIO

from rich.text import Text

from dedupe.errors import UnknownName
from dedupe.names import path_facts
from dedupe.organize.journal.records import Record
from dedupe.reports.screen import Screen, folded
from dedupe.reports.words import counted, shown_bytes, shown_path

_DONE = {
    **{"symlink": "linked", "copy": "copied", "move": "moved", "trash": "trashed"},
    **{"hardlink": "hard-linked", "reflink": "reflinked", "symlink-same": "replaced"},
}
_GAP = "  "
# what stands below a number begins where its date does
_NUMBER = 6
_NARROWEST = 20


def write_table(actions: Sequence[Record], out: TextIO) -> None:
    """The actions, oldest first, two lines each: what was done and what of it stands; where."""
    screen = Screen(out)
    if not actions:
        screen.tell("Nothing was linked, copied or moved yet.")
        return
    done = [_what(each) for each in actions]
    width = max(map(len, done))
    for each, what in zip(actions, done, strict=True):
        state, style = _state(each)
        when = f"{each.started:%Y-%m-%d %H:%M}"
        head = f"{each.id:>{_NUMBER - len(_GAP)}}{_GAP}{when}{_GAP}{what:{width}}{_GAP}"
        screen.tell(Text.assemble(head, (state, style)) if state else head.rstrip())
        for part in folded(shown_path(each.into), max(screen.width - _NUMBER, _NARROWEST)):
            screen.tell(Text(" " * _NUMBER + part, "dim"))


def write_json(actions: Sequence[Record], out: TextIO) -> None:
    """The actions, oldest first, with every fact."""
    json.dump({"actions": [_facts(each) for each in actions]}, out, indent=2, ensure_ascii=True)
    out.write("\n")


FORMS: dict[str, Callable[[Sequence[Record], TextIO], None]] = {
    "table": write_table,
    "json": write_json,
}


def find_form(name: str) -> Callable[[Sequence[Record], TextIO], None]:
    """The form of a name.

    Raises:
        UnknownName: there is none.
    """
    if name not in FORMS:
        raise UnknownName("format of the history", name, FORMS)
    return FORMS[name]


def _what(action: Record) -> str:
    size = f" ({shown_bytes(action.bytes)})" if action.action != "symlink" else ""
    links = f", re-pointed {counted(action.links, 'link')}" if action.links else ""
    return f"{_DONE[action.action]} {counted(action.photos, 'photo')}{size}{links}"


def _state(action: Record) -> tuple[str, str]:
    """What became of it, in a few words, and their style."""
    if action.state == "undone":
        left = f", {action.standing:,} left" if action.standing else ""
        return f"taken back{left}", "dim"
    if action.state == "undoing":
        return "half taken back", "yellow"
    if action.unfinished:
        return f"cut off, {action.standing:,} done", "yellow"
    if action.standing < action.photos:
        return f"{action.standing:,} of them stand", ""
    return "", ""


def _facts(action: Record) -> dict[str, Any]:
    return {
        "id": action.id,
        "action": action.action,
        **path_facts(action.into, "into"),
        "started": action.started.isoformat(timespec="seconds"),
        "state": action.state,
        "photos": action.photos,
        "bytes": action.bytes,
        "links": action.links,
        "standing": action.standing,
        "unfinished": action.unfinished,
    }
