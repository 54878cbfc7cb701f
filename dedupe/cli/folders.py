"""dedupe folders: which folders are contained in which, exactly and by look."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from dedupe.cli import options
from dedupe.organize.keep.ranking import known_as, rank


def folders(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FOLDER", help="Only these; all that was scanned if none."),
    ] = None,
    least: Annotated[
        int,
        typer.Option(min=1, max=100, help="Tell of folders of which so many percent are there."),
    ] = 50,
    exact: Annotated[
        bool, typer.Option("--exact", help="By bytes and pixels alone, which is quick.")
    ] = False,
    encoder: options.EncoderName = None,
    device: options.Device = "auto",
    report: options.TableFormat = None,
    null: options.Null = False,
    index: options.Index = None,
) -> None:
    """Say which folders are contained in which: exactly, and by look.

    97 % of Backup-2019 is in Photos; 14 photos only here. Exactly are the same file and the same
    pixels; by look the same picture as well, as `dedupe group` proves it, however it was edited:
    whether it is as good is what `dedupe covered` says. Of folders within each other the highest
    are told. No file is touched.
    """
    from dedupe.cli.progress import RichProgress
    from dedupe.index.library import open_library, scanned_roots
    from dedupe.matching.folders.containment import find_containments
    from dedupe.matching.pairs.relations import Relation
    from dedupe.matching.sets.groups import find_groups
    from dedupe.matching.sets.verified import verify
    from dedupe.photos.discover import each_absolute
    from dedupe.reports.facts import Folders
    from dedupe.reports.registry import find_report

    form = find_report(report, terminal=True, null=null)
    with RichProgress() as progress:
        library = open_library(paths or (), index=index, encoder=encoder)
        verdicts = None
        if not exact:
            verdicts = verify(
                library, order=rank, known_as=known_as(), device=device, progress=progress
            )
        weakest = Relation.SAME_PIXELS if exact else Relation.SAME_PICTURE
        groups = find_groups(
            library,
            verdicts=verdicts,
            relation=weakest,
            order=rank,
            known_as=known_as(),
            device=device,
        )
        roots = each_absolute(paths) if paths else scanned_roots(index=index)
        found = find_containments(library, groups, roots, least=least / 100)
    form.folders(Folders(tuple(found), least), sys.stdout)
