"""Photos of one kind among those that are in no group: a calm overview, not a verdict."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dedupe.errors import IndexProblem
from dedupe.index.answers import AnswerFile, answer_key
from dedupe.index.indexed import contents, photos_at
from dedupe.index.library import Library
from dedupe.matching.near.candidates import candidates_method, nearest_lists
from dedupe.matching.near.neighbours import Neighbours
from dedupe.matching.sets.apart import apart
from dedupe.matching.sets.cluster_names import cluster_name, shared_folder
from dedupe.matching.sets.groups import Group
from dedupe.matching.sets.kinds import AT_ONCE, JOINED, PART, average, by_size, kinds
from dedupe.matching.sets.labels import lengths_of, photos_of_each, several
from dedupe.matching.sets.remembered_kinds import RememberedKinds
from dedupe.matching.sets.remembered_names import known_names
from dedupe.matching.sets.verdicts import Verdicts
from dedupe.photos.photo import Photo
from dedupe.progress import Progress
from dedupe.uncollected import uncollected

# Average distance up to which two clusters are of one kind. In seed units two cats are
# 16.5 apart, a dog and a cat 24.6.
KIND_THRESHOLD = 22.0

# Photos from which on clusters are remembered: 1,000 take half a second.
WORTH = 1000

# Clusterings that are remembered: of the whole library, and of folders.
REMEMBERED = 4

# Goes up with every change of what is clustered with what.
_VERSION = 7


@dataclass(frozen=True, slots=True)
class Cluster:
    """Photos of one kind.

    Attributes:
        photos: two or more; the one nearest to the middle first, the others by path.
        name: what they share, in one line that is safe to show: "2019-08-03, Sicily, near
            37.85° N 15.29° E". Two clusters may have the same.
    """

    photos: Sequence[Photo]
    name: str


def find_clusters(
    library: Library,
    groups: Iterable[Group],
    threshold: float = KIND_THRESHOLD,
    *,
    verdicts: Verdicts | None = None,
    device: str = "auto",
    progress: Progress | None = None,
) -> list[Cluster]:
    """Cluster the photos that are in none of `groups` by kind; copies of one file count once.

    All photos are clustered, those in groups as well, so that another threshold of groups asks
    for nothing new. Who is in a group is then left out, and what is left of such a kind, if it is
    no more than 4,000 photos, is clustered once more by itself, as photos in groups may have
    brought others near.

    Average linkage, so that one picture between two kinds does not join them. What is
    averaged is the distance of the vectors; where the time of both photos is known, those of
    one hour count as 6 seed units nearer, falling to none for those a day apart. Where both
    places are known as well, it falls likewise from 500 m to 5 km. A place alone changes
    nothing: at home everything is of one place. Decision 13.

    Up to 4,000 photos are clustered at once; more are cut into parts around the densest ones
    (peaks.py), and the clusters of the parts are then joined (kinds.py). Deterministic, and
    independent of the order of the library. Of 1,000 photos and more it is remembered in a file
    beside the index, for the last four libraries; where that is damaged or cannot be written,
    this takes longer, and that is all.

    Args:
        library: that the groups were found in.
        groups: as `find_groups` gives them.
        threshold: average distance at which clusters stay apart, in seed units.
        verdicts: as `verify` gives them; without them the nearest of many photos are looked for.
        device: "auto", "cpu", "cuda" or "mps", for that.
        progress: told of every photo that is then compared.

    Returns:
        The largest first; equally large ones in the order of their first path. Each is named
        by what its photos share (cluster_names.py).

    Raises:
        ValueError: `threshold` is negative.
        DeviceMissing: the device is not on this machine.
        IndexProblem: the index cannot be read.
        IndexDamaged: a thumbnail in it is not as it was written.
    """
    if not threshold >= 0:
        raise ValueError(f"a threshold is 0 or more, got {threshold}")
    copies = library.copies
    rows = np.fromiter(copies, np.int64, len(copies))  # in the order of paths, which settles ties

    def nearest() -> Neighbours:
        near = verdicts.near if verdicts is not None else None
        if near is not None:
            return near
        return nearest_lists(library, device=device, progress=progress)

    labels, known = _labels(library, rows, threshold, nearest)
    with uncollected():
        is_grouped = _are_in(groups, library)[rows]
        found = [
            rows[kind] for kind in _without(is_grouped, labels, library, rows, threshold, known)
        ]
        if known is not None:
            known.write()
        return _named(library, found)


def _named(library: Library, found: Sequence[npt.NDArray[np.int64]]) -> list[Cluster]:
    """Clusters of some rows each, in the order in which they are shown."""
    everything = _folder_of_all(library)

    def name(some: Sequence[npt.NDArray[np.int64]]) -> list[tuple[int, str]]:
        middles = _middles(library.vectors, some)
        names = (cluster_name(photos, everything) for photos in _photos(library, some, middles))
        return list(zip(middles, names, strict=True))

    worth = len(library.first_rows) >= WORTH and library.index.is_file()
    named = known_names(library, found, os.fsencode(everything), name, worth=worth)
    middles = [middle for middle, _ in named]
    clusters = [
        (Cluster(photos, words), library.places[middle])
        for photos, (middle, words) in zip(_photos(library, found, middles), named, strict=True)
    ]
    clusters.sort(key=lambda each: (-len(each[0].photos), each[1]))
    return [cluster for cluster, _ in clusters]


def _photos(
    library: Library, found: Sequence[npt.NDArray[np.int64]], middles: Sequence[int]
) -> list[Sequence[Photo]]:
    """The photos of each cluster, with copies, those of the middle first."""
    copies = library.copies
    each = [
        [*copies[middle], *(copy for row in its.tolist() if row != middle for copy in copies[row])]
        for its, middle in zip(found, middles, strict=True)
    ]
    return photos_of_each(library.photos, each)


def _are_in(groups: Iterable[Group], library: Library) -> npt.NDArray[np.bool_]:
    """(N,) bool: which photos are in a group."""
    rows: list[int] = []
    others: set[bytes] = set()
    for group in groups:
        if group.rows and group.all_vectors is library.vectors:
            rows += group.rows
        else:  # of another library of the same photos
            others |= {photo.content for photo in group.photos}
    found = np.zeros(len(library.photos), np.bool_)
    found[rows] = True
    for its in library.copied:  # a copy stands for all of its content
        found[its] = found[its].any()
    if others:
        found |= np.array([each in others for each in contents(library.photos)], np.bool_)
    return found


def _folder_of_all(library: Library) -> Path:
    """The deepest folder that holds all photos: of paths in order, that of the first and last."""
    places = library.places
    ends = (places.index(0), places.index(len(places) - 1)) if places else ()
    return shared_folder([library.photos[row] for row in ends])


def _without(
    is_grouped: npt.NDArray[np.bool_],
    labels: npt.NDArray[np.int32],
    library: Library,
    rows: npt.NDArray[np.int64],
    threshold: float,
    known: RememberedKinds | None,
) -> Iterator[npt.NDArray[np.int64]]:
    """What is left of each kind without the photos in groups, by places among the rows.

    Those in groups may have brought near to each other what is not: so what is left of such a
    kind is clustered by itself, but for kinds of more photos than are compared at once.
    """

    def cluster(part: npt.NDArray[np.int64]) -> npt.NDArray[np.integer]:
        its = rows[part]
        photos = photos_at(library.photos, its)
        return average(apart(library.vectors[its], photos), threshold)

    before = np.bincount(labels[labels >= 0])
    alone = np.where(is_grouped, -1, labels)
    after = np.bincount(alone[alone >= 0], minlength=len(before))
    settled = np.append((after == before) | (after > AT_ONCE), True)  # who is in none is the last
    yield from several(np.where(settled[labels], alone, -1))
    left = several(np.where(settled[labels], -1, alone))
    found = known.clustered(left, cluster) if known is not None else map(cluster, left)
    for part, numbers in zip(left, found, strict=True):
        for members in several(numbers):
            yield part[members]


def _labels(
    library: Library,
    rows: npt.NDArray[np.int64],
    threshold: float,
    nearest: Callable[[], Neighbours],
) -> tuple[npt.NDArray[np.int32], RememberedKinds | None]:
    """The cluster of each of some rows, in the order of their paths, -1 where it is in none; and
    what is known of parts of them, where that was asked.
    """
    if not _is_worth(library, rows):
        return _clustered(library, rows, threshold, nearest)
    file = AnswerFile(
        library.index, library.encoder.fingerprint, "clusters", {"labels": "<i4"}, REMEMBERED
    )
    key = answer_key(_rests_on(library, rows, threshold))
    known = file.read(key)
    if known is not None and len(known["labels"]) == len(rows):
        return known["labels"].astype(np.int32), None
    labels, parts = _clustered(library, rows, threshold, nearest)
    with suppress(IndexProblem):  # then it is clustered anew next time
        file.write(key, {"labels": labels})
    return labels, parts


def _is_worth(library: Library, rows: npt.NDArray[np.int64]) -> bool:
    """Whether clusters of some rows are remembered."""
    return len(rows) >= WORTH and library.vectors.dtype == np.float16 and library.index.is_file()


def _method(threshold: float) -> bytes:
    """All that decides clusters beside photos."""
    from importlib.metadata import version  # sklearn itself takes a second to import

    versions = f"sklearn {version('scikit-learn')} scipy {version('scipy')}"
    return f"{_VERSION} {versions} {threshold!r} {AT_ONCE} {PART} {JOINED}".encode()


def _rests_on(library: Library, rest: npt.NDArray[np.int64], threshold: float) -> Iterator[bytes]:
    """All that decides which photos are clustered with which."""
    yield _method(threshold)
    yield candidates_method(len(rest)).encode()
    if library.key:  # all of its contents, whichever these are
        yield library.key
        return
    key_of = dict(zip(library.first_rows.tolist(), library.photo_keys, strict=True))
    for row in rest.tolist():
        photo = library.photos[row]
        yield key_of[row]
        yield f"{photo.taken} {photo.latitude} {photo.longitude};".encode()


def _clustered(
    library: Library,
    rest: npt.NDArray[np.int64],
    threshold: float,
    nearest: Callable[[], Neighbours],
) -> tuple[npt.NDArray[np.int32], RememberedKinds | None]:
    photos = photos_at(library.photos, rest)
    # of 100,000 photos a copy takes 0.4 s
    is_whole = np.array_equal(rest, np.arange(len(library.photos)))
    vectors = library.vectors if is_whole else library.vectors[rest]

    def in_order() -> Neighbours:
        near = nearest()
        return near if is_whole else near.in_order(np.searchsorted(library.first_rows, rest))

    known: list[RememberedKinds] = []

    def memory() -> RememberedKinds:
        worth = _is_worth(library, rest)
        known.append(RememberedKinds(library, rest, _method(threshold), worth=worth))
        return known[0]

    labels = np.full(len(rest), -1, np.int32)
    found = kinds(vectors, threshold, photos, in_order, memory)
    rows = np.concatenate([np.empty(0, np.int64), *found])
    labels[rows] = np.repeat(np.arange(len(found)), lengths_of(found))
    return labels, known[0] if known else None


def _middles(
    vectors: npt.NDArray[np.floating], kinds: Sequence[npt.NDArray[np.int64]]
) -> list[int]:
    """Of each kind the row that is nearest to the mean; of equally near ones the first."""
    found = [0] * len(kinds)
    for some, size in by_size(kinds):
        rows = np.concatenate([kinds[number] for number in some.tolist()])
        if size > 2:  # of two, both are equally near
            # without torch, which takes a second to import, and is needed for nothing else here
            exact = vectors[rows].astype(np.float64).reshape(len(some), size, -1)
            exact -= exact.mean(1, keepdims=True)
            place = np.einsum("ijk,ijk->ij", exact, exact).argmin(1)
        else:
            place = np.zeros(len(some), np.int64)
        middle = rows.reshape(len(some), size)[np.arange(len(some)), place]
        for number, row in zip(some.tolist(), middle.tolist(), strict=True):
            found[number] = row
    return found
