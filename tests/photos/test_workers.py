"""Reading ahead in processes: what breaks one of them costs one photo."""

import os
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from dedupe.errors import DedupeError
from dedupe.photos import workers as reading
from dedupe.photos.decode import Reading, Wants
from dedupe.photos.photo import PhotoFile, Skip
from dedupe.photos.read import photo_file, read_photo
from dedupe.photos.workers import Readers

WANTS = Wants(resize=32, crop=28, interpolation="bilinear", full_decode=False)

# a worker whose decoder goes wrong on files of these names
FAULTY = """
import sys
sys.path[:] = {path!r}
import ctypes, os, signal, time
from dedupe.photos import worker
read_photo = worker.read_photo
def faulty(file, wants, known, **others):
    name = file.path.name
    if "crash" in name:
        os.kill(os.getpid(), signal.SIGSEGV)
    if "killed" in name:
        os.kill(os.getpid(), signal.SIGKILL)
    if "once" in name and not os.path.exists(str(file.path) + ".tried"):
        open(str(file.path) + ".tried", "x").close()
        os.kill(os.getpid(), signal.SIGKILL)
    if "busy" in name:
        while True:
            pass
    if "asleep" in name:
        b"" in known
        time.sleep(1000)
    if "hungry" in name:
        try:
            worker.hoard = bytearray(worker.MEMORY)
        except MemoryError:
            from dedupe.photos.photo import Skip
            return Skip(file.path, "needs more memory than it may have to be decoded", True)
    if "chatty" in name:
        print("a decoder talks", flush=True)
        os.write(1, b"to whom it may concern")
    return read_photo(file, wants, known, **others)
worker.read_photo = faulty
worker.COMPUTE_SECONDS = 1
worker.main()
"""


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_CHILD", FAULTY)


def make_photos(folder: Path, *names: str) -> list[PhotoFile]:
    files = []
    for number, name in enumerate(names):
        path = folder / name
        Image.new("RGB", (64, 48), (number * 7 % 256, 90, 160)).save(path, "JPEG")
        files.append(photo_file(path))
    return files


def read(files: Sequence[PhotoFile], *, workers: int = 1) -> list[Reading | Skip]:
    with Readers(WANTS, workers=workers, thumbnails=True) as readers:
        return list(readers.read(files))


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_processes_and_threads_give_what_reading_one_by_one_gives(
    tmp_path: Path, workers: int
) -> None:
    files = make_photos(tmp_path, *(f"{number}.jpg" for number in range(20)))
    (tmp_path / "a text.jpg").write_text("no photo")
    files.append(photo_file(tmp_path / "a text.jpg"))
    assert read(files, workers=workers) == [read_photo(file, WANTS) for file in files]


def test_cores_are_spare_once_fewer_photos_are_unread_than_there_are_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "cores", lambda: 4)
    go_on = threading.Semaphore(0)
    real = reading.read_photo

    def slow(*args: object, **options: object) -> Reading | Skip:
        go_on.acquire()
        return real(*args, **options)

    monkeypatch.setattr(reading, "read_photo", slow)
    files = make_photos(tmp_path, *(f"{number}.jpg" for number in range(5)))
    with Readers(WANTS, workers=0, thumbnails=False) as readers:
        assert readers.spare_cores() == 4
        answers = readers.read(files)
        assert readers.spare_cores() == 0
        go_on.release(5)
        assert isinstance(next(answers), Reading)
        assert len(list(answers)) == 4
        assert readers.spare_cores() == 4


@pytest.mark.usefixtures("faulty")
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize(
    ("name", "reason", "passing"),
    [
        ("crash.jpg", "makes its decoder crash (SIGSEGV)", False),
        ("killed.jpg", "the system ended its decoder, perhaps for want of memory", True),
        ("busy.jpg", "keeps its decoder busy for more than 60 s", False),
    ],
)
def test_a_decoder_that_goes_wrong_costs_one_photo(
    tmp_path: Path, name: str, reason: str, passing: bool
) -> None:
    files = make_photos(tmp_path, "1.jpg", name, "2.jpg", "3.jpg")
    first, bad, *others = read(files)
    assert isinstance(bad, Skip)
    assert reason in bad.reason
    assert (bad.path, bad.problem, bad.passing) == (files[1].path, True, passing)
    assert all(isinstance(each, Reading) for each in [first, *others])


@pytest.mark.usefixtures("faulty")
def test_a_decoder_that_waits_for_ever_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "CLOCK_SECONDS", 0.5)
    bad, good = read(make_photos(tmp_path, "asleep.jpg", "good.jpg"))
    assert isinstance(bad, Skip)
    assert "was stopped" in bad.reason
    assert isinstance(good, Reading)


