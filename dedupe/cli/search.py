"""dedupe search: the library ranked by distance to one or several photos."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from dedupe.cli import options


def search(
    photos: Annotated[
        list[Path],
        typer.Argument(metavar="PHOTO", help="Any photo, scanned or not; or several."),
    ],
    not_like: Annotated[
        list[Path] | None,
        typer.Option(
            "--not",
            metavar="PHOTO",
            help="Leave out what is no nearer to your photos than to this one; repeatable.",
            show_default=False,
        ),
    ] = None,
    k: Annotated[
        int | None,
        typer.Option(
            "-k", min=1, help="How many at most: 20, or with --threshold all.", show_default=False
        ),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(min=0, help="Only photos up to this distance.", show_default=False),
    ] = None,
    encoder: options.EncoderName = None,
    weights: options.Weights = None,
    device: options.Device = "auto",
    report: options.Format = None,
    null: options.Null = False,
    index: options.Index = None,
) -> None:
    """Rank the library by distance to PHOTO, nearest first; to the nearest of several."""
    from dedupe.index.library import open_library
    from dedupe.matching.search import search as find
    from dedupe.photos.discover import each_absolute
    from dedupe.reports.facts import Ranking
    from dedupe.reports.registry import find_report

    form = find_report(report, terminal=sys.stdout.isatty(), null=null)
    unwanted = not_like or []
    library = open_library(index=index, encoder=encoder)
    hits = find(
        library, photos, k, not_like=unwanted, threshold=threshold, weights=weights, device=device
    )
    ranking = Ranking(tuple(each_absolute(photos)), tuple(hits), tuple(each_absolute(unwanted)))
    form.ranking(ranking, sys.stdout)
