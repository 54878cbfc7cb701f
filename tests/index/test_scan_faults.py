"""What goes wrong during a scan costs what it must, is said, and leaves an index that goes on."""

import os
from collections.abc import Callable
from pathlib import Path
from threading import Event, Semaphore

import pytest
from quick import Quick
from trees import make_files, read_tree

from dedupe.errors import DedupeError, RootMissing
from dedupe.index import scan as scanning
from dedupe.index.aside import set_aside
from dedupe.index.ignored import Ignored, pairs_of, remember_ignored
from dedupe.index.library import Library
from dedupe.index.scan import ScanReport
from dedupe.index.store import Index
from dedupe.photos import workers
from dedupe.photos.decode import Reading
from dedupe.photos.photo import PhotoFile, Skip

Scan = Callable[..., ScanReport]
Read = Callable[..., Library]

CRASHING = """
import sys
sys.path[:] = {path!r}
import os, signal
from dedupe.photos import worker
read_photo = worker.read_photo
def crashing(file, *others, **options):
    if "crash" in file.path.name:
        os.kill(os.getpid(), signal.SIGABRT)
    return read_photo(file, *others, **options)
worker.read_photo = crashing
worker.main()
"""


def names(library: Library, tree: Path) -> list[str]:
    return [os.path.relpath(photo.path, tree) for photo in library.photos]


def test_a_photo_that_crashes_its_decoder_is_named_and_not_tried_again_until_it_changes(
    tree: Path, photos: list[bytes], scan: Scan, library: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_files(tree, {"a.jpg": photos[0], "crash.jpg": photos[1], "z.jpg": photos[2]})
    monkeypatch.setattr(workers, "_CHILD", CRASHING)
    report = scan(workers=1)
    assert (report.photos, report.encoded) == (2, 2)
    (skip,) = report.skips
    assert (skip.path, skip.problem) == (tree / "crash.jpg", True)
    assert skip.reason == "makes its decoder crash (SIGABRT)"
    assert names(library(), tree) == ["a.jpg", "z.jpg"]
    monkeypatch.setattr(workers, "Readers", None)  # nothing is read
    assert scan(workers=1).skips == report.skips


def test_a_drive_that_is_pulled_ends_the_scan_and_keeps_what_is_done(
    tree: Path, photos: list[bytes], scan: Scan, library: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    drive = tree / "drive"
    make_files(drive, {f"{number:02}.jpg": data for number, data in enumerate(photos)})
    monkeypatch.setattr(scanning, "BATCH", 2)
    monkeypatch.setattr(Quick, "batch", 2)
    monkeypatch.setattr(workers, "_AHEAD", 1)
    read_photo = workers.read_photo
    pulled = Event()
    read_before = Semaphore(0)

    def pulling(file: PhotoFile, *others: object, **options: object) -> Reading | Skip:
        if file.path.name < "06.jpg":
            try:
                return read_photo(file, *others, **options)  # type: ignore[arg-type]
            finally:
                read_before.release()
        # neither is another thread to be behind this one, nor ahead of it
        if file.path.name == "06.jpg":
            for _ in range(6):
                assert read_before.acquire(timeout=60)
            drive.rename(tree / "unplugged")
            pulled.set()
        assert pulled.wait(timeout=60)
        return read_photo(file, *others, **options)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(workers, "read_photo", pulling)
        with pytest.raises(RootMissing, match=r"drive went away .* of 12 new photos") as caught:
            scan(drive)
    assert "goes on from there" in caught.value.hint
    assert names(library(), drive) == [f"{number:02}.jpg" for number in range(6)]
    (tree / "unplugged").rename(drive)
    report = scan(drive)
    assert (report.photos, report.encoded, report.forgotten, report.skips) == (12, 6, 0, ())


def test_a_photo_that_vanishes_is_a_skip_and_no_pulled_drive(
    tree: Path, photos: list[bytes], scan: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_files(tree, {"a.jpg": photos[0], "b.jpg": photos[1]})
    read_photo = workers.read_photo

    def vanishing(file: PhotoFile, *others: object, **options: object) -> Reading | Skip:
        if file.path.name == "a.jpg":
            file.path.unlink()
        return read_photo(file, *others, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(workers, "read_photo", vanishing)
    report = scan()
    assert report.photos == 1
    assert [skip.reason for skip in report.skips] == ["cannot be read: No such file or directory"]


def test_a_scan_that_was_stopped_at_once_still_knows_its_folder(
    tree: Path, photos: list[bytes], scan: Scan, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_files(tree, {"a.jpg": photos[0]})

    def stopping(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(workers, "read_photo", stopping)
    with pytest.raises(DedupeError, match="stopped: 0 of 1 new photos"):
        scan()
    with Index(index) as store:
        assert store.roots() == (tree,)


@pytest.mark.parametrize("part", ["index", "vectors"])
def test_a_damaged_index_is_set_aside_and_made_anew(
    tree: Path, photos: list[bytes], scan: Scan, library: Read, index: Path, part: str
) -> None:
    make_files(tree, {f"{number}.jpg": data for number, data in enumerate(photos)})
    assert scan().set_aside is None
    before = library()
    told = Ignored(frozenset(pairs_of([photo.content for photo in before.photos[:2]])))
    with Index(index, lock=True) as store:
        remember_ignored(store, told)
    damaged = index if part == "index" else next(index.parent.glob("*.vectors"))
    data = bytearray(damaged.read_bytes())
    at = data.find(b"/7.jpg") if part == "index" else len(data) // 2
    data[at : at + 6] = bytes(byte ^ 1 for byte in data[at : at + 6])
    damaged.write_bytes(data)
    seen = read_tree(tree)
    with pytest.raises(DedupeError, match="index"):
        library()
    report = scan()
    after = library()
    assert (report.encoded, report.photos) == (12, 12)
    assert report.set_aside is not None
    assert report.set_aside.parent == index.parent
    assert report.set_aside.exists()
    assert after.photos == before.photos
    assert after.vectors.tobytes() == before.vectors.tobytes()
    assert (report.decisions, after.ignored) == (1, told)
    assert read_tree(tree) == seen


def test_decisions_are_carried_over_by_the_scan_after_the_one_that_was_killed(
    tree: Path, photos: list[bytes], scan: Scan, library: Read, index: Path
) -> None:
    make_files(tree, {"a.jpg": photos[0], "b.jpg": photos[1]})
    scan()
    told = Ignored(frozenset(pairs_of([photo.content for photo in library().photos])))
    with Index(index, lock=True) as store:
        remember_ignored(store, told)
    set_aside(index)  # and here it was killed
    assert scan().decisions == 1
    assert library().ignored == told
    assert scan().decisions == 0
