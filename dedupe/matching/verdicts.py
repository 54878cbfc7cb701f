"""What is proved of pairs of photos."""

from dataclasses import dataclass

from dedupe.matching.relations import Relation
from dedupe.matching.verify import Evidence


@dataclass(frozen=True, slots=True)
class Verdict:
    """What two photos are to each other, and why.

    Attributes:
        relation: the strongest that is proved.
        evidence: of the two in the order of their contents; None where it took none.
    """

    relation: Relation
    evidence: Evidence | None


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What is proved of the pairs of a library.

    Attributes:
        related: by two rows of `library.photos`, the smaller first, each the first by path of
            its content. Pairs that nothing but a distance relates are not in it.
        verified: how many pairs were compared by geometry.
        without_thumbnail: how many contents could not be, as they were scanned without.
    """

    related: dict[tuple[int, int], Verdict]
    verified: int
    without_thumbnail: int
