"""Every pair of one set and another within the threshold, and none inside a set."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.errors import UnknownName
from dedupe.matching.near import distances, measure, nominate, pruning
from dedupe.matching.near.distances import Pairs, pairs_between, pairs_within


def brute_force(
    one: npt.NDArray[np.floating], other: npt.NDArray[np.floating], threshold: float
) -> dict[tuple[int, int], float]:
    """All pairs by subtraction in float64."""
    left, right = one.astype(np.float64), other.astype(np.float64)
    return {
        (a, b): distance
        for a in range(len(left))
        for b in range(len(right))
        if (distance := float(np.sqrt(((left[a] - right[b]) ** 2).sum()))) <= threshold
    }


def as_dict(pairs: Pairs) -> dict[tuple[int, int], float]:
    assert (pairs.a.dtype, pairs.b.dtype, pairs.distance.dtype) == (np.int64, np.int64, np.float32)
    rows = list(zip(pairs.a.tolist(), pairs.b.tolist(), strict=True))
    assert rows == sorted(set(rows))
    return dict(zip(rows, pairs.distance.tolist(), strict=True))


def clouds(count: int, seed: int, dim: int = 32) -> npt.NDArray[np.float32]:
    chance = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(size=(5, dim)) * 3
    rows = centres[chance.integers(0, 5, count)] + chance.normal(size=(count, dim)) * 0.3
    rows[::4] = centres[0]  # copies, also in the other set
    return rows.astype(np.float32)


@pytest.fixture(params=["as it comes", "shorter vectors", "products"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "shorter vectors":
        monkeypatch.setattr(nominate, "WORTH", 2)
        monkeypatch.setattr(nominate, "MANY", 2)
        monkeypatch.setattr(pruning, "MANY", 1)
        monkeypatch.setattr(pruning, "_directions", lambda rows, *_: rows.shape[1] // 3)
    elif request.param == "products":
        monkeypatch.setattr(distances, "_SINGLE", 0)
        monkeypatch.setattr(measure, "_MANY", 1)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("kind", [np.float16, np.float32])
@pytest.mark.parametrize("sizes", [(1, 1), (3, 40), (40, 3), (25, 30)])
@pytest.mark.parametrize("rows", [1, 7, 2048])
@pytest.mark.parametrize("threshold", [0.0, 3.0, 1e6])
def test_pairs_are_those_of_subtracting_every_row_from_every_other(
    kind: type, sizes: tuple[int, int], rows: int, threshold: float
) -> None:
    one, other = (clouds(size, seed).astype(kind) for seed, size in enumerate(sizes))
    expected = brute_force(one, other, threshold)
    assert as_dict(pairs_between(one, other, threshold, rows=rows)) == pytest.approx(expected)


@pytest.mark.usefixtures("way")
def test_distances_are_those_of_comparing_both_sets_in_one_to_the_last_bit() -> None:
    one, other = clouds(30, 0), clouds(45, 1)
    together = pairs_within(np.concatenate([one, other]), 4.0)
    across = (together.a < 30) & (together.b >= 30)
    pairs = pairs_between(one, other, 4.0, rows=8)
    assert np.array_equal(pairs.a, together.a[across])
    assert np.array_equal(pairs.b, together.b[across] - 30)
    assert np.array_equal(pairs.distance, together.distance[across])


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("factor", [1e-40, 1e-22, 1e-6, 1e6, 1e15])
def test_tiny_and_huge_vectors_are_compared_exactly(factor: float) -> None:
    with np.errstate(under="ignore"):
        one, other = (
            (clouds(30, seed, dim=8).astype(np.float64) * factor).astype(np.float32)
            for seed in (0, 1)
        )
    expected = brute_force(one, other, 1.5 * factor)
    assert 0 < len(expected) < 900
    assert set(as_dict(pairs_between(one, other, 1.5 * factor, rows=16))) == set(expected)


@pytest.mark.parametrize("sizes", [(0, 0), (0, 5), (5, 0)])
def test_an_empty_set_has_no_pairs(sizes: tuple[int, int]) -> None:
    one, other = (np.zeros((size, 4), np.float16) for size in sizes)
    assert as_dict(pairs_between(one, other, 10.0)) == {}


def test_half_and_single_precision_may_meet() -> None:
    one, other = clouds(10, 0).astype(np.float16), clouds(10, 1)
    expected = brute_force(one, other, 3.0)
    assert as_dict(pairs_between(one, other, 3.0)) == pytest.approx(expected)


def test_what_cannot_be_compared_is_refused() -> None:
    three, four = np.zeros((2, 3), np.float32), np.zeros((2, 4), np.float32)
    with pytest.raises(ValueError, match=r"of one D, got shapes \(2, 3\) and \(2, 4\)"):
        pairs_between(three, four, 1.0)
    with pytest.raises(ValueError, match=r"got shape \(3,\)"):
        pairs_between(three, three[0], 1.0)
    with pytest.raises(ValueError, match="finite"):
        pairs_between(three, three + np.nan, 1.0)
    with pytest.raises(ValueError, match="too large"):
        pairs_between(three, three + np.float32(1e25), 1.0)
    with pytest.raises(ValueError, match="a threshold is 0 or more"):
        pairs_between(three, three, -1.0)
    with pytest.raises(UnknownName):
        pairs_between(three, three, 1.0, device="tpu")


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    sizes=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    dim=st.integers(1, 12),
    exponent=st.integers(-12, 12),
    rows=st.sampled_from([3, 8, 64]),
    many=st.sampled_from([1, 1_000_000]),
    few=st.sampled_from([None, 0, 2]),
)
def test_any_two_sets_have_the_pairs_that_subtraction_finds(
    seed: int,
    sizes: tuple[int, int],
    dim: int,
    exponent: int,
    rows: int,
    many: int,
    few: int | None,
) -> None:
    chance = np.random.default_rng(seed)
    # few different values make ties and copies
    one, other = (
        (chance.integers(-3, 4, (size, dim)) * 2.0**exponent).astype(np.float32) for size in sizes
    )
    threshold = float(np.linalg.norm(one[0].astype(float) - other[-1].astype(float)))
    expected = brute_force(one, other, threshold)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nominate, "WORTH", 2)
        patch.setattr(nominate, "MANY", 2)
        patch.setattr(pruning, "MANY", 1)
        patch.setattr(measure, "_MANY", many)
        patch.setattr(distances, "_SINGLE", 0 if many == 1 else 1_000)
        patch.setattr(pruning, "_directions", lambda *_: min(few, dim) if few is not None else None)
        found = as_dict(pairs_between(one, other, threshold, rows=rows))
    assert found.keys() == expected.keys()
    assert found == pytest.approx(expected)
