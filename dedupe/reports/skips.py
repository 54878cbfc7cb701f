"""Files that were passed over, as a person reads them: by reason, then by folder."""

import os
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TextIO

from rich.text import Text

from dedupe.names import safe
from dedupe.photos.photo import Skip
from dedupe.reports.facts import Problems, by_reason
from dedupe.reports.screen import NARROWEST, Screen, folded
from dedupe.reports.words import counted, shown_path

# a folder stands below its reason, a name below its folder
_STEP = 2


def write_problems(problems: Problems, out: TextIO) -> None:
    """Every file by reason and folder, the most frequent reason first."""
    screen = Screen(out)
    faults = [skip for skip in problems.skips if skip.problem]
    rest = [skip for skip in problems.skips if not skip.problem]
    if faults:
        _print_reasons(screen, f"{counted(len(faults), 'file')} could not be read", faults)
    else:
        screen.tell("Every photo that the last scans found could be read.")
    if rest:
        screen.tell()
        _print_reasons(screen, f"{counted(len(rest), 'file')} passed over", rest)
    if problems.others:
        if faults:
            screen.tell()
        others = f"{counted(problems.others, 'file')} passed over (--all lists them)"
        screen.tell(Text(others, "dim"))


def _print_reasons(screen: Screen, head: str, skips: Sequence[Skip]) -> None:
    screen.tell(Text(head, "bold"))
    reasons = by_reason(skips)
    mark = len(f"{len(reasons[0][1]):,}")  # the first has the most
    indent = _STEP + mark + _STEP
    for reason, each in reasons:
        screen.tell()
        screen.tell_hanging(f"{len(each):>{_STEP + mark},}  ", safe(reason))
        for folder, inside in groupby(sorted(each, key=_place), key=_folder):
            screen.tell(Text(_below([f"{shown_path(folder).rstrip('/')}/"], indent, screen), "dim"))
            names = (safe(skip.path.name) for skip in inside)
            # rich is called once a folder, not once a line: a folder of RAW files has thousands
            screen.tell(_below(names, indent + _STEP, screen))


def _folder(skip: Skip) -> Path:
    return skip.path.parent


def _place(skip: Skip) -> tuple[bytes, bytes]:
    return os.fsencode(skip.path.parent), os.fsencode(skip.path)


def _below(names: Iterable[str], indent: int, screen: Screen) -> str:
    """The names one below the other, each folded to the width that is left."""
    width = max(screen.width - indent, NARROWEST)
    return "\n".join(" " * indent + part for name in names for part in folded(name, width))
