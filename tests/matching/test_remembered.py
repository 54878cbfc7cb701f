"""Remembered or not: near pairs are those that comparing all of them anew would give."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from photos_by_number import DIM, library

from dedupe.encoders.registry import DEFAULT_ENCODER
from dedupe.errors import UnknownName
from dedupe.index import edges
from dedupe.index.edges import EdgeFile
from dedupe.index.library import Library
from dedupe.index.lock import WriteLock
from dedupe.index.store import EncoderRow
from dedupe.matching.near import candidates as finding
from dedupe.matching.near import distances, measure, remembered
from dedupe.matching.near.candidates import candidates
from dedupe.matching.near.distances import Pairs, pairs_within
from dedupe.matching.near.neighbours import Kept
from dedupe.matching.near.remembered import near_pairs
from dedupe.matching.sets.groups import find_groups


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few photos are worth remembering, and blocks of a few pairs."""
    monkeypatch.setattr(remembered, "WORTH", 2)
    monkeypatch.setattr(edges, "_BLOCK", 16)


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Of every comparison: how many photos with how many."""
    calls = []
    real = distances.compared

    def counted(vectors: npt.NDArray[np.floating], *args: object, **options: object) -> object:
        calls.append((options["lefts"], len(vectors)))
        return real(vectors, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(remembered, "compared", counted)
    return calls  # type: ignore[return-value]


def anew(library: Library, threshold: float) -> Pairs:
    """By comparing all, one row for each content."""
    first: dict[bytes, int] = {}
    for row, photo in enumerate(library.photos):
        first.setdefault(photo.content, row)
    rows = np.array(list(first.values()), np.int64)
    pairs = pairs_within(library.vectors[rows], threshold)
    return Pairs(rows[pairs.a], rows[pairs.b], pairs.distance)


def same(one: Pairs, other: Pairs) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        and getattr(one, name).dtype == getattr(other, name).dtype
        for name in ("a", "b", "distance")
    )


def right(library: Library, threshold: float) -> bool:
    return same(near_pairs(library, threshold), anew(library, threshold))


@pytest.fixture
def index(tmp_path: Path) -> Path:
    return tmp_path / "index.db"


def edge_file(index: Path) -> EdgeFile:
    return EdgeFile(index, "quick-1")


# --- what is asked again, and what is new


def test_another_threshold_compares_nothing(index: Path, compared: list[tuple[int, int]]) -> None:
    photos = library(index, range(60))
    for threshold in (16.0, 16.0, 3.0, 0.0, 23.5, 24.0):
        assert right(photos, threshold)
    assert compared == [(60, 60)]


def test_new_photos_are_compared_with_all_and_old_ones_not_again(
    index: Path, compared: list[tuple[int, int]]
) -> None:
    assert right(library(index, range(60)), 16.0)
    assert right(library(index, range(65)), 16.0)
    assert right(library(index, range(65)), 9.0)
    assert right(library(index, range(-3, 66)), 20.0)
    assert compared == [(60, 60), (5, 65), (4, 69)]


def test_copies_stand_for_one_photo_and_are_no_pair(index: Path) -> None:
    photos = library(index, [*range(30), *range(20), 7, 7])
    assert right(photos, 16.0)
    pairs = near_pairs(photos, 16.0)
    assert all(
        photos.photos[a].content != photos.photos[b].content
        for a, b in zip(pairs.a.tolist(), pairs.b.tolist(), strict=True)
    )


def test_a_part_of_the_library_is_answered_from_the_whole(
    index: Path, compared: list[tuple[int, int]]
) -> None:
    assert right(library(index, range(60)), 16.0)
    assert right(library(index, range(10, 25)), 16.0)
    assert right(library(index, []), 16.0)
    assert compared == [(60, 60)]


def test_two_folders_asked_one_by_one_are_then_compared_only_with_each_other(
    index: Path, compared: list[tuple[int, int]]
) -> None:
    assert right(library(index, range(30)), 16.0)
    assert right(library(index, range(30, 60)), 16.0)
    assert right(library(index, range(60)), 16.0)
    assert right(library(index, range(62)), 16.0)
    assert right(library(index, range(62)), 11.0)
    assert compared == [(30, 30), (30, 30), (30, 60), (2, 62)]


def test_a_photo_that_is_encoded_again_is_compared_again(index: Path) -> None:
    photos = library(index, range(40))
    assert right(photos, 16.0)
    vectors = photos.vectors.copy()
    vectors[3] = vectors[9]
    vectors[5] += 1
    assert right(replace(photos, vectors=vectors), 16.0)


def test_forgotten_photos_are_in_no_answer_and_in_it_again_when_they_come_back(
    index: Path, compared: list[tuple[int, int]]
) -> None:
    assert right(library(index, range(60)), 16.0)
    assert right(library(index, range(0, 60, 2)), 16.0)
    assert right(library(index, range(60)), 12.0)
    assert compared == [(60, 60)]


def test_encoders_and_indexes_have_files_of_their_own(index: Path, tmp_path: Path) -> None:
    photos = library(index, range(40))
    assert right(photos, 16.0)
    other = replace(
        photos,
        encoder=EncoderRow(2, DEFAULT_ENCODER, "other-2", DIM),
        vectors=photos.vectors[::-1].copy(),
    )
    assert right(other, 16.0)
    assert right(library(tmp_path / "second.db", range(5, 50)), 16.0)
    assert sorted(path.name for path in tmp_path.glob("*.edges")) == [
        "index.db.other-2.edges",
        "index.db.quick-1.edges",
        "second.db.quick-1.edges",
    ]


def test_many_additions_end_in_one_segment(index: Path, compared: list[tuple[int, int]]) -> None:
    for count in range(20, 20 + 3 * edges.MOST_SEGMENTS, 2):
        assert right(library(index, range(count)), 16.0)
        assert len(edge_file(index).remembered().segments) <= edges.MOST_SEGMENTS
    assert all(lefts == 2 for lefts, _ in compared[1:])


# --- how far is remembered


def test_many_photos_are_remembered_as_far_as_asked_first_and_farther_later(
    index: Path, compared: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembered, "_FEW", 30)
    photos = library(index, range(60))

    def reach() -> list[float]:
        return [segment.reach for segment in edge_file(index).remembered().segments]

    assert right(photos, 9.0)
    assert reach() == [16.0]
    assert right(photos, 15.0)
    assert len(compared) == 1
    assert right(photos, 17.0)
    assert reach() == [24.0]
    assert right(photos, 21.0)
    assert len(compared) == 2


def test_beyond_the_reach_all_is_computed_and_nothing_remembered(
    index: Path, compared: list[tuple[int, int]]
) -> None:
    photos = library(index, range(40))
    for threshold in (24.5, 1e9, float("inf")):
        assert right(photos, threshold)
    assert not edge_file(index).path.exists()
    assert compared == []


@pytest.mark.parametrize("most", [1, 20, 100, 300])
def test_of_too_many_pairs_the_nearest_are_remembered(
    index: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(edges, "MOST_PAIRS", most)
    for count in (60, 63, 70):
        for threshold in (2.0, 16.0, 5.0, 24.0, 9.0):
            assert right(library(index, range(count)), threshold)
            known = edge_file(index).remembered()
            assert known.pairs <= most
    assert len(known.segments) > 0


def test_pairs_that_are_let_go_while_they_are_found_are_missed_by_nobody(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = distances.compared
    monkeypatch.setattr(remembered, "compared", lambda *a, **o: real(*a, **{**o, "rows": 7}))
    monkeypatch.setattr(edges, "MOST_PAIRS", 50)
    assert right(library(index, range(80)), 1.0)
    known = edge_file(index).remembered()
    assert 20 < known.pairs <= 50
    assert known.segments[0].reach < 24
    assert right(library(index, range(82)), known.segments[0].reach)


def test_a_few_photos_of_a_folder_do_not_take_the_place_of_the_library(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edges, "MOST_SEGMENTS", 1)
    monkeypatch.setattr(remembered._Asked, "_is_most", lambda self, known: len(self.keys) > 30)
    assert right(library(index, range(60)), 16.0)
    before = edge_file(index).path.read_bytes()
    assert right(library(index, range(55, 70)), 16.0)
    assert edge_file(index).path.read_bytes() == before


# --- a cache, and nothing more


def damages(data: bytes) -> Iterator[bytes]:
    for place in range(0, len(data), 83):
        changed = bytearray(data)
        changed[place] ^= 1 << place % 8
        yield bytes(changed)
    for length in range(0, len(data), 199):
        yield data[:length]
        yield data[:length] + bytes(len(data) - length)
    yield data + b"what a killed process left behind"
    yield data[::-1]


def test_a_damaged_file_is_computed_again_and_never_believed(index: Path) -> None:
    first = library(index, range(14))
    both = library(index, range(16))
    expected = anew(both, 14.0), anew(both, 24.0)
    near_pairs(first, 16.0)
    near_pairs(both, 16.0)
    file = edge_file(index)
    data = file.path.read_bytes()
    assert len(file.remembered().segments) == 2
    for changed in damages(data):
        file.path.write_bytes(changed)
        assert same(near_pairs(both, 14.0), expected[0])
        assert same(near_pairs(both, 24.0), expected[1])


def test_a_segment_that_a_kill_cut_off_is_written_over(
    index: Path, compared: list[tuple[int, int]]
) -> None:
    assert right(library(index, range(30)), 16.0)
    file = edge_file(index)
    whole = file.path.read_bytes()
    assert right(library(index, range(33)), 16.0)
    more = file.path.read_bytes()
    assert more.startswith(whole)
    file.path.write_bytes(more[:-5])
    assert right(library(index, range(33)), 16.0)
    assert compared == [(30, 30), (3, 33), (3, 33)]
    assert file.path.read_bytes() == more


def test_one_who_is_killed_while_writing_leaves_only_what_is_true(index: Path) -> None:
    rng = random.Random(5)
    here = Path(__file__).resolve().parent
    path = os.pathsep.join([str(here), str(here.parents[1])])
    for written in (1, 4, 7, 10):
        with subprocess.Popen(
            [sys.executable, here / "killed_edge_writer.py", index],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdout.readline()
            process.stdin.write(b"\n" * written)
            process.stdin.flush()
            for _ in range(written):
                process.stdout.readline()
            process.stdin.write(b"\n")  # and while it writes once more
            process.stdin.flush()
            time.sleep(rng.uniform(0, 0.05))
            process.send_signal(signal.SIGKILL)
        known = edge_file(index).remembered()
        assert known.photos in (2 * written + 2, 2 * written + 4)
        edge_file(index).read(known, known.segments, 24.0)  # every block is sound
    assert right(library(index, range(60)), 16.0)
    assert right(library(index, range(60)), 24.0)


def test_a_file_that_another_process_is_writing_is_left_alone(index: Path) -> None:
    lock = WriteLock(index.with_name("index.db.edges"))
    lock.acquire()
    assert right(library(index, range(30)), 16.0)
    assert not edge_file(index).path.exists()
    lock.release()
    assert right(library(index, range(30)), 16.0)
    assert edge_file(index).path.exists()


def test_a_running_scan_is_not_in_the_way(index: Path) -> None:
    lock = WriteLock(index)
    lock.acquire()
    assert right(library(index, range(30)), 16.0)
    lock.release()
    assert edge_file(index).path.exists()


def test_what_another_process_wrote_meanwhile_is_kept(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert right(library(index, range(30)), 16.0)
    real = edges.EdgeFile.append
    written = []

    def late(self: EdgeFile, *args: object) -> object:
        with monkeypatch.context() as patch:
            patch.setattr(edges.EdgeFile, "append", real)
            near_pairs(library(index, range(35)), 16.0)
        written.append(self.path.read_bytes())
        return real(self, *args)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(edges.EdgeFile, "append", late)
        assert right(library(index, range(25, 33)), 16.0)
    assert [edge_file(index).path.read_bytes()] == written


def test_a_full_disk_leaves_what_was_remembered(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    assert right(library(index, range(30)), 16.0)
    file = edge_file(index)
    before = file.path.read_bytes()
    monkeypatch.setattr(os, "fsync", full)
    assert right(library(index, range(33)), 16.0)
    assert file.path.read_bytes() == before
    file.path.unlink()
    assert right(library(index, range(33)), 16.0)
    assert sorted(path.name for path in index.parent.iterdir()) == [
        "index.db",
        "index.db.edges.lock",
    ]


def test_where_nothing_can_be_written_it_takes_longer_and_that_is_all(
    index: Path, tmp_path: Path
) -> None:
    edge_file(index).path.mkdir()
    assert right(library(index, range(30)), 16.0)
    (tmp_path / "index.db.edges.lock").unlink()
    (tmp_path / "index.db.edges.lock").mkdir()
    assert right(library(index, range(30)), 16.0)


def test_without_an_index_file_nothing_is_written(tmp_path: Path) -> None:
    photos = replace(library(tmp_path / "index.db", range(30)), index=tmp_path / "none.db")
    assert right(photos, 16.0)
    assert [path.name for path in tmp_path.iterdir()] == ["index.db"]


def test_one_who_reads_while_the_file_is_written_anew_gets_one_or_the_other(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edges, "MOST_SEGMENTS", 1)
    assert right(library(index, range(30)), 16.0)
    real = edges.EdgeFile.read
    changed = []

    def late(self: EdgeFile, *args: object) -> object:
        if not changed:
            changed.append(True)
            near_pairs(library(index, range(50)), 16.0)
        return real(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(edges.EdgeFile, "read", late)
    assert right(library(index, range(28)), 16.0)


# --- errors, groups


@pytest.mark.parametrize("threshold", [-1.0, float("nan")])
def test_a_threshold_below_zero_is_refused(index: Path, threshold: float) -> None:
    with pytest.raises(ValueError, match="a threshold is 0 or more"):
        near_pairs(library(index, range(10)), threshold)


def test_vectors_that_are_not_finite_are_refused(index: Path) -> None:
    photos = library(index, range(10))
    photos.vectors[3, 3] = np.nan
    with pytest.raises(ValueError, match="finite"):
        near_pairs(photos, 16.0)


def test_an_unknown_device_is_refused_also_where_nothing_is_compared(index: Path) -> None:
    photos = library(index, range(10))
    near_pairs(photos, 16.0)
    with pytest.raises(UnknownName):
        near_pairs(photos, 16.0, device="tpu")


def test_progress_is_told_of_every_photo_that_is_compared(index: Path) -> None:
    class Told:
        said: list[object]

        def __init__(self) -> None:
            self.said = []

        def start(self, what: str, total: int) -> None:
            self.said.append((what, total))

        def advance(self, count: int = 1) -> None:
            self.said.append(count)

    near_pairs(library(index, range(10)), 16.0)
    told = Told()
    near_pairs(library(index, range(17)), 16.0, progress=told)
    assert told.said == [("Comparing photos", 7), 7]


def test_groups_are_the_same_whether_pairs_are_remembered_or_not(
    index: Path, tmp_path: Path
) -> None:
    numbers = [*range(40), *range(5), 39]
    for count in (20, 30, len(numbers)):
        find_groups(library(index, numbers[:count]), 9.0)
    for threshold in (9.0, 16.0):
        photos = library(index, numbers)
        bare = replace(photos, index=tmp_path / "none.db")
        assert find_groups(photos, threshold) == find_groups(bare, threshold) != []


# --- any history


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(
        st.tuples(
            st.integers(0, 40),
            st.integers(0, 30),
            st.integers(1, 3),
            st.one_of(st.sampled_from([0.0, 8.0, 16.0, 24.0]), st.floats(0, 26), st.just(-1.0)),
        ),
        min_size=1,
        max_size=9,
    ),
    few=st.sampled_from([0, 20, 1000]),
    most=st.sampled_from([30, 200, 10_000]),
    segments=st.sampled_from([1, 2, 12]),
    rows=st.sampled_from([5, 16, 2048]),
    many=st.sampled_from([1, 1_000_000]),
)
def test_any_questions_about_any_parts_are_answered_as_if_nothing_was_remembered(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[int, int, int, float]],
    few: int,
    most: int,
    segments: int,
    rows: int,
    many: int,
) -> None:
    index = tmp_path_factory.mktemp("any") / "index.db"
    real = distances.compared
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(remembered, "_FEW", few)
        patch.setattr(edges, "MOST_PAIRS", most)
        patch.setattr(edges, "MOST_SEGMENTS", segments)
        patch.setattr(measure, "_MANY", many)
        patch.setattr(distances, "_SINGLE", 0 if many == 1 else 1_000)
        patch.setattr(remembered, "compared", lambda *a, **o: real(*a, **{**o, "rows": rows}))
        for first, count, step, threshold in steps:
            photos = library(index, range(first, first + count * step, step))
            if threshold < 0 and len(photos.photos) > 1:  # a tie: the distance of a pair
                ends = photos.vectors[[0, -1]].astype(np.float64)
                threshold = float(np.linalg.norm(ends[0] - ends[1]))
            with pytest.MonkeyPatch.context() as plain:
                plain.setattr(measure, "_MANY", 1_000_000)
                expected = anew(photos, max(threshold, 0.0))
            assert same(near_pairs(photos, max(threshold, 0.0)), expected)


# --- what was compared for the sake of candidates


@pytest.fixture
def looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Candidates have no parts, and near pairs are looked for up to 16."""
    monkeypatch.setattr(finding, "thumbnails", lambda *_: {})
    monkeypatch.setattr(remembered, "_FEW", 0)