@pytest.mark.usefixtures("faulty")
def test_a_photo_whose_process_was_killed_gets_a_second_chance(tmp_path: Path) -> None:
    (answer,) = read(make_photos(tmp_path, "once.jpg"))
    assert isinstance(answer, Reading)
    assert (tmp_path / "once.jpg.tried").exists()


@pytest.mark.usefixtures("faulty")
@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux only")
def test_a_decoder_that_eats_memory_costs_one_photo(tmp_path: Path) -> None:
    bad, good = read(make_photos(tmp_path, "hungry.jpg", "good.jpg"))
    assert isinstance(bad, Skip)
    assert "memory" in bad.reason
    assert isinstance(good, Reading)


@pytest.mark.usefixtures("faulty")
def test_what_a_decoder_prints_disturbs_nobody(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (answer,) = read(make_photos(tmp_path, "chatty.jpg"))
    assert isinstance(answer, Reading)
    assert capfd.readouterr() == ("", "")


def test_a_known_content_is_hashed_and_not_decoded(tmp_path: Path) -> None:
    files = make_photos(tmp_path, "1.jpg", "2.jpg")
    one = read_photo(files[0], WANTS)
    assert isinstance(one, Reading)
    with Readers(WANTS, workers=1, thumbnails=True) as readers:
        known, new = readers.read(files, {one.photo.content})
    assert isinstance(known, Reading)
    assert (known.pixels, known.photo.content) == (None, one.photo.content)
    assert isinstance(new, Reading)
    assert new.pixels is not None


def test_no_thumbnail_is_made_where_none_is_wanted(tmp_path: Path) -> None:
    with Readers(WANTS, workers=1, thumbnails=False) as readers:
        (answer,) = readers.read(make_photos(tmp_path, "1.jpg"))
    assert isinstance(answer, Reading)
    assert answer.thumbnail is None
    assert len(answer.grey) == 64 * 64


def test_very_large_pictures_are_unfolded_one_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_is_large = reading._CHILD.replace(
        "from dedupe.photos.worker import main",
        "from dedupe.photos import decode; decode._LARGE_PIXELS = 10\n"
        "from dedupe.photos.worker import main",
    )
    monkeypatch.setattr(reading, "_CHILD", small_is_large)
    files = make_photos(tmp_path, *(f"{number}.jpg" for number in range(9)))
    with Readers(WANTS, workers=3, thumbnails=False) as readers:
        held: list[bool] = []
        lock = readers._alone
        acquire = lock.acquire

        class Watched:
            def acquire(self) -> bool:
                taken = acquire()
                held.append(lock.locked())
                return taken

            def release(self) -> None:
                lock.release()

        for each in readers._workers:
            each._alone = Watched()  # type: ignore[assignment]
        assert all(isinstance(each, Reading) for each in readers.read(files))
    assert held == [True] * 9
    assert not lock.locked()


def children() -> set[int]:
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid() and fields[0] != "Z":
            found.add(int(path.parent.name))
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_process_is_left_when_the_reading_is_called_off(tmp_path: Path) -> None:
    before = children()
    files = make_photos(tmp_path, *(f"{number}.jpg" for number in range(50)))
    with Readers(WANTS, workers=2, thumbnails=True) as readers:
        next(readers.read(files))
        assert len(children() - before) == 2
    assert children() - before == set()


@pytest.mark.usefixtures("faulty")
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_hung_decoder_does_not_keep_the_end_waiting(tmp_path: Path) -> None:
    started = time.monotonic()
    with Readers(WANTS, workers=1, thumbnails=True) as readers:
        readers.read(make_photos(tmp_path, "asleep.jpg"))
        time.sleep(0.5)
    assert time.monotonic() - started < 60  # it would sleep for 1,000


def test_a_process_that_cannot_start_is_an_error_and_no_photo_s_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_CHILD", "import sys; sys.exit(7)  # {path}")
    with pytest.raises(DedupeError, match="cannot be started: it ended with 7") as caught:
        read(make_photos(tmp_path, "1.jpg"))
    assert "--workers 0" in caught.value.hint


@pytest.mark.skipif(sys.platform == "win32", reason="no process groups")
def test_ctrl_c_in_the_terminal_does_not_reach_the_workers(tmp_path: Path) -> None:
    with Readers(WANTS, workers=1, thumbnails=True) as readers:
        next(readers.read(make_photos(tmp_path, "1.jpg")))
        process = readers._workers[0]._process
        assert process is not None
        assert os.getpgid(process.pid) != os.getpgid(0)
