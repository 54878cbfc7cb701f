"""Photos of one kind brought together by average linkage: few at once, many in two steps."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dedupe.matching.near.components import along_components
from dedupe.matching.sets.apart import apart
from dedupe.photos.photo import Photo

# scikit-learn's linkage needs all distances at once, and copies of them: 380 MB for 4,000 photos.
AT_ONCE = 4000

# More are first cut into parts of about so many. Of the pairs of 9,822 photos that are in one
# cluster when all are clustered at once, 0.90 are still together with parts of 500 whose clusters
# are then joined, 0.95 with 1,000 in twice the time, and 0.74 with parts of 200 that are not
# joined (decision 13).
PART = 500

# They are cut by their 64 principal components: a tenth of the time that 1,280 numbers take.
_COMPONENTS = 64

# Numbers of all vectors that are in float64 at once: 100 MB of 100,000.
_COLUMNS = 128

_Rows = npt.NDArray[np.int64]
_Vectors = npt.NDArray[np.floating]


def kinds(vectors: _Vectors, threshold: float, photos: Sequence[Photo]) -> list[_Rows]:
    """The rows of each kind of two and more photos.

    Average linkage (UPGMA) of the distances that `apart` gives. Of more than 4,000 photos those
    of each part are clustered by themselves; then clusters are joined by average linkage in
    which each counts once, at the root of the mean squared distance of their photos, which
    their means and lengths tell. Photos that are in no cluster of their part are joined
    likewise, where there are no more than 4,000 in all.

    Args:
        vectors: (N, D) float16 or float32, in seed units.
        threshold: average distance at which clusters stay apart.
        photos: whose they are, in an order that settles ties.
    """
    if len(vectors) <= AT_ONCE:
        return linked(vectors, threshold, photos)
    labels = np.full(len(vectors), -1, np.int64)
    count = 0
    short = along_components(vectors, _COMPONENTS)
    for part in _parts(short, PART):
        for members in linked(vectors[part], threshold, [photos[row] for row in part.tolist()]):
            labels[part[members]] = count
            count += 1
    alone = np.flatnonzero(labels < 0)
    if count + len(alone) <= AT_ONCE:
        labels[alone] = count + np.arange(len(alone))
    return several(_joined(vectors, short, labels, threshold))


def linked(vectors: _Vectors, threshold: float, photos: Sequence[Photo]) -> list[_Rows]:
    """The rows of each kind of some photos, all compared at once."""
    if len(vectors) < 2:
        return []
    return several(_average(apart(vectors, photos), threshold))


def several(labels: npt.NDArray[np.integer]) -> list[_Rows]:
    """The places of each label that more than one has; below 0 there are none."""
    order = np.argsort(labels, kind="stable")
    order = order[labels[order] >= 0]
    found = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
    return [kind for kind in found if len(kind) > 1]


def _average(away: npt.NDArray[np.float64], threshold: float) -> npt.NDArray[np.int64]:
    """The cluster of each row of (N, N) distances, by average linkage."""
    from sklearn.cluster import AgglomerativeClustering

    model = AgglomerativeClustering(
        n_clusters=None, distance_threshold=threshold, linkage="average", metric="precomputed"
    )
    labels: npt.NDArray[np.int64] = model.fit(away).labels_
    return labels


def _joined(vectors: _Vectors, short: _Vectors, labels: _Rows, threshold: float) -> _Rows:
    """Labels of the photos once their clusters are joined; below 0 as they were.

    Args:
        vectors: (N, D).
        short: (N, k), by which they are cut into parts.
        labels: (N,) of each photo its cluster, 0 to the last, or -1.
        threshold: as in `kinds`.
    """
    from scipy.sparse import csr_array

    own = np.flatnonzero(labels >= 0)
    if not len(own):
        return labels
    order = own[np.argsort(labels[own], kind="stable")]
    sizes = np.bincount(labels[own])
    shares = 1 / sizes[labels[order]]
    weights = csr_array((shares, order, np.append(0, np.cumsum(sizes))), (len(sizes), len(labels)))
    squares = np.zeros(len(labels))
    means = np.empty((len(sizes), vectors.shape[1]))
    for start in range(0, vectors.shape[1], _COLUMNS):
        some = slice(start, start + _COLUMNS)
        exact = vectors[:, some].astype(np.float64)
        means[:, some] = weights @ exact
        squares += np.einsum("ij,ij->i", exact, exact)
    lengths = weights @ squares
    joined = np.empty(len(sizes), np.int64)
    count = 0
    for part in _parts((weights @ short).astype(np.float32), AT_ONCE // 2):
        away = lengths[part, None] + lengths[part] - 2 * (means[part] @ means[part].T)
        np.sqrt(np.maximum(away, 0, out=away), out=away)
        np.fill_diagonal(away, 0)
        numbers = _average(away, threshold) if len(part) > 1 else np.zeros(1, np.int64)
        joined[part] = count + numbers
        count += int(numbers.max()) + 1
    found = labels.copy()
    found[own] = joined[labels[own]]
    return found


def _parts(short: _Vectors, size: int) -> list[_Rows]:
    """Row numbers in parts of similar ones, of about `size` and never more than AT_ONCE; all in
    one where these are not more.
    """
    if len(short) <= AT_ONCE:
        return [np.arange(len(short))]
    from sklearn.cluster import BisectingKMeans

    # the largest part is cut next; the loop below cuts what is still too large
    count = -(-len(short) // size)
    model = BisectingKMeans(
        n_clusters=count, random_state=0, bisecting_strategy="largest_cluster"
    ).fit(short)
    parts: list[_Rows] = []
    for label in range(count):
        rows = np.flatnonzero(model.labels_ == label)
        pieces = -(-len(rows) // AT_ONCE)
        parts.extend(np.array_split(rows, pieces) if pieces else [])
    return parts
