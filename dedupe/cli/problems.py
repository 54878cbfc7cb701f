"""dedupe problems: every file that the last scans could not read, and why."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from dedupe.cli import options


def problems(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PATH", help="Only what is below these; all that was scanned if none."
        ),
    ] = None,
    everything: Annotated[
        bool,
        typer.Option("--all", help="Also what was passed over: videos, links, excluded."),
    ] = False,
    report: options.Format = None,
    null: options.Null = False,
    index: options.Index = None,
) -> None:
    """List every file that the last scans could not read, and why.

    No photo is opened: this is what the scans remembered. The next scan tries a file again
    once it has changed, or once a newer dedupe may read more.
    """
    from dedupe.index.library import find_problems
    from dedupe.reports.facts import Problems
    from dedupe.reports.registry import find_report

    form = find_report(report, terminal=sys.stdout.isatty(), null=null)
    skips = find_problems(paths or (), index=index, everything=True)
    listed = skips if everything else tuple(skip for skip in skips if skip.problem)
    form.problems(Problems(listed, others=len(skips) - len(listed)), sys.stdout)
