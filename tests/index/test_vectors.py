"""Vectors lie in files that only grow, and that are written anew when they are mostly unused."""

import os
from array import array
from pathlib import Path

import numpy as np
import pytest
from remembered import ENCODERS, add, content, copy_of, everything, fill, photo, vectors

from dedupe.errors import IndexDamaged, IndexProblem
from dedupe.index import compact as compacting
from dedupe.index.store import Index
from dedupe.index.vectors import Segment, VectorFile

DIM = 6


def rows_of(*numbers: int) -> "np.ndarray":
    return np.repeat(np.array(numbers, np.float32)[:, None], DIM, axis=1)


@pytest.fixture
def file(tmp_path: Path) -> VectorFile:
    return VectorFile(tmp_path / "index.db", "quick-1", 1, DIM)


def read(file: VectorFile, segments: list[Segment], rows: list[int]) -> list[float]:
    handle = file.open()
    try:
        made = file.read(handle, segments, array("q", rows))
    finally:
        os.close(handle)
    assert made.dtype == np.float16
    assert made.shape == (len(rows), DIM)
    assert (made == made[:, :1]).all()
    return [float(value) for value in made[:, 0]]


@pytest.mark.parametrize(
    "rows",
    [
        [0, 1, 2, 3, 4, 5, 6],  # all, as after a first scan
        [3, 4, 5, 6],  # whole segments
        [0, 2, 5],  # parts of some
        [6, 5, 4, 3, 2, 1, 0],
        [4, 0, 4, 6, 0],  # copies of one photo
        [3, 3, 3, 3],
        [1],
        [],
    ],
)
def test_rows_come_in_the_order_they_are_asked_for(file: VectorFile, rows: list[int]) -> None:
    segments = [file.append(0, rows_of(0, 10, 20)), file.append(3, rows_of(30))]
    segments.append(file.append(4, rows_of(40, 50, 60)))
    assert read(file, segments, rows) == [10.0 * row for row in rows]


def test_rows_behind_the_last_committed_one_are_written_over(file: VectorFile) -> None:
    kept = file.append(0, rows_of(1, 2))
    file.append(2, rows_of(7, 8, 9))  # never committed
    other = file.append(2, rows_of(3))
    assert read(file, [kept, other], [0, 1, 2]) == [1, 2, 3]


def test_a_file_that_another_index_left_behind_is_written_over(file: VectorFile) -> None:
    file.path.write_bytes(b"x" * 1000)
    kept = file.append(0, rows_of(1))
    assert file.path.stat().st_size == 2 * DIM
    assert read(file, [kept], [0]) == [1]


def test_a_row_that_is_in_no_segment_is_damage(file: VectorFile) -> None:
    kept = file.append(0, rows_of(1, 2))
    for row in (2, -1, 1 << 40):
        with pytest.raises(IndexDamaged, match="in no segment"):
            read(file, [kept], [0, row])


