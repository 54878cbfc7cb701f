"""An index of an older dedupe goes on being of use, and a copy of it is kept."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from old_index import DIM, content, make_old_index, vector
from remembered import copy_of

from dedupe.errors import IndexDamaged, IndexProblem
from dedupe.index import opened, schema
from dedupe.index.library import open_library
from dedupe.index.lock import WriteLock
from dedupe.index.store import Index
from dedupe.photos.photo import Skip

HERE = Path(__file__).resolve().parent


def version_of(index: Path) -> int:
    with closing(sqlite3.connect(index)) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


def dump(index: Path) -> list[str]:
    with closing(sqlite3.connect(index)) as db:
        return list(db.iterdump())


def check(index: Path, photos: int) -> None:
    """All that the old index knew is known."""
    assert version_of(index) in (1, schema.VERSION)
    with Index(index) as store:
        for name, number in (("red", 1), ("blue", 2)):
            row = store.last_encoder(name)
            assert (row.id, row.fingerprint, row.dim) == (number, f"{name}-1", DIM)
            found, vectors, *_ = store.photos(row, [])
            wanted = [n for n in range(1, photos + 1) if number == 1 or n % 3]
            assert {each.content for each in found} == {content(n) for n in wanted}
            assert len(found) == len(wanted) + sum(n % 10 == 0 for n in wanted)
            assert [os.fsencode(each.path) for each in found] == sorted(
                os.fsencode(each.path) for each in found
            )
            for photo, made in zip(found, vectors, strict=True):
                assert np.array_equal(made, vector(photo.height, number))
                assert photo.content == content(photo.height)
                odd = datetime(2019, 7, 14, 10, 15, 12, 730_000) if photo.height % 2 else None
                assert photo.taken == odd
                assert photo.file.device == (1 << 64) - 1
                assert photo.file.inode == (1 << 63) + photo.height
                assert (photo.pixel_hash, photo.jpeg_quality, photo.orientation) == (b"", None, 1)
            assert store.known_contents(row) == {content(n) for n in wanted}
        assert store.last_encoder().name == "red"
        with pytest.raises(IndexProblem, match="green"):
            store.last_encoder("green")
        assert store.roots() == (Path("/photos"),)
        assert store.skips([]) == (Skip(Path("/photos/a"), "is a vidéo", False),)
        assert store.known_skips([]) == {}


@pytest.mark.parametrize("lock", [True, False])
def test_an_old_index_is_brought_up_to_date_and_keeps_all_it_knew(index: Path, lock: bool) -> None:
    make_old_index(index, 1100)  # more than one segment
    with Index(index, create=lock, lock=lock):
        pass
    assert version_of(index) == schema.VERSION
    check(index, 1100)
    with Index(index, create=True, lock=lock) as store:  # not held
        row = store.encoder("red", "red-1", DIM)
        assert row.id == 1
        assert len(store.files(row, [Path("/photos")])[0]) == 1100 + 110
        assert len(store.segments(row)) == 2


def test_groups_can_be_found_before_the_next_scan(index: Path) -> None:
    make_old_index(index, 30)
    library = open_library(index=index)
    assert len(library.photos) == 30
    assert sum(len(photo.hard_links) for photo in library.photos) == 3  # of one inode
    assert library.vectors.shape == (30, DIM)


def test_the_old_index_is_kept_as_a_copy(index: Path) -> None:
    make_old_index(index, 30)
    before = dump(index)
    with Index(index):
        pass
    copy = index.with_name("index.v1.db")
    assert version_of(copy) == 1
    assert dump(copy) == before
    assert not list(index.parent.glob("*.part*"))
    check(index, 30)
    check(copy, 30)  # itself an index that can be used


def test_a_copy_that_is_there_is_not_overwritten(index: Path) -> None:
    make_old_index(index, 3)
    index.with_name("index.v1.db").write_bytes(b"precious")
    index.with_name("index.v1-2.db").symlink_to("nowhere")
    with Index(index):
        pass
    assert index.with_name("index.v1.db").read_bytes() == b"precious"
    assert version_of(index.with_name("index.v1-3.db")) == 1


def test_the_file_gives_back_the_room_of_the_vectors(index: Path) -> None:
    make_old_index(index, 1500)
    with Index(index):
        pass
    assert version_of(index) == schema.VERSION
    with closing(sqlite3.connect(index)) as db:
        assert db.execute("PRAGMA freelist_count").fetchone() == (0,)
        assert db.execute("PRAGMA page_size").fetchone() == (16384,)
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_an_old_index_in_use_is_left_alone_until_it_is_free(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened, "_MIGRATING_S", 0.1)
    make_old_index(index, 3)
    lock = WriteLock(index)
    lock.acquire()
    with pytest.raises(IndexProblem, match="another scan"):
        Index(index)
    assert version_of(index) == 1
    lock.release()
    check(index, 3)


def test_a_copy_that_cannot_be_written_leaves_the_old_index(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_old_index(index, 3)
    before = dump(index)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(
            IndexProblem, match=r"copy .* cannot be written: No space left"
        ) as caught:
            Index(index)
    assert "the index is as it was" in caught.value.hint
    assert dump(index) == before
    assert [path.name for path in index.parent.glob("*v1*")] == []
    check(index, 3)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE vectors SET vector = x'0102' WHERE photo = 2",
        "UPDATE photos SET width = 'wide' WHERE id = 2",
        "UPDATE files SET size = x'00' WHERE photo = 2",
        "DROP TABLE skips",
    ],
)
def test_an_old_index_that_is_damaged_is_refused_and_left_as_it_is(
    index: Path, change: str
) -> None:
    make_old_index(index, 3)
    with closing(sqlite3.connect(index, isolation_level=None)) as db:
        db.execute(change)
    before = dump(index)
    with pytest.raises(IndexDamaged):
        Index(index)
    assert dump(index) == before


def test_a_migration_killed_at_any_time_leaves_an_index_that_works(
    index: Path, tmp_path: Path
) -> None:
    make_old_index(index, 400)
    rng = random.Random(3)
    command = (
        "import sys; from pathlib import Path; from dedupe.index import store, migrate, vectors\n"
        "import numpy, sqlite3\n"
        "print('ready', flush=True); store.Index(Path(sys.argv[1])).__exit__(None, None, None)\n"
        "print('done', flush=True)"
    )
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1])}

    def run(index: Path, limit: float | None = None) -> float:
        """Seconds from when all is imported; killed when there are no more."""
        command_line = [sys.executable, "-c", command, os.fspath(index)]
        with subprocess.Popen(command_line, stdout=subprocess.PIPE, env=environment) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            begin = time.monotonic()
            if limit is None:
                assert process.stdout.readline() == b"done\n"
            else:
                time.sleep(limit)
                process.send_signal(signal.SIGKILL)
            return time.monotonic() - begin

    whole = run(copy_of(index, tmp_path / "whole"))
    versions = []
    for number in range(10):
        copy = copy_of(index, tmp_path / f"{number}")
        run(copy, rng.uniform(0, whole))
        versions.append(version_of(copy_of(copy, tmp_path / "look")))
        check(copy, 400)
        assert version_of(copy) == schema.VERSION
    assert 1 in versions
