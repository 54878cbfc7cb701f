"""Pairs that are related, each with what proves it: unpacked when somebody asks for it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from dedupe.matching.pairs.evidence import SIZE, Evidence, each_unpacked, is_sound
from dedupe.matching.pairs.relations import Relation

_Pair = tuple[int, int]
_Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What two photos are to each other, and why.

    Attributes:
        relation: the strongest that is proved.
        evidence: of the two in the order of their contents; None where it took none.
    """

    relation: Relation
    evidence: Evidence | None


class Related(Mapping[_Pair, Verdict]):
    """Verdicts by pairs of rows, a < b, in order: to unpack all of 13,000 takes 0.1 s.

    Attributes:
        pairs: (M, 2) int64, sorted, each once.
        relations: (M,) uint8.
        proved: (M,) bool, which of them evidence proves.
        evidence: (E, SIZE) uint8, that of these, packed.
    """

    def __init__(
        self,
        pairs: _Rows,
        relations: npt.NDArray[np.uint8],
        proved: npt.NDArray[np.bool_],
        evidence: npt.NDArray[np.uint8],
    ) -> None:
        """As they are; see the attributes."""
        self.pairs, self.relations = pairs, relations
        self.proved, self.evidence = proved, evidence

    @classmethod
    def of(cls, found: Mapping[_Pair, tuple[Relation, bytes]]) -> "Related":
        """Those of some relations and packed evidence, b"" where it took none."""
        ordered = sorted(found.items())
        packs = [pack for _, (_, pack) in ordered]
        return cls(
            np.array([pair for pair, _ in ordered], np.int64).reshape(-1, 2),
            np.array([relation for _, (relation, _) in ordered], np.uint8),
            np.array(list(map(bool, packs)), np.bool_),
            np.frombuffer(b"".join(packs), np.uint8).reshape(-1, SIZE),
        )

    def at(self, places: npt.NDArray[np.integer] | npt.NDArray[np.bool_]) -> "Related":
        """Those at some places, or those of a mask, in order."""
        chosen = self.proved[places]
        packs = (np.cumsum(self.proved) - 1)[places][chosen]
        return Related(self.pairs[places], self.relations[places], chosen, self.evidence[packs])

    def and_also(self, others: "Related") -> "Related":
        """These and some others, of other pairs."""
        both = Related(
            np.concatenate([self.pairs, others.pairs]),
            np.concatenate([self.relations, others.relations]),
            np.concatenate([self.proved, others.proved]),
            np.concatenate([self.evidence, others.evidence]),
        )
        return both.at(np.lexsort(both.pairs.T[::-1]))

    def of_rows(self, rows: _Rows) -> "Related":
        """The same pairs, of rows that come in the same order.

        Args:
            rows: by the rows of these.
        """
        return Related(rows[self.pairs], self.relations, self.proved, self.evidence)

    def links(self, weakest: Relation) -> set[_Pair]:
        """The pairs of a relation and of all stronger ones."""
        return set(map(tuple, self.pairs[self.relations <= weakest].tolist()))

    def is_sound(self, rows: int) -> bool:
        """Whether these can be verdicts of so many rows: a seal does not tell who wrote it."""
        one, other = self.pairs.T
        relations = self.relations
        return bool(
            len(one) == len(relations) == len(self.proved)
            and int(self.proved.sum()) == len(self.evidence)
            and ((one >= 0) & (one < other) & (other < rows)).all()
            and ((relations >= Relation.SAME_PIXELS) & (relations <= Relation.SAME_SCENE)).all()
            and is_sound(self.evidence.tobytes())
        )

    def unpacked(self) -> dict[_Pair, Verdict]:
        """All of them, for who asks about most."""
        packs = iter(self.evidence)
        each = each_unpacked(next(packs).tobytes() if its else b"" for its in self.proved.tolist())
        verdicts = map(Verdict, map(Relation, self.relations.tolist()), each)
        return dict(zip(self, verdicts, strict=True))

    @cached_property
    def _place(self) -> dict[_Pair, int]:
        return {pair: place for place, pair in enumerate(map(tuple, self.pairs.tolist()))}

    @cached_property
    def _pack(self) -> list[int]:
        packs: list[int] = (np.cumsum(self.proved) - 1).tolist()
        return packs

    @cached_property
    def _known(self) -> dict[_Pair, Verdict]:
        return {}

    def __getitem__(self, pair: _Pair) -> Verdict:
        if pair not in self._known:
            place = self._place[pair]
            pack = self.evidence[self._pack[place]].tobytes() if self.proved[place] else b""
            (evidence,) = each_unpacked([pack])
            self._known[pair] = Verdict(Relation(self.relations[place]), evidence)
        return self._known[pair]

    def __iter__(self) -> Iterator[_Pair]:
        return iter(self._place)

    def __len__(self) -> int:
        return len(self.pairs)


def none_related() -> Related:
    """No pair."""
    return Related.of({})
