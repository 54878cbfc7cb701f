"""The proved sets of a library, remembered as one answer: another threshold only joins them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from dedupe.errors import IndexProblem
from dedupe.index.answers import AnswerFile, answer_key
from dedupe.index.library import Library
from dedupe.matching.pairs.relations import Relation
from dedupe.matching.sets.contents import Contents
from dedupe.matching.sets.joining import Unit
from dedupe.matching.sets.made import Made, Member
from dedupe.matching.sets.proved import Proved
from dedupe.names import safe

# Answers that are kept: for the whole library and for folders, by relation and keep rules.
_KEPT = 4

# Goes up with every change of which sets the same verdicts make, and of what is said of them.
_VERSION = 2

_ROWS = ("units", "lengths", "collages", "apart", "shots", "made", "made_lengths", "rows")
COLUMNS = {
    **dict.fromkeys((*_ROWS, "rows_lengths", "kept", "edits"), "<i4"),
    **{"spreads": "<f8", "relations": "u1", "words": "u1"},
}

_T = TypeVar("_T")


class RememberedSets:
    """Where the proved sets of a library are remembered; only a cache."""

    def __init__(self, library: Library, rests_on: Iterable[bytes]) -> None:
        """Nothing is read yet.

        Args:
            library: from an index.
            rests_on: what decides its sets, beside its photos.
        """
        self._file = AnswerFile(library.index, library.encoder.fingerprint, "sets", COLUMNS, _KEPT)
        ignored = (one + other for one, other in sorted(library.ignored.pairs))
        self._key = answer_key((b"%d" % _VERSION, library.key, *rests_on, *ignored))

    def read(self, contents: Contents) -> Proved | None:
        """The sets, with all that was found of them so far; None where nothing is remembered.

        Args:
            contents: of the library.
        """
        answer = self._file.read(self._key)
        if answer is None:
            return None
        found = {name: column.tolist() for name, column in answer.items() if name != "words"}
        words = answer["words"].tobytes().decode(errors="replace").split("\0")
        return _proved_of(found, [safe(each) for each in words], contents)

    def add(self, proved: Proved, made: dict[Unit, Made]) -> None:
        """Remember more of some units; where that cannot be, it is found anew next time."""
        with suppress(IndexProblem):
            self._file.write(self._key, _as_columns(replace(proved, made={**proved.made, **made})))


def _as_columns(proved: Proved) -> dict[str, npt.ArrayLike]:
    made = proved.made.values()
    members = [member for each in made for member in each.members]
    edits = sorted({"", *(member.edit for member in members)})
    number = {edit: place for place, edit in enumerate(edits)}
    return {
        "units": _end_to_end(proved.units),
        "lengths": list(map(len, proved.units)),
        "collages": sorted(proved.collages),
        "apart": _end_to_end(sorted(proved.apart)),
        "shots": sorted(proved.shots),
        "made": _end_to_end(proved.made),
        "made_lengths": list(map(len, proved.made)),
        "rows": _end_to_end(each.rows for each in made),
        "rows_lengths": [len(each.rows) for each in made],
        "kept": [each.kept for each in made],
        "spreads": [each.spread for each in made],
        "relations": [member.relation for member in members],
        "edits": [number[member.edit] for member in members],
        "words": np.frombuffer("\0".join(edits).encode(), np.uint8),
    }


def _proved_of(found: Mapping[str, Any], words: Sequence[str], contents: Contents) -> Proved | None:
    if not _are_sound(found, len(words), contents):
        return None
    member = cache(lambda relation, edit: Member(Relation(relation), words[edit]))
    members = list(map(member, found["relations"], found["edits"]))
    lengths = found["rows_lengths"]
    rows, its_members = _cut(found["rows"], lengths), _cut(members, lengths)
    made = list(map(Made, rows, found["kept"], its_members, found["spreads"]))
    if not all(each.kept in each.rows for each in made):
        return None
    apart = found["apart"]
    return Proved(
        units=list(_cut(found["units"], found["lengths"])),
        collages=frozenset(found["collages"]),
        apart=frozenset(zip(apart[::2], apart[1::2], strict=True)),
        shots=frozenset(found["shots"]),
        made=dict(zip(_cut(found["made"], found["made_lengths"]), made, strict=True)),
    )


def _are_sound(found: Mapping[str, Any], words: int, contents: Contents) -> bool:
    """Whether these can be sets of a library: the seal tells of damage, not of who wrote them."""
    photos, count = len(contents.photos), len(found["kept"])
    of_contents = "units", "made", "apart", "shots"
    in_parts = (("units", "lengths"), ("made", "made_lengths"), ("rows", "rows_lengths"))
    return (
        all(contents.copies.keys() >= set(found[name]) for name in of_contents)
        and len(set(found["units"])) == len(found["units"])
        and len(found["apart"]) % 2 == 0
        and all(sum(found[each]) == len(found[name]) for name, each in in_parts)
        and all(min(found[each], default=1) > 0 for _, each in in_parts)
        and min(found["rows_lengths"], default=2) > 1
        and len(found["made_lengths"]) == len(found["rows_lengths"]) == count
        and len(found["spreads"]) == count
        and len(found["relations"]) == len(found["edits"]) == len(found["rows"])
        and all(0 <= row < photos for row in (*found["rows"], *found["kept"]))
        and max(found["relations"], default=0) <= max(Relation)
        and all(0 <= edit < words for edit in found["edits"])
    )


def _end_to_end(parts: Iterable[Sequence[int]]) -> list[int]:
    return [row for part in parts for row in part]


def _cut(items: Sequence[_T], lengths: Iterable[int]) -> Iterator[tuple[_T, ...]]:
    """The parts of these lengths that `items` is made of."""
    start = 0
    for length in lengths:
        yield tuple(items[start : start + length])
        start += length
