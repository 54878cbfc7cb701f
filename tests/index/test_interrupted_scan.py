"""A scan that is stopped or killed keeps what is done, and the next one ends as if it never was."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from quick import Quick
from trees import make_files, read_tree

from dedupe.errors import IndexProblem, Interrupted
from dedupe.index import scan as scanning
from dedupe.index.library import Library, open_library
from dedupe.index.scan import ScanReport
from dedupe.index.store import Index
from dedupe.photos import workers
from dedupe.photos.decode import Reading
from dedupe.photos.photo import Photo, PhotoFile, Skip

HERE = Path(__file__).resolve().parent
Scan = Callable[..., ScanReport]


def known(library: Library) -> tuple[object, ...]:
    return library.photos, library.vectors.tobytes(), library.skips


@pytest.fixture
def full(tree: Path, photos: list[bytes], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree of 14 files, of which 10 photos are different; scanned two by two."""
    files = {f"{number}.jpg": data for number, data in enumerate(photos[:10], start=10)}
    make_files(
        tree, {**files, "12b.jpg": photos[0], "15b.jpg": b"?", "x/1.jpg": photos[3], "x.txt": b""}
    )
    monkeypatch.setattr(scanning, "BATCH", 2)
    monkeypatch.setattr(Quick, "batch", 2)
    return tree


@pytest.fixture
def unbroken(full: Path, tmp_path: Path, loads: list[Quick]) -> tuple[object, ...]:
    """What a scan that nobody stops remembers of the tree."""
    scanning.update_index([full], index=tmp_path / "unbroken.db", workers=0)
    return known(open_library(index=tmp_path / "unbroken.db"))


def stop_at(name: str, stop: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    read_photo = workers.read_photo

    def stopping(file: PhotoFile, *others: object, **options: object) -> Reading | Skip:
        if file.path.name == name:
            raise stop
        return read_photo(file, *others, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(workers, "read_photo", stopping)


@pytest.mark.parametrize(
    ("name", "kept"), [("10.jpg", 0), ("11.jpg", 0), ("16.jpg", 6), ("1.jpg", 10)]
)
def test_a_stopped_scan_keeps_its_finished_batches_and_the_next_goes_on(
    full: Path,
    index: Path,
    scan: Scan,
    unbroken: tuple[object, ...],
    loads: list[Quick],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    kept: int,
) -> None:
    loads.clear()
    with monkeypatch.context() as patch:
        stop_at(name, KeyboardInterrupt(), patch)
        with pytest.raises(Interrupted, match=r"stopped: \d+ of 14 new photos") as caught:
            scan()
    assert caught.value.exit_code == 130
    assert caught.value.hint == "run the same command again to go on from here"
    if kept:
        assert len(open_library(index=index).photos) >= kept
    scan()
    assert sum(each.encoded for each in loads) == 10  # nothing twice
    assert known(open_library(index=index)) == unbroken


def test_a_scan_stopped_by_the_system_says_so(
    full: Path, scan: Scan, loads: list[Quick], monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_at("12.jpg", KeyboardInterrupt(signal.SIGTERM), monkeypatch)
    with pytest.raises(Interrupted) as caught:
        scan()
    assert caught.value.exit_code == 143


def test_a_scan_stopped_while_it_encodes_leaves_no_thread_decoding(
    full: Path,
    index: Path,
    scan: Scan,
    unbroken: tuple[object, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    encode = Quick.encode

    def stopping(
        self: Quick, batch: npt.NDArray[np.uint8], *, spare_cores: int = 0
    ) -> npt.NDArray[np.float32]:
        if self.encoded >= 4:
            raise KeyboardInterrupt
        return encode(self, batch)

    with monkeypatch.context() as patch:
        patch.setattr(Quick, "encode", stopping)
        with pytest.raises(Interrupted) as caught:
            scan(workers=2)
        # while the error, and all its frames, is still there
        assert [each.name for each in threading.enumerate() if each.name.startswith("read")] == []
    assert caught.value.exit_code == 130
    scan()
    assert known(open_library(index=index)) == unbroken


def test_a_scan_stopped_by_its_progress_leaves_no_thread_decoding(
    full: Path, scan: Scan, loads: list[Quick]
) -> None:
    class Stopping:
        encoding = False

        def start(self, what: str, total: int) -> None:
            self.encoding = "Encoding" in what

        def advance(self, count: int = 1) -> None:
            if self.encoding:
                raise KeyboardInterrupt

    with pytest.raises(Interrupted) as caught:
        scan(workers=2, progress=Stopping())
    assert [each.name for each in threading.enumerate() if each.name.startswith("read")] == []
    assert caught.value.exit_code == 130


def test_a_batch_is_remembered_whole_or_not_at_all(
    full: Path, index: Path, scan: Scan, loads: list[Quick], monkeypatch: pytest.MonkeyPatch
) -> None:
    remember = scanning.Index.remember_files
    whole: list[Path] = []

    def failing(self: Index, photos: list[Photo]) -> None:
        remember(self, photos[:1])
        if len(whole) > 5:
            raise KeyboardInterrupt
        remember(self, photos[1:])
        whole.extend(photo.path for photo in photos)

    monkeypatch.setattr(scanning.Index, "remember_files", failing)
    with pytest.raises(Interrupted):
        scan()
    assert [photo.path for photo in open_library(index=index).photos] == sorted(whole)


@pytest.mark.parametrize("batches", [1, 3, 5])
def test_a_killed_scan_leaves_an_index_that_opens_and_is_completed(
    full: Path, index: Path, scan: Scan, unbroken: tuple[object, ...], batches: int
) -> None:
    before = read_tree(full)
    command = [sys.executable, HERE / "slow_scan.py", full, index]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parents[1])])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as running:
        assert running.stdout is not None
        for _ in range(1 + batches):  # one word for the folder
            assert running.stdout.readline() == b".\n"
        running.kill()
    assert running.returncode == -signal.SIGKILL
    # a batch is told before it is written, and one holds a photo that is unreadable
    with suppress(IndexProblem):
        assert len(open_library(index=index).photos) >= 2 * (batches - 1) - 2
    report = scan()
    assert report.photos == 12
    assert report.encoded < 10 or batches == 1
    assert known(open_library(index=index)) == unbroken
    assert read_tree(full) == before
