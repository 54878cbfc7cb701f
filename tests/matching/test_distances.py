"""Every pair within the threshold and no other, to the last one."""

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.errors import UnknownName
from dedupe.matching.near import distances, measure, nominate, pruning
from dedupe.matching.near.distances import Pairs, compared, distances_to, pairs_within
from dedupe.matching.near.measure import subtracted
from dedupe.matching.near.nominate import Reach


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


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(2, 40),
    rows=st.integers(1, 9),
    share=st.sampled_from([0.01, 0.1, 1.0]),
)
def test_pairs_of_blocks_come_in_order_also_where_blocks_have_none(
    seed: int, count: int, rows: int, share: float
) -> None:
    near = np.triu(np.random.default_rng(seed).random((count, count)) < share, 1)
    blocks = []
    for first in range(0, count, rows):
        for second in range(first, count, rows):
            a, b = np.nonzero(near[first : first + rows, second : second + rows])
            a, b = a + first, b + second
            blocks.append((a, b, (a * count + b).astype(np.float32)))
    pairs = distances._sorted(blocks)
    a, b = np.nonzero(near)
    assert as_dict(pairs).keys() == set(zip(a.tolist(), b.tolist(), strict=True))
    assert np.array_equal(pairs.a, a)
    assert np.array_equal(pairs.b, b)
    assert np.array_equal(pairs.distance, (a * count + b).astype(np.float32))


@pytest.mark.parametrize("strip", [1, 5, 512])
@pytest.mark.parametrize("rows", [1, 12, 25, 2048])
@pytest.mark.parametrize("many", [1, 1_000_000])
def test_neither_blocks_nor_strips_nor_the_way_of_measuring_change_a_bit(
    strip: int, rows: int, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nominate, "_STRIP", strip)
    monkeypatch.setattr(measure, "_MANY", many)
    monkeypatch.setattr(distances, "_SINGLE", 0)
    vectors = look_alikes(60).astype(np.float16)
    pairs = pairs_within(vectors, 4.0, rows=rows)
    a, b = np.triu_indices(60, 1)
    away = subtracted(vectors, vectors, a, b)
    assert np.array_equal(pairs.a, a[away <= 4.0])
    assert np.array_equal(pairs.b, b[away <= 4.0])
    assert np.array_equal(pairs.distance, away[away <= 4.0].astype(np.float32))


@pytest.mark.parametrize("strip", [1, 5, 512])
@pytest.mark.parametrize("rows", [7, 25, 2048])
def test_a_pair_that_one_of_its_rows_reaches_is_found_in_every_strip(
    strip: int, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nominate, "_STRIP", strip)
    vectors = look_alikes(60)
    own = np.random.default_rng(1).uniform(0, 20, 60).astype(np.float32)
    found = {
        (a, b)
        for block in compared(vectors, Reach(20.0, own), lefts=60, rows=rows)
        for a, b, away in zip(*(column.tolist() for column in block), strict=True)
        if away <= max(own[a], own[b])
    }
    expected = brute_force(vectors, 20.0)
    reached = {pair for pair, away in expected.items() if away <= own[list(pair)].max()}
    assert found == reached
    assert 0 < len(reached) < len(expected)


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


# --- what is ruled out by shorter vectors