@pytest.mark.usefixtures("looked_for")
@pytest.mark.parametrize("threshold", [3.0, 11.5, 16.0])
def test_what_candidates_were_found_among_is_not_compared_again(
    index: Path, compared: list[tuple[int, int]], threshold: float
) -> None:
    for count in (60, 70):
        photos = library(index, range(count))
        listed = candidates(photos).near
        assert same(near_pairs(photos, threshold, listed=listed), anew(photos, threshold))
        assert compared == []
        # each pair once
        assert edge_file(index).remembered().pairs == len(anew(photos, 16.0))
    assert same(near_pairs(photos, 20.0, listed=listed), anew(photos, 20.0))
    assert compared != []


@pytest.mark.usefixtures("looked_for")
@pytest.mark.parametrize("most", [1, 2, 5, 9])
def test_who_has_more_near_photos_than_its_list_holds_is_compared_with_all(
    index: Path, compared: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    few = Kept(near=16.0, most=most, far=22.0, some=1)
    monkeypatch.setattr(finding, "NEAREST", few)
    for count in (60, 75, 68):
        photos = library(index, [*range(count), 3, 3])
        listed = candidates(photos).near
        assert same(near_pairs(photos, 16.0, listed=listed), anew(photos, 16.0))
        if count != 68:  # then the file has those of 75
            assert edge_file(index).remembered().pairs == len(anew(photos, 16.0))
    assert 0 < compared[0][0] < 60
