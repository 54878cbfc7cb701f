"""Complete linkage over the pairs that exist, without a matrix of all of them."""

import heapq

import numpy as np
import numpy.typing as npt

from dedupe.matching.distances import Pairs


def complete_linkage(pairs: Pairs) -> list[npt.NDArray[np.int64]]:
    """Merge rows into clusters in which every two rows are one of `pairs`.

    The two clusters whose farthest members are nearest are merged first, as long as all
    their members are pairs; so nothing is chained: A like B and B like C never makes a
    cluster of A, B and C unless A is like C. Equal distances go to the smaller row
    numbers, so the answer does not depend on the order of `pairs`.

    Time grows with M log M, memory with about 200 bytes x M: neither with N squared.

    Args:
        pairs: all pairs within the threshold.

    Returns:
        The clusters of two and more rows, each sorted, in the order of their first row.

    Complete linkage: Defays, "An efficient algorithm for a complete link method", 1977;
    here with a heap of candidate merges (Müllner, arXiv:1109.2378, section 2.2) over the
    sparse graph of pairs.
    """
    members: dict[int, list[int]] = {}
    # near[x][y]: the largest distance between members of x and y, kept only while every
    # member of one is paired with every member of the other
    near: dict[int, dict[int, float]] = {}
    for a, b, distance in zip(
        pairs.a.tolist(), pairs.b.tolist(), pairs.distance.tolist(), strict=True
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
    return [
        np.array(sorted(rows), np.int64) for _, rows in sorted(members.items()) if len(rows) > 1
    ]
