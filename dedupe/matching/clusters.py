"""Photos of one kind among those that are in no group: a calm overview, not a verdict."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from dedupe.errors import IndexProblem
from dedupe.index.answers import AnswerFile, answer_key
from dedupe.index.edges import photo_key
from dedupe.index.library import Library
from dedupe.matching.cluster_names import EARTH_KM, cluster_name, places, shared_folder
from dedupe.matching.contents import contents_of
from dedupe.matching.groups import Group
from dedupe.photos.photo import Photo

# Average distance up to which two clusters are of one kind. In seed units two cats are
# 16.5 apart, a dog and a cat 24.6.
KIND_THRESHOLD = 22.0

# Two photos of one hour, not known to be of two places, count as so much nearer. Unrelated
# photos are 29 apart (median): these stay above KIND_THRESHOLD, so that what was taken together
# brings together only what also looks related.
_TOGETHER = 6.0
_TOGETHER_S = 3600.0  # of one hour: in full
_APART_S = 24 * 3600.0  # a day later: not at all
_TOGETHER_KM = 0.5  # likewise: a few streets
_APART_KM = 5.0  # and another village

# Rows of the distances that are changed at once: 256 x 4,000 x 8 bytes are 8 MB.
_ROWS = 256

# scikit-learn's linkage needs all distances at once, and copies of them: 380 MB for 4,000 photos.
_AT_ONCE = 4000

# More are cut into parts by their 64 principal components, those of so many of them: a tenth of
# the time that 1,280 numbers take, and of 155,000 pairs of 8,000 photos that are in one cluster
# when all are clustered at once 87 % still are, beside 84.
_COMPONENTS = 64
_FITTED = 8192

# Photos from which on clusters are remembered: 1,000 take half a second.
WORTH = 1000

# Clusterings that are remembered: of the whole library, and of folders.
REMEMBERED = 4

# Goes up with every change of what is clustered with what.
_VERSION = 3


@dataclass(frozen=True, slots=True)
class Cluster:
    """Photos of one kind.

    Attributes:
        photos: two or more; the one nearest to the middle first, the others by path.
        name: what they share, in one line that is safe to show: "2019-08-03, Sicily, near
            37.85° N 15.29° E". Two clusters may have the same.
    """

    photos: tuple[Photo, ...]
    name: str


def find_clusters(
    library: Library, groups: Iterable[Group], threshold: float = KIND_THRESHOLD
) -> list[Cluster]:
    """Cluster the photos that are in none of `groups` by kind; copies of one file count once.

    All photos are clustered, those in groups as well, so that another threshold of groups asks
    for nothing new. Who is in a group is then left out, and what is left of such a kind is
    clustered once more by itself, as photos in groups may have brought others near.

    Average linkage, so that one picture between two kinds does not join them. What is
    averaged is the distance of the vectors; where the time of both photos is known, those of
    one hour count as 6 seed units nearer, falling to none for those a day apart. Where both
    places are known as well, it falls likewise from 500 m to 5 km. A place alone changes
    nothing: at home everything is of one place. Decision 13.

    Up to 4,000 photos are clustered at once; more are first cut into parts of similar ones
    (BisectingKMeans), and a kind can then be split between two parts. Deterministic, and
    independent of the order of the library. Of 1,000 photos and more it is remembered in a file
    beside the index, for the last four libraries; where that is damaged or cannot be written,
    this takes longer, and that is all.

    Args:
        library: that the groups were found in.
        groups: as `find_groups` gives them.
        threshold: average distance at which clusters stay apart, in seed units.

    Returns:
        The largest first; equally large ones in the order of their first path. Each is named
        by what its photos share (cluster_names.py).

    Raises:
        ValueError: `threshold` is negative.
    """
    if not threshold >= 0:
        raise ValueError(f"a threshold is 0 or more, got {threshold}")
    photos = library.photos
    grouped = {photo.content for group in groups for photo in group.photos}
    contents = contents_of(library)
    rows = np.fromiter(contents.copies, np.int64)  # in the order of paths, which settles ties
    is_alone = np.array([photos[row].content not in grouped for row in rows.tolist()], np.bool_)
    everything = shared_folder(photos)
    clusters = []
    labels = _labels(library, rows, threshold)
    for kind in _several(labels):
        if labels[kind[0]] < 0:  # those that are of no kind
            continue
        alone = rows[kind[is_alone[kind]]]
        whole = len(alone) == len(kind)
        for members in [alone] if whole else _without_sets(library, alone, threshold):
            ordered = members[_middle_first(library.vectors[members].astype(np.float32))].tolist()
            chosen = tuple(photos[each] for row in ordered for each in contents.copies[row])
            clusters.append(Cluster(chosen, cluster_name(chosen, everything)))
    return sorted(clusters, key=lambda each: (-len(each.photos), os.fsencode(each.photos[0].path)))


def _without_sets(
    library: Library, rows: npt.NDArray[np.int64], threshold: float
) -> Iterator[npt.NDArray[np.int64]]:
    """What is left of a kind that has photos in sets, clustered by itself.

    Those in sets may have brought near to each other what is not.
    """
    if len(rows) > 1:
        vectors = library.vectors[rows].astype(np.float32)
        photos = [library.photos[row] for row in rows.tolist()]
        for members in _linked_again(vectors, threshold, photos):
            yield rows[members]


def _labels(
    library: Library, rows: npt.NDArray[np.int64], threshold: float
) -> npt.NDArray[np.int32]:
    """The cluster of each of some rows, in the order of their paths; -1 where it is in none."""
    if len(rows) < WORTH or library.vectors.dtype != np.float16 or not library.index.is_file():
        return _clustered(library, rows, threshold)
    file = AnswerFile(
        library.index, library.encoder.fingerprint, "clusters", {"labels": "<i4"}, REMEMBERED
    )
    key = answer_key(_rests_on(library, rows, threshold))
    known = file.read(key)
    if known is not None and len(known["labels"]) == len(rows):
        return known["labels"].astype(np.int32)
    labels = _clustered(library, rows, threshold)
    with suppress(IndexProblem):  # then it is clustered anew next time
        file.write(key, {"labels": labels})
    return labels


def _rests_on(library: Library, rest: npt.NDArray[np.int64], threshold: float) -> Iterator[bytes]:
    """All that decides which photos are clustered with which."""
    from importlib.metadata import version  # sklearn itself takes a second to import

    yield f"{_VERSION} sklearn {version('scikit-learn')} {threshold!r} {_AT_ONCE}".encode()
    if library.key:  # all of its contents, whichever these are
        yield library.key
        return
    for row in rest.tolist():
        photo = library.photos[row]
        yield photo_key(photo.content, library.vectors[row])
        yield f"{photo.taken} {photo.latitude} {photo.longitude};".encode()


def _clustered(
    library: Library, rest: npt.NDArray[np.int64], threshold: float
) -> npt.NDArray[np.int32]:
    vectors = library.vectors[rest].astype(np.float32)
    labels = np.full(len(rest), -1, np.int32)
    count = 0
    for part in _parts(vectors):
        photos = [library.photos[row] for row in rest[part].tolist()]
        for members in _linked(vectors[part], threshold, photos):
            labels[part[members]] = count
            count += 1
    return labels


def _parts(vectors: npt.NDArray[np.float32]) -> list[npt.NDArray[np.int64]]:
    """Row numbers in parts of at most about _AT_ONCE similar photos."""
    if len(vectors) <= _AT_ONCE:
        return [np.arange(len(vectors))]
    from sklearn.cluster import BisectingKMeans
    from sklearn.decomposition import PCA

    # the largest part is cut next, so parts end near half of _AT_ONCE; the loop below
    # cuts what is still too large
    count = -(-2 * len(vectors) // _AT_ONCE)
    some = vectors[:: -(-len(vectors) // _FITTED)]
    fitted = PCA(min(_COMPONENTS, *some.shape), svd_solver="covariance_eigh")
    with np.errstate(invalid="ignore"):  # where all are equal, nothing is explained
        fitted.fit(some)
    model = BisectingKMeans(
        n_clusters=count, random_state=0, bisecting_strategy="largest_cluster"
    ).fit(fitted.transform(vectors))
    parts: list[npt.NDArray[np.int64]] = []
    for label in range(count):
        rows = np.flatnonzero(model.labels_ == label)
        pieces = -(-len(rows) // _AT_ONCE)
        parts.extend(np.array_split(rows, pieces) if pieces else [])
    return parts


def _linked(
    vectors: npt.NDArray[np.float32], threshold: float, photos: Sequence[Photo]
) -> list[npt.NDArray[np.int64]]:
    """Row numbers of each cluster of two and more."""
    if len(vectors) < 2:
        return []
    from sklearn.cluster import AgglomerativeClustering

    model = AgglomerativeClustering(
        n_clusters=None, distance_threshold=threshold, linkage="average", metric="precomputed"
    ).fit(_apart(vectors, photos))
    return _several(model.labels_)


def _linked_again(
    vectors: npt.NDArray[np.float32], threshold: float, photos: Sequence[Photo]
) -> list[npt.NDArray[np.int64]]:
    """The same, by what scikit-learn calls for it: importing that takes longer than all of this."""
    if len(vectors) < 2:
        return []
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    merges = linkage(squareform(_apart(vectors, photos), checks=False), "average")
    # what is exactly at the threshold stays apart, as there
    return _several(fcluster(merges, np.nextafter(threshold, -np.inf), "distance"))


def _several(labels: npt.NDArray[np.integer]) -> list[npt.NDArray[np.int64]]:
    """The places of each label that more than one has."""
    order = np.argsort(labels, kind="stable")
    kinds = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
    return [kind for kind in kinds if len(kind) > 1]


def _apart(vectors: npt.NDArray[np.float32], photos: Sequence[Photo]) -> npt.NDArray[np.float64]:
    """(N, N) L2 distances, less where two photos share time and place."""
    exact = vectors.astype(np.float64)
    squares = np.einsum("ij,ij->i", exact, exact)
    away: npt.NDArray[np.float64]
    away = np.sqrt(np.maximum(squares[:, None] + squares - 2 * (exact @ exact.T), 0))
    np.fill_diagonal(away, 0)
    _bring_together(away, photos)
    return away


def _bring_together(away: npt.NDArray[np.float64], photos: Sequence[Photo]) -> None:
    """Make (N, N) distances smaller where two photos share time and place."""
    start = datetime(1970, 1, 1)
    taken = [(photo.taken - start).total_seconds() if photo.taken else np.nan for photo in photos]
    seconds, points = np.array(taken), places(photos)
    for first in range(0, len(away), _ROWS):
        here = slice(first, first + _ROWS)
        share = _share(np.abs(seconds[here, None] - seconds), _TOGETHER_S, _APART_S)
        # a straight line through the Earth, which at 5 km is as long as the way on it; not by
        # a product: of the squares of small distances it would leave nothing
        lines = np.sqrt(sum((one[here, None] - one) ** 2 for one in points.T))
        near = _share(EARTH_KM * lines, _TOGETHER_KM, _APART_KM)
        away[here] -= _TOGETHER * np.nan_to_num(share, nan=0) * np.nan_to_num(near, nan=1)
    np.maximum(away, 0, out=away)


def _share(apart: npt.NDArray[np.float64], whole: float, none: float) -> npt.NDArray[np.float64]:
    """1 up to `whole`, falling to 0 at `none`; nan stays nan."""
    return np.clip((none - apart) / (none - whole), 0, 1)


def _middle_first(vectors: npt.NDArray[np.float32]) -> list[int]:
    """The row nearest to the mean, then the others in their order."""
    away = vectors - vectors.mean(0, dtype=np.float64)
    nearest = int(np.einsum("ij,ij->i", away, away).argmin())
    return [nearest, *(each for each in range(len(vectors)) if each != nearest)]
