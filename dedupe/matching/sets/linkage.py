"""Complete linkage over the pairs that exist, without a matrix of all of them."""

import heapq
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from dedupe.matching.near.distances import Pairs
from dedupe.matching.sets.labels import hanging_together, pieces

# A component of so many pairs goes to scipy, which is faster on a dense one (2 million pairs
# of 2,000 photos: 3 s against 45), but needs all its distances at once: 2 GB for 16,000
# photos. Both give the same clusters but for exactly equal distances.
_MANY_PAIRS = 50_000
_AT_ONCE = 16_000


def complete_linkage(pairs: Pairs) -> list[npt.NDArray[np.int64]]:
    """Merge rows into clusters in which every two rows are one of `pairs`.

    The two clusters whose farthest members are nearest are merged first, as long as all
    their members are pairs; so nothing is chained: A like B and B like C never makes a
    cluster of A, B and C unless A is like C. Equal distances are settled by row numbers,
    so the answer does not depend on the order of `pairs`.

    Time grows with M log M, memory with about 200 bytes x M: neither with N squared.

    Args:
        pairs: all pairs within the threshold.

    Returns:
        The clusters of two and more rows, each sorted, in the order of their first row.

    Complete linkage: Defays, "An efficient algorithm for a complete link method", 1977;
    here with a heap of candidate merges (Müllner, arXiv:1109.2378, section 2.2) over the
    sparse graph of pairs, and with scipy's nearest-neighbour chain where it is dense.
    """
    clusters: list[npt.NDArray[np.int64]] = []
    for part in _components(pairs, whole=clusters):
        clusters += (_dense if _is_dense(part) else _sparse)(part)
    return sorted(clusters, key=lambda rows: int(rows[0]))


def _components(pairs: Pairs, whole: list[npt.NDArray[np.int64]]) -> Iterator[Pairs]:
    """The pairs of each connected component, in order of a and b.

    The rows of a component in which every two are a pair are one cluster, whatever is merged
    first. Most components are such: their rows go to `whole` at once, which takes a fifth of
    the time.
    """
    if not len(pairs):
        return
    rows, ends = np.unique(np.concatenate([pairs.a, pairs.b]), return_inverse=True)
    a, b = ends[: len(pairs)], ends[len(pairs) :]
    label = hanging_together(a, b, len(rows))
    sizes = np.bincount(label)
    is_whole = np.bincount(label[a]) == sizes * (sizes - 1) // 2
    inside = np.flatnonzero(is_whole[label])
    inside = inside[np.argsort(label[inside], kind="stable")]
    ends = np.cumsum(sizes[is_whole])
    whole += pieces(rows[inside], ends - sizes[is_whole], ends)
    others = np.flatnonzero(~is_whole[label[a]])
    if not len(others):
        return
    order = others[np.lexsort((pairs.b[others], pairs.a[others], label[a[others]]))]
    starts = np.flatnonzero(np.diff(label[a[order]], prepend=-1))
    for part in pieces(order, starts, np.append(starts[1:], len(order))):
        yield Pairs(pairs.a[part], pairs.b[part], pairs.distance[part])


def _is_dense(part: Pairs) -> bool:
    if len(part) < _MANY_PAIRS:
        return False
    rows = len(np.unique(np.concatenate([part.a, part.b])))
    # a pair in the heap takes 200 bytes, a cell of scipy's matrix 8
    return rows <= _AT_ONCE and rows * rows // 2 < 25 * len(part)


def _dense(part: Pairs) -> Iterator[npt.NDArray[np.int64]]:
    """By all distances of one component; those that are no pairs are out of reach."""
    from scipy.cluster.hierarchy import fcluster, linkage

    rows, ends = np.unique(np.concatenate([part.a, part.b]), return_inverse=True)
    a, b = ends[: len(part)].astype(np.int64), ends[len(part) :].astype(np.int64)
    reach = float(part.distance.max())
    # of the upper triangle, row by row (scipy's condensed form)
    matrix = np.full(len(rows) * (len(rows) - 1) // 2, 2 * reach + 1, np.float64)
    matrix[len(rows) * a - a * (a + 1) // 2 + b - a - 1] = part.distance
    label = fcluster(linkage(matrix, "complete"), reach, criterion="distance")
    order = np.argsort(label, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(label[order])) + 1):
        if len(members) > 1:
            yield rows[members]


def _sparse(part: Pairs) -> Iterator[npt.NDArray[np.int64]]:
    """By a heap of the pairs of one component."""
    members: dict[int, list[int]] = {}
    # near[x][y]: the largest distance between members of x and y, kept only while every
    # member of one is paired with every member of the other
    near: dict[int, dict[int, float]] = {}
    for a, b, distance in zip(
        part.a.tolist(), part.b.tolist(), part.distance.tolist(), strict=True
    ):
        near.setdefault(a, {})[b] = distance
        near.setdefault(b, {})[a] = distance
        members[a], members[b] = [a], [b]
    heap = [(distance, a, b) for a, row in near.items() for b, distance in row.items() if a < b]
    heapq.heapify(heap)
    while heap:
        distance, a, b = heapq.heappop(heap)
        # stale: one of them was merged away, or grew farther from the other since
        if near.get(a, {}).get(b) != distance:
            continue
        # a < b, and a cluster bears the number of its smallest row
        members[a] += members.pop(b)
        of_a, of_b = near[a], near.pop(b)
        del of_a[b], of_b[a]
        for other in set(of_a) | set(of_b):
            if other in of_a and other in of_b:
                farthest = max(of_a[other], of_b[other])
                of_a[other] = near[other][a] = farthest
                heapq.heappush(heap, (farthest, min(a, other), max(a, other)))
            elif other in of_a:
                del of_a[other], near[other][a]
            if other in of_b:
                del near[other][b]
    for cluster in members.values():
        if len(cluster) > 1:
            yield np.array(sorted(cluster), np.int64)
