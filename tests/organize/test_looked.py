"""What was seen in photos is remembered with their index: no file is read twice."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dedupe.index.looked import Numbers, known_looks, remember_looks
from dedupe.index.store import Index
from dedupe.organize.keep import looked
from dedupe.organize.keep.looked import remembered_in, seen_once
from dedupe.photos.photo import Photo, PhotoFile

A, B, C = (bytes([letter]) * 32 for letter in b"abc")


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """An index that knows photos A and B."""
    path = tmp_path / "index.db"
    with Index(path, create=True, lock=True) as store:
        import numpy as np

        encoder = store.encoder("test", "f" * 16, 4)
        photos = [
            Photo(
                file=PhotoFile(path=Path(f"/{number}"), size=1, mtime_ns=1, device=1, inode=number),
                content=each,
                width=9,
                height=9,
                format="JPEG",
            )
            for number, each in enumerate((A, B), 1)
        ]
        with store.batch():
            store.use_encoder(encoder)
            store.remember_photos(encoder, photos, np.zeros((2, 4), np.float32), [None, None])
            store.remember_files(photos)
    return path


@pytest.fixture
def find() -> Iterator[Callable[[], Numbers | None]]:
    """Sees 0.25 and something that cannot be told, once."""
    calls: list[None] = []

    def found() -> Numbers | None:
        assert not calls, "looked twice"
        calls.append(None)
        return 0.25, None

    yield found
    assert calls


def nothing() -> Numbers | None:
    raise AssertionError("a file was read")


def test_what_was_seen_is_known_to_the_next_run(
    index: Path, find: Callable[[], Numbers | None]
) -> None:
    with remembered_in(index):
        assert seen_once("steps", A, B, find) == (0.25, None)
        assert seen_once("steps", A, B, nothing) == (0.25, None)
    with remembered_in(index):
        assert seen_once("steps", A, B, nothing) == (0.25, None)


def test_another_question_or_the_other_way_round_is_another_look(index: Path) -> None:
    with remembered_in(index):
        seen_once("steps", A, B, lambda: (1.0,))
        assert seen_once("steps", B, A, lambda: (2.0,)) == (2.0,)
        assert seen_once("cliff", A, B, lambda: (3.0,)) == (3.0,)
        assert seen_once("steps", A, A, lambda: (4.0,)) == (4.0,)
    with remembered_in(index):
        assert seen_once("steps", A, B, nothing) == (1.0,)
        assert seen_once("steps", A, A, nothing) == (4.0,)


def test_what_could_not_be_read_is_tried_again(
    index: Path, find: Callable[[], Numbers | None]
) -> None:
    with remembered_in(index):
        assert seen_once("steps", A, B, lambda: None) is None
        assert seen_once("steps", A, B, find) == (0.25, None)


def test_nothing_is_remembered_where_nobody_asks_for_it(
    find: Callable[[], Numbers | None],
) -> None:
    assert seen_once("steps", A, B, lambda: (0.5,)) == (0.5,)
    assert seen_once("steps", A, B, find) == (0.25, None)


def test_what_was_seen_before_ctrl_c_is_kept(index: Path) -> None:
    def stopped() -> Numbers | None:
        seen_once("steps", A, B, lambda: (0.5,))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), remembered_in(index):
        seen_once("cliff", A, B, stopped)
    with remembered_in(index):
        assert seen_once("steps", A, B, nothing) == (0.5,)


def test_a_photo_that_the_index_does_not_know_is_looked_at_each_time(
    index: Path, find: Callable[[], Numbers | None]
) -> None:
    with remembered_in(index):
        assert seen_once("steps", A, C, lambda: (0.5,)) == (0.5,)
    with remembered_in(index):
        assert seen_once("steps", A, C, find) == (0.25, None)


def test_another_way_to_look_forgets_what_was_seen(
    index: Path, find: Callable[[], Numbers | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with remembered_in(index):
        seen_once("steps", A, B, lambda: (0.5,))
    monkeypatch.setattr(looked, "_VERSION", 99)
    with remembered_in(index):
        assert seen_once("steps", A, B, find) == (0.25, None)
    with closing(sqlite3.connect(index)) as db:
        assert db.execute("SELECT count(*) FROM looked").fetchone() == (1,)


@pytest.mark.parametrize("change", ["seen = x'00'", "seal = seal + 1", "asked = 'stepz'"])
def test_what_a_damaged_disk_changed_is_seen_anew(index: Path, change: str) -> None:
    with remembered_in(index):
        seen_once("steps", A, B, lambda: (0.5,))
        seen_once("steps", B, A, lambda: (0.75,))
    with closing(sqlite3.connect(index)) as db, db:
        db.execute(f"UPDATE looked SET {change} WHERE photo = 1")
    with Index(index) as store:
        assert known_looks(store, looked.method()) == {("steps", B, A): (0.75,)}


def test_looking_goes_on_while_a_scan_writes_or_the_index_is_gone(
    index: Path, tmp_path: Path
) -> None:
    with Index(index, lock=True), remembered_in(index):
        assert seen_once("steps", A, B, lambda: (0.5,)) == (0.5,)
    with remembered_in(tmp_path / "none.db"):
        assert seen_once("steps", A, B, lambda: (0.5,)) == (0.5,)
        assert seen_once("steps", A, B, nothing) == (0.5,)
    assert not (tmp_path / "none.db").exists()


def test_a_batch_is_written_before_the_end(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looked, "_BATCH", 2)
    with remembered_in(index):
        for number in range(3):
            seen_once(str(number), A, B, lambda: (0.5,))
        with Index(index) as store:
            assert len(known_looks(store, looked.method())) == 2


def test_forgotten_photos_take_what_was_seen_with_them(index: Path) -> None:
    with Index(index, lock=True) as store:
        seen: dict[tuple[str, bytes, bytes], Numbers] = {
            ("steps", A, B): (1.0,),
            ("steps", B, B): (2.0,),
        }
        remember_looks(store, "m", seen)
        store.forget([b"/1"], [])
        store.drop_unused(at_once=True)
        assert known_looks(store, "m") == {("steps", B, B): (2.0,)}
