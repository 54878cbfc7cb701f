"""For people: calm tables, readable at 80 and at 160 columns."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from rich.cells import cell_len

from dedupe.names import safe
from dedupe.photos.photo import Photo
from dedupe.reports.facts import (
    LookAlikes,
    Overview,
    Ranking,
    shown_date,
    total_bytes,
)
from dedupe.reports.screen import Part, Screen, folded
from dedupe.reports.words import counted, shown_bytes, shown_path

if TYPE_CHECKING:
    from dedupe.matching.sets.clusters import Cluster

# From here on everything of a photo stands in one line; below, the path has its own.
_WIDE = 110

# A set or cluster of more is cut, with a word on where the rest is.
_ROWS = 50
_OF_A_CLUSTER = 6

# What stands before a path, "same picture" or a distance, is right-aligned in as many cells.
_MARK = 12
_INDENT = " " * (_MARK + 2)

# The longest date; what stands behind dates begins in one column.
_DATE = 16

# Sets of what there may be none of.
_PLURAL = {
    "look-alike": "look-alikes",
    "same scene": "photos of the same scene",
    "same moment": "photos of the same moment",
    "same picture": "photos of the same picture",
    "same pixels": "photos of the same pixels",
    "same file": "copies of one file",
}

_STYLES = {"keep": "bold green", "same file": "cyan", "same pixels": "cyan"}

_DATES = "Dates in brackets are those of the file."
_LEGEND = "Numbers are distances to the photo to keep, dates in brackets those of the file."


def write_overview(overview: Overview, out: TextIO) -> None:
    """The sets, the clusters, and a summary in words."""
    screen = Screen(out)
    if overview.sets:
        _print_header(screen, "relation")
    for number, each in enumerate(overview.sets, 1):
        with screen.together():
            _print_set(screen, number, each)
    if overview.clusters:
        _print_clusters(screen, overview.clusters)
    for line in summary(overview):
        screen.tell_hanging("", line)
    if overview.sets:
        numbers = any(row.relation == "look-alike" for each in overview.sets for row in each.rows)
        screen.tell((_LEGEND if numbers else _DATES, "dim"))


def write_ranking(ranking: Ranking, out: TextIO) -> None:
    """The hits, nearest first."""
    screen = Screen(out)
    examples, hits = ranking.examples, ranking.hits
    several = len(examples) > 1
    if not (hits or several or ranking.not_like):
        _print_path(screen, ["no photo is that near to "], examples[0])
        return
    head: Part = ("Nearest to ", "bold")
    for number, path in enumerate(examples, 1):
        _print_path(screen, [head, (f"{number}  " if several else "", "bold")], path, style="bold")
        head = " " * _cells([head])
    head = ("   but not ", "bold")
    for path in ranking.not_like:
        _print_path(screen, [head], path, style="bold")
        head = " " * _cells([head])
    if not hits:
        screen.tell("no photo is that near")
        return
    looked_at = any(hit.verified for hit in hits)
    _print_header(screen, "distance", "relation" if looked_at else None)
    for hit in hits:
        which = f" to {examples.index(hit.nearest) + 1}" if several else ""
        mark = f"{hit.distance:.1f}{which}"
        words = hit.relation.words if hit.relation is not None else ""
        _print_photo(screen, mark, hit.photo, hit.edit, words if looked_at else None)


def summary(overview: Overview) -> list[str]:
    """The overview in words, a sentence a line."""
    inside = sum(len(each.rows) for each in overview.sets)
    clustered = sum(len(each.photos) for each in overview.clusters)
    left_out = overview.left_out
    alone = overview.photos - inside - clustered - left_out.photos - overview.hidden.photos
    photos = counted(overview.photos, "photo")
    measured = f"({overview.encoder})"
    what = _PLURAL[overview.relation]
    if overview.relation == "look-alike":
        measured = f"(threshold {overview.threshold:g}, {overview.encoder})"
    if overview.sets:
        sets = counted(len(overview.sets), "set")
        verb = "holds" if len(overview.sets) == 1 else "hold"
        lines = [f"{sets} {verb} {inside:,} of {photos} {measured}."]
    else:
        both = " on both sides" if left_out.folders else ""
        lines = [f"No {what}{both} among {photos} {measured}."]
    lines += [words for words in (left_out.words, overview.hidden.words) if words]
    lines += _relations(overview)
    if overview.clusters:
        clusters = counted(len(overview.clusters), "cluster")
        verb = "holds" if len(overview.clusters) == 1 else "hold"
        lines.append(f"{clusters} of one kind {verb} {clustered:,} more.")
    others = left_out.photos or overview.hidden.photos
    if alone and (overview.sets or overview.clusters or others):
        where = "set or cluster" if overview.clusters or left_out.clusters else "set"
        lines.append(f"{counted(alone, 'photo')} {_are(alone)} in no {where}.")
    return lines


def _relations(overview: Overview) -> list[str]:
    """What the photos of the sets are to those to keep, in one sentence."""
    counts = Counter(row.relation for each in overview.sets for row in each.rows)
    told = [f"{each} {counts[each]:,}" for each in reversed(_PLURAL) if counts[each]]
    return [f"Beside those to keep: {', '.join(told)}."] if told else []


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _print_set(screen: Screen, number: int, each: LookAlikes) -> None:
    size = shown_bytes(total_bytes(row.photo for row in each.rows))
    facts = f"{each.relation}: {counted(len(each.rows), 'photo')}, {size}"
    if each.relation == "look-alike":
        facts += f", at most {each.spread:.1f} apart"
    screen.tell((f"Set {number}", "bold"), f"  {facts}")
    for row in each.rows[:_ROWS]:
        alike = row.relation == "look-alike"
        style = _STYLES.get(row.relation, "")
        mark = f"{row.distance:.1f}" if alike else row.relation, style
        _print_photo(screen, mark, row.photo, row.edit, more=row.more)
        if row.relation == "keep":
            screen.tell_hanging(_INDENT, f"kept: {safe(row.reason)}", "dim")
    if len(each.rows) > _ROWS:
        more = counted(len(each.rows) - _ROWS, "more photo")
        screen.tell(f"{_INDENT}and {more} (--format json lists all)")
    screen.tell()


def _print_clusters(screen: Screen, clusters: "tuple[Cluster, ...]") -> None:
    screen.tell(("Of one kind", "bold"), "  not look-alikes, only alike")
    for each in clusters[:_ROWS]:
        screen.tell_hanging(f"{counted(len(each.photos), 'photo'):>{_MARK}}  ", safe(each.name))
        for photo in each.photos[:_OF_A_CLUSTER]:
            _print_path(screen, [_INDENT], photo.path)
        if len(each.photos) > _OF_A_CLUSTER:
            screen.tell(f"{_INDENT}and {len(each.photos) - _OF_A_CLUSTER:,} more")
    if len(clusters) > _ROWS:
        more = counted(len(clusters) - _ROWS, "more cluster")
        screen.tell(f"{_INDENT}and {more} (--format json lists all)")
    screen.tell()


def _print_header(screen: Screen, first: str, second: str | None = None) -> None:
    """Names of the columns, where there are columns."""
    if screen.width >= _WIDE:
        more = "" if second is None else f"  {second:{_MARK}}"
        titles = f"{first:>{_MARK}}{more}  {'pixels':>13}  {'size':>7}  {'date':{_DATE}}  photo"
        screen.tell((titles, "dim"))


def _print_photo(
    screen: Screen,
    mark: Part,
    photo: Photo,
    edit: str = "",
    relation: str | None = None,
    *,
    more: str = "",
) -> None:
    """A photo behind its mark, and what belongs to it; `relation`, or "", has a column."""
    # every column is as wide as it ever gets, so that all sets line up
    head: list[Part] = [" " * (_MARK - _cells([mark])), mark, "  "]
    pixels = f"{photo.width} × {photo.height}"
    size, date = shown_bytes(photo.file.size), shown_date(photo)
    style = _STYLES.get(relation or "", "")
    if screen.width >= _WIDE:
        if relation is not None:
            head.append((f"{relation:{_MARK}}  ", style))
        head.append(f"{pixels:>13}  {size:>7}  {date:{_DATE}}  ")
        _print_path(screen, head, photo.path, more)
    else:
        _print_path(screen, head, photo.path, more)
        line = f"{_INDENT}{pixels:11}  {size:>7}  {date}"
        if relation:
            screen.tell((line, "dim"), " " * (_DATE - len(date) + 2), (relation, style))
        else:
            screen.tell((line, "dim"))
    if edit:
        screen.tell_hanging(_INDENT, edit, "dim")
    if photo.frames > 1:  # of two alike, one may move: that decides which to keep
        screen.tell((f"{_INDENT}first of {photo.frames:,} frames", "dim"))
    for name in photo.hard_links:
        _print_path(screen, [(f"{_INDENT}also named ", "dim")], name, style="dim")


def _print_path(
    screen: Screen, head: Sequence[Part], path: Path, more: str = "", *, style: str = ""
) -> None:
    """The path behind `head`, and under itself where it is longer than the line; then `more`."""
    indent = _cells(head)
    room = max(screen.width - indent, _MARK)
    *parts, last = folded(shown_path(path), room)
    for part in parts:
        screen.tell(*head, (part, style))
        head = [" " * indent]
    fits = bool(more) and indent + cell_len(last) + 1 + cell_len(more) <= screen.width
    screen.tell(*head, (last, style), (f" {more}" if fits else "", "dim"))
    if more and not fits:
        screen.tell_hanging(" " * indent, more, "dim")


def _cells(parts: Iterable[Part]) -> int:
    """How many cells of a line they take."""
    return sum(cell_len(part if isinstance(part, str) else part[0]) for part in parts)
