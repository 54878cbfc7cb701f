"""Pairs that nothing proposed are looked at where it hangs on them who is in a set."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from photos_by_number import library

from dedupe.matching.pairs.related import Related
from dedupe.matching.pairs.relations import Relation
from dedupe.matching.sets.asking import Asking
from dedupe.matching.sets.verified import largest_first, nobody

SAME, SCENE = Relation.SAME_PICTURE, Relation.SAME_SCENE


class Told:
    """Knows what every pair is, and which were looked at."""

    def __init__(self, relations: dict[tuple[int, int], Relation]) -> None:
        self.relations = relations
        self.seen: list[tuple[int, int]] = []

    def related(self, pairs: npt.NDArray[np.int64]) -> Related:
        asked = [(one, other) for one, other in pairs.tolist()]
        self.seen += asked
        found = {each: self.relations[each] for each in asked if each in self.relations}
        return Related.of({each: (relation, b"") for each, relation in found.items()})


def asked(
    tmp_path: Path, relations: dict[tuple[int, int], Relation], proposed: list[tuple[int, int]]
) -> tuple[Asking, Told]:
    photos = library(tmp_path / "index.db", range(10))
    told = Told(relations)
    pairs = np.array(sorted(proposed), np.int64)
    nobody_shares = np.empty((0, 2), np.int64)
    asking = Asking(photos, photos.photos, told, pairs, nobody_shares)  # type: ignore[arg-type]
    asking.until_known(largest_first, nobody)
    return asking, told


def test_an_edit_that_another_shows_the_scene_of_is_looked_at_with_their_photo(
    tmp_path: Path,
) -> None:
    relations = {(0, 1): SAME, (0, 2): SAME, (2, 3): SCENE, (0, 3): SAME}
    asking, told = asked(tmp_path, relations, [(0, 1), (0, 2), (2, 3)])
    assert asking.related[0, 3].relation is SAME
    # the photo to keep is looked at with all that its edits are linked to, and nobody else
    assert sorted(told.seen) == [(0, 1), (0, 2), (0, 3), (2, 3)]
    assert sorted(map(tuple, asking.asked.tolist())) == sorted(told.seen)


def test_one_found_by_way_of_a_scene_brings_those_that_are_linked_to_it(tmp_path: Path) -> None:
    relations = {(0, 1): SAME, (0, 2): SAME, (2, 3): SCENE, (0, 3): SAME, (3, 4): SAME}
    relations |= {(0, 4): SAME}
    asking, _ = asked(tmp_path, relations, [(0, 1), (0, 2), (2, 3), (3, 4)])
    assert asking.related[0, 4].relation is SAME


def test_what_only_shows_the_scene_stays_apart(tmp_path: Path) -> None:
    relations = {(0, 1): SAME, (0, 2): SAME, (2, 3): SCENE}
    asking, told = asked(tmp_path, relations, [(0, 1), (0, 2), (2, 3)])
    assert told.seen[-1] == (0, 3)
    assert (0, 3) not in asking.related
    assert len(told.seen) == len(set(told.seen))
