"""For people: what was said of photos by `dedupe ignore`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from rich.text import Text

from dedupe.reports.screen import NARROWEST, Screen, folded
from dedupe.reports.words import counted, shown_path

if TYPE_CHECKING:
    from dedupe.matching.sets.ignore import Decision

_INDENT = "  "


def write_decisions(decisions: "Sequence[Decision]", out: TextIO) -> None:
    """Every decision with the places of its photos."""
    screen = Screen(out)
    for decision in decisions:
        what = "different" if decision.different else "a hidden set"
        photos = counted(len(decision.photos), "photo")
        screen.tell(Text.assemble((what, "bold"), f"  {photos}"))
        for content, paths in decision.photos:
            unknown = f"not known any more (content {content.hex()[:12]})"
            _print(screen, shown_path(paths[0]) if paths else unknown)
            if len(paths) > 1:
                screen.tell(Text(f"{_INDENT}  and {counted(len(paths) - 1, 'copy')}", "dim"))
    if decisions:
        screen.tell()
    pairs = sum(decision.different for decision in decisions)
    sets = len(decisions) - pairs
    told = f"{counted(pairs, 'pair')} of different photos, {counted(sets, 'hidden set')}."
    screen.tell(told if decisions else "Nothing is ignored.")


def _print(screen: Screen, words: str) -> None:
    for part in folded(words, max(screen.width - len(_INDENT), NARROWEST)):
        screen.tell(_INDENT + part)
