"""A drive that is unmounted while the folder it was mounted in stays: nothing there is gone."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from killed import killed_at_move, killed_in_a_copy
from scene import DONE, EXPECTED, ODD, TREE, plan_for, reasons
from trees import contents, group, make_files, read_tree

from dedupe.errors import UsageError
from dedupe.organize.applying import probe
from dedupe.organize.applying.apply import apply
from dedupe.organize.applying.recover import cut_off, recover
from dedupe.organize.applying.undo import history, undo
from dedupe.organize.drafting.planning import make_plan
from dedupe.organize.files.place import TEMP_PREFIX
from dedupe.organize.journal import mounts
from dedupe.organize.journal.journal import Journal
from dedupe.organize.journal.records import FolderTimes
from dedupe.organize.plans.actions import ACTIONS
from dedupe.organize.steps import Receipt


class Drive:
    """A drive that is mounted in a folder, as far as that can be had without being root."""

    def __init__(self, place: Path, patch: pytest.MonkeyPatch) -> None:
        self.place = place
        self.number: int | None = -1
        patch.setattr(mounts, "_device_of", self._device_of)

    def unmount(self) -> None:
        """Take it away, and leave its folder."""
        self.number = None
        with self._keeping_time():
            self.place.rename(self._away)
            self.place.mkdir()
        self.empty = self.place.stat()

    def mount(self, number: int = -2) -> None:
        """Mount it again, under another number; what is below the mount point must be untouched."""
        found = self.place.stat()
        assert (found.st_mtime_ns, found.st_mode) == (self.empty.st_mtime_ns, self.empty.st_mode)
        with self._keeping_time():
            self.place.rmdir()
            self._away.rename(self.place)
        self.number = number

    def bring_home(self) -> None:
        """Copy all of it into the folder it was mounted in."""
        shutil.copytree(self._away, self.place, symlinks=True, dirs_exist_ok=True)

    @property
    def _away(self) -> Path:
        return self.place.parent.parent / "unplugged"

    @contextmanager
    def _keeping_time(self) -> Iterator[None]:
        before = self.place.parent.stat()
        yield
        os.utime(self.place.parent, ns=(before.st_atime_ns, before.st_mtime_ns))

    def _device_of(self, folder: Path) -> int:
        found = folder.stat().st_dev
        there = self.number is not None and folder.is_relative_to(self.place)
        return self.number if there and self.number is not None else found


@pytest.fixture
def drive(full: Path, monkeypatch: pytest.MonkeyPatch) -> Drive:
    make_files(full, {"drive": None})
    return Drive(full / "drive", monkeypatch)


def states(journal: Path) -> list[str]:
    return [record.state for record in history(journal)]


@pytest.mark.parametrize("action", ACTIONS)
def test_undo_refuses_while_the_drive_is_away_and_takes_all_back_when_it_is_there(
    full: Path, journal: Path, drive: Drive, action: str
) -> None:
    before = read_tree(full)
    apply(plan_for(full, action, into="drive/out"), journal=journal)
    drive.unmount()
    for number in (None, 1):
        with pytest.raises(UsageError, match=r"the drive of .*drive is not there") as caught:
            undo(journal=journal, action=number)
        assert "plug its drive in" in caught.value.hint
    assert states(journal) == ["done"]
    drive.mount()
    taken = undo(journal=journal)
    assert (taken.done, taken.left) == (DONE[action], ())
    assert read_tree(full) == before


def test_the_same_holds_where_the_folder_goes_with_the_drive(
    full: Path, journal: Path, drive: Drive
) -> None:
    apply(plan_for(full, "move", into="drive/a/b/out"), journal=journal)
    drive.unmount()
    drive.place.rmdir()
    with pytest.raises(UsageError, match="is not there"):
        undo(journal=journal)
    assert states(journal) == ["done"]


@pytest.mark.parametrize("folder", ["left", "gone"])
@pytest.mark.parametrize("back", [False, True])
def test_recover_waits_for_the_drive_and_leaves_no_unfinished_copy_on_it(
    full: Path,
    journal: Path,
    drive: Drive,
    back: bool,
    folder: str,
) -> None:
    before = read_tree(full, times=folder == "left")
    with killed_in_a_copy():
        apply(plan_for(full, "copy", into="drive/out"), journal=journal)
    assert [name for name in contents(full) if TEMP_PREFIX in name]
    drive.unmount()
    if folder == "gone":
        drive.place.rmdir()
    for _ in range(2):
        (receipt,) = recover(journal=journal, back=back)
        assert (receipt.action, receipt.done) == (0, 0)
        (reason,) = reasons(receipt).values()
        assert reason == f"waits, as the drive of {drive.place} is not there"
        assert [each.record.id for each in cut_off(journal)] == [1]
    if folder == "gone":
        drive.place.mkdir()
        drive.empty = drive.place.stat()
    drive.mount()
    (receipt,) = recover(journal=journal, back=back)
    assert (receipt.action, receipt.left) == (1, ())
    assert not [name for name in contents(full) if TEMP_PREFIX in name]
    if back:
        assert read_tree(full, times=folder == "left") == before
    else:
        names = {name.replace("out/", "drive/out/"): it for name, it in EXPECTED["copy"].items()}
        assert contents(full) == names


def test_recover_goes_on_with_what_was_stopped_between_two_photos(
    full: Path, journal: Path, drive: Drive
) -> None:
    with killed_at_move(3):
        apply(plan_for(full, "move", into="drive/out"), journal=journal)
    drive.unmount()
    (receipt,) = recover(journal=journal)
    assert (receipt.action, states(journal)) == (0, ["running"])
    drive.mount()
    assert [receipt.done for receipt in recover(journal=journal)] == [2]
    undo(journal=journal)
    assert contents(full) == TREE


def test_what_a_killed_probe_left_is_cleared_away_when_the_drive_is_back(
    journal: Path, drive: Drive
) -> None:
    found = drive.place.stat()
    times = FolderTimes(drive.place, 0o755, found.st_atime_ns, found.st_mtime_ns)
    with Journal(journal) as book:
        book.begin_probe(f"{TEMP_PREFIX}x", times, mounts.mount_of(drive.place))
        (drive.place / f"{TEMP_PREFIX}x").mkdir()
        drive.unmount()
        assert probe.clear_up(book) == []
        assert len(book.probes()) == 1
        drive.mount()
        assert probe.clear_up(book) == []
        assert (book.probes(), list(drive.place.iterdir())) == ([], [])


# --- the drive that photos came from


def moved_from(drive: Drive, journal: Path, *names: str) -> Receipt:
    """Move photos from the drive, and from beside it, into a folder beside it."""
    root = drive.place.parent
    files = {
        "1.jpg": b"1",
        "2.jpg": b"second!",
        "DCIM/3.jpg": b"the third",
        "DCIM/4.jpg": b"4" * 10,
    }
    make_files(drive.place, files)
    plan = make_plan([group(*(root / name for name in names))], action="move", into=root / "out")
    return apply(plan, journal=journal)


def test_nothing_is_put_into_the_empty_folder_of_the_drive_that_photos_came_from(
    full: Path, journal: Path, drive: Drive
) -> None:
    moved_from(drive, journal, "drive/1.jpg", "drive/2.jpg", "drive/DCIM/3.jpg", "drive/DCIM/4.jpg")
    moved = {name: it for name, it in contents(full).items() if not name.startswith("drive/")}
    drive.unmount()
    with pytest.raises(UsageError, match=r"the drive of .*drive is not there"):
        undo(journal=journal)
    assert contents(full) == moved
    drive.mount()
    assert undo(journal=journal).done == 3
    assert (drive.place / "1.jpg").read_bytes() == b"1"


def test_photos_from_elsewhere_are_taken_back_and_the_others_wait(
    full: Path, journal: Path, drive: Drive
) -> None:
    moved_from(drive, journal, "drive/1.jpg", "a/IMG.jpg", "b/IMG.jpg", f"b/c/{ODD}")
    drive.unmount()
    taken = undo(journal=journal)
    assert taken.done == 2
    waiting = f"waits, as the drive of {drive.place} is not there"
    assert waiting in reasons(taken).values()
    assert (full / "a/IMG.jpg").read_bytes() == b"one"
    assert states(journal) == ["undoing"]
    (receipt,) = recover(journal=journal)
    assert (receipt.action, list(reasons(receipt).values())) == (0, [waiting])
    with pytest.raises(UsageError, match="is not there"):
        undo(journal=journal)
    drive.mount()
    assert [receipt.done for receipt in recover(journal=journal)] == [1]
    assert (drive.place / "1.jpg").read_bytes() == b"1"
    assert states(journal) == ["undone"]


# --- the drive is there, or is needed no more


def test_photos_that_somebody_deleted_are_gone_and_the_action_is_closed(
    full: Path, journal: Path, drive: Drive
) -> None:
    apply(plan_for(full, "move", into="drive/out"), journal=journal)
    drive.unmount()
    drive.mount(number=-7)
    shutil.rmtree(drive.place / "out")
    taken = undo(journal=journal)
    assert taken.done == 0
    assert all("is gone" in reason for reason in reasons(taken).values())
    assert len(taken.left) == 4
    assert states(journal) == ["undone"]
    assert undo(journal=journal).action == 0


def test_photos_that_somebody_moved_on_are_found_though_the_drive_has_another_number(
    full: Path, journal: Path, drive: Drive
) -> None:
    apply(plan_for(full, "move", into="drive/out"), journal=journal)
    drive.unmount()
    drive.mount(number=-7)
    for place in sorted((drive.place / "out").iterdir()):
        place.rename(drive.place / "out" / f"mine {place.name}")
    assert undo(journal=journal).done == 4
    assert {name: it for name, it in contents(full).items() if name in TREE} == TREE


@pytest.mark.parametrize("from_drive", [False, True])
def test_where_the_drive_was_copied_into_its_folder_none_is_asked_for(
    full: Path, journal: Path, drive: Drive, from_drive: bool
) -> None:
    if from_drive:
        moved_from(drive, journal, "drive/1.jpg", "drive/2.jpg", "drive/DCIM/3.jpg")
    else:
        apply(plan_for(full, "move", into="drive/out"), journal=journal)
    (drive.place / "another.txt").write_bytes(b"somebody's")
    drive.unmount()
    drive.bring_home()
    assert undo(journal=journal).done == (2 if from_drive else 4)
    assert contents(drive.place).keys() >= {"another.txt"}
    assert {name: it for name, it in contents(full).items() if name in TREE} == TREE


def test_a_journal_that_does_not_know_its_drives_is_read_as_before(
    full: Path, journal: Path, drive: Drive
) -> None:
    apply(plan_for(full, "move", into="drive/out"), journal=journal)
    with Journal(journal) as book:
        assert book.mounts(1) == [drive.place]
        book._db.execute("DELETE FROM mounts")
    assert undo(journal=journal).done == 4
    assert contents(full) == TREE


# --- a real one


@pytest.fixture
def real(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """An image with a file system, and the folder it is mounted in."""
    if missing := [tool for tool in ("mkfs.ext4", "mount", "umount") if not shutil.which(tool)]:
        pytest.skip(f"cannot make a drive: there is no {', '.join(missing)}")
    image, place = tmp_path / "image", tmp_path / "place"
    place.mkdir()
    with image.open("wb") as out:
        out.truncate(8 << 20)
    try:
        run("mkfs.ext4", "-q", image)
        run("mount", "-o", "loop", image, place)
    except OSError as error:
        pytest.skip(f"cannot mount a drive: {error}")
    try:
        yield image, place
    finally:
        if place.is_mount():
            run("umount", place)


def run(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode:
        raise OSError(f"{command[0]}: {done.stderr.strip()}")


def test_a_real_drive_is_missed_and_taken_up_again(
    full: Path, journal: Path, real: tuple[Path, Path]
) -> None:
    image, place = real
    before = read_tree(full)
    pairs = [("a/IMG.jpg", "b/IMG.jpg"), ("d/e.png", "d/f.heic")]
    groups = [group(*(full / name for name in pair)) for pair in pairs]
    apply(make_plan(groups, action="move", into=place / "out"), journal=journal)
    run("umount", place)
    found = place.stat()
    with pytest.raises(UsageError, match=r"the drive of .*place is not there"):
        undo(journal=journal)
    assert (place.stat().st_mtime_ns, list(place.iterdir())) == (found.st_mtime_ns, [])
    run("mount", "-o", "loop", image, place)
    assert undo(journal=journal).done == 2
    assert read_tree(full) == before
    assert [path.name for path in place.iterdir()] == ["lost+found"]
