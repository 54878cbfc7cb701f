"""What was clustered once is read from a file beside the index, and is what would be found anew."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import photos_by_number
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dedupe.index.answers import AnswerFile, answer_key
from dedupe.index.library import Library
from dedupe.index.lock import WriteLock
from dedupe.matching.near import candidates
from dedupe.matching.pairs.relations import Relation
from dedupe.matching.sets import clusters as clustering
from dedupe.matching.sets import kinds, remembered_kinds
from dedupe.matching.sets.clusters import Cluster, find_clusters
from dedupe.matching.sets.groups import Group, find_groups
from dedupe.matching.sets.made import Member

NOON = datetime(2020, 5, 1, 12)

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

    def counting(
        library: Library, rest: npt.NDArray[np.int64], threshold: float, nearest: object
    ) -> object:
        sizes.append(len(rest))
        return real(library, rest, threshold, nearest)  # type: ignore[arg-type]

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
        kept_place=0,
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


# --- part by part


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Few photos are cut into parts; of every part that is clustered, how many photos."""
    monkeypatch.setattr(kinds, "AT_ONCE", 4)
    monkeypatch.setattr(kinds, "PART", 4)
    monkeypatch.setattr(candidates, "thumbnails", lambda *_: {})
    sizes: list[int] = []
    real = kinds.apart

    def counting(vectors: npt.NDArray[np.float16], photos: object) -> npt.NDArray[np.float64]:
        sizes.append(len(vectors))
        return real(vectors, photos)  # type: ignore[arg-type]

    monkeypatch.setattr(kinds, "apart", counting)
    return sizes


def by_number(index: Path, numbers: Iterable[int]) -> Library:
    """Photos by number, some of them dated."""
    bare = photos_by_number.library(index, numbers)
    dated = [
        replace(photo, taken=datetime(2020, 1, int(photo.path.name[:5]) % 28 + 1))
        if int(photo.path.name[:5]) % 3
        else photo
        for photo in bare.photos
    ]
    return replace(bare, photos=tuple(dated))


def test_photos_more_ask_only_for_the_parts_that_they_change(
    tmp_path: Path, in_parts: list[int]
) -> None:
    index = tmp_path / "index.db"
    find_clusters(by_number(index, range(150)), [])
    at_first = len(in_parts)
    more = by_number(index, range(160))
    found = find_clusters(more, [])
    asked = len(in_parts) - at_first
    assert 0 < asked < at_first / 3
    assert found == anew(more)


@given(
    st.lists(
        st.sets(st.integers(0, 80), min_size=6, max_size=60), min_size=2, max_size=4, unique_by=len
    )
)
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_clusters_do_not_depend_on_what_was_clustered_before(
    tmp_path_factory: pytest.TempPathFactory, in_parts: list[int], libraries: list[set[int]]
) -> None:
    index = tmp_path_factory.mktemp("any") / "index.db"
    for numbers in libraries:
        library = by_number(index, sorted(numbers))
        assert find_clusters(library, []) == anew(library)


def test_a_few_photos_do_not_take_the_place_of_a_library(
    tmp_path: Path, in_parts: list[int]
) -> None:
    index = tmp_path / "index.db"
    find_clusters(by_number(index, range(150)), [])
    (file,) = tmp_path.glob("*.kinds")
    before = file.read_bytes()
    find_clusters(by_number(index, range(20)), [])
    assert file.read_bytes() == before
    find_clusters(by_number(index, range(120)), [])
    assert file.read_bytes() != before


@pytest.mark.parametrize("damage", [b"", b"not a file of kinds", None])
def test_a_damaged_file_of_parts_costs_time_and_no_answer(
    tmp_path: Path, in_parts: list[int], damage: bytes | None
) -> None:
    index = tmp_path / "index.db"
    library = by_number(index, range(100))
    find_clusters(library, [])
    (file,) = tmp_path.glob("*.kinds")
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    more = by_number(index, range(101))
    assert find_clusters(more, []) == anew(more)
    assert len(file.read_bytes()) >= len(whole)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        *(("sizes", [3]), ("pairs", [0, 9999]), ("pairs", [0]), ("clusters", [0])),
        *(("labels", []), ("photos", []), ("met", [1]), ("away", [-1])),
    ],
)
def test_parts_that_cannot_be_are_not_believed(
    tmp_path: Path, in_parts: list[int], name: str, wrong: list[int]
) -> None:
    index = tmp_path / "index.db"
    library = by_number(index, range(100))
    find_clusters(library, [])
    file = AnswerFile(index, library.encoder.fingerprint, "kinds", remembered_kinds.COLUMNS, 1)
    key = answer_key((clustering._method(22.0),))
    known = file.read(key)
    assert known is not None
    file.write(key, {**known, name: wrong})
    more = by_number(index, range(101))
    assert find_clusters(more, []) == anew(more)


def test_other_dates_make_other_clusters(tmp_path: Path, in_parts: list[int]) -> None:
    library = by_number(tmp_path / "index.db", range(60))
    for day in (None, NOON, None):
        dated = replace(
            library, photos=tuple(replace(photo, taken=day) for photo in library.photos)
        )
        assert find_clusters(dated, []) == anew(dated)


def test_photos_of_which_no_two_are_near_are_remembered_as_such(
    numbers: Numbers, tmp_path: Path, in_parts: list[int]
) -> None:
    (tmp_path / "index.db").touch()
    library = replace(numbers(np.arange(20)[:, None] * 99), index=tmp_path / "index.db")
    for _ in range(2):
        assert find_clusters(library, []) == []
        the_only_file(library).unlink()  # of the whole answer
    assert in_parts == []
