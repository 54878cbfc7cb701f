"""dedupe covered: is every photo of a folder in others, as good or better?"""

import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from dedupe.cli import options
from dedupe.cli.talk import say

# Not every photo is covered. Errors are 1 and 2, so that a script never takes one for an answer.
NOT_ALL = 4


def covered(
    old: Annotated[
        Path, typer.Argument(metavar="OLD", help="A folder that was scanned, or a photo.")
    ],
    by: Annotated[
        list[Path],
        typer.Option(
            "--by",
            metavar="LIBRARY",
            help="Where its photos should be; a folder outside of OLD; repeatable.",
        ),
    ],
    encoder: options.EncoderName = None,
    device: options.Device = "auto",
    report: options.Format = None,
    null: options.Null = False,
    index: options.Index = None,
) -> int:
    """Say whether every photo of OLD is in LIBRARY, as good or better; list those that are not.

    A photo is covered by the same file, or by the same picture: whole, of no fewer pixels, saved
    no worse as far as that is known, nothing laid over it, and with its capture time and place.
    What is in doubt is not covered, and is listed with the reason; so is what could not be read
    or changed since the scan. Hard links of one file do not cover each other. Exit code 0 if all
    are covered, 4 if not. No file is touched.
    """
    from dedupe.cli.progress import RichProgress
    from dedupe.matching.folders.cover import covered as find
    from dedupe.reports.coverage import summary
    from dedupe.reports.registry import REPORTS, find_report

    form = find_report(report, terminal=sys.stdout.isatty(), null=null)
    with RichProgress() as progress:
        coverage = find(old, by, index=index, encoder=encoder, device=device, progress=progress)
    with suppress(BrokenPipeError):  # that nobody reads on does not change the answer
        form.coverage(coverage, sys.stdout)
    if form is not REPORTS["table"]:  # which says it itself
        for line in summary(coverage):
            say(line)
    return NOT_ALL if coverage.missing else 0
