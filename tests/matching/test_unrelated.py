"""Pairs of photos that should have nothing to do with each other, counted by distance."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dedupe.matching.calibration import unrelated
from dedupe.matching.calibration.unrelated import STEPS, Apart, distances_apart
from dedupe.photos.photo import Photo, PhotoFile

UNLIKE = np.random.default_rng(1).integers(0, 256, (64, 32), np.uint8)


def photo(
    number: int, day: int | None = None, folder: str = "a", dct: bytes | None = None
) -> Photo:
    path = Path(f"/{folder}/{number}.jpg")
    return Photo(
        file=PhotoFile(path=path, size=1, mtime_ns=1, device=1, inode=number),
        content=number.to_bytes(32, "big"),
        width=9,
        height=9,
        format="JPEG",
        taken=day and datetime(2020, 1, day, number % 24),  # type: ignore[arg-type]
        dct_hash=UNLIKE[number].tobytes() if dct is None else dct,
    )


def apart(photos: Sequence[Photo], vectors: npt.ArrayLike) -> Apart:
    return distances_apart(photos, np.asarray(vectors, np.float32), "cpu")


def test_only_photos_of_different_days_are_paired() -> None:
    found = apart([photo(0, 1), photo(1, 1), photo(2, 2)], [[0, 0], [1, 0], [0, 12]])
    assert (found.pairs, found.by, found.photos) == (2, "day", 3)
    assert (found.within(11.5), found.within(12), found.within(13)) == (0, 1, 2)


def test_a_photo_without_a_day_takes_no_part_where_most_have_one() -> None:
    photos = [photo(0, 1), photo(1, 2), photo(2, None, "b")]
    assert apart(photos, [[0], [30], [1]]).pairs == 1


def test_without_days_photos_of_different_folders_are_paired() -> None:
    photos = [photo(0), photo(1), photo(2, None, "b"), photo(3, 4, "b")]
    found = apart(photos, [[0], [30], [1], [2]])
    assert (found.pairs, found.by) == (4, "folder")


@pytest.mark.parametrize("photos", [[], [photo(0)], [photo(0), photo(1)]], ids=len)
def test_one_occasion_alone_has_no_unrelated_pair(photos: list[Photo]) -> None:
    found = apart(photos, np.zeros((len(photos), 3)))
    assert found.pairs == found.within(24) == 0
    assert found.quantile(0.5) is None


def test_pairs_that_are_one_picture_by_their_hashes_are_left_out_and_counted() -> None:
    near = bytes([255] * 8) + bytes(UNLIKE[0].tobytes()[8:])
    photos = [photo(0, 1), photo(1, 2, dct=UNLIKE[0].tobytes()), photo(2, 3, dct=near)]
    found = apart(photos, [[0], [1], [2]])
    assert (found.pairs, found.same) == (0, 3)


def test_photos_without_a_hash_are_different_photos() -> None:
    found = apart([photo(0, 1, dct=b""), photo(1, 2, dct=b"")], [[0], [1]])
    assert (found.pairs, found.same) == (1, 0)


def test_what_is_farther_apart_than_the_table_is_long_is_counted_too() -> None:
    assert apart([photo(0, 1), photo(1, 2)], [[0], [500]]).pairs == 1


def test_a_quantile_is_told_only_where_a_pair_lies_below_it() -> None:
    steps = np.zeros(40 * STEPS, np.int64)
    steps[10 * STEPS], steps[20 * STEPS], steps[30 * STEPS] = 1, 99, 900
    found = Apart(1000, "day", 50, 0, steps)
    assert found.quantile(1e-3) == 10
    assert found.quantile(0.1) == 20
    assert found.quantile(0.5) == 30
    assert found.quantile(1e-4) is None


@given(
    vectors=arrays(np.float16, (17, 3), elements=st.floats(-30, 30, width=16)),
    days=st.lists(st.integers(1, 4), min_size=17, max_size=17),
    block=st.integers(1, 20),
)
@settings(deadline=None)
def test_the_counts_are_those_of_one_pair_after_the_other(
    vectors: npt.NDArray[np.float16], days: list[int], block: int
) -> None:
    photos = [photo(number, day) for number, day in enumerate(days)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unrelated, "_BLOCK", block)
        found = distances_apart(photos, vectors, "cpu")
    rows = vectors.astype(float)
    if found.by == "folder":  # they were all taken on one day, and lie in one folder
        assert found.pairs == 0
        return
    exact = [
        float(np.linalg.norm(rows[a] - rows[b]))
        for a in range(17) for b in range(a) if days[a] != days[b]
    ]  # fmt: skip
    assert found.pairs == len(exact)
    for threshold in (10, 16, 24):
        # float32 rounds: a pair at the threshold itself may be on either side
        least = sum(each <= threshold - 0.01 for each in exact)
        assert least <= found.within(threshold) <= sum(each <= threshold + 0.01 for each in exact)
