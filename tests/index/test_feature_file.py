"""What was found in thumbnails comes back as it was, or not at all."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe.index import features
from dedupe.index import store as store_of_photos
from dedupe.index.features import FeatureFile
from dedupe.index.forget import forget
from dedupe.index.scan import scan
from dedupe.index.store import Index

SAMPLES = Path(__file__).resolve().parents[2] / "sample_photos"
SMALL = {b"one": b"its jpeg", b"two": b"another jpeg"}
FOUND = {b"one": b"points of it " * 40, b"two": b""}


@contextmanager
def opened(index: Path, method: bytes = b"sift") -> Iterator[FeatureFile]:
    with closing(FeatureFile(index, method)) as file:
        yield file


def remembered(index: Path) -> dict[bytes, bytes]:
    with opened(index) as file:
        return file.read(SMALL)


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """Of an index that is not there, beside which two photos are remembered."""
    with opened(tmp_path / "index.db") as file:
        file.add(SMALL, FOUND)
    return tmp_path / "index.db"


@given(st.dictionaries(st.binary(max_size=40), st.tuples(st.binary(), st.binary()), max_size=9))
def test_what_was_found_comes_back_in_another_run(
    tmp_path_factory: pytest.TempPathFactory, photos: dict[bytes, tuple[bytes, bytes]]
) -> None:
    index = tmp_path_factory.mktemp("index") / "index.db"
    small = {content: jpeg for content, (jpeg, _) in photos.items()}
    found = {content: its for content, (_, its) in photos.items()}
    with opened(index) as file:
        assert file.read(small) == {}
        file.add(small, found)
        assert file.read(small) == found
    with opened(index) as file:
        assert file.read(small) == found


def test_what_was_found_in_another_thumbnail_is_not_there(index: Path) -> None:
    with opened(index) as file:
        assert file.read({b"one": b"of another size", b"two": SMALL[b"two"]}) == {b"two": b""}


def test_what_was_found_in_another_way_is_not_there_and_gives_way(index: Path) -> None:
    with opened(index, b"another opencv") as file:
        assert file.read(SMALL) == {}
        file.add(SMALL, {b"one": b"anew"})
        assert file.read(SMALL) == {b"one": b"anew"}
    assert remembered(index) == {b"two": b""}


def test_nothing_is_written_for_who_found_nothing(tmp_path: Path) -> None:
    with opened(tmp_path / "index.db") as file:
        assert file.read(SMALL) == {}
        file.add({}, {})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.999])
@pytest.mark.parametrize("how", ["altered", "cut off"])
def test_a_damaged_file_costs_time_and_never_an_answer(index: Path, share: float, how: str) -> None:
    with opened(index) as file:
        file.add(
            {b"%d" % n: b"" for n in range(99)}, {b"%d" % n: b"%d" % n * 999 for n in range(99)}
        )
        path = file.path
    data = bytearray(path.read_bytes())
    place = int(share * len(data))
    if how == "altered":
        data[place : place + 64] = bytes(each ^ 0x55 for each in data[place : place + 64])
    else:
        del data[place:]
    path.write_bytes(data)
    assert remembered(index).items() <= FOUND.items()
    with opened(index) as file:
        file.add(SMALL, FOUND)
    with opened(index) as file:  # the first may have come across the damage
        file.add(SMALL, FOUND)
    assert remembered(index) == FOUND


def test_another_process_that_writes_is_not_waited_for_long(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features, "_PATIENCE", 0.0)
    with closing(sqlite3.connect(index.with_name("index.db.features"))) as other:
        other.execute("BEGIN EXCLUSIVE")
        with opened(index) as file:
            assert file.read(SMALL) == {}
            file.add({b"new": b""}, {b"new": b""})
            assert file.read(SMALL) == {}
            other.rollback()
            assert file.read(SMALL | {b"new": b""}) == FOUND


def test_a_folder_that_cannot_be_written_is_no_fault(tmp_path: Path) -> None:
    with opened(tmp_path / "not there" / "index.db") as file:
        file.add(SMALL, FOUND)
        assert file.read(SMALL) == {}


@pytest.mark.parametrize(
    ("total", "free", "writes"),
    [(1 << 20, 1 << 16, False), (4 << 40, 16 << 30, False), (4 << 40, 24 << 30, True)],
)
def test_the_last_tenth_of_a_disk_is_left_free_or_20_gb_of_a_large_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, total: int, free: int, writes: bool
) -> None:
    disk = SimpleNamespace(total=total, free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: disk)
    with opened(tmp_path / "index.db") as file:
        file.add(SMALL, FOUND)
    assert any(tmp_path.iterdir()) == writes


def test_in_a_full_file_what_was_found_first_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features, "MOST", 200_000)
    index = tmp_path / "index.db"
    small = {b"%d" % number: b"jpeg" for number in range(40)}
    for content in small:
        with opened(index) as file:
            file.add(small, {content: os.urandom(20_000)})
    with opened(index) as file:
        there = [int(content) for content in file.read(small)]
        assert there == list(range(there[0], 40))
        assert 5 < len(there) < 11
        assert file.path.stat().st_size < 250_000


def test_one_run_writes_no_more_than_the_file_may_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features, "MOST", 200_000)
    small = {b"%d" % number: b"jpeg" for number in range(40)}
    with opened(tmp_path / "index.db") as file:
        for content in small:
            file.add(small, {content: os.urandom(20_000)})
        there = [int(content) for content in file.read(small)]
    assert there == list(range(there[0], there[-1] + 1))
    assert there[-1] == 8  # the tenth did not fit


def test_a_writer_that_is_killed_leaves_what_was_there(index: Path) -> None:
    killed = (
        "import os, sys; from pathlib import Path; from dedupe.index import features\n"
        "class Rows(list):\n"
        "    def __iter__(self):\n"
        "        yield from list.__iter__(self)\n"
        "        os._exit(9)\n"
        "file = features.FeatureFile(Path(sys.argv[1]), b'sift')\n"
        "db = file._opened()\n"
        "db.execute('BEGIN IMMEDIATE')\n"
        "db.executemany('INSERT OR REPLACE INTO features (content, packed, seal)'\n"
        "    ' VALUES (?, ?, ?)', Rows([(b'one', os.urandom(1 << 20), b'')]))\n"
    )
    done = subprocess.run([sys.executable, "-c", killed, index], check=False)
    assert done.returncode == 9
    assert remembered(index) == FOUND


@pytest.mark.parametrize("how", ["forgotten", "gone for 90 days"])
def test_with_a_thumbnail_goes_what_was_found_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    index = tmp_path / "index.db"
    for number, name in enumerate(("camera/2019/DSC_0733.JPG", "camera/2018/DSC_0098.JPG")):
        (tmp_path / str(number)).mkdir()
        shutil.copy(SAMPLES / name, tmp_path / str(number) / "photo.jpg")
    library = scan(tmp_path, index=index)
    with Index(index) as store:
        small = store.thumbnails(photo.content for photo in library.photos)
    with opened(index) as file:
        file.add(small, {content: b"found" for content in small})
    if how == "forgotten":
        assert forget(tmp_path / "0", index=index) == 1
    else:
        monkeypatch.setattr(store_of_photos, "KEPT_S", 0)  # or 90 days later
        (tmp_path / "0" / "photo.jpg").unlink()
        scan(tmp_path, index=index)
    with opened(index) as file:
        left = [photo.content for photo in library.photos if photo.path.parent.name == "1"]
        assert list(file.read(small)) == left
