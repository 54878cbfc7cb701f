"""The index file is ours, of this version, or left alone."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dedupe.errors import IndexDamaged, IndexProblem
from dedupe.index import schema
from dedupe.index.place import default_index, journal_beside
from dedupe.index.store import Index


def ask(path: Path, question: str) -> object:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(question).fetchone()[0]


def tell(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.executescript(statement)


def test_a_new_index_bears_our_number_and_version(index: Path) -> None:
    with Index(index, create=True):
        pass
    assert ask(index, "PRAGMA application_id") == schema.APPLICATION_ID == 0x64647570
    assert ask(index, "PRAGMA user_version") == schema.VERSION
    assert ask(index, "PRAGMA page_size") == 16384
    assert ask(index, "PRAGMA journal_mode") == "wal"


def test_an_index_is_made_only_by_a_scan(index: Path) -> None:
    with pytest.raises(IndexProblem, match="there is no index at"):
        Index(index)
    assert not index.parent.exists()


def test_an_index_is_opened_again(index: Path) -> None:
    for _ in range(2):
        with Index(index, create=True, lock=True) as store:
            assert store.roots() == ()
    with Index(index) as store:
        assert store.roots() == ()


def test_an_index_of_a_newer_dedupe_is_refused_and_left_alone(index: Path) -> None:
    with Index(index, create=True):
        pass
    tell(index, f"PRAGMA user_version = {schema.VERSION + 1}")
    before = index.read_bytes()
    for create in (True, False):
        with pytest.raises(IndexProblem, match="was made by a newer dedupe") as caught:
            Index(index, create=create)
        assert "update dedupe" in caught.value.hint
    assert index.read_bytes() == before


@pytest.mark.parametrize("create", [True, False])
def test_the_database_of_another_program_is_refused_and_left_alone(
    tmp_path: Path, create: bool
) -> None:
    theirs = tmp_path / "firefox.db"
    tell(theirs, "CREATE TABLE bookmarks (url); INSERT INTO bookmarks VALUES ('x')")
    before = theirs.read_bytes()
    with pytest.raises(IndexProblem, match="is no index of dedupe"):
        Index(theirs, create=create)
    assert theirs.read_bytes() == before


@pytest.mark.parametrize("create", [True, False])
def test_a_text_is_refused_and_left_alone(tmp_path: Path, create: bool) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("do not lose this\n" * 100)
    with pytest.raises(IndexProblem, match="cannot be used") as caught:
        Index(text, create=create)
    assert "holds no photos" in caught.value.hint
    assert text.read_text() == "do not lose this\n" * 100


def test_an_index_cut_in_half_is_refused_with_a_sentence(index: Path) -> None:
    with Index(index, create=True) as store:
        for number in range(300):
            store.remember_roots([Path(f"/photos/{number:0300}")])
    index.write_bytes(index.read_bytes()[:40_000])
    with pytest.raises(IndexProblem, match=r"index\.db is damaged"), Index(index) as store:
        store.roots()


@pytest.mark.parametrize("begun", ["", "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL"])
def test_an_index_that_was_killed_at_its_birth_is_made_by_the_next_scan(
    index: Path, begun: str
) -> None:
    index.parent.mkdir()
    index.touch()
    tell(index, begun)
    with pytest.raises(IndexProblem, match="is empty") as caught:
        Index(index)
    assert "dedupe scan FOLDER" in caught.value.hint
    with Index(index, create=True, lock=True) as store:
        assert store.roots() == ()
    assert ask(index, "PRAGMA application_id") == schema.APPLICATION_ID


@pytest.mark.parametrize(
    "change",
    [
        "DROP TRIGGER files_delete",
        "DROP TABLE thumbnails",
        "DROP INDEX files_by_photo",
        "CREATE TABLE more (x)",
        "ALTER TABLE skips ADD COLUMN more TEXT",
        "PRAGMA user_version = 0",
        "DELETE FROM totals WHERE name = 'roots'",
        "UPDATE totals SET rows = 7 WHERE name = 'roots'",
        "UPDATE totals SET rows = 7, sum = 9 WHERE name = 'roots'",
    ],
)
def test_tables_that_somebody_changed_are_damage(index: Path, change: str) -> None:
    with Index(index, create=True):
        pass
    tell(index, change)
    for create in (True, False):
        with (
            pytest.raises(IndexDamaged, match=r"index\.db is damaged"),
            Index(index, create=create) as store,
        ):
            store.roots()


def test_a_folder_in_the_place_of_the_index_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(IndexProblem, match="cannot be written or read"):
        Index(tmp_path, create=True)


def test_an_index_below_a_file_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(IndexProblem, match=r"folder of the index .* cannot be made"):
        Index(tmp_path / "a.txt" / "index.db", create=True)


def test_a_lock_that_cannot_be_taken_is_refused_with_a_sentence(index: Path) -> None:
    index.parent.mkdir()
    Path(f"{index}.lock").mkdir()
    with pytest.raises(IndexProblem, match="cannot be locked"):
        Index(index, create=True, lock=True)


def test_a_refused_index_does_not_stay_locked(index: Path) -> None:
    index.parent.mkdir()
    index.write_text("no database at all" * 100)
    for _ in range(2):
        with pytest.raises(IndexProblem, match="cannot be used"):
            Index(index, create=True, lock=True)


def test_the_index_is_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEDUPE_INDEX", str(tmp_path / "my.db"))
    assert default_index() == tmp_path / "my.db"
    assert journal_beside(default_index()) == tmp_path / "my.actions.db"
    monkeypatch.setenv("DEDUPE_INDEX", "")
    assert default_index().name == "index.db"
