"""What was clustered once is read from a file beside the index, and is what would be found anew."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from dedupe.index.answers import AnswerFile
from dedupe.index.library import Library
from dedupe.index.lock import WriteLock
from dedupe.matching.pairs.relations import Relation
from dedupe.matching.sets import clusters as clustering
from dedupe.matching.sets.clusters import Cluster, find_clusters
from dedupe.matching.sets.groups import Group, find_groups
from dedupe.matching.sets.made import Member

Numbers = Callable[..., Library]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few photos are worth remembering."""
    monkeypatch.setattr(clustering, "WORTH", 2)


@pytest.fixture
def linked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Of every clustering: how many photos."""
    sizes: list[int] = []
    real = clustering._clustered

    def counting(library: Library, rest: npt.NDArray[np.int64], threshold: float) -> object:
        sizes.append(len(rest))
        return real(library, rest, threshold)

    monkeypatch.setattr(clustering, "_clustered", counting)
    return sizes


@pytest.fixture
def library(numbers: Numbers, tmp_path: Path) -> Library:
    """Twenty photos of five kinds, and five that are like none."""
    chance = np.random.default_rng(0)
    vectors = np.eye(10, 10)[[n % 5 for n in range(20)] + [5, 6, 7, 8, 9]] * 60
    index = tmp_path / "index.db"
    index.touch()
    return replace(numbers(vectors + chance.normal(size=(25, 10)) * 2), index=index)


def the_only_file(library: Library) -> Path:
    [path] = library.index.parent.glob("*.clusters")
    return path


def anew(library: Library, threshold: float = 22.0) -> list[Cluster]:
    return find_clusters(replace(library, index=Path("/none/index.db")), [], threshold)


def test_the_second_time_nothing_is_clustered(library: Library, linked: list[int]) -> None:
    first = find_clusters(library, [])
    assert find_clusters(library, []) == first == anew(library)
    assert len(first) == 5
    assert linked == [25, 25]  # the other one is `anew`


def test_another_order_of_the_library_is_the_same_library(
    library: Library, linked: list[int]
) -> None:
    first = find_clusters(library, [])
    back = replace(library, photos=library.photos[::-1], vectors=library.vectors[::-1])
    assert find_clusters(back, []) == first
    assert linked == [25]


@pytest.mark.parametrize("change", ["time", "place", "vector", "content", "one more", "threshold"])
def test_whatever_changes_clusters_makes_them_anew(
    library: Library, linked: list[int], change: str
) -> None:
    find_clusters(library, [])
    threshold = 22.0
    photo, vectors = library.photos[0], library.vectors.copy()
    if change == "time":
        photo = replace(photo, taken=datetime(2019, 7, 14))
    if change == "place":
        photo = replace(photo, latitude=47.0, longitude=8.0)
    if change == "content":
        photo = replace(photo, content=b"x" * 32)
    if change == "vector":
        vectors[0] = vectors[1]
    photos = (photo, *library.photos[1:])
    if change == "one more":
        photos, vectors = photos[:-1], vectors[:-1]
    if change == "threshold":
        threshold = 5.0
    changed = replace(library, photos=photos, vectors=vectors)
    assert find_clusters(changed, [], threshold) == anew(changed, threshold)
    assert len(linked) == 3


def test_whoever_is_in_a_set_the_library_is_clustered_once(
    library: Library, linked: list[int]
) -> None:
    near = find_groups(library, 6.0, device="cpu")
    assert near
    in_sets = {photo for group in near for photo in group.photos}
    for groups in ([], near, [], near):
        found = find_clusters(library, groups)
        shown = {photo for cluster in found for photo in cluster.photos}
        assert shown.isdisjoint(in_sets) == bool(groups)
    assert linked == [25]


def test_photos_that_only_one_in_a_set_brings_together_are_no_kind(numbers: Numbers) -> None:
    # a - b - c in a row: c is within 22 of the middle of a and b, and 24 from a
    library = numbers([[0], [12], [24]])
    first, middle, _ = library.photos
    assert [len(each.photos) for each in find_clusters(library, [])] == [3]
    members = (Member(Relation.SAME_FILE), Member(Relation.LOOK_ALIKE))
    taken = Group(
        photos=(middle, replace(middle, content=b"copy")),
        spread=0.0,
        all_vectors=library.vectors[:2],
        kept=middle,
        members=members,
    )
    assert find_clusters(library, [taken]) == []
    assert [each.photos for each in find_clusters(library, [], 25.0)] != []
    assert first in find_clusters(library, [taken], 25.0)[0].photos


def test_the_last_few_are_remembered(library: Library, linked: list[int]) -> None:
    for threshold in range(1, clustering.REMEMBERED + 2):
        find_clusters(library, [], threshold)
    made = len(linked)
    find_clusters(library, [], clustering.REMEMBERED + 1)
    find_clusters(library, [], 2)
    assert len(linked) == made
    find_clusters(library, [], 1)
    assert len(linked) == made + 1


def test_a_damaged_file_is_as_if_there_were_none(library: Library, linked: list[int]) -> None:
    expected = find_clusters(library, [])
    data = the_only_file(library).read_bytes()
    damages = [
        data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :] for at in range(0, len(data), 7)
    ] + [b"", data[:-1], data[: len(data) // 2], data + b"x", b"\0" * len(data)]
    for number, damaged in enumerate(damages, 1):
        the_only_file(library).write_bytes(damaged)
        assert find_clusters(library, []) == expected
        assert len(linked) == number + 1
    assert the_only_file(library).read_bytes() == data


def test_where_it_cannot_be_written_clusters_are_found_all_the_same(
    library: Library, linked: list[int]
) -> None:
    lock = WriteLock(library.index.with_name("index.db.clusters"))
    lock.acquire()
    expected = find_clusters(library, [])
    lock.release()
    assert not list(library.index.parent.glob("*.clusters"))
    file = AnswerFile(library.index, library.encoder.fingerprint, "clusters", {"labels": "<i4"}, 4)
    file.path.mkdir()
    assert find_clusters(library, []) == expected
    assert linked == [25, 25]


def test_few_photos_are_not_remembered(
    library: Library, linked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clustering, "WORTH", 26)
    find_clusters(library, [])
    find_clusters(library, [])
    assert linked == [25, 25]
    assert not list(library.index.parent.glob("*.clusters"))
