"""Every form in which a result can be written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TextIO

from dedupe.errors import UnknownName, UsageError
from dedupe.reports import (
    calibration,
    coverage,
    csv,
    decisions,
    explanation,
    folders,
    json,
    paths,
    skips,
    table,
)
from dedupe.reports.facts import Folders, Overview, Problems, Ranking

if TYPE_CHECKING:  # it loads numpy
    from dedupe.matching.calibration.calibrate import Calibration
    from dedupe.matching.explain import Explanation
    from dedupe.matching.folders.cover import Coverage
    from dedupe.matching.sets.ignore import Decision


@dataclass(frozen=True, slots=True)
class Report:
    """One form, for every kind of result.

    Attributes:
        overview: writes what `dedupe group` found.
        ranking: writes what `dedupe search` found.
        problems: writes what `dedupe problems` found.
        calibration: writes what `dedupe calibrate` measured.
        explanation: writes what `dedupe explain` found.
        coverage: writes what `dedupe covered` found.
        decisions: writes what `dedupe ignore --list` found.
        folders: writes what `dedupe folders` found.
        facts: whether it says more of photos than their paths, so that it is worth finding out.
    """

    overview: Callable[[Overview, TextIO], None]
    ranking: Callable[[Ranking, TextIO], None]
    problems: Callable[[Problems, TextIO], None]
    calibration: "Callable[[Calibration, TextIO], None]"
    explanation: "Callable[[Explanation, TextIO], None]"
    coverage: "Callable[[Coverage, TextIO], None]"
    decisions: "Callable[[Sequence[Decision], TextIO], None]"
    folders: Callable[[Folders, TextIO], None]
    facts: bool = True


REPORTS: dict[str, Report] = {
    "table": Report(
        table.write_overview,
        table.write_ranking,
        skips.write_problems,
        calibration.write_calibration,
        explanation.write_explanation,
        coverage.write_coverage,
        decisions.write_decisions,
        folders.write_folders,
    ),
    "json": Report(
        json.write_overview,
        json.write_ranking,
        json.write_problems,
        json.write_calibration,
        json.write_explanation,
        json.write_coverage,
        json.write_decisions,
        json.write_folders,
    ),
    "csv": Report(
        csv.write_overview,
        csv.write_ranking,
        csv.write_problems,
        csv.write_calibration,
        csv.write_explanation,
        csv.write_coverage,
        csv.write_decisions,
        csv.write_folders,
    ),
    "paths": Report(
        paths.write_overview,
        paths.write_ranking,
        paths.write_problems,
        paths.write_calibration,
        paths.write_explanation,
        paths.write_coverage,
        paths.write_decisions,
        paths.write_folders,
        facts=False,
    ),
}


def find_report(name: str | None, *, terminal: bool, null: bool = False) -> Report:
    """The report of a name; where none is given, a table for a terminal and paths for a pipe.

    Args:
        name: in REPORTS, or None.
        terminal: whether a person reads it.
        null: end paths with NUL bytes, as `xargs -0` wants them.

    Raises:
        UnknownName: there is no such report.
        UsageError: `null` with another report than "paths".
    """
    if null:
        if name not in (None, "paths"):
            raise UsageError(f"-0 goes with --format paths, not with --format {name}")
        return Report(
            partial(paths.write_overview, null=True),
            partial(paths.write_ranking, null=True),
            partial(paths.write_problems, null=True),
            partial(paths.write_calibration, null=True),
            partial(paths.write_explanation, null=True),
            partial(paths.write_coverage, null=True),
            partial(paths.write_decisions, null=True),
            partial(paths.write_folders, null=True),
            facts=False,
        )
    name = name or ("table" if terminal else "paths")
    if name not in REPORTS:
        raise UnknownName("format", name, REPORTS)
    return REPORTS[name]
