"""Every pair within the threshold and no other, to the last one."""

import numpy as np
import numpy.typing as npt
import pytest

from dedupe.errors import UnknownName
from dedupe.matching.distances import Pairs, distances_to, pairs_within


def brute_force(
    vectors: npt.NDArray[np.floating], threshold: float
) -> dict[tuple[int, int], float]:
    """All pairs by subtraction in float64."""
    exact = vectors.astype(np.float64)
    return {
        (a, b): distance
        for a in range(len(exact))
        for b in range(a + 1, len(exact))
        if (distance := float(np.sqrt(((exact[a] - exact[b]) ** 2).sum()))) <= threshold
    }


def as_dict(pairs: Pairs) -> dict[tuple[int, int], float]:
    assert (pairs.a.dtype, pairs.b.dtype, pairs.distance.dtype) == (np.int64, np.int64, np.float32)
    return dict(
        zip(
            zip(pairs.a.tolist(), pairs.b.tolist(), strict=True),
            pairs.distance.tolist(),
            strict=True,
        )
    )


def look_alikes(count: int, seed: int = 0, dim: int = 64) -> npt.NDArray[np.float32]:
    """Clouds around few centres: many near pairs, many exact copies."""
    chance = np.random.default_rng(seed)
    centres = chance.normal(size=(7, dim)) * 3
    rows = centres[chance.integers(0, 7, count)] + chance.normal(size=(count, dim)) * 0.3
    rows[::5] = rows[0]
    return rows.astype(np.float32)


@pytest.mark.parametrize("kind", [np.float16, np.float32])
@pytest.mark.parametrize("rows", [1, 7, 16, 40, 2048])
@pytest.mark.parametrize("threshold", [0.0, 3.0, 20.0, 1e6])
def test_pairs_are_those_of_subtracting_every_row_from_every_other(
    kind: type, rows: int, threshold: float
) -> None:
    vectors = look_alikes(40).astype(kind)
    expected = brute_force(vectors, threshold)
    assert as_dict(pairs_within(vectors, threshold, rows=rows)) == pytest.approx(expected)
    if threshold == 3.0:
        assert 0 < len(expected) < 780


def test_pairs_come_in_order_each_once_and_none_with_itself() -> None:
    pairs = pairs_within(look_alikes(100), 4.0, rows=13)
    order = list(zip(pairs.a.tolist(), pairs.b.tolist(), strict=True))
    assert order == sorted(set(order))
    assert (pairs.a < pairs.b).all()
    assert len(pairs) == len(order)


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_rows_have_no_pairs(count: int) -> None:
    assert len(pairs_within(np.zeros((count, 4), np.float32), 10.0)) == 0


def test_a_distance_at_the_threshold_is_in_and_one_just_above_is_not() -> None:
    vectors = np.array([[0, 0], [3, 4], [3, 4.001953125]], np.float32)
    assert list(as_dict(pairs_within(vectors, 5.0))) == [(0, 1), (1, 2)]
    assert list(as_dict(pairs_within(vectors, np.nextafter(5.0, 0)))) == [(1, 2)]


@pytest.mark.parametrize("norm", [30.0, 1e4])
def test_close_vectors_far_from_the_origin_are_told_apart(norm: float) -> None:
    """|x|^2 + |y|^2 - 2xy alone cancels here."""
    chance = np.random.default_rng(1)
    base = chance.normal(size=1280)
    base *= norm / np.linalg.norm(base)
    steps = np.zeros((40, 1280))
    steps[np.arange(40), np.arange(40)] = np.linspace(0, norm * 1e-4, 40)
    vectors = (base + steps).astype(np.float32)
    threshold = norm * 5e-5
    expected = brute_force(vectors, threshold)
    assert 0 < len(expected) < 780
    assert as_dict(pairs_within(vectors, threshold, rows=16)) == pytest.approx(expected)


@pytest.mark.parametrize("factor", [1e-40, 1e-30, 1e-22, 1e-6, 1e6, 1e15])
def test_tiny_and_huge_vectors_are_compared_exactly(factor: float) -> None:
    with np.errstate(under="ignore"):
        vectors = (look_alikes(60, dim=8).astype(np.float64) * factor).astype(np.float32)
    expected = brute_force(vectors, 1.5 * factor)
    assert 0 < len(expected) < 1770
    assert set(as_dict(pairs_within(vectors, 1.5 * factor, rows=16))) == set(expected)


def test_identical_rows_are_pairs_at_threshold_zero_whatever_their_size() -> None:
    for value in (0.0, 1e-30, 1.0, 6e4, 1e18):
        vectors = np.full((4, 3), value, np.float32)
        assert as_dict(pairs_within(vectors, 0.0)) == dict.fromkeys(
            [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)], 0.0
        )


@pytest.mark.parametrize("threshold", [1e19, 1e30, 1e200, float("inf")])
def test_a_threshold_may_be_as_large_as_one_likes(threshold: float) -> None:
    assert len(pairs_within(np.eye(5, dtype=np.float32), threshold)) == 10


def test_vectors_that_may_not_be_written_to_are_taken_and_left_alone() -> None:
    vectors = look_alikes(20)
    before = vectors.copy()
    vectors.flags.writeable = False
    strided = np.asfortranarray(vectors)
    assert as_dict(pairs_within(vectors, 4.0)) == as_dict(pairs_within(strided, 4.0))
    assert np.array_equal(vectors, before)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("count", [1, 3])
def test_vectors_that_are_not_finite_are_refused(bad: float, count: int) -> None:
    vectors = np.zeros((count, 4), np.float16)
    vectors[-1, 2] = bad
    with pytest.raises(ValueError, match=r"must be \(N, D\) and finite"):
        pairs_within(vectors, 1.0)


def test_vectors_whose_squares_overflow_are_refused_and_not_missed() -> None:
    with pytest.raises(ValueError, match="too large"):
        pairs_within(np.full((3, 4), 1e25, np.float32), 1.0)


def test_vectors_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"got shape \(4,\)"):
        pairs_within(np.zeros(4, np.float32), 1.0)


@pytest.mark.parametrize("threshold", [-1.0, -1e-9, float("nan")])
def test_a_threshold_below_zero_is_refused(threshold: float) -> None:
    for count in (0, 3):
        with pytest.raises(ValueError, match="a threshold is 0 or more"):
            pairs_within(np.zeros((count, 4), np.float32), threshold)


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(UnknownName):
        pairs_within(np.zeros((3, 4), np.float32), 1.0, device="tpu")


def test_distances_to_one_vector_are_those_of_subtraction() -> None:
    vectors = look_alikes(5000, dim=16).astype(np.float16)
    expected = np.linalg.norm(vectors.astype(np.float64) - vectors[3].astype(np.float64), axis=1)
    away = distances_to(vectors, vectors[3])
    assert away.dtype == np.float32
    assert np.array_equal(away, expected.astype(np.float32))
    assert distances_to(vectors[:0], vectors[3]).shape == (0,)
