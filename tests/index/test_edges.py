"""What happens to the index changes no remembered distance: pairs are known by their photos."""

import os
from pathlib import Path

import numpy as np
import pytest
from remembered import ENCODERS, add, fill, photo

from dedupe.index import edges
from dedupe.index.aside import set_aside
from dedupe.index.edges import EdgeFile, Edges, EdgesDamaged, Remembered
from dedupe.index.library import Library, open_library
from dedupe.index.store import Index
from dedupe.matching.near import remembered as remembering
from dedupe.matching.near.distances import pairs_within
from dedupe.matching.near.remembered import near_pairs


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembering, "WORTH", 2)


def library(index: Path, encoder: str) -> Library:
    with Index(index) as store:
        row = store.last_encoder(encoder)
        photos, vectors, *_ = store.photos(row, [])
    return Library(photos=tuple(photos), vectors=vectors, encoder=row, skips=(), index=index)


def facts(photos: Library, threshold: float) -> set[tuple[bytes, bytes, float]]:
    pairs = near_pairs(photos, threshold)
    return {
        (photos.photos[a].content, photos.photos[b].content, distance)
        for a, b, distance in zip(
            pairs.a.tolist(), pairs.b.tolist(), pairs.distance.tolist(), strict=True
        )
    }


def right(index: Path) -> bool:
    for name, *_ in ENCODERS:
        photos = library(index, name)
        first = {each.content: row for row, each in reversed(list(enumerate(photos.photos)))}
        rows = np.array(sorted(first.values()), np.int64)
        for threshold in (8.5, 13.0, 24.0):
            expected = pairs_within(photos.vectors[rows], threshold)
            found = near_pairs(photos, threshold)
            if not (
                np.array_equal(found.a, rows[expected.a])
                and np.array_equal(found.b, rows[expected.b])
                and np.array_equal(found.distance, expected.distance)
            ):
                return False
    return True


def drop(store: Index, numbers: range) -> None:
    is_gone = {os.fsencode(photo(number).path) for number in numbers}
    is_gone |= {os.fsencode(f"/photos/copy of {number}.jpg") for number in numbers}
    store.forget(store.files_under([]) & is_gone, [])
    store.drop_unused(at_once=True)


def test_numbers_of_forgotten_photos_go_to_others_and_their_distances_do_not(index: Path) -> None:
    for _ in fill(index, 24):
        pass
    assert right(index)
    with Index(index, lock=True) as store:
        before = store.last_photo()
        drop(store, range(12, 24))
        for row in store.encoders():
            add(store, row, range(50, 62))
        assert store.last_photo() == before  # SQLite gave the numbers to others
    assert right(index)


def test_a_compaction_and_later_scans_change_nothing(index: Path) -> None:
    for store in fill(index, 40):
        del store
    assert right(index)
    with Index(index, lock=True) as store:
        drop(store, range(5, 30))  # vector files are written anew
        for row in store.encoders():
            add(store, row, range(100, 108))
    assert right(index)
    with Index(index, lock=True) as store:
        for row in store.encoders():
            add(store, row, range(0, 30))  # photos that come back
    assert right(index)


def test_an_index_that_is_set_aside_leaves_its_distances_to_the_next(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in fill(index, 24):
        pass
    assert right(index)
    set_aside(index)
    for _ in fill(index, 24):
        pass
    monkeypatch.setattr(remembering, "compared", None)  # nothing is
    assert right(index)


def test_folders_of_one_index_are_answered_from_the_whole_and_the_whole_from_them(
    index: Path,
) -> None:
    def put(store: Index, folder: str, numbers: range) -> None:
        row = store.encoder(*ENCODERS[0])
        with store.whole():
            store.use_encoder(row)
            photos = [photo(number, f"{folder}/{number:05}.jpg") for number in numbers]
            chance = np.random.default_rng(numbers[0])
            vectors = chance.normal(0, 1.2, (len(photos), row.dim)).astype(np.float32)
            store.remember_photos(row, photos, vectors, [None] * len(photos))
            store.remember_files(photos)
            store.remember_roots([Path(folder)])

    with Index(index, create=True, lock=True) as store:
        put(store, "/one", range(0, 20))
        put(store, "/two", range(20, 40))
    parts = [["/one"], ["/two"], [], ["/one"], ["/two", "/one"]]
    for threshold in (17.0, 15.5, 19.0):
        for paths in parts:
            photos = open_library(paths, index=index)
            found = facts(photos, threshold)
            alone = Library(
                photos=photos.photos,
                vectors=photos.vectors,
                encoder=photos.encoder,
                skips=(),
                index=index.with_name("none.db"),
            )
            assert found == facts(alone, threshold)
            assert found


def test_edges_are_read_nearest_first_and_no_farther_than_wanted(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edges, "_BLOCK", 10)
    index.parent.mkdir()
    chance = np.random.default_rng(0)
    distance = chance.integers(0, 12, 137).astype(np.float32)
    numbers = chance.integers(0, 40, (2, 137)).astype(np.int32)
    file = EdgeFile(index, "red/1.2")
    assert file.path.name == "index.db.red_1_2.edges"
    everyone = np.ones(40, np.bool_)
    keys = [bytes([number]) * 16 for number in range(40)]
    written = file.append(Remembered(), keys, everyone, everyone, 12.0, Edges(*numbers, distance))
    known = file.remembered()
    assert known.keys == written.keys == b"".join(keys)
    assert known.numbers_of(keys).tolist() == list(range(len(keys)))
    asked = [keys[2], b"\xff" * 16, keys[0]]
    assert known.numbers_of(asked).tolist() == [2, -1, 0]
    assert (known.pairs, known.end, known.seal) == (137, file.path.stat().st_size, written.seal)
    for limit in (-1.0, 0.0, 5.0, 5.5, 11.0, 99.0):
        found = file.read(known, known.segments, limit)
        assert (np.diff(found.distance) >= 0).all()
        expected = sorted(
            zip(*numbers[:, distance <= limit].tolist(), distance[distance <= limit], strict=True)
        )
        assert sorted(zip(found.a, found.b, found.distance, strict=True)) == expected
    data = file.path.read_bytes()
    file.path.write_bytes(data[:-1] + b"x")  # the farthest: nearer ones are not looked at with it
    assert len(file.read(known, known.segments, 5.0))
    with pytest.raises(EdgesDamaged, match="was altered"):
        file.read(known, known.segments, 99.0)
    file.path.unlink()
    with pytest.raises(EdgesDamaged, match="cannot be read"):
        file.read(known, known.segments, 5.0)
    assert file.remembered() == Remembered()
