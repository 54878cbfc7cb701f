"""The nearest rows are those that measuring every row in float64 gives, to the last bit."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.matching.near import nearest as searching
from dedupe.matching.near.distances import distances_to
from dedupe.matching.near.nearest import Nearest, nearest

Floats = npt.NDArray[np.floating]


def plain(
    vectors: Floats,
    wanted: Floats,
    unwanted: Floats,
    k: int | None = None,
    threshold: float | None = None,
) -> list[tuple[int, float, int]]:
    """By measuring every row."""
    away = np.stack([distances_to(vectors, query) for query in wanted])
    near, which = away.min(axis=0), away.argmin(axis=0)
    counts = near.astype(np.float64) <= (np.inf if threshold is None else threshold)
    for query in unwanted:
        counts &= near < distances_to(vectors, query)
    rows = [row for row in np.argsort(near, kind="stable").tolist() if counts[row]]
    return [(row, float(near[row]), int(which[row])) for row in rows[:k]]


def as_list(found: Nearest) -> list[tuple[int, float, int]]:
    assert (found.rows.dtype, found.distance.dtype) == (np.int64, np.float32)
    columns = found.rows.tolist(), found.distance.tolist(), found.which.tolist()
    return list(zip(*columns, strict=True))


def look_alikes(count: int, dim: int = 64, seed: int = 0) -> Floats:
    """Clouds around few centres, many exact copies, far from the origin."""
    chance = np.random.default_rng(seed)
    centres = chance.normal(size=(7, dim)) * 3 + 1
    rows = centres[chance.integers(0, 7, count)] + chance.normal(size=(count, dim)) * 0.3
    rows[::5] = rows[0]
    return rows.astype(np.float16)


@pytest.mark.parametrize("kind", [np.float16, np.float32])
@pytest.mark.parametrize("threads", [1, 3])
def test_the_nearest_are_those_of_measuring_every_row(
    kind: type, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "cores", lambda: threads)
    monkeypatch.setattr(searching, "_ROWS_OF_A_THREAD", 100)
    vectors = look_alikes(1000).astype(kind)
    queries = vectors[[3, 400, 77, 500]]
    for wanted in (queries[:1], queries[:3]):
        for unwanted in (queries[:0], queries[3:], queries[2:] + kind(0.1)):
            for k, threshold in ((None, None), (1, None), (20, None), (300, 4.0), (None, 2.0)):
                found = nearest(vectors, wanted, unwanted, k=k, threshold=threshold)
                expected = plain(vectors, wanted, unwanted, k, threshold)
                assert as_list(found) == expected
                assert expected


@settings(max_examples=300, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(1, 60),
    dim=st.integers(1, 40),
    exponent=st.integers(-12, 12),
    far=st.sampled_from([0.0, 1.0, 1e3]),
    wanted=st.integers(1, 3),
    unwanted=st.integers(0, 3),
    k=st.one_of(st.none(), st.integers(1, 70)),
    at=st.one_of(st.none(), st.integers(0, 59)),
    kind=st.sampled_from([np.float16, np.float32]),
    surely=st.sampled_from([1, 5, 1024]),
)
def test_any_vectors_are_ranked_as_by_measuring_every_row(
    seed: int,
    count: int,
    dim: int,
    exponent: int,
    far: float,
    wanted: int,
    unwanted: int,
    k: int | None,
    at: int | None,
    kind: type,
    surely: int,
) -> None:
    chance = np.random.default_rng(seed)
    vectors = chance.normal(size=(count, dim)) * chance.uniform(0, 1, dim) ** 3
    vectors[chance.integers(0, count, count // 3)] = vectors[0]  # copies: ties
    scale = 2.0**exponent if kind is np.float32 else 1.0
    vectors = ((vectors + far) * scale).astype(kind)
    queries = vectors[chance.integers(0, count, wanted + unwanted)].astype(np.float32)
    queries[:: seed % 2 + 1] += kind(scale / 8)
    # a threshold that is the distance of a row: as near as it may be
    threshold = None if at is None else float(distances_to(vectors, queries[0])[at % count])
    with pytest.MonkeyPatch.context() as few:
        few.setattr(searching, "_SURELY", surely)
        found = nearest(vectors, queries[:wanted], queries[wanted:], k=k, threshold=threshold)
    expected = plain(vectors, queries[:wanted], queries[wanted:], k, threshold)
    assert as_list(found) == expected


def test_of_equal_distances_the_first_rows_and_the_first_example_are_taken() -> None:
    vectors = np.array([[1], [-1], [1], [0], [-1]], np.float16)
    found = nearest(vectors, np.array([[0], [0]], np.float32), k=3)
    assert as_list(found) == [(3, 0.0, 0), (0, 1.0, 0), (1, 1.0, 0)]


@pytest.mark.parametrize("threshold", [1e19, 1e200, float("inf")])
def test_a_threshold_may_be_as_large_as_one_likes(threshold: float) -> None:
    vectors = look_alikes(50)
    assert len(nearest(vectors, vectors[:1], threshold=threshold).rows) == 50


def test_a_threshold_is_not_rounded() -> None:
    vectors = np.array([[0.1]], np.float32)  # 0.1000000015
    zero = np.zeros((1, 1), np.float32)
    assert not len(nearest(vectors, zero, threshold=0.1).rows)
    assert len(nearest(vectors, zero, threshold=0.1000000015).rows)


def test_as_near_to_one_that_is_not_wanted_is_out() -> None:
    vectors = np.arange(5, dtype=np.float16)[:, None]
    found = nearest(vectors, np.array([[0]], np.float32), np.array([[4]], np.float32))
    assert found.rows.tolist() == [0, 1]
    assert not len(nearest(vectors, vectors[:1], vectors[:1]).rows)


def test_every_finite_half_is_widened_exactly() -> None:
    bits = np.arange(1 << 16, dtype=np.uint16)
    halves = bits.view(np.float16)
    halves = halves[np.isfinite(halves)][:, None]
    into = np.empty(halves.shape, np.float32)
    searching._widen(halves, into)
    assert np.array_equal(into.view(np.uint32), halves.astype(np.float32).view(np.uint32))


def test_only_few_rows_are_measured_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[int] = []

    def counting(vectors: Floats, query: Floats) -> npt.NDArray[np.float32]:
        measured.append(len(vectors))
        return distances_to(vectors, query)

    monkeypatch.setattr(searching, "distances_to", counting)
    vectors = np.random.default_rng(0).normal(0.8, 0.57, (5000, 1280)).astype(np.float16)
    nearest(vectors, vectors[:1], k=20)
    nearest(vectors, vectors[:1], vectors[1:2], k=20)
    nearest(vectors, vectors[:1], threshold=16.0)
    assert sum(measured) < 150


def test_of_most_rows_only_half_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    products = searching._products

    def counting(vectors: Floats, rows: npt.NDArray[np.int64] | None, *queries: Floats) -> object:
        read.append(vectors.shape[1] * (len(vectors) if rows is None else len(rows)))
        return products(vectors, rows, *queries)

    monkeypatch.setattr(searching, "_products", counting)
    chance = np.random.default_rng(0)
    vectors = chance.normal(0.8, 0.57, (10_000, 1280)).astype(np.float16)
    vectors[:50] = vectors[0] + chance.normal(0, 0.3, (50, 1280))  # 15 apart, the others 29
    for question in ({"k": 20}, {"threshold": 16.0}, {"k": 5000, "threshold": 16.0}):
        read.clear()
        assert nearest(vectors, vectors[:1], vectors[-1:], **question).rows[0] == 0
        assert sum(read) < 0.7 * vectors.size


def test_a_library_without_photos_has_no_nearest() -> None:
    assert not len(nearest(np.empty((0, 4), np.float16), np.zeros((1, 4), np.float32), k=3).rows)
