"""Who shows the scene of a set, or a part, is looked at with whom most of it are linked to."""

from collections.abc import Iterable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dedupe.matching.pairs.related import Related
from dedupe.matching.pairs.relations import Relation
from dedupe.matching.sets.hubs import unasked_hubs

SAME, SCENE = Relation.SAME_PICTURE, Relation.SAME_SCENE
PHOTO = {(0, 1): SAME, (0, 2): SAME, (0, 3): SAME, (1, 2): SAME}
"""Row 0 and three edits of it."""


def asked_for(
    relations: dict[tuple[int, int], Relation],
    also_asked: Iterable[tuple[int, int]] = (),
    alike: Iterable[tuple[int, int]] = (),
) -> list[list[int]]:
    related = Related.of({pair: (relation, b"") for pair, relation in relations.items()})
    asked = np.array(sorted({*relations, *also_asked, *alike}), np.int64).reshape(-1, 2)
    words = np.array(sorted(alike), np.int64).reshape(-1, 2)
    return unasked_hubs(related, asked, words, 10).tolist()


def test_who_shows_the_scene_of_an_edit_is_looked_at_with_its_photo() -> None:
    assert asked_for(PHOTO | {(3, 7): SCENE}) == [[0, 7]]
    assert asked_for(PHOTO | {(3, 7): Relation.SAME_MOMENT, (2, 7): SCENE}) == [[0, 7]]


def test_who_shares_words_with_an_edit_is_looked_at_with_its_photo() -> None:
    assert asked_for(PHOTO, alike=[(3, 7)]) == [[0, 7]]
    assert asked_for(PHOTO, alike=[(0, 7)]) == []
    assert asked_for({}, alike=[(3, 7)]) == []


def test_what_was_looked_at_is_not_asked_for_again() -> None:
    assert asked_for(PHOTO | {(3, 7): SCENE}, also_asked=[(0, 7)]) == []
    assert asked_for(PHOTO | {(3, 7): SCENE, (0, 7): SCENE}) == []


def test_who_has_as_many_links_itself_stays_where_it_is() -> None:
    other = {(5, 6): SAME, (5, 7): SAME, (5, 8): SAME}
    assert asked_for(PHOTO | other | {(0, 5): SCENE}) == []
    assert asked_for(PHOTO | other | {(3, 6): SCENE}) == [[0, 6], [3, 5]]


def test_of_photos_with_as_many_links_the_first_is_asked() -> None:
    assert asked_for({(1, 2): SAME, (2, 3): SAME, (3, 4): SAME, (1, 7): SCENE}) == [[2, 7]]
    assert asked_for({(1, 2): SAME, (1, 7): SCENE, (2, 7): SCENE}) == []


def test_without_sets_or_scenes_nothing_is_asked() -> None:
    assert asked_for({}) == asked_for(PHOTO) == asked_for({(1, 2): SCENE}) == []


@given(
    st.dictionaries(
        st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda pair: pair[0] < pair[1]),
        st.sampled_from([SAME, SCENE, Relation.SAME_MOMENT]),
        max_size=30,
    )
)
def test_asking_comes_to_an_end_and_is_as_the_rule_says(
    relations: dict[tuple[int, int], Relation],
) -> None:
    links = {row: 0 for row in range(10)}
    near: dict[int, set[int]] = {row: {row} for row in range(10)}
    for (one, other), relation in relations.items():
        if relation is SAME:
            links[one], links[other] = links[one] + 1, links[other] + 1
            near[one].add(other)
            near[other].add(one)
    hub = {row: min(near[row], key=lambda each: (-links[each], each)) for row in range(10)}
    wanted = set()
    for pair, relation in relations.items():
        for one, other in (pair, pair[::-1]):
            there = hub[other]
            if relation is not SAME and there not in (one, other) and links[one] < links[there]:
                wanted.add((min(one, there), max(one, there)))
    assert asked_for(relations) == sorted(map(list, wanted - set(relations)))
    while more := asked_for(relations):
        relations = relations | {(one, other): SCENE for one, other in more}
