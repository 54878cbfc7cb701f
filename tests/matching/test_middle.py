"""Who may be kept: only what all others of the set are verified against."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trees import imagined

from dedupe.matching.pairs.agreement import Agreement
from dedupe.matching.pairs.evidence import Evidence
from dedupe.matching.pairs.related import Verdict
from dedupe.matching.pairs.relations import Relation
from dedupe.matching.sets.middle import possible_middles, relation
from dedupe.matching.sets.stars import Link, pair
from dedupe.photos.photo import Photo

PICTURE, MOMENT, SCENE = Relation.SAME_PICTURE, Relation.SAME_MOMENT, Relation.SAME_SCENE


def photos(count: int) -> list[Photo]:
    return [replace(imagined(f"/p/{row}.jpg"), content=bytes([row])) for row in range(count)]


def verdicts(links: dict[Link, Relation]) -> dict[Link, Verdict]:
    return {each: Verdict(found, None) for each, found in links.items()}


def test_any_of_three_that_are_all_one_picture_can_be_kept() -> None:
    related = verdicts({(0, 1): PICTURE, (0, 2): PICTURE, (1, 2): PICTURE})
    assert possible_middles(photos(3), (1, 0, 2), related) == [[1, 0, 2]]


def test_what_is_verified_against_the_first_one_alone_cannot_be_kept() -> None:
    related = verdicts({(0, 1): PICTURE, (0, 2): PICTURE})
    assert possible_middles(photos(3), (0, 1, 2), related) == [[0]]


def test_another_shot_cannot_be_kept_where_there_are_copies_of_the_first_one() -> None:
    related = verdicts({(0, 1): PICTURE, (0, 2): MOMENT, (1, 2): MOMENT})
    assert possible_middles(photos(3), (0, 1, 2), related) == [[0, 1]]


def test_any_shot_of_a_burst_can_be_kept_each_as_a_picture_of_its_own() -> None:
    related = verdicts({(0, 1): MOMENT, (0, 2): MOMENT, (1, 2): MOMENT})
    assert possible_middles(photos(3), (0, 1, 2), related) == [[0], [1], [2]]


def test_a_copy_may_be_kept_though_another_shot_is_less_to_it_as_long_as_the_set_is_not() -> None:
    related = verdicts({(0, 1): PICTURE, (0, 2): MOMENT, (0, 3): SCENE, (1, 2): SCENE})
    related |= verdicts({(1, 3): SCENE})
    assert possible_middles(photos(4), (0, 1, 2, 3), related) == [[0, 1]]
    del related[0, 3], related[1, 3]
    assert possible_middles(photos(4), (0, 1, 2, 3), related) == [[0]]


def test_a_collage_is_not_kept() -> None:
    related = verdicts({(0, 1): PICTURE})
    assert possible_middles(photos(2), (0, 1), related, {1}) == [[0]]


def test_look_alikes_beside_what_is_verified_bind_nobody() -> None:
    related = verdicts({(0, 1): PICTURE})
    assert possible_middles(photos(3), (0, 1, 2), related) == [[0, 1]]
    assert possible_middles(photos(3), (0, 1, 2), {}) == [[0]]


def test_the_same_pixels_are_one_picture_without_being_looked_at() -> None:
    same = [replace(photo, pixel_hash=b"x") for photo in photos(2)]
    assert relation(same, 0, 1, {}) == Relation.SAME_PIXELS
    assert possible_middles(same, (0, 1), {}) == [[0, 1]]


def laid(filled: float, news: float, scale: float) -> Evidence:
    """The first photo, whole, somewhere in the second one."""
    return Evidence(
        inliers=100,
        homography=np.diag([scale, scale, 1.0]),
        mirrored=False,
        form="upright",
        agreement=Agreement(
            texture=0.5, share=1.0, colour=1.0, beneath=1.0, tone=0.0, chroma=(0.2, 0.2)
        ),
        of_first=1.0,
        of_second=filled,
        news=(0.0, news),
        motion=0.0,
        sizes=((320, 240), (320, 240)),
    )


@pytest.mark.parametrize(
    ("what", "evidence", "able"),
    [
        ("cut from the other", laid(0.6, 0.4, 1.0), [[1]]),
        ("framed by the other", laid(0.8, 0.01, 1.0), [[0, 1]]),
        ("shown on the other's screen", laid(0.3, 0.4, 0.4), [[0, 1]]),
        ("as large as the other", laid(0.99, 0.01, 1.0), [[0, 1]]),
    ],
)
def test_what_was_cut_from_another_photo_is_not_kept_instead_of_it(
    what: str, evidence: Evidence, able: list[list[int]]
) -> None:
    related = {(0, 1): Verdict(PICTURE, evidence)}
    assert possible_middles(photos(2), (0, 1), related) == able, what


LEVELS = st.sampled_from([PICTURE, MOMENT, SCENE, None])


@given(st.data())
def test_whoever_is_chosen_all_that_were_verified_still_are(data: st.DataObject) -> None:
    count = data.draw(st.integers(2, 6))
    links: dict[Link, Relation] = {}
    for one in range(count):
        for other in range(one + 1, count):
            found = data.draw(LEVELS)
            if found is not None:
                links[one, other] = found
    related = verdicts(links)
    unit = tuple(range(count))
    before = {row: relation(photos(count), 0, row, related) for row in unit[1:]}
    verified = [row for row, found in before.items() if found < Relation.LOOK_ALIKE]
    middles = possible_middles(photos(count), unit, related)
    assert middles[0][0] == 0
    for row in (row for picture in middles for row in picture):
        assert all(pair(row, other) in links for other in {0, *verified} - {row})
    shuffled = list(unit[1:])
    random.Random(1).shuffle(shuffled)
    again = possible_middles(photos(count), (0, *shuffled), related)
    assert {each for picture in again for each in picture} == {
        each for picture in middles for each in picture
    }
