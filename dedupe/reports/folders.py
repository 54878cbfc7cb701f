"""For people: which folders are contained in which."""

from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from rich.text import Text

from dedupe.reports.facts import Folders
from dedupe.reports.screen import NARROWEST, Screen, folded
from dedupe.reports.words import counted, shown_path

if TYPE_CHECKING:
    from dedupe.matching.folders.containment import Containment

# More are cut, with a word on where the rest is.
_ROWS = 100

_HEAD = f"{'by look':>7}  {'exactly':>7}  {'photos':>7}  {'only here':>9}  "
_INDENT = " " * len(_HEAD)


def write_folders(folders: Folders, out: TextIO) -> None:
    """Each folder below the shares that are in another, and that other one."""
    screen = Screen(out)
    if folders.found:
        screen.tell(Text(f"{_HEAD}folder", "dim"))
    for each in folders.found[:_ROWS]:
        _print(screen, each)
    if len(folders.found) > _ROWS:
        more = counted(len(folders.found) - _ROWS, "more folder")
        screen.tell(f"{_INDENT}and {more} (--format json lists all)")
    if folders.found:
        screen.tell()
        words = "By look: the same picture is there, however it was edited; dedupe covered says "
        screen.tell_hanging("", f"{words}whether it is as good.", "dim")
    else:
        screen.tell(f"No folder is in another by {folders.least} % or more.")


def _print(screen: Screen, each: "Containment") -> None:
    shares = f"{_percent(each.alike, each.photos):>7}  {_percent(each.exact, each.photos):>7}"
    head = f"{shares}  {each.photos:>7,}  {each.only_here:>9,}  "
    _print_path(screen, Text(head), each.folder)
    if each.within is None:
        screen.tell(f"{_INDENT}in several others")
        return
    _print_path(screen, Text(f"{_INDENT}in "), each.within)
    there = f"{counted(each.others, 'photo')}, {_percent(each.back, each.others)} of them here"
    screen.tell(Text(f"{_INDENT}   {there}", "dim"))


def _percent(count: int, of: int) -> str:
    """`97 %`; never 100 where one is missing, nor 0 where one is there."""
    if not of:
        return "0 %"
    share = round(100 * count / of)
    share = min(share, 99) if count < of else share
    return f"{max(share, 1) if count else 0} %"


def _print_path(screen: Screen, head: Text, path: Path) -> None:
    indent = head.cell_len
    for part in folded(shown_path(path), max(screen.width - indent, NARROWEST)):
        screen.tell(head + Text(part))
        head = Text(" " * indent)
