"""Photos of one kind, among those that are in no set."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from dedupe.index.library import Library, open_library
from dedupe.matching.sets import kinds
from dedupe.matching.sets.clusters import Cluster, find_clusters
from dedupe.matching.sets.groups import find_groups
from dedupe.matching.sets.labels import several
from dedupe.photos.photo import Photo

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
    rows = ()

    def __init__(self, photos: object) -> None:
        self.photos = photos


def test_groups_of_a_library_opened_before_are_left_out_as_well(samples: Library) -> None:
    groups = find_groups(samples)
    again = open_library(index=samples.index)
    assert again.vectors is not samples.vectors
    assert find_clusters(again, groups, 40.0) == find_clusters(samples, groups, 40.0)
    assert find_clusters(again, groups, 40.0) != find_clusters(samples, [], 40.0)


@pytest.mark.parametrize("at_once", [10, 30, 64, 119])
def test_many_photos_are_cut_into_parts_and_come_out_as_the_same_kinds(
    numbers: Numbers, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    library = numbers(clouds(120))
    whole = paths(find_clusters(library, []))
    monkeypatch.setattr(kinds, "AT_ONCE", at_once)
    monkeypatch.setattr(kinds, "PART", at_once // 2)
    sizes: list[int] = []
    apart = kinds.apart

    def counting(
        vectors: npt.NDArray[np.float32], photos: Sequence[Photo]
    ) -> npt.NDArray[np.float64]:
        sizes.append(len(vectors))
        return apart(vectors, photos)

    monkeypatch.setattr(kinds, "apart", counting)
    cut = find_clusters(library, [])
    assert max(sizes) <= at_once // 2
    assert len(sizes) >= 6
    # a kind may be split where too many clusters hang together, but never are two kinds joined
    assert all(any(part <= kind for kind in whole) for part in paths(cut))
    if at_once >= 30:
        assert paths(cut) == whole
    assert cut == find_clusters(library, [])


def test_too_many_clusters_to_compare_leave_photos_alone_that_are_in_none(
    numbers: Numbers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kinds, "AT_ONCE", 10)
    vectors = [[0.0], [1.0], [21.9]] + [[100.0 * n] for n in range(1, 12)]
    (joined,) = find_clusters(numbers(vectors), [])
    assert len(joined.photos) == 3
    monkeypatch.setattr(kinds, "JOINED", 1)
    (pair,) = find_clusters(numbers(vectors), [])
    assert len(pair.photos) == 2


def test_clusters_are_as_far_apart_as_the_root_of_their_mean_squared_distance() -> None:
    chance = np.random.default_rng(3)
    vectors = chance.normal(size=(30, 5)).astype(np.float16)
    clusters = [np.arange(12), np.arange(12, 27), np.array([29])]
    found = kinds._apart(kinds._means(vectors, clusters, np.float64))
    squares = ((vectors[:, None].astype(np.float64) - vectors[None]) ** 2).sum(2)
    for i, one in enumerate(clusters):
        for j, other in enumerate(clusters):
            exact = 0 if i == j else np.sqrt(squares[np.ix_(one, other)].mean())
            assert found[i, j] == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize("dim", [1, 7, 1280])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_a_mean_is_the_same_in_any_company(
    monkeypatch: pytest.MonkeyPatch, dim: int, kind: type[np.floating]
) -> None:
    monkeypatch.setattr(kinds, "_SUMMED", 40)
    vectors = np.random.default_rng(2).normal(size=(200, dim)).astype(np.float16)
    clusters = np.split(np.arange(200), [1, 2, 4, 6, 9, 12, 15, 80])
    together = kinds._means(vectors, clusters, kind)
    for number, rows in enumerate(clusters):
        alone = kinds._means(vectors, [rows], kind)
        assert np.array_equal(alone.means[0], together.means[number])
        assert alone.squares[0] == together.squares[number]
        exact = vectors[rows].astype(np.float64)
        assert alone.means[0] == pytest.approx(exact.mean(0), abs=1e-5)
        assert alone.squares[0] == pytest.approx((exact**2).sum(1).mean(), rel=1e-5)


@pytest.mark.parametrize("rows", [1, 3, 2048])
@pytest.mark.parametrize("new", [range(40), range(5, 9), ()])
@pytest.mark.parametrize("slack", [None, 0.0, 1e9])
def test_which_clusters_are_near_depends_on_no_rounding(
    monkeypatch: pytest.MonkeyPatch, rows: int, new: Sequence[int], slack: float | None
) -> None:
    monkeypatch.setattr(kinds, "_ROWS", rows)
    if slack is not None:
        monkeypatch.setattr(kinds, "product_slack", lambda *_: slack)
    # whole numbers far from 0: many distances are exactly the threshold, and float32 has few
    # digits left for them
    vectors = np.random.default_rng(1).integers(0, 9, (60, 3)).astype(np.float16)
    vectors[:, 0] += 400 if slack != 0 else 0
    clusters = np.split(np.arange(60), np.arange(1, 40))
    found = kinds._within(vectors, clusters, 5.0, np.array(new, np.int64))
    squares = _squares(vectors, clusters)
    expected = {
        frozenset((i, j)) for i, j in np.argwhere(squares <= 25).tolist() if i != j and i in new
    }
    assert len(expected) > 10 or not new
    assert {frozenset(pair) for pair in found.tolist()} == expected


def _squares(
    vectors: npt.NDArray[np.float16], clusters: list[npt.NDArray[np.int64]]
) -> npt.NDArray[np.float64]:
    """Mean squared distances, of all pairs of photos of any two clusters."""
    apart = ((vectors[:, None].astype(np.float64) - vectors[None]) ** 2).sum(2)
    return np.array([[apart[np.ix_(a, b)].mean() for b in clusters] for a in clusters])


def test_clusters_that_hang_together_in_a_crowd_are_cut(
    numbers: Numbers, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = numbers(np.arange(60.0)[:, None] * 15)  # a chain: every two that follow are near
    monkeypatch.setattr(kinds, "AT_ONCE", 10)
    found = find_clusters(library, [])
    assert all(2 <= len(each.photos) <= 4 for each in found)
    assert sum(len(each.photos) for each in found) > 40


def test_many_photos_with_the_same_vector_are_one_kind(
    numbers: Numbers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kinds, "AT_ONCE", 10)
    monkeypatch.setattr(kinds, "PART", 5)
    (everything,) = find_clusters(numbers(np.ones((40, 4))), [])
    assert len(everything.photos) == 40


def test_photos_of_one_hour_are_brought_together_in_parts_too(
    numbers: Numbers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kinds, "AT_ONCE", 3)
    vectors = np.zeros((6, 8))
    vectors[[0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5]] = 24 / np.sqrt(2)  # all of them 24 apart
    at_noon: list[dict[str, object]] = [{"taken": NOON}] * 3 + [{"taken": None}] * 3
    (cluster,) = find_clusters(numbers(vectors, known=at_noon), [])
    assert [photo.taken for photo in cluster.photos] == [NOON] * 3


# --- order


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("at_once", [10, 4000])
def test_thirty_photos_in_any_order_give_the_same_clusters(
    numbers: Numbers, monkeypatch: pytest.MonkeyPatch, seed: int, at_once: int
) -> None:
    monkeypatch.setattr(kinds, "AT_ONCE", at_once)
    chance = np.random.default_rng(0)
    # on a lattice: many distances are exactly equal
    vectors = chance.integers(0, 3, (30, 4)) * 12.0
    paths = [f"/p/{n % 3}/{n:02}.jpg" for n in range(30)]
    known: list[dict[str, object]] = [
        {
            "taken": datetime(2019, 7, 14) + timedelta(hours=7 * n) if n % 4 else None,
            "latitude": 47.0 + n % 5 / 50 if n % 3 else None,
            "longitude": 8.0 if n % 3 else None,
        }
        for n in range(30)
    ]
    library = numbers(vectors, paths, known)
    expected = find_clusters(library, [])
    assert sum(len(each.photos) for each in expected) > 10
    order = np.random.default_rng(seed).permutation(30)
    shuffled = replace(
        library,
        photos=tuple(library.photos[row] for row in order),
        vectors=library.vectors[order],
    )
    assert find_clusters(shuffled, []) == expected


# --- time and place

NOON = datetime(2019, 7, 14, 12)
ZURICH, NEXT_STREET, NEXT_VILLAGE = (47.3769, 8.5417), (47.3796, 8.5417), (47.4319, 8.5417)
Place = tuple[float | None, float | None]
NOWHERE: Place = (None, None)


def are_of_one_kind(
    numbers: Numbers,
    away: float,
    apart: timedelta | None,
    places: tuple[Place, Place] = (NOWHERE, NOWHERE),
) -> bool:
    """Whether two photos are, whose vectors are so far apart, taken so long after each other."""
    times = NOON, None if apart is None else NOON + apart
    known = [
        {"taken": taken, "latitude": place[0], "longitude": place[1]}
        for taken, place in zip(times, places, strict=True)
    ]
    return len(find_clusters(numbers([[0], [away]], ["/a", "/b"], known), [])) == 1


def test_photos_of_one_hour_count_as_6_nearer_and_those_of_another_day_do_not(
    numbers: Numbers,
) -> None:
    hour, day = timedelta(hours=1), timedelta(days=1)
    assert are_of_one_kind(numbers, 21, None)
    assert not are_of_one_kind(numbers, 23, None)
    assert not are_of_one_kind(numbers, 23, day)
    assert are_of_one_kind(numbers, 27, hour)
    assert are_of_one_kind(numbers, 27, -hour)
    assert not are_of_one_kind(numbers, 29, timedelta(0))
    assert are_of_one_kind(numbers, 24, hour * 12)
    assert not are_of_one_kind(numbers, 26, hour * 12)


def test_photos_of_one_hour_but_not_of_one_place_have_nothing_in_common(numbers: Numbers) -> None:
    now = timedelta(0)
    assert are_of_one_kind(numbers, 27, now, (ZURICH, ZURICH))
    assert are_of_one_kind(numbers, 27, now, (ZURICH, NEXT_STREET))
    assert are_of_one_kind(numbers, 27, now, (ZURICH, NOWHERE))
    assert not are_of_one_kind(numbers, 23, now, (ZURICH, NEXT_VILLAGE))
    # the date line is a line on maps
    assert are_of_one_kind(numbers, 27, now, ((-17.0, 179.9999), (-17.0, -179.9999)))


def test_a_place_alone_brings_nothing_together(numbers: Numbers) -> None:
    for apart in (None, timedelta(days=400)):
        assert not are_of_one_kind(numbers, 23, apart, (ZURICH, ZURICH))


def test_very_old_and_very_late_clocks_are_compared(numbers: Numbers) -> None:
    known: list[dict[str, object]] = [{"taken": datetime.min}, {"taken": datetime.max}]
    assert find_clusters(numbers([[0], [23]], ["/a", "/b"], known), []) == []


# --- names


def named(numbers: Numbers, *photos: tuple[str, datetime | None, Place]) -> str:
    """The name of the cluster of these; there is another photo in another folder."""
    known: list[dict[str, object]] = [
        {"taken": taken, "latitude": place[0], "longitude": place[1]} for _, taken, place in photos
    ]
    vectors = [[1.0] for _ in photos] + [[5000.0]]
    paths = [path for path, _, _ in photos] + ["/photos/other/z.jpg"]
    (cluster,) = find_clusters(numbers(vectors, paths, [*known, {}]), [])
    return cluster.name


@pytest.mark.parametrize(
    ("days", "name"),
    [
        ((0, 0), "2019-07-14"),
        ((0, 1), "2019-07-14 to 2019-07-15"),
        ((4, 0, 2), "2019-07-14 to 2019-07-18"),
        ((0, 13), "2019-07-14 to 2019-07-27"),
        ((0, 14), "2019-07"),
        ((0, 100), "2019"),
        ((0, 200), "like 0"),
        ((0, 3000), "like 0"),
    ],
)
def test_a_cluster_is_named_by_its_days_or_month_or_year(
    numbers: Numbers, days: tuple[int, ...], name: str
) -> None:
    photos = [
        (f"/photos/{n}/{n}.jpg", NOON + timedelta(days=day), NOWHERE) for n, day in enumerate(days)
    ]
    assert named(numbers, *photos) == name


def test_a_cluster_is_named_by_the_deepest_folder_that_not_all_photos_are_in(
    numbers: Numbers,
) -> None:
    one, two = "/photos/2019/Sicily/a/1.jpg", "/photos/2019/Sicily/2.jpg"
    assert named(numbers, (one, None, NOWHERE), (two, None, NOWHERE)) == "Sicily"
    assert named(numbers, (one, NOON, NOWHERE), (two, NOON, NOWHERE)) == "2019-07-14, Sicily"
    elsewhere = "/photos/cats/3.jpg"
    assert named(numbers, (one, NOON, NOWHERE), (elsewhere, NOON, NOWHERE)) == "2019-07-14"
    # what the date says already is not said again
    month = [(f"/photos/2019-07/{n}.jpg", NOON, NOWHERE) for n in range(2)]
    assert named(numbers, *month) == "2019-07-14"


def test_a_cluster_is_named_by_its_place_where_all_lie_within_5_km(numbers: Numbers) -> None:
    def name(*places: Place) -> str:
        photos = [(f"/photos/{n}/{n}.jpg", NOON, place) for n, place in enumerate(places)]
        return named(numbers, *photos)

    assert name(ZURICH, NEXT_STREET) == "2019-07-14, near 47.38° N 8.54° E"
    assert name(ZURICH, (47.46, 8.5417)) == "2019-07-14, near 47.42° N 8.54° E"
    assert name(ZURICH, (47.48, 8.5417)) == "2019-07-14"
    assert name(ZURICH, NOWHERE) == "2019-07-14"
    assert name((-33.86, -70.5), (-33.86, -70.52)) == "2019-07-14, near 33.86° S 70.51° W"
    assert name((-17.0, 179.99), (-17.0, -179.99)).startswith("2019-07-14, near 17.00° S 180.00°")
    assert name((0.001, -0.001), (0.001, -0.001)) == "2019-07-14, near 0.00° N 0.00° E"
    assert name((45.0, 10.0), (-45.0, -170.0)) == "2019-07-14"  # no middle


def test_a_cluster_that_shares_nothing_is_named_after_the_photo_in_its_middle(
    numbers: Numbers,
) -> None:
    library = numbers([[0], [9], [5]], ["/a/1.jpg", "/b/2.jpg", "/c/in the middle.jpg"])
    assert [each.name for each in find_clusters(library, [])] == ["like in the middle"]


@pytest.mark.parametrize("name", ["\x1b[31m", "a\nb", "caf\udce9", "\u202egpj"])
def test_a_name_is_one_line_that_no_terminal_obeys(numbers: Numbers, name: str) -> None:
    paths = [f"/photos/{name}/{n}.jpg" for n in range(2)] + ["/photos/z.jpg"]
    (cluster,) = find_clusters(numbers([[0], [0], [5000]], paths), [])
    assert cluster.name.isprintable()
    assert cluster.name.encode()
    (alone,) = find_clusters(numbers([[0], [0]], [f"/a/{name}.jpg", f"/b/{name}.jpg"]), [])
    assert alone.name.isprintable()
    assert alone.name.startswith("like ")


def test_few_and_many_photos_are_linked_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = np.random.default_rng(5)
    for count in (2, 3, 20, 150, kinds.PART):
        # whole numbers: many distances are equal, and some lie exactly at the threshold
        points = chance.integers(0, 9, (count, 3)).astype(np.float64)
        away = np.sqrt(((points[:, None] - points[None]) ** 2).sum(2))
        by_scipy = several(kinds.average(away, 4.0))
        with monkeypatch.context() as patch:
            patch.setattr(kinds, "_FEW", 0)
            by_sklearn = several(kinds.average(away, 4.0))
        assert sorted(map(list, by_scipy)) == sorted(map(list, by_sklearn))
        assert count < 20 or len(by_scipy) > 3
