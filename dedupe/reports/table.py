"""For people: calm tables, readable at 80 and at 160 columns."""

import os
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dedupe.matching.clusters import Cluster
from dedupe.names import safe
from dedupe.photos.photo import Photo
from dedupe.reports.facts import (
    LookAlikes,
    Overview,
    Ranking,
    shown_bytes,
    shown_date,
    total_bytes,
)

# From here on everything of a photo stands in one line; below, the path has its own.
_WIDE = 110

# A set or cluster of more is cut, with a word on where the rest is.
_ROWS = 50
_OF_A_CLUSTER = 6


def write_overview(overview: Overview, out: TextIO) -> None:
    """The sets, the clusters, and a summary in words."""
    console = Console(file=out, highlight=False)
    for number, each in enumerate(overview.sets, 1):
        _print_set(console, number, each)
    if overview.clusters:
        _print_clusters(console, overview.clusters)
    for line in summary(overview):
        console.print(Text(line))


def write_ranking(ranking: Ranking, out: TextIO) -> None:
    """The hits, nearest first."""
    console = Console(file=out, highlight=False)
    if not ranking.hits:
        console.print(Text(f"no photo is that near to {shown_path(ranking.example)}"))
        return
    console.print(Text.assemble(("Nearest to ", "bold"), shown_path(ranking.example)))
    table = _table(console)
    for hit in ranking.hits:
        _add(console, table, Text(f"{hit.distance:.1f}"), hit.photo)
    console.print(table)


def summary(overview: Overview) -> list[str]:
    """The overview in words, a sentence a line."""
    inside = sum(len(each.rows) for each in overview.sets)
    clustered = sum(len(each.photos) for each in overview.clusters)
    same = sum(row.relation == "same file" for each in overview.sets for row in each.rows)
    lines = [
        f"{counted(len(overview.sets), 'set')} of look-alikes hold {inside} of "
        f"{counted(overview.photos, 'photo')} (threshold {overview.threshold:g}, "
        f"{overview.encoder})."
        if overview.sets
        else f"No look-alikes among {counted(overview.photos, 'photo')} "
        f"(threshold {overview.threshold:g}, {overview.encoder})."
    ]
    if same:
        lines.append(
            f"{counted(same, 'photo')} of them {'is' if same == 1 else 'are'} the same file as "
            "the one to keep, byte for byte."
        )
    alone = overview.photos - inside - clustered
    if overview.clusters:
        lines.append(
            f"{counted(len(overview.clusters), 'cluster')} of one kind hold {clustered} more, "
            f"{alone} {'is' if alone == 1 else 'are'} like no other."
        )
    elif overview.sets and alone:
        lines.append(f"{counted(alone, 'photo')} {'is' if alone == 1 else 'are'} like no other.")
    return lines


def counted(count: int, what: str) -> str:
    """`1 photo`, `12 photos`, `1,200 photos`."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def shown_path(path: Path) -> str:
    """The path in full, from here where it lies below here, safe for a terminal."""
    try:
        return safe(path.relative_to(os.path.realpath(Path.cwd())))
    except (ValueError, FileNotFoundError):  # elsewhere, or here was deleted
        return safe(path)


def _print_set(console: Console, number: int, each: LookAlikes) -> None:
    size = shown_bytes(total_bytes(row.photo for row in each.rows))
    console.print(
        Text.assemble(
            (f"Set {number}", "bold"),
            f"  {counted(len(each.rows), 'photo')}, {size}, spread {each.spread:.1f}",
        )
    )
    table = _table(console)
    for row in each.rows[:_ROWS]:
        mark = {
            "keep": Text("keep", "bold green"),
            "same file": Text("same file", "cyan"),
        }.get(row.relation, Text(f"{row.distance:.1f}"))
        _add(console, table, mark, row.photo)
    console.print(table)
    if len(each.rows) > _ROWS:
        more = counted(len(each.rows) - _ROWS, "more photo")
        console.print(Text(f"{'':11}and {more} (--format json lists all)"))
    console.print()


def _print_clusters(console: Console, clusters: tuple[Cluster, ...]) -> None:
    console.print(Text.assemble(("Of one kind", "bold"), "  not look-alikes, only alike"))
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(justify="right", min_width=11, no_wrap=True)
    table.add_column(overflow="fold")
    for each in clusters[:_ROWS]:
        shown = [shown_path(photo.path) for photo in each.photos[:_OF_A_CLUSTER]]
        if len(each.photos) > _OF_A_CLUSTER:
            shown.append(f"and {len(each.photos) - _OF_A_CLUSTER} more")
        table.add_row(counted(len(each.photos), "photo"), Text("\n".join(shown)))
    console.print(table)
    if len(clusters) > _ROWS:
        more = counted(len(clusters) - _ROWS, "more cluster")
        console.print(Text(f"{'':11}and {more} (--format json lists all)"))
    console.print()


def _table(console: Console) -> Table:
    # the first columns are as wide as they ever get, so that all sets line up
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(justify="right", min_width=11, no_wrap=True)
    if console.width >= _WIDE:
        table.add_column(justify="right", min_width=13, no_wrap=True)
        table.add_column(justify="right", min_width=7, no_wrap=True)
        table.add_column(min_width=16, no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _add(console: Console, table: Table, mark: Text, photo: Photo) -> None:
    path = Text(shown_path(photo.path))
    facts = (f"{photo.width} × {photo.height}", shown_bytes(photo.file.size), shown_date(photo))
    if console.width >= _WIDE:
        table.add_row(mark, *facts, path)
    else:
        table.add_row(mark, Text.assemble(path, ("\n" + "   ".join(facts), "dim")))
