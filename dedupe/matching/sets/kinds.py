"""Photos of one kind brought together by average linkage: few at once, many in two steps."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from dedupe.index.indexed import photos_at
from dedupe.matching.near.components import along_components
from dedupe.matching.near.measure import product_slack, subtracted
from dedupe.matching.near.neighbours import Neighbours
from dedupe.matching.sets.apart import NEARER, Together, apart
from dedupe.matching.sets.labels import hanging_together, lengths_of, several
from dedupe.matching.sets.peaks import around_peaks
from dedupe.matching.sets.remembered_kinds import RememberedKinds
from dedupe.photos.photo import Photo

# A linkage needs all distances at once, and copies of them: 380 MB for 4,000 photos.
AT_ONCE = 4000

# Of more, parts of at most so many are clustered by themselves. Of 9,822 photos the largest part
# was of 195, or 322 with mobilenet_v2.
PART = 500

# Clusters of parts, and photos that are in none, of which all are compared: 2 s. Where they are
# more, photos that are in none are left alone.
JOINED = 16_000

# Seed units up to which a photo goes with one that is denser. With 22 as much was together as
# with 20, with 18 less (0.83 of the pairs of one clustering at once, and not 0.98).
_LINK = 20.0

# Photos taken next after a photo that are neighbours of it, too, if they are near enough.
_FOLLOWING = 4

# As many do not ask scikit-learn, which takes a millisecond to be asked, and a second to be
# imported: for a hundred photos more some parts are clustered, and nothing else.
_FEW = PART

# Rows that are in float32, and clusters that are compared, at once: 10 MB.
_ROWS = 2048

# Rows whose means are taken at once: 2.6 MB in float32.
_SUMMED = 512

# Principal components by which clusters are cut into parts where too many hang together.
_COMPONENTS = 64

_Rows = npt.NDArray[np.int64]
_Vectors = npt.NDArray[np.floating]


def kinds(
    vectors: _Vectors,
    threshold: float,
    photos: Sequence[Photo],
    nearest: Callable[[], Neighbours],
    memory: Callable[[], RememberedKinds],
) -> list[_Rows]:
    """The rows of each kind of two and more photos.

    Average linkage (UPGMA) of the distances that `apart` gives. More than 4,000 photos are cut
    into parts (peaks.py), and those of each part are clustered by themselves; then clusters are
    joined by average linkage in which each counts once, at the root of the mean squared distance
    of their photos, which their means and lengths tell. Photos that are in no cluster of their
    part are joined likewise, where there are no more than 16,000 in all.

    Args:
        vectors: (N, D) float16 or float32, in seed units.
        threshold: average distance at which clusters stay apart.
        photos: whose they are, in an order that settles ties.
        nearest: gives those of each; asked for more than 4,000.
        memory: gives what is known of parts of them, likewise; to be written afterwards.
    """
    if len(vectors) <= AT_ONCE:
        return linked(vectors, threshold, photos)
    near, known = nearest(), memory()

    def cluster(part: _Rows) -> npt.NDArray[np.integer]:
        return average(apart(vectors[part], photos_at(photos, part)), threshold)

    parts = _parts(vectors, photos, near, known)
    found = _numbered(parts, known.clustered(parts, cluster))
    is_alone = np.ones(len(vectors), np.bool_)
    is_alone[np.concatenate([np.empty(0, np.int64), *found])] = False
    # who has nobody within reach is not within it of a cluster either
    if threshold <= near.kept.far:
        is_alone &= near.counts > 0
    alone = np.flatnonzero(is_alone)
    if len(found) + len(alone) <= JOINED:
        found += list(alone[:, None])
    return _joined(vectors, found, threshold, known)


def _numbered(parts: list[_Rows], labels: list[npt.NDArray[np.integer]]) -> list[_Rows]:
    """The clusters of all parts, those of two and more rows."""
    if not parts:
        return []
    rows = np.concatenate(parts)
    part = np.repeat(np.arange(len(parts)), [len(each) for each in parts])
    number = part * (AT_ONCE + 1) + np.concatenate(labels)
    return [rows[members] for members in several(number)]


def linked(vectors: _Vectors, threshold: float, photos: Sequence[Photo]) -> list[_Rows]:
    """The rows of each kind of some photos, all compared at once."""
    if len(vectors) < 2:
        return []
    return several(average(apart(vectors, photos), threshold))


def average(away: npt.NDArray[np.float64], threshold: float) -> npt.NDArray[np.integer]:
    """The cluster of each row of (N, N) distances, by average linkage.

    Whichever way it is computed: what is exactly at the threshold stays apart.
    """
    if len(away) <= _FEW:
        return _linked_at_once(away, threshold)
    from sklearn.cluster import AgglomerativeClustering

    model = AgglomerativeClustering(
        n_clusters=None, distance_threshold=threshold, linkage="average", metric="precomputed"
    )
    labels: npt.NDArray[np.integer] = model.fit(away).labels_
    return labels


def _linked_at_once(away: npt.NDArray[np.float64], threshold: float) -> npt.NDArray[np.integer]:
    """As `average`, by what scikit-learn calls for it, which looks at what it is given for longer
    than it takes to link it.
    """
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    if len(away) == 1:
        return np.zeros(1, np.int64)
    if len(away) == 2:
        return np.array([0, int(away[0, 1] >= threshold)])
    merges = linkage(squareform(away, checks=False), "average")
    labels: npt.NDArray[np.integer] = fcluster(merges, np.nextafter(threshold, -np.inf), "distance")
    return labels


def _parts(
    vectors: _Vectors, photos: Sequence[Photo], near: Neighbours, known: RememberedKinds
) -> list[_Rows]:
    """Photos with those that are near to them."""
    together = Together(photos)
    listed = near.listed()
    own, other = listed.own, listed.other.astype(np.int64)
    away = np.maximum(listed.away.astype(np.float64) - together.nearer(own, other), 0)
    after, before = [(own, other, away)], []
    for step in range(_FOLLOWING):
        one, later = together.following(step + 1)
        met = known.met(one, later, lambda a, b: subtracted(vectors, vectors, a, b))
        close = met <= _LINK + NEARER  # most are not
        one, later, met = one[close], later[close], met[close].astype(np.float64)
        met = np.maximum(met - together.nearer(one, later), 0)
        after.append((one, later, met))
        before.append((later, one, met))
    # who was only met then is followed, and makes nobody denser: 0.79 of the pairs of one
    # clustering at once are together, of 9,822 photos with mobilenet_v2, and else 0.68
    close = np.maximum(near.kept.far - away, 0)
    density = np.bincount(own, close, minlength=len(photos)).astype(np.float64)
    found = [*after, *reversed(before)]
    own = np.concatenate([each for each, _, _ in found])
    other = np.concatenate([each for _, each, _ in found])
    away = np.concatenate([each for *_, each in found])
    order = np.argsort(own, kind="stable")
    return around_peaks(density, own[order], other[order], away[order], longest=_LINK, most=PART)


@dataclass(frozen=True, slots=True)
class _Means:
    """Means of the vectors of some clusters, and the mean of their squared lengths."""

    means: npt.NDArray[np.floating]
    squares: npt.NDArray[np.floating]


def _joined(
    vectors: _Vectors, clusters: list[_Rows], threshold: float, known: RememberedKinds
) -> list[_Rows]:
    """Clusters once they are joined, those of two and more photos.

    Average linkage cannot bring together what no distance within the threshold leads to: so those
    that hang together by such distances are linked by themselves.
    """
    if not clusters:
        return []
    a, b = known.near(clusters, partial(_within, vectors, clusters, threshold)).T
    joined = np.arange(len(clusters))
    for component in several(hanging_together(a, b, len(clusters))):
        its = [clusters[each] for each in component.tolist()]
        for numbers in _cut(vectors, its):
            part = component[numbers]
            exact = _means(vectors, [its[each] for each in numbers.tolist()], np.float64)
            labels = _linked_at_once(_apart(exact), threshold)
            _, first, number = np.unique(labels, return_index=True, return_inverse=True)
            joined[part] = part[first][number]
    rows, number = np.concatenate(clusters), np.repeat(joined, lengths_of(clusters))
    order = np.argsort(rows)
    rows, number = rows[order], number[order]
    return [rows[members] for members in several(number)]


def _means(vectors: _Vectors, rows: Sequence[_Rows], kind: type[np.floating]) -> _Means:
    """Of the vectors of some rows each, in float32 or float64: the same in any company."""
    import torch

    means = np.empty((len(rows), vectors.shape[1]), kind)
    squares = np.empty(len(rows), kind)
    stored = torch.from_numpy(np.require(vectors, requirements=["C", "W"]))
    dtype = torch.float32 if kind is np.float32 else torch.float64

    for some, size in by_size(rows):
        here = torch.from_numpy(np.concatenate([rows[each] for each in some.tolist()]))
        exact = stored.index_select(0, here).to(dtype)  # stored[here] took twice as long
        means[some] = exact.view(len(some), size, -1).sum(1).div_(size).numpy()
        squares[some] = exact.square_().sum(1).view(len(some), size).sum(1).div_(size).numpy()
    return _Means(means, squares)


def by_size(rows: Sequence[_Rows]) -> Iterator[tuple[_Rows, int]]:
    """Places of lists that are equally long, some at a time, and how long they are.

    What is summed up of each then lies side by side: np.add.reduceat took three times as long.
    """
    sizes = np.array([len(its) for its in rows], np.int64)
    order = np.argsort(sizes, kind="stable")
    in_order = sizes[order]
    enough = np.cumsum(in_order) // _SUMMED
    cuts = np.flatnonzero((np.diff(enough) > 0) | (np.diff(in_order) > 0)) + 1
    for some in np.split(order, cuts) if len(order) else ():
        yield some, int(sizes[some[0]])


def _within(
    vectors: _Vectors, clusters: list[_Rows], threshold: float, new: _Rows
) -> npt.NDArray[np.int64]:
    """(P, 2) places: all pairs of some clusters with any that are within a threshold.

    float32 products propose; where their rounding could decide, float64 does. So which pairs
    these are depends on nothing but the two clusters: they can be remembered.

    Args:
        vectors: (N, D).
        clusters: the rows of each.
        threshold: in seed units.
        new: places of those that are compared.
    """
    import torch

    left = _means(vectors, [clusters[each] for each in new.tolist()], np.float32)
    means, squares = torch.from_numpy(left.means), torch.from_numpy(left.squares)
    everyone = len(new) == len(clusters)
    # a mean, too, is a sum, of as many as there are in the largest
    terms = vectors.shape[1] + max(map(len, clusters))
    found = [np.empty((0, 2), np.int64)]
    for second in range(0, len(clusters) if len(new) else 0, _ROWS):
        there = slice(second, second + _ROWS)
        # the means of all are not held where few are new: 80 MB of 16,000
        right = (
            _Means(left.means[there], left.squares[there])
            if everyone
            else _means(vectors, clusters[there], np.float32)
        )
        others, their_squares = torch.from_numpy(right.means), torch.from_numpy(right.squares)
        for start in range(0, second + 1 if everyone else len(new), _ROWS):
            here = slice(start, start + _ROWS)
            slack = product_slack(float(max(squares[here].max(), their_squares.max())), terms)
            away = torch.addmm(their_squares, means[here], others.T, alpha=-2)
            away += squares[here, None]
            away -= threshold**2
            a, b = (away <= slack).nonzero().numpy().T
            pairs = np.stack([new[start + a], second + b], 1)
            is_near = away.numpy()[a, b] <= -slack
            unsure = np.flatnonzero(~is_near & (pairs[:, 0] != pairs[:, 1]))
            is_near[unsure] = _are_within(vectors, clusters, pairs[unsure], threshold)
            found.append(pairs[is_near & (pairs[:, 0] != pairs[:, 1])])
    return np.concatenate(found)


def _are_within(
    vectors: _Vectors, clusters: list[_Rows], pairs: npt.NDArray[np.int64], threshold: float
) -> npt.NDArray[np.bool_]:
    """(P,) bool: which pairs of clusters are, by float64."""
    if not len(pairs):
        return np.zeros(0, np.bool_)
    asked, place = np.unique(pairs, return_inverse=True)
    of = _means(vectors, [clusters[each] for each in asked.tolist()], np.float64)
    a, b = place.reshape(-1, 2).T
    products = np.einsum("ij,ij->i", of.means[a], of.means[b])
    near: npt.NDArray[np.bool_] = of.squares[a] + of.squares[b] - 2 * products <= threshold**2
    return near


def _apart(of: _Means) -> npt.NDArray[np.float64]:
    """(M, M): the root of the mean squared distance of the photos of any two clusters."""
    away: npt.NDArray[np.float64] = of.means @ of.means.T
    away *= -2
    away += of.squares
    away += of.squares[:, None]
    np.sqrt(np.maximum(away, 0, out=away), out=away)
    np.fill_diagonal(away, 0)
    return away


def _cut(vectors: _Vectors, clusters: list[_Rows]) -> list[_Rows]:
    """Numbers of clusters in parts of similar ones, never more than AT_ONCE; all in one where
    they are not.
    """
    if len(clusters) <= AT_ONCE:
        return [np.arange(len(clusters))]
    from sklearn.cluster import BisectingKMeans

    # the largest part is cut next; the loop below cuts what is still too large
    count = -(-2 * len(clusters) // AT_ONCE)
    means = _means(vectors, clusters, np.float32).means
    model = BisectingKMeans(
        n_clusters=count, random_state=0, bisecting_strategy="largest_cluster"
    ).fit(along_components(means, _COMPONENTS))
    parts: list[_Rows] = []
    for label in range(count):
        its = np.flatnonzero(model.labels_ == label)
        pieces = -(-len(its) // AT_ONCE)
        parts.extend(np.array_split(its, pieces) if pieces else [])
    return parts
