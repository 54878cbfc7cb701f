"""A damaged index never gives a wrong answer: the right one, or a sentence."""

import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from remembered import ENCODERS, add, copy_of, everything, fill

from dedupe.errors import IndexDamaged, IndexProblem
from dedupe.index.store import Index

PHOTOS = 40
PAGE = 16384
CHUNK = 4096


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    index = tmp_path_factory.mktemp("whole") / "index.db"
    for _ in fill(index, PHOTOS):
        pass
    assert not index.with_name("index.db-wal").exists()
    return index


@pytest.fixture(scope="module")
def truth(whole: Path) -> dict[str, object]:
    found = everything(whole)
    assert len(found["contents of red"]) == PHOTOS  # type: ignore[arg-type]
    assert len(found["thumbnails"]) == PHOTOS - 6  # type: ignore[arg-type]
    return found


def judge(index: Path, truths: list[dict[str, object]]) -> str:
    """Read everything: "right" or "refused"; an answer that is wrong fails."""
    try:
        found = everything(index)
    except IndexProblem as problem:
        return "refused" if "index.db" in str(problem) and problem.hint else "no sentence"
    assert found in truths
    return "right"


def positions(length: int, block: int, rng: random.Random) -> Iterator[tuple[int, int]]:
    """Where, and how many bytes: at the head, the middle, the end, and anywhere in a block."""
    for start in range(0, length, block):
        size = min(block, length - start)
        for at in (0, 1, 3, 5, 8, size // 2, size - 1):
            yield start + min(at, size - 1), 1
        for _ in range(4):
            yield start + rng.randrange(size), rng.choice((1, 1, 4, 64))
        yield start, size  # all of it


def parts_of(index: Path) -> list[Path]:
    return [index, *sorted(index.parent.glob("index.db.*.vectors"))]


def test_there_is_something_to_damage(whole: Path) -> None:
    assert [path.name for path in parts_of(whole)] == [
        "index.db",
        "index.db.blue-fedcba9876543210.2.vectors",
        "index.db.red-0123456789abcdef.1.vectors",
    ]
    assert whole.stat().st_size // PAGE >= 15


@pytest.mark.parametrize("how", ["flipped", "zeroed", "random"])
@pytest.mark.parametrize("part", [0, 1, 2])
def test_altered_bytes_are_noticed_or_do_not_matter(
    whole: Path, truth: dict[str, object], tmp_path: Path, part: int, how: str
) -> None:
    rng = random.Random(f"{part} {how}")
    index = copy_of(whole, tmp_path / "copy")
    damaged = parts_of(index)[part]
    sound = damaged.read_bytes()
    verdicts = []
    for at, size in positions(len(sound), PAGE if part == 0 else CHUNK, rng):
        old = sound[at : at + size]
        new = {
            "flipped": bytes(byte ^ (1 << rng.randrange(8)) for byte in old),
            "zeroed": bytes(len(old)),
            "random": rng.randbytes(len(old)),
        }[how]
        damaged.write_bytes(sound[:at] + new + sound[at + len(old) :])
        verdicts.append(judge(index, [truth]))
        for litter in index.parent.glob("index.db-*"):
            litter.unlink()
    assert set(verdicts) <= {"right", "refused"}
    assert "refused" in verdicts
    if part:  # every byte of a vector file counts
        assert verdicts.count("right") < len(verdicts) / (2 if how == "zeroed" else 10)


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_file_that_is_cut_off_is_noticed(
    whole: Path, truth: dict[str, object], tmp_path: Path, part: int
) -> None:
    index = copy_of(whole, tmp_path / "copy")
    damaged = parts_of(index)[part]
    sound = damaged.read_bytes()
    step = PAGE // 2 if part == 0 else CHUNK // 2
    for length in [*range(0, len(sound), step), len(sound) - 1]:
        damaged.write_bytes(sound[:length])
        assert judge(index, [truth]) == "refused", length
        for litter in index.parent.glob("index.db-*"):
            litter.unlink()


def test_two_pages_that_changed_places_are_noticed(
    whole: Path, truth: dict[str, object], tmp_path: Path
) -> None:
    index = copy_of(whole, tmp_path / "copy")
    sound = index.read_bytes()
    pages = [sound[at : at + PAGE] for at in range(0, len(sound), PAGE)]
    rng = random.Random(5)
    for _ in range(40):
        first, second = rng.sample(range(len(pages)), 2)
        other = pages.copy()
        other[first], other[second] = pages[second], pages[first]
        index.write_bytes(b"".join(other))
        assert judge(index, [truth]) in ("right", "refused")
        index.write_bytes(b"".join([*pages[:first], pages[second], *pages[first + 1 :]]))
        assert judge(index, [truth]) in ("right", "refused")


def test_a_lost_vector_file_is_noticed(whole: Path, tmp_path: Path) -> None:
    index = copy_of(whole, tmp_path / "copy")
    parts_of(index)[2].unlink()
    with pytest.raises(IndexDamaged, match=r"red-0123456789abcdef\.1\.vectors is missing"):
        everything(index)


def test_a_vector_file_of_an_earlier_state_is_noticed(whole: Path, tmp_path: Path) -> None:
    index = copy_of(whole, tmp_path / "copy")
    file = parts_of(index)[2]
    rows = file.read_bytes()
    file.write_bytes(rows[: 8 * 192] + rows[: len(rows) - 8 * 192])
    with pytest.raises(IndexDamaged, match="was altered"):
        everything(index)


@pytest.mark.parametrize(
    "table",
    [
        *("photos", "files", "vectors", "segments", "thumbnails", "skips", "roots", "encoders"),
        "ignored",
    ],
)
def test_a_row_that_vanished_is_missed(whole: Path, tmp_path: Path, table: str) -> None:
    index = copy_of(whole, tmp_path / "copy")
    with closing(sqlite3.connect(index)) as db, db:
        triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        for name, _ in (kept := triggers.fetchall()):
            db.execute(f"DROP TRIGGER {name}")
        column = {"files": "path", "skips": "path", "roots": "path", "segments": "first"}.get(
            table,
            {"vectors": "photo", "thumbnails": "photo", "ignored": "contents"}.get(table, "id"),
        )
        last = f"SELECT max({column}) FROM {table}"
        assert db.execute(f"DELETE FROM {table} WHERE {column} = ({last})").rowcount
        for _, sql in kept:
            db.execute(sql)
    with pytest.raises(IndexDamaged):
        everything(index)


def test_damage_to_what_is_not_yet_in_the_index_file_costs_at_most_the_last_batches(
    tmp_path: Path,
) -> None:
    index = tmp_path / "data" / "index.db"
    truths: list[dict[str, object]] = []
    with Index(index, create=True):
        pass
    keeper = Index(index)  # while it is open the -wal is not written back
    for _ in fill(index, PHOTOS):
        copied = copy_of(index, tmp_path / "state")
        if truths or len(list(index.parent.glob("*.vectors"))) == 2:
            truths.append(everything(copied))
    journal = index.with_name("index.db-wal")
    assert journal.stat().st_size > 10 * PAGE
    broken = tmp_path / "broken"
    rng = random.Random(7)
    verdicts = []
    for number in range(90):
        copied = copy_of(index, broken)
        sound = (broken / journal.name).read_bytes()
        at = 0 if number == 0 else rng.randrange(len(sound))
        size = rng.choice((1, 8, 5000))
        kept = sound[at + size :] if number % 3 else b""
        new = sound[:at] + (kept and rng.randbytes(size) + kept)
        (broken / journal.name).write_bytes(new)
        (broken / "index.db-shm").unlink(missing_ok=True)
        verdicts.append(judge(copied, truths))
    keeper.__exit__(None, None, None)
    assert set(verdicts) <= {"right", "refused"}
    assert verdicts.count("right") > 20


def test_damage_says_what_to_do(whole: Path, tmp_path: Path) -> None:
    index = copy_of(whole, tmp_path / "copy")
    data = bytearray(index.read_bytes())
    at = data.index(b"/photos/00017.jpg")
    data[at + 10] ^= 1
    index.write_bytes(data)
    with pytest.raises(IndexDamaged, match=r"index\.db is damaged: ") as caught:
        everything(index)
    assert "dedupe scan FOLDER" in caught.value.hint
    assert "sets the damaged index aside" in caught.value.hint


def test_a_scan_does_not_write_behind_a_vector_file_that_is_too_short(
    whole: Path, tmp_path: Path
) -> None:
    index = copy_of(whole, tmp_path / "copy")
    file = parts_of(index)[2]
    file.write_bytes(file.read_bytes()[:-1])
    with (
        Index(index, lock=True) as store,
        pytest.raises(IndexDamaged, match="too short"),
    ):
        add(store, store.encoder(*ENCODERS[0]), range(50, 52))


def test_a_copy_of_the_index_without_its_vectors_is_refused(whole: Path, tmp_path: Path) -> None:
    shutil.copy(whole, tmp_path / "index.db")
    with pytest.raises(IndexDamaged, match="is missing"):
        everything(tmp_path / "index.db")