@pytest.fixture(params=["none", "a few", "all"])
def pruned(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorter vectors are used however few rows there are, with so many directions."""
    kept = {"none": lambda dim: 0, "a few": lambda dim: dim // 4, "all": lambda dim: dim}
    directions = kept[request.param]
    monkeypatch.setattr(nominate, "WORTH", 2)
    monkeypatch.setattr(nominate, "MANY", 2)
    monkeypatch.setattr(pruning, "MANY", 1)
    monkeypatch.setattr(pruning, "_directions", lambda rows, *_: directions(rows.shape[1]))


@pytest.mark.usefixtures("pruned")
@pytest.mark.parametrize("kind", [np.float16, np.float32])
@pytest.mark.parametrize("rows", [7, 16, 2048])
@pytest.mark.parametrize("threshold", [0.0, 3.0, 20.0])
def test_shorter_vectors_lose_no_pair(kind: type, rows: int, threshold: float) -> None:
    vectors = look_alikes(60).astype(kind)
    expected = brute_force(vectors, threshold)
    assert as_dict(pairs_within(vectors, threshold, rows=rows)) == pytest.approx(expected)


@pytest.mark.usefixtures("pruned")
@pytest.mark.parametrize("factor", [1e-40, 1e-22, 1e-6, 1e6, 1e15])
def test_shorter_vectors_lose_no_pair_of_tiny_and_huge_ones(factor: float) -> None:
    test_tiny_and_huge_vectors_are_compared_exactly(factor)


@pytest.mark.usefixtures("pruned")
@pytest.mark.parametrize("norm", [30.0, 1e4])
def test_shorter_vectors_lose_no_close_pair_far_from_the_origin(norm: float) -> None:
    test_close_vectors_far_from_the_origin_are_told_apart(norm)


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(2, 30),
    dim=st.integers(1, 40),
    exponent=st.integers(-12, 12),
    far=st.sampled_from([0.0, 1.0, 1e3]),
    kept=st.floats(0, 1),
    rows=st.sampled_from([3, 8, 64]),
    kind=st.sampled_from([np.float16, np.float32]),
)
def test_any_vectors_have_the_pairs_that_subtraction_finds_with_and_without_shorter_ones(
    seed: int,
    count: int,
    dim: int,
    exponent: int,
    far: float,
    kept: float,
    rows: int,
    kind: type,
) -> None:
    chance = np.random.default_rng(seed)
    vectors = chance.normal(size=(count, dim)) * chance.uniform(0, 1, dim) ** 3
    vectors[chance.integers(0, count, count // 3)] = vectors[0]  # copies
    scale = 2.0**exponent if kind is np.float32 else 1.0
    vectors = ((vectors + far) * scale).astype(kind)
    # a threshold that is the distance of a pair: a tie
    one, other = chance.choice(count, 2, replace=False)
    threshold = float(np.linalg.norm(vectors[one].astype(float) - vectors[other].astype(float)))
    # a distance that differs from the threshold by the rounding of its sum may be in or out
    expected = brute_force(vectors, threshold * (1 + 1e-12))
    doubtful = {pair for pair, away in expected.items() if away > threshold * (1 - 1e-12)}
    with pytest.MonkeyPatch.context() as patch:
        for few in (None, round(kept * dim)):
            patch.setattr(nominate, "WORTH", 2)
            patch.setattr(nominate, "MANY", 2)
            patch.setattr(pruning, "MANY", 1)
            patch.setattr(pruning, "_directions", lambda *_, few=few: few)
            found = set(as_dict(pairs_within(vectors, threshold, rows=rows)))
            assert expected.keys() - doubtful <= found <= expected.keys()


@pytest.mark.usefixtures("pruned")
@pytest.mark.parametrize("size", [1.0, 30.0, 1e4])
def test_shorter_vectors_lose_no_pair_where_their_distance_is_the_whole_one(size: float) -> None:
    """On a line through the middle the length of the rest says everything."""
    line = np.random.default_rng(0).normal(size=64)
    line *= size / np.linalg.norm(line)
    vectors = (np.arange(-20, 21)[:, None] * line).astype(np.float32)
    for steps in (1, 5):
        threshold = steps * size * (1 + 1e-6)
        expected = brute_force(vectors, threshold)
        assert len(expected) == sum(41 - step for step in range(1, steps + 1))
        assert as_dict(pairs_within(vectors, threshold, rows=16)) == pytest.approx(expected)


def test_vectors_that_vary_along_few_directions_are_made_as_short() -> None:
    chance = np.random.default_rng(0)
    spread = (np.arange(320) + 1.0) ** -1.5 * 20
    like = torch.from_numpy(chance.normal(0, spread, (3000, 320)).astype(np.float32))
    short = pruning.shortened(like, 512, 3.0)
    assert short is not None
    assert short.vectors.shape == (3000, 320 // 20 + 1)
    near = torch.cdist(short.vectors[:500].double(), short.vectors[:500].double())
    assert bool((near <= torch.cdist(like[:500].double(), like[:500].double()) + short.slack).all())


@pytest.mark.parametrize("threshold", [3.0, 1e9])
def test_vectors_stay_whole_where_shorter_ones_would_rule_out_nothing(threshold: float) -> None:
    chance = np.random.default_rng(0)
    like = torch.from_numpy(chance.normal(0, 0.1, (2000, 160)).astype(np.float32))
    assert pruning.shortened(like, 512, threshold) is None


def test_no_directions_are_looked_for_where_too_many_pairs_are_near(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[float] = []
    monkeypatch.setattr(pruning, "_directions", lambda *args: tried.append(args[-1]))
    like = torch.from_numpy(np.random.default_rng(0).normal(size=(600, 16)).astype(np.float32))
    away = torch.pdist(like[600 % 7 :].double()).sort().values
    for one_in, asked in ((150, False), (250, True)):
        tried.clear()
        assert pruning.shortened(like, 512, float(away[len(away) // one_in])) is None
        assert bool(tried) == asked
    assert tried[0] == pytest.approx(1 / 250, rel=0.01)


def test_vectors_too_large_for_their_rounding_stay_whole() -> None:
    like = torch.zeros(2000, 64)
    like[:, 0] = torch.arange(2000) * 1e15
    assert pruning.shortened(like, 512, 1.0) is None
