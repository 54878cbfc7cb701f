"""Photos of one kind, among those that are in no set."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from dedupe.index.library import Library
from dedupe.matching import clusters as clustering
from dedupe.matching.clusters import Cluster, find_clusters
from dedupe.matching.groups import find_groups

Numbers = Callable[..., Library]


def clouds(count: int, dim: int = 8, seed: int = 0) -> npt.NDArray[np.float64]:
    """Photos of six kinds: about 10 apart inside, 60 and more between."""
    chance = np.random.default_rng(seed)
    centres = np.eye(6, dim) * 60
    return centres[np.arange(count) % 6] + chance.normal(size=(count, dim)) * 2.5


def paths(clusters: list[Cluster]) -> list[set[Path]]:
    return [{photo.path for photo in cluster.photos} for cluster in clusters]


def test_kinds_are_found_the_largest_first(numbers: Numbers) -> None:
    library = numbers(clouds(49))  # 9 of the first kind, 8 of every other
    found = find_clusters(library, [])
    assert [len(cluster.photos) for cluster in found] == [9, 8, 8, 8, 8, 8]
    kinds = [{int(path.name) % 6 for path in cluster} for cluster in paths(found)]
    assert all(len(kind) == 1 for kind in kinds)
    assert kinds[0] == {0}
    firsts = [str(cluster.photos[0].path) for cluster in found[1:]]
    assert firsts == sorted(firsts)


def test_the_photo_nearest_to_the_middle_comes_first_and_the_others_by_path(
    numbers: Numbers,
) -> None:
    (cluster,) = find_clusters(numbers([[0], [10], [4], [6], [4]]), [])
    assert [photo.path.name for photo in cluster.photos] == [
        "00002",
        "00000",
        "00001",
        "00003",
        "00004",
    ]


def test_photos_in_a_set_are_in_no_cluster(samples: Library) -> None:
    groups = find_groups(samples)
    grouped = {photo.path for group in groups for photo in group.photos}
    clustered = [
        photo.path for each in find_clusters(samples, groups, 40.0) for photo in each.photos
    ]
    assert grouped
    assert clustered
    assert grouped.isdisjoint(clustered)
    assert len(clustered) == len(set(clustered))


def test_clusters_are_the_same_every_time(samples: Library) -> None:
    assert find_clusters(samples, [], 25.0) == find_clusters(samples, [], 25.0) != []


def test_a_larger_threshold_makes_larger_clusters(samples: Library) -> None:
    copies = find_clusters(samples, [], 0.5)
    assert 0 < sum(len(cluster.photos) for cluster in copies) < len(samples.photos)
    (everything,) = find_clusters(samples, [], 1000.0)
    assert len(everything.photos) == len(samples.photos)


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_photos_make_no_cluster(numbers: Numbers, count: int) -> None:
    library = numbers([[0], [100]])
    in_a_set = find_groups(numbers([[0], [0]]))[0].photos[: 2 - count]
    assert find_clusters(library, [_Only(in_a_set)]) == []  # type: ignore[list-item]


class _Only:
    def __init__(self, photos: object) -> None:
        self.photos = photos


@pytest.mark.parametrize("at_once", [10, 30, 64, 119])
def test_many_photos_are_cut_into_parts_and_each_is_in_one_cluster_at_most(
    numbers: Numbers, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    library = numbers(clouds(120))
    whole = paths(find_clusters(library, []))
    monkeypatch.setattr(clustering, "_AT_ONCE", at_once)
    sizes: list[int] = []
    linked = clustering._linked

    def counting(vectors: npt.NDArray[np.float32], threshold: float) -> list[npt.NDArray[np.int64]]:
        sizes.append(len(vectors))
        return linked(vectors, threshold)

    monkeypatch.setattr(clustering, "_linked", counting)
    cut = find_clusters(library, [])
    assert sum(sizes) == 120
    assert max(sizes) <= at_once
    assert len(sizes) > 1
    photos = [path for cluster in paths(cut) for path in cluster]
    assert len(photos) == len(set(photos))
    # a kind may be split, but never are two kinds joined by the cut
    assert all(any(part <= kind for kind in whole) for part in paths(cut))
    assert len(photos) > 100
    assert cut == find_clusters(library, [])


def test_many_photos_with_the_same_vector_are_clustered(
    numbers: Numbers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clustering, "_AT_ONCE", 10)
    found = find_clusters(numbers(np.ones((40, 4))), [])
    photos = [path for cluster in paths(found) for path in cluster]
    assert len(photos) == len(set(photos)) == 40
