"""The words of a library's photos: found once, and tidied when many shelves are there."""

from pathlib import Path

import numpy as np
import pytest

from dedupe.index.words import Shelf, WordFile
from dedupe.matching.near import words as module
from dedupe.matching.near.words import WordsOfPhotos, numbers_in, words_method
from dedupe.matching.points.held import HeldFeatures
from dedupe.progress import Silent


class Seen:
    """Features of which words alone are asked for: three of each row, one of all."""

    def __init__(self, photo: int) -> None:
        each = [7 << 16 | photo, (100 + photo) << 16 | 3, (200 - photo) << 16 | 5]
        self.words = np.array(sorted(each), np.uint64)


class Features:
    """Counts who was looked at."""

    def __init__(self, photos: list[int]) -> None:
        self.photos = photos
        self.seen: list[int] = []

    def hold(self, rows: list[int], _: object) -> dict[int, Seen]:
        self.seen += [self.photos[row] for row in rows]
        return {row: Seen(self.photos[row]) for row in rows}


def key(photo: int) -> bytes:
    return (1000 + photo).to_bytes(16, "big")


def of(folder: Path, photos: list[int]) -> tuple[WordsOfPhotos, list[int]]:
    """The words of some photos; which of these were looked at."""
    words = WordsOfPhotos(WordFile(folder / "index.db", "quick-1"), b"".join(map(key, photos)))
    features: HeldFeatures = Features(photos)  # type: ignore[assignment]
    words.look_for(np.arange(len(photos)), features, Silent())
    return words, features.seen  # type: ignore[attr-defined]


def by_photo(words: WordsOfPhotos, photos: list[int]) -> dict[int, list[tuple[int, int]]]:
    """The words and marks of each photo of the library."""
    row_of = words.row_of
    found: dict[int, list[tuple[int, int]]] = {photo: [] for photo in photos}
    for shelf in words.shelves(row_of >= 0):
        assert (np.diff(shelf.words.astype(np.int64)) > 0).all()
        rows = row_of[numbers_in(shelf.words)].tolist()
        for row, word, mark in zip(rows, shelf.words.tolist(), shelf.marks.tolist(), strict=True):
            found[photos[row]].append((word >> 28, mark))
    return {photo: sorted(its) for photo, its in found.items()}


def wanted(photos: list[int]) -> dict[int, list[tuple[int, int]]]:
    return {
        photo: sorted((int(word) >> 16, int(word) & 65535) for word in Seen(photo).words)
        for photo in photos
    }


def test_photos_are_looked_at_once_in_whatever_order_they_come(tmp_path: Path) -> None:
    for photos, new in (([3, 1, 2], [3, 1, 2]), ([1, 2, 3], []), ([4, 3, 1], [4]), ([2], [])):
        words, seen = of(tmp_path, photos)
        assert seen == new
        assert by_photo(words, photos) == wanted(photos)


def test_many_shelves_become_one_without_those_that_are_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_SHELVES", 3)
    for count in range(1, 5):
        of(tmp_path, list(range(count)))
    words, seen = of(tmp_path, [0, 2, 3])
    assert (len(words.all_shelves), seen) == (1, [])
    for last in (10, 11, 12):
        photos = [0, 2, last]
        words, seen = of(tmp_path, photos)
        assert seen == [last]
        assert by_photo(words, photos) == wanted(photos)
    assert len(words.all_shelves) == 1
    # three of the seven that were there are most of what there is: the others stay as well
    again, seen = of(tmp_path, [0, 1, 2, 3, 10, 11, 12])
    assert seen == []
    assert by_photo(again, [0, 1, 2, 3, 10, 11, 12]) == wanted([0, 1, 2, 3, 10, 11, 12])


def test_with_most_of_them_gone_only_those_that_are_here_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_SHELVES", 2)
    of(tmp_path, [1, 2])
    of(tmp_path, [1, 2, 3])
    photos = [2, 3, 4]
    words, _ = of(tmp_path, photos)
    assert by_photo(words, photos) == wanted(photos)
    assert of(tmp_path, [1, *photos])[1] == [1]


def test_what_cannot_be_written_is_found_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    for _ in range(2):
        words, seen = of(tmp_path, [1, 2])
        assert seen == [1, 2]
        assert by_photo(words, [1, 2]) == wanted([1, 2])


def test_photos_without_words_are_known_to_have_none(tmp_path: Path) -> None:
    file = WordFile(tmp_path / "index.db", "quick-1")
    of(tmp_path, [1])
    nothing = Shelf(np.empty(0, np.uint64), np.empty(0, np.uint16), 1)
    file.append(file.read(words_method()), words_method(), key(2), nothing)
    again, seen = of(tmp_path, [1, 2])
    assert seen == []
    assert by_photo(again, [1, 2]) == wanted([1]) | {2: []}
