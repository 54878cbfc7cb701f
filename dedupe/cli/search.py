"""dedupe search: the library ranked by distance to one or several photos."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dedupe.cli import options
from dedupe.cli.talk import say
from dedupe.reports.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dedupe.matching.search import Hit


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
    """Rank the library by distance to PHOTO, nearest first; to the nearest of several.

    Of the nearest 50 it is said what they are to PHOTO, as `dedupe group` would: the same file,
    the same picture and how it was edited, another shot of the moment or scene, or just alike.
    """
    from dedupe.cli.progress import RichProgress
    from dedupe.index.library import open_library
    from dedupe.matching.hits import verify_hits
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
    if form.facts:
        with RichProgress() as progress:
            hits = verify_hits(library, hits, progress=progress)
        _say_unknown(hits)
    ranking = Ranking(tuple(each_absolute(photos)), tuple(hits), tuple(each_absolute(unwanted)))
    form.ranking(ranking, sys.stdout)


def _say_unknown(hits: "Sequence[Hit]") -> None:
    from dedupe.matching.hits import MOST

    if unknown := sum(not hit.verified for hit in hits):
        why = "they were scanned with --no-thumbnails"
        if len(hits) > MOST:
            why = f"only the nearest {MOST} are looked at, and none scanned with --no-thumbnails"
        say(f"of {counted(unknown, 'photo')} it is not known what they are to yours: {why}")
