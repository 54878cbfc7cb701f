import contextlib
import os
import signal
import sqlite3
import time
from pathlib import Path
from subprocess import PIPE, TimeoutExpired

import numpy as np
import pytest
from cli.running import Run, dedupe, process
from PIL import Image

from dedupe.cli.progress import RichProgress

# small batches, so that a scan can be stopped early and still has much to do
BATCH = 8
COUNT = 40 * BATCH

# Seconds after which nobody believes that a scan will end: with six others beside it, it took 30.
HUNG = 600


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Small photos, all different."""
    folder = tmp_path / "many"
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (COUNT, 8, 8, 3), np.uint8)
    for number, each in enumerate(pixels):
        Image.fromarray(each).save(folder / f"{number:03d}.png")
    return folder


def remembered(index: Path) -> int:
    with (
        contextlib.suppress(sqlite3.OperationalError),
        contextlib.closing(sqlite3.connect(f"file:{index}?mode=ro", uri=True)) as store,
    ):
        return int(store.execute("SELECT count(*) FROM files").fetchone()[0])
    return 0


def assert_stopped_and_resumable(run: Run, index: Path, code: int) -> None:
    done = remembered(index)
    assert done
    assert done < COUNT
    assert run.code == code
    assert run.err == (
        f"error: stopped: {done} of {COUNT} new photos were encoded and are remembered\n"
        "run the same command again to go on from here\n"
    )
    again = dedupe("scan", "many")
    assert again.code == 0
    assert again.out.startswith(f"{COUNT} photos: {COUNT - done} encoded, {done} unchanged\n")


def test_a_scan_that_ctrl_c_stops_keeps_what_is_done_and_goes_on_from_there(
    many: Path, index: Path
) -> None:
    small = f"from dedupe.index import scan; scan.BATCH = {BATCH}"
    with process("scan", "many", "--device", "cpu", before=small, stdout=PIPE, stderr=PIPE) as scan:
        while not remembered(index) and scan.poll() is None:
            time.sleep(0.01)
        scan.send_signal(signal.SIGINT)
        try:
            out, err = scan.communicate(timeout=HUNG)
        except TimeoutExpired:
            scan.kill()
            raise
    assert out == b""
    assert_stopped_and_resumable(Run(scan.returncode, out, err.decode()), index, code=130)


def test_a_scan_that_the_system_ends_says_so_with_exit_code_143(
    many: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    advance = RichProgress.advance

    def killed(progress: RichProgress, count: int = 1) -> None:
        advance(progress, count)
        if remembered(index):
            os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(RichProgress, "advance", killed)
        patch.setattr("dedupe.index.scan.BATCH", BATCH)
        run = dedupe("scan", many)
    assert_stopped_and_resumable(run, index, code=143)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_action_that_is_stopped_finishes_its_file_and_can_be_taken_back(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: int
) -> None:
    before = {path: path.read_bytes() for path in photos.rglob("*") if path.is_file()}
    advance = RichProgress.advance

    def stopped(progress: RichProgress, count: int = 1) -> None:
        advance(progress, count)
        if len(list(tmp_path.glob("out/*/*"))) == 5:  # three of them moved, two links
            os.kill(os.getpid(), number)

    with monkeypatch.context() as patch:
        patch.setattr(RichProgress, "advance", stopped)
        run = dedupe("group", "--move", "--into", "out", "--yes")
    assert run.code == code
    assert "undo" in run.err
    assert "Traceback" not in run.err
    assert len(list(tmp_path.glob("out/*/*"))) == 5
    assert dedupe("undo").out.startswith("action 1 taken back: 3 photos moved back")
    assert {path: path.read_bytes() for path in photos.rglob("*") if path.is_file()} == before
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("module", ["dedupe.cli.group", "dedupe.photos.exclude"])
def test_ctrl_c_before_anything_has_begun_is_no_traceback(unscanned: Path, module: str) -> None:
    press = f"""
import os, signal, sys
class Press:
    def find_spec(self, name, *_):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Press())
"""
    with process("scan", unscanned, before=press, stdout=PIPE, stderr=PIPE) as scan:
        _, err = scan.communicate(timeout=HUNG)
    assert scan.returncode == 130
    assert b"Traceback" not in err
