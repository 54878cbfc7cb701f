"""For spreadsheets: one line a photo."""

import csv
from typing import TextIO

from dedupe.names import safe
from dedupe.photos.photo import Photo
from dedupe.reports.facts import Overview, Ranking

_PHOTO = ("width", "height", "bytes", "format", "taken", "path")


def write_overview(overview: Overview, out: TextIO) -> None:
    """One line for each photo in a set; sets are numbered from 1."""
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(("set", "relation", "distance", *_PHOTO))
    for number, each in enumerate(overview.sets, 1):
        for row in each.rows:
            lines.writerow((number, row.relation, f"{row.distance:.4f}", *_cells(row.photo)))


def write_ranking(ranking: Ranking, out: TextIO) -> None:
    """One line for each hit, nearest first."""
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(("rank", "distance", *_PHOTO))
    for number, hit in enumerate(ranking.hits, 1):
        lines.writerow((number, f"{hit.distance:.4f}", *_cells(hit.photo)))


def _cells(photo: Photo) -> tuple[str | int, ...]:
    taken = photo.taken.isoformat(" ") if photo.taken else ""
    name = safe(photo.path)
    # a spreadsheet runs a cell that begins so; the apostrophe makes it text
    if name.startswith(("=", "+", "-", "@")):
        name = f"'{name}"
    return (photo.width, photo.height, photo.file.size, photo.format, taken, name)
