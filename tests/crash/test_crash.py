"""A part of `make crash`: the strikes at every change that an action or its undo makes."""

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
from cases import CASES, PLANNERS
from strikes import DRIVES, FAULTS

from dedupe.organize.plans.actions import ACTIONS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks, and names Linux errors")
HERE = Path(__file__).parent
KILLS = [name for name, fault in FAULTS.items() if fault.kills]
OTHERS = [name for name in FAULTS if name not in KILLS]


@pytest.fixture
def folder() -> Iterator[Path]:
    """In memory where that is possible: thousands of fsyncs are not what is tested."""
    memory = Path("/dev/shm")
    base = memory if memory.is_dir() and os.access(memory, os.W_OK) else None
    place = Path(tempfile.mkdtemp(prefix="dedupe-crash-", dir=base))
    yield place / "case"
    shutil.rmtree(place)


def run(program: str, folder: Path, *arguments: str) -> str:
    command = [sys.executable, HERE / program, folder, *arguments]
    done = subprocess.run(command, capture_output=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def driven(
    folder: Path, case: str, *, stride: int, phases: list[str], faults: list[str], drive: str
) -> dict[str, Any]:
    chosen = [f"--phase={phase}" for phase in phases] + [f"--fault={fault}" for fault in faults]
    chosen += [f"--stride={stride}", f"--drive={drive}"]
    found: dict[str, Any] = json.loads(run("driver.py", folder, case, *chosen))
    return found


# Every action on one drive, every drive with what takes photos away; what replaces them also
# where two names cannot be swapped.
PLACES = [
    *((case, "one drive") for case in CASES),
    *((case, "no exclusive rename") for case in PLANNERS),
    *(
        (action, drive)
        for action in ACTIONS
        if ACTIONS[action].takes_away
        for drive in list(DRIVES)[1:]
    ),
    *(("tree", drive) for drive in list(DRIVES)[1:]),
]


@pytest.mark.parametrize(("case", "drive"), PLACES)
def test_a_kill_between_any_two_changes_loses_nothing_and_undo_restores_the_tree(
    folder: Path, case: str, drive: str
) -> None:
    """With a stride of 2: before a change and after it are two moments, the next has the others."""
    chosen = {"stride": 2, "phases": ["apply", "undo"], "faults": KILLS, "drive": drive}
    result = driven(folder, case, **chosen)  # type: ignore[arg-type]
    assert result["found"] == []
    for phase in ("apply", "undo"):
        struck = result["points"][phase]
        # four photos are linked or copied, or two are moved and two shown by a link, or two with
        # their folders, each written down before and after
        assert min(struck[kill] for kill in KILLS) >= 8
        assert struck[KILLS[0]] - struck[KILLS[1]] in {0, 1}


@pytest.mark.parametrize("action", [*ACTIONS, *PLANNERS, "tree"])
def test_no_other_fault_loses_anything_either_and_undo_restores_the_tree(
    folder: Path, action: str
) -> None:
    drive = "two drives" if action in ("move", "tree") else "one drive"
    chosen = {"stride": 13, "phases": ["apply", "undo"], "faults": OTHERS, "drive": drive}
    result = driven(folder, action, **chosen)  # type: ignore[arg-type]
    assert result["found"] == []
    missing = set(OTHERS) - set(result["points"]["apply"]) - {"short write"}  # links write nothing
    assert not missing


@pytest.mark.parametrize("action", [*ACTIONS, *PLANNERS, "tree"])
def test_recovery_may_be_cut_off_itself(folder: Path, action: str) -> None:
    drive = "two drives" if action in ("move", "tree") else "one drive"
    phases, faults = ["recover", "back"], [*KILLS, "SIGTERM", "ENOSPC on"]
    chosen = {"stride": 9, "phases": phases, "faults": faults, "drive": drive}
    result = driven(folder, action, **chosen)  # type: ignore[arg-type]
    assert result["found"] == []
    assert set(result["points"]) == set(phases)


def test_what_is_being_removed_has_another_name_for_a_moment_and_is_struck_then(
    folder: Path,
) -> None:
    chosen = {"stride": 2, "phases": ["apply"], "faults": KILLS, "drive": "two drives"}
    assert driven(folder, "move", **chosen)["aside"] >= 2  # type: ignore[arg-type]


def test_each_fault_breaks_naive_programs_so_it_would_show_a_mistake(folder: Path) -> None:
    result = json.loads(run("driver.py", folder, "written in place", "--plan=four photos"))
    assert all(result["broken"]["naive"][fault] for fault in FAULTS)
    result = json.loads(run("driver.py", folder, "unlink, then link", "--fault=kill before"))
    assert any("LOST" in what for what in result["found"])
    few = ("--plan=four photos", "--fault=kill before")
    result = json.loads(run("driver.py", folder, "shutil.move", *few))
    assert any("PARTIAL" in what for what in result["found"])


def test_a_mover_by_name_alone_is_found_without_any_fault(folder: Path) -> None:
    assert "LOST" in run("driver.py", folder, "os.replace")


def test_random_trees_plans_and_interruptions_end_as_they_began_once_undone(folder: Path) -> None:
    struck, _ = run("random_strikes.py", folder, "60").split()
    assert int(struck) >= 30
