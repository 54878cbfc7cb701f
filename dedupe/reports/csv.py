"""For spreadsheets: one line a photo, or a file that was passed over."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from dedupe.names import safe
from dedupe.photos.photo import Photo
from dedupe.reports.facts import Folders, Overview, Problems, Ranking, explanation_facts

if TYPE_CHECKING:
    from dedupe.matching.calibration.calibrate import Calibration
    from dedupe.matching.explain import Explanation
    from dedupe.matching.folders.cover import Coverage
    from dedupe.matching.sets.ignore import Decision

_PHOTO = (
    *("width", "height", "bytes", "format", "taken", "taken_from", "camera", "software", "gps"),
    *("latitude", "longitude", "orientation", "frames", "jpeg_quality", "path"),
)


def write_overview(overview: Overview, out: TextIO) -> None:
    """One line for each photo in a set; sets are numbered from 1. Then those in a cluster."""
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(
        ("set", "relation", "distance", "cluster", "edit", "reason", "companions", *_PHOTO)
    )
    for number, each in enumerate(overview.sets, 1):
        for row in each.rows:
            reason = _text(row.reason)
            facts = (number, row.relation, f"{row.distance:.4f}", "", row.edit, reason)
            names = _text("; ".join(each.path.name for each in row.companions))
            lines.writerow((*facts, names, *_cells(row.photo)))
    for cluster in overview.clusters:
        for photo in cluster.photos:
            lines.writerow(("", "", "", _text(cluster.name), "", "", "", *_cells(photo)))


def write_ranking(ranking: Ranking, out: TextIO) -> None:
    """One line for each hit, nearest first."""
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(("rank", "distance", "nearest", "relation", "edit", *_PHOTO))
    for number, hit in enumerate(ranking.hits, 1):
        near = f"{hit.distance:.4f}", _text(hit.nearest)
        relation = "" if hit.relation is None else hit.relation.words
        lines.writerow((number, *near, relation, hit.edit, *_cells(hit.photo)))


def write_problems(problems: Problems, out: TextIO) -> None:
    """One line for each file or folder, sorted by path."""
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(("problem", "passing", "reason", "folder", "path"))
    for skip in problems.skips:
        words = (_text(skip.reason), _text(skip.path.parent), _text(skip.path))
        lines.writerow((_yes(skip.problem), _yes(skip.passing), *words))


def write_calibration(calibration: "Calibration", out: TextIO) -> None:
    """One line for each threshold and edit, and one for its pairs of unrelated photos."""
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(("threshold", "edit", "kind", "found", "of", "low", "high"))
    for threshold in calibration.thresholds:
        counts = [(each.name, each.kind, each.within(threshold)) for each in calibration.edits]
        counts.append(("", "unrelated pairs", calibration.wrong(threshold)))
        for name, kind, found in counts:
            low, high = found.interval
            cells = (name, kind, found.found, found.of, f"{low:.3g}", f"{high:.3g}")
            lines.writerow((f"{threshold:g}", *cells))


def write_explanation(explanation: "Explanation", out: TextIO) -> None:
    """One line of what was found, beneath the names of the columns."""
    lines = csv.writer(out, lineterminator="\n")
    facts = explanation_facts(explanation)
    lines.writerow((*facts, "first", "second"))
    cells = [_text(each) if isinstance(each, str) else each for each in facts.values()]
    paths = (_text(explanation.first.path), _text(explanation.second.path))
    lines.writerow((*("" if each is None else each for each in cells), *paths))


def write_coverage(coverage: "Coverage", out: TextIO) -> None:
    """One line for each photo, covered or not, sorted by path."""
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(("covered", "reason", "relation", "nearest", *_PHOTO))
    for answer in coverage.answers:
        relation = "" if answer.relation is None else answer.relation.words
        near = _text(answer.by.path) if answer.by else ""
        unknown = ("",) * (len(_PHOTO) - 1)
        cells = _cells(answer.photo) if answer.photo else (*unknown, _text(answer.path))
        lines.writerow((_yes(answer.covered), _text(answer.reason), relation, near, *cells))


def write_decisions(decisions: "Sequence[Decision]", out: TextIO) -> None:
    """One line for each place of a photo of a decision; these are numbered from 1."""
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(("decision", "different", "content", "path"))
    for number, decision in enumerate(decisions, 1):
        for content, paths in decision.photos:
            for place in [_text(path) for path in paths] or [""]:
                lines.writerow((number, _yes(decision.different), content.hex(), place))


def write_folders(folders: Folders, out: TextIO) -> None:
    """One line for each folder that is told."""
    lines = csv.writer(out, lineterminator="\n")
    counts = ("photos", "alike", "exact", "only_here", "others", "back")
    lines.writerow((*counts, "folder", "within"))
    for each in folders.found:
        within = "" if each.within is None else _text(each.within)
        numbers = (getattr(each, name) for name in counts)
        lines.writerow((*numbers, _text(each.folder), within))


def _cells(photo: Photo) -> tuple[str | float, ...]:
    return (
        photo.width,
        photo.height,
        photo.file.size,
        photo.format,
        photo.taken.isoformat(" ") if photo.taken else "",
        photo.taken_from,
        _text(photo.camera),  # what the file says of itself is not to be trusted either
        _text(photo.software),
        _yes(photo.gps),
        "" if photo.latitude is None else photo.latitude,
        "" if photo.longitude is None else photo.longitude,
        photo.orientation,
        photo.frames,
        photo.jpeg_quality or "",
        _text(photo.path),
    )


def _text(words: str | Path) -> str:
    """A cell that no terminal obeys and no spreadsheet runs."""
    text = safe(words)
    # a spreadsheet runs a cell that begins so; the apostrophe makes it text
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def _yes(so: bool) -> str:
    return "true" if so else "false"
