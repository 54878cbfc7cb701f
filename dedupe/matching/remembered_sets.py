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
from dedupe.matching.joining import Unit
from dedupe.matching.made import Made, Member
from dedupe.matching.proved import Proved
from dedupe.matching.relations import Relation

# Answers that are kept: for the whole library and for folders, by relation and keep rules.
_KEPT = 4

# Goes up with every change of which sets the same verdicts make, and of what is said of them.
_VERSION = 1

_T = TypeVar("_T")


class RememberedSets:
    """Where the proved sets of a library are remembered; only a cache."""

    def __init__(self, library: Library, rests_on: Iterable[bytes]) -> None:
        """Nothing is read yet.

        Args:
            library: from an index.
            rests_on: what decides its sets, beside its photos.
        """
        self._file = AnswerFile(library.index, library.encoder.fingerprint, "sets", _KEPT)
        ignored = (one + other for one, other in sorted(library.ignored.pairs))
        self._key = answer_key((b"%d" % _VERSION, library.key, *rests_on, *ignored))

    def read(self) -> Proved | None:
        """The sets, with all that was found of them so far; None where nothing is remembered."""
        answer = self._file.read(self._key)
        return None if answer is None else _proved_of(answer)

    def add(self, proved: Proved, made: dict[Unit, Made]) -> None:
        """Remember more of some units; where that cannot be, it is found anew next time."""
        with suppress(IndexProblem):
            self._file.write(self._key, _as_arrays(replace(proved, made={**proved.made, **made})))


def _as_arrays(proved: Proved) -> dict[str, npt.ArrayLike]:
    made = proved.made.values()
    members = [member for each in made for member in each.members]
    edits = sorted({member.edit for member in members})
    number = {edit: place for place, edit in enumerate(edits)}
    return {
        "units": _end_to_end(proved.units),
        "lengths": list(map(len, proved.units)),
        "collages": sorted(proved.collages),
        "apart": np.array(sorted(proved.apart), np.int32).reshape(-1, 2),
        "made": _end_to_end(proved.made),
        "made_lengths": list(map(len, proved.made)),
        "rows": _end_to_end(each.rows for each in made),
        "rows_lengths": [len(each.rows) for each in made],
        "kept": [each.kept for each in made],
        "spreads": np.array([each.spread for each in made], np.float64),
        "relations": [member.relation for member in members],
        "edits": [number[member.edit] for member in members],
        "words": np.array(edits, np.str_),
    }


def _proved_of(answer: Mapping[str, npt.NDArray[np.generic]]) -> Proved:
    found: dict[str, Any] = {name: its.tolist() for name, its in answer.items()}
    member = cache(lambda relation, edit: Member(Relation(relation), found["words"][edit]))
    members = list(map(member, found["relations"], found["edits"]))
    lengths = found["rows_lengths"]
    rows, its_members = _cut(found["rows"], lengths), _cut(members, lengths)
    made = map(Made, rows, found["kept"], its_members, found["spreads"])
    return Proved(
        units=list(_cut(found["units"], found["lengths"])),
        collages=frozenset(found["collages"]),
        apart=frozenset(map(tuple, found["apart"])),
        made=dict(zip(_cut(found["made"], found["made_lengths"]), made, strict=True)),
    )


def _end_to_end(parts: Iterable[Sequence[int]]) -> list[int]:
    return [row for part in parts for row in part]


def _cut(items: Sequence[_T], lengths: Iterable[int]) -> Iterator[tuple[_T, ...]]:
    """The parts of these lengths that `items` is made of."""
    start = 0
    for length in lengths:
        yield tuple(items[start : start + length])
        start += length