def test_a_file_that_cannot_be_written_is_said(
    file: VectorFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(IndexProblem, match=r"quick-1\.1\.vectors cannot be .* No space") as caught:
        file.append(0, rows_of(1))
    assert not isinstance(caught.value, IndexDamaged)
    assert "free space" in caught.value.hint


def test_a_folder_in_the_place_of_the_vectors_is_said(file: VectorFile) -> None:
    file.path.mkdir()
    with pytest.raises(IndexProblem, match="cannot be written or read"):
        file.append(0, rows_of(1))
    with pytest.raises(IndexProblem, match="cannot be written or read"):
        read(file, [Segment(0, 1, 0)], [0])


def test_a_batch_that_fails_leaves_the_rows_of_the_next_one_right(index: Path) -> None:
    for _ in fill(index, 16):
        pass

    def fail() -> None:
        with store.batch():
            add(store, store.encoder(*ENCODERS[0]), range(16, 24))
            raise KeyboardInterrupt

    before = everything(index)
    with Index(index, lock=True) as store:
        with pytest.raises(KeyboardInterrupt):
            fail()
        for row in store.encoders():
            add(store, row, range(30, 33))
    found = everything(index)
    assert found != before
    assert content(16) not in found["contents of red"]  # type: ignore[operator]
    photos, made = found["red"][1], found["red"][3]  # type: ignore[index]
    assert made == vectors(photos, ENCODERS[0][2]).astype(np.float16).tobytes()


def unused(index: Path, keep: int, photos: int = 20) -> None:
    """Fill an index and drop all but the last photos."""
    for _ in fill(index, photos):
        pass
    with Index(index, lock=True) as store:
        gone = sorted(store.files_under([]))
        kept = {os.fsencode(photo(number).path) for number in range(photos - keep, photos)}
        store.forget([path for path in gone if path not in kept], [])
        store.drop_unused(at_once=True)


def files_of(index: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in index.parent.glob("*.vectors")}


def test_a_file_of_which_half_is_used_stays_as_it_is(index: Path) -> None:
    unused(index, 10)
    assert files_of(index) == {
        "index.db.red-0123456789abcdef.1.vectors": 20 * 2 * 96,
        "index.db.blue-fedcba9876543210.2.vectors": 20 * 2 * 40,
    }


@pytest.mark.parametrize("rows", [4, 4096])
def test_a_file_of_which_less_is_used_is_written_anew(
    index: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(compacting, "_ROWS", rows)
    unused(index, 9)
    assert files_of(index) == {
        "index.db.red-0123456789abcdef.3.vectors": 9 * 2 * 96,
        "index.db.blue-fedcba9876543210.4.vectors": 9 * 2 * 40,
    }
    with Index(index, lock=True) as store:
        for row in store.encoders():
            photos, made, *_ = store.photos(row, [])
            assert photos == [photo(number) for number in range(11, 20)]
            assert np.array_equal(made, vectors(photos, row.dim).astype(np.float16))
            add(store, row, range(40, 44))  # goes on behind it
            photos, made, *_ = store.photos(row, [])
            assert len(photos) == 14
            assert np.array_equal(made, vectors(photos, row.dim).astype(np.float16))


def test_where_nothing_is_used_nothing_is_left(index: Path) -> None:
    unused(index, 0)
    assert files_of(index) == {}
    with Index(index, lock=True) as store:
        row = store.last_encoder("red")
        photos, made, *_ = store.photos(row, [])
        assert photos == []
        assert made.shape == (0, 96)
        add(store, row, range(3))
        assert len(store.photos(row, [])[0]) == 4


def test_a_compaction_that_is_rolled_back_leaves_all_as_it_was(index: Path) -> None:
    for _ in fill(index, 20):
        pass
    before = everything(index)

    def fail(store: Index) -> None:
        with store.batch():
            store.forget(store.files_under([]) - {os.fsencode(photo(3).path)}, [])
            store.drop_unused(at_once=True)
            raise KeyboardInterrupt

    with Index(index, lock=True) as store, pytest.raises(KeyboardInterrupt):
        fail(store)
    assert len(files_of(index)) == 4
    assert everything(index) == before
    with Index(index, lock=True):  # the next scan tidies up
        pass
    assert len(files_of(index)) == 2
    assert everything(index) == before


def test_one_who_reads_while_a_scan_compacts_sees_one_state_or_the_other(index: Path) -> None:
    for _ in fill(index, 20):
        pass
    with Index(index) as reader, reader.snapshot():
        row = reader.last_encoder("red")
        handle = reader.vector_file(row).open()
        with Index(index, lock=True) as store:
            kept = {os.fsencode(photo(number).path) for number in range(3)}
            store.forget(store.files_under([]) - kept, [])
            store.drop_unused(at_once=True)
        # the file is gone from its folder by now, but who has it open reads on
        assert reader.vector_file(row).path.name.endswith(".1.vectors")
        rows = reader.rows_by_photo(row)
        wanted = array("q", [each for each in rows if each >= 0])
        made = reader.vector_file(row).read(handle, reader.segments(row), wanted)
        os.close(handle)
        everyone = [photo(number) for number in range(20)]
        assert np.array_equal(made, vectors(everyone, row.dim).astype(np.float16))
    after = everything(index)
    assert len(after["red"][1]) == 3  # type: ignore[index]


def test_a_reader_who_comes_too_late_for_the_old_file_looks_again(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unused(index, 9)
    opening = VectorFile.open
    asked = []

    def late(self: VectorFile) -> int:
        asked.append(self.path.name)
        if len(asked) == 1:
            raise FileNotFoundError
        return opening(self)

    with Index(index) as store:
        row = store.last_encoder("red")
        with monkeypatch.context() as patch:
            patch.setattr(VectorFile, "open", late)
            assert len(store.photos(row, [])[0]) == 9
    assert len(asked) == 2


def test_vectors_of_an_index_with_a_longer_name_are_not_taken_for_old_ones(index: Path) -> None:
    unused(index, 9)
    other = index.with_name("index.db.x")
    for _ in fill(other, 4):
        pass
    (index.parent / "index.db.red.vectors").write_bytes(b"a person's own")
    before = copy_of(other, index.parent.parent / "copy")
    with Index(index, lock=True):
        pass
    assert everything(other) == everything(before)
    assert (index.parent / "index.db.red.vectors").exists()
