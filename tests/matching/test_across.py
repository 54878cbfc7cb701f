"""The nearest photos on the other side: those of measuring all, whatever the order."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dedupe.index.library import Library
from dedupe.matching.near.across import nearest_across

Numbers = Callable[..., Library]
patient = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def by_hand(library: Library, left: list[int], right: list[int]) -> set[tuple[int, int]]:
    """The 8 nearest within 16 and the 4 nearest within 22, ties by content."""
    exact = library.vectors.astype(np.float64)
    found = set()
    for row in left:
        away = {other: np.float32(np.linalg.norm(exact[row] - exact[other])) for other in right}
        ranked = sorted(right, key=lambda other: (away[other], library.photos[other].content))
        for place, other in enumerate(ranked):
            if away[other] <= (16 if place >= 4 else 22) and place < 8:
                found.add((row, other))
    return found


@patient
@given(st.data())
def test_they_are_those_of_measuring_every_pair_across(
    numbers: Numbers, data: st.DataObject
) -> None:
    count = data.draw(st.integers(2, 24))
    vectors = data.draw(
        st.lists(
            st.lists(st.integers(-3, 3).map(lambda n: n * 4.0), min_size=3, max_size=3),
            min_size=count,
            max_size=count,
        )
    )
    library = numbers(vectors)
    sides = data.draw(st.lists(st.sampled_from("lrn"), min_size=count, max_size=count))
    left = [row for row, side in enumerate(sides) if side == "l"]
    right = [row for row, side in enumerate(sides) if side == "r"]
    pairs, away = nearest_across(library, np.array(left, np.int64), np.array(right, np.int64))
    assert set(map(tuple, pairs.tolist())) == by_hand(library, left, right)
    exact = library.vectors.astype(np.float64)
    expected = [np.linalg.norm(exact[a] - exact[b]) for a, b in pairs.tolist()]
    assert np.allclose(away, expected)
    mixed = data.draw(st.permutations(left)), data.draw(st.permutations(right))
    again, _ = nearest_across(library, *(np.array(each, np.int64) for each in mixed))
    assert again.tolist() == pairs.tolist()


@pytest.mark.parametrize("sides", [([], []), ([0], []), ([], [0])])
def test_where_one_side_is_empty_there_are_none(
    numbers: Numbers, sides: tuple[list[int], list[int]]
) -> None:
    pairs, away = nearest_across(numbers([[0], [1]]), *(np.array(s, np.int64) for s in sides))
    assert pairs.shape == (0, 2)
    assert away.shape == (0,)


def test_a_photo_that_is_far_is_found_by_its_hash(numbers: Numbers) -> None:
    chance = np.random.default_rng(3)
    hashes = [chance.bytes(32) for _ in range(3)]
    library = numbers([[0], [500], [900]])
    near = bytes(np.frombuffer(hashes[0], np.uint8) ^ np.array([1] * 8 + [0] * 24, np.uint8))
    photos = [
        replace(photo, dct_hash=each)
        for photo, each in zip(library.photos, (hashes[0], hashes[1], near), strict=True)
    ]
    library = replace(library, photos=tuple(photos))
    pairs, away = nearest_across(library, np.array([0]), np.array([1, 2]))
    assert pairs.tolist() == [[0, 2]]
    assert away.tolist() == [np.inf]
