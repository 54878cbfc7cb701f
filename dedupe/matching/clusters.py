"""Photos of one kind among those that are in no group: a calm overview, not a verdict."""

import os
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dedupe.index.library import Library
from dedupe.matching.groups import Group
from dedupe.photos.photo import Photo

# Average distance up to which two clusters are of one kind. In seed units two cats are
# 16.5 apart, a dog and a cat 24.6.
KIND_THRESHOLD = 22.0

# scikit-learn's linkage needs all distances at once: 4,000 photos are 130 MB of float64.
_AT_ONCE = 4000


@dataclass(frozen=True, slots=True)
class Cluster:
    """Photos of one kind.

    Attributes:
        photos: two or more; the one nearest to the middle first, the others by path.
    """

    photos: tuple[Photo, ...]


def find_clusters(
    library: Library, groups: Iterable[Group], threshold: float = KIND_THRESHOLD
) -> list[Cluster]:
    """Cluster the photos that are in none of `groups` by kind.

    Average linkage, so that one picture between two kinds does not join them. Up to 4,000
    photos are clustered at once; more are first cut into parts of similar ones
    (BisectingKMeans), and a kind can then be split between two parts. Deterministic.

    Args:
        library: that the groups were found in.
        groups: as `find_groups` gives them.
        threshold: average L2 distance in seed units at which clusters stay apart.

    Returns:
        The largest first; equally large ones in the order of their first path.

    Raises:
        ValueError: `threshold` is negative.
    """
    if not threshold >= 0:
        raise ValueError(f"a threshold is 0 or more, got {threshold}")
    grouped = {photo.path for group in groups for photo in group.photos}
    rest = np.array(
        [row for row, photo in enumerate(library.photos) if photo.path not in grouped], np.int64
    )
    vectors = library.vectors[rest].astype(np.float32)
    clusters = [
        _cluster(library, rest[part][members], vectors[part][members])
        for part in _parts(vectors)
        for members in _linked(vectors[part], threshold)
    ]
    return sorted(clusters, key=lambda each: (-len(each.photos), os.fsencode(each.photos[0].path)))


def _parts(vectors: npt.NDArray[np.float32]) -> list[npt.NDArray[np.int64]]:
    """Row numbers in parts of at most about _AT_ONCE similar photos."""
    if len(vectors) <= _AT_ONCE:
        return [np.arange(len(vectors))]
    from sklearn.cluster import BisectingKMeans

    # the largest part is cut next, so parts end near half of _AT_ONCE; the loop below
    # cuts what is still too large
    count = -(-2 * len(vectors) // _AT_ONCE)
    model = BisectingKMeans(
        n_clusters=count, random_state=0, bisecting_strategy="largest_cluster"
    ).fit(vectors)
    parts: list[npt.NDArray[np.int64]] = []
    for label in range(count):
        rows = np.flatnonzero(model.labels_ == label)
        pieces = -(-len(rows) // _AT_ONCE)
        parts.extend(np.array_split(rows, pieces) if pieces else [])
    return parts


def _linked(vectors: npt.NDArray[np.float32], threshold: float) -> list[npt.NDArray[np.int64]]:
    """Row numbers of each cluster of two and more."""
    if len(vectors) < 2:
        return []
    from sklearn.cluster import AgglomerativeClustering

    model = AgglomerativeClustering(
        n_clusters=None, distance_threshold=threshold, linkage="average"
    ).fit(vectors.astype(np.float64))
    clusters = (np.flatnonzero(model.labels_ == label) for label in range(model.n_clusters_))
    return [rows for rows in clusters if len(rows) > 1]


def _cluster(
    library: Library, rows: npt.NDArray[np.int64], vectors: npt.NDArray[np.float32]
) -> Cluster:
    middle = vectors.astype(np.float64).mean(0)
    nearest = int(np.linalg.norm(vectors - middle, axis=1).argmin())
    order = [nearest, *(each for each in range(len(rows)) if each != nearest)]
    return Cluster(tuple(library.photos[rows[each]] for each in order))
