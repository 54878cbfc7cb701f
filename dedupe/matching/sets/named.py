"""Tables of what is known by a name, remembered as columns beside the index."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from dedupe.errors import IndexProblem
from dedupe.index.answers import AnswerFile, answer_key
from dedupe.index.facts import places_among
from dedupe.index.library import Library
from dedupe.names import safe

# Answers that are kept: by relation and keep rules.
_KEPT = 4

Columns = dict[str, npt.NDArray[Any]]
_Names = npt.NDArray[np.uint64]
_Rows = npt.NDArray[np.int64]
_T = TypeVar("_T")


class Named:
    """A table of things by their names, in a file beside the index; only a cache.

    Attributes:
        known: the columns: one number for each thing, or for each of its members, one behind
            the other. "names" are two for each thing.
        words: what numbers in the columns may stand for.
    """

    def __init__(
        self,
        library: Library,
        kind: str,
        rests_on: Iterable[bytes],
        things: Mapping[str, str],
        members: Mapping[str, tuple[str, str]],
    ) -> None:
        """Read what there is: nothing, where it does not fit together.

        Args:
            library: beside whose index it lies.
            kind: of the things.
            rests_on: what decides them beside what they are named by.
            things: columns of things: of which numbers they are, as numpy says it ("<i4").
            members: columns of members: likewise, and the column that counts them.
        """
        self._things, self._members = tuple(things), members
        columns = columns_of(things, members)
        self._file = AnswerFile(library.index, library.encoder.fingerprint, kind, columns, _KEPT)
        self._key = answer_key(rests_on)
        # no more are remembered than there are photos: who are not here any more go
        self._room = len(library.first_rows)
        self.known: Columns = {name: np.empty(0, of) for name, of in columns.items()}
        self.words = [""]
        answer = self._file.read(self._key)
        if answer is not None and self._fits(answer):
            self.known = {name: answer[name].astype(of) for name, of in columns.items()}
            words = self.known["words"].tobytes().decode(errors="replace")
            self.words = [safe(word) for word in words.split("\0")]
            self._room = max(self._room, int(self.known["room"][0]))

    def _fits(self, answer: Columns) -> bool:
        """Whether columns are as long as they must be: the seal does not tell who wrote them."""
        things = len(answer["names"]) // 2
        if len(answer["room"]) != 1 or len(answer["names"]) != 2 * things:
            return False
        if any(len(answer[name]) != things for name in self._things):
            return False
        return all(
            bool((answer[count] > 0).all())
            and len(answer[name]) == int(answer[count].sum(dtype=np.int64))
            for name, (_, count) in self._members.items()
        )

    def forget(self) -> None:
        """Nothing is known after all."""
        self.known = {name: column[:0] for name, column in self.known.items()}
        self.words = [""]

    def places(self, names: _Names) -> _Rows:
        """(K,) where some names are among those that are known; -1 where they are not.

        Args:
            names: (K, 2) uint64.
        """
        return places_among(self.known["names"].reshape(-1, 2), names)

    def of(self, chosen: _Rows) -> Columns:
        """The columns of some things alone.

        Args:
            chosen: their places.
        """
        known = self.known
        found = {name: known[name][chosen] for name in self._things}
        found["names"] = known["names"].reshape(-1, 2)[chosen].reshape(-1)
        for name, (_, count) in self._members.items():
            found[name] = known[name][_ranges(known[count].astype(np.int64), chosen)]
        return found

    def numbers_of(self, words: Iterable[str]) -> list[int]:
        """What may stand for some words: those that were not known are, from now on."""
        number = {word: place for place, word in enumerate(self.words)}
        found = []
        for word in words:
            if word not in number:
                number[word] = len(self.words)
                self.words.append(word)
            found.append(number[word])
        return found

    def write(self, here: _Rows, new: Columns, said: str = "") -> None:
        """Remember some things more; where that cannot be, they are found anew next time.

        Args:
            here: places of those of the known ones that the library has.
            new: the columns of the others.
            said: the column whose numbers stand for words.
        """
        known = np.arange(len(self.known["names"]) // 2)
        fits = len(known) + len(new["names"]) // 2 <= self._room
        old = self.of(known if fits else here)
        both: Columns = {name: np.concatenate([old[name], new[name]]) for name in old}
        words = self.words
        if said:
            used, both[said] = np.unique(both[said], return_inverse=True)
            words = [words[each] for each in used.tolist()]
        both["words"] = np.frombuffer("\0".join(words).encode(), np.uint8)
        both["room"] = np.array([self._room])
        with suppress(IndexProblem):
            self._file.write(self._key, both)


def columns_of(things: Mapping[str, str], members: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """All columns of a table, by name."""
    own = {name: of for name, (of, _) in members.items()}
    return {"names": "<u8", **things, **own, "words": "u1", "room": "<i8"}


def _ranges(counts: _Rows, chosen: _Rows) -> _Rows:
    """The places of the members of some things."""
    some = counts[chosen]
    starts, before = np.cumsum(counts) - counts, np.cumsum(some) - some
    places: _Rows = np.arange(some.sum()) + np.repeat(starts[chosen] - before, some)
    return places


def cut(items: Sequence[_T], lengths: Iterable[int]) -> Iterator[tuple[_T, ...]]:
    """The parts of these lengths that `items` is made of."""
    start = 0
    for length in lengths:
        yield tuple(items[start : start + length])
        start += length
