"""dedupe explain: what two photos are to each other, and why."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from dedupe.cli import options
from dedupe.encoders.encoder import SEED_THRESHOLD
from dedupe.organize.keep.ranking import choice, known_as, rank


def explain(
    first: Annotated[Path, typer.Argument(metavar="PHOTO", help="Any photo, scanned or not.")],
    second: Annotated[Path, typer.Argument(metavar="OTHER", help="Another one.")],
    threshold: Annotated[
        float,
        typer.Option(min=0, help="Distance up to which they are look-alikes."),
    ] = SEED_THRESHOLD,
    sets: Annotated[
        bool,
        typer.Option(help="Also say which sets of `dedupe group` they are in."),
    ] = True,
    encoder: options.EncoderName = None,
    weights: options.Weights = None,
    device: options.Device = "auto",
    report: options.TableFormat = None,
    null: options.Null = False,
    index: options.Index = None,
) -> None:
    """Say what two photos are to each other, and why: one picture, one moment, or merely alike.

    Both are read and compared as `dedupe group` does it: their distance, their hashes, how the
    one lies on the other, how far they agree there, and their capture times.
    """
    from dedupe.cli.progress import RichProgress
    from dedupe.index.library import open_library
    from dedupe.matching.explain import explain as find
    from dedupe.matching.explain import which_sets
    from dedupe.matching.sets.groups import find_groups
    from dedupe.matching.sets.ignore import without_hidden
    from dedupe.matching.sets.verified import verify
    from dedupe.organize.keep.looked import remembered_in
    from dedupe.reports.registry import find_report

    form = find_report(report, terminal=True, null=null)
    library = open_library(index=index, encoder=encoder)
    explained = find(library, first, second, threshold=threshold, weights=weights, device=device)
    if sets:
        with RichProgress() as progress, remembered_in(library.index):
            verdicts = verify(
                library, order=rank, known_as=known_as(), device=device, progress=progress
            )
            groups = find_groups(
                library,
                threshold,
                verdicts=verdicts,
                order=rank,
                choose=choice,
                known_as=known_as(),
                device=device,
            )
        sides = which_sets(explained, *without_hidden(groups, library.ignored))
        explained = replace(explained, why=(*explained.why, sides))
    form.explanation(explained, sys.stdout)
