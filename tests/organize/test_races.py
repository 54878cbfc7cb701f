"""Whatever somebody else does right before any change: nothing is lost, nothing of his touched."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from killed import Killed
from races import OWN_LINKS, RACES, TREE, Hook, Race, Scene
from trees import Content, Link, contents, group, make_files, photo, read_tree

from dedupe.organize.applying.apply import apply
from dedupe.organize.applying.undo import undo
from dedupe.organize.drafting.planning import make_plan
from dedupe.organize.files import changes
from dedupe.organize.files.place import Place, Refused, held, held_folder, look
from dedupe.organize.journal.journal import Journal
from dedupe.organize.plans.actions import ACTIONS
from dedupe.organize.steps import Receipt

handles = pytest.mark.skipif(sys.platform != "linux", reason="counts and swaps open folders")

DRIVES = [(action, "one") for action in ACTIONS] + [("move", "two"), ("move", "without rename")]
CASES = [(*case, race) for case in DRIVES for race in RACES]
# what happens to photos happens in a plain move as well
LINKED = [*OWN_LINKS, "names taken", "photos edited", "the folder of the groups swapped"]
CASES += [("linked", drives, race) for drives in ("one", "without rename") for race in LINKED]
ALL = RACES | OWN_LINKS
PROBED = [("move", "probing", race) for race in RACES if "folder" in race]


@pytest.fixture
def top() -> Iterator[Path]:
    """In memory where that is possible: thousands of fsyncs are not what is tested."""
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    place = Path(tempfile.mkdtemp(prefix="dedupe-races-", dir=base))
    yield Path(os.path.realpath(place)) / "top"
    shutil.rmtree(place)


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def struck(
    top: Path, action: str, drives: str, race: Race, *, undoing: bool
) -> Iterator[tuple[Scene, Receipt, str]]:
    """Let the race strike before each change, in a fresh tree each time."""
    journal = top.parent / "journal.db"
    for at in range(1, 1000):
        journal.unlink(missing_ok=True)
        scene = Scene.made(top, action)
        if undoing:
            with Hook(0, lambda: None).around_changes(drives):
                apply(scene.plan, journal=journal)
        hook = Hook(at, lambda scene=scene: race(scene))  # type: ignore[misc]
        before = open_files()
        with hook.around_changes(drives):
            receipt = undo(journal=journal) if undoing else apply(scene.plan, journal=journal)
        assert open_files() == before, "a folder was left open"
        if hook.count < at:
            assert at > 4
            return
        yield scene, receipt, f"before change {at}"
    raise AssertionError("the changes never end")


def restored(scene: Scene) -> bool:
    """Once a swapped folder is there again, undo takes back what it had to leave."""
    if not scene.swapped:
        return True
    scene.swap_back()
    undo(journal=scene.top.parent / "journal.db", action=1)
    return contents(scene.tree) == TREE


@handles
@pytest.mark.parametrize(("action", "drives", "race"), CASES + PROBED)
def test_a_race_with_an_action_loses_nothing_and_every_photo_is_done_or_refused_with_a_reason(
    top: Path, action: str, drives: str, race: str
) -> None:
    for scene, receipt, when in struck(top, action, drives, ALL[race], undoing=False):
        assert scene.broken() == [], when
        with Journal(top.parent / "journal.db") as book:
            entries = book.entries(1)
        photos = [entry for entry in entries if entry.step.verb == scene.plan.action]
        told = [entry for entry in entries if entry.step.is_photo or entry.step.verb == "relink"]
        assert all(entry.state in ("done", "failed") for entry in told), when
        assert all(entry.reason for entry in told if entry.state == "failed"), when
        assert receipt.done == sum(entry.state == "done" for entry in photos), when
        said = {refusal.path for refusal in receipt.left}
        for entry in told:
            if entry.state == "failed":
                assert {entry.step.source, entry.step.target} & said, when
        assert restored(scene), when


@handles
@pytest.mark.parametrize(("action", "drives", "race"), CASES)
def test_a_race_with_undo_loses_nothing_and_all_that_stays_is_said(
    top: Path, action: str, drives: str, race: str
) -> None:
    for scene, receipt, when in struck(top, action, drives, ALL[race], undoing=True):
        assert scene.broken() == [], when
        said = {refusal.path for refusal in receipt.left}
        with Journal(top.parent / "journal.db") as book:
            for entry in book.entries(1):
                if entry.state == "done":
                    assert {entry.step.source, entry.step.target} & said, when
        assert restored(scene), when


@handles
@pytest.mark.parametrize("folder", ["out", "in/b"])
@pytest.mark.parametrize("at", range(2, 6))
def test_what_a_kill_left_behind_a_swapped_folder_is_said_and_cleared_up_once_that_is_back(
    top: Path, at: int, folder: str
) -> None:
    journal = top.parent / "journal.db"
    scene = Scene.made(top, "move")

    def swap_and_die() -> None:
        scene.swap(folder)
        raise Killed

    hook = Hook(at, swap_and_die)
    with hook.around_changes("without rename"), pytest.raises(Killed):
        apply(scene.plan, journal=journal)
    receipt = undo(journal=journal)
    assert any("through a link" in refusal.reason for refusal in receipt.left)
    assert not [what for what in scene.broken() if not what.startswith("LITTER")]
    scene.swap_back()
    assert undo(journal=journal, action=1).left == ()
    assert contents(scene.tree) == TREE


# --- places


@handles
def test_a_place_is_not_reached_through_a_link(tree: Path) -> None:
    make_files(tree, {"a/b/x.jpg": b"x"})
    with held(tree / "a/b/x.jpg") as place:
        assert place.exists()
    (tree / "a").rename(tree / "real")
    (tree / "a").symlink_to("real")
    with (
        pytest.raises(Refused, match=r"x.jpg is reached through a link .*: .*/a$"),
        held(tree / "a/b/x.jpg"),
    ):
        raise AssertionError("reached")
    with pytest.raises(Refused, match="through a link"), held_folder(tree / "a"):
        raise AssertionError("reached")


@handles
def test_a_place_stays_in_its_folder_when_that_is_swapped_for_a_link(tree: Path) -> None:
    make_files(tree, {"a/x.jpg": b"x", "b/x.jpg": b"another"})
    with held(tree / "a/x.jpg") as place:
        (tree / "a").rename(tree / "real")
        (tree / "a").symlink_to("b")
        assert place.lstat().st_size == 1


def test_where_there_is_no_folder_there_is_nothing(tree: Path) -> None:
    make_files(tree, {"file": b""})
    assert not look(tree / "none/x.jpg", Place.exists)
    assert not look(tree / "none", Place.exists)
    assert look(tree / "file", Place.exists)


@handles
def test_a_file_on_the_way_is_said(tree: Path) -> None:
    make_files(tree, {"file": b""})
    with pytest.raises(Refused, match=r"cannot be reached, as .*/file is no folder"):
        look(tree / "file/x.jpg", Place.exists)


def test_a_scanned_folder_that_is_a_link_is_planned_by_its_real_path(
    tree: Path, journal: Path
) -> None:
    photos: dict[str, Content] = {f"drive/{name}.jpg": name.encode() for name in "abc"}
    make_files(tree, {**photos, "way in": Link("drive")})
    three = group(*(tree / "way in" / f"{name}.jpg" for name in "abc"))
    before = read_tree(tree)
    plan = make_plan([three], action="move", into=tree / "out")
    assert {step.source.parent for step in plan.steps if step.is_photo} == {tree / "drive"}
    assert apply(plan, journal=journal).done == 2
    undo(journal=journal)
    assert read_tree(tree) == before


@handles
def test_the_times_and_rights_of_a_folder_behind_a_link_are_left_alone(tree: Path) -> None:
    make_files(tree, {"a": None, "foreign": None})
    (tree / "a").rmdir()
    (tree / "a").symlink_to("foreign")
    before = read_tree(tree)
    with pytest.raises(Refused, match="link"):
        changes.restore_folder_times(tree / "a", atime_ns=1, mtime_ns=1, mode=0o700)
    assert read_tree(tree) == before


def test_what_a_kill_left_under_another_name_gets_its_own_back(tree: Path) -> None:
    make_files(tree, {".dedupe-tmp-token-3-old": b"photo"})
    changes.put_back(tree / "x.jpg", ".dedupe-tmp-token-3")
    assert contents(tree) == {"x.jpg": b"photo"}
    make_files(tree, {".dedupe-tmp-token-3-old": b"photo", "x.jpg": b"foreign"})
    with pytest.raises(Refused, match=r"is taken by another file, .* called .*-3-old"):
        changes.put_back(tree / "x.jpg", ".dedupe-tmp-token-3")
    assert contents(tree) == {".dedupe-tmp-token-3-old": b"photo", "x.jpg": b"foreign"}


def test_what_could_not_get_its_name_back_is_never_overwritten(tree: Path) -> None:
    make_files(tree, {".dedupe-tmp-token-3-old": b"somebody's", "link": Link("x.jpg")})
    before = read_tree(tree)
    with pytest.raises(Refused, match=r"stays, as what had its name before is still called .*-old"):
        changes.remove_link(tree / "link", "x.jpg", ".dedupe-tmp-token-3")
    assert read_tree(tree) == before


@handles
def test_one_file_under_two_names_is_one(tree: Path) -> None:
    make_files(tree, {"x.jpg": b"photo"})
    os.link(tree / "x.jpg", tree / ".dedupe-tmp-token-3-old")
    changes.put_back(tree / "x.jpg", ".dedupe-tmp-token-3")
    assert contents(tree) == {"x.jpg": b"photo"}
    assert photo(tree / "x.jpg").file.size == 5
