import sqlite3
from pathlib import Path

import pytest
from trees import group, make_files

from dedupe.errors import JournalProblem
from dedupe.organize.applying.apply import apply
from dedupe.organize.applying.undo import history, undo
from dedupe.organize.drafting.planning import make_plan
from dedupe.organize.journal.journal import Journal
from dedupe.organize.journal.records import Mark


@pytest.fixture
def linked(tree: Path, journal: Path) -> Path:
    make_files(tree, {"a\udcff.jpg": b"1", "b\n.jpg": b"22"})
    plan = make_plan([group(*tree.iterdir())], action="symlink", into=tree / "out")
    apply(plan, journal=journal)
    return tree


def test_the_journal_gives_back_every_step_byte_for_byte(tree: Path, journal: Path) -> None:
    make_files(tree, {"a\udcff.jpg": b"1", "b\n.jpg": b"22"})
    plan = make_plan([group(*tree.iterdir())], action="move", into=tree / "out\udcfe")
    with Journal(journal) as book:
        action = book.begin(plan, [tree])
    with Journal(journal) as book:
        assert tuple(entry.step for entry in book.entries(action)) == plan.steps
        assert [folder.path for folder in book.folders(action)] == [tree]
        assert book.record(action).into == tree / "out\udcfe"


def test_numbers_of_64_bits_without_a_sign_are_kept(tree: Path, journal: Path) -> None:
    make_files(tree, {"a": b"1", "b": b"2"})
    plan = make_plan([group(tree / "a", tree / "b")], action="move", into=tree / "out")
    file = plan.steps[-1].file
    huge = type(file)(path=file.path, size=1, mtime_ns=-5, device=2**64 - 1, inode=2**64 - 1)
    with Journal(journal) as book:
        action = book.begin(plan, [])
        book.mark(action, [Mark(seq=2, state="done", made=huge)])
        made = book.entries(action)[2].made
    assert made is not None
    assert (made.device, made.inode, made.mtime_ns) == (2**64 - 1, 2**64 - 1, -5)


def test_links_under_a_folder_are_those_made_and_not_taken_away(
    linked: Path, journal: Path
) -> None:
    with Journal(journal) as book:
        ours = book.links_under(linked / "out")
        assert ours == {
            linked / "out/001 b": "",
            linked / "out/001 b/1 b\n.jpg": "../../b\n.jpg",
            linked / "out/001 b/2 a\udcff.jpg": "../../a\udcff.jpg",
        }
        assert book.links_under(linked / "ou") == {}
    undo(journal=journal)
    with Journal(journal) as book:
        assert book.links_under(linked / "out") == {}


def test_history_lists_actions_and_what_of_them_stands(linked: Path, journal: Path) -> None:
    (record,) = history(journal)
    assert (record.id, record.action, record.state, record.standing) == (1, "symlink", "done", 2)
    undo(journal=journal)
    (record,) = history(journal)
    assert (record.state, record.standing) == ("undone", 0)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_an_older_journal_is_brought_up_to_date_and_undo_reads_it(
    linked: Path, journal: Path, version: int
) -> None:
    with sqlite3.connect(journal) as db:
        db.execute("DROP TABLE mounts")
        if version == 3:
            db.execute("ALTER TABLE probes DROP COLUMN mount")
        else:
            db.execute("DROP TABLE probes")
            db.execute("ALTER TABLE steps DROP COLUMN was")
        if version == 1:
            db.execute("DROP TABLE attributes")
        db.execute(f"PRAGMA user_version = {version}")
    db.close()
    assert [record.photos for record in history(journal)] == [2]
    assert undo(journal=journal).done == 2
    with Journal(journal) as book:
        assert book._one("PRAGMA user_version") == 4


def test_a_newer_journal_is_refused_and_left_as_it_is(linked: Path, journal: Path) -> None:
    with sqlite3.connect(journal) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(JournalProblem, match="has version 99"):
        undo(journal=journal)


@pytest.mark.parametrize(
    "content", [b"not a database at all, but long enough", b"SQLite format 3\0x"]
)
def test_a_file_that_is_no_journal_is_refused_and_left_as_it_is(
    journal: Path, content: bytes
) -> None:
    journal.parent.mkdir()
    journal.write_bytes(content)
    with pytest.raises(JournalProblem, match="cannot be used"):
        undo(journal=journal)
    assert journal.read_bytes() == content


def test_a_database_of_somebody_else_is_refused(journal: Path) -> None:
    journal.parent.mkdir()
    db = sqlite3.connect(journal)
    db.execute("CREATE TABLE photos(id)")
    db.close()
    with pytest.raises(JournalProblem, match="is no journal of dedupe"):
        Journal(journal)


def test_a_damaged_journal_is_never_acted_on(linked: Path, journal: Path) -> None:
    raw = bytearray(journal.read_bytes())
    for page in range(1, len(raw) // 4096):
        raw[page * 4096 : page * 4096 + 64] = bytes(64)
    journal.write_bytes(raw)
    with pytest.raises(JournalProblem):
        undo(journal=journal)


def test_a_lock_that_cannot_be_made_is_told(journal: Path) -> None:
    Path(f"{journal}.lock").mkdir(parents=True)
    with (
        Journal(journal) as book,
        pytest.raises(JournalProblem, match="cannot be locked"),
        book.alone(),
    ):
        raise AssertionError("not locked")


def test_every_commit_reaches_the_disk_before_the_call_returns(journal: Path) -> None:
    with Journal(journal) as book:
        assert book._one("PRAGMA synchronous") == 2  # FULL
        assert book._one("PRAGMA journal_mode") == "wal"
