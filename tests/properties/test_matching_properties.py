"""What holds for every set of vectors, tried on many that nobody would think of."""

from itertools import combinations

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as some
from scipy.cluster.hierarchy import fcluster, linkage

from dedupe.matching.near.distances import Pairs, pairs_within
from dedupe.matching.sets.linkage import complete_linkage

Vectors = npt.NDArray[np.floating]
# the first property pays for the import of torch, so no deadline
patient = settings(deadline=None, max_examples=120)

SHAPES = st.tuples(st.integers(0, 24), st.integers(1, 6))
# few different values make many ties and copies; powers of two make many sizes at once
COARSE = st.integers(-3, 3).map(float)
WILD = st.builds(
    lambda sign, power: sign * 2.0**power, st.sampled_from([-1, 0, 1]), st.integers(-14, 15)
)
SMOOTH = st.floats(-100, 100, width=16)


def distances(vectors: Vectors) -> npt.NDArray[np.float64]:
    """(N, N), by subtraction in float64."""
    exact = vectors.astype(np.float64)
    return np.asarray(np.sqrt(((exact[:, None] - exact[None]) ** 2).sum(2)))


@st.composite
def vectors_and_thresholds(draw: st.DrawFn) -> tuple[Vectors, float]:
    """Vectors, and a threshold that often is the very distance of two of them."""
    elements = draw(st.sampled_from([COARSE, WILD, SMOOTH]))
    kind = draw(st.sampled_from([np.float16, np.float32]))
    vectors = draw(some.arrays(kind, draw(SHAPES), elements=elements))
    away = np.unique(distances(vectors)).tolist()
    threshold = draw(st.one_of(st.sampled_from(away), st.floats(0, 300)) if away else st.just(1.0))
    return vectors, threshold


@patient
@given(vectors_and_thresholds(), st.integers(1, 30))
def test_pairs_are_those_of_brute_force_whatever_the_block(
    case: tuple[Vectors, float], rows: int
) -> None:
    vectors, threshold = case
    away = distances(vectors)
    expected = [(a, b) for a, b in combinations(range(len(vectors)), 2) if away[a, b] <= threshold]
    pairs = pairs_within(vectors, threshold, rows=rows)
    assert list(zip(pairs.a.tolist(), pairs.b.tolist(), strict=True)) == expected
    assert np.allclose(pairs.distance, [away[pair] for pair in expected], rtol=1e-6, atol=0)


@patient
@given(vectors_and_thresholds(), st.randoms(use_true_random=False))
def test_clusters_keep_their_promises_whatever_the_order_of_the_pairs(
    case: tuple[Vectors, float], chance: "np.random.Generator"
) -> None:
    vectors, threshold = case
    pairs = pairs_within(vectors, threshold)
    clusters = [rows.tolist() for rows in complete_linkage(pairs)]
    known = set(zip(pairs.a.tolist(), pairs.b.tolist(), strict=True))
    # every two members are a pair
    assert all(pair in known for rows in clusters for pair in combinations(rows, 2))
    # no row in two clusters, none alone, all in order
    members = [row for rows in clusters for row in rows]
    assert len(members) == len(set(members))
    assert all(len(rows) > 1 and rows == sorted(rows) for rows in clusters)
    assert clusters == sorted(clusters)
    # nothing is left that could have been joined: not two clusters, nor rows that are alone
    sets = clusters + [[row] for row in range(len(vectors)) if row not in set(members)]
    for one, other in combinations(sets, 2):
        assert any((min(a, b), max(a, b)) not in known for a in one for b in other)
    # and the order of the pairs is nothing
    order = list(range(len(pairs)))
    chance.shuffle(order)
    shuffled = Pairs(pairs.a[order], pairs.b[order], pairs.distance[order])
    assert [rows.tolist() for rows in complete_linkage(shuffled)] == clusters


@patient
@given(st.integers(2, 40), st.integers(1, 5), st.integers(0, 10_000), st.floats(0.1, 4))
def test_clusters_are_scipys_complete_linkage_cut_at_the_threshold(
    count: int, dim: int, seed: int, threshold: float
) -> None:
    """Of random vectors, in which no two distances are equal."""
    vectors = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    labels = fcluster(linkage(vectors.astype(np.float64), "complete"), threshold, "distance")
    expected = {
        tuple(np.flatnonzero(labels == label).tolist())
        for label in set(labels)
        if (labels == label).sum() > 1
    }
    found = complete_linkage(pairs_within(vectors, threshold))
    assert {tuple(rows.tolist()) for rows in found} == expected
