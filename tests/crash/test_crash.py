"""A kill or an error at every change that an action or its undo makes (see driver.py)."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks, and names Linux errors")


@pytest.fixture
def folder() -> Iterator[Path]:
    """In memory where that is possible: thousands of fsyncs are not what is tested."""
    memory = Path("/dev/shm")
    base = memory if memory.is_dir() and os.access(memory, os.W_OK) else None
    place = Path(tempfile.mkdtemp(prefix="dedupe-crash-", dir=base))
    yield place / "case"
    shutil.rmtree(place)


def driven(folder: Path, action: str, filesystem: str, stride: int = 4) -> dict[str, Any]:
    driver = Path(__file__).with_name("driver.py")
    command = [sys.executable, driver, folder, action, filesystem, str(stride)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("action", "filesystem", "stride", "kills", "set_aside"),
    [
        ("move", "native", 4, 80, 0),
        ("move", "link", 12, 100, 16),
        ("move", "reserve", 12, 100, 0),
        ("move", "xdev", 8, 200, 16),
        ("copy", "native", 8, 100, 8),
        ("symlink", "native", 4, 60, 8),
        ("relink", "native", 4, 80, 8),
        ("saved", "native", 12, 80, 0),
        ("linked", "native", 12, 120, 0),
        ("linked", "link", 12, 120, 24),
        ("astray", "native", 12, 80, 0),
        ("along", "native", 12, 110, 0),
        ("along", "xdev", 16, 350, 16),
    ],
)
def test_a_kill_or_error_at_any_change_loses_nothing_and_undo_restores_the_tree(
    folder: Path, action: str, filesystem: str, stride: int, kills: int, set_aside: int
) -> None:
    result = driven(folder, action, filesystem, stride)
    assert result["found"] == []
    # what is removed has another name for a moment: kills must have struck then as well
    assert result["points"].pop("set aside", 0) >= set_aside
    struck = sum(
        count for what, count in result["points"].items() if "before" in what or "after" in what
    )
    assert struck >= kills


def test_the_same_kills_break_shutil_move_so_they_would_show_a_fault(folder: Path) -> None:
    found = driven(folder, "naive", "xdev")["found"]
    assert any("PARTIAL" in what for what in found)
