"""dedupe calibrate: what a threshold finds in this library, and what it gets wrong."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from dedupe.cli import options
from dedupe.cli.talk import say
from dedupe.names import safe
from dedupe.reports.words import counted, shown_path


def calibrate(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PATH", help="Only photos below these; all that was scanned if none."
        ),
    ] = None,
    photos: Annotated[int, typer.Option(min=1, help="How many photos are edited, at most.")] = 200,
    tries: Annotated[int, typer.Option(min=1, help="How often each edit is tried, at most.")] = 25,
    encoder: options.EncoderName = None,
    weights: options.Weights = None,
    device: options.Device = "auto",
    report: options.TableFormat = None,
    null: options.Null = False,
    index: options.Index = None,
) -> int:
    """Measure what a threshold finds in your own photos, and what it gets wrong.

    Some photos are read, and edited in memory as people and programs do: saved again, cropped,
    turned, filtered, in a screenshot. How far these copies are from their photos says what a
    threshold finds; how far photos of different days are apart says what it gets wrong. No
    photo is changed, and nothing is remembered. A few minutes; less with fewer --tries.
    """
    from dedupe.cli.progress import RichProgress
    from dedupe.index.library import open_library
    from dedupe.matching.calibration.calibrate import calibrate as measure
    from dedupe.reports.registry import find_report

    form = find_report(report, terminal=True, null=null)
    with RichProgress() as progress:
        library = open_library(paths or (), index=index, encoder=encoder)
        measured = measure(
            library, photos=photos, tries=tries, weights=weights, device=device, progress=progress
        )
    form.calibration(measured, sys.stdout)
    for skip in measured.skips:
        say(f"left out: {shown_path(skip.path)} {safe(skip.reason)}")
    if missing := sum(skip.problem for skip in measured.skips):
        say(f"{counted(missing, 'photo')} changed or went since the scan: scan again")
        return 3
    return 0
