"""Clusters in which every two are a pair; nothing is chained."""

import numpy as np
import pytest

from dedupe.matching.near.distances import Pairs, pairs_within
from dedupe.matching.sets import linkage
from dedupe.matching.sets.linkage import complete_linkage


def linked(*pairs: tuple[int, int, float]) -> list[list[int]]:
    a, b, distance = zip(*pairs, strict=True) if pairs else ((), (), ())
    arrays = np.array(a, np.int64), np.array(b, np.int64), np.array(distance, np.float32)
    return [rows.tolist() for rows in complete_linkage(Pairs(*arrays))]


def test_no_pairs_make_no_clusters() -> None:
    assert linked() == []


def test_a_like_b_and_b_like_c_does_not_make_a_like_c() -> None:
    assert linked((0, 1, 1.0), (1, 2, 2.0)) == [[0, 1]]
    assert linked((0, 1, 2.0), (1, 2, 1.0)) == [[1, 2]]


def test_three_photos_that_are_all_alike_are_one_cluster() -> None:
    assert linked((0, 1, 1.0), (0, 2, 3.0), (1, 2, 2.0)) == [[0, 1, 2]]


def test_a_long_chain_falls_into_pairs() -> None:
    assert linked(*((n, n + 1, 1.0) for n in range(5))) == [[0, 1], [2, 3], [4, 5]]


def test_the_nearest_are_joined_first() -> None:
    assert linked((0, 1, 3.0), (1, 2, 1.0), (2, 3, 3.0), (0, 3, 2.0)) == [[0, 3], [1, 2]]


def test_clusters_are_joined_by_their_farthest_members() -> None:
    pairs = [(0, 1, 1.0), (2, 3, 1.0), (0, 2, 5.0), (0, 3, 5.0), (1, 2, 5.0)]
    assert linked(*pairs) == [[0, 1], [2, 3]]
    assert linked(*pairs, (1, 3, 9.0)) == [[0, 1, 2, 3]]


def test_ties_go_to_the_smaller_rows_whatever_the_order_of_the_pairs() -> None:
    pairs = [(0, 1, 1.0), (1, 2, 1.0), (2, 3, 1.0), (1, 3, 1.0), (0, 4, 1.0)]
    chance = np.random.default_rng(0)
    for _ in range(50):
        chance.shuffle(pairs)
        assert linked(*pairs) == [[0, 1], [2, 3]]


def test_clusters_are_sorted_inside_and_among_each_other() -> None:
    assert linked((5, 9, 1.0), (1, 7, 2.0), (0, 8, 3.0)) == [[0, 8], [1, 7], [5, 9]]


def test_thousands_of_copies_are_joined_in_moderate_time() -> None:
    count = 400
    a, b = np.triu_indices(count, 1)
    pairs = Pairs(a.astype(np.int64), b.astype(np.int64), np.zeros(len(a), np.float32))
    assert [len(rows) for rows in complete_linkage(pairs)] == [count]


@pytest.mark.parametrize("seed", range(5))
def test_a_dense_part_gives_the_same_clusters_as_a_sparse_one(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = np.random.default_rng(seed).normal(size=(60, 3)).astype(np.float32)
    pairs = pairs_within(points, 1.5, device="cpu")
    sparse = complete_linkage(pairs)
    monkeypatch.setattr(linkage, "_is_dense", lambda part: True)
    dense = complete_linkage(pairs)
    assert len(sparse) > 5
    assert [rows.tolist() for rows in dense] == [rows.tolist() for rows in sparse]


def test_a_part_too_large_for_all_its_distances_is_not_called_dense() -> None:
    many = np.arange(60_000, dtype=np.int64)
    chain = Pairs(many, many + 1, np.ones(len(many), np.float32))
    assert not linkage._is_dense(chain)
