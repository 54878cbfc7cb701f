"""One scan at a time, and the second says who is first."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from dedupe.errors import IndexProblem
from dedupe.index.lock import WriteLock
from dedupe.index.store import Index

HERE = Path(__file__).resolve().parent
HOLD = """
import sys, time
from pathlib import Path
from dedupe.index.store import Index
with Index(Path(sys.argv[1]), create=True, lock=True):
    print("held", flush=True)
    time.sleep(60)
"""


@contextmanager
def held_by_another(index: Path) -> Iterator["subprocess.Popen[bytes]"]:
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1])}
    command = [sys.executable, "-c", HOLD, os.fspath(index)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"held\n"
            yield process
        finally:
            process.kill()


def test_a_second_scan_says_who_holds_the_lock_as_often_as_it_is_tried(index: Path) -> None:
    with held_by_another(index) as process:
        for _ in range(3):
            with pytest.raises(IndexProblem) as caught:
                Index(index, create=True, lock=True)
            assert f"another scan (process {process.pid}, started " in str(caught.value)
            assert f", on {socket.gethostname()}) is writing to {index}" in str(caught.value)
            assert "--index" in caught.value.hint
        with Index(index) as store:  # reading needs no lock
            assert store.roots() == ()


def test_a_lock_is_free_after_kill_9(index: Path) -> None:
    with held_by_another(index) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        with Index(index, lock=True) as store:
            assert store.roots() == ()


def test_a_lock_is_free_after_the_scan(index: Path) -> None:
    for _ in range(2):
        with Index(index, create=True, lock=True):
            pass
    assert Path(f"{index}.lock").read_bytes() == b""


def test_two_in_one_process_exclude_each_other(index: Path) -> None:
    with (
        Index(index, create=True, lock=True),
        pytest.raises(IndexProblem, match=rf"another scan \(process {os.getpid()}, started "),
    ):
        Index(index, lock=True)


def words_in_the_lock(index: Path, words: bytes) -> str:
    lock = WriteLock(index)
    lock.acquire()
    try:
        Path(f"{index}.lock").write_bytes(words)
        with pytest.raises(IndexProblem) as caught:
            WriteLock(index).acquire()
        return str(caught.value)
    finally:
        lock.release()


@pytest.mark.parametrize(
    "words", [b"", b"\xff\xfe", b"1 2", b"x 2026-01-01T10:00 nas", b"7 yesterday nas", b"9" * 9999]
)
def test_words_that_say_nothing_name_nobody(tmp_path: Path, words: bytes) -> None:
    index = tmp_path / "index.db"
    assert words_in_the_lock(index, words) == f"another scan is writing to {index}"


def test_a_process_of_this_machine_that_is_gone_is_not_named(tmp_path: Path) -> None:
    index = tmp_path / "index.db"
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    words = f"{gone.pid} {datetime.now():%Y-%m-%dT%H:%M} {socket.gethostname()}\n".encode()
    assert words_in_the_lock(index, words) == f"another scan is writing to {index}"


def test_a_scan_of_another_machine_is_named_with_its_day(tmp_path: Path) -> None:
    index = tmp_path / "index.db"
    start = datetime.now().replace(hour=20, minute=14) - timedelta(days=3)
    words = f"4711 {start:%Y-%m-%dT%H:%M} the\x1bnas\n".encode()
    said = words_in_the_lock(index, words)
    assert f"(process 4711, started {start:%Y-%m-%d} 20:14, on the\\x1bnas)" in said


def test_a_link_in_the_place_of_the_lock_is_not_followed(tmp_path: Path) -> None:
    index, precious = tmp_path / "index.db", tmp_path / "precious.txt"
    precious.write_text("do not lose this")
    Path(f"{index}.lock").symlink_to(precious)
    with pytest.raises(IndexProblem, match="cannot be locked"):
        Index(index, create=True, lock=True)
    assert precious.read_text() == "do not lose this"


def test_one_who_waits_gets_the_lock_when_it_is_free(tmp_path: Path) -> None:
    index = tmp_path / "index.db"
    with held_by_another(index) as process:
        process.kill()
        lock = WriteLock(index)
        lock.acquire(wait=30)
        lock.release()
        lock.release()


def test_one_who_waits_in_vain_is_told_so_in_time(tmp_path: Path) -> None:
    index = tmp_path / "index.db"
    first = WriteLock(index)
    first.acquire()
    begin = time.monotonic()
    with pytest.raises(IndexProblem, match="another scan"):
        WriteLock(index).acquire(wait=0.2)
    assert time.monotonic() - begin >= 0.2
    first.release()
