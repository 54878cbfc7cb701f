"""How far apart photos are as kinds: the distance, less for what shares time and place."""

import math
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from photos_by_number import library

from dedupe.matching.sets import apart as module
from dedupe.matching.sets.apart import apart
from dedupe.photos.photo import Photo

NOON = datetime(2019, 8, 3, 12)
HOME = 47.3769, 8.5417

hours = st.one_of(st.none(), st.integers(0, 60))
places = st.one_of(st.none(), st.sampled_from([0.0, 0.4, 1.0, 3.0, 80.0]))


def photos_at(when: list[tuple[int | None, float | None]]) -> list[Photo]:
    """Photos so many hours after a noon, so many kilometres north of home."""
    bare = library(Path("index.db"), list(range(len(when)))).photos
    return [
        replace(
            photo,
            taken=None if after is None else NOON + timedelta(hours=after),
            latitude=None if north is None else HOME[0] + north / 111.195,
            longitude=None if north is None else HOME[1],
        )
        for photo, (after, north) in zip(bare, when, strict=True)
    ]


def nearer(one: tuple[int | None, float | None], other: tuple[int | None, float | None]) -> float:
    """By how many seed units two photos count as nearer, as decision 13 says it."""
    if one[0] is None or other[0] is None:
        return 0.0
    share = min(1.0, max(0.0, (24 - abs(one[0] - other[0])) / 23))
    if one[1] is None or other[1] is None:
        return 6 * share
    return 6 * share * min(1.0, max(0.0, (5 - abs(one[1] - other[1])) / 4.5))


@given(st.lists(st.tuples(hours, places), max_size=12), st.sampled_from([1, 3, 1_000_000]))
def test_every_pair_is_as_near_as_its_distance_time_and_place_say(
    when: list[tuple[int | None, float | None]], at_once: int
) -> None:
    vectors = np.random.default_rng(len(when)).normal(0, 3, (len(when), 4)).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_AT_ONCE", at_once)
        found = apart(vectors, photos_at(when))
    for i, one in enumerate(when):
        for j, other in enumerate(when):
            away = 0.0 if i == j else math.dist(vectors[i].tolist(), vectors[j].tolist())
            wanted = max(0.0, away - nearer(one, other))
            assert found[i, j] == pytest.approx(wanted, abs=2e-3)


def test_photos_of_no_time_are_as_far_apart_as_they_look() -> None:
    vectors: npt.NDArray[np.float32] = np.eye(3, dtype=np.float32)
    found = apart(vectors, photos_at([(None, 0.0)] * 3))
    assert found == pytest.approx(math.sqrt(2) * (1 - np.eye(3)))
