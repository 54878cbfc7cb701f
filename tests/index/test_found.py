"""All photos of an index: their columns are remembered, and never believed once they changed."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from dedupe.index import found
from dedupe.index.found import Found, FoundIndex
from dedupe.index.lock import WriteLock
from dedupe.index.store import EncoderRow, Index
from tests.index.remembered import ENCODERS, add, content, everything, fill, photo

MANY = 40


@pytest.fixture(autouse=True)
def few_are_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(found, "WORTH", 2)


@pytest.fixture
def index(tmp_path: Path) -> Path:
    path = tmp_path / "index.db"
    for _ in fill(path, MANY):
        pass
    return path


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Of whom all rows were read."""
    names: list[str] = []
    each_row = FoundIndex._each_row

    def noted(self: FoundIndex, encoder: EncoderRow) -> Iterator[object]:
        names.append(encoder.name)
        return each_row(self, encoder)

    monkeypatch.setattr(FoundIndex, "_each_row", noted)
    return names


def photos(index: Path, *roots: str, encoder: str = "red") -> Found:
    with Index(index) as store:
        return store.photos(store.last_encoder(encoder), list(map(Path, roots)))


def same(one: Found, other: Found) -> bool:
    vectors = np.array_equal(one.vectors, other.vectors)
    seals = np.array_equal(one.seals, other.seals)
    small = np.array_equal(one.thumbnails, other.thumbnails)
    facts = (one.photos, one.key, list(one.photo_keys)) == (
        other.photos,
        other.key,
        list(other.photo_keys),
    )
    return facts and vectors and seals and small


def test_what_is_remembered_is_what_all_rows_say(
    index: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(found, "WORTH", 1_000)
    expected, whole = everything(index), photos(index)
    assert not list(index.parent.glob("*.columns"))
    monkeypatch.setattr(found, "WORTH", 2)
    first, again = everything(index), everything(index)
    assert first == again == expected
    assert read.count("red") == 3
    assert same(photos(index), whole)
    assert read.count("red") == 3


def test_of_a_folder_only_its_own_photos_are_given(index: Path, read: list[str]) -> None:
    one = "/photos/00007.jpg"
    alone, again = photos(index, one), photos(index, one)
    assert same(again, alone)
    whole = photos(index)
    assert same(photos(index), whole)
    assert same(photos(index, one), alone)
    assert [each.path for each in alone.photos] == [Path(one)]
    assert alone.photo_keys == [whole.photo_keys[whole.photos.index(alone.photos[0])]]
    assert not len(photos(index, "/elsewhere").photos)
    assert read == ["red"]


def test_each_encoder_has_its_own(index: Path, read: list[str]) -> None:
    for name, _, dim in ENCODERS * 2:
        assert photos(index, encoder=name).vectors.shape == (MANY + 5, dim)
    assert read == ["red", "blue"]


def more(store: Index) -> None:
    add(store, store.last_encoder("red"), range(MANY, MANY + 1))


def moved(store: Index) -> None:
    store.follow([(Path("/photos/00003.jpg"), Path("/photos/x.jpg"))])


def touched(store: Index) -> None:
    store.remember_files([photo(5, "/photos/00003.jpg")])


def gone(store: Index) -> None:
    store.forget([b"/photos/00003.jpg"], [])


@pytest.mark.parametrize("change", [more, moved, touched, gone])
def test_after_any_change_all_rows_are_read_again(
    index: Path, read: list[str], monkeypatch: pytest.MonkeyPatch, change: Callable[[Index], None]
) -> None:
    before = photos(index)
    with Index(index, lock=True) as store, store.batch():
        change(store)
    after = photos(index)
    assert read == ["red", "red"]
    assert after.key != before.key
    assert same(photos(index), after)
    monkeypatch.setattr(found, "WORTH", 1_000)
    for file in index.parent.glob("*.columns"):
        file.unlink()
    assert same(photos(index), after)


def test_what_is_not_of_photos_changes_nothing(index: Path, read: list[str]) -> None:
    photos(index)
    with Index(index, lock=True) as store, store.batch():
        store.put_ignored([(content(1) + content(2), 1)])
        store.remember_roots([Path("/photos/2019")])
    photos(index)
    assert read == ["red"]


@pytest.mark.parametrize("at", [0, 9, 200, -200, -1])
def test_a_damaged_file_costs_time_and_no_photo(index: Path, read: list[str], at: int) -> None:
    before = photos(index)
    [path] = index.parent.glob("*.columns")
    data = bytearray(path.read_bytes())
    data[at] ^= 64
    path.write_bytes(data)
    assert same(photos(index), before)
    assert read == ["red", "red"]
    assert same(photos(index), before)
    assert read == ["red", "red"]


def test_while_another_process_writes_it_all_rows_are_read(index: Path, read: list[str]) -> None:
    lock = WriteLock(index.with_name("index.db.columns"))
    lock.acquire()
    try:
        before = photos(index)
        assert not list(index.parent.glob("*red*.columns"))
    finally:
        lock.release()
    assert same(photos(index), before)
    assert read == ["red", "red"]
