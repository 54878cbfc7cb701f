"""For pipes: the paths alone, byte for byte."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from dedupe.names import safe
from dedupe.reports.facts import Folders, Overview, Problems, Ranking

if TYPE_CHECKING:
    from dedupe.matching.calibration.calibrate import Calibration
    from dedupe.matching.explain import Explanation
    from dedupe.matching.folders.cover import Coverage
    from dedupe.matching.sets.ignore import Decision


def write_overview(overview: Overview, out: TextIO, *, null: bool = False) -> None:
    """One path a line, the photo to keep first, an empty line between sets.

    With `null`, each path ends with a NUL byte and each set with a second one.
    """
    for number, each in enumerate(overview.sets):
        if number and not null:
            _write_bytes(b"\n", out)
        _write((row.photo.path for row in each.rows), out, null)
        if null:
            _write_bytes(b"\0", out)


def write_ranking(ranking: Ranking, out: TextIO, *, null: bool = False) -> None:
    """One path a line, or ended by a NUL byte; nearest first."""
    _write((hit.photo.path for hit in ranking.hits), out, null)


def write_problems(problems: Problems, out: TextIO, *, null: bool = False) -> None:
    """One path a line, or ended by a NUL byte; sorted."""
    _write((skip.path for skip in problems.skips), out, null)


def write_calibration(calibration: "Calibration", out: TextIO, *, null: bool = False) -> None:
    """The photos that were edited, one path a line, or ended by a NUL byte."""
    _write((photo.path for photo in calibration.sample), out, null)


def write_explanation(explanation: "Explanation", out: TextIO, *, null: bool = False) -> None:
    """The two photos, one path a line, or ended by a NUL byte."""
    _write((explanation.first.path, explanation.second.path), out, null)


def write_coverage(coverage: "Coverage", out: TextIO, *, null: bool = False) -> None:
    """What is not covered, one path a line, or ended by a NUL byte; sorted."""
    _write((answer.path for answer in coverage.missing), out, null)


def write_decisions(decisions: "Sequence[Decision]", out: TextIO, *, null: bool = False) -> None:
    """One path a line for each photo that lies somewhere, an empty line between decisions.

    With `null`, each path ends with a NUL byte and each decision with a second one.
    """
    for number, decision in enumerate(decisions):
        if number and not null:
            _write_bytes(b"\n", out)
        _write((paths[0] for _, paths in decision.photos if paths), out, null)
        if null:
            _write_bytes(b"\0", out)


def write_folders(folders: Folders, out: TextIO, *, null: bool = False) -> None:
    """The folders that are told, one path a line, or ended by a NUL byte."""
    _write((each.folder for each in folders.found), out, null)


def _write(paths: Iterable[Path], out: TextIO, null: bool) -> None:
    end = b"\0" if null else b"\n"
    for path in paths:
        # a pipe gets the bytes of the name, a terminal nothing that it would obey
        exact = safe(path).encode() if out.isatty() else os.fsencode(path)
        _write_bytes(exact + end, out)


def _write_bytes(data: bytes, out: TextIO) -> None:
    out.flush()
    out.buffer.write(data)
    out.buffer.flush()
