"""All photos of an index: their columns are remembered, and never believed once they changed."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from dedupe.errors import IndexDamaged
from dedupe.index import found
from dedupe.index.found import Found, FoundIndex
from dedupe.index.lock import WriteLock
from dedupe.index.store import Index
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
    """What was read: all rows, or that of one path."""
    names: list[str] = []
    each_row, one_row = FoundIndex._each_row, FoundIndex._row

    def noted(self: FoundIndex, rows: object) -> Iterator[object]:
        names.append("all")
        return each_row(self, rows)  # type: ignore[arg-type]

    def noted_one(self: FoundIndex, path: bytes, rows: object) -> object:
        names.append(path.decode())
        return one_row(self, path, rows)  # type: ignore[arg-type]

    monkeypatch.setattr(FoundIndex, "_each_row", noted)
    monkeypatch.setattr(FoundIndex, "_row", noted_one)
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
    alone = read.copy()
    assert same(photos(index), whole)
    assert read == alone


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
    assert read == ["all"]


def test_each_encoder_has_its_own(index: Path, read: list[str]) -> None:
    for name, _, dim in ENCODERS * 2:
        assert photos(index, encoder=name).vectors.shape == (MANY + 5, dim)
    assert read == ["all", "all"]


def more(store: Index) -> None:
    add(store, store.last_encoder("red"), range(MANY, MANY + 1))


def moved(store: Index) -> None:
    store.follow([(Path("/photos/00003.jpg"), Path("/photos/x.jpg"))])


def touched(store: Index) -> None:
    store.remember_files([photo(5, "/photos/00003.jpg")])


def gone(store: Index) -> None:
    store.forget([b"/photos/00003.jpg"], [])


def several(store: Index) -> None:
    add(store, store.last_encoder("red"), range(MANY, MANY + 1))
    store.forget([b"/photos/00003.jpg", b"/photos/00004.jpg"], [])
    store.follow([(Path("/photos/00007.jpg"), Path("/photos/0.jpg"))])


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (more, ["/photos/00040.jpg", "/photos/copy of 40.jpg"]),
        (moved, ["/photos/x.jpg"]),
        (touched, ["/photos/00003.jpg"]),
        (gone, []),
        (several, ["/photos/0.jpg", "/photos/00040.jpg", "/photos/copy of 40.jpg"]),
    ],
)
def test_after_a_change_only_what_is_new_is_read_and_the_answer_is_that_of_all_rows(
    index: Path,
    read: list[str],
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Index], None],
    path: list[str],
) -> None:
    before = photos(index)
    with Index(index, lock=True) as store, store.batch():
        change(store)
    after = photos(index)
    assert read == ["all", *path]
    assert after.key != before.key
    assert same(photos(index), after)
    assert read == ["all", *path]
    monkeypatch.setattr(found, "WORTH", 1_000)
    for file in index.parent.glob("*.columns"):
        file.unlink()
    assert same(photos(index), after)
    assert read == ["all", *path, "all"]


def test_where_much_is_new_all_rows_are_read(index: Path, read: list[str]) -> None:
    photos(index)
    with Index(index, lock=True) as store, store.batch():
        add(store, store.last_encoder("red"), range(MANY, 2 * MANY))
    assert len(photos(index).photos) == 2 * MANY + 6
    assert read == ["all", "all"]


def test_once_nothing_is_left_nothing_is_given(index: Path, read: list[str]) -> None:
    paths = [bytes(each.path) for each in photos(index).photos]
    with Index(index, lock=True) as store, store.batch():
        store.forget(paths, [])
    assert not len(photos(index).photos)
    assert read == ["all"]


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        ("UPDATE files SET photo = 7 WHERE path = x'{path}'", "photos was altered"),
        ("UPDATE files SET seal = 5 WHERE path = x'{path}'", "not all of its files"),
        ("UPDATE photos SET seal = 5 WHERE id = 3", "photos was altered"),
        ("UPDATE photos SET seal = 'red' WHERE id = 3", "photos was altered"),
        ("DELETE FROM photos WHERE id = 4", "belongs to no photo"),
        ("DELETE FROM files WHERE path = x'{path}'", "not all of its files"),
        ("UPDATE files SET path = 'text' WHERE path = x'{path}'", "photos was altered"),
    ],
)
def test_a_row_that_is_not_as_it_was_written_is_met_beside_those_that_are_known(
    index: Path, damage: str, what: str
) -> None:
    photos(index)
    with Index(index, lock=True) as store, store.batch():
        more(store)
    with closing(sqlite3.connect(index)) as db, db:
        db.execute("PRAGMA foreign_keys = OFF")
        triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        for name, _ in (kept := triggers.fetchall()):
            db.execute(f"DROP TRIGGER {name}")
        assert db.execute(damage.format(path=b"/photos/00003.jpg".hex())).rowcount == 1
        for _, sql in kept:
            db.execute(sql)
    with pytest.raises(IndexDamaged, match=what):
        photos(index)


def test_what_is_not_of_photos_changes_nothing(index: Path, read: list[str]) -> None:
    photos(index)
    with Index(index, lock=True) as store, store.batch():
        store.put_ignored([(content(1) + content(2), 1)])
        store.remember_roots([Path("/photos/2019")])
    photos(index)
    assert read == ["all"]


@pytest.mark.parametrize("at", [0, 9, 200, -200, -1])
def test_a_damaged_file_costs_time_and_no_photo(index: Path, read: list[str], at: int) -> None:
    before = photos(index)
    [path] = index.parent.glob("*.columns")
    data = bytearray(path.read_bytes())
    data[at] ^= 64
    path.write_bytes(data)
    assert same(photos(index), before)
    assert read == ["all", "all"]
    assert same(photos(index), before)
    assert read == ["all", "all"]


def test_while_another_process_writes_it_all_rows_are_read(index: Path, read: list[str]) -> None:
    lock = WriteLock(index.with_name("index.db.columns"))
    lock.acquire()
    try:
        before = photos(index)
        assert not list(index.parent.glob("*red*.columns"))
    finally:
        lock.release()
    assert same(photos(index), before)
    assert read == ["all", "all"]
