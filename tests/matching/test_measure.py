"""A distance by products is the distance by subtraction, to the last bit."""

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.matching.near import measure
from dedupe.matching.near.measure import Measure, subtracted


@pytest.fixture
def by_products(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """All pairs are measured by products; how many were subtracted all the same."""
    doubtful: list[int] = []

    def counted(*args: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        doubtful.append(len(args[2]))
        return subtracted(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(measure, "_MANY", 1)
    monkeypatch.setattr(measure, "subtracted", counted)
    return doubtful


def all_pairs(left: int, right: int) -> npt.NDArray[np.int64]:
    return np.argwhere(np.ones((left, right), np.bool_)).T


def is_same(
    left: npt.NDArray[np.float32], right: npt.NDArray[np.float32], threshold: float
) -> bool:
    pairs = all_pairs(len(left), len(right))
    measured = Measure(max(len(left), len(right)), left.shape[1])
    measured.begin(torch.from_numpy(left))
    a, b, away = measured.within(torch.from_numpy(right), pairs, threshold)
    exact = subtracted(left, right, *pairs)
    near = exact <= threshold
    return (
        np.array_equal(a, pairs[0, near])
        and np.array_equal(b, pairs[1, near])
        and np.array_equal(away, exact[near].astype(np.float32))
    )


def photos(count: int, seed: int = 0) -> npt.NDArray[np.float32]:
    """Vectors like those of photos: norm 30, 1280 dimensions, half precision."""
    chance = np.random.default_rng(seed)
    vectors = chance.normal(size=(count, 1280)) * 30 / np.sqrt(1280)
    return vectors.astype(np.float16).astype(np.float32)


def test_distances_are_those_of_subtracting_one_pair_after_the_other() -> None:
    left, right = photos(20), photos(30, 1)
    pairs = all_pairs(20, 30)
    away = subtracted(left, right, *pairs)
    for (a, b), distance in zip(pairs.T.tolist(), away.tolist(), strict=True):
        difference = left[a].astype(np.float64) - right[b]
        assert distance == pytest.approx(np.sqrt((difference**2).sum()), rel=1e-14)


def test_photos_far_apart_need_no_subtraction(by_products: list[int]) -> None:
    assert is_same(photos(200), photos(150, 1), 100.0)
    assert is_same(photos(200), photos(150, 1), 42.0)
    assert sum(by_products) <= 6  # of 60,000


def test_photos_close_together_are_subtracted_where_it_matters(by_products: list[int]) -> None:
    left = photos(40)
    right = left.copy()
    right[:, 3] += np.linspace(0, 1e-3, 40, dtype=np.float32)
    assert is_same(left, right, 50.0)
    assert 10 <= sum(by_products) <= 100


@pytest.mark.usefixtures("by_products")
def test_left_rows_stay_for_the_next_right_ones_until_others_begin() -> None:
    measured = Measure(30, 1280)
    for seed in (0, 1):
        left = photos(20, seed)
        measured.begin(torch.from_numpy(left))
        for other in (2, 3):
            right = photos(30, other)
            pairs = all_pairs(20, 30)
            _, _, away = measured.within(torch.from_numpy(right), pairs, 1e9)
            assert np.array_equal(away, subtracted(left, right, *pairs).astype(np.float32))


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(1, 12),
    dim=st.integers(1, 40),
    exponent=st.sampled_from([-140, -60, -20, 0, 10, 55]),
    far=st.sampled_from([0.0, 1.0, 1e4]),
    spread=st.sampled_from([0.0, 1e-7, 1e-3, 1.0]),
    tie=st.booleans(),
)
def test_any_vectors_have_the_same_distances_both_ways(
    seed: int, count: int, dim: int, exponent: int, far: float, spread: float, tie: bool
) -> None:
    chance = np.random.default_rng(seed)
    with np.errstate(under="ignore"):
        vectors = (chance.normal(size=(2 * count, dim)) * spread + far) * 2.0**exponent
        left, right = vectors.astype(np.float32).reshape(2, count, dim)
    left[chance.integers(0, count)] = right[chance.integers(0, count)]
    pairs = all_pairs(count, count)
    away = subtracted(left, right, *pairs)
    threshold = float(chance.choice(away)) if tie else float(np.median(away)) * 1.01
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measure, "_MANY", 1)
        assert is_same(left, right, threshold)
        assert is_same(left, right, float("inf"))
