"""dedupe trash: put photos into the trash that a person names."""

from pathlib import Path
from typing import Annotated

import typer

from dedupe.cli import options
from dedupe.cli.acting import carry_out, refuse_without_a_person
from dedupe.encoders.encoder import SEED_THRESHOLD
from dedupe.organize.keep.ranking import known_as, rank


def trash(
    photos: Annotated[
        list[Path],
        typer.Argument(metavar="PHOTO", help="Photos to trash, each by its own name."),
    ],
    threshold: Annotated[
        float,
        typer.Option(min=0, help="Largest distance between look-alikes, as for `dedupe group`."),
    ] = SEED_THRESHOLD,
    protect: Annotated[
        list[Path] | None,
        typer.Option(
            "--protect",
            metavar="DIR",
            help="Nothing below DIR is trashed; repeatable.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the plan, change nothing.")
    ] = False,
    yes: options.Yes = False,
    encoder: options.EncoderName = None,
    device: options.Device = "auto",
    index: options.Index = None,
) -> int:
    """Put photos into the trash of the system, each of which has a look-alike that stays.

    Each PHOTO must be in a set of `dedupe group` of which another photo, not named here, is in
    its place and as it was scanned; else it is left alone, with the reason. By name also what is
    only alike may go: `dedupe group --trash` trashes the same file and the same pixels alone.
    `dedupe undo` takes it back, as long as the trash is not emptied.
    """
    from dedupe.cli.progress import RichProgress
    from dedupe.index.library import open_library
    from dedupe.matching.sets.groups import find_groups
    from dedupe.matching.sets.verified import verify
    from dedupe.organize.act import plan_to_free
    from dedupe.organize.files.trash import refuse_without_trash
    from dedupe.organize.protected import Protected

    refuse_without_trash()
    protected = Protected(protect or ())
    if not dry_run:
        refuse_without_a_person("trash", yes=yes)
    library = open_library(index=index, encoder=encoder)
    with RichProgress() as progress:
        progress.start("Comparing photos", 0)
        verdicts = verify(
            library, order=rank, known_as=known_as(), device=device, progress=progress
        )
        groups = find_groups(
            library, threshold, verdicts=verdicts, order=rank, known_as=known_as(), device=device
        )
    plan = plan_to_free(
        groups, action="trash", index=index, protect=protected.folders, named=photos
    )
    if dry_run:
        typer.echo(str(plan))
        return 3 if plan.refusals else 0
    return carry_out(plan, yes=yes, index=index)
