"""For people: which photos of a folder are covered by others, and which are not."""

from typing import TYPE_CHECKING, TextIO

from rich.text import Text

from dedupe.names import safe
from dedupe.photos.photo import Photo
from dedupe.reports.facts import shown_date
from dedupe.reports.screen import NARROWEST, Screen, folded
from dedupe.reports.words import counted, shown_bytes, shown_path

if TYPE_CHECKING:
    from dedupe.matching.folders.cover import Cover, Coverage

_MARK = 12
_INDENT = " " * (_MARK + 2)


def write_coverage(coverage: "Coverage", out: TextIO) -> None:
    """What is not covered, each with the photo that comes nearest to it, then a summary."""
    screen = Screen(out)
    missing = coverage.missing
    if missing:
        screen.tell(Text(f"{counted(len(missing), 'photo')} not covered", "bold"))
    for answer in missing:
        _print_answer(screen, answer)
    if missing:
        screen.tell()
    for line in summary(coverage):
        screen.tell_hanging("", line)


def summary(coverage: "Coverage") -> list[str]:
    """It in words, a sentence a line."""
    count, missing = len(coverage.answers), len(coverage.missing)
    old = shown_path(coverage.old)
    *first_ones, last = (shown_path(path) for path in coverage.by)
    by = f"{', '.join(first_ones)} and {last}" if first_ones else last
    photos = counted(count, "photo")
    if missing:
        verb = "is" if missing == 1 else "are"
        covered = f"{count - missing:,} of {photos} in {old} are covered by {by}"
        first = f"{covered}; {missing:,} {verb} not."
    else:
        every = "The only photo" if count == 1 else f"All {photos}"
        first = f"{every} in {old} {'is' if count == 1 else 'are'} covered by {by}."
    if not coverage.others:
        return [first]
    others = counted(coverage.others, "other file")
    return [
        first,
        f"{others} in {old} {'is' if coverage.others == 1 else 'are'} no photo, or left out by the "
        "scan: whether they are anywhere else was not looked at.",
    ]


def _print_answer(screen: Screen, answer: "Cover") -> None:
    mark = answer.relation.words if answer.relation is not None else ""
    _print_path(screen, f"{mark:>{_MARK}}  ", shown_path(answer.path))
    if answer.photo is not None:
        screen.tell(Text(_INDENT + _facts(answer.photo), "dim"))
    screen.tell_hanging(_INDENT, safe(answer.reason))
    if answer.by is not None:
        _print_path(screen, f"{_INDENT}in ", shown_path(answer.by.path))


def _facts(photo: Photo) -> str:
    pixels = f"{photo.width} × {photo.height}"
    return f"{pixels:11}  {shown_bytes(photo.file.size):>7}  {shown_date(photo)}"


def _print_path(screen: Screen, head: str, path: str) -> None:
    """The path behind `head`, and under itself where it is longer than the line."""
    for part in folded(path, max(screen.width - len(head), NARROWEST)):
        screen.tell(head + part)
        head = " " * len(head)
