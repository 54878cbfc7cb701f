"""dedupe scan: find photos, encode what is new, remember it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dedupe.cli import options
from dedupe.cli.talk import say
from dedupe.encoders.registry import DEFAULT_ENCODER
from dedupe.names import safe
from dedupe.reports.words import Lines, counted, shown_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dedupe.index.scan import ScanReport
    from dedupe.photos.photo import Skip

# of each reason, this many files are named; --list-skipped names all
_NAMED = 3


def scan(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH", help="Folders (or photos) to scan.")
    ],
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            "--exclude",
            metavar="PATTERN",
            help="Leave out what matches, in the form of .gitignore; as often as needed.",
            show_default=False,
        ),
    ] = None,
    list_skipped: Annotated[
        bool, typer.Option("--list-skipped", help="Name every file that was passed over.")
    ] = False,
    encoder: Annotated[
        str, typer.Option("--encoder", help="The network: see `dedupe encoders`.")
    ] = DEFAULT_ENCODER,
    index: options.Index = None,
    weights: options.Weights = None,
    device: options.Device = "auto",
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            min=0,
            metavar="N",
            help="Processes that read photos; 0 for none.",
            show_default="one for each core",
            rich_help_panel=options.RARE,
        ),
    ] = None,
    no_thumbnails: Annotated[
        bool,
        typer.Option(
            "--no-thumbnails",
            help="Remember no small pictures.",
            rich_help_panel=options.RARE,
        ),
    ] = False,
) -> int:
    """Find photos, encode what is new or changed, and remember it.

    Photos are only ever read. A second scan looks only at what changed, and forgets what
    is gone; a folder that is missing or suddenly empty is never taken for deleted.
    Ctrl-C keeps what is done: the same command goes on from there. More patterns of what to
    leave out may lie in files named .dedupeignore, for the folder that they are in.
    """
    from dedupe.cli.progress import RichProgress
    from dedupe.index.scan import update_index

    with RichProgress() as progress:
        report = update_index(
            paths,
            index=index,
            encoder=encoder,
            weights=weights,
            device=device,
            exclude=exclude or (),
            thumbnails=not no_thumbnails,
            workers=workers,
            progress=progress,
        )
    if report.set_aside:
        say(
            f"the index was damaged; it was set aside as {shown_path(report.set_aside)}, and all "
            "photos were encoded anew. Other folders that were in it have to be scanned again."
        )
    if report.decisions:
        said = counted(report.decisions, "decision")
        say(f"{said} of `dedupe ignore` carried over from the index that was set aside.")
    _print_report(report, list_skipped, index)
    return 3 if any(skip.problem for skip in report.skips) else 0


def _print_report(report: "ScanReport", list_skipped: bool, index: Path | None) -> None:
    lines = Lines(sys.stdout)
    known = report.photos - report.encoded - report.recognised
    parts = [f"{report.encoded:,} encoded"]
    if report.recognised:
        parts.append(f"{report.recognised:,} recognised as copies or moved")
    if known:
        parts.append(f"{known:,} unchanged")
    if report.forgotten:
        parts.append(f"{report.forgotten:,} gone and forgotten")
    lines.tell((counted(report.photos, "photo"), "bold"), f": {', '.join(parts)}")
    named = None if list_skipped else _NAMED
    problems = [skip for skip in report.skips if skip.problem]
    if _print_skips(lines, "could not be read", problems, named):
        lines.tell(f"all of them:  {options.again('dedupe problems', index)}")
    others = [skip for skip in report.skips if not skip.problem]
    if _print_skips(lines, "passed over", others, named):
        lines.tell(f"all of them:  {options.again('dedupe problems --all', index)}")
    lines.tell(f"index: {shown_path(report.index)} ({report.encoder})")
    if report.photos:
        lines.tell(f"next:  {options.again('dedupe group', index)}")


def _print_skips(lines: Lines, what: str, skips: "Sequence[Skip]", named: int | None) -> bool:
    """Say what was passed over, reason by reason; whether some of it was not named."""
    from dedupe.reports.facts import by_reason

    if skips:
        lines.tell(f"{counted(len(skips), 'file')} {what}:")
    cut = False
    for reason, each in by_reason(skips):
        shown = each[:named]
        lines.tell_hanging(f"  {len(each):,}  ", safe(reason))
        for skip in shown:
            lines.tell((f"       {shown_path(skip.path)}", "dim"))
        if len(shown) < len(each):
            lines.tell((f"       and {len(each) - len(shown):,} more", "dim"))
            cut = True
    return cut
