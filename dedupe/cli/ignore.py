"""dedupe ignore: these are different, or: do not show this set again."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from dedupe.cli import options
from dedupe.cli.talk import say
from dedupe.encoders.encoder import SEED_THRESHOLD
from dedupe.errors import UsageError
from dedupe.names import safe
from dedupe.organize.keep.ranking import known_as, rank
from dedupe.reports.words import counted


def ignore(
    photos: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PHOTO", help="Two photos or more that are different things."),
    ] = None,
    whole_set: Annotated[
        bool,
        typer.Option("--set", help="Hide the set of `dedupe group` that each PHOTO is in."),
    ] = False,
    remove: Annotated[
        bool, typer.Option("--remove", help="Take back what was said of these photos.")
    ] = False,
    list_all: Annotated[
        bool, typer.Option("--list", help="List all that was said and not taken back.")
    ] = False,
    threshold: Annotated[
        float, typer.Option(min=0, help="With --set: the threshold of its look-alikes.")
    ] = SEED_THRESHOLD,
    encoder: options.EncoderName = None,
    device: options.Device = "auto",
    report: options.TableFormat = None,
    null: options.Null = False,
    index: options.Index = None,
) -> None:
    """Remember that photos are different, so that no set holds two of them; or hide a set.

    It is remembered by content, and holds for copies and for moved and renamed files. A hidden
    set comes back when another photo joins it. What is the same file or the same pixels is
    never different: hide its set. No file is touched.
    """
    from dedupe.matching.sets.ignore import decisions, unignore
    from dedupe.matching.sets.ignore import ignore as remember
    from dedupe.reports.registry import find_report

    form = find_report(report, terminal=True, null=null)
    if list_all:
        if photos or whole_set or remove:
            raise UsageError("--list lists all, and goes with nothing else")
        form.decisions(decisions(index=index), sys.stdout)
        return
    if not photos:
        raise UsageError("there is nothing to ignore", "name two photos, or see --help")
    if remove:
        gone = unignore(photos, sets=whole_set, index=index)
        say(f"{counted(gone, 'decision')} taken back")
    elif whole_set:
        _hide(photos, threshold, encoder, device, index)
    else:
        new = remember(photos, index=index)
        say(f"{counted(new, 'pair')} remembered as different" if new else "that was known already")


def _hide(
    photos: list[Path], threshold: float, encoder: str | None, device: str, index: Path | None
) -> None:
    """Hide the set of each photo, as `dedupe group` shows it."""
    from dedupe.cli.progress import RichProgress
    from dedupe.index.library import open_library
    from dedupe.matching.sets.groups import find_groups
    from dedupe.matching.sets.ignore import hide
    from dedupe.matching.sets.verified import verify
    from dedupe.photos.discover import absolute

    library = open_library(index=index, encoder=encoder)
    with RichProgress() as progress:
        verdicts = verify(
            library, order=rank, known_as=known_as(), device=device, progress=progress
        )
        groups = find_groups(
            library, threshold, verdicts=verdicts, order=rank, known_as=known_as(), device=device
        )
    wanted = []
    for path in map(absolute, photos):
        found = next(
            (
                each
                for each in groups
                if any(path in (photo.path, *photo.hard_links) for photo in each.photos)
            ),
            None,
        )
        if found is None:
            raise UsageError(f"{safe(path)} is in no set", "`dedupe group` shows all sets")
        wanted.append(found)
    new = hide(wanted, index=index)
    names = ", ".join(counted(len(each.photos), "photo") for each in dict.fromkeys(wanted))
    known = "" if new else " already"
    say(f"hidden{known}: {counted(len(dict.fromkeys(wanted)), 'set')} ({names})")
