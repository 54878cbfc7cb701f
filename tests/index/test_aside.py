"""A damaged index is set aside whole, and nothing of it is lost."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from remembered import copy_of, everything, fill

from dedupe.errors import IndexDamaged, IndexProblem
from dedupe.index.aside import last_aside, set_aside
from dedupe.index.ignored import Ignored, known_ignored, salvaged
from dedupe.index.store import Index


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def make(index: Path, photos: int = 12) -> None:
    for _ in fill(index, photos):
        pass


def test_an_index_goes_with_its_vectors_and_can_still_be_read(index: Path) -> None:
    make(index)
    truth = everything(index)
    before = {path.name: path.read_bytes() for path in index.parent.iterdir()}
    aside = set_aside(index)
    assert aside == index.with_name("index.db.damaged-1")
    assert names(index.parent) == [
        "index.db.damaged-1",
        "index.db.damaged-1.blue-fedcba9876543210.2.vectors",
        "index.db.damaged-1.red-0123456789abcdef.1.vectors",
        "index.db.lock",
    ]
    for name, data in before.items():
        if not name.endswith(".lock"):
            moved = aside.with_name(aside.name + name.removeprefix("index.db"))
            assert moved.read_bytes() == data
    assert everything(aside) == truth


def test_a_new_index_in_its_place_leaves_it_alone(index: Path) -> None:
    make(index)
    truth = everything(index)
    aside = set_aside(index)
    make(index, photos=20)
    with Index(index, lock=True) as store:
        store.drop_unused(at_once=True)
    assert everything(aside) == truth
    assert everything(index) != truth


def test_nothing_that_was_set_aside_before_is_overwritten(index: Path) -> None:
    make(index)
    (index.parent / "index.db.damaged-1").write_bytes(b"first")
    (index.parent / "index.db.damaged-2.red-0123456789abcdef.1.vectors").write_bytes(b"second")
    (index.parent / "index.db.damaged-3-wal").write_bytes(b"third")
    assert set_aside(index).name == "index.db.damaged-4"
    assert (index.parent / "index.db.damaged-1").read_bytes() == b"first"
    assert (index.parent / "index.db.damaged-3-wal").read_bytes() == b"third"


def test_what_is_not_yet_in_the_index_file_goes_with_it(index: Path, tmp_path: Path) -> None:
    with Index(index, create=True):
        pass
    keeper = Index(index)
    make(index)
    copied = copy_of(index, tmp_path / "copy")
    keeper.__exit__(None, None, None)
    (tmp_path / "copy" / "index.db-shm").unlink()
    aside = set_aside(copied)
    assert names(aside.parent)[:2] == ["index.db.damaged-1", "index.db.damaged-1-wal"]
    assert everything(aside) == everything(index)


def test_a_file_that_is_not_ours_is_never_set_aside(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("do not lose this\n" * 100)
    with pytest.raises(IndexProblem, match="is no index of dedupe"):
        set_aside(text)
    assert text.read_text() == "do not lose this\n" * 100
    with pytest.raises(IndexProblem, match="cannot be read"):
        set_aside(tmp_path / "nothing.db")


def test_an_index_that_a_scan_writes_to_is_not_set_aside(index: Path) -> None:
    make(index)
    with (
        Index(index, lock=True),
        pytest.raises(IndexProblem, match="another scan"),
    ):
        set_aside(index)
    assert index.exists()


def test_a_header_that_was_altered_is_damage_as_long_as_our_number_is_in_it(index: Path) -> None:
    make(index)
    data = bytearray(index.read_bytes())
    data[3] ^= 1  # "SQLite format 3"
    index.write_bytes(data)
    with pytest.raises(IndexDamaged):
        Index(index)
    assert set_aside(index).read_bytes() == data
    with Index(index, create=True, lock=True) as store:
        assert store.roots() == ()


def said(index: Path) -> Ignored:
    with Index(index) as store:
        return known_ignored(store)


def test_what_a_person_said_is_read_from_a_damaged_index_and_nothing_of_it_changes(
    index: Path,
) -> None:
    make(index)
    expected = said(index)
    assert len(expected.pairs) > 1
    assert expected.sets
    sound = index.read_bytes()
    aside = set_aside(index)
    found = []
    for page in range(0, len(sound), 16384):
        damaged = sound[:page] + bytes(16384) + sound[page + 16384 :]
        aside.write_bytes(damaged)
        found.append(salvaged(aside))
        assert aside.read_bytes() == damaged
    assert all(each.pairs <= expected.pairs and each.sets <= expected.sets for each in found)
    assert found.count(expected) >= len(found) - 3  # the head, and the decisions themselves
    aside.write_bytes(b"no index at all")
    assert not salvaged(aside)


@pytest.mark.parametrize("change", ["contents = x'00'", "apart = 1 - apart", "contents = 'text'"])
def test_a_decision_that_a_damaged_disk_changed_is_not_taken_for_one(
    index: Path, change: str
) -> None:
    make(index)
    with closing(sqlite3.connect(index)) as db, db:
        db.execute("DELETE FROM ignored WHERE contents > (SELECT min(contents) FROM ignored)")
        db.execute(f"UPDATE ignored SET {change}")
    assert not salvaged(set_aside(index))


def test_decisions_that_were_not_yet_in_the_index_file_are_read_as_well(
    index: Path, tmp_path: Path
) -> None:
    with Index(index, create=True):
        pass
    keeper = Index(index)
    make(index)
    expected = said(index)
    copied = copy_of(index, tmp_path / "copy")
    keeper.__exit__(None, None, None)
    aside = set_aside(copied)
    journal = aside.with_name(f"{aside.name}-wal").read_bytes()
    assert salvaged(aside) == expected
    assert aside.with_name(f"{aside.name}-wal").read_bytes() == journal


def test_the_last_one_that_was_set_aside_is_found(index: Path) -> None:
    assert last_aside(index) is None
    for number in (1, 2):
        make(index)
        assert (
            set_aside(index) == last_aside(index) == index.with_name(f"index.db.damaged-{number}")
        )
