"""dedupe scan: find photos, encode what is new, remember it."""

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from dedupe.cli import options
from dedupe.encoders.registry import DEFAULT_ENCODER
from dedupe.names import safe
from dedupe.photos.photo import Skip
from dedupe.reports.screen import Screen, counted, shown_path

if TYPE_CHECKING:
    from dedupe.index.scan import ScanReport

# of each reason, this many files are named; --list-skipped names all
_NAMED = 3


def scan(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH", help="Folders (or photos) to scan.")
    ],
    encoder: Annotated[
        str, typer.Option("--encoder", help="The network: see `dedupe encoders`.")
    ] = DEFAULT_ENCODER,
    weights: options.Weights = None,
    device: options.Device = "auto",
    list_skipped: Annotated[
        bool, typer.Option("--list-skipped", help="Name every file that was passed over.")
    ] = False,
    index: options.Index = None,
) -> int:
    """Find photos, encode what is new or changed, and remember it.

    Photos are only ever read. A second scan looks only at what changed, and forgets what
    is gone; a folder that is missing or suddenly empty is never taken for deleted.
    Ctrl-C keeps what is done: the same command goes on from there.
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
            progress=progress,
        )
    _print_report(report, list_skipped)
    if report.photos:
        Screen(sys.stdout).tell(f"next:  {options.again('dedupe group', index)}")
    return 3 if any(skip.problem for skip in report.skips) else 0


def _print_report(report: "ScanReport", list_skipped: bool) -> None:
    screen = Screen(sys.stdout)
    known = report.photos - report.encoded - report.recognised
    parts = [f"{report.encoded:,} encoded"]
    if report.recognised:
        parts.append(f"{report.recognised:,} recognised as copies or moved")
    if known:
        parts.append(f"{known:,} unchanged")
    if report.forgotten:
        parts.append(f"{report.forgotten:,} gone and forgotten")
    screen.tell(Text.assemble((counted(report.photos, "photo"), "bold"), f": {', '.join(parts)}"))
    problems = [skip for skip in report.skips if skip.problem]
    others = [skip for skip in report.skips if not skip.problem]
    _print_skips(screen, "could not be read", problems, list_skipped)
    _print_skips(screen, "passed over", others, list_skipped)
    screen.tell(f"index: {shown_path(report.index)} ({report.encoder})")


def _print_skips(screen: Screen, what: str, skips: Iterable[Skip], list_skipped: bool) -> None:
    by_reason: dict[str, list[Skip]] = {}
    for skip in skips:
        by_reason.setdefault(skip.reason, []).append(skip)
    if not by_reason:
        return
    counts = Counter({reason: len(each) for reason, each in by_reason.items()})
    screen.tell(f"{counted(counts.total(), 'file')} {what}:")
    for reason, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        screen.tell(f"  {count:,}  {safe(reason)}")
        shown = by_reason[reason] if list_skipped else by_reason[reason][:_NAMED]
        for skip in shown:
            screen.tell(Text(f"       {shown_path(skip.path)}", "dim"))
        if len(shown) < count:
            more = f"       and {count - len(shown):,} more (--list-skipped)"
            screen.tell(Text(more, "dim"))
