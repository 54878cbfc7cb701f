"""dedupe problems: every file that the last scans could not read, and why."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from dedupe.cli import options
from dedupe.errors import IndexProblem
from dedupe.photos.photo import Skip


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
    from dedupe.reports.facts import Problems
    from dedupe.reports.registry import find_report

    form = find_report(report, terminal=sys.stdout.isatty(), null=null)
    skips = find_problems(paths or (), index=index, everything=True)
    listed = skips if everything else tuple(skip for skip in skips if skip.problem)
    form.problems(Problems(listed, others=len(skips) - len(listed)), sys.stdout)


def find_problems(
    paths: Iterable[Path | str] | Path | str = (),
    *,
    index: Path | None = None,
    everything: bool = False,
) -> tuple[Skip, ...]:
    """What the last scans could not read. No photo is opened.

    Args:
        paths: only what is at or below these; all that was ever scanned if empty.
        index: the index file; DEDUPE_INDEX or the one in the user's data folder if None.
        everything: also what was passed over for a good reason: videos, texts, links.

    Returns:
        Files and folders with their reasons, sorted by path.

    Raises:
        IndexProblem: there is no index, it cannot be used, or one of `paths` was not
            scanned yet.
    """
    from dedupe.index.place import default_index
    from dedupe.index.store import Index
    from dedupe.photos.discover import each_absolute

    folders = each_absolute(paths)
    with Index(index or default_index()) as store:
        skips = store.skips(folders)
        roots = store.roots()
    for folder in folders:
        if not any(folder.is_relative_to(root) or root.is_relative_to(folder) for root in roots):
            raise IndexProblem(f"{folder} was not scanned yet", f"run `dedupe scan {folder}` first")
    return tuple(skip for skip in skips if everything or skip.problem)
