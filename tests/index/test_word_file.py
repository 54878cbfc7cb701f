"""The word file: shelf by shelf, each believed only as it was written."""

from pathlib import Path

import numpy as np
import pytest

from dedupe.errors import IndexProblem
from dedupe.index.lock import WriteLock
from dedupe.index.words import Shelf, WordFile, Words

METHOD = b"m" * 16


def shelf(*words: int, photos: int = 1) -> Shelf:
    return Shelf(np.array(words, np.uint64), np.arange(len(words), dtype=np.uint16), photos)


def keys(*photos: int) -> bytes:
    return b"".join(photo.to_bytes(16, "little") for photo in photos)


def in_numbers(words: Words) -> tuple[bytes, list[list[list[int]]]]:
    each = [[its.words.tolist(), its.marks.tolist()] for its in words.shelves]
    return words.keys, each


def written(folder: Path) -> WordFile:
    """Three shelves: of two photos, of one without words, and of one."""
    file = WordFile(folder / "index.db", "quick-1")
    for some, its in (
        (keys(1, 2), shelf(5, 6, 9, photos=2)),
        (keys(3), shelf()),
        (keys(4), shelf(2, 7)),
    ):
        file.append(file.read(METHOD), METHOD, some, its)
    return file


def test_shelves_come_back_as_they_were_written(tmp_path: Path) -> None:
    known = written(tmp_path).read(METHOD)
    each = [[[5, 6, 9], [0, 1, 2]], [[], []], [[2, 7], [0, 1]]]
    assert in_numbers(known) == (keys(1, 2, 3, 4), each)
    assert known.photos == 4
    assert [its.photos for its in known.shelves] == [2, 1, 1]
    assert known.shelves[0].words.flags.aligned


def test_words_of_another_method_and_no_file_are_nothing(tmp_path: Path) -> None:
    file = written(tmp_path)
    assert file.read(b"o" * 16) == Words()
    assert WordFile(tmp_path / "index.db", "another").read(METHOD) == Words()
    file.path.write_bytes(b"")
    assert file.read(METHOD) == Words()


def test_what_is_damaged_and_all_behind_it_is_not_there(tmp_path: Path) -> None:
    file = written(tmp_path)
    data = file.path.read_bytes()
    whole = in_numbers(file.read(METHOD))
    for at in range(0, len(data), 3):
        spoiled = bytearray(data)
        spoiled[at] ^= 1
        file.path.write_bytes(spoiled)
        some = file.read(METHOD)
        assert len(some.shelves) < 3
        assert in_numbers(some)[1] == whole[1][: len(some.shelves)]
    for end in range(len(data)):
        file.path.write_bytes(data[:end])
        assert len(file.read(METHOD).shelves) < 3


def test_what_a_killed_process_left_behind_is_written_over(tmp_path: Path) -> None:
    file = written(tmp_path)
    data = file.path.read_bytes()
    file.path.write_bytes(data + data[: len(data) // 2])
    known = file.read(METHOD)
    assert len(known.shelves) == 3
    file.append(known, METHOD, keys(5), shelf(1))
    assert in_numbers(file.read(METHOD))[1][3] == [[1], [0]]


def test_an_empty_beginning_takes_the_place_of_all(tmp_path: Path) -> None:
    file = written(tmp_path)
    file.append(Words(), METHOD, keys(9), shelf(3))
    assert in_numbers(file.read(METHOD)) == (keys(9), [[[3], [0]]])


def test_who_read_before_another_wrote_does_not_write(tmp_path: Path) -> None:
    file = written(tmp_path)
    before = file.read(METHOD)
    file.append(before, METHOD, keys(5), shelf(1))
    data = file.path.read_bytes()
    with pytest.raises(IndexProblem, match="changed meanwhile"):
        file.append(before, METHOD, keys(6), shelf(2))
    lock = WriteLock(tmp_path / "index.db.words")
    lock.acquire()
    with pytest.raises(IndexProblem):
        file.append(file.read(METHOD), METHOD, keys(6), shelf(2))
    lock.release()
    assert file.path.read_bytes() == data


@pytest.mark.parametrize("shelves", [0, 3])
def test_a_full_disk_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shelves: int
) -> None:
    file = written(tmp_path)
    data = file.path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    known = file.read(METHOD) if shelves else Words()
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(IndexProblem, match="No space left"):
        file.append(known, METHOD, keys(5), shelf(1))
    assert file.path.read_bytes() == data
