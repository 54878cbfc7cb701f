"""A kill or an error at every change that trashes or replaces a photo, or takes that back."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dedupe.organize.freeing import FREEING

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks, and names Linux errors")


@pytest.fixture
def folder() -> Iterator[Path]:
    """In memory where that is possible: thousands of fsyncs are not what is tested."""
    memory = Path("/dev/shm")
    base = memory if memory.is_dir() and os.access(memory, os.W_OK) else None
    place = Path(tempfile.mkdtemp(prefix="dedupe-freeing-", dir=base))
    yield place / "case"
    shutil.rmtree(place)


@pytest.mark.parametrize("filesystem", ["native", "link"])
@pytest.mark.parametrize("action", FREEING)
def test_a_kill_or_error_at_any_change_leaves_every_photo_whole_and_undo_restores_the_tree(
    folder: Path, action: str, filesystem: str
) -> None:
    driver = Path(__file__).with_name("freeing_driver.py")
    command = [sys.executable, driver, folder, action, filesystem, "12"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr.decode()
    result = json.loads(done.stdout)
    assert result["found"] == []
    struck = sum(
        count for what, count in result["points"].items() if "before" in what or "after" in what
    )
    assert struck >= 120
