"""Which photo of a set is kept, of those that all others are verified against."""

from collections.abc import Mapping, Sequence, Set
from functools import partial

from dedupe.matching.crew import Crew
from dedupe.matching.pairs.related import Verdict
from dedupe.matching.sets.contents import Contents
from dedupe.matching.sets.joining import Unit
from dedupe.matching.sets.middle import possible_middles
from dedupe.matching.sets.stars import Link
from dedupe.matching.sets.verified import Choose

_Open = tuple[Unit, list[list[int]]]
"""A unit, and its rows that could be kept, those of one picture together."""


def chosen(
    units: Sequence[Unit],
    contents: Contents,
    related: Mapping[Link, Verdict],
    collages: Set[int],
    choose: Choose | None,
) -> tuple[list[Unit], set[Unit]]:
    """Some units with the row first that is to be kept; those that may be asked about again.

    Args:
        units: the row that the others are verified against first in each.
        contents: of the library.
        related: the verdicts by pairs of rows.
        collages: rows that should keep nobody.
        choose: asked where there is a choice, by several threads; nobody is if None.
    """
    best_first = list(units)
    if choose is None:
        return best_first, set()
    open_: dict[int, _Open] = {}
    for number, unit in enumerate(units):
        pictures = possible_middles(contents.photos, unit, related, collages)
        if sum(map(len, pictures)) > 1:
            open_[number] = unit, pictures
    unsettled = set()
    with Crew(0) as crew:  # reading a file leaves Python's lock to others
        asked = crew.map(partial(_asked, contents, choose), list(open_.values()))
        for number, (best, settled) in zip(open_, asked, strict=True):
            unit = units[number]
            best_first[number] = (best, *(row for row in unit if row != best))
            if not settled:
                unsettled.add(unit)
    return best_first, unsettled


def _asked(contents: Contents, choose: Choose, open_: _Open) -> tuple[int, bool]:
    """The row to keep, and whether that would always be the answer."""
    photos, (_, pictures) = contents.photos, open_
    choice = choose(
        [[photos[each] for row in its for each in contents.copies[row]] for its in pictures]
    )
    rows = (row for picture in pictures for row in picture)
    best = next(row for row in rows if photos[row].content == choice.photo.content)
    return best, choice.settled
