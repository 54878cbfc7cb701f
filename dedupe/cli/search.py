"""dedupe search: the library ranked by distance to one photo."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from dedupe.cli import options


def search(
    photo: Annotated[Path, typer.Argument(metavar="PHOTO", help="Any photo, scanned or not.")],
    k: Annotated[int, typer.Option("-k", min=1, help="How many at most.")] = 20,
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
    """Rank the library by distance to PHOTO, nearest first."""
    from dedupe.index.library import open_library
    from dedupe.matching.search import search as find
    from dedupe.photos.discover import absolute
    from dedupe.reports.facts import Ranking
    from dedupe.reports.registry import find_report

    form = find_report(report, terminal=sys.stdout.isatty(), null=null)
    library = open_library(index=index, encoder=encoder)
    hits = find(library, photo, k, threshold=threshold, weights=weights, device=device)
    form.ranking(Ranking(absolute(photo), tuple(hits)), sys.stdout)
