"""What a drive cannot do is found by a probe, and said before the first step."""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from drives import COARSE_NS, put_simple_drive
from killed import Killed
from scene import DONE, TREE, plan_for
from trees import Content, contents, group, make_files, photo, read_tree, walk

from dedupe.errors import UsageError
from dedupe.organize.applying.apply import apply
from dedupe.organize.applying.probe import Probed, probe
from dedupe.organize.applying.undo import history, undo
from dedupe.organize.drafting.planning import make_plan
from dedupe.organize.files import changes, checks, trying
from dedupe.organize.files.place import TEMP_PREFIX, Place, Refused
from dedupe.organize.journal.journal import Journal
from dedupe.organize.plans.actions import ACTIONS
from dedupe.organize.plans.plan import ALONE, Plan

linux = pytest.mark.skipif(sys.platform != "linux", reason="finds folders by /proc")

FOREIGN: dict[str, Content] = {"drive/mine.txt": b"somebody's"}
ODD: dict[str, Content] = {
    "in/12:30.jpg": b"a colon",
    "in/plain.jpg": b"none of that",
    "in/other.jpg": b"neither",
    "in/what?.jpg": b"a question",
}


@pytest.fixture
def drive(full: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tree with a simple drive in it; the times there are such as it can keep."""
    make_files(full, FOREIGN)
    for path in [*walk(full / "drive"), full / "drive"]:
        time = os.lstat(path).st_mtime_ns // COARSE_NS * COARSE_NS
        os.utime(path, ns=(time, time))
    put_simple_drive(monkeypatch, full / "drive")
    return full / "drive"


def probed(plan: Plan, journal: Path) -> Probed:
    with Journal(journal) as book, book.alone():
        return probe(plan, book)


def test_a_probe_leaves_the_tree_as_it_was_and_says_nothing_of_a_good_drive(
    full: Path, journal: Path
) -> None:
    before = read_tree(full)
    for action in ACTIONS:
        plan = plan_for(full, action)
        assert probed(plan, journal) == Probed(plan, ())
    assert read_tree(full) == before
    with Journal(journal) as book:
        assert book.probes() == []


@linux
def test_a_good_drive_can_do_everything(tree: Path) -> None:
    able = trying.try_out(tree / f"{TEMP_PREFIX}x", ["x:x", "x\udcffx", "xx."])
    assert (able.links, able.hard_links, able.refuses_taken, able.modes) == (True,) * 4
    assert (able.one_case, able.one_form, able.clock_ns) == (False, False, 1)
    assert able.impossible == frozenset()
    assert contents(tree) == {}


@linux
def test_a_simple_drive_is_seen_for_what_it_is(drive: Path) -> None:
    before = read_tree(drive)
    able = trying.try_out(drive / f"{TEMP_PREFIX}x", ["x:x", "xx."])
    assert (able.links, able.hard_links, able.refuses_taken) == (False,) * 3
    assert (able.modes, able.attributes, able.clock_ns) == (False, False, COARSE_NS)
    assert able.impossible == frozenset({"x:x"})
    assert contents(drive) == {"mine.txt": b"somebody's"}
    assert read_tree(drive).keys() == before.keys()


@linux
@pytest.mark.parametrize("step_ns", [100, 10**6, 10**7, 10**9, 2 * 10**9])
def test_the_step_of_a_clock_is_known(
    tree: Path, monkeypatch: pytest.MonkeyPatch, step_ns: int
) -> None:
    native = os.utime

    def utime(path: str, *, ns: tuple[int, int], dir_fd: int | None = None) -> None:
        native(path, ns=(ns[0], ns[1] // step_ns * step_ns), dir_fd=dir_fd)

    monkeypatch.setattr(trying.os, "utime", utime)
    assert trying.try_out(tree / f"{TEMP_PREFIX}x").clock_ns == step_ns


@linux
def test_what_will_be_different_is_said_in_sentences(
    full: Path, drive: Path, journal: Path
) -> None:
    moved = probed(plan_for(full, "move", into="drive/out"), journal)
    assert moved.notes == (
        f"{drive}/out: no symbolic links, so the photos that stay are not shown there",
        f"{drive}/out: times are kept to 2 seconds, permissions and extended attributes are not"
        " kept; undo gives the exact ones back",
        f"{drive}/out: a taken name is not refused by the system: let nothing else write there"
        " meanwhile",
    )
    copied = probed(plan_for(full, "copy", into="drive/out"), journal)
    assert copied.notes[0].endswith("attributes are not kept")


@linux
def test_on_the_drive_itself_no_time_is_lost_and_none_is_said_to_be(
    drive: Path, journal: Path
) -> None:
    make_files(drive, {"a.jpg": b"1", "b.jpg": b"22"})
    pair = [
        replace(one, file=replace(one.file, device=-1)) for one in map(photo, drive.glob("*.jpg"))
    ]
    notes = probed(make_plan([group(*pair)], action="move", into=drive / "out"), journal).notes
    assert [note for note in notes if "times" in note] == []


@linux
def test_a_drive_without_links_is_named_before_anything_is_changed(
    full: Path, drive: Path, journal: Path
) -> None:
    before = read_tree(full)
    with pytest.raises(UsageError, match=r"drive/out cannot hold symbolic links: ") as caught:
        apply(plan_for(full, "symlink", into="drive/out"), journal=journal)
    assert "copy or move" in caught.value.hint
    assert history(journal) == []
    assert read_tree(full) == before


@linux
@pytest.mark.parametrize("action", ["move", "copy"])
def test_the_other_actions_go_through_on_a_simple_drive_and_undo_gives_everything_back(
    full: Path, drive: Path, journal: Path, action: str
) -> None:
    (full / "a/IMG.jpg").chmod(0o600)
    before = read_tree(full)
    receipt = apply(plan_for(full, action, into="drive/out"), journal=journal)
    assert (receipt.done, receipt.left) == (DONE[action], ())
    times = [os.lstat(path).st_mtime_ns for path in walk(drive) if path.is_file()]
    assert all(time % COARSE_NS == 0 for time in times)
    assert undo(journal=journal).left == ()
    assert read_tree(full) == before


@linux
def test_a_name_that_the_drive_cannot_hold_is_refused_at_the_start_and_the_rest_is_done(
    drive: Path, full: Path, journal: Path
) -> None:
    make_files(full, ODD)
    before = read_tree(full, times=False)
    photos = [full / name for name in ODD]
    plan = make_plan([group(*photos)], action="move", into=drive / "out")
    assert plan.photos[0].kept is not None
    assert plan.photos[0].kept.file.path == full / "in/plain.jpg"
    receipt = apply(plan, journal=journal)
    assert receipt.done == 1
    assert {refusal.path.name for refusal in receipt.left} == {"12:30.jpg", "what?.jpg"}
    assert all("the drive there cannot hold the name" in refusal.reason for refusal in receipt.left)
    with Journal(journal) as book:
        assert all(entry.state == "done" for entry in book.entries(1))  # it was never tried
    undo(journal=journal)
    assert read_tree(full, times=False) == before


@linux
@pytest.mark.parametrize("action", ["move", "copy"])
def test_who_is_left_alone_by_that_stays_and_no_folder_is_made_for_him(
    drive: Path, full: Path, journal: Path, action: str
) -> None:
    make_files(full, ODD)
    before = read_tree(full, times=False)
    pair = group(full / "in/12:30.jpg", full / "in/plain.jpg")
    receipt = apply(make_plan([pair], action=action, into=drive / "out"), journal=journal)
    left = {refusal.path.name: refusal.reason for refusal in receipt.left}
    assert left.keys() == ({"12:30.jpg"} if action == "move" else {"12:30.jpg", "plain.jpg"})
    assert left.get("plain.jpg", ALONE) == ALONE
    assert (receipt.done, receipt.action) == (0, 0)
    assert read_tree(full, times=False) == before
    assert history(journal) == []


@pytest.mark.parametrize("action", ACTIONS)
def test_a_plan_that_is_only_made_writes_nothing(
    full: Path, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    before = read_tree(full)
    monkeypatch.setattr(trying, "try_out", None)
    assert str(plan_for(full, action))
    assert read_tree(full) == before


# --- what a kill leaves, and what is somebody else's


def kill_at(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def die(*arguments: object, **options: object) -> None:
        raise Killed

    monkeypatch.setattr(trying, name, die)


@pytest.mark.parametrize("next_command", [undo, "apply"])
def test_what_a_killed_probe_left_is_cleared_away_by_the_next_command(
    full: Path, journal: Path, monkeypatch: pytest.MonkeyPatch, next_command: Callable[..., object]
) -> None:
    before = read_tree(full)
    plan = plan_for(full, "copy")
    with monkeypatch.context() as patch:
        kill_at(patch, "_keeps_modes")
        patch.setattr(trying, "_empty", lambda place: None)
        patch.setattr(trying.os, "rmdir", lambda *arguments, **options: None)
        with pytest.raises(Killed):
            apply(plan, journal=journal)
    assert [name for name in contents(full) if TEMP_PREFIX in name]
    if next_command is undo:
        undo(journal=journal)
    else:
        apply(plan, journal=journal)
        undo(journal=journal)
    assert read_tree(full) == before


def test_what_somebody_put_into_the_folder_of_a_killed_probe_stays(tree: Path) -> None:
    ours = tree / f"{TEMP_PREFIX}x"
    make_files(tree, {f"{ours.name}/a": b"", f"{ours.name}/photo.jpg": b"his"})
    with pytest.raises(Refused, match="something else in it"):
        trying.clear(ours)
    assert contents(tree) == {f"{ours.name}/photo.jpg": b"his"}
    with pytest.raises(ValueError, match="no folder of ours"):
        trying.clear(tree / "photos")


def test_where_the_folder_may_not_be_written_to_the_steps_say_so(
    full: Path, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    native = os.mkdir

    def mkdir(path: str, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        if dir_fd is not None:
            raise PermissionError(13, "Permission denied")
        native(path, mode)

    monkeypatch.setattr(changes.os, "mkdir", mkdir)
    receipt = apply(plan_for(full, "move"), journal=journal)
    assert (receipt.done, contents(full)) == (0, TREE)
    assert any("could not be made: permission denied" in each.reason for each in receipt.left)


# --- times that a drive forgets

CLOCKS = [*checks.CLOCKS_NS]


@pytest.mark.parametrize("step_ns", CLOCKS)
@pytest.mark.parametrize("hours", [0, -1, 2])
@pytest.mark.parametrize("action", ["move", "copy"])
def test_a_photo_whose_time_the_drive_has_rounded_is_the_same_photo(
    full: Path, journal: Path, action: str, hours: int, step_ns: int
) -> None:
    before = read_tree(full)
    apply(plan_for(full, action), journal=journal)
    for path in walk(full / "out"):
        if path.is_symlink():  # to what stayed where it is
            continue
        found = os.lstat(path)
        folders = path.is_dir()  # of photos the bytes are read, so their zone may be another one
        time = found.st_mtime_ns + (0 if folders else hours * 3600 * 10**9)
        os.utime(path, ns=(found.st_atime_ns, time // step_ns * step_ns))
    assert undo(journal=journal).left == ()
    assert read_tree(full) == before


def test_an_edit_of_the_same_size_does_not_pass_for_a_rounded_time(
    full: Path, journal: Path
) -> None:
    apply(plan_for(full, "move"), journal=journal)
    (path,) = (full / "out").glob("*/2 f.heic")
    found = os.lstat(path)
    path.write_bytes(b"SIX SIX")
    os.utime(path, ns=(0, found.st_mtime_ns // COARSE_NS * COARSE_NS))
    (left,) = undo(journal=journal).left[:1]
    assert left.path == path
    assert path.read_bytes() == b"SIX SIX"


@pytest.mark.parametrize(
    ("now", "then", "zones", "same"),
    [
        (5 * 10**9, 5 * 10**9 + 1, False, True),
        (6 * 10**9, 5 * 10**9 + 1, False, True),  # rounded up, as some do
        (7 * 10**9 + 1, 7 * 10**9, False, False),  # more exact than before: a change
        (8 * 10**9, 5 * 10**9, False, False),
        (3600 * 10**9, 1, False, False),
        (3600 * 10**9, 1, True, True),
        (3603 * 10**9, 0, True, False),
        (27 * 3600 * 10**9, 0, True, False),
        (-2 * 10**9, -(10**9) - 1, False, True),
    ],
)
def test_a_coarse_time_is_told_from_another_one(
    now: int, then: int, zones: bool, same: bool
) -> None:
    assert checks.is_coarse(now, then, zones=zones) == same


def test_without_known_bytes_another_time_is_a_change(tree: Path) -> None:
    make_files(tree, {"x.jpg": b"x"})
    now = photo(tree / "x.jpg")
    os.utime(tree / "x.jpg", ns=(0, now.file.mtime_ns // 10**9 * 10**9))
    place = Place.by_path(tree / "x.jpg")
    assert checks.difference(place, now.file, now.content) is None
    assert checks.difference(place, now.file, b"") == "changed since: its time is another one"
